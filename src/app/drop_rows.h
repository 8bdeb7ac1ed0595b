/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * drop_rows: drops by interface and kind, added up. Slots have been resolved: they come and go.
 */
#ifndef IFPULSE_APP_DROP_ROWS_H
#define IFPULSE_APP_DROP_ROWS_H

#include <net/if.h>

#include "model/container.h"
#include "model/drop.h"
#include "model/netns_name.h"

struct drop_entry {
	uint32_t ifindex; /* 0: of no interface */
	char ifname[IF_NAMESIZE];
	struct drop_kind kind; /* of slot 0 */
	const char *counter;   /* of rtnl_link_stats64, a literal; NULL: seen by the probe */
	uint64_t packets;
	char netns[NETNS_NAME_SIZE]; /* where the interface is */
	char container
		[CONTAINER_NAME_SIZE]; /* behind the interface; empty: none, or not known yet */
};

/* Zero it to make it; n may be set to 0. */
struct drop_rows {
	struct drop_entry *items;
	size_t n, capacity;
};

void drop_rows_release(struct drop_rows *rows);

/*
 * Adds to the entry that is the same but for its packets, or a new one; a container that has come to be known
 * is that of the entry so far. 0 or -ENOMEM.
 */
int drop_rows_add(struct drop_rows *rows, const struct drop_entry *entry);

/* rows += add; 0 or -ENOMEM. */
int drop_rows_join(struct drop_rows *rows, const struct drop_rows *add);

/* By namespace and ifindex, those of no interface last; most packets first. */
void drop_rows_sort(struct drop_rows *rows);

#endif
