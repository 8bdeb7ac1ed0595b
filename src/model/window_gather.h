/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * window_gather: windows of several writers, gathered take by take into what is to be told: each once, merged, and
 * only those whose time has come; and the gaps in them.
 *
 * A take goes from where the last one ended to until_ns. What comes before its time waits for the next; a gap
 * that reaches beyond is told in parts. A take that failed for want of memory has lost nothing: the
 * next one goes on where it was.
 */
#ifndef IFPULSE_MODEL_WINDOW_GATHER_H
#define IFPULSE_MODEL_WINDOW_GATHER_H

#include <stdbool.h>

#include "model/window.h"

struct window_array {
	struct window *items;
	size_t n, capacity;
};

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
	bool has_failed;   /* the last take did: keep what it has */
	/* Told by the last take, as window_merge() and window_merge_drops() leave them. */
	struct window_array taken;
	struct window_drop_array taken_drops;
	struct window_gap_array taken_gaps;
	/* What is not due yet; and gaps as they were found, which may reach beyond until_ns. */
	struct window_array waiting;
	struct window_drop_array waiting_drops;
	struct window_gap_array gaps;
	uint64_t late_packets; /* or drops, in windows whose time had been told when they began */
};

void window_gather_release(struct window_gather *gather);

/* Begins a take, with what has waited for it. 0 or -ENOMEM. */
int window_gather_begin(struct window_gather *gather, uint64_t until_ns);

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
