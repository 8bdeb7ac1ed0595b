// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/plot.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out/plot_draw.h"
#include "out/plot_file.h"
#include "out/plot_text.h"

int plot_new(struct plot **out, const struct plot_config *config)
{
	unsigned int width_px = config->width_px ? config->width_px : PLOT_WIDTH_DEFAULT;
	struct plot *plot;

	if (width_px < PLOT_WIDTH_MIN || width_px > PLOT_WIDTH_MAX || !config->width_ns ||
	    config->until_ns <= config->from_ns || config->until_ns - config->from_ns < width_px)
		return -EINVAL;
	plot = calloc(1, sizeof(*plot));
	if (!plot)
		return -ENOMEM;
	plot->from_ns = config->from_ns;
	plot->until_ns = config->until_ns;
	plot->width_ns = config->width_ns;
	plot->width_px = width_px;
	plot->n_columns = width_px - PLOT_LEFT - PLOT_RIGHT;
	plot_text_safe(plot->host, sizeof(plot->host), config->host ? config->host : "");
	plot->columns = calloc(plot->n_columns, sizeof(*plot->columns));
	if (!plot->columns) {
		plot_free(plot);
		return -ENOMEM;
	}
	*out = plot;
	return 0;
}

void plot_free(struct plot *plot)
{
	size_t i;

	if (!plot)
		return;
	for (i = 0; i < plot->n_strips; i++) {
		columns_free(plot->strips[i]->columns);
		free(plot->strips[i]);
	}
	free(plot->columns);
	free(plot);
}

int plot_add_strip(struct plot *plot, const struct plot_strip_info *info, size_t *strip)
{
	char name[NETNS_NAME_SIZE + IF_NAMESIZE];
	struct plot_strip *added;
	int ret;

	if (plot->n_strips == PLOT_STRIPS_MAX) {
		plot->left_out++;
		*strip = PLOT_NO_STRIP;
		return 0;
	}
	added = calloc(1, sizeof(*added));
	if (!added)
		return -ENOMEM;
	ret = columns_new(&added->columns, plot->from_ns, plot->until_ns, plot->width_ns,
			  plot->n_columns);
	if (ret) {
		free(added);
		return ret;
	}
	snprintf(name, sizeof(name), PLACE_NAME_FORMAT, PLACE_NAME_ARGS(info->netns, info->ifname));
	plot_text_safe(added->name, sizeof(added->name), name);
	added->direction = info->direction;
	added->threshold_bps = info->threshold_bps;
	added->speed_bps = info->speed_bps;
	*strip = plot->n_strips;
	plot->strips[plot->n_strips++] = added;
	return 0;
}

int plot_add_gap(struct plot *plot, size_t strip, uint64_t from_ns, uint64_t until_ns)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < plot->n_strips && !ret; i++)
		if (strip == PLOT_EVERY_STRIP || strip == i)
			ret = columns_add_gap(plot->strips[i]->columns, from_ns, until_ns);
	return ret;
}

void plot_add_window(struct plot *plot, size_t strip, const struct window *window)
{
	if (strip < plot->n_strips)
		columns_add_window(plot->strips[strip]->columns, window);
}

static bool is_bigger(const struct plot_mark *a, const struct plot_mark *b)
{
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes;
	if (a->peak_bps != b->peak_bps)
		return a->peak_bps > b->peak_bps;
	return a->start_ns < b->start_ns;
}

void plot_add_burst(struct plot *plot, size_t strip, const struct burst *burst)
{
	struct plot_mark mark = {
		.start_ns = burst->start_ns,
		.end_ns = burst->end_ns,
		.bytes = burst->traffic.wire_bytes,
		.peak_bps = burst->peak_bps,
		.is_cut = burst->is_cut,
	};
	struct plot_strip *into;
	size_t at;

	if (strip >= plot->n_strips || burst->end_ns <= burst->start_ns ||
	    burst->end_ns <= plot->from_ns || burst->start_ns >= plot->until_ns)
		return;
	into = plot->strips[strip];
	into->n_bursts++;
	columns_add_burst(into->columns, burst->start_ns, burst->end_ns);
	for (at = into->n_marks; at && is_bigger(&mark, &into->marks[at - 1]); at--)
		if (at < PLOT_MARKS)
			into->marks[at] = into->marks[at - 1];
	if (at == PLOT_MARKS)
		return;
	into->marks[at] = mark;
	if (into->n_marks < PLOT_MARKS)
		into->n_marks++;
}

static cairo_status_t put(void *context, const unsigned char *bytes, unsigned int n)
{
	return plot_file_put(context, bytes, n) ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* Draws into the surface, and it into the file where cairo does not do so by itself. */
static cairo_status_t render(const struct plot *plot, cairo_surface_t *surface,
			     enum plot_format format, struct plot_file *file)
{
	cairo_t *cr = cairo_create(surface);
	cairo_status_t status;

	plot_draw(plot, cr);
	status = cairo_status(cr);
	cairo_destroy(cr);
	if (!status && format == PLOT_PNG)
		status = cairo_surface_write_to_png_stream(surface, put, file);
	cairo_surface_finish(surface);
	return status ? status : cairo_surface_status(surface);
}

int plot_write(struct plot *plot, const char *path, enum plot_format format, struct error *err)
{
	int height = plot_height(plot), ret;
	cairo_surface_t *surface;
	struct plot_file file;
	cairo_status_t status;

	ret = plot_file_open(&file, path, err);
	if (ret)
		return ret;
	if (format == PLOT_SVG) {
		surface = cairo_svg_surface_create_for_stream(put, &file, plot->width_px, height);
		cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
	} else {
		surface =
			cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)plot->width_px, height);
	}
	status = render(plot, surface, format, &file);
	cairo_surface_destroy(surface);
	if (status && !file.failure) {
		plot_file_abandon(&file);
		return error_set(err, status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO,
				 "cannot draw the picture: %s", cairo_status_to_string(status));
	}
	return plot_file_finish(&file, err);
}
