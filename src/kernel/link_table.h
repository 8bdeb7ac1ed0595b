/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link_table: interfaces in order of ifindex, and dumps from the kernel into such a table.
 *
 * The table owns its interfaces, each allocated on its own, so that growing the table moves none.
 */
#ifndef IFPULSE_KERNEL_LINK_TABLE_H
#define IFPULSE_KERNEL_LINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/ethtool.h"
#include "kernel/netlink.h"
#include "model/link.h"

struct link_table {
	struct link **items;
	size_t n, capacity;
};

/* Frees an interface as tables hold them; NULL-safe. */
void link_table_free_link(struct link *link);

void link_table_clear(struct link_table *table);

/* Place of the first interface whose ifindex is not below. */
size_t link_table_place(const struct link_table *table, uint32_t ifindex);

/* NULL where there is none. */
struct link *link_table_get(const struct link_table *table, uint32_t ifindex);

/*
 * Takes `link` over, and hands back in *replaced the one with its ifindex, or NULL. 0 or -ENOMEM,
 * `link` is still the caller's then.
 */
int link_table_put(struct link_table *table, struct link *link, struct link **replaced);

/* Hands the interface over to the caller; NULL where there is none. */
struct link *link_table_take(struct link_table *table, uint32_t ifindex);

/*
 * Fills an empty table: links with statistics, addresses, speeds (`ethtool` may be NULL). *complete
 * is whether the kernel vouches for all of it; what churned under each of several dumps may lack
 * entries. 0 or -errno; the table is to be cleared in either case.
 */
int link_table_dump(struct link_table *table, struct netlink *route, struct ethtool *ethtool,
		    bool *complete, struct error *err);

/* Refreshes the statistics of interfaces that the table has. */
int link_table_dump_stats(struct link_table *table, struct netlink *route, struct error *err);

/* Asks for one interface, `link` as in link_parse(). -ENODEV where it is gone. */
int link_table_ask(struct netlink *route, struct link *link);

#endif
