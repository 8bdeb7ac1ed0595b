/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay_recall: what a recording holds of a burst that its windows do not: why packets were dropped, whose
 * flows it was, what was behind the interface.
 */
#ifndef IFPULSE_APP_REPLAY_RECALL_H
#define IFPULSE_APP_REPLAY_RECALL_H

#include "base/error.h"
#include "out/show_burst.h"
#include "store/player.h"

/* Puts it into `place`, which then points into `recorded`. */
void replay_recall_put(struct burst_place *place, const struct recording_burst *recorded);

struct replay_recall;

/* `player` is borrowed. 0 or -ENOMEM. */
int replay_recall_new(struct replay_recall **out, struct player *player);
void replay_recall_free(struct replay_recall *recall);

/*
 * The same where the burst is one that was recorded: of the same windows, by whatever rule. Else `place` stays
 * as it is. It points to what is valid until the next call. 0 or -errno.
 */
int replay_recall_burst(struct replay_recall *recall, struct burst_place *place,
			const struct burst *burst, struct error *err);

#endif
