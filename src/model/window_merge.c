// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/window_merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

/* What a window is sorted by, and where it is. */
struct window_key {
	uint64_t start_ns;
	uint32_t place;
	uint32_t index;
};

void window_merger_release(struct window_merger *merger)
{
	free(merger->keys[0]);
	free(merger->keys[1]);
	free(merger->spare.items);
}

void window_merger_shrink(struct window_merger *merger, size_t keep)
{
	int i;

	for (i = 0; i < 2; i++)
		array_shrink(&merger->keys[i], &merger->keys_capacity[i], keep,
			     sizeof(*merger->keys[i]));
	array_shrink(&merger->spare.items, &merger->spare.capacity, keep,
		     sizeof(*merger->spare.items));
}

static int make_room(struct window_merger *merger, size_t n)
{
	int i, ret = array_reserve(&merger->spare.items, &merger->spare.capacity, n,
				   sizeof(*merger->spare.items));

	for (i = 0; !ret && i < 2; i++)
		ret = array_reserve(&merger->keys[i], &merger->keys_capacity[i], n,
				    sizeof(*merger->keys[i]));
	return ret;
}

/* The keys in the windows' order; returns one that has the bits in which any two differ. */
static struct window_key make_keys(struct window_key *keys, const struct window *windows, size_t n)
{
	struct window_key differing = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		keys[i].start_ns = windows[i].start_ns;
		keys[i].place = windows[i].slot * N_DIRECTIONS + windows[i].direction;
		keys[i].index = (uint32_t)i;
		differing.start_ns |= keys[i].start_ns ^ keys[0].start_ns;
		differing.place |= keys[i].place ^ keys[0].place;
	}
	return differing;
}

static unsigned int digit_of(const struct window_key *key, bool by_start, unsigned int shift)
{
	return (by_start ? key->start_ns >> shift : key->place >> shift) & (DIGITS - 1);
}

/* By one digit; those that have the same stay in their order. */
static void sort_by_digit(struct window_key *to, const struct window_key *from, size_t n,
			  bool by_start, unsigned int shift)
{
	size_t ends[DIGITS] = {0}, i, sum = 0;

	for (i = 0; i < n; i++)
		ends[digit_of(&from[i], by_start, shift)]++;
	for (i = 0; i < DIGITS; i++) {
		size_t count = ends[i];

		ends[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++)
		to[ends[digit_of(&from[i], by_start, shift)]++] = from[i];
}

/* By as many digits as there are differing bits. The result changes sides with each. */
static void sort_by(struct window_merger *merger, int *side, size_t n, bool by_start,
		    uint64_t differing)
{
	unsigned int shift = differing ? (unsigned int)__builtin_ctzll(differing) : 0;

	for (; shift < 64 && differing >> shift; shift += DIGIT_BITS) {
		sort_by_digit(merger->keys[!*side], merger->keys[*side], n, by_start, shift);
		*side = !*side;
	}
}

static void add(struct window *sum, const struct window *window)
{
	sum->traffic.packets += window->traffic.packets;
	sum->traffic.bytes += window->traffic.bytes;
	sum->traffic.wire_packets += window->traffic.wire_packets;
	sum->traffic.wire_bytes += window->traffic.wire_bytes;
	sum->drops += window->drops;
}

int window_merge(struct window_merger *merger, struct window_array *windows)
{
	struct window_key differing;
	size_t i, n = windows->n;
	struct window_array merged;
	int side = 0;

	if (!n)
		return 0;
	if (n > UINT32_MAX || make_room(merger, n))
		return -ENOMEM;
	differing = make_keys(merger->keys[side], windows->items, n);
	sort_by(merger, &side, n, false, differing.place);
	sort_by(merger, &side, n, true, differing.start_ns);
	merged = merger->spare;
	merged.n = 0;
	for (i = 0; i < n; i++) {
		const struct window_key *key = &merger->keys[side][i];
		const struct window *window = &windows->items[key->index];

		if (i && key->start_ns == key[-1].start_ns && key->place == key[-1].place)
			add(&merged.items[merged.n - 1], window);
		else
			merged.items[merged.n++] = *window;
	}
	merger->spare = *windows;
	*windows = merged;
	return 0;
}
