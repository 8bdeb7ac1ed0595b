/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * window_view: windows one by one, as `windows` and `replay FILE windows` show them.
 */
#ifndef IFPULSE_APP_WINDOW_VIEW_H
#define IFPULSE_APP_WINDOW_VIEW_H

#include "app/options.h"
#include "app/output.h"
#include "model/series.h"

/* Zero it, and set the first three, to make it. */
struct window_view {
	const struct options *options; /* these two are borrowed */
	struct output *output;
	uint64_t wall_offset_ns;
	uint64_t width_ns; /* of the last span */
	uint64_t reported; /* window starts so far */
};

/* What is shown is to be flushed by the owner. */
void window_view_take(struct window_view *view, const struct series_span *span);

/* --count windows have been shown. */
bool window_view_is_complete(const struct window_view *view);

#endif
