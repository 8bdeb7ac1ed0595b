/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * backlog: what waits in the queueing discipline of each interface, behind the egress hook and before the driver.
 *
 * Kernel facts: RTM_GETQDISC of rtnetlink(7); TCA_STATS2 holds a struct gnet_stats_queue (linux/gen_stats.h), that
 * of a root with the queues below it (qdisc_qstats_qlen_backlog() and mq_dump_common() in net/sched).
 */
#ifndef IFPULSE_KERNEL_BACKLOG_H
#define IFPULSE_KERNEL_BACKLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct backlog {
	uint32_t ifindex;
	uint32_t packets; /* skbs */
	uint32_t bytes;   /* as on the wire, with the MAC header */
};

/*
 * Of every interface of the namespace that the caller is in that has any. *rows is the caller's to free(). 0 or
 * -errno.
 */
int backlog_read(struct backlog **rows, size_t *n, struct error *err);

#endif
