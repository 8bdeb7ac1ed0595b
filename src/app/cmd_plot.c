// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* plot: a picture of a recording. Needs no privilege. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/burst_judge.h"
#include "app/burst_watch.h"
#include "app/commands.h"
#include "app/replay_feed.h"
#include "base/array.h"
#include "base/log.h"
#include "out/plot.h"

/* One interface and direction. */
struct strip {
	bool is_busy; /* something passed, or was dropped */
	uint64_t threshold_bps, speed_bps;
	size_t at; /* in the plot */
};

struct found_burst {
	uint32_t slot;
	enum direction direction;
	struct burst burst;
};

struct plot_command {
	const struct options *options;
	enum plot_format format;
	uint64_t width_ns;
	struct plot *plot;
	struct strip *strips; /* by (slot - 1) * N_DIRECTIONS + direction */
	size_t n_strips;
	struct found_burst *bursts;
	size_t n_bursts, bursts_capacity;
	struct window_gap *gaps;
	size_t n_gaps, gaps_capacity;
};

static struct strip *strip_of(const struct plot_command *plot, uint32_t slot, uint32_t direction)
{
	return &plot->strips[(size_t)(slot - 1) * N_DIRECTIONS + direction];
}

static int note_burst(struct plot_command *plot, uint32_t slot, enum direction direction,
		      const struct burst *burst)
{
	struct strip *strip = strip_of(plot, slot, direction);

	if (array_reserve(&plot->bursts, &plot->bursts_capacity, plot->n_bursts + 1,
			  sizeof(*plot->bursts)))
		return -ENOMEM;
	plot->bursts[plot->n_bursts++] = (struct found_burst){slot, direction, *burst};
	/* That of a baseline moves: the lowest is what all of them were above. */
	if (!strip->threshold_bps || burst->threshold_bps < strip->threshold_bps)
		strip->threshold_bps = burst->threshold_bps;
	return 0;
}

static int take_recorded(void *context, const struct recording_burst *recorded)
{
	struct plot_command *plot = context;
	struct strip *strip = strip_of(plot, recorded->slot, recorded->direction);

	strip->speed_bps = recorded->speed_bps;
	return note_burst(plot, recorded->slot, recorded->direction, &recorded->burst);
}

static void take_judged(void *context, const struct burst_place *place, const struct burst *burst)
{
	if (note_burst(context, place->slot, place->direction, burst))
		log_warning("%s: no memory for a burst", place->ifname);
}

/* Who says what a burst is wants it judged so, not as it was when it was recorded. */
static bool wants_judgement(const struct burst_options *bursts)
{
	static const struct burst_options nothing;

	return memcmp(bursts, &nothing, sizeof(nothing));
}

static int note_span(struct plot_command *plot, const struct series_span *span)
{
	size_t i;

	for (i = 0; i < span->n_windows; i++)
		strip_of(plot, span->windows[i].slot, span->windows[i].direction)->is_busy = true;
	if (!span->n_gaps)
		return 0;
	if (array_reserve(&plot->gaps, &plot->gaps_capacity, plot->n_gaps + span->n_gaps,
			  sizeof(*plot->gaps)))
		return -ENOMEM;
	memcpy(plot->gaps + plot->n_gaps, span->gaps, span->n_gaps * sizeof(*span->gaps));
	plot->n_gaps += span->n_gaps;
	return 0;
}

/* The first reading: what there is to be drawn, and where gaps are. */
static int survey(struct plot_command *plot, struct replay_feed *feed, struct error *err)
{
	struct burst_watch_setup setup = {
		.options = &plot->options->bursts,
		.width_ns = plot->width_ns,
		.link_of = replay_feed_link_of,
		.context = feed,
		.found = take_judged,
		.found_context = plot,
	};
	struct burst_watch *watch = NULL;
	struct series_span span;
	int ret = 0;

	if (wants_judgement(&plot->options->bursts))
		ret = burst_watch_new(&watch, &setup);
	else
		ret = player_bursts(replay_feed_player(feed), take_recorded, plot, err);
	while (!ret && (ret = replay_feed_next(feed, &span, err)) > 0) {
		if (watch)
			burst_watch_take(watch, &span);
		ret = note_span(plot, &span);
	}
	if (watch && !ret)
		burst_watch_finish(watch);
	burst_watch_free(watch);
	return ret == -ENOMEM ? error_errno(err, ret, "cannot draw the recording") : ret;
}

/* Interfaces in which something happened; all that were asked for by name if that is nothing. */
static int add_strips(struct plot_command *plot, const struct replay_feed *feed)
{
	size_t i, n, busy = 0;
	const struct series_member *members = player_members(replay_feed_player(feed), &n);
	int d, ret = 0;

	for (i = 0; i < plot->n_strips; i++) {
		plot->strips[i].at = PLOT_NO_STRIP;
		busy += plot->strips[i].is_busy;
	}
	for (i = 0; !ret && i < n; i++) {
		for (d = 0; !ret && d < N_DIRECTIONS; d++) {
			struct strip *strip = strip_of(plot, members[i].slot, (uint32_t)d);
			struct plot_strip_info info = {
				.ifname = members[i].ifname,
				.direction = d,
				.threshold_bps = strip->threshold_bps,
				.speed_bps = strip->speed_bps,
				.netns = members[i].netns,
			};

			if (replay_feed_selects(feed, members[i].slot) && (strip->is_busy || !busy))
				ret = plot_add_strip(plot->plot, &info, &strip->at);
		}
	}
	for (i = 0; !ret && i < plot->n_gaps; i++)
		ret = plot_add_gap(plot->plot, PLOT_EVERY_STRIP, plot->gaps[i].from_ns,
				   plot->gaps[i].to_ns);
	return ret;
}

/* The second reading: the windows themselves. */
static int draw(struct plot_command *plot, struct replay_feed *feed, struct error *err)
{
	struct series_span span;
	size_t i;
	int ret;

	if (add_strips(plot, feed))
		return error_errno(err, -ENOMEM, "cannot draw the recording");
	while ((ret = replay_feed_next(feed, &span, err)) > 0)
		for (i = 0; i < span.n_windows; i++)
			plot_add_window(
				plot->plot,
				strip_of(plot, span.windows[i].slot, span.windows[i].direction)->at,
				&span.windows[i]);
	for (i = 0; i < plot->n_bursts; i++)
		plot_add_burst(plot->plot,
			       strip_of(plot, plot->bursts[i].slot, plot->bursts[i].direction)->at,
			       &plot->bursts[i].burst);
	return ret;
}

static int make(struct plot_command *plot, struct error *err)
{
	struct replay_feed *first = NULL, *second = NULL;
	const struct recording_meta *meta;
	struct plot_config config = {0};
	size_t n;
	int ret;

	ret = replay_feed_new(&first, plot->options, err);
	if (ret)
		return ret;
	meta = player_meta(replay_feed_player(first));
	config = (struct plot_config){.from_ns = replay_feed_from_ns(first),
				      .until_ns = replay_feed_until_ns(first),
				      .width_ns = meta->width_ns,
				      .host = meta->host};
	plot->width_ns = meta->width_ns;
	player_members(replay_feed_player(first), &n);
	plot->n_strips = n * N_DIRECTIONS;
	plot->strips = calloc(plot->n_strips, sizeof(*plot->strips));
	if (!plot->strips)
		ret = error_errno(err, -ENOMEM, "cannot draw %zu interfaces", n);
	if (!ret)
		ret = survey(plot, first, err);
	if (!ret)
		ret = replay_feed_new(&second, plot->options, err);
	if (!ret) {
		ret = plot_new(&plot->plot, &config);
		if (ret == -EINVAL)
			error_set(err, ret, "that time is too short to be drawn");
		else if (ret)
			error_errno(err, ret, "cannot draw the recording");
	}
	if (!ret)
		ret = draw(plot, second, err);
	if (!ret)
		ret = plot_write(plot->plot, plot->options->output, plot->format, err);
	replay_feed_free(first);
	replay_feed_free(second);
	return ret;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && !strcmp(text + length - end_length, end);
}

static int check(struct plot_command *plot, struct error *err)
{
	const char *output = plot->options->output;

	if (output && ends_with(output, ".svg"))
		plot->format = PLOT_SVG;
	else if (output && ends_with(output, ".png"))
		plot->format = PLOT_PNG;
	else if (output)
		error_set(err, -EINVAL, "'%s' ends neither in .svg nor in .png", output);
	else
		error_set(err, -EINVAL, "'plot' needs a file to draw into");
	if (err->code)
		error_hint(err, "give it one, for example --output plot.svg");
	return err->code ? err->code : burst_judge_check(&plot->options->bursts, err);
}

static int run(const struct options *options)
{
	struct plot_command plot = {.options = options};
	struct error err = {0};
	int ret, status = EXIT_USAGE;

	ret = check(&plot, &err);
	if (!ret) {
		ret = make(&plot, &err);
		status = ret ? EXIT_CANNOT : EXIT_DONE;
	}
	if (ret)
		log_error(&err);
	plot_free(plot.plot);
	free(plot.strips);
	free(plot.bursts);
	free(plot.gaps);
	return status;
}

static const enum option_id ids[] = {
	'o', 'i', OPTION_FROM, OPTION_TO, OPTIONS_OF_BURSTS, OPTION_END,
};

const struct command cmd_plot = {
	.name = "plot",
	.summary = "a picture of a recording, as SVG or PNG",
	.details =
		"\nOne strip for each interface and direction in which something passed: the\n"
		"busiest window and the mean of each pixel, bursts, drops, and what is unknown.\n"
		"Bursts are those of the recording, or judged anew where an option says how.\n",
	.operand = "FILE",
	.ids = ids,
	.run = run,
};
