/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_rate: rates as records (JSON, CSV) and as a table for people. */
#ifndef IFPULSE_OUT_SHOW_RATE_H
#define IFPULSE_OUT_SHOW_RATE_H

#include "model/rate.h"
#include "out/table.h"
#include "out/writer.h"

/*
 * Fields: time (start of the interval) interval_us ifindex ifname netns, then {rx,tx}_{bytes,packets,
 * wire_bytes,wire_packets,drops,bps,peak_bps}, and container. The total has a null ifindex; a peak or a
 * container that is not known is null, and so is all that was counted where the rate is unknown.
 */
void show_rate_record(struct writer *writer, const struct rate *rate);

/* Those of the table that are not always there. */
struct show_rate_columns {
	bool peaks, containers;
};

/*
 * 0 or -ENOMEM. On a narrow terminal containers are shortened; then packets per second go first, then
 * peaks, then drops.
 */
int show_rate_table_new(struct table **out, const struct show_rate_columns *columns,
			bool use_colour);
void show_rate_row(struct table *table, const struct rate *rate,
		   const struct show_rate_columns *columns);

#endif
