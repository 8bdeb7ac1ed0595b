// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "out/plot_scale.h"

#define MINUTE_NS (60 * NSEC_PER_SEC)
#define HOUR_NS (60 * MINUTE_NS)
#define DAY_NS (24 * HOUR_NS)

static void steps_by_one_two_five(void **state)
{
	static const struct {
		uint64_t span, max_steps, step;
	} cases[] = {
		{0, 4, 1},
		{1, 4, 1},
		{4, 4, 1},
		{5, 4, 2},
		{10, 5, 2},
		{12, 5, 5},
		{999999999, 4, 200000000},
		{1062500000, 4, 500000000},
		{UINT64_MAX, 4, UINT64_C(5000000000000000000)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(plot_scale_step(cases[i].span, cases[i].max_steps), cases[i].step);
	assert_true(plot_scale_step(UINT64_MAX, 1) >= UINT64_MAX / 2);
}

static void steps_through_time(void **state)
{
	static const struct {
		uint64_t span_ns, step_ns;
		const char *unit;
	} cases[] = {
		{2 * NSEC_PER_MSEC, 200 * NSEC_PER_USEC, "us"},
		{5 * NSEC_PER_MSEC, 500 * NSEC_PER_USEC, "ms"},
		{100 * NSEC_PER_MSEC, 10 * NSEC_PER_MSEC, "ms"},
		{NSEC_PER_SEC, 100 * NSEC_PER_MSEC, "ms"},
		{5 * NSEC_PER_SEC, 500 * NSEC_PER_MSEC, "s"},
		{10 * NSEC_PER_SEC, NSEC_PER_SEC, "s"},
		{MINUTE_NS, 10 * NSEC_PER_SEC, "s"},
		{3 * MINUTE_NS, 30 * NSEC_PER_SEC, "s"},
		{10 * MINUTE_NS, MINUTE_NS, "min"},
		{2 * HOUR_NS, 15 * MINUTE_NS, "min"},
		{6 * HOUR_NS, HOUR_NS, "h"},
		{3 * DAY_NS, 12 * HOUR_NS, "h"},
		{10 * DAY_NS, DAY_NS, "d"},
		{365 * DAY_NS, 50 * DAY_NS, "d"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t step_ns = plot_scale_time_step(cases[i].span_ns, 10);

		expect_number(cases[i].unit, step_ns, cases[i].step_ns);
		expect_text("unit", plot_scale_time_unit(cases[i].span_ns, step_ns).name,
			    cases[i].unit);
	}
}

static void labels_rates(void **state)
{
	static const struct {
		uint64_t top_bps, value;
		const char *number, *unit;
	} cases[] = {
		{1000000000, 500000000, "0.5", "Gbit/s"},
		{800000000, 200000000, "200", "Mbit/s"},
		{20, 5, "5", "bit/s"},
		{25000000000, 0, "0", "Gbit/s"},
		{5000, 2500, "2.5", "kbit/s"},
		{0, 0, "0", "bit/s"},
		{UINT64_MAX, 5000000000000000000, "5", "Ebit/s"},
	};
	char text[UNITS_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plot_unit unit = plot_scale_rate_unit(cases[i].top_bps);

		expect_text("unit", unit.name, cases[i].unit);
		expect_text("number", plot_scale_number(text, cases[i].value, &unit),
			    cases[i].number);
	}
}

static void trims_rates(void **state)
{
	static const struct {
		uint64_t bps;
		const char *text;
	} cases[] = {
		{0, "0 bit/s"},
		{100, "100 bit/s"},
		{1000, "1 kbit/s"},
		{500000000, "500 Mbit/s"},
		{1500000000, "1.5 Gbit/s"},
		{989700000, "989.7 Mbit/s"},
		{9410000000, "9.41 Gbit/s"},
		{10000000000, "10 Gbit/s"},
	};
	char text[UNITS_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_text("rate", plot_scale_rate(text, cases[i].bps), cases[i].text);
}

static void tells_durations(void **state)
{
	static const struct {
		uint64_t time_ns;
		const char *text;
	} cases[] = {
		{0, "0 ns"},
		{200 * NSEC_PER_USEC, "200 us"},
		{9487666, "9.49 ms"},
		{999999, "1 ms"},
		{10 * NSEC_PER_SEC, "10 s"},
		{MINUTE_NS - 1, "1 min"},
		{MINUTE_NS, "1 min"},
		{MINUTE_NS + 30 * NSEC_PER_SEC, "1 min 30 s"},
		{HOUR_NS - 1, "1 h"},
		{90 * MINUTE_NS, "1 h 30 min"},
		{DAY_NS - 1, "1 d"},
		{3 * DAY_NS, "3 d"},
		{3 * DAY_NS + 5 * HOUR_NS + 40 * MINUTE_NS, "3 d 6 h"},
	};
	char text[UNITS_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_text("duration", plot_scale_duration(text, cases[i].time_ns), cases[i].text);
	assert_true(strlen(plot_scale_duration(text, UINT64_MAX)) < UNITS_TEXT_SIZE);
}

static void tells_counts_and_clock_times(void **state)
{
	char text[UNITS_TEXT_SIZE];

	(void)state;
	expect_text("count", plot_scale_count(text, 0), "0");
	expect_text("count", plot_scale_count(text, 99999), "99999");
	expect_text("count", plot_scale_count(text, 123456), "123 k");
	expect_text("count", plot_scale_count(text, 4500000), "4.5 M");
	expect_text("count", plot_scale_count(text, 999999), "1 M");
	expect_text("clock", plot_scale_clock(text, 1769862896 * NSEC_PER_SEC, false), "12:34:56");
	expect_text("clock", plot_scale_clock(text, 1769862896 * NSEC_PER_SEC - 1, false),
		    "12:34:56");
	expect_text("clock", plot_scale_clock(text, 1769862896 * NSEC_PER_SEC, true),
		    "01-31 12:34");
}

static void places_labels(void **state)
{
	struct plot_lane lane = {.from = 10, .until = 110, .gap = 5};
	double from = -1;

	(void)state;
	assert_true(plot_lane_place(&lane, 60, 20, &from));
	assert_true(from == 50);
	/* At the ends they are moved into the lane. */
	assert_true(plot_lane_place(&lane, 10, 30, &from));
	assert_true(from == 10);
	assert_true(plot_lane_place(&lane, 300, 30, &from));
	assert_true(from == 80);
	/* Of no use: two that would overlap, one that is too near, one that is too long. */
	assert_false(plot_lane_place(&lane, 60, 20, &from));
	assert_false(plot_lane_place(&lane, 45, 4, &from));
	assert_false(plot_lane_place(&lane, 60, 101, &from));
	assert_true(from == 80);
	assert_int_equal(lane.n, 3);
}

static void never_lets_labels_overlap(void **state)
{
	(void)state;
	srandom(3);
	for (int round = 0; round < 500; round++) {
		struct plot_lane lane = {.from = 0, .until = 1000, .gap = 3};

		for (int i = 0; i < 200; i++) {
			double from = -1, width = 1 + (double)(random() % 90);

			if (!plot_lane_place(&lane, (double)(random() % 1000), width, &from))
				continue;
			assert_true(from >= 0 && from + width <= 1000);
		}
		for (size_t i = 0; i < lane.n; i++)
			for (size_t j = 0; j < i; j++)
				assert_true(lane.taken[i].from >= lane.taken[j].until + 3 ||
					    lane.taken[j].from >= lane.taken[i].until + 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_by_one_two_five),
		cmocka_unit_test(steps_through_time),
		cmocka_unit_test(labels_rates),
		cmocka_unit_test(trims_rates),
		cmocka_unit_test(tells_durations),
		cmocka_unit_test(tells_counts_and_clock_times),
		cmocka_unit_test(places_labels),
		cmocka_unit_test(never_lets_labels_overlap),
	};

	return cmocka_run_group_tests_name("plot_scale", tests, NULL, NULL);
}
