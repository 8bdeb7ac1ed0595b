// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/rate.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

uint64_t rate_per_second(uint64_t count, uint64_t interval_ns)
{
	unsigned __int128 scaled;

	if (!interval_ns)
		return 0;
	/* Almost always: a division of 64 bits takes a fraction of the time. */
	if (count <= (UINT64_MAX - interval_ns / 2) / NSEC_PER_SEC)
		return (count * NSEC_PER_SEC + interval_ns / 2) / interval_ns;
	scaled = (unsigned __int128)count * NSEC_PER_SEC;
	scaled = (scaled + interval_ns / 2) / interval_ns;
	return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

static void fill_bps(struct rate *rate)
{
	int d;

	for (d = 0; d < N_DIRECTIONS; d++)
		rate->bps[d] =
			rate_per_second(8 * rate->delta.traffic[d].wire_bytes, rate->interval_ns);
}

void rate_between(struct rate *rate, const struct rate_reading *before,
		  const struct rate_reading *after)
{
	rate->start_wall_ns = before->wall_ns;
	rate->interval_ns = after->monotonic_ns - before->monotonic_ns;
	rate->has_peak = false;
	rate->is_unknown = false;
	rate->delta = counters_delta(&before->counters, &after->counters);
	fill_bps(rate);
}

void rate_total(struct rate *total, const struct rate *rates, size_t n, uint64_t start_wall_ns,
		uint64_t interval_ns)
{
	size_t i;

	memset(total, 0, sizeof(*total));
	snprintf(total->ifname, sizeof(total->ifname), "total");
	total->start_wall_ns = start_wall_ns;
	total->interval_ns = interval_ns;
	for (i = 0; i < n; i++) {
		if (!rates[i].in_total)
			continue;
		counters_add(&total->delta, &rates[i].delta);
		total->is_unknown |= rates[i].is_unknown;
	}
	fill_bps(total);
}
