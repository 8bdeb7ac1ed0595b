// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/compare with counters that somebody saved before, and model/compare_total. */
#include "tests/unit/support.h"

#include "model/compare_total.h"

#define TX DIRECTION_EGRESS

/* At rest: so many packets sent of 100 bytes each, of the probe and of the kernel. */
static struct compare_sample at_rest(uint64_t at_ns, uint64_t probe, uint64_t kernel)
{
	struct interface_counters counters = {
		.traffic[TX] = {probe, probe * 100, probe, probe * 100}};

	return (struct compare_sample){
		.at_ns = at_ns,
		.early = counters,
		.before = counters,
		.after = counters,
		.late = counters,
		.kernel = {.tx_packets = kernel, .tx_bytes = kernel * 100},
	};
}

/* The kernel counts 1000 before, and `kernel` in the run; the probe 20. `saved` packets stand in the file. */
static void judge(uint64_t kernel, uint64_t saved, struct compare_result *results)
{
	struct compare_sample first = at_rest(0, 0, 1000), last = at_rest(1000, 20, 1000 + kernel);
	struct compare_facts facts = {.has_saved = true,
				      .saved = {.tx_packets = saved, .tx_bytes = saved * 100}};
	struct compare_run run;

	compare_start(&run, "veth", false);
	compare_add(&run, &first);
	compare_add(&run, &last);
	compare_judge(&run, TX, &facts, results);
}

static void counts_from_the_saved_counters_on(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];

	(void)state;
	judge(20, 993, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_EXPLAINED);
	assert_int_equal(results[COMPARE_PACKETS].cause, COMPARE_EARLIER);
	assert_int_equal(results[COMPARE_PACKETS].earlier, 7);
	assert_int_equal(results[COMPARE_PACKETS].kernel, 27);
	assert_int_equal(results[COMPARE_PACKETS].probe, 20);
	assert_int_equal(results[COMPARE_PACKETS].difference, 7);
	assert_int_equal(results[COMPARE_BYTES].earlier, 700);
	assert_int_equal(results[COMPARE_BYTES].kernel, 2700);
	judge(20, 1000, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MATCH);
	assert_int_equal(results[COMPARE_PACKETS].kernel, 20);
}

/* What passed before is no excuse for a packet of the run. */
static void holds_the_run_to_itself(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];

	(void)state;
	judge(21, 993, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MISMATCH);
	assert_int_equal(results[COMPARE_PACKETS].earlier, 7);
	assert_int_equal(results[COMPARE_PACKETS].difference, 8);
	/* Not even if it adds up. */
	judge(13, 993, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MISMATCH);
}

static void sees_that_counters_began_anew_since(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];

	(void)state;
	judge(20, 1001, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_EXPLAINED);
	assert_int_equal(results[COMPARE_PACKETS].cause, COMPARE_RESET);
	assert_int_equal(results[COMPARE_PACKETS].kernel, 20);
	assert_int_equal(results[COMPARE_PACKETS].earlier, 0);
}

static void adds_up_and_has_the_worst_verdict(void **state)
{
	struct compare_result one = {
		.has_bounds = true, .kernel = 10, .probe = 11, .low = 9, .high = 12, .earlier = 1};
	struct compare_total total = {0};

	(void)state;
	compare_total_add(&total, &one);
	assert_int_equal(total.sum.verdict, COMPARE_MATCH);
	one.verdict = COMPARE_MISMATCH;
	one.kernel = 20;
	compare_total_add(&total, &one);
	one.verdict = COMPARE_EXPLAINED;
	one.kernel = 9;
	compare_total_add(&total, &one);
	/* Its interface was there too shortly. */
	one = (struct compare_result){.verdict = COMPARE_EXPLAINED, .kernel = 1000};
	compare_total_add(&total, &one);
	assert_int_equal(total.n, 3);
	assert_int_equal(total.verdicts[COMPARE_MATCH], 1);
	assert_int_equal(total.verdicts[COMPARE_EXPLAINED], 1);
	assert_int_equal(total.verdicts[COMPARE_MISMATCH], 1);
	assert_int_equal(total.sum.verdict, COMPARE_MISMATCH);
	assert_int_equal(total.sum.kernel, 39);
	assert_int_equal(total.sum.probe, 33);
	assert_int_equal(total.sum.low, 27);
	assert_int_equal(total.sum.high, 36);
	assert_int_equal(total.sum.difference, 3);
	assert_int_equal(total.sum.earlier, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_from_the_saved_counters_on),
		cmocka_unit_test(holds_the_run_to_itself),
		cmocka_unit_test(sees_that_counters_began_anew_since),
		cmocka_unit_test(adds_up_and_has_the_worst_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
