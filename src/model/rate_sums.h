/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rate_sums: rates over intervals from windows, for a recording, which has no other counts at every time.
 *
 * Intervals follow one another from start_ns on, the start of a window, and are multiples of the windows'
 * width. What an interface carried in an interval that a gap touches is unknown. A slot that changes hands
 * has a rate for each interface, which its ifindex and namespace tell apart; windows are theirs as in series.h,
 * those of nobody are passed over.
 */
#ifndef IFPULSE_MODEL_RATE_SUMS_H
#define IFPULSE_MODEL_RATE_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "model/rate.h"
#include "model/series.h"

struct rate_sums;

/*
 * The rates of one interval, in order of slot and of coming; perhaps none. They end with the call. Other
 * than 0 ends the taking.
 */
typedef int (*rate_sums_fn)(void *context, const struct rate *rates, size_t n);

/* Times are those of the spans, on the wall clock. 0 or -ENOMEM. */
int rate_sums_new(struct rate_sums **out, uint64_t start_ns, uint64_t interval_ns, rate_sums_fn fn,
		  void *context);
void rate_sums_free(struct rate_sums *sums);

/*
 * The next span; it begins where the last one ended. Its gaps may reach beyond its end. 0, -ENOMEM, or what
 * the callback returned.
 */
int rate_sums_take(struct rate_sums *sums, const struct series_span *span);

/* The end: an interval that has begun is told as far as it goes. As rate_sums_take(). */
int rate_sums_finish(struct rate_sums *sums);

#endif
