// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "out/plot_draw.h"
#include "out/plot_scale.h"

/* From the top: a title, a lane for labels of bursts, the rates, and a lane for drops. */
#define TITLE_HEIGHT 18
#define LANE_HEIGHT 28
#define NO_LANE_HEIGHT 16
#define FOOT_HEIGHT 16
#define NO_FOOT_HEIGHT 4
#define GAP_HEIGHT 14

#define Y_LABEL_SPACING 26
#define SIDE_LABEL_HEIGHT 26

/* A line that would press the data below this share of the height is told in words instead. */
#define THRESHOLD_SHARE_MAX 5
#define SPEED_SHARE_MAX 2

static int rate_height(const struct plot *plot)
{
	if (plot->n_strips <= 1)
		return 240;
	if (plot->n_strips == 2)
		return 170;
	return plot->n_strips <= 4 ? 120 : 84;
}

static int lane_height(const struct plot_strip *strip)
{
	return strip->n_bursts ? LANE_HEIGHT : NO_LANE_HEIGHT;
}

static int foot_height(const struct plot_strip *strip)
{
	return columns_whole(strip->columns).drops ? FOOT_HEIGHT : NO_FOOT_HEIGHT;
}

int plot_strip_height(const struct plot *plot, const struct plot_strip *strip)
{
	return TITLE_HEIGHT + lane_height(strip) + rate_height(plot) + foot_height(strip) +
	       GAP_HEIGHT;
}

/* Pixels of a rate; what is not zero is seen. */
static int height_of(const struct plot_view *view, uint64_t bps)
{
	int height = view->base - view->top;

	if (!bps || !view->top_bps)
		return 0;
	if (bps < view->top_bps)
		height = (int)((double)bps / (double)view->top_bps * height + 0.5);
	return height ? height : 1;
}

/* The data decide the scale, and lines that are not too far above them. */
static void choose_scale(struct plot_view *view)
{
	uint64_t peak_bps = view->whole.max_bps, most_bps = peak_bps;
	uint64_t threshold_bps = view->strip->threshold_bps, speed_bps = view->strip->speed_bps;

	view->has_threshold =
		threshold_bps && (!peak_bps || threshold_bps / THRESHOLD_SHARE_MAX <= peak_bps);
	if (view->has_threshold && threshold_bps > most_bps)
		most_bps = threshold_bps;
	view->has_speed = speed_bps && (!most_bps || speed_bps / SPEED_SHARE_MAX <= most_bps);
	if (view->has_speed && speed_bps > most_bps)
		most_bps = speed_bps;
	view->top_bps = most_bps > UINT64_MAX / 2 ? UINT64_MAX : most_bps + most_bps / 16;
}

typedef bool (*column_test)(const struct column *column);

/* The next unbroken run of columns, from *until on, for which the test holds. */
static bool next_run(const struct plot *plot, column_test test, size_t *from, size_t *until)
{
	size_t i = *until;

	while (i < plot->n_columns && !test(&plot->columns[i]))
		i++;
	*from = i;
	while (i < plot->n_columns && test(&plot->columns[i]))
		i++;
	*until = i;
	return *from < i;
}

static bool is_unknown(const struct column *column)
{
	return column->known_ns < column->until_ns - column->from_ns;
}

static bool is_in_burst(const struct column *column)
{
	return column->burst_ns > 0;
}

static void shade_gaps(const struct plot_view *view)
{
	size_t from, until = 0;

	while (next_run(view->plot, is_unknown, &from, &until))
		plot_rectangle(view->cr, PLOT_GAP, PLOT_LEFT + (int)from, view->top,
			       (int)(until - from), view->base - view->top);
}

/* Whether neither a line nor anything that was seen is in these rows, of the columns [from, until). */
static bool is_free(const struct plot_view *view, int from, int until, int y, int height)
{
	int threshold_y = view->base - height_of(view, view->strip->threshold_bps);
	int speed_y = view->base - height_of(view, view->strip->speed_bps), i;

	if (view->has_threshold && threshold_y >= y && threshold_y < y + height)
		return false;
	if (view->has_speed && speed_y >= y && speed_y < y + height)
		return false;
	for (i = from; i < until; i++)
		if (view->base - height_of(view, view->plot->columns[i].max_bps) < y + height)
			return false;
	return true;
}

/* In the middle of the run, as high as there is room. */
static void name_gap(const struct plot_view *view, int from, int until)
{
	enum { HEIGHT = 18, STEP = 4 };
	static const char text[] = "unknown";
	int width = (int)plot_text_width(view->cr, PLOT_SMALL, text) + 8;
	int x = (from + until - width) / 2, y = view->top + STEP;

	if (until - from < width + 8)
		return;
	while (y + HEIGHT < view->base && !is_free(view, x, x + width, y, HEIGHT))
		y += STEP;
	if (y + HEIGHT >= view->base)
		return;
	plot_rectangle(view->cr, PLOT_GAP, PLOT_LEFT + x, y + 1, width, HEIGHT - 2);
	plot_colour(view->cr, PLOT_INK);
	plot_text(view->cr, PLOT_SMALL, PLOT_START, PLOT_LEFT + x + 4, y + 13, text);
}

/* Over what was seen in them, which is a lower bound; under the mean of the time that is known. */
static void hatch_gaps(const struct plot_view *view)
{
	size_t from, until = 0;

	while (next_run(view->plot, is_unknown, &from, &until)) {
		plot_hatch(view->cr, PLOT_LEFT + (int)from, view->top, (int)(until - from),
			   view->base - view->top);
		name_gap(view, (int)from, (int)until);
	}
}

/* However short it is, its mark above can be seen. */
static void draw_burst_spans(const struct plot_view *view)
{
	enum { MARK_WIDTH = 3 };
	size_t from, until = 0;

	while (next_run(view->plot, is_in_burst, &from, &until)) {
		int x = PLOT_LEFT + (int)from, length = (int)(until - from);

		plot_rectangle(view->cr, PLOT_BURST_SPAN, x, view->top, length,
			       view->base - view->top);
		if (length < MARK_WIDTH) {
			x -= (MARK_WIDTH - length) / 2;
			length = MARK_WIDTH;
		}
		plot_rectangle(view->cr, PLOT_BURST, x, view->top - PLOT_RUG_HEIGHT - 1, length,
			       PLOT_RUG_HEIGHT);
	}
}

static void draw_grid(const struct plot_view *view)
{
	const struct plot *plot = view->plot;
	uint64_t time_step = plot_time_step(plot), span = plot->until_ns - plot->from_ns, at;
	uint64_t max_steps = (uint64_t)(view->base - view->top) / Y_LABEL_SPACING;
	uint64_t step = plot_scale_step(view->top_bps, max_steps);
	struct plot_unit unit = plot_scale_rate_unit(view->top_bps / step * step);
	char text[UNITS_TEXT_SIZE];

	for (at = time_step; at <= span && at >= time_step; at += time_step)
		plot_rectangle(view->cr, PLOT_GRID, PLOT_LEFT + plot_x(plot, plot->from_ns + at),
			       view->top, 1, view->base - view->top);
	for (at = 0; at <= view->top_bps && at <= UINT64_MAX - step; at += step) {
		int y = view->base - height_of(view, at);

		if (at)
			plot_rectangle(view->cr, PLOT_GRID, PLOT_LEFT, y, (int)plot->n_columns, 1);
		plot_colour(view->cr, PLOT_DIM);
		plot_text(view->cr, PLOT_SMALL, PLOT_END, PLOT_LEFT - 6, y + 4,
			  plot_scale_number(text, at, &unit));
	}
	if (view->top_bps)
		plot_text(view->cr, PLOT_SMALL, PLOT_END, PLOT_LEFT - 6, view->top - 9, unit.name);
}

/* One outline for all columns: neither seams between them nor much of a file. */
static void fill_columns(const struct plot_view *view, enum plot_colour colour)
{
	const struct plot *plot = view->plot;
	int before = 0;
	size_t i;

	cairo_move_to(view->cr, PLOT_LEFT, view->base);
	for (i = 0; i <= plot->n_columns; i++) {
		int height = 0;

		if (i < plot->n_columns)
			height = height_of(view, colour == PLOT_MEAN ? plot->columns[i].mean_bps
								     : plot->columns[i].max_bps);
		if (height == before)
			continue;
		cairo_line_to(view->cr, PLOT_LEFT + (int)i, view->base - before);
		cairo_line_to(view->cr, PLOT_LEFT + (int)i, view->base - height);
		before = height;
	}
	cairo_close_path(view->cr);
	plot_colour(view->cr, colour);
	cairo_fill(view->cr);
}

static void draw_side_label(const struct plot_view *view, int y, const char *what, uint64_t bps)
{
	int x = PLOT_LEFT + (int)view->plot->n_columns + 6;
	char rate[UNITS_TEXT_SIZE];

	plot_colour(view->cr, PLOT_DIM);
	plot_text(view->cr, PLOT_SMALL, PLOT_START, x, y - 2, what);
	plot_colour(view->cr, PLOT_INK);
	plot_text(view->cr, PLOT_SMALL, PLOT_START, x, y + 10, plot_scale_rate(rate, bps));
}

static void draw_level(const struct plot_view *view, int y, bool is_threshold)
{
	static const double dashes[] = {5, 3};
	double line_y = y + 0.5, end = PLOT_LEFT + (double)view->plot->n_columns;

	cairo_save(view->cr);
	cairo_set_line_width(view->cr, 1);
	if (is_threshold)
		cairo_set_dash(view->cr, dashes, ARRAY_SIZE(dashes), 0);
	plot_colour(view->cr, is_threshold ? PLOT_INK : PLOT_DIM);
	cairo_move_to(view->cr, PLOT_LEFT, line_y);
	cairo_line_to(view->cr, end, line_y);
	cairo_stroke(view->cr);
	cairo_restore(view->cr);
}

/*
 * Threshold and line rate. Their labels keep off each other, and off the lane of drops, whose last
 * count may reach into the margin.
 */
static void draw_levels(const struct plot_view *view)
{
	const struct plot_strip *strip = view->strip;
	int threshold_y = view->base - height_of(view, strip->threshold_bps);
	int speed_y = view->base - height_of(view, strip->speed_bps);
	int lowest_y = view->base - SIDE_LABEL_HEIGHT / 2;
	int upper_y = threshold_y < speed_y ? threshold_y : speed_y;
	int lower_y = threshold_y < speed_y ? speed_y : threshold_y;

	if (view->has_threshold && view->has_speed && lower_y - upper_y < SIDE_LABEL_HEIGHT) {
		upper_y = (upper_y + lower_y - SIDE_LABEL_HEIGHT) / 2;
		lower_y = upper_y + SIDE_LABEL_HEIGHT;
	}
	lower_y = lower_y < lowest_y ? lower_y : lowest_y;
	upper_y = upper_y < lowest_y ? upper_y : lowest_y;
	if (view->has_threshold && view->has_speed && upper_y > lower_y - SIDE_LABEL_HEIGHT)
		upper_y = lower_y - SIDE_LABEL_HEIGHT;
	if (view->has_speed) {
		draw_level(view, speed_y, false);
		draw_side_label(view, threshold_y < speed_y ? lower_y : upper_y, "line rate",
				strip->speed_bps);
	}
	if (view->has_threshold) {
		draw_level(view, threshold_y, true);
		draw_side_label(view, threshold_y < speed_y ? upper_y : lower_y, "threshold",
				strip->threshold_bps);
	}
}

void plot_strip_draw(const struct plot *plot, const struct plot_strip *strip, cairo_t *cr, int y,
		     double name_width)
{
	struct plot_view view = {
		.plot = plot,
		.strip = strip,
		.cr = cr,
		.whole = columns_whole(strip->columns),
		.top = y + TITLE_HEIGHT + lane_height(strip),
	};
	size_t i;

	view.base = view.top + rate_height(plot);
	for (i = 0; i < plot->n_columns; i++)
		plot->columns[i] = columns_get(strip->columns, i);
	choose_scale(&view);
	plot_mark_title(&view, y + 13, name_width);
	draw_grid(&view);
	shade_gaps(&view);
	draw_burst_spans(&view);
	fill_columns(&view, PLOT_MAX);
	hatch_gaps(&view);
	fill_columns(&view, PLOT_MEAN);
	draw_levels(&view);
	plot_mark_bursts(&view);
	plot_mark_drops(&view);
	plot_rectangle(cr, PLOT_DIM, PLOT_LEFT, view.base, (int)plot->n_columns, 1);
}
