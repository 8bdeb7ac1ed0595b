// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/missed.h"

#include <stdlib.h>

#include "base/array.h"

void missed_release(struct missed *missed)
{
	free(missed->items);
	*missed = (struct missed){0};
}

bool missed_add(struct missed *missed, uint32_t ifindex, bool wants_slot)
{
	size_t i;

	for (i = 0; i < missed->n; i++) {
		if (missed->items[i].ifindex != ifindex)
			continue;
		if (missed->items[i].wants_slot == wants_slot)
			return false;
		missed->items[i].wants_slot = wants_slot;
		return true;
	}
	if (!array_reserve(&missed->items, &missed->capacity, missed->n + 1,
			   sizeof(*missed->items)))
		missed->items[missed->n++] = (struct missed_interface){ifindex, wants_slot};
	return true;
}

void missed_remove(struct missed *missed, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < missed->n; i++) {
		if (missed->items[i].ifindex != ifindex)
			continue;
		missed->items[i] = missed->items[--missed->n];
		return;
	}
}

size_t missed_wanting_slot(const struct missed *missed)
{
	size_t i, n = 0;

	for (i = 0; i < missed->n; i++)
		n += missed->items[i].wants_slot;
	return n;
}
