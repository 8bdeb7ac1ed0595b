/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * columns: the time windows of one interface and direction, gathered into the columns of a picture.
 *
 * A range of time is cut into n columns, whole nanoseconds each, as equal as can be. However many
 * windows come, in whatever order, memory follows the columns and the gaps. Windows not given were
 * idle. A window counts in every column that it overlaps: its bits by how much of it lies in there,
 * in exact integers, its rate as a candidate for the column's maximum.
 *
 * Missing is not zero: time within gaps is unknown and counts in no mean. A window that touches a gap
 * is unknown as a whole, as in model/series; what was seen of it is still a lower bound and so counts
 * for the maximum. For that, gaps have to come before windows: one that comes later hides what is
 * under it, but bits of the windows that it cuts stay in the columns at its ends.
 *
 * All times are nanoseconds of one clock, whichever the owner takes.
 */
#ifndef IFPULSE_MODEL_COLUMNS_H
#define IFPULSE_MODEL_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "model/window.h"

struct columns;

struct column {
	uint64_t from_ns, until_ns;
	uint64_t known_ns; /* of the time in it */
	uint64_t mean_bps; /* over the known time, idle time included; 0 where none is known */
	uint64_t max_bps; /* of the windows that overlap it; a lower bound where not all is known */
	uint64_t drops;   /* of the windows whose middle, as far as it is in the range, is in it */
	uint64_t burst_ns; /* how much of it is within bursts */
};

/*
 * The range [from, until), and the width of the windows. 0, -EINVAL where the range has less than a
 * nanosecond per column, or something is zero, or -ENOMEM.
 */
int columns_new(struct columns **out, uint64_t from_ns, uint64_t until_ns, uint64_t width_ns,
		size_t n);
void columns_free(struct columns *columns);

/* [from, until) is unknown. Gaps may overlap; what lies outside the range is ignored. 0 or -ENOMEM. */
int columns_add_gap(struct columns *columns, uint64_t from_ns, uint64_t until_ns);

/* Each window once: the counts of the CPUs added up (window_merge()). */
void columns_add_window(struct columns *columns, const struct window *window);

/* Bursts do not overlap. */
void columns_add_burst(struct columns *columns, uint64_t from_ns, uint64_t until_ns);

size_t columns_count(const struct columns *columns);

/* Column `i` < columns_count(). */
struct column columns_get(const struct columns *columns, size_t i);

/* The whole range as if it were one column. */
struct column columns_whole(const struct columns *columns);

#endif
