// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/burst_stats.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void burst_stats_release(struct burst_stats *stats)
{
	free(stats->durations);
	*stats = (struct burst_stats){0};
}

/* The first that is not shorter. */
static size_t find_duration(const struct burst_stats *stats, uint64_t duration_ns)
{
	size_t low = 0, high = stats->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (stats->durations[middle].duration_ns < duration_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether one burst had this duration; *at is where it is, or would be put. */
static bool has_duration(const struct burst_stats *stats, uint64_t duration_ns, size_t *at)
{
	*at = find_duration(stats, duration_ns);
	return *at < stats->n && stats->durations[*at].duration_ns == duration_ns;
}

/* To nine bits. */
static uint64_t round_duration(uint64_t duration_ns)
{
	unsigned int shift = 0;

	while (duration_ns >> shift >= 1 << 9)
		shift++;
	return shift ? ((duration_ns >> (shift - 1)) + 1) >> 1 << shift : duration_ns;
}

int burst_stats_add_burst(struct burst_stats *stats, const struct burst *burst)
{
	uint64_t duration_ns = burst->end_ns - burst->start_ns;
	bool is_known;
	size_t at;

	stats->burst_ns += duration_ns;
	stats->burst_bytes += burst->traffic.wire_bytes;
	is_known = has_duration(stats, duration_ns, &at);
	if (!is_known && stats->n >= BURST_STATS_EXACT) {
		duration_ns = round_duration(duration_ns);
		is_known = has_duration(stats, duration_ns, &at);
	}
	if (!is_known) {
		if (array_reserve(&stats->durations, &stats->capacity, stats->n + 1,
				  sizeof(*stats->durations)))
			return -ENOMEM;
		memmove(stats->durations + at + 1, stats->durations + at,
			(stats->n - at) * sizeof(*stats->durations));
		stats->durations[at] = (struct burst_duration){duration_ns, 0};
		stats->n++;
	}
	stats->durations[at].bursts++;
	stats->bursts++;
	return 0;
}

void burst_stats_add_window(struct burst_stats *stats, const struct traffic_counter *traffic)
{
	stats->all_bytes += traffic->wire_bytes;
	if (traffic->wire_bytes > stats->peak_bytes)
		stats->peak_bytes = traffic->wire_bytes;
}

/* Nearest rank: the smallest that at least `percent` of them do not exceed. */
static uint64_t percentile(const struct burst_stats *stats, unsigned int percent)
{
	uint64_t rank = (stats->bursts * percent + 99) / 100, seen = 0;
	size_t i;

	for (i = 0; i < stats->n; i++) {
		seen += stats->durations[i].bursts;
		if (seen >= rank)
			return stats->durations[i].duration_ns;
	}
	return 0;
}

struct burst_summary burst_stats_summarise(const struct burst_stats *stats, uint64_t run_ns,
					   uint64_t width_ns)
{
	struct burst_summary summary = {.count = stats->bursts, .run_ns = run_ns};
	double mean = run_ns ? (double)stats->all_bytes / (double)run_ns : 0;

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
