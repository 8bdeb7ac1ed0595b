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
	enum direction direction, hook; /* they differ where `basis` is that of the other hook */
	struct compare_basis basis;
	bool is_rule;               /* of this kind of device */
	struct compare_spans spans; /* by that basis, which they do not fit */
	bool is_at_driver;          /* `spans` are of what was given to the driver */
};

struct compare_account {
	enum compare_cause cause;
	uint32_t causes;  /* with COMPARE_SEVERAL: a bit for each, 1 << enum compare_cause */
	uint64_t packets; /* how many it is known to be about; 0: not known */
};

/*
 * The first cause that accounts for all of the difference, or else all those together of which there is evidence;
 * COMPARE_NO_CAUSE: they do not either.
 */
struct compare_account compare_account_for(const struct compare_evidence *evidence);

#endif
