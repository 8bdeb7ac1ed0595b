/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_flow: the flows of a burst, as part of its record and of its line. */
#ifndef IFPULSE_OUT_SHOW_FLOW_H
#define IFPULSE_OUT_SHOW_FLOW_H

#include "model/flow_table.h"
#include "out/sink.h"
#include "out/writer.h"

/*
 * Fields: flows, an object for each of the top: {family protocol fragment source source_port destination
 * destination_port wire_bytes wire_packets share ce_packets tcp_retransmits cgroup}, in CSV text,
 * "SOURCE>DESTINATION/PROTOCOL:WIRE_BYTES …"; flows_total, flows_exact (else there are at least so many),
 * unattributed_bytes, ce_packets, tcp_retransmits. share, 0 to 1, is one of `wire_bytes`, which are the burst's. All
 * are null where `flows` is NULL. What is not IP has no family and no addresses, and its ethertype for a protocol;
 * ports are null where the protocol has none, or they are in another fragment; a cgroup and tcp_retransmits where
 * they are not known; ce_packets of a burst of which nothing is attributed.
 */
void show_flow_fields(struct writer *writer, const struct burst_flows *flows, uint64_t wire_bytes);

/* The names of these fields, in their order; NULL behind the last. */
const char *show_flow_field(size_t i);

/*
 * The same fields as a JSON object, to be kept and shown later by out/kept_flow.h: as many of the flows, from
 * the first, as make it shorter than `size`. 0, or -ENOMEM with *out untouched; *out is the caller's.
 */
int show_flow_keep(char **out, const struct burst_flows *flows, uint64_t wire_bytes, size_t size);

/* The last part of a cgroup's path, in parentheses, if that is short; nothing where `path` is NULL. */
void show_flow_cgroup(struct sink *sink, const char *path);

/*
 * The first flow, the last part of its cgroup's path if that is short, how many more there are, and what is worth
 * a word of them all; nothing where there is none.
 */
void show_flow_text(struct sink *sink, const struct burst_flows *flows, uint64_t wire_bytes);

#endif
