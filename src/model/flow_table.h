/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow_table: adds up flows. Bounded: the first FLOW_TABLE_MAX of them are told apart, what comes of more
 * is one sum. Until they are sorted, TCP sockets that have one flow one after the other count as several.
 */
#ifndef IFPULSE_MODEL_FLOW_TABLE_H
#define IFPULSE_MODEL_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/probe_abi.h"
#include "model/retransmit.h"
#include "model/window.h"

#define FLOW_TABLE_MAX 4096

struct flow_count {
	struct flow_key key;
	uint64_t wire_bytes, wire_packets;
	uint64_t ce_packets; /* of wire_packets */
	uint64_t cgroup;     /* id of the last sender's that was seen; 0: of none */
	uint64_t cgroup_ns;  /* start of the window in which it was */
	uint64_t socket;     /* cookie of a TCP socket of this host that sends it; 0: of none */
	uint64_t tcp_retransmits; /* segments; known if there is a socket */
};

/* Zero it to make it; it takes memory with the first flow. Not to be moved while there are flows in it. */
struct flow_table {
	struct flow_count *slots; /* a hash; those without packets are free */
	size_t n, capacity;
	uint64_t wire_bytes, ce_packets; /* of all flows, with the others */
	/* Of flows that found no room; a `record` is a call of flow_table_add(). */
	uint64_t other_bytes, other_packets, other_records;
};

/* Frees what it holds: it is as it was when it was made. */
void flow_table_clear(struct flow_table *table);

/* What finds no room, for want of memory too, is among the others. wire_packets above 0. */
void flow_table_add(struct flow_table *table, const struct window_flow *flow);

/* table += add */
void flow_table_join(struct flow_table *table, const struct flow_table *add);

/* It is not known what was sent again. */
void flow_table_forget_sockets(struct flow_table *table);

/*
 * The table->n flows, those with most bytes first, with what their sockets sent again; valid until it is cleared,
 * which is all that may be done with it from then on.
 */
const struct flow_count *flow_table_sort(struct flow_table *table,
					 const struct retransmit *retransmits,
					 size_t n_retransmits);

/* What is known of the flows of a burst. */
struct burst_flows {
	const struct flow_count *top; /* as flow_table_sort() gives them */
	size_t n_top;
	uint64_t total; /* number of flows; at least, unless is_exact */
	bool is_exact;
	uint64_t unattributed_bytes; /* wire_bytes of which it is not known */
	uint64_t ce_packets;         /* of all flows, with those that found no room */
	/* The path of a sender's cgroup; NULL, or gives NULL, where it is not known. */
	const char *(*cgroup_path)(void *context, uint64_t cgroup);
	void *cgroup_context;
	bool retransmits_known;   /* of the burst; of a flow if it has a socket */
	uint64_t tcp_retransmits; /* segments, of all flows of which they are known */
};

#endif
