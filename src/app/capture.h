/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * capture: the trigger. Keeps the windows of the last seconds, and when a burst is over, those from `pre`
 * before it to `post` behind it, of all interfaces, go into a recording of their own.
 *
 * As on an oscilloscope it is armed again when a capture is complete: a burst that ends within one is in
 * it and triggers no other. A burst that is longer than what is kept has its beginning cut off; the
 * recording covers what it has. Where bursts come faster than files can be written, those that have
 * waited for a second are passed over. One that cannot be written is told and left out, and the next
 * is not tried for a second.
 */
#ifndef IFPULSE_APP_CAPTURE_H
#define IFPULSE_APP_CAPTURE_H

#include <stdbool.h>

#include "app/options.h"
#include "base/error.h"
#include "model/burst.h"
#include "model/series.h"
#include "out/show_burst.h"

struct capture;

struct capture_setup {
	const struct capture_options *options; /* borrowed; with a directory */
	uint64_t width_ns;
	uint64_t wall_offset_ns;
	const struct link *(*link_of)(void *context, const struct series_member *member);
	void *context;
};

/* Makes the directory where there is none. 0 or -errno. */
int capture_new(struct capture **out, const struct capture_setup *setup, struct error *err);
void capture_free(struct capture *capture);

/* The next span, before its bursts. 0, or -ENOMEM: then what is kept begins behind it. */
int capture_take(struct capture *capture, const struct series_span *span);

/* A burst that is over; both end with the call. */
void capture_trigger(struct capture *capture, const struct burst_place *place,
		     const struct burst *burst);

/*
 * Writes the next capture that is complete, after the bursts of each span; at the `end` of the run also one
 * that is not. Names the file on stderr. Whether it wrote one: then there may be another.
 */
bool capture_write(struct capture *capture, bool end);

/* --once: the first has been written. */
bool capture_is_done(const struct capture *capture);

/* How many could not be written. */
uint64_t capture_failed(const struct capture *capture);

#endif
