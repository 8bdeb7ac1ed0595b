/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * health_view: verdicts on interfaces, as `health` and `replay FILE health` show them.
 */
#ifndef IFPULSE_APP_HEALTH_VIEW_H
#define IFPULSE_APP_HEALTH_VIEW_H

#include "app/options.h"
#include "app/output.h"
#include "model/health.h"
#include "out/show_drop.h"
#include "out/show_health.h"
#include "out/table.h"

struct health_view {
	const struct options *options; /* borrowed */
	struct output output;
	struct table *table; /* NULL with a writer */
	bool has_drops;      /* some verdicts come with them */
	bool found;          /* a verdict that a person wants to be woken for */
	struct drop_row *rows;
	size_t rows_capacity;
};

/* What the probe saw dropped of an interface; `rows` has it by direction and reason. */
struct health_drops {
	struct health_seen seen;
	const struct drop_row *rows;
	size_t n;
};

/*
 * `has_drops`: there will be verdicts with `drops`. `stop_fd` as for sink_new(). 0 or -errno, which is
 * logged.
 */
int health_view_new(struct health_view *view, const struct options *options, bool has_drops,
		    int stop_fd);
void health_view_release(struct health_view *view);

/*
 * Judges `now`, since boot where `before` is NULL, else over interval_ns; `drops` NULL: the probe did not
 * see that.
 */
void health_view_show(struct health_view *view, const struct health_subject *subject,
		      uint64_t interval_ns, const struct rtnl_link_stats64 *before,
		      const struct rtnl_link_stats64 *now, const struct health_drops *drops);

/* Writes it all; `nothing` is said where there was nothing to show. Returns the exit status. */
int health_view_end(struct health_view *view, const char *nothing);

#endif
