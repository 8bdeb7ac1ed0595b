// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/flow_table.h"

#include <stdlib.h>
#include <string.h>

/* A power of two, and doubled: half of it is free at least, so that a search is short. */
#define CAPACITY_AT_FIRST 64

void flow_table_clear(struct flow_table *table)
{
	free(table->slots);
	*table = (struct flow_table){0};
}

/*
 * Who sends the packets chooses the keys: the address of the table, which they do not know, keeps them from
 * choosing such as all meet in one place.
 */
static size_t hash(const struct flow_table *table, const struct flow_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t h = (uintptr_t)table * UINT64_C(0x9e3779b97f4a7c15);
	size_t i;

	memcpy(words, key, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		h ^= words[i];
		h *= UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	return (size_t)h;
}

/* What has no socket may be of any: the end of a connection, say, which is answered without one. */
static bool is_same(const struct flow_count *a, const struct flow_count *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key)) &&
	       (!a->socket || !b->socket || a->socket == b->socket);
}

/* The flow's place, or the free one that it would get. */
static struct flow_count *find(const struct flow_table *table, const struct flow_count *flow)
{
	size_t at = hash(table, &flow->key);

	for (;; at++) {
		struct flow_count *count = &table->slots[at & (table->capacity - 1)];

		if (!count->wire_packets || is_same(count, flow))
			return count;
	}
}

/* Room for one more; false where there is none. */
static bool make_room(struct flow_table *table)
{
	size_t capacity = table->capacity ? 2 * table->capacity : CAPACITY_AT_FIRST, i;
	struct flow_table smaller = *table;
	struct flow_count *slots;

	if (2 * table->n < table->capacity)
		return true;
	slots = calloc(capacity, sizeof(*slots));
	if (!slots)
		return false;
	table->slots = slots;
	table->capacity = capacity;
	for (i = 0; i < smaller.capacity; i++)
		if (smaller.slots[i].wire_packets)
			*find(table, &smaller.slots[i]) = smaller.slots[i];
	free(smaller.slots);
	return true;
}

static void add_other(struct flow_table *table, uint64_t wire_bytes, uint64_t wire_packets,
		      uint64_t records)
{
	table->other_bytes += wire_bytes;
	table->other_packets += wire_packets;
	table->other_records += records;
}

static void add_counts(struct flow_count *sum, const struct flow_count *add)
{
	sum->wire_bytes += add->wire_bytes;
	sum->wire_packets += add->wire_packets;
	sum->ce_packets += add->ce_packets;
	sum->tcp_retransmits += add->tcp_retransmits;
	if (add->cgroup && add->cgroup_ns >= sum->cgroup_ns) {
		sum->cgroup = add->cgroup;
		sum->cgroup_ns = add->cgroup_ns;
	}
	if (!sum->socket)
		sum->socket = add->socket;
}

static void add_flow(struct flow_table *table, const struct flow_count *flow)
{
	struct flow_count *count = table->capacity ? find(table, flow) : NULL;

	if (!count || !count->wire_packets) {
		if (table->n == FLOW_TABLE_MAX || !make_room(table)) {
			add_other(table, flow->wire_bytes, flow->wire_packets, 1);
			return;
		}
		count = find(table, flow);
		count->key = flow->key;
		table->n++;
	}
	add_counts(count, flow);
}

void flow_table_add(struct flow_table *table, const struct window_flow *flow)
{
	const struct flow_count count = {
		.key = flow->key,
		.wire_bytes = flow->wire_bytes,
		.wire_packets = flow->wire_packets,
		.ce_packets = flow->ce_packets,
		.cgroup = flow->cgroup,
		.cgroup_ns = flow->start_ns,
		.socket = flow->socket,
	};

	table->wire_bytes += flow->wire_bytes;
	table->ce_packets += flow->ce_packets;
	add_flow(table, &count);
}

void flow_table_join(struct flow_table *table, const struct flow_table *add)
{
	size_t i;

	for (i = 0; i < add->capacity; i++) {
		const struct flow_count *count = &add->slots[i];

		if (count->wire_packets)
			add_flow(table, count);
	}
	table->wire_bytes += add->wire_bytes;
	table->ce_packets += add->ce_packets;
	add_other(table, add->other_bytes, add->other_packets, add->other_records);
}

/* Those that are equal in bytes in an order that does not depend on where they lay. */
static int compare(const void *a, const void *b)
{
	const struct flow_count *x = a, *y = b;

	if (x->wire_bytes != y->wire_bytes)
		return x->wire_bytes > y->wire_bytes ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static int compare_keys(const void *a, const void *b)
{
	const struct flow_count *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static int compare_sockets(const void *a, const void *b)
{
	const struct flow_count *x = a, *y = b;

	return x->socket < y->socket ? -1 : x->socket > y->socket;
}

void flow_table_forget_sockets(struct flow_table *table)
{
	size_t i;

	for (i = 0; i < table->capacity; i++)
		table->slots[i].socket = 0;
}

/* Whose socket has no flow here went by another interface. */
static void add_retransmits(struct flow_count *flows, size_t n_flows,
			    const struct retransmit *retransmits, size_t n)
{
	struct flow_count *flow;
	size_t i;

	if (n)
		qsort(flows, n_flows, sizeof(*flows), compare_sockets);
	for (i = 0; i < n; i++) {
		const struct flow_count of = {.socket = retransmits[i].socket};

		flow = bsearch(&of, flows, n_flows, sizeof(of), compare_sockets);
		if (flow && of.socket)
			flow->tcp_retransmits += retransmits[i].segments;
	}
}

/* What several sockets had one after the other is one flow. Returns how many are left. */
static size_t merge(struct flow_count *flows, size_t n)
{
	size_t i, kept = 0;

	qsort(flows, n, sizeof(*flows), compare_keys);
	for (i = 1; i < n; i++) {
		if (compare_keys(&flows[kept], &flows[i]))
			flows[++kept] = flows[i];
		else
			add_counts(&flows[kept], &flows[i]);
	}
	return kept + 1;
}

const struct flow_count *flow_table_sort(struct flow_table *table,
					 const struct retransmit *retransmits, size_t n_retransmits)
{
	size_t i, kept = 0;

	for (i = 0; i < table->capacity; i++)
		if (table->slots[i].wire_packets)
			table->slots[kept++] = table->slots[i];
	if (kept) {
		add_retransmits(table->slots, kept, retransmits, n_retransmits);
		kept = merge(table->slots, kept);
		qsort(table->slots, kept, sizeof(*table->slots), compare);
	}
	table->n = kept;
	return table->slots;
}
