// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/rate_view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"
#include "model/busiest.h"
#include "out/show_rate.h"

/* About ten pictures a second; at -I 100ms none is to be left out because the last came late. */
#define PICTURE_MIN_NS (75 * NSEC_PER_MSEC)

/* Lines of a picture besides its rows: titles, status, and the one the cursor is left on. */
#define LINES_BESIDES 3

struct rate_view {
	const struct output *output;
	bool in_place;
	struct show_rate_columns columns; /* of containers from the first that is known on */
	struct table *table;
	size_t lines_shown; /* above the cursor, to be drawn over */
	uint64_t shown_ns;  /* when (CLOCK_MONOTONIC); 0: never */
};

/* After these the lines above the cursor may be somebody else's. */
static sigset_t moving_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCONT);
	sigaddset(&signals, SIGWINCH);
	return signals;
}

int rate_view_new(struct rate_view **out, const struct output *output, bool has_peaks,
		  bool in_place)
{
	struct rate_view *view = calloc(1, sizeof(*view));
	sigset_t signals = moving_signals();

	if (!view)
		return -ENOMEM;
	view->output = output;
	view->columns.peaks = has_peaks;
	view->in_place = in_place;
	if (show_rate_table_new(&view->table, &view->columns, output->colour)) {
		free(view);
		return -ENOMEM;
	}
	/* Blocked, they stay pending until has_moved() asks for them. */
	sigprocmask(SIG_BLOCK, &signals, NULL);
	*out = view;
	return 0;
}

void rate_view_free(struct rate_view *view)
{
	if (!view)
		return;
	table_free(view->table);
	free(view);
}

static bool has_moved(void)
{
	const struct timespec no_time = {0};
	sigset_t signals = moving_signals();
	bool moved = false;

	while (sigtimedwait(&signals, NULL, &no_time) > 0)
		moved = true;
	return moved;
}

/* The clock shows a picture that stands still for what it is. */
static void put_status(const struct rate_view *view, size_t n, size_t hidden)
{
	time_t now = (time_t)(clock_wall_ns() / NSEC_PER_SEC);
	size_t columns = output_columns(view->output), used;
	char text[80] = "";
	struct tm local;

	used = localtime_r(&now, &local) ? strftime(text, sizeof(text), "%H:%M:%S", &local) : 0;
	if (!n)
		snprintf(text + used, sizeof(text) - used, " no interface matches; waiting");
	else if (hidden)
		snprintf(text + used, sizeof(text) - used, " and %zu more interface%s", hidden,
			 hidden == 1 ? "" : "s");
	/* A line that wraps would be two when the next picture goes up. */
	sink_format(view->output->sink, "%.*s\n",
		    (int)(columns < sizeof(text) ? columns : sizeof(text)), text);
}

static void draw(struct rate_view *view, const struct rate *rates, size_t n)
{
	struct sink *sink = view->output->sink;
	size_t i, rows = output_rows(view->output), hidden = 0;
	struct busiest busiest;

	if (has_moved())
		view->lines_shown = 0;
	/* From the line's beginning: what was typed has been echoed there. */
	if (view->lines_shown)
		sink_format(sink, "\r\033[%zuA\033[J", view->lines_shown);
	busiest = busiest_find(rates, n, rows > LINES_BESIDES ? rows - LINES_BESIDES : 1);
	for (i = 0; i < n; i++) {
		if (busiest_takes(&busiest, &rates[i]))
			show_rate_row(view->table, &rates[i], &view->columns);
		else
			hidden++;
	}
	view->lines_shown = n ? table_rows(view->table) + 2 : 1;
	if (n)
		table_print(view->table, sink, output_columns(view->output));
	put_status(view, n, hidden);
	sink_commit(sink);
}

static void append(struct rate_view *view, const struct rate *rates, size_t n)
{
	struct sink *sink = view->output->sink;
	char time[UNITS_TEXT_SIZE];
	size_t i;

	if (!n)
		return;
	for (i = 0; i < n; i++)
		show_rate_row(view->table, &rates[i], &view->columns);
	sink_format(sink, "%s\n", units_format_wall(time, rates[0].start_wall_ns));
	table_print(view->table, sink, output_columns(view->output));
	sink_text(sink, "\n");
	sink_commit(sink);
}

/* A column that came and went with the containers would move all the others. */
static void follow_containers(struct rate_view *view, const struct rate *rates, size_t n)
{
	struct show_rate_columns columns = view->columns;
	struct table *table;
	size_t i;

	for (i = 0; i < n && !columns.containers; i++)
		columns.containers = rates[i].container[0];
	if (columns.containers == view->columns.containers ||
	    show_rate_table_new(&table, &columns, view->output->colour))
		return;
	table_free(view->table);
	view->table = table;
	view->columns = columns;
}

void rate_view_show(struct rate_view *view, const struct rate *rates, size_t n, bool is_last)
{
	uint64_t now_ns = clock_monotonic_ns();

	follow_containers(view, rates, n);
	if (!view->in_place) {
		append(view, rates, n);
	} else if (is_last || !view->shown_ns || now_ns - view->shown_ns >= PICTURE_MIN_NS) {
		draw(view, rates, n);
		view->shown_ns = now_ns;
	}
}
