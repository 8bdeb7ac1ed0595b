/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * window_gather: windows of several writers, gathered into what is to be told take by take: each once, merged, and
 * only those whose time has come; and the gaps in them.
 *
 * A take goes from where the last one ended to until_ns. Windows may also come between takes. What comes before its
 * time waits for the next take; a gap that reaches beyond is told in parts. A take that failed for want of memory has
 * lost nothing: the next one goes on where it was.
 */
#ifndef IFPULSE_MODEL_WINDOW_GATHER_H
#define IFPULSE_MODEL_WINDOW_GATHER_H

#include <stdbool.h>

#include "base/array.h"
#include "model/window.h"
#include "model/window_merge.h"

struct window_drop_array {
	struct window_drop *items;
	size_t n, capacity;
};

struct window_gap_array {
	struct window_gap *items;
	size_t n, capacity;
};

/* Zero it, and set the first three, to make it. */
struct window_gather {
	uint64_t width_ns;
	uint64_t until_ns; /* of the last take; at first where the first one begins */
	uint64_t told_ns;  /* of the last that did not fail; at first the same */
	/* The first so many were told by the last take, as window_merge() and window_merge_drops() leave them. */
	size_t n_told, n_drops_told;
	struct window_array windows;
	struct window_drop_array drops;
	struct window_gap_array told_gaps;
	struct window_gap_array gaps; /* as they were found: they may reach beyond until_ns */
	struct window_merger merger;
	struct array_use use;  /* of all these */
	uint64_t late_packets; /* or drops, in windows whose time had been told when they began */
};

void window_gather_release(struct window_gather *gather);

/* Begins a take: what the last one told is gone. */
void window_gather_begin(struct window_gather *gather, uint64_t until_ns);

/* Whether a window that begins then has ended by until_ns. */
bool window_gather_is_due(const struct window_gather *gather, uint64_t start_ns);

/* `reasons` of its drops, WINDOW_REASONS of them, are NULL for traffic. 0 or -ENOMEM. */
int window_gather_add(struct window_gather *gather, const struct window *window,
		      const struct window_reason *reasons);

/* From the end of the last take on, windows up to to_ns are unknown. 0 or -ENOMEM. */
int window_gather_add_gap(struct window_gather *gather, uint64_t to_ns);

/* Ends a take, with what came of it: `ret` of what was before is passed on. 0 or -errno. */
int window_gather_end(struct window_gather *gather, int ret);

#endif
