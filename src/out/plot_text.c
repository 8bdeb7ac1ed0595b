// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/plot_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ELLIPSIS "\u2026"

void plot_colour(cairo_t *cr, enum plot_colour colour)
{
	static const unsigned int colours[] = {
		[PLOT_WHITE] = 0xffffff, [PLOT_INK] = 0x222222,        [PLOT_DIM] = 0x666666,
		[PLOT_GRID] = 0xe4e4e4,  [PLOT_MEAN] = 0x0072b2,       [PLOT_MAX] = 0x74bdec,
		[PLOT_BURST] = 0xe69f00, [PLOT_BURST_SPAN] = 0xfbe8c2, [PLOT_DROP] = 0xd5300a,
		[PLOT_GAP] = 0xededed,   [PLOT_HATCH] = 0xb4b4b4,
	};
	unsigned int rgb = colours[colour];

	cairo_set_source_rgb(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0,
			     (rgb & 0xff) / 255.0);
}

/* U+FDD0 to U+FDEF, and the last two of every plane. */
static bool is_no_character(uint32_t code_point)
{
	return (code_point >= 0xfdd0 && code_point <= 0xfdef) || (code_point & 0xfffe) == 0xfffe;
}

char *plot_text_safe(char *out, size_t size, const char *text)
{
	size_t used = 0;

	if (!size)
		return out;
	out[0] = '\0';
	while (*text) {
		char one[5] = {text[0]}, escaped[sizeof(one) * TEXT_ESCAPE_GROWTH];
		uint32_t code_point = 0;
		size_t length = text_decode_utf8(text, &code_point), i, need;

		length = length ? length : 1;
		memcpy(one, text, length);
		text_escape(escaped, sizeof(escaped), one);
		if (is_no_character(code_point))
			for (i = 0; i < length; i++)
				snprintf(escaped + 4 * i, 5, "\\x%02x", (unsigned char)one[i]);
		need = strlen(escaped);
		if (used + need >= size)
			break;
		memcpy(out + used, escaped, need + 1);
		used += need;
		text += length;
	}
	return out;
}

static void select_font(cairo_t *cr, enum plot_font font)
{
	static const struct {
		double size;
		cairo_font_weight_t weight;
	} fonts[] = {
		[PLOT_NORMAL] = {11, CAIRO_FONT_WEIGHT_NORMAL},
		[PLOT_SMALL] = {10, CAIRO_FONT_WEIGHT_NORMAL},
		[PLOT_BOLD] = {12, CAIRO_FONT_WEIGHT_BOLD},
		[PLOT_TITLE] = {15, CAIRO_FONT_WEIGHT_BOLD},
	};

	cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, fonts[font].weight);
	cairo_set_font_size(cr, fonts[font].size);
}

double plot_text_width(cairo_t *cr, enum plot_font font, const char *text)
{
	cairo_text_extents_t extents;

	select_font(cr, font);
	cairo_text_extents(cr, text, &extents);
	return (int)(extents.x_advance + 0.999);
}

double plot_text(cairo_t *cr, enum plot_font font, enum plot_align align, double x, double y,
		 const char *text)
{
	double width = plot_text_width(cr, font, text);

	if (align == PLOT_MIDDLE)
		x -= (int)(width / 2);
	else if (align == PLOT_END)
		x -= width;
	cairo_move_to(cr, x, y);
	cairo_show_text(cr, text);
	return width;
}

/* The length without the last character. */
static size_t without_last(const char *text, size_t length)
{
	do
		length--;
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80);
	return length;
}

void plot_text_fit(cairo_t *cr, enum plot_font font, char *text, size_t size, double max_width)
{
	size_t length = strlen(text);
	double width;

	/* Measuring is slow, and the text may be as long as somebody likes. */
	while ((width = plot_text_width(cr, font, text)) > 4 * max_width && length > 1) {
		length = without_last(text, length / 2 + 1);
		text[length] = '\0';
	}
	if (width <= max_width)
		return;
	while (length) {
		length = without_last(text, length);
		if (length + sizeof(ELLIPSIS) > size)
			continue;
		memcpy(text + length, ELLIPSIS, sizeof(ELLIPSIS));
		if (plot_text_width(cr, font, text) <= max_width)
			return;
	}
	text[0] = '\0';
}
