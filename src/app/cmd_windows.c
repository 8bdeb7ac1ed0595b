// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* windows: what each interface carries, window by window, without a gap. */
#include <errno.h>

#include "app/commands.h"
#include "app/engine.h"
#include "app/identity.h"
#include "app/output.h"
#include "app/window_view.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/windows.h"

struct windows_command {
	struct options options;
	struct loop *loop;
	struct identity *identity;
	struct engine *engine;
	struct output output;
	struct window_view view;
	int output_error;
};

static int report(struct windows_command *windows, uint64_t until_ns)
{
	struct error err = {0};
	struct series_span span;
	int ret;

	ret = engine_take_windows(windows->engine, until_ns, &span, &err);
	if (ret) {
		log_error(&err);
		return ret;
	}
	window_view_take(&windows->view, &span);
	windows->output_error = output_flush(&windows->output);
	return windows->output_error;
}

static int tick(void *context, uint64_t expirations)
{
	struct windows_command *windows = context;
	int ret = report(windows, clock_monotonic_ns() - WINDOWS_GUARD_NS);

	(void)expirations;
	if (window_view_is_complete(&windows->view))
		loop_stop(windows->loop);
	return ret;
}

static int set_up(struct windows_command *windows, struct error *err)
{
	const struct options *options = &windows->options;
	int ret;

	ret = identity_new(&windows->identity, &options->containers, false, err);
	if (!ret)
		ret = engine_new(&windows->engine, windows->loop, windows->identity, options, err);
	if (ret)
		return ret;
	windows->view.options = options;
	windows->view.output = &windows->output;
	windows->view.wall_offset_ns = engine_wall_offset_ns(windows->engine);
	if (options->duration_ns)
		ret = loop_add_deadline(windows->loop, options->duration_ns, err);
	if (!ret)
		ret = loop_add_timer(windows->loop, engine_take_period_ns(windows->engine), tick,
				     windows, err);
	return ret;
}

static int run(const struct options *options)
{
	struct windows_command windows = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (options->no_windows) {
		error_set(&err, -EINVAL, "'windows' cannot be without windows");
		error_hint(&err, "give --window a width, for example 100us");
		log_error(&err);
		return EXIT_USAGE;
	}
	if (!windows.options.window_ns)
		windows.options.window_ns = OPTIONS_WINDOW_NS;
	ret = loop_new(&windows.loop, &err);
	if (ret) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (output_new(&windows.output, options, cmd_windows.json, loop_stop_fd(windows.loop)))
		goto out;
	ret = set_up(&windows, &err);
	if (ret) {
		status = engine_start_failed(&err);
		goto out;
	}
	ret = loop_run(windows.loop);
	/* With the hooks closed, also the windows that have only begun are all there is of them. */
	engine_finish(windows.engine);
	if (!ret && !window_view_is_complete(&windows.view))
		ret = report(&windows, clock_monotonic_ns() + windows.options.window_ns);
	engine_log_losses(windows.engine);
	if (windows.output_error)
		status = output_failed(windows.output_error);
	else
		status = ret ? EXIT_CANNOT : engine_exit_status(windows.engine);
out:
	engine_free(windows.engine);
	identity_free(windows.identity);
	output_release(&windows.output);
	loop_free(windows.loop);
	return status;
}

static const enum option_id ids[] = {
	'i',           OPTION_CONTAINER,      'w', OPTION_BUSY, 'd',        'c', OPTION_NETNS,
	OPTION_ATTACH, OPTION_MAX_INTERFACES, 'j', OPTION_CSV,  OPTION_END,
};

const struct command cmd_windows = {
	.name = "windows",
	.summary = "what each interface carries in windows down to 10 us, without gaps",
	.details = "\nWindows are bucketed by each packet's own time in the kernel and begin at\n"
		   "multiples of their width on the wall clock. Idle ones are shown, too, unless\n"
		   "--busy; unknown is what was lost, never what was idle.\n",
	.json = WRITER_JSON_LINES,
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_PROBE,
};
