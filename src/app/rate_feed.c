// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/rate_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/windows.h"
#include "model/peak.h"

/* How long a report may wait for its peaks beyond the guard. */
#define TAKE_PERIOD_MAX_NS (20 * NSEC_PER_MSEC)

/* An interval whose windows are not all sealed yet. */
struct waiting {
	uint64_t end_ns;
	struct rate *rates; /* owned */
	size_t n;
};

struct rate_feed {
	struct engine *engine;
	uint64_t window_ns;
	rate_feed_fn fn;
	void *context;
	struct peaks *peaks; /* of the first interval that waits */
	struct waiting *waiting;
	size_t n, capacity;
};

static int deliver_first(struct rate_feed *feed)
{
	struct waiting first = feed->waiting[0];
	int ret;

	peaks_end_interval(feed->peaks, first.rates, first.n);
	feed->n--;
	memmove(feed->waiting, feed->waiting + 1, feed->n * sizeof(*feed->waiting));
	ret = feed->fn(feed->context, first.rates, first.n);
	free(first.rates);
	return ret;
}

static bool has_gap(const struct series_span *span, uint64_t until_ns)
{
	size_t i;

	for (i = 0; i < span->n_gaps; i++)
		if (span->gaps[i].from_ns < until_ns)
			return true;
	return false;
}

/* Windows that start before an interval's end and after the end of the one before are its own. */
static int sort_in(struct rate_feed *feed, const struct series_span *span)
{
	size_t at = 0;
	int ret = 0;

	while (!ret && feed->n && feed->waiting[0].end_ns <= span->until_ns) {
		uint64_t end_ns = feed->waiting[0].end_ns;

		for (; at < span->n_windows && span->windows[at].start_ns < end_ns; at++)
			peaks_add(feed->peaks, &span->windows[at]);
		if (has_gap(span, end_ns))
			peaks_add_gap(feed->peaks);
		ret = deliver_first(feed);
	}
	for (; at < span->n_windows; at++)
		peaks_add(feed->peaks, &span->windows[at]);
	if (span->n_gaps)
		peaks_add_gap(feed->peaks);
	return ret;
}

static int take(struct rate_feed *feed, uint64_t until_ns)
{
	struct error err = {0};
	struct series_span span;
	int ret = engine_take_windows(feed->engine, until_ns, &span, &err);

	if (ret) {
		log_error(&err);
		return ret;
	}
	return sort_in(feed, &span);
}

static int tick(void *context, uint64_t expirations)
{
	(void)expirations;
	return take(context, clock_monotonic_ns() - WINDOWS_GUARD_NS);
}

int rate_feed_new(struct rate_feed **out, struct loop *loop, struct engine *engine,
		  uint64_t window_ns, rate_feed_fn fn, void *context, struct error *err)
{
	struct rate_feed *feed = calloc(1, sizeof(*feed));
	uint64_t period_ns;
	int ret = 0;

	if (!feed)
		return error_errno(err, -ENOMEM, "cannot feed rates");
	*feed = (struct rate_feed){
		.engine = engine, .window_ns = window_ns, .fn = fn, .context = context};
	if (window_ns) {
		period_ns = engine_take_period_ns(engine);
		if (period_ns > TAKE_PERIOD_MAX_NS)
			period_ns = TAKE_PERIOD_MAX_NS;
		ret = peaks_new(&feed->peaks, window_ns);
		if (ret)
			error_errno(err, ret, "cannot find peaks");
		else
			ret = loop_add_timer(loop, period_ns, tick, feed, err);
	}
	if (ret) {
		rate_feed_free(feed);
		return ret;
	}
	*out = feed;
	return 0;
}

void rate_feed_free(struct rate_feed *feed)
{
	if (!feed)
		return;
	while (feed->n)
		free(feed->waiting[--feed->n].rates);
	free(feed->waiting);
	peaks_free(feed->peaks);
	free(feed);
}

static int wait_for_windows(struct rate_feed *feed, const struct rate *rates, size_t n,
			    uint64_t end_ns, struct error *err)
{
	struct waiting waiting = {.end_ns = end_ns, .n = n};

	waiting.rates = malloc((n ? n : 1) * sizeof(*rates));
	if (!waiting.rates ||
	    array_reserve(&feed->waiting, &feed->capacity, feed->n + 1, sizeof(*feed->waiting))) {
		free(waiting.rates);
		return error_errno(err, -ENOMEM, "cannot keep the rates of %zu interfaces", n);
	}
	memcpy(waiting.rates, rates, n * sizeof(*rates));
	feed->waiting[feed->n++] = waiting;
	return 0;
}

int rate_feed_end_interval(struct rate_feed *feed, size_t *n)
{
	struct error err = {0};
	struct rate *rates;
	uint64_t at_ns;
	int ret;

	*n = 0;
	ret = engine_read(feed->engine, &rates, n, &at_ns, &err);
	if (!ret && !feed->window_ns)
		return feed->fn(feed->context, rates, *n);
	if (!ret)
		ret = wait_for_windows(feed, rates, *n, at_ns, &err);
	if (ret)
		log_error(&err);
	return ret;
}

int rate_feed_drain(struct rate_feed *feed)
{
	/* Also the window that has begun, and the last interval ends within it. */
	return feed->window_ns ? take(feed, clock_monotonic_ns() + 2 * feed->window_ns) : 0;
}
