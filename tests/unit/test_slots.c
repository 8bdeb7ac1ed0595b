// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

#include "include/probe_abi.h"
#include "kernel/slots.h"

#define N_MODEL 64

static uint32_t take(struct slots *slots)
{
	uint32_t slot = UINT32_MAX;

	assert_int_equal(slots_take(slots, &slot), 0);
	return slot;
}

static void gives_the_lowest_first(void **state)
{
	struct slots *slots = NULL;
	uint32_t slot = 77;

	(void)state;
	assert_int_equal(slots_new(&slots, 4), 0);
	assert_int_equal(slots_end(slots), 1);
	assert_int_equal(take(slots), 1);
	assert_int_equal(take(slots), 2);
	assert_int_equal(slots_end(slots), 3);
	assert_int_equal(take(slots), 3);
	assert_int_equal(take(slots), 4);
	assert_int_equal(slots_end(slots), 5);
	assert_int_equal(slots_take(slots, &slot), -ENOSPC);
	assert_int_equal(slot, 77);
	slots_give_back(slots, 3);
	slots_give_back(slots, 2);
	assert_int_equal(slots_end(slots), 5);
	assert_int_equal(take(slots), 2);
	assert_int_equal(take(slots), 3);
	assert_int_equal(slots_take(slots, &slot), -ENOSPC);
	slots_free(slots);
}

static void lowers_its_end(void **state)
{
	struct slots *slots = NULL;

	(void)state;
	assert_int_equal(slots_new(&slots, 3), 0);
	for (uint32_t slot = 1; slot <= 3; slot++)
		assert_int_equal(take(slots), slot);
	slots_give_back(slots, 2);
	assert_int_equal(slots_end(slots), 4);
	slots_give_back(slots, 3);
	assert_int_equal(slots_end(slots), 2);
	slots_give_back(slots, 1);
	assert_int_equal(slots_end(slots), 1);
	assert_int_equal(take(slots), 1);
	slots_free(slots);
}

static void may_have_none_at_all(void **state)
{
	struct slots *slots = NULL;
	uint32_t slot;

	(void)state;
	assert_int_equal(slots_new(&slots, 0), 0);
	assert_int_equal(slots_take(slots, &slot), -ENOSPC);
	assert_int_equal(slots_end(slots), 1);
	slots_free(slots);
	slots_free(NULL);
}

/* Many random steps beside a list of which are taken. */
static void agrees_with_a_plain_list(void **state)
{
	bool taken[N_MODEL + 1] = {[SLOT_NONE] = true};
	struct slots *slots = NULL;
	uint32_t random = 1, slot;

	(void)state;
	assert_int_equal(slots_new(&slots, N_MODEL), 0);
	for (int step = 0; step < 20000; step++) {
		uint32_t lowest = 0, end = 1;

		random = random * 1664525 + 1013904223;
		slot = 1 + (random >> 16) % N_MODEL;
		/* In turns more is taken than given back and the other way round. */
		if (taken[slot] && (step / 500 % 2 || random >> 31)) {
			slots_give_back(slots, slot);
			taken[slot] = false;
		} else {
			while (lowest <= N_MODEL && taken[lowest])
				lowest++;
			if (lowest > N_MODEL) {
				assert_int_equal(slots_take(slots, &slot), -ENOSPC);
			} else {
				assert_int_equal(take(slots), lowest);
				taken[lowest] = true;
			}
		}
		for (slot = 0; slot <= N_MODEL; slot++)
			if (taken[slot])
				end = slot + 1;
		assert_int_equal(slots_end(slots), end);
	}
	slots_free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_lowest_first),
		cmocka_unit_test(lowers_its_end),
		cmocka_unit_test(may_have_none_at_all),
		cmocka_unit_test(agrees_with_a_plain_list),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
