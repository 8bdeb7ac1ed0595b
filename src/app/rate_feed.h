/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rate_feed: rates with their peaks, interval by interval and in order.
 *
 * Counters are read when an interval ends, but its last windows are sealed only some milliseconds
 * later: until then its rates wait. Without windows they are delivered at once.
 */
#ifndef IFPULSE_APP_RATE_FEED_H
#define IFPULSE_APP_RATE_FEED_H

#include "app/engine.h"
#include "app/loop.h"
#include "model/rate.h"

struct rate_feed;

/* The rates of one interval, which end with the call; 0 or a negative errno that ends the loop. */
typedef int (*rate_feed_fn)(void *context, const struct rate *rates, size_t n);

/*
 * Borrows the engine; window_ns is that of its options, 0 for none. Puts a timer on the loop that takes the
 * windows. 0 or -errno.
 */
int rate_feed_new(struct rate_feed **out, struct loop *loop, struct engine *engine,
		  uint64_t window_ns, rate_feed_fn fn, void *context, struct error *err);
void rate_feed_free(struct rate_feed *feed);

/* Ends an interval, of `n` rates. 0, -errno (logged), or what the callback returned. */
int rate_feed_end_interval(struct rate_feed *feed, size_t *n);

/*
 * Delivers what is waiting. The engine has been finished: nothing is counted any more. 0, -errno
 * (logged), or what the callback returned.
 */
int rate_feed_drain(struct rate_feed *feed);

#endif
