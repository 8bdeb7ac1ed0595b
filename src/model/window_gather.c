// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/window_gather.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

void window_gather_release(struct window_gather *gather)
{
	free(gather->taken.items);
	free(gather->taken_drops.items);
	free(gather->taken_gaps.items);
	free(gather->waiting.items);
	free(gather->waiting_drops.items);
	free(gather->gaps.items);
}

bool window_gather_is_due(const struct window_gather *gather, uint64_t start_ns)
{
	return start_ns + gather->width_ns <= gather->until_ns;
}

static int push(struct window_array *array, const struct window *window)
{
	if (array_reserve(&array->items, &array->capacity, array->n + 1, sizeof(*array->items)))
		return -ENOMEM;
	array->items[array->n++] = *window;
	return 0;
}

static int push_gap(struct window_gap_array *gaps, uint64_t from_ns, uint64_t to_ns)
{
	if (array_reserve(&gaps->items, &gaps->capacity, gaps->n + 1, sizeof(*gaps->items)))
		return -ENOMEM;
	gaps->items[gaps->n++] = (struct window_gap){from_ns, to_ns};
	return 0;
}

/* There is room for all of them. */
static void push_reasons(struct window_drop_array *array, const struct window *window,
			 const struct window_reason *reasons)
{
	int i;

	for (i = 0; i < WINDOW_REASONS && reasons[i].packets; i++)
		array->items[array->n++] =
			(struct window_drop){window->start_ns, window->slot, window->direction,
					     reasons[i].reason, reasons[i].packets};
}

/*
 * A window that began after its time had been told, on a CPU that stood still between reading the
 * clock and counting, is no longer anyone's to show.
 */
int window_gather_add(struct window_gather *gather, const struct window *window,
		      const struct window_reason *reasons)
{
	bool due = window_gather_is_due(gather, window->start_ns);
	struct window_drop_array *drops = due ? &gather->taken_drops : &gather->waiting_drops;

	if (window->start_ns + gather->width_ns <= gather->told_ns) {
		gather->late_packets += window->traffic.packets + window->drops;
		return 0;
	}
	if ((reasons && array_reserve(&drops->items, &drops->capacity, drops->n + WINDOW_REASONS,
				      sizeof(*drops->items))) ||
	    push(due ? &gather->taken : &gather->waiting, window))
		return -ENOMEM;
	if (reasons)
		push_reasons(drops, window, reasons);
	return 0;
}

int window_gather_add_gap(struct window_gather *gather, uint64_t to_ns)
{
	return push_gap(&gather->gaps, gather->told_ns, to_ns);
}

/* What a gap has beyond until_ns, where windows are not taken yet, belongs to the next time. */
static void keep_gaps(struct window_gather *gather)
{
	size_t i, kept = 0;

	for (i = 0; i < gather->gaps.n; i++) {
		struct window_gap gap = gather->gaps.items[i];

		if (gap.to_ns <= gather->until_ns)
			continue;
		gap.from_ns = gather->until_ns;
		gather->gaps.items[kept++] = gap;
	}
	gather->gaps.n = kept;
}

static int tell_gaps(struct window_gather *gather)
{
	size_t i;
	int ret = 0;

	gather->taken_gaps.n = 0;
	for (i = 0; !ret && i < gather->gaps.n; i++) {
		const struct window_gap *gap = &gather->gaps.items[i];
		uint64_t to_ns = gap->to_ns < gather->until_ns ? gap->to_ns : gather->until_ns;

		if (gap->from_ns < to_ns)
			ret = push_gap(&gather->taken_gaps, gap->from_ns, to_ns);
	}
	return ret;
}

static int take_waiting_drops(struct window_gather *gather)
{
	size_t i, kept = 0;

	/* All or none: no window is delivered without its reasons. */
	if (array_reserve(&gather->taken_drops.items, &gather->taken_drops.capacity,
			  gather->taken_drops.n + gather->waiting_drops.n,
			  sizeof(*gather->taken_drops.items)))
		return -ENOMEM;
	for (i = 0; i < gather->waiting_drops.n; i++) {
		struct window_drop drop = gather->waiting_drops.items[i];

		if (window_gather_is_due(gather, drop.start_ns))
			gather->taken_drops.items[gather->taken_drops.n++] = drop;
		else
			gather->waiting_drops.items[kept++] = drop;
	}
	gather->waiting_drops.n = kept;
	return 0;
}

/* What came before its time, and whose time has come. */
static int take_waiting(struct window_gather *gather)
{
	size_t i, kept = 0;
	int ret = 0;

	for (i = 0; i < gather->waiting.n; i++) {
		const struct window *window = &gather->waiting.items[i];

		if (!ret && window_gather_is_due(gather, window->start_ns)) {
			ret = push(&gather->taken, window);
			if (!ret)
				continue;
		}
		gather->waiting.items[kept++] = *window;
	}
	gather->waiting.n = kept;
	return ret ? ret : take_waiting_drops(gather);
}

int window_gather_begin(struct window_gather *gather, uint64_t until_ns)
{
	if (!gather->has_failed) {
		gather->taken.n = 0;
		gather->taken_drops.n = 0;
		keep_gaps(gather);
	}
	if (until_ns > gather->until_ns)
		gather->until_ns = until_ns;
	return take_waiting(gather);
}

int window_gather_end(struct window_gather *gather, int ret)
{
	if (!ret)
		ret = tell_gaps(gather);
	gather->has_failed = ret;
	if (ret)
		return ret;
	gather->told_ns = gather->until_ns;
	gather->taken.n = window_merge(gather->taken.items, gather->taken.n);
	gather->taken_drops.n =
		window_merge_drops(gather->taken_drops.items, gather->taken_drops.n);
	return 0;
}
