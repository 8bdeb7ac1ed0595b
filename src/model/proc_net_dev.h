/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * proc_net_dev: a reading of /proc/net/dev that somebody has saved.
 *
 * Two lines of titles, then a line per interface: its name, a colon, and 16 decimal numbers, those of
 * rtnl_link_stats64 (dev_seq_printf_stats() in net/core/net-procfs.c): received bytes, packets, errors, dropped,
 * fifo, frame, compressed, multicast; sent bytes, packets, errors, dropped, fifo, collisions, carrier, compressed.
 */
#ifndef IFPULSE_MODEL_PROC_NET_DEV_H
#define IFPULSE_MODEL_PROC_NET_DEV_H

#include <linux/if_link.h>
#include <net/if.h>
#include <stddef.h>

#include "base/error.h"

struct proc_net_dev_row {
	char ifname[IF_NAMESIZE];
	struct rtnl_link_stats64 stats; /* rx and tx bytes and packets alone */
};

/*
 * `text` ends with a NUL and is used up. 0 and rows that the caller frees, or -errno: -EINVAL for what is not such a
 * file, with the line in the error. `path` is for that.
 */
int proc_net_dev_parse(const char *path, char *text, struct proc_net_dev_row **rows, size_t *n,
		       struct error *err);

/* NULL: it is not there. */
const struct proc_net_dev_row *proc_net_dev_find(const struct proc_net_dev_row *rows, size_t n,
						 const char *ifname);

#endif
