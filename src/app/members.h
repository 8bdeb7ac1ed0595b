/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * members: every interface whose slot is not given back, attached or not, as the series of windows needs
 * them. One that has gone stays until the windows of its time have been taken.
 */
#ifndef IFPULSE_APP_MEMBERS_H
#define IFPULSE_APP_MEMBERS_H

#include <stdbool.h>

#include "model/series.h"

/* Zero it to make it. In order of namespace, as it was called then, and ifindex; one made anew comes behind the one it follows. */
struct members {
	struct series_member *items;
	size_t n, capacity;
	uint64_t version; /* changes whenever they do */
	size_t n_leaving; /* have left, and are to be taken out yet */
};

void members_release(struct members *members);

/* 0 or -ENOMEM. */
int members_add(struct members *members, const struct series_member *member);

/* false where no member has the slot: nothing will ever be asked of it. */
bool members_leave(struct members *members, uint32_t slot, uint64_t now_ns);

void members_rename(struct members *members, uint32_t slot, const char *ifname);
void members_rename_netns(struct members *members, uint32_t slot, const char *netns);

/*
 * Takes out a member that left before until_ns, up to which windows have been taken; gives its slot.
 * false when there is none.
 */
bool members_take_gone(struct members *members, uint64_t until_ns, uint32_t *slot);

#endif
