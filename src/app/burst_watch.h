/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * burst_watch: looks for bursts in the windows of every interface, live or recorded.
 *
 * Each interface and direction has a detector of its own for as long as it is probed.
 */
#ifndef IFPULSE_APP_BURST_WATCH_H
#define IFPULSE_APP_BURST_WATCH_H

#include "app/options.h"
#include "model/burst.h"
#include "model/burst_stats.h"
#include "model/link.h"
#include "model/series.h"
#include "out/show_burst.h"

struct burst_watch;

/* Interfaces that have gone and had bursts, each direction by itself: the last so many are in a summary. */
#define BURST_WATCH_GONE_MAX 1000

/* A burst that is over; both end with the call. */
typedef void (*burst_watch_fn)(void *context, const struct burst_place *place,
			       const struct burst *burst);

/* Flows of windows with at least so many wire_bytes are wanted from now on; 0: of none. */
typedef void (*burst_watch_hot_fn)(void *context, uint32_t slot, enum direction direction,
				   uint64_t bytes);

struct burst_watch_setup {
	const struct burst_options *options; /* borrowed */
	uint64_t width_ns;
	uint64_t wall_offset_ns; /* what makes their times those of the wall clock */
	/* What is known of an interface; NULL where nothing is. */
	const struct link *(*link_of)(void *context, const struct series_member *member);
	burst_watch_hot_fn set_hot; /* NULL: flows are not known */
	/* What is behind an interface, or was when it went; NULL: nobody asks. */
	const char *(*container_of)(void *context, const struct burst_place *place);
	/* The path of a cgroup; NULL: nobody asks, else as in struct burst_flows. */
	const char *(*cgroup_path)(void *context, uint64_t cgroup);
	void *context; /* of the four */
	burst_watch_fn found;
	void *found_context;
	const char *(*reason_name)(void *context, uint32_t reason); /* NULL: as in burst_place */
	void *reason_context;
	/* Interfaces that have gone stay for burst_watch_summarise(), BURST_WATCH_GONE_MAX of them. */
	bool keeps_gone;
};

/* 0 or -ENOMEM. */
int burst_watch_new(struct burst_watch **out, const struct burst_watch_setup *setup);
void burst_watch_free(struct burst_watch *watch);

/* The next span; it begins where the last one ended. Want of memory is told and leaves some out. */
void burst_watch_take(struct burst_watch *watch, const struct series_span *span);

/* The end: bursts that are going on are told as cut. */
void burst_watch_finish(struct burst_watch *watch);

/*
 * Calls `fn` for each interface and direction that is watched, or went with the last span, and with keeps_gone for
 * those that have gone before and had bursts; if they were more than are kept, the number of the others is told.
 */
typedef void (*burst_watch_summary_fn)(void *context, const struct burst_place *place,
				       const struct burst_summary *summary);
void burst_watch_summarise(struct burst_watch *watch, burst_watch_summary_fn fn, void *context);

#endif
