/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * retransmit: what TCP sockets of this host sent again, kept for as long as it may be part of a burst.
 *
 * Bounded: of more than RETRANSMIT_HISTORY_MAX the oldest are forgotten, and then that time is unknown.
 */
#ifndef IFPULSE_MODEL_RETRANSMIT_H
#define IFPULSE_MODEL_RETRANSMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/window.h"

#define RETRANSMIT_HISTORY_MAX (1U << 18)
#define RETRANSMIT_GAPS_MAX 16

/*
 * The kernel tells of a packet that was sent again right behind it, and on the other end of a veth perhaps before
 * it: this much earlier or later it is still one of the burst.
 */
#define RETRANSMIT_SLACK_NS 1000000U

struct retransmit {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t socket;  /* its cookie */
	uint64_t segments;
};

/* Zero it to make it. */
struct retransmit_history {
	struct retransmit *items; /* by time */
	size_t n, capacity;
	struct window_gap
		gaps[RETRANSMIT_GAPS_MAX]; /* in which some are not known, by their beginnings */
	size_t n_gaps;
};

/* Frees what it holds: it is as it was when it was made. */
void retransmit_history_clear(struct retransmit_history *history);

/* In nearly any order. What there is no memory for becomes a gap. */
void retransmit_history_add(struct retransmit_history *history, const struct retransmit *items,
			    size_t n);

/* Gaps come in order. Nothing where it is empty. */
void retransmit_history_add_gap(struct retransmit_history *history, const struct window_gap *gap);

/* Nobody will ask for what was before. */
void retransmit_history_forget(struct retransmit_history *history, uint64_t before_ns);

/* Those in [from, to), valid until the next call; false where that touches a gap. */
bool retransmit_history_find(const struct retransmit_history *history, uint64_t from_ns,
			     uint64_t to_ns, const struct retransmit **items, size_t *n);

#endif
