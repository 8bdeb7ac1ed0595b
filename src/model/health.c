// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/health.h"

#include <stddef.h>

#define PPB 1000000000U

const char *health_verdict_name(enum health_verdict verdict)
{
	static const char *const names[] = {
		[HEALTH_OK] = "ok",
		[HEALTH_NO_PACKETS] = "no packets",
		[HEALTH_ERRORS] = "errors",
		[HEALTH_DROPS] = "drops",
		[HEALTH_ERRORS_AND_DROPS] = "errors and drops",
		[HEALTH_RESET] = "counters reset",
	};

	return names[verdict];
}

bool health_is_finding(enum health_verdict verdict)
{
	return verdict == HEALTH_ERRORS || verdict == HEALTH_DROPS ||
	       verdict == HEALTH_ERRORS_AND_DROPS;
}

struct counts {
	uint64_t rx_packets, tx_packets, rx_errors, tx_errors, rx_dropped, tx_dropped, rx_missed;
};

/* now - before; false where one of them went backwards. */
static bool subtract(uint64_t *now, uint64_t before)
{
	if (*now < before)
		return false;
	*now -= before;
	return true;
}

static struct counts counts_of(const struct rtnl_link_stats64 *stats)
{
	return (struct counts){
		.rx_packets = stats->rx_packets,
		.tx_packets = stats->tx_packets,
		.rx_errors = stats->rx_errors,
		.tx_errors = stats->tx_errors,
		.rx_dropped = stats->rx_dropped,
		.tx_dropped = stats->tx_dropped,
		.rx_missed = stats->rx_missed_errors,
	};
}

/* Drivers that subtract leave counters near 2^64: those must not come out as a small sum. */
static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t share_ppb(uint64_t part, uint64_t whole)
{
	unsigned __int128 share = (unsigned __int128)part * PPB / whole;

	return share > UINT64_MAX ? UINT64_MAX : (uint64_t)share;
}

static bool is_over(uint64_t part, uint64_t whole, uint64_t limit_ppb)
{
	return (unsigned __int128)part * PPB > (unsigned __int128)limit_ppb * whole;
}

/* false where a counter went backwards. */
static bool count_interval(struct counts *counts, const struct rtnl_link_stats64 *before)
{
	struct counts from = counts_of(before);

	return subtract(&counts->rx_packets, from.rx_packets) &&
	       subtract(&counts->tx_packets, from.tx_packets) &&
	       subtract(&counts->rx_errors, from.rx_errors) &&
	       subtract(&counts->tx_errors, from.tx_errors) &&
	       subtract(&counts->rx_dropped, from.rx_dropped) &&
	       subtract(&counts->tx_dropped, from.tx_dropped) &&
	       subtract(&counts->rx_missed, from.rx_missed);
}

/* Those that are drops here; the others that drop_device knows are errors, or the same once more. */
static struct rtnl_link_stats64 drops_of(const struct rtnl_link_stats64 *stats)
{
	return (struct rtnl_link_stats64){
		.rx_dropped = stats->rx_dropped,
		.tx_dropped = stats->tx_dropped,
		.rx_missed_errors = stats->rx_missed_errors,
	};
}

/* All drops, each once, and how many of them are nobody's loss. */
static void add_seen(struct health *health, const struct counts *counts,
		     const struct rtnl_link_stats64 *before, const struct rtnl_link_stats64 *now,
		     const struct health_seen *seen)
{
	const struct rtnl_link_stats64 first = drops_of(before), last = drops_of(now);
	uint64_t drops[N_DIRECTIONS],
		received = add_saturated(counts->rx_dropped, counts->rx_missed);
	struct drop_device device;
	unsigned int i;
	int d;

	drop_device_start(&device, &first);
	for (d = 0; d < N_DIRECTIONS; d++)
		drops[d] = device.seen[d] = seen->packets[d];
	health->n_device = drop_device_take(&device, &last, health->device);
	for (i = 0; i < health->n_device; i++) {
		uint64_t *sum = &drops[health->device[i].direction];

		*sum = add_saturated(*sum, health->device[i].packets);
	}
	health->has_seen = true;
	health->drops = add_saturated(drops[DIRECTION_INGRESS], drops[DIRECTION_EGRESS]);
	/* What stats64 itself calls dropped counts, whatever it was. */
	health->unwanted = drops[DIRECTION_INGRESS] - received;
	if (health->unwanted > seen->unwanted)
		health->unwanted = seen->unwanted;
}

static void judge_rates(struct health *health, const struct health_limits *limits)
{
	uint64_t packets = add_saturated(health->rx_packets, health->tx_packets);
	uint64_t lost = health->drops - health->unwanted;
	bool errors, drops;

	health->has_rates = packets > 0;
	if (health->has_rates) {
		health->error_ppb = share_ppb(health->errors, packets);
		health->drop_ppb = share_ppb(lost, packets);
	}
	/* Errors without a single packet are over every limit. */
	errors = is_over(health->errors, packets, limits->error_ppb);
	drops = is_over(lost, packets, limits->drop_ppb);
	if (errors && drops)
		health->verdict = HEALTH_ERRORS_AND_DROPS;
	else if (errors)
		health->verdict = HEALTH_ERRORS;
	else if (drops)
		health->verdict = HEALTH_DROPS;
	else
		health->verdict = packets ? HEALTH_OK : HEALTH_NO_PACKETS;
}

struct health health_judge_seen(const struct rtnl_link_stats64 *before,
				const struct rtnl_link_stats64 *now, const struct health_seen *seen,
				const struct health_limits *limits)
{
	struct counts counts = counts_of(now);
	struct health health = {0};

	if (before && !count_interval(&counts, before)) {
		health.verdict = HEALTH_RESET;
		return health;
	}
	health.rx_packets = counts.rx_packets;
	health.tx_packets = counts.tx_packets;
	health.errors = add_saturated(counts.rx_errors, counts.tx_errors);
	health.drops = add_saturated(add_saturated(counts.rx_dropped, counts.tx_dropped),
				     counts.rx_missed);
	if (before && seen)
		add_seen(&health, &counts, before, now, seen);
	judge_rates(&health, limits);
	return health;
}

struct health health_judge(const struct rtnl_link_stats64 *before,
			   const struct rtnl_link_stats64 *now, const struct health_limits *limits)
{
	return health_judge_seen(before, now, NULL, limits);
}
