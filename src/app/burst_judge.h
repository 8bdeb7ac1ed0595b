/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * burst_judge: by which rule and mark an interface's windows are judged, from what the user said and
 * from what is known of the interface.
 */
#ifndef IFPULSE_APP_BURST_JUDGE_H
#define IFPULSE_APP_BURST_JUDGE_H

#include "app/options.h"
#include "base/error.h"
#include "model/burst.h"
#include "model/link.h"
#include "out/show_burst.h"

/* What can be told of the options alone to mean nothing: -EINVAL, else 0. */
int burst_judge_check(const struct burst_options *options, struct error *err);

/*
 * Fills in the configuration for windows of width_ns and, of `place`, rule and speed. `link` may be
 * NULL. A rule that lacks what it needs falls back to the baseline: -ENODATA, which is to be told.
 */
int burst_judge(const struct burst_options *options, uint64_t width_ns, const struct link *link,
		struct burst_place *place, struct burst_config *config);

#endif
