/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * in_total: which of the attached interfaces a total adds up, so that it has no packet twice. Within a namespace
 * model/stack says so. Between two, what rests on an interface that is attached elsewhere is left out, and of the
 * two ends of a pair, if both are attached, the one whose namespace came later.
 */
#ifndef IFPULSE_APP_IN_TOTAL_H
#define IFPULSE_APP_IN_TOTAL_H

#include "app/roster.h"
#include "model/link.h"

/*
 * Before it is detached. `link` as it was: it may be out of the cache already; NULL: the last judgement stays. Only
 * with --total.
 */
void in_total_judge(const struct roster *roster, struct interface *interface,
		    const struct link *link);

/* All of them afresh, if anything has changed. */
void in_total_refresh(struct roster *roster);

#endif
