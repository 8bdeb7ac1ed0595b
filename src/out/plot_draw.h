/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * plot_draw: what a picture is made of, and how it is drawn. For plot*.c only.
 *
 * Everything but text and diagonals lies on whole pixels. Heights and places are a matter of what is
 * to be shown, not of the surface, so that SVG and PNG are the same picture.
 */
#ifndef IFPULSE_OUT_PLOT_DRAW_H
#define IFPULSE_OUT_PLOT_DRAW_H

#include <cairo.h>
#include <stdbool.h>

#include "model/columns.h"
#include "out/place_name.h"
#include "out/plot.h"
#include "out/plot_text.h"

/* Margins of the strips, which hold the labels of the y axis and of threshold and line rate. */
#define PLOT_LEFT 58
#define PLOT_RIGHT 88

/* Bursts of a strip that are candidates for a label: the biggest. */
#define PLOT_MARKS 64

/* Bursts are marked in a strip of this height right above the rates. */
#define PLOT_RUG_HEIGHT 4

/* Room for any name of an interface and its namespace, or of a host. */
#define PLOT_NAME_SIZE PLACE_NAME_SIZE

struct plot_mark {
	uint64_t start_ns, end_ns;
	uint64_t bytes, peak_bps;
	bool is_cut;
};

struct plot_strip {
	char name[PLOT_NAME_SIZE]; /* safe to draw */
	enum direction direction;
	uint64_t threshold_bps, speed_bps;
	struct columns *columns;
	uint64_t n_bursts;
	struct plot_mark marks[PLOT_MARKS]; /* the biggest first */
	size_t n_marks;
};

struct plot {
	uint64_t from_ns, until_ns, width_ns;
	unsigned int width_px;
	char host[PLOT_NAME_SIZE]; /* safe to draw; may be empty */
	struct plot_strip *strips[PLOT_STRIPS_MAX];
	size_t n_strips, left_out;
	size_t n_columns;       /* one pixel each */
	struct column *columns; /* room for those of the strip that is being drawn */
};

/* A strip on its way to the surface: y grows downwards, from top to base. */
struct plot_view {
	const struct plot *plot;
	const struct plot_strip *strip;
	cairo_t *cr;
	struct column whole;
	int top, base; /* of its rates */
	uint64_t top_bps;
	bool has_threshold, has_speed; /* as lines: not off the scale */
};

int plot_height(const struct plot *plot);

/* Draws it from (0, 0) on. Whether that went well is the status of `cr`. */
void plot_draw(const struct plot *plot, cairo_t *cr);

/* One strip, with its top edge at y; `name_width` is room for names, the same in all strips. */
int plot_strip_height(const struct plot *plot, const struct plot_strip *strip);
void plot_strip_draw(const struct plot *plot, const struct plot_strip *strip, cairo_t *cr, int y,
		     double name_width);
double plot_strip_name_width(const struct plot_strip *strip, cairo_t *cr);

/* Labels of the biggest bursts, in the lane above the rates. */
void plot_mark_bursts(const struct plot_view *view);

/* Ticks and counts, in the lane under the rates. */
void plot_mark_drops(const struct plot_view *view);

/* The name, in name_width, and beside it the facts, in words. */
void plot_mark_title(const struct plot_view *view, int y, double name_width);

/* The column that the time is in, from the left edge of the strips; [0, n_columns]. */
int plot_x(const struct plot *plot, uint64_t time_ns);

/* Ticks of the time axis are this far apart, from from_ns on. */
uint64_t plot_time_step(const struct plot *plot);

void plot_rectangle(cairo_t *cr, enum plot_colour colour, int x, int y, int width, int height);

/* Diagonals, for unknown time; too narrow for them, a fill. */
void plot_hatch(cairo_t *cr, int x, int y, int width, int height);

#endif
