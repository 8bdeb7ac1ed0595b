// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/rate_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct rate_sums {
	uint64_t start_ns, until_ns; /* of the interval, and how far it has been taken */
	uint64_t interval_ns;
	uint64_t width_ns;
	rate_sums_fn fn;
	void *context;
	struct rate *rates; /* by slot; of ifindex 0: not in this interval */
	size_t n, capacity;
	struct rate *told; /* those that are, side by side */
	size_t told_capacity;
	bool is_unknown; /* a gap touches the interval */
};

int rate_sums_new(struct rate_sums **out, uint64_t start_ns, uint64_t interval_ns, rate_sums_fn fn,
		  void *context)
{
	struct rate_sums *sums = calloc(1, sizeof(*sums));

	if (!sums)
		return -ENOMEM;
	*sums = (struct rate_sums){.start_ns = start_ns,
				   .until_ns = start_ns,
				   .interval_ns = interval_ns,
				   .fn = fn,
				   .context = context};
	*out = sums;
	return 0;
}

void rate_sums_free(struct rate_sums *sums)
{
	if (!sums)
		return;
	free(sums->rates);
	free(sums->told);
	free(sums);
}

/* Who is there in [until_ns, to_ns), which lies within the interval. */
static int add_member(struct rate_sums *sums, const struct series_member *member, uint64_t to_ns)
{
	uint64_t from_ns = member->from_ns > sums->until_ns ? member->from_ns : sums->until_ns;
	struct rate *rate;

	/* One that ended just when a window began may have a packet in it, as series_walk() has it. */
	if (from_ns >= to_ns || from_ns > member->to_ns)
		return 0;
	if (member->to_ns < to_ns)
		to_ns = member->to_ns;
	if (array_reserve(&sums->rates, &sums->capacity, (size_t)member->slot + 1,
			  sizeof(*sums->rates)))
		return -ENOMEM;
	if (sums->n <= member->slot)
		sums->n = (size_t)member->slot + 1;
	rate = &sums->rates[member->slot];
	if (!rate->ifindex) {
		rate->ifindex = member->ifindex;
		rate->slot = member->slot;
		rate->start_wall_ns = from_ns;
	}
	memcpy(rate->ifname, member->ifname, sizeof(rate->ifname));
	rate->interval_ns = to_ns - rate->start_wall_ns;
	return 0;
}

static void add_window(struct rate_sums *sums, const struct window *window)
{
	struct traffic_counter *traffic;
	struct rate *rate;
	uint64_t bps;

	if (window->slot >= sums->n)
		return;
	rate = &sums->rates[window->slot];
	traffic = &rate->delta.traffic[window->direction];
	traffic->packets += window->traffic.packets;
	traffic->bytes += window->traffic.bytes;
	traffic->wire_packets += window->traffic.wire_packets;
	traffic->wire_bytes += window->traffic.wire_bytes;
	rate->delta.drops[window->direction] += window->drops;
	bps = rate_per_second(8 * window->traffic.wire_bytes, sums->width_ns);
	if (bps > rate->peak_bps[window->direction])
		rate->peak_bps[window->direction] = bps;
}

/* Takes in what the span has of the interval, up to to_ns; its windows are told from `at` on. */
static int take_part(struct rate_sums *sums, const struct series_span *span, uint64_t to_ns,
		     size_t *at)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < span->n_members; i++)
		ret = add_member(sums, &span->members[i], to_ns);
	for (; !ret && *at < span->n_windows && span->windows[*at].start_ns < to_ns; ++*at)
		add_window(sums, &span->windows[*at]);
	for (i = 0; i < span->n_gaps; i++)
		if (span->gaps[i].from_ns < to_ns && span->gaps[i].to_ns > sums->until_ns)
			sums->is_unknown = true;
	sums->until_ns = to_ns;
	return ret;
}

static int tell(struct rate_sums *sums)
{
	size_t i, n = 0;
	int d;

	if (array_reserve(&sums->told, &sums->told_capacity, sums->n, sizeof(*sums->told)))
		return -ENOMEM;
	for (i = 0; i < sums->n; i++) {
		struct rate *rate = &sums->rates[i];

		if (!rate->ifindex)
			continue;
		rate->is_unknown = sums->is_unknown;
		rate->has_peak = !sums->is_unknown;
		for (d = 0; d < N_DIRECTIONS; d++)
			rate->bps[d] = rate_per_second(8 * rate->delta.traffic[d].wire_bytes,
						       rate->interval_ns);
		sums->told[n++] = *rate;
	}
	memset(sums->rates, 0, sums->n * sizeof(*sums->rates));
	sums->is_unknown = false;
	return sums->fn(sums->context, sums->told, n);
}

int rate_sums_take(struct rate_sums *sums, const struct series_span *span)
{
	size_t at = 0;
	int ret = 0;

	sums->width_ns = span->width_ns;
	while (!ret && sums->start_ns + sums->interval_ns <= span->until_ns) {
		uint64_t end_ns = sums->start_ns + sums->interval_ns;

		ret = take_part(sums, span, end_ns, &at);
		if (!ret)
			ret = tell(sums);
		sums->start_ns = end_ns;
	}
	return ret ? ret : take_part(sums, span, span->until_ns, &at);
}

int rate_sums_finish(struct rate_sums *sums)
{
	return sums->until_ns > sums->start_ns ? tell(sums) : 0;
}
