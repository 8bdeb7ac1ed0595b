// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* record: everything that is seen, into one file. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app/burst_judge.h"
#include "app/burst_watch.h"
#include "app/commands.h"
#include "app/engine.h"
#include "app/identity.h"
#include "app/record_changes.h"
#include "app/record_counters.h"
#include "app/tape.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/cgroups.h"
#include "kernel/drop_reasons.h"
#include "kernel/windows.h"

#define COMMIT_PERIOD_NS NSEC_PER_SEC
#define COUNTERS_PERIOD_NS (10 * NSEC_PER_SEC)
/* Somebody else may hold the file's lock for a while: what is not written yet waits. */
#define COMMITS_BUSY_AT_MOST 10
#define LAST_WAIT_US 500000
/* Rows of bursts from commit to commit: a saturated link of 10 us windows could have 100,000. */
#define BURSTS_AT_MOST 1000

struct record_command {
	struct options options;
	struct loop *loop;
	struct identity *identity;
	struct cgroups *cgroups; /* NULL: nothing can be told of them */
	struct engine *engine;
	struct tape *tape;
	struct burst_watch *watch;
	struct drop_reasons *reasons;
	struct record_counters counters;
	uint64_t from_ns, until_ns;       /* of the windows taken */
	uint64_t commit_ns, counted_ns;   /* when that was last done */
	unsigned int busy;                /* commits in a row that found the file locked */
	uint64_t bursts, bursts_left_out; /* since the last commit; of the whole run */
	struct error failure;             /* of something that could only note it */
	uint64_t members_version; /* of the last span, and whether one of its members had gone */
	bool has_gone;
};

static int note(struct record_command *record, int ret, const struct error *err)
{
	if (ret && !record->failure.code)
		record->failure = *err;
	return ret;
}

static const struct link *link_of(void *context, const struct series_member *member)
{
	struct record_command *record = context;

	return engine_link(record->engine, member->netns, member->ifindex);
}

static void take_burst(void *context, const struct burst_place *place, const struct burst *burst)
{
	struct record_command *record = context;
	struct error err = {0};

	if (++record->bursts > BURSTS_AT_MOST)
		record->bursts_left_out++;
	else
		note(record, tape_add_burst(record->tape, place, burst, &err), &err);
}

static const char *container_of(void *context, const struct burst_place *place)
{
	struct record_command *record = context;

	return engine_container(record->engine, place->slot);
}

static const char *cgroup_path(void *context, uint64_t cgroup)
{
	struct record_command *record = context;

	return record->cgroups ? cgroups_path(record->cgroups, cgroup) : NULL;
}

static void set_hot(void *context, uint32_t slot, enum direction direction, uint64_t bytes)
{
	struct record_command *record = context;

	engine_set_hot(record->engine, slot, direction, bytes);
}

/* With --container, of those that are recorded: of one that goes, who was behind it is not known any more. */
static bool is_recorded(const struct record_command *record, const char *netns, uint32_t ifindex)
{
	return !identity_selects(record->identity) ||
	       engine_has_windows(record->engine, netns, ifindex);
}

static void link_changed(void *context, const struct site *site, const struct link *before,
			 const struct link *after)
{
	struct record_command *record = context;
	const struct selection *selection = &record->options.selection;
	const char *netns = site->name;
	struct error err = {0};

	if (!is_recorded(record, netns, before ? before->ifindex : after->ifindex))
		return;
	if ((before && selection_matches_in(selection, netns, before->ifname)) ||
	    (after && selection_matches_in(selection, netns, after->ifname)))
		note(record,
		     record_changes_take(record->engine, record->tape, site, before, after, &err),
		     &err);
}

/* A slot may have a new owner with the next span: its last counts are to be read before. */
static bool has_gone(struct record_command *record, const struct series_span *span)
{
	size_t i;

	if (span->members_version == record->members_version)
		return record->has_gone;
	record->members_version = span->members_version;
	record->has_gone = false;
	for (i = 0; i < span->n_members; i++)
		record->has_gone |= span->members[i].to_ns != SERIES_STAYS;
	return record->has_gone;
}

/* What is behind interfaces may come to be known, or change, while they are there. */
static int name_containers(struct record_command *record, struct error *err)
{
	size_t i, n;
	const struct interface *interfaces = engine_interfaces(record->engine, &n);
	int ret = 0;

	for (i = 0; !ret && i < n; i++) {
		uint32_t slot = interfaces[i].slot;

		ret = recorder_name_container(tape_recorder(record->tape), slot,
					      interfaces[i].site->name, interfaces[i].ifindex,
					      engine_container(record->engine, slot), err);
	}
	return ret;
}

static int commit(struct record_command *record, struct error *err)
{
	int ret = name_containers(record, err);

	if (!ret)
		ret = recorder_commit(tape_recorder(record->tape), err);
	record->commit_ns = clock_monotonic_ns();
	record->bursts = 0;
	if (ret == -EBUSY && ++record->busy < COMMITS_BUSY_AT_MOST) {
		if (record->busy == 1)
			log_warning("%s; trying again", err->what);
		return 0;
	}
	record->busy = 0;
	return ret;
}

static int take(struct record_command *record, uint64_t until_ns, struct error *err)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct series_span span;
	int ret;

	ret = engine_take_windows(record->engine, until_ns, &span, err);
	if (!ret)
		ret = tape_add_span(record->tape, &span, err);
	if (ret)
		return ret;
	burst_watch_take(record->watch, &span);
	record->until_ns = span.until_ns;
	if (has_gone(record, &span) || !record->counted_ns ||
	    now_ns - record->counted_ns >= COUNTERS_PERIOD_NS) {
		ret = record_counters_take(&record->counters, record->engine, record->tape, &span,
					   err);
		record->counted_ns = clock_monotonic_ns();
	}
	if (!ret && now_ns - record->commit_ns >= COMMIT_PERIOD_NS)
		ret = commit(record, err);
	if (!ret && record->failure.code) {
		*err = record->failure;
		ret = err->code;
	}
	return ret;
}

static int tick(void *context, uint64_t expirations)
{
	struct error err = {0};
	int ret = take(context, clock_monotonic_ns() - WINDOWS_GUARD_NS, &err);

	(void)expirations;
	if (ret)
		log_error(&err);
	return ret;
}

static const char *reason_name(void *context, uint32_t reason)
{
	return drop_reasons_name(context, reason);
}

static int set_up(struct record_command *record, struct error *err)
{
	const struct options *options = &record->options;
	struct tape_setup setup = {
		.path = options->output,
		.limits = {.max_bytes = options->max_size, .keep_ns = options->keep_ns},
		.width_ns = options->window_ns,
		.link_of = link_of,
		.context = record,
		.reason_name = reason_name,
	};
	struct burst_watch_setup watch = {
		.options = &options->bursts,
		.width_ns = options->window_ns,
		.link_of = link_of,
		.set_hot = options->flows ? set_hot : NULL,
		.container_of = container_of,
		.cgroup_path = cgroup_path,
		.context = record,
		.found = take_burst,
		.found_context = record,
		.reason_name = reason_name,
	};
	int ret;

	if (options->flows && cgroups_new(&record->cgroups, err))
		log_debug("control groups are not named: %s", err->what);
	ret = identity_new(&record->identity, &options->containers, true, err);
	if (!ret)
		ret = drop_reasons_new(&record->reasons, NULL, err);
	if (!ret)
		ret = engine_new(&record->engine, record->loop, record->identity, options, err);
	if (ret)
		return ret;
	setup.reason_context = watch.reason_context = record->reasons;
	setup.wall_offset_ns = engine_wall_offset_ns(record->engine);
	setup.from_ns = engine_windows_until_ns(record->engine);
	record->from_ns = setup.from_ns;
	watch.wall_offset_ns = setup.wall_offset_ns;
	ret = tape_new(&record->tape, &setup, err);
	if (ret)
		return ret;
	if (burst_watch_new(&record->watch, &watch))
		return error_errno(err, -ENOMEM, "cannot look for bursts");
	engine_on_change(record->engine, link_changed, record);
	if (options->duration_ns)
		ret = loop_add_deadline(record->loop, options->duration_ns, err);
	if (!ret)
		ret = loop_add_timer(record->loop, engine_take_period_ns(record->engine), tick,
				     record, err);
	/* What the kernel had counted before is the first that the file has. */
	if (!ret)
		ret = take(record, clock_monotonic_ns() - WINDOWS_GUARD_NS, err);
	if (!ret)
		log_message(isatty(STDERR_FILENO) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
			    "recording to %s", options->output);
	return ret;
}

static int finish(struct record_command *record, struct error *err)
{
	int ret;

	engine_finish(record->engine);
	ret = take(record, clock_monotonic_ns() + record->options.window_ns, err);
	burst_watch_finish(record->watch);
	if (!ret && record->failure.code) {
		*err = record->failure;
		ret = err->code;
	}
	/* There is no next time: whoever has the lock is waited for. */
	while (!ret) {
		ret = commit(record, err);
		if (!record->busy)
			break;
		usleep(LAST_WAIT_US);
	}
	if (ret)
		return ret;
	ret = recorder_close(tape_recorder(record->tape), err);
	if (ret != -EBUSY)
		return ret;
	/* Somebody reads it just now: all of it is there, but not in one file yet. */
	log_warning("%s%s%s", err->what, err->hint[0] ? "; " : "", err->hint);
	return 0;
}

static void say_done(const struct record_command *record)
{
	struct recorder_sums sums = recorder_sums(tape_recorder(record->tape));
	char size[UNITS_TEXT_SIZE], time[UNITS_TEXT_SIZE];

	if (record->bursts_left_out)
		log_warning("%" PRIu64
			    " bursts beyond %d a second are not in the file; 'ifpulse replay' "
			    "finds them in its windows",
			    record->bursts_left_out, BURSTS_AT_MOST);
	log_info("recorded %s: %" PRIu64 " busy windows, %" PRIu64 " bursts; %s in %s",
		 units_format_time(time, record->until_ns - record->from_ns), sums.windows,
		 sums.bursts, units_format_size(size, sums.bytes), record->options.output);
}

static int check(struct options *options, struct error *err)
{
	if (!options->output) {
		error_set(err, -EINVAL, "'record' needs a file to write");
		error_hint(err, "give it one, for example --output run.ifpulse");
		return -EINVAL;
	}
	if (!strcmp(options->output, "-")) {
		error_set(err, -EINVAL, "'record' cannot write to standard output");
		error_hint(err, "give it a file; 'ifpulse export' writes what is in it");
		return -EINVAL;
	}
	if (options->no_windows) {
		error_set(err, -EINVAL, "'record' cannot be without windows");
		error_hint(err, "give --window a width, for example 100us");
		return -EINVAL;
	}
	if (!options->window_ns)
		options->window_ns = OPTIONS_WINDOW_NS;
	options->reads_rates = true;
	options->flows = options->bursts.flows;
	return burst_judge_check(&options->bursts, err);
}

static int run(const struct options *options)
{
	struct record_command record = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (check(&record.options, &err)) {
		log_error(&err);
		return EXIT_USAGE;
	}
	ret = loop_new(&record.loop, &err);
	if (!ret)
		ret = set_up(&record, &err);
	if (ret) {
		status = engine_start_failed(&err);
		goto out;
	}
	/* What ends the loop has been logged; what is there is still written down. */
	ret = loop_run(record.loop);
	if (!ret) {
		ret = finish(&record, &err);
		if (ret)
			log_error(&err);
	}
	engine_log_losses(record.engine);
	if (!ret) {
		say_done(&record);
		status = engine_exit_status(record.engine);
	}
out:
	burst_watch_free(record.watch);
	drop_reasons_free(record.reasons);
	tape_free(record.tape);
	engine_free(record.engine);
	identity_free(record.identity);
	cgroups_free(record.cgroups);
	loop_free(record.loop);
	record_counters_release(&record.counters);
	return status;
}

static const enum option_id ids[] = {
	'o',
	'i',
	OPTION_CONTAINER,
	'w',
	OPTION_MAX_SIZE,
	OPTION_KEEP,
	OPTIONS_OF_BURSTS,
	OPTION_FLOWS,
	'd',
	OPTION_NETNS,
	OPTION_ATTACH,
	OPTION_MAX_INTERFACES,
	OPTION_END,
};

const struct command cmd_record = {
	.name = "record",
	.summary = "windows, bursts, drops and changes, into one file",
	.details =
		"\nWrites an SQLite file once a second; whatever ends ifpulse, all but the last\n"
		"second is there. With --max-size or --keep it is a flight recorder, that\n"
		"drops what is oldest. Bursts are kept with their flows (--flows 0: without),\n"
		"and with what is behind the interface.\n",
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_PROBE,
};
