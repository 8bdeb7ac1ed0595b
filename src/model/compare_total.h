/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* compare_total: what several interfaces have in sum, of both the kernel's counters and the probe's. */
#ifndef IFPULSE_MODEL_COMPARE_TOTAL_H
#define IFPULSE_MODEL_COMPARE_TOTAL_H

#include "model/compare.h"

/* One counter of one direction; but for those two of `sum`, zeroed to begin with. */
struct compare_total {
	struct compare_result sum;
	unsigned int n; /* interfaces in it */
	unsigned int verdicts[COMPARE_MISMATCH + 1];
};

/*
 * Adds the result of one more interface, whose packets those before must not have; one without bounds adds nothing.
 * Each counts as its device does. The verdict is the worst.
 */
void compare_total_add(struct compare_total *total, const struct compare_result *result);

#endif
