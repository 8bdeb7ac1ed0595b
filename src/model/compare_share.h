/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare_share: of each cause that there is evidence for, how many packets it can account for: kernel facts, one
 * function each.
 */
#ifndef IFPULSE_MODEL_COMPARE_SHARE_H
#define IFPULSE_MODEL_COMPARE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/compare_cause.h"

/*
 * What a cause makes of the number of skbs: the kernel counts so many fewer than the probe, so many more, or both.
 * Of bytes only the most is known, but for those that wait, and headers.
 */
struct compare_share {
	uint64_t fewer_least, fewer_most, fewer_bytes;
	uint64_t more_least, more_most, more_bytes;
	uint64_t packets; /* that it is about, for people */
	uint64_t fewer_bytes_least;
	unsigned int bytes_step; /* the bytes differ by a multiple of it; 0: of anything */
	bool may_be_cut; /* those more may be GSO skbs, of which a device may count the segments */
};

/* All zero: there is no evidence, or it is no cause that has a share. */
struct compare_share compare_share_of(const struct compare_evidence *e, enum compare_cause cause);

bool compare_share_is_any(const struct compare_share *share);

/* Whether it accounts for all of the difference. */
bool compare_share_covers(const struct compare_evidence *e, const struct compare_share *share);

/* So many packets of which only the number is known. */
struct compare_share compare_fewer(uint64_t least, uint64_t most);
struct compare_share compare_more(uint64_t least, uint64_t most);

/* The most that they can have. */
uint64_t compare_as_bytes(uint64_t packets);

void compare_share_add(struct compare_share *sum, const struct compare_share *add);

/*
 * Nothing was lost or taken between egress hook and queueing discipline, or before the ingress hook, nor by the
 * probe.
 */
bool compare_has_seen_all(const struct compare_evidence *e);

/* At least so many were at the waypoints in the run, and at most. */
struct waypoint_counts compare_least_at(const struct compare_evidence *e);
struct waypoint_counts compare_most_at(const struct compare_evidence *e);

#endif
