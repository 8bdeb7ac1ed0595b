/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* compare_cause: what a real difference comes from, where the evidence accounts for the whole of it. */
#ifndef IFPULSE_MODEL_COMPARE_CAUSE_H
#define IFPULSE_MODEL_COMPARE_CAUSE_H

#include "model/compare.h"
#include "model/compare_bounds.h"

/* What of the evidence there is over the run. */
struct compare_evidence {
	const struct compare_run *run;
	const struct compare_facts *facts;
	enum direction direction;
	struct compare_basis basis;
	bool is_rule;               /* of this kind of device */
	struct compare_spans spans; /* by that basis, which they do not fit */
};

/*
 * The first cause that accounts for all of the difference; COMPARE_NO_CAUSE: there is none. `packets` (may be
 * NULL) is how many it is known to be about, 0 for not known.
 */
enum compare_cause compare_cause_of(const struct compare_evidence *evidence, uint64_t *packets);

#endif
