// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/missed.h"

#include <stdlib.h>

#include "base/array.h"

void missed_release(struct missed *missed)
{
	free(missed->items);
	*missed = (struct missed){0};
}

static struct missed_interface *find(const struct missed *missed, uint64_t netns, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < missed->n; i++)
		if (missed->items[i].ifindex == ifindex && missed->items[i].netns == netns)
			return &missed->items[i];
	return NULL;
}

bool missed_add(struct missed *missed, uint64_t netns, uint32_t ifindex, bool wants_slot)
{
	struct missed_interface *known = find(missed, netns, ifindex);

	if (known && known->wants_slot == wants_slot)
		return false;
	if (known)
		known->wants_slot = wants_slot;
	else if (!array_reserve(&missed->items, &missed->capacity, missed->n + 1,
				sizeof(*missed->items)))
		missed->items[missed->n++] = (struct missed_interface){ifindex, wants_slot, netns};
	return true;
}

bool missed_has(const struct missed *missed, uint64_t netns, uint32_t ifindex)
{
	return find(missed, netns, ifindex);
}

void missed_remove(struct missed *missed, uint64_t netns, uint32_t ifindex)
{
	struct missed_interface *known = find(missed, netns, ifindex);

	if (known)
		*known = missed->items[--missed->n];
}

void missed_remove_netns(struct missed *missed, uint64_t netns)
{
	size_t i = 0;

	while (i < missed->n) {
		if (missed->items[i].netns == netns)
			missed->items[i] = missed->items[--missed->n];
		else
			i++;
	}
}

size_t missed_wanting_slot(const struct missed *missed)
{
	size_t i, n = 0;

	for (i = 0; i < missed->n; i++)
		n += missed->items[i].wants_slot;
	return n;
}
