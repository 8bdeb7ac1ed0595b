// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/retransmit.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void retransmit_history_clear(struct retransmit_history *history)
{
	free(history->items);
	*history = (struct retransmit_history){0};
}

/* The first that is not before time_ns. */
static size_t find(const struct retransmit_history *history, uint64_t time_ns)
{
	size_t low = 0, high = history->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history->items[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void drop_first(struct retransmit_history *history, size_t n)
{
	if (!n)
		return;
	history->n -= n;
	memmove(history->items, history->items + n, history->n * sizeof(*history->items));
}

void retransmit_history_add_gap(struct retransmit_history *history, const struct window_gap *gap)
{
	struct window_gap *last = history->n_gaps ? &history->gaps[history->n_gaps - 1] : NULL;

	if (gap->from_ns >= gap->to_ns)
		return;
	/* One that is too many makes one of two, and what was between them. */
	if (last && (gap->from_ns <= last->to_ns || history->n_gaps == RETRANSMIT_GAPS_MAX)) {
		if (gap->from_ns < last->from_ns)
			last->from_ns = gap->from_ns;
		if (gap->to_ns > last->to_ns)
			last->to_ns = gap->to_ns;
		return;
	}
	history->gaps[history->n_gaps++] = *gap;
}

/* The older half goes, and what was in that time is not known. */
static void make_room(struct retransmit_history *history)
{
	size_t n = history->n / 2;
	const struct window_gap gap = {history->items[0].time_ns,
				       history->items[n - 1].time_ns + 1};

	retransmit_history_add_gap(history, &gap);
	drop_first(history, n);
}

static void add(struct retransmit_history *history, const struct retransmit *item)
{
	const struct window_gap gap = {item->time_ns, item->time_ns + 1};
	size_t at;

	if (history->n == RETRANSMIT_HISTORY_MAX)
		make_room(history);
	if (array_reserve(&history->items, &history->capacity, history->n + 1,
			  sizeof(*history->items))) {
		retransmit_history_add_gap(history, &gap);
		return;
	}
	for (at = history->n++; at && history->items[at - 1].time_ns > item->time_ns; at--)
		history->items[at] = history->items[at - 1];
	history->items[at] = *item;
}

void retransmit_history_add(struct retransmit_history *history, const struct retransmit *items,
			    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		add(history, &items[i]);
}

void retransmit_history_forget(struct retransmit_history *history, uint64_t before_ns)
{
	size_t i, kept = 0;

	drop_first(history, find(history, before_ns));
	for (i = 0; i < history->n_gaps; i++)
		if (history->gaps[i].to_ns > before_ns)
			history->gaps[kept++] = history->gaps[i];
	history->n_gaps = kept;
}

bool retransmit_history_find(const struct retransmit_history *history, uint64_t from_ns,
			     uint64_t to_ns, const struct retransmit **items, size_t *n)
{
	size_t first = find(history, from_ns), end = find(history, to_ns), i;

	for (i = 0; i < history->n_gaps; i++)
		if (from_ns < history->gaps[i].to_ns && history->gaps[i].from_ns < to_ns)
			return false;
	*items = end > first ? &history->items[first] : NULL;
	*n = end > first ? end - first : 0;
	return true;
}
