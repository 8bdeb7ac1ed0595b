/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* merging: window_merge() for once. */
#ifndef IFPULSE_TESTS_UNIT_MERGING_H
#define IFPULSE_TESTS_UNIT_MERGING_H

#include "tests/unit/support.h"

#include "model/window_merge.h"

/* In place; how many are left. */
static inline size_t merge(struct window *windows, size_t n)
{
	struct window_array array = {.n = n};
	struct window_merger merger = {0};

	assert_int_equal(array_reserve(&array.items, &array.capacity, n, sizeof(*windows)), 0);
	if (n)
		memcpy(array.items, windows, n * sizeof(*windows));
	assert_int_equal(window_merge(&merger, &array), 0);
	assert_true(array.n <= n);
	if (n)
		memcpy(windows, array.items, array.n * sizeof(*windows));
	free(array.items);
	window_merger_release(&merger);
	return array.n;
}

#endif
