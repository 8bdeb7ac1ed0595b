// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* burst_stats: shares, percentiles by nearest rank, peak to mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/burst_stats.h"

static void add_burst(struct burst_stats *stats, uint64_t duration_ns, uint64_t wire_bytes)
{
	struct burst burst = {.start_ns = 1000,
			      .end_ns = 1000 + duration_ns,
			      .traffic = {.wire_bytes = wire_bytes}};

	assert_int_equal(burst_stats_add_burst(stats, &burst), 0);
}

static void add_window(struct burst_stats *stats, uint64_t wire_bytes)
{
	struct traffic_counter traffic = {.wire_bytes = wire_bytes};

	burst_stats_add_window(stats, &traffic);
}

static void sums_up(void **state)
{
	struct burst_stats stats = {0};
	struct burst_summary summary;
	uint64_t i;

	(void)state;
	/* Durations 1 to 200 us, the longest first: 20.1 ms in all. */
	for (i = 200; i > 0; i--)
		add_burst(&stats, i * 1000, 30);
	for (i = 0; i < 100; i++)
		add_window(&stats, 100);
	add_window(&stats, 2000);
	summary = burst_stats_summarise(&stats, 201000000, 100000);
	assert_int_equal(summary.count, 200);
	assert_int_equal(summary.p50_ns, 100000);
	assert_int_equal(summary.p90_ns, 180000);
	assert_int_equal(summary.p99_ns, 198000);
	assert_float_equal(summary.time_share, 0.1, 1e-9);
	assert_float_equal(summary.byte_share, 0.5, 1e-9);
	/* 2000 bytes in 100 us are 20 a us; 12000 in 201 ms are 0.0597. */
	assert_float_equal(summary.peak_to_mean, 335, 1e-6);
	burst_stats_release(&stats);
}

/* Nor by each duration: a million of them, each another, and their percentiles. */
static void rounds_when_there_are_very_many(void **state)
{
	struct burst_stats stats = {0};
	struct burst_summary summary;
	uint64_t i, sum = 0;

	(void)state;
	/* In no order: 7919 and a million have no common factor. */
	for (i = 0; i < 1000000; i++) {
		add_burst(&stats, 1 + i * 7919 % 1000000, 1);
		sum += 1 + i;
	}
	assert_in_range(stats.n, BURST_STATS_EXACT, 10000);
	assert_int_equal(stats.burst_ns, sum);
	summary = burst_stats_summarise(&stats, 2 * sum, 1000);
	assert_int_equal(summary.count, 1000000);
	assert_in_range(summary.p50_ns, 499000, 501000);
	assert_in_range(summary.p90_ns, 898200, 901800);
	assert_in_range(summary.p99_ns, 988020, 991980);
	assert_float_equal(summary.time_share, 0.5, 1e-9);
	burst_stats_release(&stats);
}

/* A run that goes on for ever must not grow by each burst. */
static void keeps_durations_not_bursts(void **state)
{
	struct burst_stats stats = {0};
	struct burst_summary summary;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		add_burst(&stats, (uint64_t)(i % 10 ? 3 : i % 4 ? 1 : 2) * 1000, 30);
	assert_int_equal(stats.n, 3);
	summary = burst_stats_summarise(&stats, 1000000000, 1000);
	assert_int_equal(summary.count, 100000);
	assert_int_equal(summary.p50_ns, 3000);
	burst_stats_release(&stats);
}

static void knows_nothing_of_nothing(void **state)
{
	struct burst_stats stats = {0};
	struct burst_summary summary = burst_stats_summarise(&stats, 0, 100000);

	(void)state;
	assert_int_equal(summary.count, 0);
	assert_int_equal(summary.p99_ns, 0);
	assert_float_equal(summary.time_share, 0, 0);
	assert_float_equal(summary.byte_share, 0, 0);
	assert_float_equal(summary.peak_to_mean, 0, 0);
	add_burst(&stats, 7, 1);
	summary = burst_stats_summarise(&stats, 70, 100000);
	assert_int_equal(summary.p50_ns, 7);
	assert_int_equal(summary.p99_ns, 7);
	burst_stats_release(&stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_up),
		cmocka_unit_test(keeps_durations_not_bursts),
		cmocka_unit_test(rounds_when_there_are_very_many),
		cmocka_unit_test(knows_nothing_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
