/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare_kind: the shares of causes that only one kind of device has, or two: what its driver counts otherwise than
 * others, and the evidence of how many packets that was about. Kernel facts, one function each.
 */
#ifndef IFPULSE_MODEL_COMPARE_KIND_H
#define IFPULSE_MODEL_COMPARE_KIND_H

#include "model/compare_share.h"

/* All zero: there is no evidence, or it is no such cause. */
struct compare_share compare_kind_share_of(const struct compare_evidence *e,
					   enum compare_cause cause);

#endif
