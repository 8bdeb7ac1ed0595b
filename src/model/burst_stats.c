// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/burst_stats.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

void burst_stats_release(struct burst_stats *stats)
{
	free(stats->durations_ns);
	*stats = (struct burst_stats){0};
}

int burst_stats_add_burst(struct burst_stats *stats, const struct burst *burst)
{
	uint64_t duration_ns = burst->end_ns - burst->start_ns;

	stats->burst_ns += duration_ns;
	stats->burst_bytes += burst->traffic.wire_bytes;
	if (array_reserve(&stats->durations_ns, &stats->capacity, stats->n + 1,
			  sizeof(*stats->durations_ns)))
		return -ENOMEM;
	stats->durations_ns[stats->n++] = duration_ns;
	return 0;
}

void burst_stats_add_window(struct burst_stats *stats, const struct traffic_counter *traffic)
{
	stats->all_bytes += traffic->wire_bytes;
	if (traffic->wire_bytes > stats->peak_bytes)
		stats->peak_bytes = traffic->wire_bytes;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank: the smallest that at least `percent` of them do not exceed. */
static uint64_t percentile(const struct burst_stats *stats, unsigned int percent)
{
	size_t rank = (stats->n * percent + 99) / 100;

	return stats->n ? stats->durations_ns[rank ? rank - 1 : 0] : 0;
}

struct burst_summary burst_stats_summarise(struct burst_stats *stats, uint64_t run_ns,
					   uint64_t width_ns)
{
	struct burst_summary summary = {.count = stats->n, .run_ns = run_ns};
	double mean = run_ns ? (double)stats->all_bytes / (double)run_ns : 0;

	if (stats->n)
		qsort(stats->durations_ns, stats->n, sizeof(*stats->durations_ns), compare);
	summary.time_share = run_ns ? (double)stats->burst_ns / (double)run_ns : 0;
	if (stats->all_bytes)
		summary.byte_share = (double)stats->burst_bytes / (double)stats->all_bytes;
	summary.p50_ns = percentile(stats, 50);
	summary.p90_ns = percentile(stats, 90);
	summary.p99_ns = percentile(stats, 99);
	if (mean > 0)
		summary.peak_to_mean = (double)stats->peak_bytes / (double)width_ns / mean;
	return summary;
}
