// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/rate and model/counters */
#include "tests/unit/support.h"

#include "model/rate.h"

/* Ten numbers that all differ, each a multiple of `factor`. */
static struct interface_counters counters(uint64_t factor)
{
	return (struct interface_counters){
		.traffic = {{1 * factor, 2 * factor, 3 * factor, 4 * factor},
			    {5 * factor, 6 * factor, 7 * factor, 8 * factor}},
		.drops = {9 * factor, 10 * factor},
	};
}

static void adds_member_by_member(void **state)
{
	struct interface_counters sum = counters(1), add = counters(100), wanted = counters(101);

	(void)state;
	counters_add(&sum, &add);
	assert_memory_equal(&sum, &wanted, sizeof(sum));
}

static void subtracts_member_by_member(void **state)
{
	struct interface_counters before = counters(7), after = counters(1007), zero = {0};
	struct interface_counters delta = counters_delta(&before, &after), wanted = counters(1000);

	(void)state;
	assert_memory_equal(&delta, &wanted, sizeof(delta));
	delta = counters_delta(&after, &after);
	assert_memory_equal(&delta, &zero, sizeof(delta));
	/* To the last count that fits. */
	before = zero;
	memset(&after, 0xff, sizeof(after));
	delta = counters_delta(&before, &after);
	assert_memory_equal(&delta, &after, sizeof(delta));
}

static void counts_per_second(void **state)
{
	static const struct {
		uint64_t count, interval_ns, per_second;
	} cases[] = {
		{0, 1000000000, 0},
		{1000, 1000000000, 1000},
		{1000, 0, 0},
		{0, 0, 0},
		{1, 100000000, 10},
		{7, 3000000000, 2}, /* 2.33 */
		{8, 3000000000, 3}, /* 2.67 */
		{1, 2000000001, 0}, /* just below one half */
		{1, 1999999999, 1}, /* just above */
		{1, 1, 1000000000},
		{UINT64_MAX, 1000000000, UINT64_MAX},
		{UINT64_MAX, 2000000000, UINT64_C(9223372036854775808)}, /* 2^63 - 1/2, nearest */
		{UINT64_MAX, UINT64_MAX, 1000000000},
		{1, UINT64_MAX, 0},
		/* What does not fit stays at the most. */
		{UINT64_MAX, 999999999, UINT64_MAX},
		{UINT64_MAX, 1, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		expect_number(what, rate_per_second(cases[i].count, cases[i].interval_ns),
			      cases[i].per_second);
	}
}

static void rates_between_two_readings(void **state)
{
	const struct rate_reading before = {5000000000, 1700000000000000000, counters(1)};
	/* A step of the wall clock in between has no effect. */
	const struct rate_reading after = {5250000000, 1600000000000000000, counters(1001)};
	const struct interface_counters wanted = counters(1000);
	struct rate rate = {.ifindex = 3, .ifname = "eth0", .in_total = true};

	(void)state;
	rate_between(&rate, &before, &after);
	assert_int_equal(rate.start_wall_ns, 1700000000000000000);
	assert_int_equal(rate.interval_ns, 250000000);
	assert_memory_equal(&rate.delta, &wanted, sizeof(wanted));
	/* 4000 and 8000 wire bytes in a quarter of a second */
	assert_int_equal(rate.bps[DIRECTION_INGRESS], 128000);
	assert_int_equal(rate.bps[DIRECTION_EGRESS], 256000);
	assert_int_equal(rate.ifindex, 3);
	assert_string_equal(rate.ifname, "eth0");
	assert_true(rate.in_total);
}

static void rates_an_empty_interval(void **state)
{
	const struct rate_reading reading = {5000000000, 1700000000000000000, counters(1)};
	struct rate rate = {0};

	(void)state;
	rate_between(&rate, &reading, &reading);
	assert_int_equal(rate.interval_ns, 0);
	assert_int_equal(rate.bps[DIRECTION_INGRESS], 0);
	assert_int_equal(rate.delta.traffic[DIRECTION_EGRESS].wire_bytes, 0);
}

static void totals_those_that_belong(void **state)
{
	const struct rate rates[] = {
		{.ifindex = 1, .delta = counters(1), .in_total = true, .interval_ns = 1},
		{.ifindex = 2, .delta = counters(10), .in_total = false},
		/* Came later: less time, but what it carried counts in full. */
		{.ifindex = 3, .delta = counters(100), .in_total = true, .interval_ns = 5},
	};
	const struct interface_counters wanted = counters(101);
	struct rate total;

	(void)state;
	memset(&total, 0xff, sizeof(total));
	rate_total(&total, rates, ARRAY_SIZE(rates), 1700000000000000000, 500000000);
	assert_memory_equal(&total.delta, &wanted, sizeof(wanted));
	assert_int_equal(total.ifindex, 0);
	assert_int_equal(total.start_wall_ns, 1700000000000000000);
	assert_int_equal(total.interval_ns, 500000000);
	/* 404 and 808 wire bytes in half a second */
	assert_int_equal(total.bps[DIRECTION_INGRESS], 6464);
	assert_int_equal(total.bps[DIRECTION_EGRESS], 12928);
	assert_int_not_equal(total.ifname[0], '\0');
}

/* Of an interval that a gap touches, what one carried is not known, so nor is what all did. */
static void totals_the_unknown_as_unknown(void **state)
{
	struct rate rates[] = {
		{.ifindex = 1, .in_total = true},
		{.ifindex = 2, .in_total = false, .is_unknown = true},
	};
	struct rate total;

	(void)state;
	rate_total(&total, rates, ARRAY_SIZE(rates), 1, 1000);
	assert_false(total.is_unknown);
	rates[1].in_total = true;
	rate_total(&total, rates, ARRAY_SIZE(rates), 1, 1000);
	assert_true(total.is_unknown);
	assert_false(total.has_peak);
}

static void totals_nothing(void **state)
{
	const struct interface_counters zero = {0};
	struct rate total;

	(void)state;
	memset(&total, 0xff, sizeof(total));
	rate_total(&total, NULL, 0, 1, 1000000000);
	assert_memory_equal(&total.delta, &zero, sizeof(zero));
	assert_int_equal(total.bps[DIRECTION_INGRESS], 0);
	assert_int_equal(total.bps[DIRECTION_EGRESS], 0);
	assert_int_equal(total.ifindex, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_member_by_member),
		cmocka_unit_test(subtracts_member_by_member),
		cmocka_unit_test(counts_per_second),
		cmocka_unit_test(rates_between_two_readings),
		cmocka_unit_test(rates_an_empty_interval),
		cmocka_unit_test(totals_those_that_belong),
		cmocka_unit_test(totals_the_unknown_as_unknown),
		cmocka_unit_test(totals_nothing),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
