// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bursts: traffic that fills a link for microseconds to milliseconds, as soon as it is over. */
#include <errno.h>
#include <inttypes.h>

#include "app/burst_judge.h"
#include "app/burst_view.h"
#include "app/capture.h"
#include "app/commands.h"
#include "app/engine.h"
#include "app/identity.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/cgroups.h"
#include "kernel/drop_reasons.h"
#include "kernel/windows.h"

struct bursts_command {
	struct options options;
	struct loop *loop;
	struct engine *engine;
	struct output output;
	struct burst_view *view;
	struct capture *capture; /* NULL: nothing is captured */
	struct drop_reasons *reasons;
	struct identity *identity;
	struct cgroups *cgroups; /* NULL: nothing can be told of them */
	int output_error;
};

/* For a part of the time until the next take: windows that are not read get lost. */
static void write_captures(struct bursts_command *bursts, bool end)
{
	uint64_t patience_ns = engine_take_period_ns(bursts->engine) / 2, until_ns;

	if (!bursts->capture)
		return;
	until_ns = clock_monotonic_ns() + (end ? NSEC_PER_SEC : patience_ns);
	while (capture_write(bursts->capture, end) && clock_monotonic_ns() < until_ns)
		;
}

/* Also of one that has gone: its slot has no other owner before its last windows have been taken. */
static const char *container_of(void *context, const struct burst_place *place)
{
	struct bursts_command *bursts = context;

	return engine_container(bursts->engine, place->slot);
}

static const char *cgroup_path(void *context, uint64_t cgroup)
{
	struct bursts_command *bursts = context;

	return bursts->cgroups ? cgroups_path(bursts->cgroups, cgroup) : NULL;
}

static void trigger(void *context, const struct burst_place *place, const struct burst *burst)
{
	struct bursts_command *bursts = context;

	if (bursts->capture)
		capture_trigger(bursts->capture, place, burst);
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
	if (bursts->capture && capture_take(bursts->capture, &span))
		log_warning("no memory to keep windows for a capture");
	burst_view_take(bursts->view, &span);
	write_captures(bursts, false);
	bursts->output_error = output_flush(&bursts->output);
	return bursts->output_error;
}

static int tick(void *context, uint64_t expirations)
{
	struct bursts_command *bursts = context;
	int ret = take(bursts, clock_monotonic_ns() - WINDOWS_GUARD_NS);

	(void)expirations;
	if (burst_view_is_complete(bursts->view) ||
	    (bursts->capture && capture_is_done(bursts->capture)))
		loop_stop(bursts->loop);
	return ret;
}

static const struct link *link_of(void *context, const struct series_member *member)
{
	struct bursts_command *bursts = context;

	return engine_link(bursts->engine, member->netns, member->ifindex);
}

static void set_hot(void *context, uint32_t slot, enum direction direction, uint64_t bytes)
{
	struct bursts_command *bursts = context;

	engine_set_hot(bursts->engine, slot, direction, bytes);
}

static int set_up(struct bursts_command *bursts, struct error *err)
{
	struct burst_view_setup setup = {
		.options = &bursts->options,
		.output = &bursts->output,
		.width_ns = bursts->options.window_ns,
		.link_of = link_of,
		.found = trigger,
		.container_of = container_of,
		.set_hot = bursts->options.flows ? set_hot : NULL,
		.cgroup_path = cgroup_path,
		.context = bursts,
	};
	struct capture_setup capture = {
		.options = &bursts->options.capture,
		.width_ns = bursts->options.window_ns,
		.link_of = link_of,
		.context = bursts,
	};
	int ret;

	if (cgroups_new(&bursts->cgroups, err))
		log_debug("control groups are not named: %s", err->what);
	ret = identity_new(&bursts->identity, &bursts->options.containers, true, err);
	if (!ret)
		ret = drop_reasons_new(&bursts->reasons, NULL, err);
	if (!ret)
		ret = engine_new(&bursts->engine, bursts->loop, bursts->identity, &bursts->options,
				 err);
	if (ret)
		return ret;
	setup.reasons = bursts->reasons;
	setup.wall_offset_ns = engine_wall_offset_ns(bursts->engine);
	ret = burst_view_new(&bursts->view, &setup);
	if (ret)
		return error_errno(err, ret, "cannot look for bursts");
	capture.wall_offset_ns = setup.wall_offset_ns;
	if (capture.options->directory) {
		ret = capture_new(&bursts->capture, &capture, err);
		if (ret)
			return ret;
	}
	if (bursts->options.duration_ns)
		ret = loop_add_deadline(bursts->loop, bursts->options.duration_ns, err);
	/* A burst is told within 200 ms of its end: at most 100 until it is read, and the guard. */
	if (!ret)
		ret = loop_add_timer(bursts->loop, engine_take_period_ns(bursts->engine), tick,
				     bursts, err);
	return ret;
}

static int finish(struct bursts_command *bursts)
{
	int ret;

	engine_finish(bursts->engine);
	ret = take(bursts, clock_monotonic_ns() + bursts->options.window_ns);
	burst_view_finish(bursts->view);
	if (!ret) {
		write_captures(bursts, true);
		ret = bursts->output_error = output_flush(&bursts->output);
	}
	return ret;
}

static bool wants_capture(const struct capture_options *capture)
{
	return capture->once || capture->pre_ns != CAPTURE_PRE_NS ||
	       capture->post_ns != CAPTURE_POST_NS || capture->max != CAPTURE_MAX;
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
	options->flows = options->bursts.flows && !options->summary;
	if (!options->capture.directory && wants_capture(&options->capture)) {
		error_set(err, -EINVAL, "--pre, --post, --once and --max are of --capture");
		error_hint(err, "give --capture a directory");
		return -EINVAL;
	}
	return burst_judge_check(&options->bursts, err);
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
		status = engine_start_failed(&err);
		goto out;
	}
	/* What is hot is known from the beginning on, not from the first tick. */
	ret = take(&bursts, clock_monotonic_ns() - WINDOWS_GUARD_NS);
	log_debug("looking for bursts");
	if (!ret)
		ret = loop_run(bursts.loop);
	if (!ret)
		ret = finish(&bursts);
	engine_log_losses(bursts.engine);
	if (bursts.capture && capture_failed(bursts.capture)) {
		log_warning("%" PRIu64 " captures could not be written",
			    capture_failed(bursts.capture));
		ret = ret ? ret : -EIO;
	}
	if (bursts.output_error)
		status = output_failed(bursts.output_error);
	else
		status = ret ? EXIT_CANNOT : engine_exit_status(bursts.engine);
out:
	capture_free(bursts.capture);
	burst_view_free(bursts.view);
	drop_reasons_free(bursts.reasons);
	cgroups_free(bursts.cgroups);
	engine_free(bursts.engine);
	identity_free(bursts.identity);
	output_release(&bursts.output);
	loop_free(bursts.loop);
	return status;
}

static const enum option_id ids[] = {
	'i',
	OPTION_CONTAINER,
	'w',
	OPTIONS_OF_BURSTS,
	OPTION_FLOWS,
	OPTION_SUMMARY,
	OPTION_CAPTURE,
	OPTION_PRE,
	OPTION_POST,
	OPTION_ONCE,
	OPTION_MAX,
	'd',
	'c',
	OPTION_NETNS,
	OPTION_ATTACH,
	OPTION_MAX_INTERFACES,
	'j',
	OPTION_CSV,
	OPTION_END,
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
	.privilege = PRIVILEGE_TO_PROBE,
};
