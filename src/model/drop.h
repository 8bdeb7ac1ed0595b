/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * drop: how many packets of an interface were dropped, in which direction and why; and how many more
 * than at the last look.
 */
#ifndef IFPULSE_MODEL_DROP_H
#define IFPULSE_MODEL_DROP_H

#include <stddef.h>
#include <stdint.h>

#include "include/probe_abi.h"

/* As counted since the slot has its owner. */
struct drop_sum {
	struct drop_kind kind;
	uint64_t packets;
};

/* Sorts by slot, direction, reason, whether unwanted, and location. */
void drop_sort(struct drop_sum *sums, size_t n);

/* What was there at the last look. */
struct drop_book;

/* 0 or -ENOMEM. */
int drop_book_new(struct drop_book **out);
void drop_book_free(struct drop_book *book);

/*
 * Replaces each of `sums`, sorted, by what it has more than at the last look, and keeps what they were.
 * 0, or -ENOMEM with everything as it was.
 */
int drop_book_take(struct drop_book *book, struct drop_sum *sums, size_t n);

/* The slot has a new owner, who begins at zero. */
void drop_book_forget(struct drop_book *book, uint32_t slot);

#endif
