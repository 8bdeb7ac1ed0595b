// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/log_rate: how often to read, by what was seen. */
#include "tests/unit/support.h"

#include "base/units.h"
#include "kernel/log_rate.h"

#define RECORDS 32768U
#define MS NSEC_PER_MSEC

static void follows_what_was_seen(void **state)
{
	struct log_rate rate = {0};
	uint64_t now_ns = 1000 * NSEC_PER_SEC;
	int i;

	(void)state;
	assert_true(log_rate_period_ns(&rate, RECORDS) > NSEC_PER_SEC);
	log_rate_note(&rate, 0, now_ns);
	/* A quarter of the log in 8 ms is read every 8 ms, and four times as much more often. */
	now_ns += 8 * MS;
	log_rate_note(&rate, RECORDS / 4, now_ns);
	assert_int_equal(log_rate_period_ns(&rate, RECORDS), 8 * MS);
	now_ns += 8 * MS;
	log_rate_note(&rate, RECORDS / 2, now_ns);
	assert_int_equal(log_rate_period_ns(&rate, RECORDS), 4 * MS);
	now_ns += MS;
	log_rate_note(&rate, RECORDS, now_ns);
	assert_int_equal(log_rate_period_ns(&rate, RECORDS), 2 * MS);
	/* It is forgotten by and by, to nothing. */
	now_ns += MS;
	log_rate_note(&rate, 0, now_ns);
	assert_int_equal(log_rate_period_ns(&rate, RECORDS), 2 * MS);
	for (i = 0; i < 200; i++)
		log_rate_note(&rate, 0, now_ns += 8 * MS);
	assert_true(log_rate_period_ns(&rate, RECORDS) > 8 * MS);
	for (i = 0; i < 2000; i++)
		log_rate_note(&rate, 0, now_ns += 8 * MS);
	assert_int_equal(rate.per_second, 0);
}

/* What was written in a moment says nothing of a second. */
static void takes_no_moment_for_a_rate(void **state)
{
	struct log_rate rate = {0};
	uint64_t now_ns = 1000 * NSEC_PER_SEC;

	(void)state;
	log_rate_note(&rate, 0, now_ns);
	log_rate_note(&rate, 20, now_ns + 1000);
	assert_int_equal(rate.per_second, 0);
	log_rate_note(&rate, 0, now_ns);
	log_rate_note(&rate, 20, now_ns + MS);
	assert_int_equal(rate.per_second, 20000);
}

static void knows_how_long_it_takes_to_fill(void **state)
{
	(void)state;
	assert_int_equal(log_rate_fill_ns(RECORDS, 0), UINT64_MAX);
	assert_int_equal(log_rate_fill_ns(600, 600000), MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_what_was_seen),
		cmocka_unit_test(takes_no_moment_for_a_rate),
		cmocka_unit_test(knows_how_long_it_takes_to_fill),
	};

	return cmocka_run_group_tests_name("log_rate", tests, NULL, NULL);
}
