// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/drop_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void drop_rows_release(struct drop_rows *rows)
{
	free(rows->items);
	*rows = (struct drop_rows){0};
}

static bool is_same(const struct drop_entry *a, const struct drop_entry *b)
{
	return a->ifindex == b->ifindex && a->kind.direction == b->kind.direction &&
	       a->kind.reason == b->kind.reason && a->kind.location == b->kind.location &&
	       a->counter == b->counter && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->netns, b->netns) &&
	       (!a->container[0] || !b->container[0] || !strcmp(a->container, b->container));
}

int drop_rows_add(struct drop_rows *rows, const struct drop_entry *entry)
{
	size_t i;

	for (i = 0; i < rows->n; i++) {
		if (!is_same(&rows->items[i], entry))
			continue;
		rows->items[i].packets += entry->packets;
		if (!rows->items[i].container[0])
			memcpy(rows->items[i].container, entry->container,
			       sizeof(entry->container));
		return 0;
	}
	if (array_reserve(&rows->items, &rows->capacity, rows->n + 1, sizeof(*rows->items)))
		return -ENOMEM;
	rows->items[rows->n++] = *entry;
	return 0;
}

int drop_rows_join(struct drop_rows *rows, const struct drop_rows *added)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < added->n; i++)
		ret = drop_rows_add(rows, &added->items[i]);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const struct drop_entry *x = a, *y = b;
	/* 0 wraps to the end. */
	uint32_t first = x->ifindex - 1, second = y->ifindex - 1;
	int order = strcmp(x->netns, y->netns);

	if (x->ifindex && y->ifindex && order)
		return order;
	if (first != second)
		return first < second ? -1 : 1;
	return x->packets > y->packets ? -1 : x->packets < y->packets;
}

void drop_rows_sort(struct drop_rows *rows)
{
	if (rows->n)
		qsort(rows->items, rows->n, sizeof(*rows->items), compare);
}
