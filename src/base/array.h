/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * array: growth for plain arrays that a struct owns as `T *items; size_t n, capacity;`.
 */
#ifndef IFPULSE_BASE_ARRAY_H
#define IFPULSE_BASE_ARRAY_H

#include <stddef.h>

/*
 * Makes room for `need` items of `item_size` bytes behind *items (a `T **` passed as void *), growing
 * by at least one half. New room is zeroed. 0, or -ENOMEM with everything as it was.
 */
int array_reserve(void *items, size_t *capacity, size_t need, size_t item_size);

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
