// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bursts: traffic that fills a link for microseconds to milliseconds, as soon as it is over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/engine.h"
#include "app/output.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/windows.h"
#include "model/burst.h"
#include "model/burst_stats.h"
#include "out/show_burst.h"

#define SHARE_DEFAULT_PPB 500000000U /* 50 %: Zhang et al., IMC 2017 */
#define FACTOR_DEFAULT 10
#define FLOOR_DEFAULT_BPS 10000000U
#define PPB 1000000000U

/* One interface and direction, for as long as it is probed. */
struct subject {
	struct bursts_command *bursts;
	uint32_t slot;
	uint64_t from_ns, to_ns;
	char ifname[IF_NAMESIZE];
	struct burst_place place;
	struct burst_detector *detector;
	struct burst_stats stats;
};

struct bursts_command {
	struct options options;
	struct loop *loop;
	struct engine *engine;
	struct output output;
	struct subject **subjects; /* owned; also of interfaces that have gone, for the summary */
	size_t n, capacity;
	struct subject **current; /* those that are probed now, by slot and direction */
	size_t current_capacity;
	uint64_t until_ns; /* windows have been taken up to here */
	uint64_t told;
	int output_error;
};

static void tell(void *context, const struct burst *burst)
{
	struct subject *subject = context;
	struct bursts_command *bursts = subject->bursts;

	if (burst_stats_add_burst(&subject->stats, burst))
		log_warning("%s: a burst is missing in the summary: no memory", subject->ifname);
	if (bursts->options.count && bursts->told >= bursts->options.count)
		return;
	if (bursts->output.writer)
		show_burst_record(bursts->output.writer, &subject->place, burst);
	else
		show_burst_line(bursts->output.sink, &subject->place, burst);
	bursts->told++;
}

/* Drivers of pairs and of memory name a speed that nothing holds them to. */
static bool has_real_speed(const struct link *link)
{
	static const char *const nominal[] = {"veth", "netkit", "tun", "bridge", "dummy", "ifb"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nominal); i++)
		if (!strcmp(link->kind, nominal[i]))
			return false;
	return link->speed_mbps;
}

static uint64_t mark_bps(const struct mark *mark, uint64_t speed_bps, uint64_t otherwise_ppb)
{
	uint64_t share_ppb = mark->share_ppb ? mark->share_ppb : otherwise_ppb;

	if (mark->rate_bps)
		return mark->rate_bps;
	return (uint64_t)((unsigned __int128)speed_bps * share_ppb / PPB);
}

/*
 * The rule that was asked for, or share where there is something to take a share of. One that lacks
 * what it needs is -EINVAL.
 */
static int judge_by(const struct options *options, const struct link *link,
		    struct burst_place *place, struct burst_config *config)
{
	/* Who names a share takes the speed for what it says. */
	bool has_mark =
		options->speed_bps || options->high.rate_bps ||
		(link && (has_real_speed(link) || (options->high.share_ppb && link->speed_mbps)));

	if (options->speed_bps) {
		place->speed_bps = options->speed_bps;
		place->speed_source = "user";
	} else if (link && link->speed_mbps) {
		place->speed_bps = (uint64_t)link->speed_mbps * 1000000;
		place->speed_source = "netlink";
	}
	place->rule = has_mark ? BURST_SHARE : BURST_BASELINE;
	if (options->has_rule)
		place->rule = options->rule;
	*config = (struct burst_config){
		.rule = place->rule,
		.width_ns = options->window_ns,
		.high_bps = mark_bps(&options->high, place->speed_bps, SHARE_DEFAULT_PPB),
		.factor = (uint32_t)(options->factor ? options->factor : FACTOR_DEFAULT),
		.floor_bps = options->floor_bps ? options->floor_bps : FLOOR_DEFAULT_BPS,
		.min_duration_ns = options->min_duration_ns,
		.merge_gap_ns = options->merge_gap_ns,
	};
	config->low_bps = options->low.share_ppb || options->low.rate_bps
				  ? mark_bps(&options->low, place->speed_bps, 0)
				  : config->high_bps / 2;
	if (config->low_bps > config->high_bps)
		config->low_bps = config->high_bps;
	return place->rule == BURST_BASELINE || config->high_bps ? 0 : -EINVAL;
}

static struct subject *add_subject(struct bursts_command *bursts,
				   const struct series_member *member, enum direction direction)
{
	const struct link *link = engine_link(bursts->engine, member->ifindex);
	size_t at = (size_t)member->slot * N_DIRECTIONS + direction;
	struct subject *subject = calloc(1, sizeof(*subject));
	struct burst_config config;

	if (!subject ||
	    array_reserve(&bursts->subjects, &bursts->capacity, bursts->n + 1,
			  sizeof(*bursts->subjects)) ||
	    array_reserve(&bursts->current, &bursts->current_capacity, at + 1,
			  sizeof(*bursts->current)))
		goto out;
	*subject = (struct subject){
		.bursts = bursts,
		.slot = member->slot,
		.from_ns = member->from_ns,
		.to_ns = SERIES_STAYS,
		.place = {.ifindex = member->ifindex,
			  .direction = direction,
			  .width_ns = bursts->options.window_ns,
			  .wall_offset_ns = engine_wall_offset_ns(bursts->engine)},
	};
	memcpy(subject->ifname, member->ifname, sizeof(subject->ifname));
	subject->place.ifname = subject->ifname;
	if (judge_by(&bursts->options, link, &subject->place, &config)) {
		if (direction == DIRECTION_INGRESS)
			log_warning(
				"%s: its speed is not known, so there is no share of it; judged "
				"by its baseline (give --speed, or a --threshold as a rate)",
				subject->ifname);
		subject->place.rule = config.rule = BURST_BASELINE;
	}
	if (!burst_detector_new(&subject->detector, &config, member->from_ns, tell, subject)) {
		bursts->subjects[bursts->n++] = subject;
		bursts->current[at] = subject;
		return subject;
	}
out:
	log_warning("%s: no memory to look for bursts", member->ifname);
	free(subject);
	return NULL;
}

static struct subject *subject_of(const struct bursts_command *bursts, uint32_t slot,
				  uint32_t direction)
{
	size_t at = (size_t)slot * N_DIRECTIONS + direction;

	return at < bursts->current_capacity ? bursts->current[at] : NULL;
}

/* Whoever is there and has none yet; and names follow. */
static void follow_members(struct bursts_command *bursts, const struct series_span *span)
{
	size_t i;
	int d;

	for (i = 0; i < span->n_members; i++) {
		for (d = 0; d < N_DIRECTIONS; d++) {
			struct subject *subject = subject_of(bursts, span->members[i].slot, d);

			if (!subject)
				subject = add_subject(bursts, &span->members[i], d);
			if (subject)
				memcpy(subject->ifname, span->members[i].ifname,
				       sizeof(subject->ifname));
		}
	}
}

static void take_gap(struct bursts_command *bursts, const struct window_gap *gap)
{
	size_t i;

	for (i = 0; i < bursts->n; i++)
		if (bursts->subjects[i]->to_ns == SERIES_STAYS)
			burst_detector_add_gap(bursts->subjects[i]->detector, gap->from_ns,
					       gap->to_ns);
}

static void take_windows(struct bursts_command *bursts, const struct series_span *span)
{
	size_t i;

	/* A gap begins where the last taking ended, so it comes before the windows. */
	for (i = 0; i < span->n_gaps; i++)
		take_gap(bursts, &span->gaps[i]);
	for (i = 0; i < span->n_windows; i++) {
		const struct window *window = &span->windows[i];
		struct subject *subject = subject_of(bursts, window->slot, window->direction);

		if (!subject ||
		    window_is_in_gap(window->start_ns, span->width_ns, span->gaps, span->n_gaps))
			continue;
		burst_stats_add_window(&subject->stats, &window->traffic);
		burst_detector_add(subject->detector, window->start_ns, &window->traffic,
				   window->drops);
	}
	for (i = 0; i < bursts->n; i++)
		if (bursts->subjects[i]->to_ns == SERIES_STAYS)
			burst_detector_advance(bursts->subjects[i]->detector, span->until_ns);
}

/* Interfaces that have gone, all their windows taken: what was going on went with them. */
static void end_gone(struct bursts_command *bursts, const struct series_span *span)
{
	size_t i;
	int d;

	for (i = 0; i < span->n_members; i++) {
		if (span->members[i].to_ns >= span->until_ns)
			continue;
		for (d = 0; d < N_DIRECTIONS; d++) {
			struct subject *subject = subject_of(bursts, span->members[i].slot, d);

			if (!subject)
				continue;
			burst_detector_finish(subject->detector);
			subject->to_ns = span->members[i].to_ns;
			bursts->current[(size_t)subject->slot * N_DIRECTIONS + (size_t)d] = NULL;
		}
	}
}

static bool is_complete(const struct bursts_command *bursts)
{
	return bursts->options.count && bursts->told >= bursts->options.count;
}

static int take(struct bursts_command *bursts, uint64_t until_ns)
{
	struct error err = {0};
	struct series_span span;
	int ret;

	ret = engine_take_windows(bursts->engine, until_ns, &span, &err);
	if (ret) {
		log_error(&err);
		return ret;
	}
	follow_members(bursts, &span);
	take_windows(bursts, &span);
	end_gone(bursts, &span);
	bursts->until_ns = span.until_ns;
	bursts->output_error = output_flush(&bursts->output);
	return bursts->output_error;
}

static int tick(void *context, uint64_t expirations)
{
	struct bursts_command *bursts = context;
	int ret = take(bursts, clock_monotonic_ns() - WINDOWS_GUARD_NS);

	(void)expirations;
	if (is_complete(bursts))
		loop_stop(bursts->loop);
	return ret;
}

/* For people only: among records it would be an object of another kind. */
static int summarise(struct bursts_command *bursts)
{
	struct table *table;
	size_t i;

	if (bursts->output.writer)
		return 0;
	if (show_burst_summary_new(&table, bursts->output.colour))
		return -ENOMEM;
	for (i = 0; i < bursts->n; i++) {
		struct subject *subject = bursts->subjects[i];
		uint64_t to_ns = subject->to_ns == SERIES_STAYS ? bursts->until_ns : subject->to_ns;
		struct burst_summary summary = burst_stats_summarise(
			&subject->stats, to_ns - subject->from_ns, bursts->options.window_ns);

		show_burst_summary_row(table, &subject->place, &summary);
	}
	if (table_rows(table))
		table_print(table, bursts->output.sink, output_columns(&bursts->output));
	table_free(table);
	return output_flush(&bursts->output);
}

static int set_up(struct bursts_command *bursts, struct error *err)
{
	uint64_t period_ns;
	int ret;

	ret = engine_new(&bursts->engine, bursts->loop, &bursts->options, err);
	if (ret)
		return ret;
	/* A burst is told within 200 ms of its end: at most 100 until it is read, and the guard. */
	period_ns = engine_take_period_ns(bursts->engine);
	if (bursts->options.duration_ns)
		ret = loop_add_deadline(bursts->loop, bursts->options.duration_ns, err);
	if (!ret)
		ret = loop_add_timer(bursts->loop, period_ns, tick, bursts, err);
	return ret;
}

static int finish(struct bursts_command *bursts)
{
	size_t i;
	int ret;

	engine_finish(bursts->engine);
	ret = take(bursts, clock_monotonic_ns() + bursts->options.window_ns);
	for (i = 0; i < bursts->n; i++)
		if (bursts->subjects[i]->to_ns == SERIES_STAYS)
			burst_detector_finish(bursts->subjects[i]->detector);
	if (!ret)
		ret = bursts->output_error = summarise(bursts);
	return ret ? ret : output_flush(&bursts->output);
}

static void release(struct bursts_command *bursts)
{
	size_t i;

	for (i = 0; i < bursts->n; i++) {
		burst_detector_free(bursts->subjects[i]->detector);
		burst_stats_release(&bursts->subjects[i]->stats);
		free(bursts->subjects[i]);
	}
	free(bursts->subjects);
	free(bursts->current);
	engine_free(bursts->engine);
	output_release(&bursts->output);
	loop_free(bursts->loop);
}

/* Where both are of one kind; else it depends on the interface's speed. */
static bool is_above(const struct mark *low, const struct mark *high)
{
	if (low->rate_bps && high->rate_bps)
		return low->rate_bps > high->rate_bps;
	return low->share_ppb > (high->share_ppb ? high->share_ppb : SHARE_DEFAULT_PPB) &&
	       !high->rate_bps;
}

static int check(struct options *options, struct error *err)
{
	if (options->no_windows) {
		error_set(err, -EINVAL, "'bursts' cannot be without windows");
		error_hint(err, "give --window a width, for example 100us");
		return -EINVAL;
	}
	if (!options->window_ns)
		options->window_ns = OPTIONS_WINDOW_NS;
	if (is_above(&options->low, &options->high)) {
		error_set(err, -EINVAL, "--low is above --threshold");
		error_hint(err, "a burst begins above the threshold and ends below the low mark");
		return -EINVAL;
	}
	return 0;
}

static int run(const struct options *options)
{
	struct bursts_command bursts = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (check(&bursts.options, &err)) {
		log_error(&err);
		return EXIT_USAGE;
	}
	ret = loop_new(&bursts.loop, &err);
	if (ret) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (output_new(&bursts.output, options, cmd_bursts.json, loop_stop_fd(bursts.loop)))
		goto out;
	ret = set_up(&bursts, &err);
	if (ret) {
		log_error(&err);
		status = ret == -EINTR ? EXIT_DONE : EXIT_CANNOT;
		goto out;
	}
	ret = loop_run(bursts.loop);
	if (!ret)
		ret = finish(&bursts);
	engine_log_losses(bursts.engine);
	if (bursts.output_error)
		status = output_failed(bursts.output_error);
	else
		status = ret ? EXIT_CANNOT : EXIT_DONE;
out:
	release(&bursts);
	return status;
}

static const enum option_id ids[] = {
	'i',          'w',           OPTION_RULE,   OPTION_THRESHOLD,      OPTION_LOW,
	OPTION_SPEED, OPTION_FACTOR, OPTION_FLOOR,  OPTION_MIN_DURATION,   OPTION_MERGE_GAP,
	'd',          'c',           OPTION_ATTACH, OPTION_MAX_INTERFACES, 'j',
	OPTION_CSV,   OPTION_END,
};

const struct command cmd_bursts = {
	.name = "bursts",
	.summary = "microbursts, as soon as they are over",
	.details =
		"\nA burst is a run of windows above the threshold: by default 50% of the line\n"
		"rate, or, where that is unknown or nominal, ten times the interface's median.\n",
	.json = WRITER_JSON_LINES,
	.ids = ids,
	.run = run,
};
