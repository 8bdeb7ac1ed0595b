// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/window.h"

#include <stdlib.h>

static int compare_drops(const void *a, const void *b)
{
	const struct window_drop *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	return x->reason < y->reason ? -1 : x->reason > y->reason;
}

size_t window_merge_drops(struct window_drop *drops, size_t n)
{
	size_t i, kept = 0;

	if (!n)
		return 0;
	qsort(drops, n, sizeof(*drops), compare_drops);
	for (i = 1; i < n; i++) {
		if (compare_drops(&drops[kept], &drops[i]))
			drops[++kept] = drops[i];
		else
			drops[kept].packets += drops[i].packets;
	}
	return kept + 1;
}

static int compare_flows(const void *a, const void *b)
{
	const struct window_flow *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (int)x->direction - (int)y->direction;
}

void window_sort_flows(struct window_flow *flows, size_t n)
{
	if (n)
		qsort(flows, n, sizeof(*flows), compare_flows);
}

int window_is_in_gap(uint64_t start_ns, uint64_t width_ns, const struct window_gap *gaps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (start_ns < gaps[i].to_ns && start_ns + width_ns > gaps[i].from_ns)
			return 1;
	return 0;
}

uint64_t window_align_down(uint64_t time_ns, uint64_t width_ns, uint64_t offset_ns)
{
	return time_ns - (time_ns + offset_ns) % width_ns;
}

int window_compare_place(uint64_t start_ns, uint32_t slot, uint32_t direction,
			 const struct window *window)
{
	if (start_ns != window->start_ns)
		return start_ns < window->start_ns ? -1 : 1;
	if (slot != window->slot)
		return slot < window->slot ? -1 : 1;
	return (direction > window->direction) - (direction < window->direction);
}
