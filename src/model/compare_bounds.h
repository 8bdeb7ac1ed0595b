/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* compare_bounds: between what the probe's count of a device's packets lies, from one sample to another. */
#ifndef IFPULSE_MODEL_COMPARE_BOUNDS_H
#define IFPULSE_MODEL_COMPARE_BOUNDS_H

#include "model/compare.h"

struct compare_span {
	uint64_t low, high;
	uint64_t probe; /* from `after` to `after` */
};

/* What the kernel counted, and the probe by one basis. */
struct compare_spans {
	uint64_t kernel[COMPARE_COUNTERS];
	struct compare_span of[COMPARE_COUNTERS];
};

uint64_t compare_kernel_count(const struct rtnl_link_stats64 *stats, enum direction direction,
			      enum compare_counter counter);

static inline bool compare_is_between(uint64_t value, uint64_t low, uint64_t high)
{
	return value >= low && value <= high;
}

static inline uint64_t compare_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline enum direction compare_other_way(enum direction direction)
{
	return direction == DIRECTION_INGRESS ? DIRECTION_EGRESS : DIRECTION_INGRESS;
}

/* The kernel's counters must not have gone backwards in between. */
void compare_spans_between(struct compare_spans *spans, const struct compare_sample *from,
			   const struct compare_sample *to, enum direction direction,
			   const struct compare_basis *basis);

/* How far `kernel` is above `high`, or below `low` (negative); 0: within. */
int64_t compare_outside(uint64_t kernel, uint64_t low, uint64_t high);

/* Both counters are within. */
bool compare_spans_fit(const struct compare_spans *spans);

#endif
