// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/drop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct drop_book {
	struct drop_sum *sums; /* sorted */
	size_t n, capacity;
	struct drop_sum *next;
	size_t next_capacity;
};

static int compare(const void *a, const void *b)
{
	const struct drop_kind *x = &((const struct drop_sum *)a)->kind;
	const struct drop_kind *y = &((const struct drop_sum *)b)->kind;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->direction != y->direction)
		return x->direction < y->direction ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	if (x->is_unwanted != y->is_unwanted)
		return x->is_unwanted ? 1 : -1;
	return x->location < y->location ? -1 : x->location > y->location;
}

void drop_sort(struct drop_sum *sums, size_t n)
{
	if (n)
		qsort(sums, n, sizeof(*sums), compare);
}

int drop_book_new(struct drop_book **out)
{
	struct drop_book *book = calloc(1, sizeof(*book));

	if (!book)
		return -ENOMEM;
	*out = book;
	return 0;
}

void drop_book_free(struct drop_book *book)
{
	if (!book)
		return;
	free(book->sums);
	free(book->next);
	free(book);
}

int drop_book_take(struct drop_book *book, struct drop_sum *sums, size_t n)
{
	struct drop_sum *last;
	size_t i, at = 0, capacity;

	if (array_reserve(&book->next, &book->next_capacity, n, sizeof(*book->next)))
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		book->next[i] = sums[i];
		while (at < book->n && compare(&book->sums[at], &sums[i]) < 0)
			at++;
		if (at < book->n && !compare(&book->sums[at], &sums[i]))
			sums[i].packets -= book->sums[at].packets;
	}
	last = book->sums;
	capacity = book->capacity;
	book->sums = book->next;
	book->n = n;
	book->capacity = book->next_capacity;
	book->next = last;
	book->next_capacity = capacity;
	return 0;
}

void drop_book_forget(struct drop_book *book, uint32_t slot)
{
	size_t i, kept = 0;

	for (i = 0; i < book->n; i++)
		if (book->sums[i].kind.slot != slot)
			book->sums[kept++] = book->sums[i];
	book->n = kept;
}
