/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ethtool: speed and duplex of interfaces, by ethtool netlink (kernel 5.6 and later).
 *
 * Two generic netlink sockets, one to ask and one for the `monitor` multicast group. The group
 * tells of settings that someone made; a link that negotiated anew does not, and has to be asked.
 * Source: Documentation/networking/ethtool-netlink.rst, net/ethtool/linkmodes.c.
 */
#ifndef IFPULSE_KERNEL_ETHTOOL_H
#define IFPULSE_KERNEL_ETHTOOL_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ethtool;

struct ethtool_speed {
	uint32_t ifindex;
	uint32_t speed_mbps; /* 0: unknown */
	uint8_t duplex;      /* DUPLEX_* of linux/ethtool.h */
};

typedef void (*ethtool_handler)(const struct ethtool_speed *speed, void *context);

/* -ENOENT or -EPROTONOSUPPORT where the kernel has no ethtool netlink. */
int ethtool_new(struct ethtool **out, struct error *err);
void ethtool_free(struct ethtool *ethtool);

/* Readable when ethtool_dispatch() has something to do. */
int ethtool_fd(const struct ethtool *ethtool);

/* Hands over settings that were made; *lost as in netlink_receive(). */
int ethtool_dispatch(struct ethtool *ethtool, ethtool_handler handler, void *context, bool *lost);

/* One interface. -EOPNOTSUPP where its driver has no speed, -ENODEV where it is gone. */
int ethtool_get(struct ethtool *ethtool, uint32_t ifindex, struct ethtool_speed *speed);

/*
 * All interfaces that have a speed; those whose driver has none are left out. An interface can come
 * twice: the later is right. -EINTR as netlink_dump().
 */
int ethtool_dump(struct ethtool *ethtool, ethtool_handler handler, void *context,
		 struct error *err);

/* Dumps that were inconsistent so far. */
uint64_t ethtool_interrupted(const struct ethtool *ethtool);

/*
 * An ETHTOOL_MSG_LINKMODES_GET_REPLY or _NTF. -ENOMSG for another message, -EBADMSG for a malformed
 * one; the output is untouched then.
 */
int ethtool_parse(const struct nlmsghdr *message, struct ethtool_speed *speed);

#endif
