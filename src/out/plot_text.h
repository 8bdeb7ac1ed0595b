/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* plot_text: text and colours of a picture. */
#ifndef IFPULSE_OUT_PLOT_TEXT_H
#define IFPULSE_OUT_PLOT_TEXT_H

#include <cairo.h>
#include <stddef.h>

/* By Okabe and Ito, chosen to be told apart whatever one's colour vision; greys are restrained. */
enum plot_colour {
	PLOT_WHITE,
	PLOT_INK,        /* text */
	PLOT_DIM,        /* lesser text, axes */
	PLOT_GRID,       /* lines behind the data */
	PLOT_MEAN,       /* blue */
	PLOT_MAX,        /* light blue */
	PLOT_BURST,      /* orange */
	PLOT_BURST_SPAN, /* light orange */
	PLOT_DROP,       /* vermilion */
	PLOT_GAP,        /* grey, and */
	PLOT_HATCH,      /* the lines on it */
};

void plot_colour(cairo_t *cr, enum plot_colour colour);

/* Where the text is with regard to the point that is given. */
enum plot_align { PLOT_START, PLOT_MIDDLE, PLOT_END };

enum plot_font { PLOT_NORMAL, PLOT_SMALL, PLOT_BOLD, PLOT_TITLE };

/*
 * text_escape(), and what cairo refuses besides: code points that Unicode sets aside as no characters
 * are valid UTF-8, but an error to cairo, after which it draws nothing more.
 */
char *plot_text_safe(char *out, size_t size, const char *text);

/* The texts below have to be safe. */

double plot_text_width(cairo_t *cr, enum plot_font font, const char *text);

/* Draws it in one line, its baseline at y. Returns its width. */
double plot_text(cairo_t *cr, enum plot_font font, enum plot_align align, double x, double y,
		 const char *text);

/* Cuts the text, in place, with an ellipsis, to a width; it may end up empty. Has `size` bytes. */
void plot_text_fit(cairo_t *cr, enum plot_font font, char *text, size_t size, double max_width);

#endif
