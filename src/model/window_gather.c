// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/window_gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void window_gather_release(struct window_gather *gather)
{
	free(gather->windows.items);
	free(gather->drops.items);
	free(gather->told_gaps.items);
	free(gather->gaps.items);
	window_merger_release(&gather->merger);
}

bool window_gather_is_due(const struct window_gather *gather, uint64_t start_ns)
{
	return start_ns + gather->width_ns <= gather->until_ns;
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
 * clock and counting, is no longer anyone's to show. No window is taken in without its reasons.
 */
int window_gather_add(struct window_gather *gather, const struct window *window,
		      const struct window_reason *reasons)
{
	struct window_array *windows = &gather->windows;
	struct window_drop_array *drops = &gather->drops;

	if (window->start_ns + gather->width_ns <= gather->told_ns) {
		gather->late_packets += window->traffic.packets + window->drops;
		return 0;
	}
	if ((reasons && array_reserve(&drops->items, &drops->capacity, drops->n + WINDOW_REASONS,
				      sizeof(*drops->items))) ||
	    array_reserve(&windows->items, &windows->capacity, windows->n + 1,
			  sizeof(*windows->items)))
		return -ENOMEM;
	windows->items[windows->n++] = *window;
	if (reasons)
		push_reasons(drops, window, reasons);
	return 0;
}

int window_gather_add_gap(struct window_gather *gather, uint64_t to_ns)
{
	return push_gap(&gather->gaps, gather->told_ns, to_ns);
}

/* What a gap has beyond what has been told, where windows are not taken yet, belongs to the next time. */
static void keep_gaps(struct window_gather *gather)
{
	size_t i, kept = 0;

	for (i = 0; i < gather->gaps.n; i++) {
		struct window_gap gap = gather->gaps.items[i];

		if (gap.to_ns <= gather->told_ns)
			continue;
		if (gap.from_ns < gather->told_ns)
			gap.from_ns = gather->told_ns;
		gather->gaps.items[kept++] = gap;
	}
	gather->gaps.n = kept;
}

static int tell_gaps(struct window_gather *gather)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < gather->gaps.n; i++) {
		const struct window_gap *gap = &gather->gaps.items[i];
		uint64_t to_ns = gap->to_ns < gather->until_ns ? gap->to_ns : gather->until_ns;

		if (gap->from_ns < to_ns)
			ret = push_gap(&gather->told_gaps, gap->from_ns, to_ns);
	}
	return ret;
}

/* A stall is no reason to keep what the windows of its time took for good. */
static void give_back(struct window_gather *gather)
{
	size_t n = gather->windows.n > gather->drops.n ? gather->windows.n : gather->drops.n;
	size_t keep = array_use_note(&gather->use, n);

	array_shrink(&gather->windows.items, &gather->windows.capacity, keep,
		     sizeof(*gather->windows.items));
	array_shrink(&gather->drops.items, &gather->drops.capacity, keep,
		     sizeof(*gather->drops.items));
	window_merger_shrink(&gather->merger, keep);
}

void window_gather_begin(struct window_gather *gather, uint64_t until_ns)
{
	struct window_array *windows = &gather->windows;
	struct window_drop_array *drops = &gather->drops;

	give_back(gather);
	windows->n -= gather->n_told;
	drops->n -= gather->n_drops_told;
	if (windows->n && gather->n_told)
		memmove(windows->items, windows->items + gather->n_told,
			windows->n * sizeof(*windows->items));
	if (drops->n && gather->n_drops_told)
		memmove(drops->items, drops->items + gather->n_drops_told,
			drops->n * sizeof(*drops->items));
	gather->n_told = gather->n_drops_told = gather->told_gaps.n = 0;
	keep_gaps(gather);
	if (until_ns > gather->until_ns)
		gather->until_ns = until_ns;
}

int window_gather_end(struct window_gather *gather, int ret)
{
	struct window_array *windows = &gather->windows;
	struct window_drop_array *drops = &gather->drops;

	if (!ret)
		ret = window_merge(&gather->merger, windows);
	if (!ret)
		ret = tell_gaps(gather);
	if (ret)
		return ret;
	drops->n = window_merge_drops(drops->items, drops->n);
	/* What is not due is at the end. */
	gather->n_told = windows->n;
	while (gather->n_told &&
	       !window_gather_is_due(gather, windows->items[gather->n_told - 1].start_ns))
		gather->n_told--;
	gather->n_drops_told = drops->n;
	while (gather->n_drops_told &&
	       !window_gather_is_due(gather, drops->items[gather->n_drops_told - 1].start_ns))
		gather->n_drops_told--;
	gather->told_ns = gather->until_ns;
	return 0;
}
