// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void members_release(struct members *members)
{
	free(members->items);
	*members = (struct members){0};
}

static int compare(const struct series_member *a, const struct series_member *b)
{
	int order = strcmp(a->netns, b->netns);

	if (order)
		return order;
	return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

int members_add(struct members *members, const struct series_member *member)
{
	size_t at = members->n;

	if (array_reserve(&members->items, &members->capacity, members->n + 1,
			  sizeof(*members->items)))
		return -ENOMEM;
	while (at && compare(&members->items[at - 1], member) > 0)
		at--;
	memmove(members->items + at + 1, members->items + at,
		(members->n - at) * sizeof(*members->items));
	members->items[at] = *member;
	members->n++;
	members->version++;
	return 0;
}

/* To be changed. */
static struct series_member *find(struct members *members, uint32_t slot)
{
	size_t i;

	members->version++;
	for (i = 0; i < members->n; i++)
		if (members->items[i].slot == slot)
			return &members->items[i];
	return NULL;
}

bool members_leave(struct members *members, uint32_t slot, uint64_t now_ns)
{
	struct series_member *member = find(members, slot);

	if (member && member->to_ns == SERIES_STAYS)
		members->n_leaving++;
	if (member)
		member->to_ns = now_ns;
	return member;
}

void members_rename(struct members *members, uint32_t slot, const char *ifname)
{
	struct series_member *member = find(members, slot);

	if (member)
		snprintf(member->ifname, sizeof(member->ifname), "%s", ifname);
}

void members_rename_netns(struct members *members, uint32_t slot, const char *netns)
{
	struct series_member *member = find(members, slot);

	if (member)
		snprintf(member->netns, sizeof(member->netns), "%s", netns);
}

bool members_take_gone(struct members *members, uint64_t until_ns, uint32_t *slot)
{
	size_t i;

	for (i = 0; members->n_leaving && i < members->n; i++) {
		if (members->items[i].to_ns >= until_ns)
			continue;
		*slot = members->items[i].slot;
		members->n--;
		members->n_leaving--;
		members->version++;
		memmove(members->items + i, members->items + i + 1,
			(members->n - i) * sizeof(*members->items));
		return true;
	}
	return false;
}
