// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/burst_view.h"

#include <errno.h>
#include <stdlib.h>

struct burst_view {
	struct burst_view_setup setup;
	struct burst_watch *watch;
	struct table *summary; /* NULL with a writer */
	uint64_t told;
};

bool burst_view_is_complete(const struct burst_view *view)
{
	uint64_t count = view->setup.options->count;

	return count && view->told >= count;
}

static void show(void *context, const struct burst_place *place, const struct burst *burst)
{
	struct burst_view *view = context;
	struct output *output = view->setup.output;
	struct burst_place recalled = *place;

	if (burst_view_is_complete(view))
		return;
	if (view->setup.found)
		view->setup.found(view->setup.context, place, burst);
	view->told++;
	if (view->setup.options->summary)
		return;
	if (view->setup.recall)
		view->setup.recall(view->setup.context, &recalled, burst);
	if (output->writer)
		show_burst_record(output->writer, &recalled, burst);
	else
		show_burst_line(output->sink, &recalled, burst);
}

static const char *reason_name(void *context, uint32_t reason)
{
	return drop_reasons_name(context, reason);
}

int burst_view_new(struct burst_view **out, const struct burst_view_setup *setup)
{
	struct burst_view *view = calloc(1, sizeof(*view));
	struct burst_watch_setup watch = {
		.options = &setup->options->bursts,
		.width_ns = setup->width_ns,
		.wall_offset_ns = setup->wall_offset_ns,
		.link_of = setup->link_of,
		.container_of = setup->container_of,
		.set_hot = setup->set_hot,
		.cgroup_path = setup->cgroup_path,
		.context = setup->context,
		.found = show,
		.found_context = view,
		.reason_name = setup->reasons ? reason_name : NULL,
		.reason_context = setup->reasons,
		.keeps_gone = !setup->output->writer || setup->options->summary,
	};

	if (!view)
		return -ENOMEM;
	view->setup = *setup;
	if ((!setup->output->writer &&
	     show_burst_summary_new(&view->summary, setup->output->colour)) ||
	    burst_watch_new(&view->watch, &watch)) {
		burst_view_free(view);
		return -ENOMEM;
	}
	*out = view;
	return 0;
}

void burst_view_free(struct burst_view *view)
{
	if (!view)
		return;
	burst_watch_free(view->watch);
	table_free(view->summary);
	free(view);
}

void burst_view_take(struct burst_view *view, const struct series_span *span)
{
	burst_watch_take(view->watch, span);
}

static void summarise(void *context, const struct burst_place *place,
		      const struct burst_summary *summary)
{
	struct burst_view *view = context;

	if (view->summary)
		show_burst_summary_row(view->summary, place, summary);
	else
		show_burst_summary_record(view->setup.output->writer, place, summary);
}

/* Among records of bursts a summary would be an object of another kind: there it is to be asked for. */
void burst_view_finish(struct burst_view *view)
{
	struct output *output = view->setup.output;

	burst_watch_finish(view->watch);
	if (output->writer && !view->setup.options->summary)
		return;
	burst_watch_summarise(view->watch, summarise, view);
	if (view->summary && table_rows(view->summary))
		table_print(view->summary, output->sink, output_columns(output));
}
