// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "model/health.h"

static const struct health_limits defaults = {HEALTH_ERROR_LIMIT_PPB, HEALTH_DROP_LIMIT_PPB};

static void has_the_limits_it_says(void **state)
{
	(void)state;
	/* 10^9 is the whole: 0.01 % and 0.1 % */
	assert_int_equal(HEALTH_ERROR_LIMIT_PPB, 1000000000 / 10000);
	assert_int_equal(HEALTH_DROP_LIMIT_PPB, 1000000000 / 1000);
}

struct threshold_case {
	uint64_t packets, errors, drops;
	enum health_verdict verdict;
	uint64_t error_ppb, drop_ppb;
};

static void judges_at_the_threshold(void **state)
{
	static const struct threshold_case cases[] = {
		{10000, 0, 0, HEALTH_OK, 0, 0},
		/* Exactly 0.01 % is not over it; one error more, or one packet less, is. */
		{10000, 1, 0, HEALTH_OK, 100000, 0},
		{10000, 2, 0, HEALTH_ERRORS, 200000, 0},
		{9999, 1, 0, HEALTH_ERRORS, 100010, 0},
		{10001, 1, 0, HEALTH_OK, 99990, 0},
		{1000, 0, 1, HEALTH_OK, 0, 1000000},
		{999, 0, 1, HEALTH_DROPS, 0, 1001001},
		{1000, 0, 2, HEALTH_DROPS, 0, 2000000},
		{10000, 1, 10, HEALTH_OK, 100000, 1000000},
		{10000, 2, 11, HEALTH_ERRORS_AND_DROPS, 200000, 1100000},
		{10000, 2, 10, HEALTH_ERRORS, 200000, 1000000},
		{10000, 1, 11, HEALTH_DROPS, 100000, 1100000},
		{1, 1, 1, HEALTH_ERRORS_AND_DROPS, 1000000000, 1000000000},
		/* There may be more of them than packets. */
		{1, 5, 0, HEALTH_ERRORS, 5000000000, 0},
		{3, 1, 0, HEALTH_ERRORS, 333333333, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct threshold_case *at = &cases[i];
		struct rtnl_link_stats64 now = {
			.rx_packets = at->packets,
			.rx_errors = at->errors,
			.rx_dropped = at->drops,
		};
		struct health health = health_judge(NULL, &now, &defaults);
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		expect_number(what, health.verdict, at->verdict);
		expect_number(what, health.error_ppb, at->error_ppb);
		expect_number(what, health.drop_ppb, at->drop_ppb);
		assert_true(health.has_rates);
	}
}

static void adds_up_what_belongs_together(void **state)
{
	const struct rtnl_link_stats64 now = {
		.rx_packets = 1000,
		.tx_packets = 20000,
		.rx_errors = 1,
		.tx_errors = 20,
		.rx_dropped = 300,
		.tx_dropped = 4000,
		.rx_missed_errors = 50000,
		/* Parts of the above, or no part at all. */
		.multicast = 7,
		.collisions = 7,
		.rx_length_errors = 7,
		.rx_over_errors = 7,
		.rx_crc_errors = 7,
		.rx_frame_errors = 7,
		.rx_fifo_errors = 7,
		.tx_aborted_errors = 7,
		.tx_carrier_errors = 7,
		.rx_nohandler = 7,
	};
	struct health health = health_judge(NULL, &now, &defaults);

	(void)state;
	assert_int_equal(health.rx_packets, 1000);
	assert_int_equal(health.tx_packets, 20000);
	assert_int_equal(health.errors, 21);
	assert_int_equal(health.drops, 54300);
	/* 21 / 21000 = 0.1 % */
	assert_int_equal(health.error_ppb, 1000000);
}

static void judges_an_interval(void **state)
{
	const struct rtnl_link_stats64 before = {
		.rx_packets = 100,
		.tx_packets = 200,
		.rx_errors = 90,
		.tx_dropped = 80,
	};
	struct rtnl_link_stats64 now = {
		.rx_packets = 600,
		.tx_packets = 700,
		.rx_errors = 91,
		.tx_dropped = 80,
	};
	struct health health = health_judge(&before, &now, &defaults);

	(void)state;
	assert_int_equal(health.rx_packets, 500);
	assert_int_equal(health.tx_packets, 500);
	assert_int_equal(health.errors, 1);
	assert_int_equal(health.drops, 0);
	assert_int_equal(health.error_ppb, 1000000);
	assert_int_equal(health.verdict, HEALTH_ERRORS);
	/* Nothing at all happened: the past does not count. */
	now = before;
	health = health_judge(&before, &now, &defaults);
	assert_int_equal(health.verdict, HEALTH_NO_PACKETS);
	assert_int_equal(health.errors, 0);
	assert_false(health.has_rates);
}

static void judges_without_packets(void **state)
{
	struct rtnl_link_stats64 now = {0};
	const struct health_limits most = {1000000000, 1000000000};
	struct health health = health_judge(NULL, &now, &defaults);

	(void)state;
	assert_int_equal(health.verdict, HEALTH_NO_PACKETS);
	assert_false(health.has_rates);
	now.tx_errors = 1;
	health = health_judge(NULL, &now, &most);
	assert_int_equal(health.verdict, HEALTH_ERRORS);
	assert_false(health.has_rates);
	assert_int_equal(health.errors, 1);
	now.rx_missed_errors = 1;
	assert_int_equal(health_judge(NULL, &now, &most).verdict, HEALTH_ERRORS_AND_DROPS);
}

static void takes_any_limit(void **state)
{
	static const struct health_limits none = {0, 0}, most = {1000000000, 1000000000};
	struct rtnl_link_stats64 now = {.rx_packets = UINT64_C(1) << 62};

	(void)state;
	assert_int_equal(health_judge(NULL, &now, &none).verdict, HEALTH_OK);
	/* One in 2^62 rounds to a rate of 0, and is yet more than nothing. */
	now.rx_errors = 1;
	assert_int_equal(health_judge(NULL, &now, &none).error_ppb, 0);
	assert_int_equal(health_judge(NULL, &now, &none).verdict, HEALTH_ERRORS);
	now.rx_errors = now.rx_packets;
	assert_int_equal(health_judge(NULL, &now, &most).verdict, HEALTH_OK);
	now.rx_errors++;
	assert_int_equal(health_judge(NULL, &now, &most).verdict, HEALTH_ERRORS);
}

/* A counter that a driver took below zero must not vanish in a sum, nor in a rate. */
static void survives_extremes(void **state)
{
	struct rtnl_link_stats64 now = {
		.rx_packets = 1,
		.rx_errors = UINT64_MAX,
		.tx_errors = 1,
		.rx_dropped = UINT64_MAX,
		.tx_dropped = UINT64_MAX,
		.rx_missed_errors = 2,
	};
	struct health health = health_judge(NULL, &now, &defaults);

	(void)state;
	assert_int_equal(health.verdict, HEALTH_ERRORS_AND_DROPS);
	assert_int_equal(health.errors, UINT64_MAX);
	assert_int_equal(health.drops, UINT64_MAX);
	assert_int_equal(health.error_ppb, UINT64_MAX);
	assert_int_equal(health.drop_ppb, UINT64_MAX);
	now = (struct rtnl_link_stats64){.rx_packets = UINT64_MAX, .tx_packets = 1};
	health = health_judge(NULL, &now, &defaults);
	assert_int_equal(health.verdict, HEALTH_OK);
	assert_true(health.has_rates);
	now.rx_errors = UINT64_MAX;
	health = health_judge(NULL, &now, &defaults);
	assert_int_equal(health.error_ppb, 1000000000);
	/* 2^63 of 2^64 - 1: half, rounded down to whole parts. */
	now.rx_errors = UINT64_C(1) << 63;
	assert_int_equal(health_judge(NULL, &now, &defaults).error_ppb, 500000000);
}

static void notices_a_reset(void **state)
{
	static const size_t offsets[] = {
		offsetof(struct rtnl_link_stats64, rx_packets),
		offsetof(struct rtnl_link_stats64, tx_packets),
		offsetof(struct rtnl_link_stats64, rx_errors),
		offsetof(struct rtnl_link_stats64, tx_errors),
		offsetof(struct rtnl_link_stats64, rx_dropped),
		offsetof(struct rtnl_link_stats64, tx_dropped),
		offsetof(struct rtnl_link_stats64, rx_missed_errors),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct rtnl_link_stats64 before = {
			.rx_packets = 9,
			.tx_packets = 9,
			.rx_errors = 9,
			.tx_errors = 9,
			.rx_dropped = 9,
			.tx_dropped = 9,
			.rx_missed_errors = 9,
		};
		struct rtnl_link_stats64 now = before;
		const uint64_t less = 8;
		struct health health;

		now.rx_packets = now.tx_packets = 1000;
		memcpy((char *)&now + offsets[i], &less, sizeof(less));
		health = health_judge(&before, &now, &defaults);
		expect_number("verdict", health.verdict, HEALTH_RESET);
		assert_false(health.has_rates);
	}
}

struct seen_case {
	/* Of stats64, in the interval. */
	uint64_t rx_dropped, tx_dropped, rx_missed;
	struct health_seen seen;
	uint64_t drops, unwanted;
	unsigned int n_device;
	enum health_verdict verdict;
};

/* Each drop once, of 10,000 packets: 11 of them are over the limit. */
static void judges_what_the_probe_saw(void **state)
{
	static const struct seen_case cases[] = {
		{0, 0, 0, {{0, 0}, 0}, 0, 0, 0, HEALTH_OK},
		/* What stats64 does not know of. */
		{0, 0, 0, {{10, 0}, 0}, 10, 0, 0, HEALTH_OK},
		{0, 0, 0, {{11, 0}, 0}, 11, 0, 0, HEALTH_DROPS},
		{0, 0, 0, {{0, 11}, 0}, 11, 0, 0, HEALTH_DROPS},
		{0, 0, 0, {{4, 7}, 0}, 11, 0, 0, HEALTH_DROPS},
		/* What both know of, and what only stats64 does. */
		{10, 0, 0, {{10, 0}, 0}, 10, 0, 0, HEALTH_OK},
		{10, 4, 0, {{6, 6}, 0}, 16, 0, 1, HEALTH_DROPS},
		{0, 0, 11, {{0, 0}, 0}, 11, 0, 1, HEALTH_DROPS},
		{5, 5, 5, {{3, 2}, 0}, 15, 0, 3, HEALTH_DROPS},
		/* In one direction they do not explain those in the other. */
		{10, 0, 0, {{0, 10}, 0}, 20, 0, 1, HEALTH_DROPS},
		/* Nobody's loss, but for those that stats64 calls dropped, and for others. */
		{0, 0, 0, {{9000, 0}, 9000}, 9000, 9000, 0, HEALTH_OK},
		{0, 0, 0, {{9010, 0}, 9000}, 9010, 9000, 0, HEALTH_OK},
		{0, 0, 0, {{9011, 0}, 9000}, 9011, 9000, 0, HEALTH_DROPS},
		{0, 0, 0, {{9000, 11}, 9000}, 9011, 9000, 0, HEALTH_DROPS},
		{300, 0, 0, {{300, 0}, 300}, 300, 0, 0, HEALTH_DROPS},
		{10, 0, 0, {{300, 0}, 300}, 300, 290, 0, HEALTH_OK},
		{10, 0, 0, {{300, 1}, 300}, 301, 290, 0, HEALTH_DROPS},
		{20, 0, 0, {{10, 0}, 10}, 20, 0, 1, HEALTH_DROPS},
		{0, 0, 20, {{10, 0}, 10}, 30, 10, 1, HEALTH_DROPS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct seen_case *at = &cases[i];
		const struct rtnl_link_stats64 before = {
			.rx_packets = 5,
			.rx_dropped = 100,
			.tx_dropped = 200,
			.rx_missed_errors = 300,
		};
		struct rtnl_link_stats64 now = {
			.rx_packets = 4005,
			.tx_packets = 6000,
			.rx_dropped = 100 + at->rx_dropped,
			.tx_dropped = 200 + at->tx_dropped,
			.rx_missed_errors = 300 + at->rx_missed,
			/* Errors, or the same drops by another name. */
			.rx_over_errors = 7,
			.rx_fifo_errors = 7,
			.tx_fifo_errors = 7,
		};
		struct health health = health_judge_seen(&before, &now, &at->seen, &defaults);
		uint64_t told = at->seen.packets[0] + at->seen.packets[1];
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		expect_number(what, health.verdict, at->verdict);
		expect_number(what, health.drops, at->drops);
		expect_number(what, health.unwanted, at->unwanted);
		expect_number(what, health.n_device, at->n_device);
		expect_number(what, health.drop_ppb, (at->drops - at->unwanted) * 100000);
		for (unsigned int k = 0; k < health.n_device; k++)
			told += health.device[k].packets;
		expect_number(what, told, at->drops);
		assert_true(health.has_seen);
	}
}

static void tells_when_the_probe_saw_nothing_or_a_reset(void **state)
{
	const struct rtnl_link_stats64 before = {.rx_packets = 9}, now = {.rx_packets = 8};
	const struct health_seen seen = {{5, 5}, 2};
	struct health health = health_judge_seen(&before, &before, NULL, &defaults);

	(void)state;
	assert_false(health.has_seen);
	assert_false(health_judge(NULL, &now, &defaults).has_seen);
	health = health_judge_seen(&before, &now, &seen, &defaults);
	assert_int_equal(health.verdict, HEALTH_RESET);
	assert_false(health.has_seen);
	/* No packet got through: over every limit. */
	health = health_judge_seen(&before, &before, &seen, &defaults);
	assert_int_equal(health.verdict, HEALTH_DROPS);
	assert_false(health.has_rates);
}

static void survives_extremes_with_the_probe(void **state)
{
	const struct rtnl_link_stats64 before = {0};
	const struct rtnl_link_stats64 now = {
		.rx_packets = 1,
		.rx_dropped = UINT64_MAX,
		.tx_dropped = UINT64_MAX,
		.rx_missed_errors = UINT64_MAX,
	};
	const struct health_seen seen = {{UINT64_MAX, UINT64_MAX}, UINT64_MAX};
	struct health health = health_judge_seen(&before, &now, &seen, &defaults);

	(void)state;
	assert_int_equal(health.drops, UINT64_MAX);
	assert_int_equal(health.unwanted, 0);
	assert_int_equal(health.drop_ppb, UINT64_MAX);
}

static void tells_findings(void **state)
{
	(void)state;
	assert_false(health_is_finding(HEALTH_OK));
	assert_false(health_is_finding(HEALTH_NO_PACKETS));
	assert_false(health_is_finding(HEALTH_RESET));
	assert_true(health_is_finding(HEALTH_ERRORS));
	assert_true(health_is_finding(HEALTH_DROPS));
	assert_true(health_is_finding(HEALTH_ERRORS_AND_DROPS));
}

static void names_differ(void **state)
{
	(void)state;
	assert_string_equal(health_verdict_name(HEALTH_OK), "ok");
	for (int a = HEALTH_OK; a <= HEALTH_RESET; a++)
		for (int b = HEALTH_OK; b < a; b++)
			assert_string_not_equal(health_verdict_name((enum health_verdict)a),
						health_verdict_name((enum health_verdict)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_limits_it_says),
		cmocka_unit_test(judges_at_the_threshold),
		cmocka_unit_test(adds_up_what_belongs_together),
		cmocka_unit_test(judges_an_interval),
		cmocka_unit_test(judges_without_packets),
		cmocka_unit_test(takes_any_limit),
		cmocka_unit_test(survives_extremes),
		cmocka_unit_test(notices_a_reset),
		cmocka_unit_test(judges_what_the_probe_saw),
		cmocka_unit_test(tells_when_the_probe_saw_nothing_or_a_reset),
		cmocka_unit_test(survives_extremes_with_the_probe),
		cmocka_unit_test(tells_findings),
		cmocka_unit_test(names_differ),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
