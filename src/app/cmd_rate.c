// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* rate: what each interface carries, interval by interval. */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/engine.h"
#include "app/output.h"
#include "app/rate_feed.h"
#include "base/log.h"
#include "base/units.h"
#include "out/show_rate.h"

#define INTERVAL_DEFAULT_NS NSEC_PER_SEC

struct rate_command {
	struct options options;
	struct rate_feed *feed;
	struct loop *loop;
	struct engine *engine;
	struct output output;
	struct table *table;
	uint64_t ticks_left; /* to the end of a --duration of whole intervals */
	uint64_t intervals;  /* ended so far */
	size_t lines_shown;  /* of the table that the next one is drawn over */
	int output_error;
};

static size_t terminal_lines(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ? 24 : size.ws_row;
}

static uint64_t traffic_of(const struct rate *rate)
{
	return rate->bps[DIRECTION_INGRESS] + rate->bps[DIRECTION_EGRESS];
}

/*
 * The rate below which rows are left out so that `room` of `n` remain: the terminal shows the busy
 * ones. Found by bisection over the value, which needs no copy to sort.
 */
static uint64_t threshold_for(const struct rate *rates, size_t n, size_t room)
{
	uint64_t low = 0, high = UINT64_MAX / 2;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		size_t i, above = 0;

		for (i = 0; i < n; i++)
			above += traffic_of(&rates[i]) >= middle;
		if (above > room)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void show_table(struct rate_command *rate, const struct rate *rates, size_t n)
{
	struct sink *sink = rate->output.sink;
	bool redraw = sink_is_terminal(sink);
	size_t i, hidden = 0, room = redraw ? terminal_lines() : SIZE_MAX;
	uint64_t threshold = 0;
	char time[UNITS_TEXT_SIZE];

	if (!n)
		return;
	/* Title, the line of those left out, and the cursor's. */
	if (n + 2 > room)
		threshold = threshold_for(rates, n, room > 4 ? room - 3 : 1);
	if (rate->lines_shown)
		sink_format(sink, "\033[%zuA\033[J", rate->lines_shown);
	for (i = 0; i < n; i++) {
		if (traffic_of(&rates[i]) >= threshold)
			show_rate_row(rate->table, &rates[i], rate->options.window_ns);
		else
			hidden++;
	}
	if (redraw)
		sink_text(sink, "\033[?7l"); /* a long line is cut, not wrapped: lines count */
	else
		sink_format(sink, "%s\n", units_format_wall(time, rates[0].start_wall_ns));
	rate->lines_shown = redraw ? table_rows(rate->table) + 1 + (hidden > 0) : 0;
	table_print(rate->table, sink);
	if (hidden)
		sink_format(sink, "... and %zu quieter interfaces\n", hidden);
	sink_text(sink, redraw ? "\033[?7h" : "\n");
	sink_commit(sink);
}

static int show(void *context, const struct rate *rates, size_t n)
{
	struct rate_command *rate = context;
	size_t i;

	if (rate->output.writer)
		for (i = 0; i < n; i++)
			show_rate_record(rate->output.writer, &rates[i]);
	else
		show_table(rate, rates, n);
	rate->output_error = output_flush(&rate->output);
	return rate->output_error;
}

static bool is_complete(const struct rate_command *rate)
{
	return rate->options.count && rate->intervals >= rate->options.count;
}

static int tick(void *context, uint64_t expirations)
{
	struct rate_command *rate = context;
	int ret = rate_feed_end_interval(rate->feed);

	if (ret)
		return ret;
	rate->intervals++;
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

	ret = engine_new(&rate->engine, rate->loop, options, err);
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
	if (broken_off && !is_complete(rate) && !rate->lines_shown)
		ret = rate_feed_end_interval(rate->feed);
	return ret ? ret : rate_feed_drain(rate->feed);
}

static int set_defaults(struct options *options, struct error *err)
{
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
	if (output_new(&rate.output, options, WRITER_JSON_LINES, loop_stop_fd(rate.loop)))
		goto out;
	if (!rate.output.writer &&
	    show_rate_table_new(&rate.table, rate.options.window_ns, rate.output.colour))
		goto out;
	ret = set_up(&rate, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	ret = loop_run(rate.loop);
	if (!ret)
		ret = finish(&rate);
	engine_log_losses(rate.engine);
	if (rate.output_error)
		status = output_failed(rate.output_error);
	else
		status = ret ? EXIT_CANNOT : EXIT_DONE;
out:
	rate_feed_free(rate.feed);
	engine_free(rate.engine);
	table_free(rate.table);
	output_release(&rate.output);
	loop_free(rate.loop);
	return status;
}

static const enum option_id ids[] = {
	'i', 'I',        'w',        'd', 'c', OPTION_TOTAL, OPTION_ATTACH, OPTION_MAX_INTERFACES,
	'j', OPTION_CSV, OPTION_END,
};

const struct command cmd_rate = {
	.name = "rate",
	.summary = "what each interface carries, live",
	.details = "\nBits per second as on the wire: every GSO segment with its headers, from\n"
		   "Ethernet up, without preamble, FCS and gap. Each row is measured over its\n"
		   "own real time; the peak is its busiest --window. Without windows the probe\n"
		   "costs a tenth.\n",
	.ids = ids,
	.run = run,
};
