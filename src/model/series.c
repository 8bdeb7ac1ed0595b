// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/series.h"

struct walk {
	const struct series_span *span;
	series_fn fn;
	void *context;
	uint64_t orphaned; /* packets in windows of no member */
};

bool series_is_member_at(const struct series_member *member, uint64_t start_ns, uint64_t width_ns)
{
	return start_ns + width_ns > member->from_ns &&
	       (member->to_ns == SERIES_STAYS || start_ns <= member->to_ns);
}

/* The windows of one start lie side by side, by slot and direction. */
static const struct window *find(const struct window *windows, size_t n, uint32_t slot,
				 uint32_t direction)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (windows[i].slot == slot && windows[i].direction == direction)
			return &windows[i];
	return NULL;
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
	size_t i;
	int d;

	point.is_known = !window_is_in_gap(start_ns, span->width_ns, span->gaps, span->n_gaps);
	for (i = 0; i < span->n_members; i++) {
		point.member = &span->members[i];
		if (!series_is_member_at(point.member, start_ns, span->width_ns))
			continue;
		for (d = 0; d < N_DIRECTIONS; d++) {
			const struct window *window = find(windows, n, point.member->slot, d);

			if (window && owner_of(span, window) != point.member)
				window = NULL;
			if (!window && point.is_known && span->busy_only)
				continue;
			point.direction = d;
			point.traffic = window ? window->traffic : (struct traffic_counter){0};
			point.drops = window ? window->drops : 0;
			walk->fn(walk->context, &point);
		}
	}
	for (i = 0; i < n; i++)
		if (!owner_of(span, &windows[i]))
			walk->orphaned += windows[i].traffic.packets;
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
	struct walk walk = {.span = span, .fn = fn, .context = context};
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
