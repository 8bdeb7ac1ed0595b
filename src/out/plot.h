/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * plot: a picture of rates over time, as SVG or PNG, from time windows.
 *
 * One strip per interface and direction, one below the other on a common time axis. In each pixel
 * column a strip shows the busiest window, lightly, and the mean, darkly: a microburst stands out
 * however long the time shown, and beside it stands what a slow poll would have seen. Bursts, drops,
 * threshold and line rate are marked; unknown time is hatched, since missing is not zero.
 *
 * All times are on one clock, wall clock (nanoseconds since 1970) if the header is to tell the truth:
 * whoever has windows in CLOCK_MONOTONIC adds the offset. Memory follows strips and pixels, not
 * windows or bursts. Order: strips, then gaps, then windows and bursts in any order. Names may hold
 * any bytes, they are shown escaped.
 */
#ifndef IFPULSE_OUT_PLOT_H
#define IFPULSE_OUT_PLOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/burst.h"
#include "model/window.h"

#define PLOT_WIDTH_DEFAULT 1200
#define PLOT_WIDTH_MIN 640
#define PLOT_WIDTH_MAX 4096
#define PLOT_STRIPS_MAX 24

/* Stands for all strips there are (plot_add_gap()), and for one that was left out. */
#define PLOT_EVERY_STRIP SIZE_MAX
#define PLOT_NO_STRIP (SIZE_MAX - 1)

enum plot_format { PLOT_SVG, PLOT_PNG };

struct plot_config {
	uint64_t from_ns, until_ns; /* shown: [from, until), at least a nanosecond per pixel */
	uint64_t width_ns;          /* of the windows */
	unsigned int width_px;      /* of the picture; 0: PLOT_WIDTH_DEFAULT */
	const char *host;           /* NULL: not told */
};

struct plot_strip_info {
	const char *ifname;
	enum direction direction;
	uint64_t threshold_bps; /* 0: none */
	uint64_t speed_bps;     /* 0: unknown */
	const char *netns; /* where the interface is (model/netns_name.h); NULL or empty: our own */
};

struct plot;

/* Copies `config`. 0, -EINVAL where the range is empty or too short or a width is off, or -ENOMEM. */
int plot_new(struct plot **out, const struct plot_config *config);
void plot_free(struct plot *plot);

/*
 * The next strip from the top. One more than PLOT_STRIPS_MAX is left out, which the picture says, and
 * *strip becomes PLOT_NO_STRIP; what is added to it then is ignored. 0 or -ENOMEM.
 */
int plot_add_strip(struct plot *plot, const struct plot_strip_info *info, size_t *strip);

/* [from, until) is unknown: of one strip, or of all added so far. 0 or -ENOMEM. */
int plot_add_gap(struct plot *plot, size_t strip, uint64_t from_ns, uint64_t until_ns);

/* A busy window, once each; those not given were idle. `slot` and `direction` are not looked at. */
void plot_add_window(struct plot *plot, size_t strip, const struct window *window);

void plot_add_burst(struct plot *plot, size_t strip, const struct burst *burst);

/*
 * Draws it into the file, which is the whole picture or what it was before: it is written beside and
 * then renamed. Anything but a regular file under that name is refused. May be called again. 0, or
 * -errno with the words in `err` and nothing left behind.
 */
int plot_write(struct plot *plot, const char *path, enum plot_format format, struct error *err);

#endif
