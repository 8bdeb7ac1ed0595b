// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/busiest.h"

static uint64_t traffic_of(const struct rate *rate)
{
	if (!rate->ifindex)
		return UINT64_MAX;
	return rate->bps[DIRECTION_INGRESS] + rate->bps[DIRECTION_EGRESS];
}

static size_t count_above(const struct rate *rates, size_t n, uint64_t floor_bps)
{
	size_t i, above = 0;

	for (i = 0; i < n; i++)
		above += traffic_of(&rates[i]) > floor_bps;
	return above;
}

/*
 * The floor is the lowest rate that no more than `room` exceed. Found by bisection over the value,
 * which needs no copy to sort.
 */
struct busiest busiest_find(const struct rate *rates, size_t n, size_t room)
{
	uint64_t low = 0, high = UINT64_MAX;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (count_above(rates, n, middle) > room)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct busiest){low, room - count_above(rates, n, low)};
}

bool busiest_takes(struct busiest *busiest, const struct rate *rate)
{
	uint64_t traffic = traffic_of(rate);

	if (traffic != busiest->floor_bps)
		return traffic > busiest->floor_bps;
	if (!busiest->ties)
		return false;
	busiest->ties--;
	return true;
}
