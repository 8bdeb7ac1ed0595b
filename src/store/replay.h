/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay: the windows of a recording as spans, one after another. For player.c only.
 *
 * Chunks come in the order in which they begin; those that a span touches are open at a time, packed
 * tight as columns, at most one of each interface and direction.
 */
#ifndef IFPULSE_STORE_REPLAY_H
#define IFPULSE_STORE_REPLAY_H

#include "store/recorded.h"

struct replay;

/*
 * The windows that touch `range`, as far as the recording covers it. Borrows `file`. 0 or
 * -ENOMEM: damage is told by replay_next(), each time.
 */
int replay_new(struct replay **out, const struct recorded *file, const struct recorded_range *range,
	       struct error *err);
void replay_free(struct replay *replay);

/* As player_next(). */
int replay_next(struct replay *replay, struct series_span *span, struct error *err);

#endif
