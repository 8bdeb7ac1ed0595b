/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link_parse: rtnetlink messages (links, addresses, statistics) into struct link. No socket.
 *
 * Attributes that are absent or too short leave what was known before, but for those whose absence
 * in a whole message says "none" (rtnl_fill_ifinfo() in net/core/rtnetlink.c): master, lower,
 * hardware address, XDP program.
 *
 * Errors: -ENOMSG for a message about something else, -EBADMSG for a malformed one, -ENOMEM; the
 * output is untouched then.
 */
#ifndef IFPULSE_KERNEL_LINK_PARSE_H
#define IFPULSE_KERNEL_LINK_PARSE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/link.h"

/* An interface of which nothing is known but its ifindex. */
void link_parse_blank(struct link *link, uint32_t ifindex);

/*
 * The interface that an RTM_NEWLINK or RTM_DELLINK is about. -ENOMSG for those of AF_BRIDGE, which
 * come in the same multicast group: they tell of a bridge port, and an RTM_DELLINK among them that
 * an interface left its bridge.
 */
int link_parse_ifindex(const struct nlmsghdr *message, uint32_t *ifindex);

/* Takes an RTM_NEWLINK in. `link` is a blank one or what is known of that interface. */
int link_parse(const struct nlmsghdr *message, struct link *link);

/* RTM_NEWADDR, RTM_DELADDR; -ENOMSG for other families than IPv4 and IPv6. */
int link_parse_addr(const struct nlmsghdr *message, uint32_t *ifindex, struct link_addr *addr);

/* RTM_NEWSTATS with IFLA_STATS_LINK_64. */
int link_parse_stats(const struct nlmsghdr *message, uint32_t *ifindex,
		     struct rtnl_link_stats64 *stats);

/* Adds behind all others, as befits a dump. 0 or -ENOMEM. */
int link_append_addr(struct link *link, const struct link_addr *addr);

/*
 * Adds an address, or replaces the one it is a new state of, where the kernel puts it: IPv4 before
 * IPv6, then by scope. 0 or -ENOMEM.
 */
int link_put_addr(struct link *link, const struct link_addr *addr);

/* Whether there was one to remove. */
bool link_remove_addr(struct link *link, const struct link_addr *addr);

#endif
