/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * drop_device: drops that the kernel's counters (rtnl_link_stats64) have and the probe has not: those inside
 * a network card or its driver, which never become skbs or are not freed as dropped.
 *
 * rx_missed_errors, rx_over_errors, rx_fifo_errors and tx_fifo_errors are such (linux/if_link.h).
 * rx_dropped and tx_dropped have both kinds, and nothing says how many of each: of them what is more than
 * all that the probe saw in that direction is told. So no drop is told twice, and all together are
 * never fewer than the kernel counted; a driver's drops can hide behind as many of the stack's.
 */
#ifndef IFPULSE_MODEL_DROP_DEVICE_H
#define IFPULSE_MODEL_DROP_DEVICE_H

#include <linux/if_link.h>
#include <stdint.h>

#include "include/probe_abi.h"

#define DROP_DEVICE_COUNTERS 6

/* One interface; zero it to make it. */
struct drop_device {
	int has_first;
	struct rtnl_link_stats64 first; /* as it was when the probe began */
	uint64_t seen[N_DIRECTIONS];    /* by the probe since */
	uint64_t told[DROP_DEVICE_COUNTERS];
};

struct drop_device_row {
	const char *counter; /* the member's name */
	enum direction direction;
	uint64_t packets; /* since the last call */
};

/* The first call only notes what is. */
void drop_device_start(struct drop_device *device, const struct rtnl_link_stats64 *stats);

/*
 * `stats` were read before the probe's drops that are in `seen`: then no drop is in them that it has not
 * seen yet. Fills in rows of more than nothing, and returns how many. Counters that went backwards begin
 * anew.
 */
unsigned int drop_device_take(struct drop_device *device, const struct rtnl_link_stats64 *stats,
			      struct drop_device_row rows[DROP_DEVICE_COUNTERS]);

#endif
