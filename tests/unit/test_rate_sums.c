// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/rate_sums: intervals, members and gaps at their borders; test_rate_sums_naive.c has the rest. */
#include "tests/unit/support.h"

#include "model/rate_sums.h"

#define W 100U

struct told {
	struct rate rates[16];
	size_t n_rates[8]; /* of each interval */
	size_t n, n_all;
	int stop_after, ret; /* after so many intervals, ret */
};

static struct told told;

static int note(void *context, const struct rate *rates, size_t n)
{
	struct told *to = context;

	assert_true(to->n < ARRAY_SIZE(to->n_rates));
	assert_true(to->n_all + n <= ARRAY_SIZE(to->rates));
	for (size_t i = 0; i < n; i++)
		to->rates[to->n_all++] = rates[i];
	to->n_rates[to->n++] = n;
	return to->stop_after && (int)to->n >= to->stop_after ? to->ret : 0;
}

static struct rate_sums *start(uint64_t interval_ns)
{
	struct rate_sums *sums = NULL;

	told = (struct told){0};
	assert_int_equal(rate_sums_new(&sums, 1000, interval_ns, note, &told), 0);
	return sums;
}

static struct window window(uint64_t start_ns, uint32_t slot, uint32_t direction, uint64_t packets)
{
	return (struct window){start_ns,
			       slot,
			       direction,
			       {packets, 10 * packets, packets + 1, 20 * packets},
			       packets / 2};
}

#define SPAN(from, until, windows, gaps, members)                                              \
	(struct series_span)                                                                   \
	{                                                                                      \
		from, until, W, windows, ARRAY_SIZE(windows), gaps, ARRAY_SIZE(gaps), members, \
			ARRAY_SIZE(members), false, NULL, 0, NULL, 0, NULL, 0,                 \
		{                                                                              \
			0, 0                                                                   \
		}                                                                              \
	}

static const struct series_member one[] = {{1, 5, "a", 0, SERIES_STAYS}};
static const struct window no_windows[0];
static const struct window_gap no_gaps[0];

static void expect_rate(size_t i, uint32_t ifindex, uint64_t start_ns, uint64_t interval_ns,
			uint64_t rx_packets)
{
	const struct rate *rate = &told.rates[i];

	assert_true(i < told.n_all);
	if (rate->ifindex != ifindex || rate->start_wall_ns != start_ns ||
	    rate->interval_ns != interval_ns || rate->delta.traffic[0].packets != rx_packets)
		fail_msg("rate %zu: %u at %" PRIu64 " for %" PRIu64 ", %" PRIu64 " packets", i,
			 rate->ifindex, rate->start_wall_ns, rate->interval_ns,
			 (uint64_t)rate->delta.traffic[0].packets);
}

static void adds_up_an_interval(void **state)
{
	const struct window windows[] = {window(1000, 1, 0, 1), window(1000, 1, 1, 2),
					 window(1200, 1, 0, 7), window(1400, 1, 0, 3)};
	const struct series_span span = SPAN(1000, 1500, windows, no_gaps, one);
	struct rate_sums *sums = start(300);
	const struct rate *rate = told.rates;

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(told.n, 1);
	expect_rate(0, 5, 1000, 300, 8);
	assert_string_equal(rate->ifname, "a");
	assert_int_equal(rate->slot, 1);
	assert_int_equal(rate->delta.traffic[0].bytes, 80);
	assert_int_equal(rate->delta.traffic[0].wire_packets, 10);
	assert_int_equal(rate->delta.traffic[0].wire_bytes, 160);
	assert_int_equal(rate->delta.traffic[1].wire_bytes, 40);
	assert_int_equal(rate->delta.drops[0], 3);
	assert_int_equal(rate->delta.drops[1], 1);
	/* 160 and 40 bytes in 300 ns; at most 140 and 40 in 100 ns. */
	assert_int_equal(rate->bps[0], 4266666667);
	assert_int_equal(rate->bps[1], 1066666667);
	assert_true(rate->has_peak);
	assert_int_equal(rate->peak_bps[0], 11200000000);
	assert_int_equal(rate->peak_bps[1], 3200000000);
	assert_false(rate->is_unknown);
	/* The rest as far as it goes, once. */
	assert_int_equal(rate_sums_finish(sums), 0);
	assert_int_equal(rate_sums_finish(sums), 0);
	assert_int_equal(told.n, 2);
	expect_rate(1, 5, 1300, 200, 3);
	rate_sums_free(sums);
}

static void tells_idle_intervals(void **state)
{
	const struct series_span span = SPAN(1000, 1600, no_windows, no_gaps, one);
	struct rate_sums *sums = start(300);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(rate_sums_finish(sums), 0);
	assert_int_equal(told.n, 2);
	expect_rate(0, 5, 1000, 300, 0);
	expect_rate(1, 5, 1300, 300, 0);
	assert_true(told.rates[1].has_peak);
	assert_int_equal(told.rates[1].peak_bps[0], 0);
	rate_sums_free(sums);
}

static void tells_nothing_of_nothing(void **state)
{
	const struct series_span empty = SPAN(1000, 1000, no_windows, no_gaps, one);
	const struct series_span nobody = {1000,  1200, W, NULL, 0, NULL, 0, NULL,  0,
					   false, NULL, 0, NULL, 0, NULL, 0, {0, 0}};
	struct rate_sums *sums = start(100);

	(void)state;
	assert_int_equal(rate_sums_finish(sums), 0);
	assert_int_equal(rate_sums_take(sums, &empty), 0);
	assert_int_equal(rate_sums_finish(sums), 0);
	assert_int_equal(told.n, 0);
	/* Without interfaces there are intervals none the less. */
	assert_int_equal(rate_sums_take(sums, &nobody), 0);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.n_all, 0);
	rate_sums_free(sums);
	rate_sums_free(NULL);
}

static void takes_an_interval_longer_than_everything(void **state)
{
	static const uint64_t intervals[] = {W * 1000, INT64_MAX / W * W, UINT64_MAX};
	const struct window windows[] = {window(1000, 1, 0, 1), window(1900, 1, 0, 2)};
	const struct series_span span = SPAN(1000, 2000, windows, no_gaps, one);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		struct rate_sums *sums = start(intervals[i]);

		assert_int_equal(rate_sums_take(sums, &span), 0);
		assert_int_equal(told.n, 0);
		assert_int_equal(rate_sums_finish(sums), 0);
		assert_int_equal(told.n, 1);
		expect_rate(0, 5, 1000, 1000, 3);
		rate_sums_free(sums);
	}
}

static void ends_when_the_callback_says_so(void **state)
{
	const struct window windows[] = {window(1000, 1, 0, 1), window(1100, 1, 0, 2),
					 window(1200, 1, 0, 4)};
	const struct series_span span = SPAN(1000, 1300, windows, no_gaps, one);
	struct rate_sums *sums = start(100);

	(void)state;
	told.stop_after = 2;
	told.ret = -7;
	assert_int_equal(rate_sums_take(sums, &span), -7);
	assert_int_equal(told.n, 2);
	/* Nothing of the third has been taken. */
	assert_int_equal(rate_sums_finish(sums), 0);
	assert_int_equal(told.n, 2);
	rate_sums_free(sums);

	sums = start(10000);
	told.stop_after = 1;
	told.ret = 3;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(rate_sums_finish(sums), 3);
	assert_int_equal(told.n, 1);
	rate_sums_free(sums);
}

/* As series_walk() has it: that a window is touched is enough. */
static void keeps_to_the_time_of_a_member(void **state)
{
	const struct series_member members[] = {
		{1, 5, "a", 1050, 1200}, {1, 6, "b", 1450, 1520}, {2, 7, "c", 1100, SERIES_STAYS}};
	const struct window windows[] = {window(1000, 1, 0, 1),  window(1100, 1, 0, 2),
					 window(1200, 1, 0, 4),  window(1300, 1, 0, 8),
					 window(1400, 1, 0, 16), window(1500, 1, 0, 32),
					 window(1500, 9, 0, 64), window(1600, 1, 0, 128)};
	const struct series_span span = SPAN(1000, 1800, windows, no_gaps, members);
	struct rate_sums *sums = start(200);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(told.n, 4);
	assert_int_equal(told.n_all, 7);
	expect_rate(0, 5, 1050, 150, 3);
	expect_rate(1, 7, 1100, 100, 0);
	/* It ended just when the window began: of no time, but of packets. */
	expect_rate(2, 5, 1200, 0, 4);
	assert_int_equal(told.rates[2].bps[0], 0);
	expect_rate(3, 7, 1200, 200, 0);
	/* Not what was nobody's before, nor after. */
	expect_rate(4, 6, 1450, 70, 48);
	expect_rate(5, 7, 1400, 200, 0);
	expect_rate(6, 7, 1600, 200, 0);
	rate_sums_free(sums);
}

static void says_nothing_of_those_that_were_not_there(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 0, 1200}, {2, 6, "b", 1400, 1500}};
	const struct series_span span = SPAN(1000, 1600, no_windows, no_gaps, members);
	struct rate_sums *sums = start(200);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.n_rates[0], 1);
	assert_int_equal(told.n_rates[1], 0);
	assert_int_equal(told.n_rates[2], 1);
	expect_rate(1, 6, 1400, 100, 0);
	rate_sums_free(sums);
}

/* Neither gets what the other carried, within an interval and within a window. */
static void tells_apart_who_had_a_slot(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 0, 1110}, {1, 4, "b", 1130, 1250}};
	const struct window windows[] = {window(1000, 1, 0, 1), window(1100, 1, 0, 2),
					 window(1200, 1, 0, 4)};
	const struct series_span span = SPAN(1000, 1400, windows, no_gaps, members);
	struct rate_sums *sums = start(400);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(told.n_all, 2);
	expect_rate(0, 5, 1000, 110, 3);
	assert_string_equal(told.rates[0].ifname, "a");
	expect_rate(1, 4, 1130, 120, 4);
	assert_string_equal(told.rates[1].ifname, "b");
	rate_sums_free(sums);
}

/* The same ifindex and name, but in another namespace. */
static void tells_apart_who_had_a_slot_in_two_namespaces(void **state)
{
	const struct series_member members[] = {{1, 5, "a", 0, 1110, "db"},
						{1, 5, "a", 1130, 1250, "web"}};
	const struct window windows[] = {window(1000, 1, 0, 1), window(1100, 1, 0, 2),
					 window(1200, 1, 0, 4)};
	const struct series_span span = SPAN(1000, 1400, windows, no_gaps, members);
	struct rate_sums *sums = start(400);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(told.n_all, 2);
	expect_rate(0, 5, 1000, 110, 3);
	assert_string_equal(told.rates[0].netns, "db");
	expect_rate(1, 5, 1130, 120, 4);
	assert_string_equal(told.rates[1].netns, "web");
	rate_sums_free(sums);
}

static void follows_names(void **state)
{
	const struct series_member renamed[] = {{1, 5, "b", 0, SERIES_STAYS}};
	const struct window windows[] = {window(1000, 1, 0, 1)};
	const struct window more[] = {window(1100, 1, 0, 2)};
	const struct series_span first = SPAN(1000, 1100, windows, no_gaps, one);
	const struct series_span second = SPAN(1100, 1200, more, no_gaps, renamed);
	struct rate_sums *sums = start(200);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &first), 0);
	assert_int_equal(rate_sums_take(sums, &second), 0);
	assert_int_equal(told.n_all, 1);
	expect_rate(0, 5, 1000, 200, 3);
	assert_string_equal(told.rates[0].ifname, "b");
	rate_sums_free(sums);
}

static void tells_in_order_of_slot(void **state)
{
	const struct series_member members[] = {{9, 1, "a", 0, SERIES_STAYS},
						{700, 2, "b", 0, SERIES_STAYS},
						{3, 3, "c", 0, SERIES_STAYS}};
	const struct series_span span = SPAN(1000, 1100, no_windows, no_gaps, members);
	struct rate_sums *sums = start(100);

	(void)state;
	assert_int_equal(rate_sums_take(sums, &span), 0);
	assert_int_equal(told.n_all, 3);
	expect_rate(0, 3, 1000, 100, 0);
	expect_rate(1, 1, 1000, 100, 0);
	expect_rate(2, 2, 1000, 100, 0);
	rate_sums_free(sums);
}

static void knows_what_a_gap_touches(void **state)
{
	static const struct {
		struct window_gap gap;
		const char *unknown; /* of intervals of 200 from 1000 on */
	} cases[] = {
		{{0, 1000}, "...."},    {{0, 1001}, "u..."},    {{1199, 1200}, "u..."},
		{{1200, 1201}, ".u.."}, {{1150, 1250}, "uu.."}, {{1000, 1800}, "uuuu"},
		{{1399, 1601}, ".uuu"}, {{1799, 5000}, "...u"}, {{1800, 5000}, "...."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct series_span span = {1000,  1800, W, NULL, 0, &cases[i].gap, 1, one,   1,
					   false, NULL, 0, NULL, 0, NULL,          0, {0, 0}};
		struct rate_sums *sums = start(200);
		char got[5] = "";

		assert_int_equal(rate_sums_take(sums, &span), 0);
		assert_int_equal(told.n_all, 4);
		for (size_t k = 0; k < 4; k++) {
			got[k] = told.rates[k].is_unknown ? 'u' : '.';
			assert_int_equal(told.rates[k].has_peak, !told.rates[k].is_unknown);
		}
		expect_text(cases[i].unknown, got, cases[i].unknown);
		rate_sums_free(sums);
	}
}

/* A gap ends when the log was read, which is after the span that tells of it. */
static void remembers_gaps_that_reach_further(void **state)
{
	const struct window_gap gaps[] = {{1150, 1450}, {1650, 1700}};
	const struct series_span spans[] = {SPAN(1000, 1200, no_windows, gaps, one),
					    SPAN(1200, 1200, no_windows, no_gaps, one),
					    SPAN(1200, 1300, no_windows, no_gaps, one),
					    SPAN(1300, 1800, no_windows, no_gaps, one)};
	static const bool unknown[] = {false, true, true, true, true, false, true, false};
	struct rate_sums *sums = start(100);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		assert_int_equal(rate_sums_take(sums, &spans[i]), 0);
	assert_int_equal(told.n_all, ARRAY_SIZE(unknown));
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		if (told.rates[i].is_unknown != unknown[i])
			fail_msg("interval %zu", i);
	rate_sums_free(sums);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_an_interval),
		cmocka_unit_test(tells_idle_intervals),
		cmocka_unit_test(tells_nothing_of_nothing),
		cmocka_unit_test(takes_an_interval_longer_than_everything),
		cmocka_unit_test(ends_when_the_callback_says_so),
		cmocka_unit_test(keeps_to_the_time_of_a_member),
		cmocka_unit_test(says_nothing_of_those_that_were_not_there),
		cmocka_unit_test(tells_apart_who_had_a_slot),
		cmocka_unit_test(tells_apart_who_had_a_slot_in_two_namespaces),
		cmocka_unit_test(follows_names),
		cmocka_unit_test(tells_in_order_of_slot),
		cmocka_unit_test(knows_what_a_gap_touches),
		cmocka_unit_test(remembers_gaps_that_reach_further),
	};

	return cmocka_run_group_tests_name("rate_sums", tests, NULL, NULL);
}
