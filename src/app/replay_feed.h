/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay_feed: a recording as a stream of spans, of the interfaces and the time that the options select.
 */
#ifndef IFPULSE_APP_REPLAY_FEED_H
#define IFPULSE_APP_REPLAY_FEED_H

#include "app/options.h"
#include "base/error.h"
#include "store/player.h"

struct replay_feed;

/* Opens options->file. 0 or -errno; -ENODEV when it has no interface that is selected. */
int replay_feed_new(struct replay_feed **out, const struct options *options, struct error *err);
void replay_feed_free(struct replay_feed *feed);

/* For what it holds besides windows; limited to the selected time, not to the interfaces. */
struct player *replay_feed_player(const struct replay_feed *feed);

/* The selected time: starts of windows, on the wall clock. */
uint64_t replay_feed_from_ns(const struct replay_feed *feed);
uint64_t replay_feed_until_ns(const struct replay_feed *feed);

/* Whether the interface of a slot is selected, by the last names that it and its namespace had. */
bool replay_feed_selects(const struct replay_feed *feed, uint32_t slot);

/* Whether one that was called so is. */
bool replay_feed_selects_name(const struct replay_feed *feed, const char *netns,
			      const char *ifname);

/* As burst_watch_setup.link_of; context is the feed. */
const struct link *replay_feed_link_of(void *context, const struct series_member *member);

/* As player_next(). */
int replay_feed_next(struct replay_feed *feed, struct series_span *span, struct error *err);

#endif
