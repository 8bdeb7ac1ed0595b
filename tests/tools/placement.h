/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * placement: whether bursts that were found can be what was sent.
 *
 * A send passed the hook at some moment between its two stamps. Where a border of windows lies between
 * them it can be in either, so what the truth allows is a set of series of windows, one for each way to
 * place such sends. A found burst is right if one of these series, by the rule, has exactly the found bursts
 * of its neighbourhood, and nothing is allowed for besides. Neighbourhoods are what no merging can
 * connect. They are searched window by window: at a border the number of sends on its left is one of few,
 * and each is followed up (struct state). A send of several skbs (TCP) can be on both sides of a border,
 * in parts unknown; the counts are then bounded rather than exact, and the sum over all bursts, which has
 * to be what was sent to the byte, still catches what a bound lets pass.
 */
#ifndef IFPULSE_TESTS_PLACEMENT_H
#define IFPULSE_TESTS_PLACEMENT_H

#include "found.h"

#define PLACEMENT_STATES_MAX 4096
#define PLACEMENT_BORDERS_MAX 64
#define PLACEMENT_HEADERS_MIN \
	54 /* Ethernet, IPv4 and TCP: the least that a part of a send can be */

struct record {
	uint64_t first, last; /* windows in which it can be */
	uint64_t middle;      /* the one in the middle of its interval */
	struct counts counts;
};

/* A border between windows: the sends before `index` are on its left, and of `index` a part if split. */
struct position {
	size_t index;
	bool is_split;
};

struct bounds {
	struct counts min, max;
};

/* One way to have come up to a border. */
struct state {
	struct position at, start; /* of the border; of that at which the burst began */
	uint64_t cold;             /* windows since the last that counts to the burst */
	bool has_peak;             /* of the burst, so far */
};

struct states {
	struct state items[PLACEMENT_STATES_MAX];
	size_t n;
};

/* The sends of a run, and the rule. */
struct placement {
	uint64_t width_ns, merge_gap_ns, high_bps, low_bps;
	bool is_hysteresis;
	struct record *records; /* owned; by time */
	size_t n;
};

static struct states now_states, next_states;

static inline bool counts_within(const struct counts *c, const struct bounds *b)
{
	return c->packets >= b->min.packets && c->packets <= b->max.packets &&
	       c->bytes >= b->min.bytes && c->bytes <= b->max.bytes &&
	       c->wire_packets >= b->min.wire_packets && c->wire_packets <= b->max.wire_packets &&
	       c->wire_bytes >= b->min.wire_bytes && c->wire_bytes <= b->max.wire_bytes;
}

/* What passed between two borders. A part of a split send is a packet at least, and leaves one. */
static inline struct bounds between(const struct placement *placement, struct position from,
				    struct position to)
{
	static const struct counts part_min = {1, PLACEMENT_HEADERS_MIN, 1, PLACEMENT_HEADERS_MIN};
	struct bounds sum = {0};

	if (from.index == to.index && from.is_split) {
		sum.max = placement->records[from.index].counts;
		counts_take(&sum.max, &part_min);
		counts_take(&sum.max, &part_min);
		return sum;
	}
	for (size_t i = from.index + from.is_split; i < to.index; i++)
		counts_add(&sum.min, &placement->records[i].counts);
	sum.max = sum.min;
	for (int side = 0; side < 2; side++) {
		const struct position *p = side ? &to : &from;

		if (!p->is_split)
			continue;
		counts_add(&sum.min, &part_min);
		counts_add(&sum.max, &placement->records[p->index].counts);
		counts_take(&sum.max, &part_min);
	}
	return sum;
}

static inline bool is_above(const struct placement *placement, uint64_t wire_bytes,
			    uint64_t mark_bps)
{
	return (unsigned __int128)wire_bytes * 8 * TOOL_NSEC_PER_SEC >
	       (unsigned __int128)mark_bps * placement->width_ns;
}

/* To the nearest. */
static inline uint64_t rate(uint64_t wire_bytes, uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)wire_bytes * 8 * TOOL_NSEC_PER_SEC + ns / 2) / ns);
}

static inline bool state_equal(const struct state *a, const struct state *b)
{
	return a->at.index == b->at.index && a->at.is_split == b->at.is_split &&
	       a->start.index == b->start.index && a->start.is_split == b->start.is_split &&
	       a->cold == b->cold && a->has_peak == b->has_peak;
}

static inline void give_up(void)
{
	fprintf(stderr, "%s: too many ways to place the sends\n", tool_name);
	exit(TOOL_INCOMPLETE);
}

static inline void state_add(struct states *states, const struct state *state)
{
	for (size_t i = 0; i < states->n; i++)
		if (state_equal(&states->items[i], state))
			return;
	if (states->n == PLACEMENT_STATES_MAX)
		give_up();
	states->items[states->n++] = *state;
}

/*
 * Window `at` of the found burst (NULL: it is in none) holds `content`: whether that can be, by the rule,
 * after `state`, which moves on.
 */
static inline bool step(const struct placement *placement, struct state *state,
			const struct burst *burst, const struct burst *before, uint64_t at,
			const struct bounds *content)
{
	uint64_t mark = placement->high_bps;
	bool can_be_hot, can_be_cold;

	/* The low mark holds for a window right behind a hot one. */
	if (placement->is_hysteresis &&
	    (burst ? at > burst->start && !state->cold : before && before->end == at))
		mark = placement->low_bps;
	can_be_hot = is_above(placement, content->max.wire_bytes, mark);
	can_be_cold = !is_above(placement, content->min.wire_bytes, mark);
	if (!burst)
		return can_be_cold;
	if (rate(content->min.wire_bytes, placement->width_ns) > burst->peak_bps)
		return false;
	if (rate(content->max.wire_bytes, placement->width_ns) >= burst->peak_bps)
		state->has_peak = true;
	/* Where the parts of a split send leave both open, what keeps the burst together is allowed. */
	state->cold = can_be_hot ? 0 : state->cold + 1;
	if ((at == burst->start || at + 1 == burst->end) && state->cold)
		return false;
	return state->cold * placement->width_ns <= placement->merge_gap_ns;
}

/* Every place that border `k` can have among the sends: from the first that is not surely on its left. */
static inline size_t next_positions(const struct placement *placement, uint64_t k,
				    struct position from, struct position *out, size_t max)
{
	size_t i = from.index, n = 0;

	while (i < placement->n && placement->records[i].last < k)
		i++;
	/* Nothing more of a split send has passed. */
	if (from.is_split && i == from.index)
		out[n++] = from;
	else
		out[n++] = (struct position){i, false};
	for (; i < placement->n && placement->records[i].first < k; i++) {
		if (n + 2 > max)
			give_up();
		if (placement->records[i].counts.packets > 1 && !(from.is_split && i == from.index))
			out[n++] = (struct position){i, true};
		out[n++] = (struct position){i + 1, false};
	}
	return n;
}

/* The burst that ends at this border has the counts that this way to place the sends gives it. */
static inline bool ends_right(const struct placement *placement, const struct state *state,
			      const struct burst *burst)
{
	const struct bounds sum = between(placement, state->start, state->at);

	return state->has_peak && counts_within(&burst->counts, &sum);
}

/* From every state at the left border of window `at` to those at its right one. */
static inline void advance(const struct placement *placement, uint64_t at,
			   const struct burst *burst, const struct burst *before)
{
	struct position positions[PLACEMENT_BORDERS_MAX];

	next_states.n = 0;
	for (size_t i = 0; i < now_states.n; i++) {
		const struct state *from = &now_states.items[i];
		size_t n = next_positions(placement, at + 1, from->at, positions,
					  TOOL_COUNT(positions));

		for (size_t j = 0; j < n; j++) {
			const struct bounds content = between(placement, from->at, positions[j]);
			struct state state = *from;

			if (!burst || burst->start == at)
				state = (struct state){.start = from->at};
			if (!step(placement, &state, burst, before, at, &content))
				continue;
			state.at = positions[j];
			if (burst && burst->end == at + 1 && !ends_right(placement, &state, burst))
				continue;
			if (!burst || burst->end == at + 1)
				state = (struct state){.at = state.at};
			state_add(&next_states, &state);
		}
	}
	memcpy(now_states.items, next_states.items, next_states.n * sizeof(*next_states.items));
	now_states.n = next_states.n;
}

/* Whether some way to place the sends [from, to) gives these bursts, by time, and nothing besides. */
static inline bool can_be(const struct placement *placement, size_t from, size_t to,
			  const struct burst *bursts, size_t n)
{
	const uint64_t stop = placement->records[to - 1].last + 1;
	size_t i = 0;

	now_states.n = 1;
	now_states.items[0] = (struct state){.at = {from, false}};
	for (uint64_t at = placement->records[from].first; at < stop && now_states.n; at++) {
		while (i < n && bursts[i].end <= at)
			i++;
		advance(placement, at, i < n && bursts[i].start <= at ? &bursts[i] : NULL,
			i ? &bursts[i - 1] : NULL);
	}
	return now_states.n && (!n || bursts[n - 1].end <= stop);
}

#endif
