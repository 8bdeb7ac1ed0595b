// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peak: the busiest window of each interval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/peak.h"

#define WIDTH_NS 100000

static struct window window(uint32_t slot, enum direction direction, uint64_t wire_bytes)
{
	return (struct window){
		.slot = slot, .direction = direction, .traffic = {.wire_bytes = wire_bytes}};
}

static void add(struct peaks *peaks, uint32_t slot, enum direction direction, uint64_t wire_bytes)
{
	struct window added = window(slot, direction, wire_bytes);

	assert_int_equal(peaks_add(peaks, &added), 0);
}

static void finds_the_busiest_of_each(void **state)
{
	struct rate rates[] = {
		{.ifindex = 5, .slot = 1}, {.ifindex = 6, .slot = 70}, {.ifindex = 7, .slot = 900}};
	struct peaks *peaks;

	(void)state;
	assert_int_equal(peaks_new(&peaks, WIDTH_NS), 0);
	add(peaks, 1, DIRECTION_INGRESS, 100);
	add(peaks, 1, DIRECTION_INGRESS, 125);
	add(peaks, 1, DIRECTION_INGRESS, 50);
	add(peaks, 70, DIRECTION_EGRESS, 125000);
	peaks_end_interval(peaks, rates, 3);
	/* 125 bytes in 100 us are 10 Mbit/s. */
	assert_true(rates[0].has_peak);
	assert_int_equal(rates[0].peak_bps[DIRECTION_INGRESS], 10000000);
	assert_int_equal(rates[0].peak_bps[DIRECTION_EGRESS], 0);
	assert_int_equal(rates[1].peak_bps[DIRECTION_INGRESS], 0);
	assert_int_equal(rates[1].peak_bps[DIRECTION_EGRESS], 10000000000);
	/* Never heard of: nothing passed. */
	assert_true(rates[2].has_peak);
	assert_int_equal(rates[2].peak_bps[DIRECTION_INGRESS], 0);
	/* The next interval starts from nothing. */
	peaks_end_interval(peaks, rates, 3);
	assert_int_equal(rates[0].peak_bps[DIRECTION_INGRESS], 0);
	peaks_free(peaks);
}

static void does_not_know_after_a_gap(void **state)
{
	struct rate rates[] = {{.ifindex = 5, .slot = 1}};
	struct peaks *peaks;

	(void)state;
	assert_int_equal(peaks_new(&peaks, WIDTH_NS), 0);
	add(peaks, 1, DIRECTION_INGRESS, 125);
	peaks_add_gap(peaks);
	peaks_end_interval(peaks, rates, 1);
	assert_false(rates[0].has_peak);
	peaks_end_interval(peaks, rates, 1);
	assert_true(rates[0].has_peak);
	peaks_free(peaks);
}

static void gives_a_total_no_peak(void **state)
{
	struct rate rates[] = {{.ifindex = 5, .slot = 1}, {.ifindex = 0, .has_peak = true}};
	struct peaks *peaks;

	(void)state;
	assert_int_equal(peaks_new(&peaks, WIDTH_NS), 0);
	peaks_end_interval(peaks, rates, 2);
	assert_true(rates[0].has_peak);
	assert_false(rates[1].has_peak);
	peaks_free(peaks);
	peaks_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_busiest_of_each),
		cmocka_unit_test(does_not_know_after_a_gap),
		cmocka_unit_test(gives_a_total_no_peak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
