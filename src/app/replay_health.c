// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/replay_health.h"

#include <errno.h>
#include <stdlib.h>

#include "app/health_view.h"
#include "app/loop.h"
#include "app/replay_feed.h"
#include "base/log.h"

/*
 * What the kernel had counted of one interface when the time began and when it was over. The counters
 * are written every 10 s and when they have changed, so these are of just outside of it.
 */
struct reading {
	bool is_there;
	uint64_t from_ns, until_ns;
	struct rtnl_link_stats64 before, after;
};

struct replay_health {
	const struct options *options;
	struct replay_feed *feed;
	struct health_view view;
	struct reading *readings; /* by slot - 1 */
};

static int take(void *context, const struct recording_counters *counters)
{
	struct replay_health *health = context;
	struct reading *reading = &health->readings[counters->slot - 1];

	if (!counters->has_kernel || !replay_feed_selects(health->feed, counters->slot))
		return 0;
	if (!reading->is_there || counters->time_ns <= replay_feed_from_ns(health->feed)) {
		reading->from_ns = counters->time_ns;
		reading->before = counters->kernel;
	}
	if (!reading->is_there || reading->until_ns < replay_feed_until_ns(health->feed)) {
		reading->until_ns = counters->time_ns;
		reading->after = counters->kernel;
	}
	reading->is_there = true;
	return 0;
}

/* Where they were not written again they had not changed: known for all of the time. */
static void show_reading(struct replay_health *health, const struct series_member *member,
			 const struct reading *reading)
{
	const struct health_subject subject = {member->ifindex, member->ifname, member->netns};
	enum health_period period = health->options->health_period;
	uint64_t from_ns = replay_feed_from_ns(health->feed);
	uint64_t until_ns = replay_feed_until_ns(health->feed);

	if (member->from_ns > from_ns)
		from_ns = member->from_ns;
	if (member->to_ns < until_ns)
		until_ns = member->to_ns;
	if (from_ns > until_ns)
		return;
	if (reading->from_ns < from_ns)
		from_ns = reading->from_ns;
	if (reading->until_ns > until_ns)
		until_ns = reading->until_ns;
	if (period != PERIOD_INTERVAL)
		health_view_show(&health->view, &subject, 0, NULL, &reading->after, NULL);
	if (period != PERIOD_BOOT)
		health_view_show(&health->view, &subject, until_ns - from_ns, &reading->before,
				 &reading->after, NULL);
}

static int judge(struct replay_health *health, struct error *err)
{
	struct player *player;
	const struct series_member *members;
	size_t i, n;
	int ret;

	ret = replay_feed_new(&health->feed, health->options, err);
	if (ret)
		return ret;
	player = replay_feed_player(health->feed);
	members = player_members(player, &n);
	health->readings = calloc(n ? n : 1, sizeof(*health->readings));
	if (!health->readings)
		return error_errno(err, -ENOMEM, "cannot judge %zu interfaces", n);
	player_seek(player, 0, UINT64_MAX);
	ret = player_counters(player, take, health, err);
	if (ret)
		return ret;
	for (i = 0; i < n; i++)
		if (health->readings[i].is_there)
			show_reading(health, &members[i], &health->readings[i]);
	return 0;
}

int replay_health(const struct options *options)
{
	struct replay_health health = {.options = options};
	struct loop *loop = NULL; /* for its signals alone */
	int status = EXIT_CANNOT;
	struct error err = {0};

	if (loop_new(&loop, &err)) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (health_view_new(&health.view, options, false, loop_stop_fd(loop)))
		goto out;
	if (judge(&health, &err))
		log_error(&err);
	else
		status =
			health_view_end(&health.view, "the recording has no counters of that time");
out:
	health_view_release(&health.view);
	replay_feed_free(health.feed);
	loop_free(loop);
	free(health.readings);
	return status;
}

const enum option_id replay_health_ids[] = {
	'i',       OPTION_PERIOD, OPTION_ERRORS_OVER, OPTION_DROPS_OVER, OPTION_FROM,
	OPTION_TO, 'j',           OPTION_CSV,         OPTION_END,
};
