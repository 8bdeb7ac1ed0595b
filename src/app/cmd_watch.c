// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* watch: what happens to the interfaces, as netlink tells it. Needs no privilege. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/loop.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "kernel/links.h"
#include "model/changes.h"

struct watch_command {
	const struct options *options;
	struct loop *loop;
	struct links *links;
	struct output output;
	uint64_t reports;
	int output_error;
};

static void show_record(struct writer *writer, uint64_t wall_ns, const struct change *change)
{
	writer_begin(writer);
	writer_time(writer, "time", wall_ns);
	writer_unsigned(writer, "ifindex", change->link->ifindex);
	writer_text(writer, "ifname", change->link->ifname);
	writer_text(writer, "event", change_event_name(change->event));
	writer_text(writer, "previous", change->previous);
	writer_text(writer, "current", change->current);
	writer_end(writer);
}

static const char *colour_of(const struct watch_command *watch, enum change_event event)
{
	if (!watch->output.colour)
		return "";
	if (event == CHANGE_DOWN || event == CHANGE_REMOVED)
		return "\033[31m";
	return event == CHANGE_UP || event == CHANGE_ADDED ? "\033[32m" : "";
}

static void show_line(struct watch_command *watch, uint64_t wall_ns, const struct change *change)
{
	char time[UNITS_TEXT_SIZE], name[IF_NAMESIZE * TEXT_ESCAPE_GROWTH];
	char previous[128 * TEXT_ESCAPE_GROWTH] = "", current[128 * TEXT_ESCAPE_GROWTH] = "";
	const char *colour = colour_of(watch, change->event);
	struct sink *sink = watch->output.sink;

	if (change->previous)
		text_escape(previous, sizeof(previous), change->previous);
	if (change->current)
		text_escape(current, sizeof(current), change->current);
	text_escape(name, sizeof(name), change->link->ifname);
	sink_format(sink, "%s  %-15s %s%-15s%s ", units_format_wall(time, wall_ns), name, colour,
		    change_event_name(change->event), *colour ? "\033[0m" : "");
	if (change->previous && change->current)
		sink_format(sink, "%s -> %s\n", previous, current);
	else
		sink_format(sink, "%s\n", change->current ? current : previous);
	sink_commit(sink);
}

static void take_change(void *context, const struct change *change)
{
	struct watch_command *watch = context;
	uint64_t now_ns = clock_wall_ns();

	if (watch->options->count && watch->reports >= watch->options->count)
		return;
	if (watch->output.writer)
		show_record(watch->output.writer, now_ns, change);
	else
		show_line(watch, now_ns, change);
	watch->reports++;
}

static const char *name_of(void *context, uint32_t ifindex)
{
	struct watch_command *watch = context;
	const struct link *link = links_get(watch->links, ifindex);

	return link ? link->ifname : NULL;
}

static void link_changed(void *context, const struct link *before, const struct link *after)
{
	struct watch_command *watch = context;
	const struct selection *selection = &watch->options->selection;
	struct changes_sink sink = {take_change, name_of, watch};

	/* A renaming is of interest under either name. */
	if ((before && selection_matches(selection, before->ifname)) ||
	    (after && selection_matches(selection, after->ifname)))
		changes_between(before, after, &sink);
}

static int links_readable(void *context)
{
	struct watch_command *watch = context;
	struct error err = {0};
	int ret = links_dispatch(watch->links, &err);

	if (ret)
		log_warning("interface changes may be missing: %s", err.what);
	watch->output_error = output_flush(&watch->output);
	if (watch->options->count && watch->reports >= watch->options->count)
		loop_stop(watch->loop);
	return watch->output_error;
}

/* A name that is not there may come; a mistyped one never will, so it is said. */
static void note_missing(const struct watch_command *watch)
{
	const struct selection *selection = &watch->options->selection;
	size_t i;

	for (i = 0; i < selection->n; i++) {
		const char *name = selection_literal(selection, i);

		if (name && !links_find(watch->links, name))
			log_info("there is no interface '%s' yet; waiting for it", name);
	}
}

/* Somebody who looks at a quiet screen wants to know that it works. */
static void say_ready(const struct watch_command *watch)
{
	size_t n = 0;

	links_for_each (link, watch->links)
		n += selection_matches(&watch->options->selection, link->ifname);
	log_message(isatty(STDERR_FILENO) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
		    "watching %zu interface%s", n, n == 1 ? "" : "s");
}

static int set_up(struct watch_command *watch, struct error *err)
{
	struct links_listener listener = {link_changed, NULL, watch};
	int ret;

	ret = links_new(&watch->links, &listener, err);
	if (!ret)
		ret = loop_add(watch->loop, links_fd(watch->links), links_readable, watch, err);
	if (!ret && watch->options->duration_ns)
		ret = loop_add_deadline(watch->loop, watch->options->duration_ns, err);
	return ret;
}

static int run(const struct options *options)
{
	struct watch_command watch = {.options = options};
	struct links_losses losses;
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	ret = loop_new(&watch.loop, &err);
	if (ret) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (output_new(&watch.output, options, cmd_watch.json, loop_stop_fd(watch.loop)))
		goto out;
	ret = set_up(&watch, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	note_missing(&watch);
	say_ready(&watch);
	ret = loop_run(watch.loop);
	losses = links_losses(watch.links);
	if (losses.overflows)
		log_warning("interface events overflowed %" PRIu64
			    " times; the state was read afresh, what came and went between is "
			    "missing",
			    losses.overflows);
	if (watch.output_error)
		status = output_failed(watch.output_error);
	else
		status = ret ? EXIT_CANNOT : EXIT_DONE;
out:
	links_free(watch.links);
	output_release(&watch.output);
	loop_free(watch.loop);
	return status;
}

static const enum option_id ids[] = {'i', 'd', 'c', 'j', OPTION_CSV, OPTION_END};

const struct command cmd_watch = {
	.name = "watch",
	.summary = "links going up, down or away, addresses, MTU: as it happens",
	.details = "\nNeeds no privilege. Prints a line per change, as netlink tells it;\n"
		   "--count ends after so many.\n",
	.json = WRITER_JSON_LINES,
	.ids = ids,
	.run = run,
};
