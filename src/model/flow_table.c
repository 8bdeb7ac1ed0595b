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

/* The flow's place, or the free one that it would get. */
static struct flow_count *find(const struct flow_table *table, const struct flow_key *key)
{
	size_t at = hash(table, key);

	for (;; at++) {
		struct flow_count *count = &table->slots[at & (table->capacity - 1)];

		if (!count->wire_packets || !memcmp(&count->key, key, sizeof(*key)))
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
			*find(table, &smaller.slots[i].key) = smaller.slots[i];
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

static void add_flow(struct flow_table *table, const struct flow_key *key, uint64_t wire_bytes,
		     uint64_t wire_packets)
{
	struct flow_count *count = table->capacity ? find(table, key) : NULL;

	if (!count || !count->wire_packets) {
		if (table->n == FLOW_TABLE_MAX || !make_room(table)) {
			add_other(table, wire_bytes, wire_packets, 1);
			return;
		}
		count = find(table, key);
		count->key = *key;
		table->n++;
	}
	count->wire_bytes += wire_bytes;
	count->wire_packets += wire_packets;
}

void flow_table_add(struct flow_table *table, const struct flow_key *key, uint64_t wire_bytes,
		    uint64_t wire_packets)
{
	table->wire_bytes += wire_bytes;
	add_flow(table, key, wire_bytes, wire_packets);
}

void flow_table_join(struct flow_table *table, const struct flow_table *add)
{
	size_t i;

	for (i = 0; i < add->capacity; i++) {
		const struct flow_count *count = &add->slots[i];

		if (count->wire_packets)
			add_flow(table, &count->key, count->wire_bytes, count->wire_packets);
	}
	table->wire_bytes += add->wire_bytes;
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

const struct flow_count *flow_table_sort(struct flow_table *table)
{
	size_t i, kept = 0;

	for (i = 0; i < table->capacity; i++)
		if (table->slots[i].wire_packets)
			table->slots[kept++] = table->slots[i];
	if (kept)
		qsort(table->slots, kept, sizeof(*table->slots), compare);
	return table->slots;
}
