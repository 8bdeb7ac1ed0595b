/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * health: error and drop rates of an interface, from the kernel's own counters (stats64), judged
 * against thresholds.
 *
 * errors = rx_errors + tx_errors. drops = rx_dropped + tx_dropped + rx_missed_errors: what
 * /proc/net/dev prints as drop (dev_seq_printf_stats() in net/core/net-procfs.c); packets =
 * rx_packets + tx_packets. Rates are shares of the packets; a rate is over its threshold when it is
 * greater, not when it is equal.
 *
 * Over an interval in which the probe counted what the stack dropped, drops are all of those and what
 * the counters above have more (model/drop_device.h), each once. The packets stay those of stats64, so
 * that a rate and its threshold mean the same with the probe and without: what a queueing discipline
 * drops is not in tx_packets, nor is what a socket drops missing in rx_packets. Drops that are unwanted
 * (struct drop_kind) count towards the rate only where stats64 itself calls as many dropped: on an idle
 * interface they can be more than half of all packets, and nobody has lost anything.
 */
#ifndef IFPULSE_MODEL_HEALTH_H
#define IFPULSE_MODEL_HEALTH_H

#include <linux/if_link.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/drop_device.h"

#define HEALTH_ERROR_LIMIT_PPB 100000 /* 0.01 % */
#define HEALTH_DROP_LIMIT_PPB 1000000 /* 0.1 % */

struct health_limits {
	uint64_t error_ppb; /* parts per billion of the packets */
	uint64_t drop_ppb;
};

enum health_verdict {
	HEALTH_OK,
	HEALTH_NO_PACKETS, /* nothing to judge by: no packets, no errors, no drops */
	HEALTH_ERRORS,
	HEALTH_DROPS,
	HEALTH_ERRORS_AND_DROPS,
	HEALTH_RESET, /* a counter went backwards in the interval: no delta can be told */
};

const char *health_verdict_name(enum health_verdict verdict);

struct health {
	uint64_t rx_packets, tx_packets, errors, drops;
	bool has_rates; /* false without packets, and after a reset */
	uint64_t error_ppb, drop_ppb;
	enum health_verdict verdict;
	/* Only of health_judge_seen(); none after a reset. */
	bool has_seen;
	uint64_t unwanted; /* those of `drops` that do not count towards the rate */
	struct drop_device_row device[DROP_DEVICE_COUNTERS]; /* those that the probe did not see */
	unsigned int n_device;
};

/* What the probe saw dropped in an interval. */
struct health_seen {
	uint64_t packets[N_DIRECTIONS];
	uint64_t unwanted; /* of those received */
};

/* Judges `now`, or the difference to `before` where that is not NULL. */
struct health health_judge(const struct rtnl_link_stats64 *before,
			   const struct rtnl_link_stats64 *now, const struct health_limits *limits);

/*
 * The same of an interval that the probe saw, too: it began to count before `before` was read, and what
 * it saw was read after `now`, so that no drop is in stats64 alone for want of time.
 */
struct health health_judge_seen(const struct rtnl_link_stats64 *before,
				const struct rtnl_link_stats64 *now, const struct health_seen *seen,
				const struct health_limits *limits);

/* Whether the verdict is one that a person wants to be woken for. */
bool health_is_finding(enum health_verdict verdict);

#endif
