/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow_table: adds up flows. Bounded: the first FLOW_TABLE_MAX of them are told apart, what comes of more
 * is one sum.
 */
#ifndef IFPULSE_MODEL_FLOW_TABLE_H
#define IFPULSE_MODEL_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/probe_abi.h"

#define FLOW_TABLE_MAX 4096

struct flow_count {
	struct flow_key key;
	uint64_t wire_bytes, wire_packets;
};

/* Zero it to make it; it takes memory with the first flow. Not to be moved while there are flows in it. */
struct flow_table {
	struct flow_count *slots; /* a hash; those without packets are free */
	size_t n, capacity;
	uint64_t wire_bytes; /* of all flows, with the others */
	/* Of flows that found no room; a `record` is a call of flow_table_add(). */
	uint64_t other_bytes, other_packets, other_records;
};

/* Frees what it holds: it is as it was when it was made. */
void flow_table_clear(struct flow_table *table);

/* What finds no room, for want of memory too, is among the others. wire_packets above 0. */
void flow_table_add(struct flow_table *table, const struct flow_key *key, uint64_t wire_bytes,
		    uint64_t wire_packets);

/* table += add */
void flow_table_join(struct flow_table *table, const struct flow_table *add);

/*
 * The flows, those with most bytes first; valid until it is cleared, which is all that may be done with it
 * from then on.
 */
const struct flow_count *flow_table_sort(struct flow_table *table);

/* What is known of the flows of a burst. */
struct burst_flows {
	const struct flow_count *top; /* as flow_table_sort() gives them */
	size_t n_top;
	uint64_t total; /* number of flows; at least, unless is_exact */
	bool is_exact;
	uint64_t unattributed_bytes; /* wire_bytes of which it is not known */
};

#endif
