/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * health: error and drop rates of an interface, from the kernel's own counters (stats64), judged
 * against thresholds.
 *
 * errors = rx_errors + tx_errors. drops = rx_dropped + tx_dropped + rx_missed_errors: what
 * /proc/net/dev prints as drop (dev_seq_printf_stats() in net/core/net-procfs.c); packets =
 * rx_packets + tx_packets. Rates are shares of the packets; a rate is over its threshold when it is
 * greater, not when it is equal.
 */
#ifndef IFPULSE_MODEL_HEALTH_H
#define IFPULSE_MODEL_HEALTH_H

#include <linux/if_link.h>
#include <stdbool.h>
#include <stdint.h>

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
};

/* Judges `now`, or the difference to `before` where that is not NULL. */
struct health health_judge(const struct rtnl_link_stats64 *before,
			   const struct rtnl_link_stats64 *now, const struct health_limits *limits);

/* Whether the verdict is one that a person wants to be woken for. */
bool health_is_finding(enum health_verdict verdict);

#endif
