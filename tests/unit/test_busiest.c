// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "model/busiest.h"

#define MAX_RATES 8

/* Which of these are taken, as digits. An ifindex is one above its place; bps is rx, all of it. */
static void expect_taken(const uint64_t *bps, size_t n, bool has_total, size_t room,
			 const char *wanted)
{
	struct rate rates[MAX_RATES] = {0};
	struct busiest busiest;
	char taken[MAX_RATES + 1] = "";
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		rates[i].ifindex = has_total && i + 1 == n ? 0 : (uint32_t)i + 1;
		rates[i].bps[i % N_DIRECTIONS] = bps[i];
	}
	busiest = busiest_find(rates, n, room);
	for (i = 0; i < n; i++)
		if (busiest_takes(&busiest, &rates[i]))
			taken[used++] = (char)('0' + i);
	expect_text("taken", taken, wanted);
}

static void takes_the_busy_ones(void **state)
{
	static const uint64_t bps[] = {5, 900, 0, 1000000000000, 7};

	(void)state;
	expect_taken(bps, 5, false, 5, "01234");
	expect_taken(bps, 5, false, 100, "01234");
	expect_taken(bps, 5, false, 4, "0134");
	expect_taken(bps, 5, false, 2, "13");
	expect_taken(bps, 5, false, 1, "3");
	expect_taken(bps, 0, false, 1, "");
}

/* The room is filled, whatever the rates are. */
static void takes_equal_ones_in_their_order(void **state)
{
	static const uint64_t idle[] = {0, 0, 0, 0, 0, 0};
	static const uint64_t equal[] = {8, 3, 3, 9, 3, 0};

	(void)state;
	expect_taken(idle, 6, false, 4, "0123");
	expect_taken(idle, 6, false, 1, "0");
	expect_taken(idle, 6, false, 6, "012345");
	expect_taken(equal, 6, false, 3, "013");
	expect_taken(equal, 6, false, 4, "0123");
	expect_taken(equal, 6, false, 5, "01234");
}

static void takes_a_total_in_any_case(void **state)
{
	static const uint64_t idle[] = {0, 0, 0, 0};
	static const uint64_t busy[] = {3, 1, 2, 6};

	(void)state;
	expect_taken(idle, 4, true, 2, "03");
	expect_taken(busy, 4, true, 2, "03");
	expect_taken(busy, 4, true, 1, "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_busy_ones),
		cmocka_unit_test(takes_equal_ones_in_their_order),
		cmocka_unit_test(takes_a_total_in_any_case),
	};

	return cmocka_run_group_tests_name("busiest", tests, NULL, NULL);
}
