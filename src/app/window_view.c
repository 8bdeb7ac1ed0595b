// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/window_view.h"

#include "out/show_window.h"

static void show(void *context, const struct series_point *point)
{
	struct window_view *view = context;

	if (view->output->writer)
		show_window_record(view->output->writer, point, view->width_ns,
				   view->wall_offset_ns);
	else
		show_window_line(view->output->sink, point, view->width_ns, view->wall_offset_ns);
}

/* --count ends within a batch. */
static void clip(const struct window_view *view, struct series_span *span)
{
	uint64_t left = view->options->count - view->reported, until_ns;

	until_ns = span->from_ns + left * span->width_ns;
	if (!view->options->count || span->until_ns <= until_ns)
		return;
	span->until_ns = until_ns;
	while (span->n_windows && span->windows[span->n_windows - 1].start_ns >= until_ns)
		span->n_windows--;
}

void window_view_take(struct window_view *view, const struct series_span *span)
{
	struct series_span shown = *span;

	shown.busy_only = view->options->busy;
	clip(view, &shown);
	view->width_ns = shown.width_ns;
	series_walk(&shown, show, view);
	view->reported += (shown.until_ns - shown.from_ns) / shown.width_ns;
}

bool window_view_is_complete(const struct window_view *view)
{
	return view->options->count && view->reported >= view->options->count;
}
