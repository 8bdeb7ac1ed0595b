// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* window and series: merging CPUs, gaps, alignment, and the unbroken sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "model/series.h"
#include "tests/unit/merging.h"

static struct window window(uint64_t start_ns, uint32_t slot, uint32_t direction, uint64_t packets)
{
	return (struct window){start_ns,
			       slot,
			       direction,
			       {packets, 10 * packets, packets + 1, 20 * packets},
			       packets / 2};
}

static void merges_cpus_in_order(void **state)
{
	struct window windows[] = {
		window(300, 1, 0, 1), window(100, 2, 0, 2),  window(100, 1, 1, 4),
		window(100, 1, 0, 8), window(100, 1, 1, 16), window(100, 1, 1, 32),
	};

	(void)state;
	assert_int_equal(merge(windows, ARRAY_SIZE(windows)), 4);
	assert_int_equal(windows[0].traffic.packets, 8);
	assert_int_equal(windows[1].traffic.packets, 52);
	assert_int_equal(windows[1].traffic.bytes, 520);
	assert_int_equal(windows[1].traffic.wire_packets, 55);
	assert_int_equal(windows[1].traffic.wire_bytes, 1040);
	assert_int_equal(windows[1].drops, 26);
	assert_int_equal(windows[1].direction, 1);
	assert_int_equal(windows[2].slot, 2);
	assert_int_equal(windows[3].start_ns, 300);
	assert_int_equal(merge(windows, 1), 1);
	assert_int_equal(merge(windows, 0), 0);
	assert_int_equal(merge(NULL, 0), 0);
}

static int compare(const void *left, const void *right)
{
	const struct window *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return (a->direction > b->direction) - (a->direction < b->direction);
}

static uint64_t rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return *seed >> 16;
}

/* Sorts and adds up by what the C library has for it. */
static size_t merge_plainly(struct window *windows, size_t n)
{
	size_t i, kept = 0;

	qsort(windows, n, sizeof(*windows), compare);
	for (i = 1; i < n; i++) {
		if (compare(&windows[kept], &windows[i])) {
			windows[++kept] = windows[i];
			continue;
		}
		windows[kept].traffic.packets += windows[i].traffic.packets;
		windows[kept].traffic.bytes += windows[i].traffic.bytes;
		windows[kept].traffic.wire_packets += windows[i].traffic.wire_packets;
		windows[kept].traffic.wire_bytes += windows[i].traffic.wire_bytes;
		windows[kept].drops += windows[i].drops;
	}
	return kept + 1;
}

#define N_MERGED 3000

/* Starts and slots close together and far apart. */
static void merges_as_sorting_would(void **state)
{
	static const uint64_t steps[] = {1, 2, 333, 100000, 1 << 20, UINT64_C(1) << 45};
	static const uint32_t slots[] = {1, 3, 1000, 70000, INT32_MAX};
	static struct window merged[N_MERGED], expected[N_MERGED];
	uint64_t seed = 1;
	size_t i, n, n_expected, step, slot;

	(void)state;
	for (step = 0; step < ARRAY_SIZE(steps); step++)
		for (slot = 0; slot < ARRAY_SIZE(slots); slot++) {
			n = 1 + rnd(&seed) % N_MERGED;
			for (i = 0; i < n; i++)
				expected[i] = merged[i] =
					window(77 + steps[step] * (rnd(&seed) % 200),
					       (uint32_t)(rnd(&seed) % slots[slot]), rnd(&seed) % 2,
					       rnd(&seed) % 1000);
			n_expected = merge_plainly(expected, n);
			assert_int_equal(merge(merged, n), n_expected);
			assert_memory_equal(merged, expected, n_expected * sizeof(*merged));
		}
}

static void knows_what_touches_a_gap(void **state)
{
	const struct window_gap gaps[] = {{1000, 1500}, {3000, 3001}};
	static const struct {
		uint64_t start_ns;
		int in_gap;
	} cases[] = {
		{899, 0},  {900, 0},  {901, 1},  {1000, 1}, {1499, 1}, {1500, 0},
		{2899, 0}, {2900, 0}, {2901, 1}, {3000, 1}, {3001, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (window_is_in_gap(cases[i].start_ns, 100, gaps, 2) != cases[i].in_gap)
			fail_msg("start %d", (int)cases[i].start_ns);
	assert_false(window_is_in_gap(1200, 100, gaps, 0));
}

static void aligns_by_the_wall_clock(void **state)
{
	(void)state;
	assert_int_equal(window_align_down(1234, 100, 0), 1200);
	assert_int_equal(window_align_down(1200, 100, 0), 1200);
	assert_int_equal(window_align_down(1199, 100, 0), 1100);
	/* On the wall clock, 30 ahead, that is 1264: its window began at 1200, here 1170. */
	assert_int_equal(window_align_down(1234, 100, 30), 1170);
	assert_int_equal(window_align_down(1270, 100, 30), 1270);
	/* A clock of this century, as it is. */
	assert_int_equal(
		(window_align_down(5000000000, 10000, 1800000000123456789) + 1800000000123456789) %
			10000,
		0);
}

struct point {
	uint32_t ifindex;
	uint64_t start_ns;
	int direction;
	int64_t packets; /* -1: unknown */
};

struct points {
	struct point items[64];
	size_t n;
};

static void note(void *context, const struct series_point *point)
{
	struct points *points = context;

	assert_true(points->n < ARRAY_SIZE(points->items));
	points->items[points->n++] =
		(struct point){point->member->ifindex, point->start_ns, point->direction,
			       point->is_known ? (int64_t)point->traffic.packets : -1};
}

static void expect(const struct points *points, const struct point *expected, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < points->n; i++) {
		const struct point *got = &points->items[i];

		if (got->ifindex != expected[i].ifindex || got->start_ns != expected[i].start_ns ||
		    got->direction != expected[i].direction || got->packets != expected[i].packets)
			fail_msg("point %zu: %u at %d, direction %d, %d packets", i, got->ifindex,
				 (int)got->start_ns, got->direction, (int)got->packets);
	}
	assert_int_equal(points->n, n);
}

static void fills_idle_windows_with_zeros(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 1000, SERIES_STAYS}};
	const struct window windows[] = {window(1100, 1, 1, 7)};
	const struct series_span span = {1000,  1300, 100, windows, 1, NULL, 0, members, 1,
					 false, NULL, 0,   NULL,    0, NULL, 0, {0, 0}};
	const struct point expected[] = {
		{5, 1000, 0, 0}, {5, 1000, 1, 0}, {5, 1100, 0, 0},
		{5, 1100, 1, 7}, {5, 1200, 0, 0}, {5, 1200, 1, 0},
	};
	struct points points = {.n = 0};

	(void)state;
	assert_int_equal(series_walk(&span, note, &points), 0);
	expect(&points, expected, ARRAY_SIZE(expected));
}

static void leaves_idle_windows_out_on_request(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 0, SERIES_STAYS}};
	const struct window windows[] = {window(1100, 1, 1, 7), window(900000, 1, 0, 2)};
	const struct series_span span = {1000, 1000000, 100, windows, 2, NULL, 0, members, 1,
					 true, NULL,    0,   NULL,    0, NULL, 0, {0, 0}};
	const struct point expected[] = {{5, 1100, 1, 7}, {5, 900000, 0, 2}};
	struct points points = {.n = 0};

	(void)state;
	assert_int_equal(series_walk(&span, note, &points), 0);
	expect(&points, expected, ARRAY_SIZE(expected));
}

static void says_unknown_within_a_gap(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 0, SERIES_STAYS}};
	const struct window windows[] = {window(1100, 1, 0, 7)};
	const struct window_gap gaps[] = {{1150, 1200}};
	struct series_span span = {1000,  1300, 100, windows, 1, gaps, 1, members, 1,
				   false, NULL, 0,   NULL,    0, NULL, 0, {0, 0}};
	const struct point expected[] = {
		{5, 1000, 0, 0},  {5, 1000, 1, 0}, {5, 1100, 0, -1},
		{5, 1100, 1, -1}, {5, 1200, 0, 0}, {5, 1200, 1, 0},
	};
	struct points points = {.n = 0};

	(void)state;
	series_walk(&span, note, &points);
	expect(&points, expected, ARRAY_SIZE(expected));
	/* Unknown is never idle. */
	span.busy_only = true;
	points.n = 0;
	series_walk(&span, note, &points);
	expect(&points, expected + 2, 2);
}

static void keeps_to_the_time_of_a_member(void **state)
{
	/* Slot 1 changes hands between 1100 and 1200; the second owner comes within 1300. */
	const struct series_member members[] = {
		{1, 5, "a", 1050, 1199},
		{1, 6, "b", 1350, SERIES_STAYS},
	};
	const struct window windows[] = {
		window(1000, 1, 0, 1), window(1100, 1, 0, 2),  window(1200, 1, 0, 4),
		window(1300, 1, 0, 8), window(1300, 9, 0, 16),
	};
	const struct series_span span = {900,   1400, 100, windows, 5, NULL, 0, members, 2,
					 false, NULL, 0,   NULL,    0, NULL, 0, {0, 0}};
	const struct point expected[] = {
		{5, 1000, 0, 1}, {5, 1000, 1, 0}, {5, 1100, 0, 2},
		{5, 1100, 1, 0}, {6, 1300, 0, 8}, {6, 1300, 1, 0},
	};
	struct points points = {.n = 0};

	(void)state;
	/* What belongs to nobody is told, not shown. */
	assert_int_equal(series_walk(&span, note, &points), 4 + 16);
	expect(&points, expected, ARRAY_SIZE(expected));
}

/* Both touch the window, but what was in it was carried once. */
static void gives_a_window_to_one_owner(void **state)
{
	const struct series_member members[] = {
		{1, 5, "a", 0, 1010},
		{1, 6, "b", 1020, SERIES_STAYS},
	};
	const struct window windows[] = {window(1000, 1, 0, 8)};
	struct series_span span = {1000,  1100, 100, windows, 1, NULL, 0, members, 2,
				   false, NULL, 0,   NULL,    0, NULL, 0, {0, 0}};
	const struct point expected[] = {
		{5, 1000, 0, 8}, {5, 1000, 1, 0}, {6, 1000, 0, 0}, {6, 1000, 1, 0}};
	struct points points = {.n = 0};

	(void)state;
	assert_int_equal(series_walk(&span, note, &points), 0);
	expect(&points, expected, ARRAY_SIZE(expected));
	span.busy_only = true;
	points.n = 0;
	assert_int_equal(series_walk(&span, note, &points), 0);
	expect(&points, expected, 1);
}

static void passes_over_what_comes_too_late(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 0, SERIES_STAYS}};
	const struct window windows[] = {window(800, 1, 0, 3), window(1000, 1, 0, 7)};
	const struct series_span span = {1000,  1100, 100, windows, 2, NULL, 0, members, 1,
					 false, NULL, 0,   NULL,    0, NULL, 0, {0, 0}};
	const struct point expected[] = {{5, 1000, 0, 7}, {5, 1000, 1, 0}};
	struct points points = {.n = 0};

	(void)state;
	assert_int_equal(series_walk(&span, note, &points), 3);
	expect(&points, expected, ARRAY_SIZE(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_cpus_in_order),
		cmocka_unit_test(merges_as_sorting_would),
		cmocka_unit_test(knows_what_touches_a_gap),
		cmocka_unit_test(aligns_by_the_wall_clock),
		cmocka_unit_test(fills_idle_windows_with_zeros),
		cmocka_unit_test(leaves_idle_windows_out_on_request),
		cmocka_unit_test(says_unknown_within_a_gap),
		cmocka_unit_test(keeps_to_the_time_of_a_member),
		cmocka_unit_test(gives_a_window_to_one_owner),
		cmocka_unit_test(passes_over_what_comes_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
