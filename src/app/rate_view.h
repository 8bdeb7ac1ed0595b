/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rate_view: rates as people see them: in place, one picture that is drawn over the one before, or one
 * table after the other.
 */
#ifndef IFPULSE_APP_RATE_VIEW_H
#define IFPULSE_APP_RATE_VIEW_H

#include "app/output.h"
#include "model/rate.h"

struct rate_view;

/*
 * Borrows the output. `in_place` takes a screen; from here on SIGCONT and SIGWINCH are blocked. 0 or
 * -ENOMEM.
 */
int rate_view_new(struct rate_view **out, const struct output *output, bool has_peaks,
		  bool in_place);
void rate_view_free(struct rate_view *view);

/*
 * Shows the rates of an interval, to be flushed by the owner. In place, intervals that follow one
 * another faster than the eye are left out, but for one that is_last.
 */
void rate_view_show(struct rate_view *view, const struct rate *rates, size_t n, bool is_last);

#endif
