/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * drop_tally: drops by reason, for as many reasons as there is room. A value type; zero it to make it.
 */
#ifndef IFPULSE_MODEL_DROP_TALLY_H
#define IFPULSE_MODEL_DROP_TALLY_H

#include <stddef.h>
#include <stdint.h>

#define DROP_TALLY_REASONS 8

struct drop_count {
	uint32_t reason; /* enum skb_drop_reason of the running kernel */
	uint64_t packets;
};

struct drop_tally {
	struct drop_count counts[DROP_TALLY_REASONS]; /* in the order in which they came */
	size_t n;
};

/* Those of a reason that finds no room are left out: whoever has the sum knows how many they are. */
void drop_tally_add(struct drop_tally *tally, uint32_t reason, uint64_t packets);

/* tally += add */
void drop_tally_join(struct drop_tally *tally, const struct drop_tally *add);

#endif
