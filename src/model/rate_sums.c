// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/rate_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Where to look for what a slot has, so that each window costs the same; both from 1 on, 0: none. */
struct place {
	size_t member; /* the span's first of the slot */
	size_t rate;   /* the interval's last of the slot */
};

struct rate_sums {
	uint64_t start_ns, until_ns; /* of the interval, and how far it has been taken */
	uint64_t interval_ns;
	uint64_t width_ns;
	rate_sums_fn fn;
	void *context;
	struct rate *rates; /* of the interval, in order of coming */
	size_t n, capacity;
	struct place *places; /* by slot */
	size_t n_places;
	struct window_gap *gaps; /* of this span, and those of earlier ones that reach into it */
	size_t n_gaps, gaps_capacity;
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
	free(sums->places);
	free(sums->gaps);
	free(sums);
}

/* A slot goes from one to the other, perhaps of the same ifindex in another namespace. */
static bool is_of(const struct rate *rate, const struct series_member *member)
{
	return rate->slot == member->slot && rate->ifindex == member->ifindex &&
	       !strcmp(rate->netns, member->netns);
}

/* NULL where the interface has none in this interval yet. */
static struct rate *find_rate(const struct rate_sums *sums, const struct series_member *member)
{
	size_t at = sums->places[member->slot].rate, i;

	if (!at)
		return NULL;
	if (is_of(&sums->rates[at - 1], member))
		return &sums->rates[at - 1];
	for (i = 0; i < sums->n; i++)
		if (is_of(&sums->rates[i], member))
			return &sums->rates[i];
	return NULL;
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
	rate = find_rate(sums, member);
	if (!rate) {
		if (array_reserve(&sums->rates, &sums->capacity, sums->n + 1, sizeof(*sums->rates)))
			return -ENOMEM;
		rate = &sums->rates[sums->n++];
		*rate = (struct rate){
			.ifindex = member->ifindex, .slot = member->slot, .start_wall_ns = from_ns};
		memcpy(rate->netns, member->netns, sizeof(rate->netns));
		sums->places[member->slot].rate = sums->n;
	}
	memcpy(rate->ifname, member->ifname, sizeof(rate->ifname));
	rate->interval_ns = to_ns - rate->start_wall_ns;
	return 0;
}

/* The first member of the slot at that time, as series_walk() has it. */
static struct rate *rate_of(const struct rate_sums *sums, const struct series_span *span,
			    const struct window *window)
{
	size_t i;

	if (window->slot >= sums->n_places || !sums->places[window->slot].member)
		return NULL;
	for (i = sums->places[window->slot].member - 1; i < span->n_members; i++)
		if (span->members[i].slot == window->slot &&
		    series_is_member_at(&span->members[i], window->start_ns, span->width_ns))
			return find_rate(sums, &span->members[i]);
	return NULL;
}

static void add_window(struct rate_sums *sums, const struct series_span *span,
		       const struct window *window)
{
	struct rate *rate = rate_of(sums, span, window);
	struct traffic_counter *traffic;
	uint64_t bps;

	if (!rate)
		return;
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
		add_window(sums, span, &span->windows[*at]);
	for (i = 0; i < sums->n_gaps; i++)
		if (sums->gaps[i].from_ns < to_ns && sums->gaps[i].to_ns > sums->until_ns)
			sums->is_unknown = true;
	sums->until_ns = to_ns;
	return ret;
}

static int compare(const void *a, const void *b)
{
	const struct rate *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->start_wall_ns != y->start_wall_ns)
		return x->start_wall_ns < y->start_wall_ns ? -1 : 1;
	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return strcmp(x->netns, y->netns);
}

/* It ended where the interval begins, without a packet there: that says nothing. */
static bool is_nothing(const struct rate *rate)
{
	static const struct interface_counters none;

	return !rate->interval_ns && !memcmp(&rate->delta, &none, sizeof(none));
}

static int tell(struct rate_sums *sums)
{
	size_t i, n = 0;
	int d;

	for (i = 0; i < sums->n; i++) {
		struct rate *rate = &sums->rates[i];

		sums->places[rate->slot].rate = 0;
		if (is_nothing(rate))
			continue;
		rate->is_unknown = sums->is_unknown;
		rate->has_peak = !sums->is_unknown;
		for (d = 0; d < N_DIRECTIONS; d++)
			rate->bps[d] = rate_per_second(8 * rate->delta.traffic[d].wire_bytes,
						       rate->interval_ns);
		sums->rates[n++] = *rate;
	}
	sums->n = 0;
	sums->is_unknown = false;
	if (n)
		qsort(sums->rates, n, sizeof(*sums->rates), compare);
	return sums->fn(sums->context, sums->rates, n);
}

/* What is looked at window by window, made ready. */
static int begin_span(struct rate_sums *sums, const struct series_span *span)
{
	size_t i;

	sums->width_ns = span->width_ns;
	for (i = span->n_members; i-- > 0;) {
		uint32_t slot = span->members[i].slot;

		if (array_reserve(&sums->places, &sums->n_places, (size_t)slot + 1,
				  sizeof(*sums->places)))
			return -ENOMEM;
		sums->places[slot].member = i + 1;
	}
	if (array_reserve(&sums->gaps, &sums->gaps_capacity, sums->n_gaps + span->n_gaps,
			  sizeof(*sums->gaps)))
		return -ENOMEM;
	for (i = 0; i < span->n_gaps; i++)
		sums->gaps[sums->n_gaps++] = span->gaps[i];
	return 0;
}

static void end_span(struct rate_sums *sums, const struct series_span *span)
{
	size_t i, n = 0;

	for (i = 0; i < span->n_members; i++)
		if (span->members[i].slot < sums->n_places)
			sums->places[span->members[i].slot].member = 0;
	for (i = 0; i < sums->n_gaps; i++)
		if (sums->gaps[i].to_ns > sums->until_ns)
			sums->gaps[n++] = sums->gaps[i];
	sums->n_gaps = n;
}

int rate_sums_take(struct rate_sums *sums, const struct series_span *span)
{
	int ret = begin_span(sums, span);
	size_t at = 0;

	/* Not start + interval, which may be more than a clock holds. */
	while (!ret && span->until_ns > sums->start_ns &&
	       span->until_ns - sums->start_ns >= sums->interval_ns) {
		uint64_t end_ns = sums->start_ns + sums->interval_ns;

		ret = take_part(sums, span, end_ns, &at);
		if (!ret)
			ret = tell(sums);
		sums->start_ns = end_ns;
	}
	if (!ret)
		ret = take_part(sums, span, span->until_ns, &at);
	end_span(sums, span);
	return ret;
}

int rate_sums_finish(struct rate_sums *sums)
{
	bool has_begun = sums->until_ns > sums->start_ns;

	sums->start_ns = sums->until_ns;
	return has_begun ? tell(sums) : 0;
}
