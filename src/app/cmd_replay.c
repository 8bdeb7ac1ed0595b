// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* replay: a recording, seen through the eyes of another command. Needs no privilege. */
#include <errno.h>

#include "app/burst_judge.h"
#include "app/burst_view.h"
#include "app/commands.h"
#include "app/loop.h"
#include "app/output.h"
#include "app/rate_view.h"
#include "app/replay_feed.h"
#include "app/replay_health.h"
#include "app/replay_recall.h"
#include "app/window_view.h"
#include "base/log.h"
#include "base/units.h"
#include "model/rate_sums.h"
#include "out/show_rate.h"

#define INTERVAL_DEFAULT_NS NSEC_PER_SEC

struct replay {
	struct options options;
	struct loop *loop; /* for its signals alone */
	struct replay_feed *feed;
	struct output output;
	struct window_view windows;
	struct burst_view *bursts;
	struct replay_recall *recall;
	struct error failure; /* of what could only note it */
	struct rate_sums *rates;
	struct rate_view *rate_view; /* NULL with a writer */
	uint64_t intervals;
	int output_error;
};

/* What one of the views does with the recording. 0 or -errno, told in err. */
struct replay_view {
	int (*set_up)(struct replay *replay, struct error *err);
	/* 1 when it has seen enough. */
	int (*take)(struct replay *replay, const struct series_span *span, struct error *err);
	int (*finish)(struct replay *replay, struct error *err); /* NULL: nothing to do */
};

static int set_up_windows(struct replay *replay, struct error *err)
{
	(void)err;
	replay->windows.options = &replay->options;
	replay->windows.output = &replay->output;
	return 0;
}

static int take_windows(struct replay *replay, const struct series_span *span, struct error *err)
{
	(void)err;
	window_view_take(&replay->windows, span);
	return window_view_is_complete(&replay->windows);
}

static void recall(void *context, struct burst_place *place, const struct burst *burst)
{
	struct replay *replay = context;
	struct error err = {0};

	if (replay_recall_burst(replay->recall, place, burst, &err) && !replay->failure.code)
		replay->failure = err;
}

static const struct link *link_of(void *context, const struct series_member *member)
{
	struct replay *replay = context;

	return replay_feed_link_of(replay->feed, member);
}

static int set_up_bursts(struct replay *replay, struct error *err)
{
	struct burst_view_setup setup = {
		.options = &replay->options,
		.output = &replay->output,
		.width_ns = player_meta(replay_feed_player(replay->feed))->width_ns,
		.link_of = link_of,
		.context = replay,
		.recall = recall,
	};

	return replay_recall_new(&replay->recall, replay_feed_player(replay->feed)) ||
			       burst_view_new(&replay->bursts, &setup)
		       ? error_errno(err, -ENOMEM, "cannot look for bursts")
		       : 0;
}

static int take_bursts(struct replay *replay, const struct series_span *span, struct error *err)
{
	burst_view_take(replay->bursts, span);
	if (replay->failure.code)
		*err = replay->failure;
	return replay->failure.code ? replay->failure.code : burst_view_is_complete(replay->bursts);
}

static int finish_bursts(struct replay *replay, struct error *err)
{
	burst_view_finish(replay->bursts);
	if (replay->failure.code)
		*err = replay->failure;
	return replay->failure.code;
}

static bool has_enough_rates(const struct replay *replay)
{
	return replay->options.count && replay->intervals >= replay->options.count;
}

static int show_rates(void *context, const struct rate *rates, size_t n)
{
	struct replay *replay = context;
	size_t i;

	if (!n || has_enough_rates(replay))
		return 0;
	replay->intervals++;
	if (replay->output.writer)
		for (i = 0; i < n; i++)
			show_rate_record(replay->output.writer, &rates[i]);
	else
		rate_view_show(replay->rate_view, rates, n, false);
	return 0;
}

static int set_up_rates(struct replay *replay, struct error *err)
{
	uint64_t width_ns = player_meta(replay_feed_player(replay->feed))->width_ns;
	char width[UNITS_TEXT_SIZE];

	if (!replay->options.interval_ns)
		replay->options.interval_ns = INTERVAL_DEFAULT_NS - INTERVAL_DEFAULT_NS % width_ns;
	if (replay->options.interval_ns % width_ns) {
		error_set(err, -EINVAL, "the interval is no multiple of the recording's windows");
		error_hint(err, "they are of %s", units_format_time(width, width_ns));
		return -EINVAL;
	}
	if ((!replay->output.writer &&
	     rate_view_new(&replay->rate_view, &replay->output, true, false)) ||
	    rate_sums_new(&replay->rates, replay_feed_from_ns(replay->feed),
			  replay->options.interval_ns, show_rates, replay))
		return error_errno(err, -ENOMEM, "cannot show rates");
	return 0;
}

static int take_rates(struct replay *replay, const struct series_span *span, struct error *err)
{
	if (rate_sums_take(replay->rates, span))
		return error_errno(err, -ENOMEM, "cannot show rates");
	return has_enough_rates(replay);
}

static int finish_rates(struct replay *replay, struct error *err)
{
	if (rate_sums_finish(replay->rates))
		return error_errno(err, -ENOMEM, "cannot show rates");
	return 0;
}

/* 0, or -errno with err set; errors of the output are kept apart. */
static int play(struct replay *replay, const struct replay_view *view, struct error *err)
{
	struct series_span span;
	int ret, done = 0;

	while (!done && !loop_is_stopping(replay->loop)) {
		ret = replay_feed_next(replay->feed, &span, err);
		if (!ret)
			break;
		if (ret < 0)
			return ret;
		done = view->take(replay, &span, err);
		if (done < 0)
			return done;
		replay->output_error = output_flush(&replay->output);
		if (replay->output_error)
			return 0;
	}
	ret = view->finish ? view->finish(replay, err) : 0;
	if (!ret)
		replay->output_error = output_flush(&replay->output);
	return ret;
}

static void release(struct replay *replay)
{
	burst_view_free(replay->bursts);
	replay_recall_free(replay->recall);
	rate_sums_free(replay->rates);
	rate_view_free(replay->rate_view);
	replay_feed_free(replay->feed);
	output_release(&replay->output);
	loop_free(replay->loop);
}

static int run(const struct options *options, const struct replay_view *view)
{
	struct replay replay = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (burst_judge_check(&options->bursts, &err)) {
		log_error(&err);
		return EXIT_USAGE;
	}
	ret = loop_new(&replay.loop, &err);
	if (!ret)
		ret = replay_feed_new(&replay.feed, &replay.options, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	if (output_new(&replay.output, options, WRITER_JSON_LINES, loop_stop_fd(replay.loop)))
		goto out;
	ret = view->set_up(&replay, &err);
	if (ret) {
		log_error(&err);
		status = ret == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
		goto out;
	}
	ret = play(&replay, view, &err);
	if (ret)
		log_error(&err);
	if (replay.output_error)
		status = output_failed(replay.output_error);
	else
		status = ret ? EXIT_CANNOT : EXIT_DONE;
out:
	release(&replay);
	return status;
}

static int run_rate(const struct options *options)
{
	static const struct replay_view view = {set_up_rates, take_rates, finish_rates};

	return run(options, &view);
}

static int run_windows(const struct options *options)
{
	static const struct replay_view view = {set_up_windows, take_windows, NULL};

	return run(options, &view);
}

static int run_bursts(const struct options *options)
{
	static const struct replay_view view = {set_up_bursts, take_bursts, finish_bursts};

	return run(options, &view);
}

static const enum option_id rate_ids[] = {
	'i', 'I', OPTION_FROM, OPTION_TO, 'c', 'j', OPTION_CSV, OPTION_END,
};
static const enum option_id windows_ids[] = {
	'i', OPTION_BUSY, OPTION_FROM, OPTION_TO, 'c', 'j', OPTION_CSV, OPTION_END,
};
static const enum option_id bursts_ids[] = {
	'i', OPTIONS_OF_BURSTS, OPTION_SUMMARY, OPTION_FROM, OPTION_TO, 'c',
	'j', OPTION_CSV,        OPTION_END,
};

static const struct command replays[] = {
	{
		.name = "rate",
		.summary = "what each interface carried, interval by interval",
		.details = "\nIntervals are multiples of the recording's windows. What an "
			   "interface carried\n"
			   "in one that a gap touches is unknown.\n",
		.json = WRITER_JSON_LINES,
		.ids = rate_ids,
		.run = run_rate,
	},
	{
		.name = "windows",
		.summary = "window by window",
		.details = "",
		.json = WRITER_JSON_LINES,
		.ids = windows_ids,
		.run = run_windows,
	},
	{
		.name = "bursts",
		.summary = "the bursts, by this rule and threshold or by another",
		.details = "\nJudged afresh: what 'bursts' would have said. Flows, containers and "
			   "reasons of\ndrops are those of the bursts that were recorded, and of "
			   "others unknown.\n",
		.json = WRITER_JSON_LINES,
		.ids = bursts_ids,
		.run = run_bursts,
	},
	{
		.name = "health",
		.summary = "error and drop rates; exit status 1 if any is over its threshold",
		.details = "\nJudges the kernel's counters since boot, as they were at the end, "
			   "and what\n"
			   "they grew by meanwhile. The recording has them every 10 s.\n",
		.ids = replay_health_ids,
		.run = replay_health,
	},
	{0},
};

const struct command cmd_replay = {
	.name = "replay",
	.summary = "a recording, as rate, windows, bursts or health show it",
	.details = "\nNeeds no privilege. Also reads a recording that is still being written.\n",
	.operand = "FILE",
	.subcommands = replays,
};
