// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* rate: what each interface carries, interval by interval. */
#include <errno.h>

#include "app/commands.h"
#include "app/engine.h"
#include "app/identity.h"
#include "app/output.h"
#include "app/rate_feed.h"
#include "app/rate_view.h"
#include "base/log.h"
#include "base/units.h"
#include "out/show_rate.h"

#define INTERVAL_DEFAULT_NS NSEC_PER_SEC

struct rate_command {
	struct options options;
	struct rate_feed *feed;
	struct loop *loop;
	struct identity *identity;
	struct engine *engine;
	struct output output;
	struct rate_view *view; /* NULL with a writer */
	uint64_t ticks_left;    /* to the end of a --duration of whole intervals */
	uint64_t intervals;     /* ended so far, and of those shown; without the empty ones */
	uint64_t shown;
	int output_error;
};

/* A total over no interface is nothing at all, neither a report nor zero. */
static size_t without_lone_total(const struct rate_command *rate, size_t n)
{
	return rate->options.total && n == 1 ? 0 : n;
}

static int show(void *context, const struct rate *rates, size_t n)
{
	struct rate_command *rate = context;
	size_t i;

	n = without_lone_total(rate, n);
	rate->shown += n > 0;
	if (rate->output.writer)
		for (i = 0; i < n; i++)
			show_rate_record(rate->output.writer, &rates[i]);
	else
		rate_view_show(rate->view, rates, n, n && rate->shown == rate->options.count);
	rate->output_error = output_flush(&rate->output);
	return rate->output_error;
}

/* Those without any interface are no reports: --count goes by the others. */
static int end_interval(struct rate_command *rate)
{
	size_t n;
	int ret = rate_feed_end_interval(rate->feed, &n);

	rate->intervals += without_lone_total(rate, n) > 0;
	return ret;
}

static bool is_complete(const struct rate_command *rate)
{
	return rate->options.count && rate->intervals >= rate->options.count;
}

static int tick(void *context, uint64_t expirations)
{
	struct rate_command *rate = context;
	int ret = end_interval(rate);

	if (ret)
		return ret;
	if (is_complete(rate))
		loop_stop(rate->loop);
	if (rate->ticks_left) {
		rate->ticks_left -= expirations < rate->ticks_left ? expirations : rate->ticks_left;
		if (!rate->ticks_left)
			loop_stop(rate->loop);
	}
	return 0;
}

static int set_up(struct rate_command *rate, struct error *err)
{
	const struct options *options = &rate->options;
	uint64_t interval_ns = options->interval_ns;
	int ret;

	ret = identity_new(&rate->identity, &options->containers, true, err);
	if (!ret)
		ret = engine_new(&rate->engine, rate->loop, rate->identity, options, err);
	if (!ret)
		ret = rate_feed_new(&rate->feed, rate->loop, rate->engine, options->window_ns, show,
				    rate, err);
	if (!ret && options->duration_ns) {
		/* A whole number of intervals ends with the last of them, another one within it. */
		if (options->duration_ns % interval_ns)
			ret = loop_add_deadline(rate->loop, options->duration_ns, err);
		else
			rate->ticks_left = options->duration_ns / interval_ns;
	}
	if (!ret)
		ret = loop_add_timer(rate->loop, interval_ns, tick, rate, err);
	return ret;
}

/*
 * The hooks close first; so what is read then is all there ever was. An interval that was broken off
 * belongs to the whole, but on a terminal the last full one stays in view.
 */
static int finish(struct rate_command *rate)
{
	bool broken_off = loop_was_interrupted(rate->loop) ||
			  rate->options.duration_ns % rate->options.interval_ns;
	int ret = 0;

	engine_finish(rate->engine);
	if (broken_off && !is_complete(rate) && !(rate->output.is_screen && rate->shown))
		ret = end_interval(rate);
	return ret ? ret : rate_feed_drain(rate->feed);
}

static int set_defaults(struct options *options, struct error *err)
{
	options->reads_rates = true;
	if (!options->interval_ns)
		options->interval_ns = INTERVAL_DEFAULT_NS;
	if (!options->window_ns && !options->no_windows)
		options->window_ns = OPTIONS_WINDOW_NS;
	if (options->window_ns <= options->interval_ns)
		return 0;
	error_set(err, -EINVAL, "the window is longer than the interval");
	error_hint(err, "a shorter --window or a longer --interval; or --window off");
	return -EINVAL;
}

static int run(const struct options *options)
{
	struct rate_command rate = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (set_defaults(&rate.options, &err)) {
		log_error(&err);
		return EXIT_USAGE;
	}
	ret = loop_new(&rate.loop, &err);
	if (ret) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (output_new(&rate.output, options, cmd_rate.json, loop_stop_fd(rate.loop)))
		goto out;
	if (!rate.output.writer &&
	    rate_view_new(&rate.view, &rate.output, rate.options.window_ns, rate.output.is_screen))
		goto out;
	ret = set_up(&rate, &err);
	if (ret) {
		status = engine_start_failed(&err);
		goto out;
	}
	ret = loop_run(rate.loop);
	if (!ret)
		ret = finish(&rate);
	engine_log_losses(rate.engine);
	if (rate.output_error)
		status = output_failed(rate.output_error);
	else
		status = ret ? EXIT_CANNOT : engine_exit_status(rate.engine);
out:
	rate_feed_free(rate.feed);
	engine_free(rate.engine);
	identity_free(rate.identity);
	rate_view_free(rate.view);
	output_release(&rate.output);
	loop_free(rate.loop);
	return status;
}

static const enum option_id ids[] = {
	'i', OPTION_CONTAINER, 'I',          'w',           'd',
	'c', OPTION_TOTAL,     OPTION_NETNS, OPTION_ATTACH, OPTION_MAX_INTERFACES,
	'j', OPTION_CSV,       OPTION_END,
};

const struct command cmd_rate = {
	.name = "rate",
	.summary = "what each interface carries, live",
	.details = "\nBits per second as on the wire: every GSO segment with its headers, from\n"
		   "Ethernet up, without preamble, FCS and gap. Each row is measured over its\n"
		   "own real time; the peak is its busiest --window. Without windows the probe\n"
		   "costs a tenth. PKT/S are packets of the wire per second; DROP is how many\n"
		   "in the interval the stack discarded anywhere on their way (kfree_skb), which\n"
		   "can be more than the interface's own counters, those of 'health', say.\n"
		   "CONTAINER is what is behind a veth. --container '*' shows only those.\n",
	.json = WRITER_JSON_LINES,
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_PROBE,
};
