// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/plot_draw.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "out/plot_scale.h"

#define MARGIN 10
#define TITLE_Y 24
#define RANGE_Y 42
#define LEGEND_Y 62
#define HEADER_HEIGHT 80
#define AXIS_HEIGHT 20
#define CLOCK_HEIGHT 14
#define FOOTER_HEIGHT 18
#define UNDER_AXIS_HEIGHT 10
#define X_LABEL_SPACING 96

/* With more strips the eye is far from the lower axis. */
#define STRIPS_UNDER_ONE_AXIS 4

/* Below this a tick and its clock time, to whole seconds, would not be the same pixel. */
#define CLOCK_RANGE_NS (600 * NSEC_PER_SEC)
#define DATE_RANGE_NS (24 * 3600 * NSEC_PER_SEC)

static uint64_t span_of(const struct plot *plot)
{
	return plot->until_ns - plot->from_ns;
}

int plot_x(const struct plot *plot, uint64_t time_ns)
{
	if (time_ns <= plot->from_ns)
		return 0;
	if (time_ns >= plot->until_ns)
		return (int)plot->n_columns;
	return (int)((unsigned __int128)(time_ns - plot->from_ns) * plot->n_columns /
		     span_of(plot));
}

uint64_t plot_time_step(const struct plot *plot)
{
	return plot_scale_time_step(span_of(plot), plot->n_columns / X_LABEL_SPACING);
}

void plot_rectangle(cairo_t *cr, enum plot_colour colour, int x, int y, int width, int height)
{
	plot_colour(cr, colour);
	cairo_rectangle(cr, x, y, width, height);
	cairo_fill(cr);
}

void plot_hatch(cairo_t *cr, int x, int y, int width, int height)
{
	enum { SPACING = 6, TOO_NARROW = 4 };
	int at;

	if (width < TOO_NARROW) {
		plot_rectangle(cr, PLOT_HATCH, x, y, width, height);
		return;
	}
	cairo_save(cr);
	cairo_rectangle(cr, x, y, width, height);
	cairo_clip(cr);
	plot_colour(cr, PLOT_HATCH);
	cairo_set_line_width(cr, 1);
	for (at = x - height - x % SPACING; at < x + width; at += SPACING) {
		cairo_move_to(cr, at, y + height);
		cairo_line_to(cr, at + height, y);
	}
	cairo_stroke(cr);
	cairo_restore(cr);
}

static bool has_two_axes(const struct plot *plot)
{
	return plot->n_strips > STRIPS_UNDER_ONE_AXIS;
}

static bool has_clock(const struct plot *plot)
{
	return span_of(plot) >= CLOCK_RANGE_NS;
}

static int axis_height(const struct plot *plot)
{
	return AXIS_HEIGHT + (has_clock(plot) ? CLOCK_HEIGHT : 0);
}

int plot_height(const struct plot *plot)
{
	int height = HEADER_HEIGHT + axis_height(plot) + MARGIN;
	size_t i;

	if (has_two_axes(plot))
		height += axis_height(plot) + UNDER_AXIS_HEIGHT;
	for (i = 0; i < plot->n_strips; i++)
		height += plot_strip_height(plot, plot->strips[i]);
	return height + (plot->left_out ? FOOTER_HEIGHT : 0);
}

/* Interface names in the order of strips, each once. */
static void list_names(const struct plot *plot, char *out, size_t size)
{
	size_t i, j, used = 0;

	snprintf(out, size, "%s", plot->n_strips ? "" : "no interface");
	for (i = 0; i < plot->n_strips && used < size; i++) {
		for (j = 0; j < i; j++)
			if (!strcmp(plot->strips[i]->name, plot->strips[j]->name))
				break;
		if (j == i)
			used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
						 plot->strips[i]->name);
	}
}

static void draw_header(const struct plot *plot, cairo_t *cr)
{
	char names[PLOT_STRIPS_MAX * (PLOT_NAME_SIZE + 2)], from[UNITS_TEXT_SIZE];
	char title[sizeof(names) + PLOT_NAME_SIZE + 4], until[UNITS_TEXT_SIZE];
	char range[6 * UNITS_TEXT_SIZE], span[UNITS_TEXT_SIZE], width[UNITS_TEXT_SIZE];
	double room = plot->width_px - 2 * MARGIN;

	list_names(plot, names, sizeof(names));
	snprintf(title, sizeof(title), "%s%s%s", plot->host, *plot->host ? ": " : "", names);
	plot_text_fit(cr, PLOT_TITLE, title, sizeof(title), room);
	plot_colour(cr, PLOT_INK);
	plot_text(cr, PLOT_TITLE, PLOT_START, MARGIN, TITLE_Y, title);
	snprintf(range, sizeof(range), "%s to %s (%s), windows of %s",
		 units_format_wall(from, plot->from_ns), units_format_wall(until, plot->until_ns),
		 plot_scale_duration(span, span_of(plot)),
		 plot_scale_duration(width, plot->width_ns));
	plot_text_fit(cr, PLOT_NORMAL, range, sizeof(range), room);
	plot_colour(cr, PLOT_DIM);
	plot_text(cr, PLOT_NORMAL, PLOT_START, MARGIN, RANGE_Y, range);
}

enum legend_item { MAX, MEAN, BURST, DROP, GAP, N_LEGEND_ITEMS };

/* What there is to explain. */
static void find_legend(const struct plot *plot, bool *is_there)
{
	size_t i;

	is_there[MAX] = is_there[MEAN] = plot->n_strips > 0;
	for (i = 0; i < plot->n_strips; i++) {
		const struct plot_strip *strip = plot->strips[i];
		struct column whole = columns_whole(strip->columns);

		is_there[BURST] |= strip->n_bursts > 0;
		is_there[DROP] |= whole.drops > 0;
		is_there[GAP] |= whole.known_ns < whole.until_ns - whole.from_ns;
	}
}

static void draw_swatch(cairo_t *cr, enum legend_item item, int x, int y)
{
	switch (item) {
	case MAX:
		plot_rectangle(cr, PLOT_MAX, x, y - 9, 14, 10);
		break;
	case MEAN:
		plot_rectangle(cr, PLOT_MEAN, x, y - 9, 14, 10);
		break;
	case BURST:
		plot_rectangle(cr, PLOT_BURST_SPAN, x, y - 9, 14, 10);
		plot_rectangle(cr, PLOT_BURST, x, y - 9, 14, 4);
		break;
	case DROP:
		plot_rectangle(cr, PLOT_DROP, x + 6, y - 9, 2, 10);
		break;
	case GAP:
		plot_rectangle(cr, PLOT_GAP, x, y - 9, 14, 10);
		plot_hatch(cr, x, y - 9, 14, 10);
		break;
	default:
		break;
	}
}

static void draw_legend(const struct plot *plot, cairo_t *cr)
{
	char width[UNITS_TEXT_SIZE], pixel[UNITS_TEXT_SIZE];
	char max[2 * UNITS_TEXT_SIZE], mean[2 * UNITS_TEXT_SIZE];
	const char *const texts[] = {max, mean, "burst", "drops", "unknown"};
	bool is_there[N_LEGEND_ITEMS] = {false};
	int x = MARGIN, item;

	snprintf(max, sizeof(max), "busiest window (%s)",
		 plot_scale_duration(width, plot->width_ns));
	snprintf(mean, sizeof(mean), "mean (over a pixel, %s)",
		 plot_scale_duration(pixel, span_of(plot) / plot->n_columns));
	find_legend(plot, is_there);
	for (item = 0; item < (int)(sizeof(texts) / sizeof(texts[0])); item++) {
		int room = 18 + (int)plot_text_width(cr, PLOT_NORMAL, texts[item]);

		if (!is_there[item] || x + room > (int)plot->width_px - MARGIN)
			continue;
		draw_swatch(cr, item, x, LEGEND_Y);
		plot_colour(cr, PLOT_INK);
		plot_text(cr, PLOT_NORMAL, PLOT_START, x + 18, LEGEND_Y, texts[item]);
		x += room + 20;
	}
}

/* Ticks and labels of the time axis, with y its line; labels are below it, or above it. */
static void draw_axis(const struct plot *plot, cairo_t *cr, int y, bool is_below)
{
	struct plot_unit unit = plot_scale_time_unit(span_of(plot), plot_time_step(plot));
	uint64_t step = plot_time_step(plot), at;
	int label_y = is_below ? y + 16 : y - 7, clock_y = is_below ? y + 30 : y - 21;
	char text[UNITS_TEXT_SIZE + 8], number[UNITS_TEXT_SIZE];

	for (at = 0; at <= span_of(plot); at += step) {
		int x = PLOT_LEFT + plot_x(plot, plot->from_ns + at);

		plot_rectangle(cr, PLOT_DIM, x, is_below ? y : y - 4, 1, 5);
		snprintf(text, sizeof(text), at ? "%s %s" : "%s",
			 plot_scale_number(number, at, &unit), unit.name);
		plot_colour(cr, PLOT_INK);
		plot_text(cr, PLOT_SMALL, PLOT_MIDDLE, x, label_y, text);
		if (has_clock(plot)) {
			plot_scale_clock(text, plot->from_ns + at, span_of(plot) >= DATE_RANGE_NS);
			plot_colour(cr, PLOT_DIM);
			plot_text(cr, PLOT_SMALL, PLOT_MIDDLE, x, clock_y, text);
		}
		if (step > UINT64_MAX - at)
			break;
	}
	plot_rectangle(cr, PLOT_DIM, PLOT_LEFT, y, (int)plot->n_columns, 1);
	plot_colour(cr, PLOT_DIM);
	if (has_clock(plot))
		plot_text(cr, PLOT_SMALL, PLOT_END, plot->width_px - MARGIN, clock_y, "UTC");
}

static double common_name_width(const struct plot *plot, cairo_t *cr)
{
	double widest = 0, most = (double)plot->n_columns * 2 / 5;
	size_t i;

	for (i = 0; i < plot->n_strips; i++) {
		double width = plot_strip_name_width(plot->strips[i], cr);

		widest = width > widest ? width : widest;
	}
	return widest < most ? widest : most;
}

void plot_draw(const struct plot *plot, cairo_t *cr)
{
	double name_width = common_name_width(plot, cr);
	int y = HEADER_HEIGHT;
	char text[128];
	size_t i;

	plot_colour(cr, PLOT_WHITE);
	cairo_paint(cr);
	draw_header(plot, cr);
	draw_legend(plot, cr);
	if (has_two_axes(plot)) {
		y += axis_height(plot);
		draw_axis(plot, cr, y - 1, false);
		y += UNDER_AXIS_HEIGHT;
	}
	for (i = 0; i < plot->n_strips; i++) {
		plot_strip_draw(plot, plot->strips[i], cr, y, name_width);
		y += plot_strip_height(plot, plot->strips[i]);
	}
	draw_axis(plot, cr, y, true);
	if (!plot->left_out)
		return;
	snprintf(text, sizeof(text), "%zu more not shown: a picture holds %d strips.",
		 plot->left_out, PLOT_STRIPS_MAX);
	plot_colour(cr, PLOT_DROP);
	plot_text(cr, PLOT_NORMAL, PLOT_START, MARGIN, plot_height(plot) - MARGIN, text);
}
