/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link_cache: the interfaces of kernel/links, and how events change them and are reported.
 *
 * Where an event does not say it all (speeds, the other end of a veth pair) the kernel is asked,
 * over sockets that are the caller's. An error from any of these means that the cache may be out of
 * date: only a fresh table, by link_cache_merge(), mends that.
 */
#ifndef IFPULSE_KERNEL_LINK_CACHE_H
#define IFPULSE_KERNEL_LINK_CACHE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/ethtool.h"
#include "kernel/link_table.h"
#include "kernel/links.h"
#include "kernel/netlink.h"

struct link_cache {
	struct link_table table;
	struct links_listener listener;
	struct netlink *route;   /* asks; not owned */
	struct ethtool *ethtool; /* NULL where the kernel has none; not owned */
	/* Bonds and bridges whose members changed: their speed follows without an event. */
	uint32_t *masters;
	size_t n_masters, masters_capacity;
};

/* Frees what the cache owns, not the struct; safe on a zeroed one. */
void link_cache_clear(struct link_cache *cache);

/* Takes an rtnetlink event in; those about something else are passed over. 0 or -errno. */
int link_cache_take_event(struct link_cache *cache, const struct nlmsghdr *message);

/* Takes a speed in that ethtool told of. 0 or -ENOMEM. */
int link_cache_take_speed(struct link_cache *cache, const struct ethtool_speed *speed);

/*
 * To be called after a batch of events: asks for the speeds of bonds and bridges whose members
 * changed, once for each however many members there were. 0 or -ENOMEM.
 */
int link_cache_settle(struct link_cache *cache);

/*
 * Puts the interfaces of `fresh`, which is empty afterwards, in the place of the cached ones, one
 * reported difference after the other. What `fresh` lacks is only dropped when it is `complete`. 0
 * or -ENOMEM.
 */
int link_cache_merge(struct link_cache *cache, struct link_table *fresh, bool complete);

#endif
