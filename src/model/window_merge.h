/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * window_merge: windows of several CPUs in one order, each once.
 *
 * A thousand busy interfaces have a million windows a second, and to compare them with one another took four tenths of
 * the time of a take. So the sort is by digits: least significant first, of place, then of time.
 */
#ifndef IFPULSE_MODEL_WINDOW_MERGE_H
#define IFPULSE_MODEL_WINDOW_MERGE_H

#include "model/window.h"

struct window_key;

/* Room to work in, kept from one time to the next. Zero it to make it. */
struct window_merger {
	struct window_key *keys[2];
	size_t keys_capacity[2];
	struct window_array spare;
};

void window_merger_release(struct window_merger *merger);

/* To room for about so many windows: see array_shrink(). */
void window_merger_shrink(struct window_merger *merger, size_t keep);

/*
 * Sorts windows by start, slot (below 2^31) and direction, and adds up those that are the same window on several
 * CPUs. The array's items are exchanged for the merger's. 0, or -ENOMEM with everything as it was.
 */
int window_merge(struct window_merger *merger, struct window_array *windows);

#endif
