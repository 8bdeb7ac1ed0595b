/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_window: time windows as records and as lines for people. */
#ifndef IFPULSE_OUT_SHOW_WINDOW_H
#define IFPULSE_OUT_SHOW_WINDOW_H

#include "model/series.h"
#include "out/sink.h"
#include "out/writer.h"

/*
 * Fields: time window_us ifindex ifname netns direction ("rx", "tx") bytes packets wire_bytes wire_packets
 * drops; the last five are null in a gap. `wall_offset_ns` is added to the window's start.
 */
void show_window_record(struct writer *writer, const struct series_point *point, uint64_t width_ns,
			uint64_t wall_offset_ns);

/* One line, committed. */
void show_window_line(struct sink *sink, const struct series_point *point, uint64_t width_ns,
		      uint64_t wall_offset_ns);

#endif
