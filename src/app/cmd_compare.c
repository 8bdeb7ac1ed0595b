// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* compare: the probe's counts beside the kernel's own, and why they differ where they do. */
#include <errno.h>

#include "app/commands.h"
#include "app/compare_tracks.h"
#include "app/engine.h"
#include "app/identity.h"
#include "app/loop.h"
#include "app/output.h"
#include "base/log.h"
#include "base/units.h"
#include "out/show_compare.h"

#define DURATION_DEFAULT_NS (10 * NSEC_PER_SEC)
#define INTERVAL_DEFAULT_NS NSEC_PER_SEC
#define INTERVAL_MIN_NS (100 * NSEC_PER_MSEC) /* a sample takes a fifth of it */

struct compare_command {
	struct options options;
	struct loop *loop;
	struct identity *identity;
	struct engine *engine;
	struct compare_tracks *tracks;
	struct output output;
	struct table *table; /* NULL with a writer */
	bool has_mismatch;
};

static int sample(struct compare_command *compare)
{
	struct error err = {0};
	int ret = compare_tracks_sample(compare->tracks, &err);

	if (ret)
		log_error(&err);
	return ret;
}

static int tick(void *context, uint64_t expirations)
{
	(void)expirations;
	return sample(context);
}

static int set_up(struct compare_command *compare, struct error *err)
{
	const struct options *options = &compare->options;
	int ret;

	ret = identity_new(&compare->identity, &options->containers, false, err);
	if (!ret)
		ret = engine_new(&compare->engine, compare->loop, compare->identity, options, err);
	if (!ret)
		ret = compare_tracks_new(&compare->tracks, compare->engine, options->proc, err);
	if (!ret)
		ret = compare_tracks_sample(compare->tracks, err);
	if (!ret)
		ret = loop_add_deadline(compare->loop, options->duration_ns, err);
	if (!ret)
		ret = loop_add_timer(compare->loop, options->interval_ns, tick, compare, err);
	if (!ret)
		log_debug("comparing from here on");
	return ret;
}

struct totals {
	struct compare_total of[N_DIRECTIONS][COMPARE_COUNTERS];
	uint64_t interval_ns; /* the longest of those in it */
};

static void begin_totals(struct totals *totals)
{
	int d, i;

	*totals = (struct totals){0};
	for (d = 0; d < N_DIRECTIONS; d++) {
		for (i = 0; i < COMPARE_COUNTERS; i++) {
			totals->of[d][i].sum.direction = (enum direction)d;
			totals->of[d][i].sum.counter = (enum compare_counter)i;
		}
	}
}

static void add_to_totals(struct totals *totals, const struct compare_result *result,
			  uint64_t interval_ns)
{
	compare_total_add(&totals->of[result->direction][result->counter], result);
	if (interval_ns > totals->interval_ns)
		totals->interval_ns = interval_ns;
}

static void show_totals(struct compare_command *compare, const struct totals *totals)
{
	const struct compare_subject subject = {0, "total", NULL, totals->interval_ns};
	int d, i;

	for (d = 0; d < N_DIRECTIONS; d++) {
		if (compare->table)
			show_compare_total_row(compare->table, &subject, totals->of[d]);
		for (i = 0; i < COMPARE_COUNTERS && compare->output.writer; i++)
			show_compare_total_record(compare->output.writer, &subject,
						  &totals->of[d][i]);
	}
}

static void show_track(struct compare_command *compare, const struct compare_track *track,
		       struct totals *totals)
{
	const struct compare_subject subject = {track->ifindex, track->ifname, track->netns,
						compare_time_ns(&track->run)};
	int d, i;

	for (d = 0; d < N_DIRECTIONS; d++) {
		struct compare_result results[COMPARE_COUNTERS];

		compare_judge(&track->run, (enum direction)d, &track->facts, results);
		for (i = 0; i < COMPARE_COUNTERS; i++) {
			if (results[i].verdict == COMPARE_MISMATCH)
				compare->has_mismatch = true;
			if (compare->output.writer)
				show_compare_record(compare->output.writer, &subject, &results[i]);
			if (track->in_total)
				add_to_totals(totals, &results[i], subject.interval_ns);
		}
		if (compare->table)
			show_compare_row(compare->table, &subject, results);
	}
}

static int show(struct compare_command *compare)
{
	const struct compare_track *tracks;
	struct totals totals;
	size_t i, n;

	if (compare->output.writer)
		writer_open(compare->output.writer);
	else if (show_compare_table_new(&compare->table, compare->output.colour))
		return -ENOMEM;
	begin_totals(&totals);
	tracks = compare_tracks_all(compare->tracks, &n);
	for (i = 0; i < n; i++)
		show_track(compare, &tracks[i], &totals);
	if (n && compare->options.total)
		show_totals(compare, &totals);
	if (compare->output.writer)
		writer_close(compare->output.writer);
	else if (n)
		table_print(compare->table, compare->output.sink, output_columns(&compare->output));
	return output_flush(&compare->output);
}

/* Lets the time pass, and shows what there is. Returns the exit status. */
static int compare_run_command(struct compare_command *compare)
{
	int status, ret = loop_run(compare->loop);

	if (!ret)
		ret = sample(compare);
	engine_log_losses(compare->engine);
	if (ret)
		return EXIT_CANNOT;
	ret = show(compare);
	if (ret)
		return output_failed(ret);
	status = engine_exit_status(compare->engine);
	return status == EXIT_DONE && compare->has_mismatch ? EXIT_FOUND : status;
}

static void take_defaults(struct options *options)
{
	options->reads_rates = true;
	options->drop_kinds = true;
	options->waypoints = true;
	if (!options->interval_ns)
		options->interval_ns = INTERVAL_DEFAULT_NS;
	if (!options->duration_ns)
		options->duration_ns = DURATION_DEFAULT_NS;
}

static int run(const struct options *options)
{
	struct compare_command compare = {.options = *options};
	int status = EXIT_CANNOT;
	struct error err = {0};

	take_defaults(&compare.options);
	if (compare.options.interval_ns < INTERVAL_MIN_NS) {
		error_set(&err, -ERANGE, "'compare' needs intervals of at least 100ms");
		error_hint(&err, "a reading of both sides takes some 20ms");
		log_error(&err);
		return EXIT_USAGE;
	}
	if (loop_new(&compare.loop, &err)) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (output_new(&compare.output, options, WRITER_JSON_ARRAY, loop_stop_fd(compare.loop)))
		goto out;
	if (set_up(&compare, &err))
		status = engine_start_failed(&err);
	else
		status = compare_run_command(&compare);
out:
	compare_tracks_free(compare.tracks);
	engine_free(compare.engine);
	identity_free(compare.identity);
	table_free(compare.table);
	output_release(&compare.output);
	loop_free(compare.loop);
	return status;
}

static const enum option_id ids[] = {
	'i',           OPTION_CONTAINER,      OPTION_NETNS, 'd',        'I',
	OPTION_ATTACH, OPTION_MAX_INTERFACES, 'j',          OPTION_CSV, OPTION_LOSE_ONE_IN,
	OPTION_TOTAL,  OPTION_PROC,           OPTION_END,
};

const struct command cmd_compare = {
	.name = "compare",
	.summary = "counts beside the kernel's own; exit status 1 on a mismatch",
	.details =
		"\nReads stats64 (what /proc/net/dev prints) between readings of the probe, over\n"
		"10s or --duration, and says of each difference what it comes from: 'explained',\n"
		"or 'mismatch' where nothing that is known accounts for all of it.\n",
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_PROBE,
};
