/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * burst_view: the bursts in a stream of windows, shown as soon as they are over, and the summary at the
 * end: what `bursts` and `replay FILE bursts` have in common.
 */
#ifndef IFPULSE_APP_BURST_VIEW_H
#define IFPULSE_APP_BURST_VIEW_H

#include "app/burst_watch.h"
#include "app/output.h"
#include "kernel/drop_reasons.h"

struct burst_view;

struct burst_view_setup {
	const struct options *options; /* these two are borrowed */
	struct output *output;
	uint64_t width_ns;
	uint64_t wall_offset_ns;
	const struct link *(*link_of)(void *context, const struct series_member *member);
	const char *(*container_of)(void *context, const struct burst_place *place); /* or NULL */
	burst_watch_fn found;       /* also told of every burst; NULL: nobody else wants to know */
	burst_watch_hot_fn set_hot; /* NULL: flows are not known */
	const char *(*cgroup_path)(void *context, uint64_t cgroup); /* or NULL */
	void *context;                                              /* of these */
	struct drop_reasons *reasons;                               /* borrowed; NULL: not known */
	/* Fills in what else is known of a burst before it is shown; NULL: nothing. */
	void (*recall)(void *context, struct burst_place *place, const struct burst *burst);
};

/* 0 or -ENOMEM. */
int burst_view_new(struct burst_view **out, const struct burst_view_setup *setup);
void burst_view_free(struct burst_view *view);

/* What is shown is to be flushed by the owner. */
void burst_view_take(struct burst_view *view, const struct series_span *span);

/* The end of the run: bursts that are going on, and the summary. */
void burst_view_finish(struct burst_view *view);

/* --count bursts have been shown. */
bool burst_view_is_complete(const struct burst_view *view);

#endif
