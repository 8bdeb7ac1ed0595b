// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* watch: what happens to the interfaces, as netlink tells it. Needs no privilege. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/loop.h"
#include "app/output.h"
#include "app/selected.h"
#include "app/sites.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "model/changes.h"
#include "out/place_name.h"

struct watch_command {
	const struct options *options;
	struct loop *loop;
	struct sites *sites;
	const struct site *site; /* where what changes now is */
	struct output output;
	uint64_t reports;
	int output_error;
};

static void show_record(const struct watch_command *watch, uint64_t wall_ns,
			const struct change *change)
{
	struct writer *writer = watch->output.writer;

	writer_begin(writer);
	writer_time(writer, "time", wall_ns);
	writer_unsigned(writer, "ifindex", change->link->ifindex);
	place_name_fields(writer, watch->site->name, change->link->ifname);
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
	char time[UNITS_TEXT_SIZE], name[PLACE_NAME_SIZE];
	char previous[128 * TEXT_ESCAPE_GROWTH] = "", current[128 * TEXT_ESCAPE_GROWTH] = "";
	const char *colour = colour_of(watch, change->event);
	struct sink *sink = watch->output.sink;

	if (change->previous)
		text_escape(previous, sizeof(previous), change->previous);
	if (change->current)
		text_escape(current, sizeof(current), change->current);
	place_name_text(name, watch->site->name, change->link->ifname);
	sink_format(sink, "%s  %s%*s %s%-15s%s ", units_format_wall(time, wall_ns), name,
		    text_padding(name, 15), "", colour, change_event_name(change->event),
		    *colour ? "\033[0m" : "");
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
		show_record(watch, now_ns, change);
	else
		show_line(watch, now_ns, change);
	watch->reports++;
}

static const char *name_of(void *context, uint32_t ifindex)
{
	struct watch_command *watch = context;
	const struct link *link = links_get(watch->site->links, ifindex);

	return link ? link->ifname : NULL;
}

static void link_changed(void *context, struct site *site, const struct link *before,
			 const struct link *after)
{
	struct watch_command *watch = context;
	const struct selection *selection = &watch->options->selection;
	struct changes_sink sink = {take_change, name_of, watch};

	watch->site = site;
	/* A renaming is of interest under either name. */
	if ((before && selection_matches_in(selection, site->name, before->ifname)) ||
	    (after && selection_matches_in(selection, site->name, after->ifname)))
		changes_between(before, after, &sink);
}

static void site_came(void *context, struct site *site)
{
	links_for_each (link, site->links)
		link_changed(context, site, NULL, link);
}

static void site_leaving(void *context, struct site *site)
{
	links_for_each (link, site->links)
		link_changed(context, site, link, NULL);
}

static int dispatched(void *context)
{
	struct watch_command *watch = context;

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

		if (name && !selected_is_there(selection, i, watch->sites))
			log_info("there is no interface '%s' yet; waiting for it", name);
	}
}

/* Somebody who looks at a quiet screen wants to know that it works. */
static void say_ready(const struct watch_command *watch)
{
	size_t i, n_sites, n = 0;
	struct site *const *sites = sites_all(watch->sites, &n_sites);

	for (i = 0; i < n_sites; i++)
		links_for_each (link, sites[i]->links)
			n += selection_matches_in(&watch->options->selection, sites[i]->name,
						  link->ifname);
	log_message(isatty(STDERR_FILENO) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
		    "watching %zu interface%s", n, n == 1 ? "" : "s");
}

static int set_up(struct watch_command *watch, struct error *err)
{
	const struct sites_listener listener = {
		.came = site_came,
		.changed = link_changed,
		.leaving = site_leaving,
		.dispatched = dispatched,
		.context = watch,
	};
	int ret;

	ret = sites_new(&watch->sites, &watch->options->netns, &listener, err);
	if (!ret)
		ret = sites_follow(watch->sites, watch->loop, err);
	if (!ret && watch->options->duration_ns)
		ret = loop_add_deadline(watch->loop, watch->options->duration_ns, err);
	return ret;
}

static int run(const struct options *options)
{
	struct watch_command watch = {.options = options};
	uint64_t overflows;
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
	overflows = sites_overflows(watch.sites);
	if (overflows)
		log_warning("interface events overflowed %" PRIu64
			    " times; the state was read afresh, what came and went between is "
			    "missing",
			    overflows);
	if (watch.output_error)
		status = output_failed(watch.output_error);
	else
		status = ret ? EXIT_CANNOT : EXIT_DONE;
out:
	sites_free(watch.sites);
	output_release(&watch.output);
	loop_free(watch.loop);
	return status;
}

static const enum option_id ids[] = {'i', OPTION_NETNS, 'd', 'c', 'j', OPTION_CSV, OPTION_END};

const struct command cmd_watch = {
	.name = "watch",
	.summary = "links going up, down or away, addresses, MTU: as it happens",
	.details = "\nNeeds no privilege, but for --netns. Prints a line per change, as netlink\n"
		   "tells it; --count ends after so many.\n",
	.json = WRITER_JSON_LINES,
	.ids = ids,
	.run = run,
};
