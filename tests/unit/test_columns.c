// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

#include "base/units.h"
#include "model/columns.h"

#define GBIT 1000000000U

static struct columns *start(uint64_t from_ns, uint64_t until_ns, uint64_t width_ns, size_t n)
{
	struct columns *columns = NULL;

	assert_int_equal(columns_new(&columns, from_ns, until_ns, width_ns, n), 0);
	assert_int_equal(columns_count(columns), n);
	return columns;
}

static void add(struct columns *columns, uint64_t start_ns, uint64_t wire_bytes, uint64_t drops)
{
	struct window window = {.start_ns = start_ns, .drops = drops};

	window.traffic.wire_bytes = wire_bytes;
	columns_add_window(columns, &window);
}

static void refuses_nonsense(void **state)
{
	struct columns *columns = NULL;

	(void)state;
	assert_int_equal(columns_new(&columns, 10, 10, 1, 1), -EINVAL);
	assert_int_equal(columns_new(&columns, 11, 10, 1, 1), -EINVAL);
	assert_int_equal(columns_new(&columns, 0, 10, 0, 1), -EINVAL);
	assert_int_equal(columns_new(&columns, 0, 10, 1, 0), -EINVAL);
	assert_int_equal(columns_new(&columns, 0, 10, 1, 11), -EINVAL);
	assert_null(columns);
	columns_free(NULL);
}

/* Whole nanoseconds, none lost or told twice, equal to within one. */
static void cuts_the_range(void **state)
{
	static const struct {
		uint64_t from_ns, until_ns;
		size_t n;
	} cases[] = {
		{0, 1000, 7},
		{1700000000123456789, 1700000000123456789 + 1048, 1047},
		{1700000000000000001, 1700000000000000001 + 3 * 86400 * NSEC_PER_SEC, 4000},
		{UINT64_MAX - 99, UINT64_MAX, 13},
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		uint64_t span_ns = cases[c].until_ns - cases[c].from_ns, at = cases[c].from_ns;
		struct columns *columns = start(cases[c].from_ns, cases[c].until_ns, 1, cases[c].n);

		for (size_t i = 0; i < cases[c].n; i++) {
			struct column column = columns_get(columns, i);
			uint64_t length_ns = column.until_ns - column.from_ns;

			assert_int_equal(column.from_ns, at);
			assert_in_range(length_ns, span_ns / cases[c].n, span_ns / cases[c].n + 1);
			assert_int_equal(column.known_ns, length_ns);
			/* The first and the last nanosecond of it are in it, and in no other. */
			columns_add_burst(columns, column.from_ns, column.from_ns + 1);
			assert_int_equal(columns_get(columns, i).burst_ns, 1);
			columns_add_burst(columns, column.until_ns - 1, column.until_ns);
			assert_int_equal(columns_get(columns, i).burst_ns, 2);
			at = column.until_ns;
		}
		assert_int_equal(at, cases[c].until_ns);
		assert_int_equal(columns_whole(columns).burst_ns, 2 * cases[c].n);
		columns_free(columns);
	}
}

/* 100 us at 1 Gbit/s within 10 s: a spike, and next to nothing on average. */
static void tells_a_microburst_from_its_mean(void **state)
{
	struct columns *columns = start(0, 10 * NSEC_PER_SEC, 100000, 1000);
	struct column column;

	(void)state;
	add(columns, 5 * NSEC_PER_SEC, 12500, 0);
	column = columns_get(columns, 500);
	assert_int_equal(column.max_bps, GBIT);
	assert_int_equal(column.mean_bps, GBIT / 100);
	assert_int_equal(columns_get(columns, 499).max_bps, 0);
	assert_int_equal(columns_get(columns, 501).max_bps, 0);
	column = columns_whole(columns);
	assert_int_equal(column.max_bps, GBIT);
	assert_int_equal(column.mean_bps, GBIT / 100000);
	columns_free(columns);
}

static void splits_a_window_between_columns(void **state)
{
	struct columns *columns = start(1000, 2000, 100, 10);

	(void)state;
	/* [1070, 1170) at 8 bits/ns: 30 ns in the first column, 70 in the second. */
	add(columns, 1070, 100, 0);
	assert_int_equal(columns_get(columns, 0).mean_bps, 8 * UINT64_C(300000000));
	assert_int_equal(columns_get(columns, 1).mean_bps, 8 * UINT64_C(700000000));
	assert_int_equal(columns_get(columns, 0).max_bps, 8 * UINT64_C(1000000000));
	assert_int_equal(columns_get(columns, 1).max_bps, 8 * UINT64_C(1000000000));
	assert_int_equal(columns_get(columns, 2).max_bps, 0);
	assert_int_equal(columns_whole(columns).mean_bps, 8 * UINT64_C(100000000));
	columns_free(columns);
}

/* A step of its own width, level over every column that lies within it. */
static void draws_a_wide_window_as_a_step(void **state)
{
	struct columns *columns = start(0, 2 * NSEC_PER_MSEC, 100000, 1047);

	(void)state;
	add(columns, 300000, 12501, 0);
	for (size_t i = 0; i < 1047; i++) {
		struct column column = columns_get(columns, i);
		bool is_within = column.from_ns >= 300000 && column.until_ns <= 400000;
		bool overlaps = column.until_ns > 300000 && column.from_ns < 400000;

		assert_int_equal(column.max_bps, overlaps ? 1000080000 : 0);
		if (is_within)
			assert_int_equal(column.mean_bps, 1000080000);
		else
			assert_true(column.mean_bps < 1000080000);
	}
	assert_int_equal(columns_whole(columns).mean_bps, 1000080000 / 20);
	columns_free(columns);
}

static void does_not_depend_on_order(void **state)
{
	enum { WINDOWS = 1000 };
	struct columns *one = start(0, 100007, 100, 97), *other = start(0, 100007, 100, 97);

	(void)state;
	for (size_t i = 0; i < WINDOWS; i++) {
		size_t j = i * 7 % WINDOWS;

		add(one, 100 * i, i * i, i % 3);
		add(other, 100 * j, j * j, j % 3);
	}
	for (size_t i = 0; i < 97; i++) {
		struct column a = columns_get(one, i), b = columns_get(other, i);

		assert_memory_equal(&a, &b, sizeof(a));
		assert_true(a.mean_bps <= a.max_bps);
	}
	columns_free(one);
	columns_free(other);
}

/* Only the part within the range counts, and nothing of what lies outside. */
static void clips_to_the_range(void **state)
{
	struct columns *columns = start(1000, 2000, 100, 10);

	(void)state;
	add(columns, 950, 100, 1);
	add(columns, 1990, 100, 2);
	add(columns, 900, 77, 4);
	add(columns, 2000, 77, 8);
	add(columns, 0, 77, 16);
	add(columns, UINT64_MAX - 3, 77, 32);
	assert_int_equal(columns_get(columns, 0).mean_bps, 8 * UINT64_C(500000000));
	assert_int_equal(columns_get(columns, 9).mean_bps, 8 * UINT64_C(100000000));
	assert_int_equal(columns_get(columns, 0).drops, 1);
	assert_int_equal(columns_get(columns, 9).drops, 2);
	assert_int_equal(columns_whole(columns).drops, 3);
	assert_int_equal(columns_whole(columns).mean_bps, 8 * UINT64_C(60000000));
	columns_add_burst(columns, 0, 1001);
	columns_add_burst(columns, 1950, UINT64_MAX);
	columns_add_burst(columns, 1500, 1500);
	assert_int_equal(columns_get(columns, 0).burst_ns, 1);
	assert_int_equal(columns_whole(columns).burst_ns, 51);
	columns_free(columns);
}

/* Idle time counts in the mean, unknown time does not. */
static void leaves_unknown_time_out(void **state)
{
	struct columns *columns = start(0, 1000, 10, 10);
	struct column column;

	(void)state;
	assert_int_equal(columns_add_gap(columns, 50, 250), 0);
	add(columns, 0, 10, 0);
	column = columns_get(columns, 0);
	assert_int_equal(column.known_ns, 50);
	assert_int_equal(column.mean_bps, 8 * UINT64_C(200000000));
	column = columns_get(columns, 1);
	assert_int_equal(column.known_ns, 0);
	assert_int_equal(column.mean_bps, 0);
	assert_int_equal(columns_get(columns, 2).known_ns, 50);
	assert_int_equal(columns_whole(columns).known_ns, 800);
	assert_int_equal(columns_whole(columns).mean_bps, 8 * UINT64_C(12500000));
	columns_free(columns);
}

/* What was seen of such a window is a lower bound, so no part of a mean. */
static void takes_a_window_in_a_gap_for_unknown(void **state)
{
	struct columns *columns = start(0, 1000, 100, 100);

	(void)state;
	assert_int_equal(columns_add_gap(columns, 350, 360), 0);
	add(columns, 300, 100, 5);
	add(columns, 400, 100, 0);
	for (size_t i = 30; i < 40; i++) {
		assert_int_equal(columns_get(columns, i).known_ns, 0);
		assert_int_equal(columns_get(columns, i).mean_bps, 0);
		assert_int_equal(columns_get(columns, i).max_bps, 8 * UINT64_C(1000000000));
	}
	assert_int_equal(columns_get(columns, 35).drops, 5);
	assert_int_equal(columns_get(columns, 29).known_ns, 10);
	/* Its neighbour only touches the edge of it. */
	assert_int_equal(columns_get(columns, 40).known_ns, 10);
	assert_int_equal(columns_get(columns, 40).mean_bps, 8 * UINT64_C(1000000000));
	columns_free(columns);
}

static void merges_gaps(void **state)
{
	struct columns *columns = start(1000, 2000, 10, 1);

	(void)state;
	assert_int_equal(columns_add_gap(columns, 1100, 1200), 0);
	assert_int_equal(columns_add_gap(columns, 1500, 1600), 0);
	assert_int_equal(columns_whole(columns).known_ns, 800);
	assert_int_equal(columns_add_gap(columns, 1300, 1310), 0);
	assert_int_equal(columns_add_gap(columns, 1150, 1200), 0);
	assert_int_equal(columns_whole(columns).known_ns, 790);
	assert_int_equal(columns_add_gap(columns, 1200, 1300), 0);
	assert_int_equal(columns_whole(columns).known_ns, 690);
	assert_int_equal(columns_add_gap(columns, 1050, 1550), 0);
	assert_int_equal(columns_whole(columns).known_ns, 450);
	assert_int_equal(columns_add_gap(columns, 1700, 1700), 0);
	assert_int_equal(columns_add_gap(columns, 1800, 1700), 0);
	assert_int_equal(columns_add_gap(columns, 0, 900), 0);
	assert_int_equal(columns_add_gap(columns, 2000, 3000), 0);
	assert_int_equal(columns_whole(columns).known_ns, 450);
	assert_int_equal(columns_add_gap(columns, 0, UINT64_MAX), 0);
	assert_int_equal(columns_whole(columns).known_ns, 0);
	columns_free(columns);
}

/* Against a map of single nanoseconds. */
static void merges_gaps_as_a_map_would(void **state)
{
	enum { SPAN = 500, ROUNDS = 200 };

	(void)state;
	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		struct columns *columns = start(SPAN, 2 * SPAN, 1, 50);
		bool is_unknown[3 * SPAN] = {false};

		for (int gap = 0; gap < 30; gap++) {
			size_t from = (size_t)random() % (3 * SPAN);
			size_t until = from + (size_t)random() % 20;

			until = until < 3 * SPAN ? until : 3 * SPAN;
			assert_int_equal(columns_add_gap(columns, from, until), 0);
			for (size_t i = from; i < until; i++)
				is_unknown[i] = true;
		}
		for (size_t i = 0; i < 50; i++) {
			struct column column = columns_get(columns, i);
			uint64_t known_ns = 0;

			for (uint64_t t = column.from_ns; t < column.until_ns; t++)
				known_ns += !is_unknown[t];
			assert_int_equal(column.known_ns, known_ns);
		}
		columns_free(columns);
	}
}

/* A gap told too late: never a mean above the maximum. */
static void bounds_the_mean(void **state)
{
	struct columns *columns = start(0, 1000, 100, 10);

	(void)state;
	add(columns, 0, 100, 0);
	assert_int_equal(columns_add_gap(columns, 10, 90), 0);
	assert_int_equal(columns_get(columns, 0).mean_bps, columns_get(columns, 0).max_bps);
	columns_free(columns);
}

/* Sums of 400 Gbit/s over days do not overflow. */
static void takes_days_of_traffic(void **state)
{
	enum { DAYS = 30 };
	struct columns *columns = start(0, DAYS * 86400 * NSEC_PER_SEC, NSEC_PER_SEC, 1);

	(void)state;
	for (uint64_t second = 0; second < DAYS * 86400; second++)
		add(columns, second * NSEC_PER_SEC, 50 * UINT64_C(1000000000), 1);
	assert_int_equal(columns_whole(columns).mean_bps, 400 * UINT64_C(1000000000));
	assert_int_equal(columns_whole(columns).drops, DAYS * 86400);
	columns_free(columns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test(cuts_the_range),
		cmocka_unit_test(tells_a_microburst_from_its_mean),
		cmocka_unit_test(splits_a_window_between_columns),
		cmocka_unit_test(draws_a_wide_window_as_a_step),
		cmocka_unit_test(does_not_depend_on_order),
		cmocka_unit_test(clips_to_the_range),
		cmocka_unit_test(leaves_unknown_time_out),
		cmocka_unit_test(takes_a_window_in_a_gap_for_unknown),
		cmocka_unit_test(merges_gaps),
		cmocka_unit_test(merges_gaps_as_a_map_would),
		cmocka_unit_test(bounds_the_mean),
		cmocka_unit_test(takes_days_of_traffic),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
