// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

/* The sanitizer's allocator ends the process where malloc() would return NULL. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void grows_and_keeps_what_is_there(void **state)
{
	uint32_t *items = NULL;
	size_t capacity = 0;

	(void)state;
	for (uint32_t n = 0; n < 10000; n++) {
		size_t before = capacity;

		assert_int_equal(array_reserve(&items, &capacity, n + 1, sizeof(*items)), 0);
		assert_true(capacity >= n + 1);
		if (capacity != before)
			assert_true(capacity >= before + before / 2);
		/* New room is zeroed. */
		assert_int_equal(items[n], 0);
		assert_int_equal(items[capacity - 1], 0);
		items[n] = n + 7;
	}
	for (uint32_t n = 0; n < 10000; n++)
		assert_int_equal(items[n], n + 7);
	free(items);
}

static void gives_back_what_is_much_too_much(void **state)
{
	struct array_use use = {0};
	uint64_t *items = NULL;
	size_t capacity = 0, i;

	(void)state;
	assert_int_equal(array_reserve(&items, &capacity, 1000000, sizeof(*items)), 0);
	for (i = 0; i < 1000000; i++)
		items[i] = i;
	/* Once in a while as much as there is room for. */
	for (i = 1; i < ARRAY_USE_TIMES; i++)
		assert_int_equal(array_use_note(&use, i == 7 ? 500000 : 3), SIZE_MAX);
	assert_int_equal(array_use_note(&use, 4), 625000);
	array_shrink(&items, &capacity, 1000000, sizeof(*items));
	assert_int_equal(capacity, 1000000);
	array_shrink(&items, &capacity, SIZE_MAX, sizeof(*items));
	assert_int_equal(capacity, 1000000);
	/* Then no more. */
	for (i = 1; i < ARRAY_USE_TIMES; i++)
		assert_int_equal(array_use_note(&use, 100000), SIZE_MAX);
	assert_int_equal(array_use_note(&use, 3), 125000);
	array_shrink(&items, &capacity, 125000, sizeof(*items));
	assert_int_equal(capacity, 125000);
	for (i = 0; i < 125000; i++)
		assert_int_equal(items[i], i);
	/* A little is not worth it, and none is no reason to keep nothing. */
	array_shrink(&items, &capacity, 0, sizeof(*items));
	assert_in_range(capacity, 1, 65536);
	i = capacity;
	array_shrink(&items, &capacity, 0, sizeof(*items));
	assert_int_equal(capacity, i);
	array_shrink(&items, &capacity, i - 1, sizeof(*items));
	assert_int_equal(capacity, i);
	free(items);
}

static void does_nothing_where_there_is_room(void **state)
{
	uint64_t room[4] = {1, 2, 3, 4}, *items = room;
	size_t capacity = 4;

	(void)state;
	/* Would fail if it were reallocated: it is not from malloc(). */
	assert_int_equal(array_reserve(&items, &capacity, 4, sizeof(*items)), 0);
	assert_int_equal(array_reserve(&items, &capacity, 0, sizeof(*items)), 0);
	assert_ptr_equal(items, room);
	assert_int_equal(capacity, 4);
	assert_int_equal(room[3], 4);
}

static void makes_room_at_once(void **state)
{
	struct {
		char bytes[3];
	} *items = NULL, *zero;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(array_reserve(&items, &capacity, 1000, sizeof(*items)), 0);
	assert_true(capacity >= 1000);
	zero = calloc(capacity, sizeof(*zero));
	assert_non_null(zero);
	assert_memory_equal(items, zero, capacity * sizeof(*zero));
	free(zero);
	free(items);
}

static void fails_with_everything_as_it_was(void **state)
{
	static const size_t needs[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 8 + 1, SIZE_MAX / 16};
	uint64_t *items = NULL, *kept;
	size_t capacity = 0, before;

	(void)state;
	assert_int_equal(array_reserve(&items, &capacity, 1, sizeof(*items)), 0);
	items[0] = 42;
	kept = items;
	before = capacity;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		assert_int_equal(array_reserve(&items, &capacity, needs[i], sizeof(*items)),
				 -ENOMEM);
		assert_ptr_equal(items, kept);
		assert_int_equal(capacity, before);
		assert_int_equal(items[0], 42);
	}
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_what_is_there),
		cmocka_unit_test(gives_back_what_is_much_too_much),
		cmocka_unit_test(does_nothing_where_there_is_room),
		cmocka_unit_test(makes_room_at_once),
		cmocka_unit_test(fails_with_everything_as_it_was),
	};

	return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
