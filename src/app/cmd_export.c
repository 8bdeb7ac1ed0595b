// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: a recording in another format. Needs no privilege. */
#include <errno.h>

#include "app/commands.h"
#include "app/export_lines.h"
#include "app/loop.h"
#include "app/output.h"
#include "app/replay_feed.h"
#include "app/window_view.h"
#include "base/log.h"
#include "out/trace.h"

struct export_command {
	struct options options;
	struct loop *loop; /* for its signals alone */
	struct replay_feed *feed;
	struct output output;
	struct window_view windows;
	struct trace *trace;
	int output_error;
};

static int flush(struct export_command *export)
{
	export->output_error = output_flush(&export->output);
	return export->output_error;
}

static int take_windows(struct export_command *export, const struct series_span *span)
{
	window_view_take(&export->windows, span);
	return 0;
}

static int take_trace(struct export_command *export, const struct series_span *span)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; i < span->n_gaps; i++)
		for (k = 0; !ret && k < span->n_members; k++)
			ret = trace_gap(export->trace, span->members[k].slot, &span->gaps[i]);
	for (i = 0; !ret && i < span->n_windows; i++)
		ret = trace_window(export->trace, &span->windows[i]);
	return ret;
}

/* The windows, and gaps in them: the bulk of it. 0 or -errno; what went wrong with the output is apart. */
static int export_spans(struct export_command *export,
			int (*take)(struct export_command *export, const struct series_span *span),
			struct error *err)
{
	struct series_span span;
	int ret;

	while (!loop_is_stopping(export->loop)) {
		ret = replay_feed_next(export->feed, &span, err);
		if (ret <= 0)
			return ret;
		if (take(export, &span))
			return error_errno(err, -ENOMEM, "cannot export");
		if (flush(export))
			return 0;
	}
	return error_set(err, -EINTR, "stopped: the export is incomplete");
}

static int trace_one_burst(void *context, const struct recording_burst *recorded)
{
	struct export_command *export = context;

	if (replay_feed_selects(export->feed, recorded->slot))
		trace_burst(export->trace, recorded->slot, recorded->direction, &recorded->burst);
	return 0;
}

static int export_trace(struct export_command *export, struct error *err)
{
	struct player *player = replay_feed_player(export->feed);
	const struct series_member *members;
	size_t i, n;
	int ret;

	if (trace_new(&export->trace, export->output.sink, replay_feed_from_ns(export->feed),
		      player_meta(player)->width_ns))
		return error_errno(err, -ENOMEM, "cannot export");
	trace_open(export->trace);
	members = player_members(player, &n);
	for (i = 0; i < n; i++)
		if (replay_feed_selects(export->feed, members[i].slot))
			trace_interface(export->trace, members[i].slot, members[i].netns,
					members[i].ifname);
	ret = player_bursts(player, trace_one_burst, export, err);
	if (!ret)
		ret = export_spans(export, take_trace, err);
	if (!ret && !export->output_error) {
		trace_close(export->trace);
		flush(export);
	}
	return ret;
}

static int export_windows(struct export_command *export, struct error *err)
{
	export->options.busy = true;
	export->windows.options = &export->options;
	export->windows.output = &export->output;
	return export_spans(export, take_windows, err);
}

static int make(struct export_command *export, struct error *err)
{
	int ret;

	switch (export->options.format_to) {
	case EXPORT_PERFETTO:
		return export_trace(export, err);
	case EXPORT_JSONL:
		ret = export_lines(export->feed, export->output.writer, err);
		if (ret || flush(export))
			return ret;
		writer_set_type(export->output.writer, "window");
		return export_windows(export, err);
	default:
		return export_windows(export, err);
	}
}

static int run(const struct options *options)
{
	struct export_command export = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (options->format_to == EXPORT_NONE) {
		error_set(&err, -EINVAL, "'export' needs a format");
		error_hint(&err, "give it one: --format csv, jsonl or perfetto");
		log_error(&err);
		return EXIT_USAGE;
	}
	export.options.format = options->format_to == EXPORT_JSONL ? OUTPUT_JSON
				: options->format_to == EXPORT_CSV ? OUTPUT_CSV
								   : OUTPUT_TABLE;
	ret = loop_new(&export.loop, &err);
	if (!ret)
		ret = replay_feed_new(&export.feed, &export.options, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	if (output_new(&export.output, &export.options, WRITER_JSON_LINES,
		       loop_stop_fd(export.loop)))
		goto out;
	ret = make(&export, &err);
	if (ret)
		log_error(&err);
	if (export.output_error)
		status = output_failed(export.output_error);
	else
		status = ret ? EXIT_CANNOT : EXIT_DONE;
out:
	trace_free(export.trace);
	replay_feed_free(export.feed);
	output_release(&export.output);
	loop_free(export.loop);
	return status;
}

static const enum option_id ids[] = {OPTION_FORMAT, 'i', OPTION_FROM, OPTION_TO, OPTION_END};

const struct command cmd_export = {
	.name = "export",
	.summary = "a recording as CSV, JSON lines, or a trace for ui.perfetto.dev",
	.details =
		"\nGoes to standard output. csv has the windows in which something passed; jsonl\n"
		"has everything, each object with its type; perfetto is a trace of counter\n"
		"tracks, with bursts as slices.\n",
	.operand = "FILE",
	.ids = ids,
	.run = run,
};
