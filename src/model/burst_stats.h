/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * burst_stats: what the bursts of one interface and direction amount to over a run.
 */
#ifndef IFPULSE_MODEL_BURST_STATS_H
#define IFPULSE_MODEL_BURST_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "model/burst.h"

struct burst_duration {
	uint64_t duration_ns, bursts;
};

/*
 * Durations are kept as they are as long as there are no more different ones than that; others are rounded to nine
 * bits, to within 0.2%: a run that never ends takes no more than some 100 KiB for each interface.
 */
#define BURST_STATS_EXACT 1000

/* Zero it to make it. */
struct burst_stats {
	struct burst_duration *durations; /* shortest first */
	size_t n, capacity;
	uint64_t bursts;
	uint64_t burst_ns, burst_bytes; /* in bursts, wire bytes */
	uint64_t all_bytes;             /* in all windows */
	uint64_t peak_bytes;            /* of the busiest window */
};

void burst_stats_release(struct burst_stats *stats);

/* 0 or -ENOMEM: then the burst is in the sums but not in the percentiles. */
int burst_stats_add_burst(struct burst_stats *stats, const struct burst *burst);
void burst_stats_add_window(struct burst_stats *stats, const struct traffic_counter *traffic);

struct burst_summary {
	uint64_t count;
	double time_share, byte_share;   /* 0 to 1 */
	uint64_t p50_ns, p90_ns, p99_ns; /* durations, by nearest rank; 0 without bursts */
	uint64_t run_ns;                 /* what it is of */
	double peak_to_mean; /* busiest window to the mean of the whole time; 0 without traffic */
};

/* Over a run of run_ns. */
struct burst_summary burst_stats_summarise(const struct burst_stats *stats, uint64_t run_ns,
					   uint64_t width_ns);

#endif
