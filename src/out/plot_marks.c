// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "base/text.h"
#include "base/units.h"
#include "out/plot_draw.h"
#include "out/plot_scale.h"

#define MARKER_SIZE 4
#define LABELS_MAX 6
#define NAME_COLUMNS_MIN 8

/* The biggest first: those that come later have to do with the room that is left. */
void plot_mark_bursts(const struct plot_view *view)
{
	const struct plot *plot = view->plot;
	struct plot_lane lane = {PLOT_LEFT, PLOT_LEFT + (double)plot->n_columns, 12, 0, {{0, 0}}};
	size_t i;

	for (i = 0; i < view->strip->n_marks && lane.n < LABELS_MAX; i++) {
		const struct plot_mark *mark = &view->strip->marks[i];
		int first = plot_x(plot, mark->start_ns), last = plot_x(plot, mark->end_ns - 1);
		int middle = PLOT_LEFT + (first + last) / 2, tip = view->top - PLOT_RUG_HEIGHT - 1;
		char peak[UNITS_TEXT_SIZE], duration[UNITS_TEXT_SIZE];
		char text[2 * UNITS_TEXT_SIZE + 8];
		double x;

		snprintf(text, sizeof(text), "%s, %s%s", plot_scale_rate(peak, mark->peak_bps),
			 plot_scale_duration(duration, mark->end_ns - mark->start_ns),
			 mark->is_cut ? "+" : "");
		if (!plot_lane_place(&lane, middle, plot_text_width(view->cr, PLOT_SMALL, text),
				     &x))
			continue;
		plot_colour(view->cr, PLOT_INK);
		plot_text(view->cr, PLOT_SMALL, PLOT_START, (int)x, tip - MARKER_SIZE - 4, text);
		plot_colour(view->cr, PLOT_BURST);
		cairo_move_to(view->cr, middle + 0.5, tip);
		cairo_line_to(view->cr, middle + 0.5 - MARKER_SIZE, tip - MARKER_SIZE);
		cairo_line_to(view->cr, middle + 0.5 + MARKER_SIZE, tip - MARKER_SIZE);
		cairo_close_path(view->cr);
		cairo_fill(view->cr);
	}
}

/* Ticks so near each other that their counts would collide share one, and a line that joins them. */
void plot_mark_drops(const struct plot_view *view)
{
	const struct plot *plot = view->plot;
	int room = (int)plot_text_width(view->cr, PLOT_SMALL, "88888") + 8, y = view->base + 2;
	size_t i = 0;

	while (i < plot->n_columns) {
		size_t first = i, last = i;
		uint64_t sum = 0;
		char text[UNITS_TEXT_SIZE];
		int width, x;

		for (; i < plot->n_columns && (!sum || i < last + (size_t)room); i++) {
			if (!plot->columns[i].drops)
				continue;
			first = sum ? first : i;
			last = i;
			sum += plot->columns[i].drops;
			plot_rectangle(view->cr, PLOT_DROP, PLOT_LEFT + (int)i, y, 2, 8);
		}
		if (!sum)
			return;
		plot_rectangle(view->cr, PLOT_DROP, PLOT_LEFT + (int)first, y + 8,
			       (int)(last - first) + 2, 1);
		plot_scale_count(text, sum);
		width = (int)plot_text_width(view->cr, PLOT_SMALL, text);
		x = PLOT_LEFT + (int)last + 5;
		/* At the right edge the margin has room. */
		plot_colour(view->cr, PLOT_DROP);
		if (x + width < (int)plot->width_px)
			plot_text(view->cr, PLOT_SMALL, PLOT_START, x, y + 9, text);
	}
}

static const char *direction_name(const struct plot_strip *strip)
{
	return strip->direction == DIRECTION_EGRESS ? "tx" : "rx";
}

double plot_strip_name_width(const struct plot_strip *strip, cairo_t *cr)
{
	char text[PLOT_NAME_SIZE + 8];

	snprintf(text, sizeof(text), "%s %s", strip->name, direction_name(strip));
	return plot_text_width(cr, PLOT_BOLD, text);
}

/* A fact beside the title; none that would leave the picture. Returns where the next one begins. */
static double draw_fact(const struct plot_view *view, double x, int y, enum plot_colour colour,
			const char *text)
{
	double width = plot_text_width(view->cr, PLOT_NORMAL, text);

	if (x + width > view->plot->width_px - 4)
		return x;
	plot_colour(view->cr, colour);
	plot_text(view->cr, PLOT_NORMAL, PLOT_START, x, y, text);
	return x + width + 18;
}

static void draw_facts(const struct plot_view *view, double x, int y)
{
	const struct plot_strip *strip = view->strip;
	uint64_t unknown_ns = view->whole.until_ns - view->whole.from_ns - view->whole.known_ns;
	char one[UNITS_TEXT_SIZE], two[UNITS_TEXT_SIZE], text[3 * UNITS_TEXT_SIZE];

	if (view->whole.max_bps)
		snprintf(text, sizeof(text), "peak %s, mean %s",
			 plot_scale_rate(one, view->whole.max_bps),
			 plot_scale_rate(two, view->whole.mean_bps));
	else
		snprintf(text, sizeof(text), view->whole.known_ns ? "idle" : "unknown");
	x = draw_fact(view, x, y, PLOT_INK, text);
	if (view->whole.drops) {
		snprintf(text, sizeof(text), "%s dropped",
			 plot_scale_count(one, view->whole.drops));
		x = draw_fact(view, x, y, PLOT_DROP, text);
	}
	if (strip->n_bursts) {
		snprintf(text, sizeof(text), "%s burst%s", plot_scale_count(one, strip->n_bursts),
			 strip->n_bursts == 1 ? "" : "s");
		x = draw_fact(view, x, y, PLOT_INK, text);
	}
	if (unknown_ns && view->whole.known_ns) {
		snprintf(text, sizeof(text), "%s unknown", plot_scale_duration(one, unknown_ns));
		x = draw_fact(view, x, y, PLOT_INK, text);
	}
	if (strip->threshold_bps && !view->has_threshold) {
		snprintf(text, sizeof(text), "threshold %s, off the scale",
			 plot_scale_rate(one, strip->threshold_bps));
		x = draw_fact(view, x, y, PLOT_DIM, text);
	}
	if (strip->speed_bps && !view->has_speed) {
		snprintf(text, sizeof(text), "line rate %s",
			 plot_scale_rate(one, strip->speed_bps));
		draw_fact(view, x, y, PLOT_DIM, text);
	}
}

/* Names of namespaces differ at either end, those of interfaces at the last: of a long one it is the middle that goes. */
static void shorten_name(cairo_t *cr, char *name, size_t size, const char *whole, double room)
{
	size_t columns = text_width(whole);

	while (columns > NAME_COLUMNS_MIN && plot_text_width(cr, PLOT_BOLD, name) > room)
		text_cut(name, size, whole, --columns);
	plot_text_fit(cr, PLOT_BOLD, name, size, room);
}

void plot_mark_title(const struct plot_view *view, int y, double name_width)
{
	char name[PLOT_NAME_SIZE + 8], suffix[8];
	double suffix_width, width;

	snprintf(suffix, sizeof(suffix), " %s", direction_name(view->strip));
	suffix_width = plot_text_width(view->cr, PLOT_BOLD, suffix);
	snprintf(name, sizeof(name), "%s", view->strip->name);
	shorten_name(view->cr, name, sizeof(name), view->strip->name, name_width - suffix_width);
	plot_colour(view->cr, PLOT_INK);
	width = plot_text(view->cr, PLOT_BOLD, PLOT_START, PLOT_LEFT, y, name);
	plot_text(view->cr, PLOT_BOLD, PLOT_START, PLOT_LEFT + width, y, suffix);
	draw_facts(view, PLOT_LEFT + name_width + 24, y);
}
