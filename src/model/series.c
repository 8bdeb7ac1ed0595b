// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/series.h"

/* Of so many slots that follow each other no two are taken for one. */
#define SLOTS_SEEN 8192U

struct walk {
	const struct series_span *span;
	series_fn fn;
	void *context;
	bool has_heirs;    /* a slot may have several members, one after the other */
	uint64_t orphaned; /* packets in windows of no member */
};

bool series_is_member_at(const struct series_member *member, uint64_t start_ns, uint64_t width_ns)
{
	return start_ns + width_ns > member->from_ns &&
	       (member->to_ns == SERIES_STAYS || start_ns <= member->to_ns);
}

/* The windows of one start lie side by side, by slot and direction. */
static const struct window *find(const struct window *windows, size_t n, uint64_t start_ns,
				 uint32_t slot, uint32_t direction)
{
	size_t from = 0;

	while (from < n) {
		size_t middle = from + (n - from) / 2;
		int order = window_compare_place(start_ns, slot, direction, &windows[middle]);

		if (!order)
			return &windows[middle];
		if (order > 0)
			from = middle + 1;
		else
			n = middle;
	}
	return NULL;
}

/* Whether two members may have the same slot; slots that are equal by the last bits look so, too. */
static bool has_heirs(const struct series_span *span)
{
	uint64_t seen[SLOTS_SEEN / 64] = {0};
	size_t i;

	for (i = 0; i < span->n_members; i++) {
		uint32_t slot = span->members[i].slot % SLOTS_SEEN;
		uint64_t bit = UINT64_C(1) << (slot % 64);

		if (seen[slot / 64] & bit)
			return true;
		seen[slot / 64] |= bit;
	}
	return false;
}

/* A slot that changes hands within a window belongs to the one that had it first. */
static const struct series_member *owner_of(const struct series_span *span,
					    const struct window *window)
{
	size_t i;

	for (i = 0; i < span->n_members; i++)
		if (span->members[i].slot == window->slot &&
		    series_is_member_at(&span->members[i], window->start_ns, span->width_ns))
			return &span->members[i];
	return NULL;
}

static void walk_start(struct walk *walk, uint64_t start_ns, const struct window *windows, size_t n)
{
	const struct series_span *span = walk->span;
	struct series_point point = {.start_ns = start_ns};
	uint64_t told = 0;
	size_t i;
	int d;

	point.is_known = !window_is_in_gap(start_ns, span->width_ns, span->gaps, span->n_gaps);
	for (i = 0; i < span->n_members; i++) {
		point.member = &span->members[i];
		if (!series_is_member_at(point.member, start_ns, span->width_ns))
			continue;
		for (d = 0; d < N_DIRECTIONS; d++) {
			const struct window *window =
				find(windows, n, start_ns, point.member->slot, d);

			if (window && walk->has_heirs && owner_of(span, window) != point.member)
				window = NULL;
			if (!window && point.is_known && span->busy_only)
				continue;
			point.direction = d;
			point.traffic = window ? window->traffic : (struct traffic_counter){0};
			point.drops = window ? window->drops : 0;
			told += point.traffic.packets;
			walk->fn(walk->context, &point);
		}
	}
	for (i = 0; i < n; i++)
		walk->orphaned += windows[i].traffic.packets;
	walk->orphaned -= told;
}

/* Where the next thing to tell begins: with only busy windows wanted, long idle times are skipped. */
static uint64_t next_start(const struct series_span *span, uint64_t start_ns, size_t at)
{
	if (!span->busy_only || span->n_gaps)
		return start_ns;
	if (at == span->n_windows)
		return span->until_ns;
	return span->windows[at].start_ns;
}

uint64_t series_walk(const struct series_span *span, series_fn fn, void *context)
{
	struct walk walk = {
		.span = span, .fn = fn, .context = context, .has_heirs = has_heirs(span)};
	uint64_t start_ns;
	size_t at = 0;

	for (start_ns = next_start(span, span->from_ns, at); start_ns < span->until_ns;
	     start_ns = next_start(span, start_ns + span->width_ns, at)) {
		size_t end;

		/* Told too late to be shown in its place. */
		for (; at < span->n_windows && span->windows[at].start_ns < start_ns; at++)
			walk.orphaned += span->windows[at].traffic.packets;
		end = at;
		while (end < span->n_windows && span->windows[end].start_ns == start_ns)
			end++;
		walk_start(&walk, start_ns, end > at ? &span->windows[at] : NULL, end - at);
		at = end;
	}
	return walk.orphaned;
}
