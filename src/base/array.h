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

/*
 * For arrays that are filled afresh again and again, and once in a while, after a stall, with very much: how much
 * they held at most lately. Zero it to make it.
 */
struct array_use {
	size_t most;
	unsigned int times;
};

/*
 * Notes that `n` items were held this time. Every ARRAY_USE_TIMES times, a quarter more than was held at most since the
 * last such; else SIZE_MAX.
 */
#define ARRAY_USE_TIMES 256
size_t array_use_note(struct array_use *use, size_t n);

/* Gives back what is beyond `keep` items, where that is a third of all, and much. The first `keep` stay. */
void array_shrink(void *items, size_t *capacity, size_t keep, size_t item_size);

#endif
