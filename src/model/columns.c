// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/columns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "model/rate.h"

typedef unsigned __int128 wide;

struct bin {
	wide bits_ns; /* over its windows: bits of the window times the overlap: no division, exact */
	uint64_t max_bps, drops, burst_ns;
};

struct columns {
	uint64_t from_ns, until_ns, width_ns;
	struct bin *bins;
	size_t n;
	/* Disjoint, apart, and in order. */
	struct window_gap *gaps;
	size_t n_gaps, gaps_capacity;
};

int columns_new(struct columns **out, uint64_t from_ns, uint64_t until_ns, uint64_t width_ns,
		size_t n)
{
	struct columns *columns;

	if (!n || !width_ns || until_ns <= from_ns || until_ns - from_ns < n)
		return -EINVAL;
	columns = calloc(1, sizeof(*columns));
	if (!columns)
		return -ENOMEM;
	columns->bins = calloc(n, sizeof(*columns->bins));
	if (!columns->bins) {
		free(columns);
		return -ENOMEM;
	}
	columns->from_ns = from_ns;
	columns->until_ns = until_ns;
	columns->width_ns = width_ns;
	columns->n = n;
	*out = columns;
	return 0;
}

void columns_free(struct columns *columns)
{
	if (!columns)
		return;
	free(columns->bins);
	free(columns->gaps);
	free(columns);
}

size_t columns_count(const struct columns *columns)
{
	return columns->n;
}

static uint64_t edge_of(const struct columns *columns, size_t i)
{
	wide span = columns->until_ns - columns->from_ns;

	return columns->from_ns + (uint64_t)(span * i / columns->n);
}

/* The last column whose edge, which is rounded down, is not after time_ns (within the range). */
static size_t column_of(const struct columns *columns, uint64_t time_ns)
{
	wide offset = time_ns - columns->from_ns;

	return (size_t)(((offset + 1) * columns->n - 1) / (columns->until_ns - columns->from_ns));
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t end_of(uint64_t start_ns, uint64_t width_ns)
{
	return start_ns > UINT64_MAX - width_ns ? UINT64_MAX : start_ns + width_ns;
}

/* The first gap that ends after time_ns; n_gaps where none does. */
static size_t first_gap_after(const struct columns *columns, uint64_t time_ns)
{
	size_t low = 0, high = columns->n_gaps;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (columns->gaps[middle].to_ns > time_ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Takes in all gaps that it touches, so that only one that touches none needs room. */
static int insert_gap(struct columns *columns, uint64_t from_ns, uint64_t to_ns)
{
	size_t at = first_gap_after(columns, from_ns ? from_ns - 1 : 0), end = at;
	struct window_gap *gap;

	while (end < columns->n_gaps && columns->gaps[end].from_ns <= to_ns)
		end++;
	if (at == end && array_reserve(&columns->gaps, &columns->gaps_capacity, columns->n_gaps + 1,
				       sizeof(*columns->gaps)))
		return -ENOMEM;
	gap = &columns->gaps[at];
	if (at == end) {
		memmove(gap + 1, gap, (columns->n_gaps - at) * sizeof(*gap));
		columns->n_gaps++;
	} else {
		from_ns = earlier(from_ns, gap->from_ns);
		to_ns = later(to_ns, columns->gaps[end - 1].to_ns);
		memmove(gap + 1, &columns->gaps[end], (columns->n_gaps - end) * sizeof(*gap));
		columns->n_gaps -= end - at - 1;
	}
	*gap = (struct window_gap){from_ns, to_ns};
	return 0;
}

int columns_add_gap(struct columns *columns, uint64_t from_ns, uint64_t until_ns)
{
	/* One just outside may still touch a window that reaches into the range. */
	if (until_ns <= from_ns || end_of(until_ns, columns->width_ns) <= columns->from_ns ||
	    from_ns >= end_of(columns->until_ns, columns->width_ns))
		return 0;
	return insert_gap(columns, from_ns, until_ns);
}

static bool take_for_unknown(struct columns *columns, uint64_t start_ns, uint64_t end_ns)
{
	size_t at;

	if (!columns->n_gaps)
		return false;
	at = first_gap_after(columns, start_ns);
	if (at == columns->n_gaps || columns->gaps[at].from_ns >= end_ns)
		return false;
	/* Cannot fail: it touches a gap. */
	return !insert_gap(columns, start_ns, end_ns);
}

void columns_add_window(struct columns *columns, const struct window *window)
{
	uint64_t end_ns = end_of(window->start_ns, columns->width_ns);
	uint64_t from_ns = later(window->start_ns, columns->from_ns);
	uint64_t until_ns = earlier(end_ns, columns->until_ns);
	uint64_t bits = 8 * window->traffic.wire_bytes, bps;
	size_t i, last;
	bool is_known;

	if (from_ns >= until_ns)
		return;
	bps = rate_per_second(bits, columns->width_ns);
	is_known = !take_for_unknown(columns, window->start_ns, end_ns);
	last = column_of(columns, until_ns - 1);
	for (i = column_of(columns, from_ns); i <= last; i++) {
		struct bin *bin = &columns->bins[i];

		bin->max_bps = later(bin->max_bps, bps);
		if (is_known)
			bin->bits_ns += (wide)bits * (earlier(edge_of(columns, i + 1), until_ns) -
						      later(edge_of(columns, i), from_ns));
	}
	i = column_of(columns, from_ns + (until_ns - from_ns) / 2);
	columns->bins[i].drops += window->drops;
}

void columns_add_burst(struct columns *columns, uint64_t from_ns, uint64_t until_ns)
{
	size_t i, last;

	from_ns = later(from_ns, columns->from_ns);
	until_ns = earlier(until_ns, columns->until_ns);
	if (from_ns >= until_ns)
		return;
	last = column_of(columns, until_ns - 1);
	for (i = column_of(columns, from_ns); i <= last; i++)
		columns->bins[i].burst_ns += earlier(edge_of(columns, i + 1), until_ns) -
					     later(edge_of(columns, i), from_ns);
}

static uint64_t unknown_within(const struct columns *columns, uint64_t from_ns, uint64_t until_ns)
{
	uint64_t unknown_ns = 0;
	size_t i;

	for (i = first_gap_after(columns, from_ns);
	     i < columns->n_gaps && columns->gaps[i].from_ns < until_ns; i++)
		unknown_ns += earlier(columns->gaps[i].to_ns, until_ns) -
			      later(columns->gaps[i].from_ns, from_ns);
	return unknown_ns;
}

/* Gathers the columns [first, last]. */
static struct column gather(const struct columns *columns, size_t first, size_t last)
{
	struct column column = {
		.from_ns = edge_of(columns, first),
		.until_ns = edge_of(columns, last + 1),
	};
	wide bits_ns = 0, known;
	size_t i;

	for (i = first; i <= last; i++) {
		const struct bin *bin = &columns->bins[i];

		bits_ns += bin->bits_ns;
		column.max_bps = later(column.max_bps, bin->max_bps);
		column.drops += bin->drops;
		column.burst_ns += bin->burst_ns;
	}
	column.known_ns = column.until_ns - column.from_ns -
			  unknown_within(columns, column.from_ns, column.until_ns);
	known = (wide)columns->width_ns * column.known_ns;
	if (known) {
		wide mean_bps = (bits_ns * NSEC_PER_SEC + known / 2) / known;

		/* Only a gap that came after the windows makes the mean the larger. */
		column.mean_bps = mean_bps < column.max_bps ? (uint64_t)mean_bps : column.max_bps;
	}
	return column;
}

struct column columns_get(const struct columns *columns, size_t i)
{
	return gather(columns, i, i);
}

struct column columns_whole(const struct columns *columns)
{
	return gather(columns, 0, columns->n - 1);
}
