// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/retransmit: what is kept, in order, for how long, and what is said of what is not. */
#include "tests/unit/support.h"

#include "model/retransmit.h"

static void add(struct retransmit_history *history, uint64_t time_ns)
{
	const struct retransmit item = {time_ns, time_ns * 3, 1};

	retransmit_history_add(history, &item, 1);
}

static void add_gap(struct retransmit_history *history, uint64_t from_ns, uint64_t to_ns)
{
	const struct window_gap gap = {from_ns, to_ns};

	retransmit_history_add_gap(history, &gap);
}

/* The first, or 0, and how many there are; -1 where they are not known. */
static int found(const struct retransmit_history *history, uint64_t from_ns, uint64_t to_ns,
		 uint64_t *first_ns)
{
	const struct retransmit *items;
	size_t n;

	if (!retransmit_history_find(history, from_ns, to_ns, &items, &n))
		return -1;
	*first_ns = n ? items[0].time_ns : 0;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(items[i].socket, items[i].time_ns * 3);
	return (int)n;
}

static void finds_what_was_in_a_time(void **state)
{
	static const uint64_t times[] = {100, 300, 200, 300, 150, 400, 90};
	static const struct {
		uint64_t from_ns, to_ns, first_ns;
		int n;
	} cases[] = {
		{0, 1000, 90, 7}, {90, 400, 90, 6},  {91, 401, 100, 6}, {300, 301, 300, 2},
		{301, 400, 0, 0}, {401, 9999, 0, 0}, {0, 90, 0, 0},     {150, 200, 150, 1},
		{200, 200, 0, 0}, {300, 200, 0, 0},
	};
	struct retransmit_history history = {0};
	uint64_t first_ns;

	(void)state;
	assert_int_equal(found(&history, 0, 1000, &first_ns), 0);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		add(&history, times[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		expect_number(
			"n", (uint64_t)found(&history, cases[i].from_ns, cases[i].to_ns, &first_ns),
			(uint64_t)cases[i].n);
		expect_number("first", first_ns, cases[i].first_ns);
	}
	retransmit_history_forget(&history, 200);
	assert_int_equal(found(&history, 0, 1000, &first_ns), 4);
	assert_int_equal(first_ns, 200);
	retransmit_history_clear(&history);
	assert_int_equal(found(&history, 0, 1000, &first_ns), 0);
}

static void knows_nothing_of_a_gap(void **state)
{
	struct retransmit_history history = {0};
	uint64_t first_ns;

	(void)state;
	add(&history, 100);
	add_gap(&history, 0, 0);
	add_gap(&history, 200, 300);
	/* These two are one. */
	add_gap(&history, 290, 400);
	add_gap(&history, 600, 700);
	assert_int_equal(history.n_gaps, 2);
	assert_int_equal(found(&history, 0, 200, &first_ns), 1);
	assert_int_equal(found(&history, 0, 201, &first_ns), -1);
	assert_int_equal(found(&history, 399, 500, &first_ns), -1);
	assert_int_equal(found(&history, 400, 600, &first_ns), 0);
	assert_int_equal(found(&history, 699, 800, &first_ns), -1);
	retransmit_history_forget(&history, 400);
	assert_int_equal(history.n_gaps, 1);
	assert_int_equal(found(&history, 0, 600, &first_ns), 0);
	assert_int_equal(found(&history, 0, 601, &first_ns), -1);
	retransmit_history_clear(&history);
}

/* More gaps than there is room for leave less known, never more. */
static void joins_gaps_that_are_too_many(void **state)
{
	struct retransmit_history history = {0};
	uint64_t first_ns;

	(void)state;
	for (uint64_t i = 0; i < 3 * RETRANSMIT_GAPS_MAX; i++)
		add_gap(&history, 100 * i, 100 * i + 10);
	for (uint64_t i = 0; i < 3 * RETRANSMIT_GAPS_MAX; i++)
		assert_int_equal(found(&history, 100 * i + 9, 100 * i + 10, &first_ns), -1);
	assert_int_equal(found(&history, 10, 100, &first_ns), 0);
	retransmit_history_clear(&history);
}

static void forgets_the_oldest_of_too_many(void **state)
{
	struct retransmit_history history = {0};
	uint64_t first_ns, last_ns = 2 * RETRANSMIT_HISTORY_MAX + 1000;

	(void)state;
	for (uint64_t i = 1; i <= last_ns; i++)
		add(&history, i);
	assert_true(history.n <= RETRANSMIT_HISTORY_MAX);
	assert_true(history.capacity <= 2 * RETRANSMIT_HISTORY_MAX);
	/* All that is said to be known is there. */
	assert_int_equal(history.n_gaps, 1);
	assert_int_equal(history.gaps[0].from_ns, 1);
	assert_int_equal(found(&history, history.gaps[0].to_ns, last_ns + 1, &first_ns),
			 last_ns + 1 - history.gaps[0].to_ns);
	assert_int_equal(first_ns, history.gaps[0].to_ns);
	assert_int_equal(found(&history, history.gaps[0].to_ns - 1, last_ns, &first_ns), -1);
	retransmit_history_clear(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_in_a_time),
		cmocka_unit_test(knows_nothing_of_a_gap),
		cmocka_unit_test(joins_gaps_that_are_too_many),
		cmocka_unit_test(forgets_the_oldest_of_too_many),
	};

	return cmocka_run_group_tests_name("retransmit", tests, NULL, NULL);
}
