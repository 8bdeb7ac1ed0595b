/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_health: verdicts as records and as a table. */
#ifndef IFPULSE_OUT_SHOW_HEALTH_H
#define IFPULSE_OUT_SHOW_HEALTH_H

#include <stdint.h>

#include "model/health.h"
#include "out/show_drop.h"
#include "out/table.h"
#include "out/writer.h"

/* Why packets were dropped, most first; of the rows direction, source, reason and packets. */
struct health_reasons {
	const struct drop_row *rows; /* NULL: not known */
	size_t n;
};

/* What the interface is called. */
struct health_subject {
	uint32_t ifindex;
	const char *ifname;
	const char *netns; /* where it is (model/netns_name.h); NULL: our own */
};

/*
 * Fields: ifindex ifname netns period ("boot", "interval") interval_us (null since boot) rx_packets
 * tx_packets errors drops error_rate_pct drop_rate_pct verdict drops_unwanted drop_reasons.
 * `interval_ns` 0: since boot. The last two are null where the probe did not see the drops;
 * drop_reasons has an object for each, {direction source reason packets}; in CSV it is text,
 * "DIRECTION:REASON:PACKETS …".
 */
void show_health_record(struct writer *writer, const struct health_subject *subject,
			uint64_t interval_ns, const struct health *health,
			const struct health_reasons *reasons);

/* `has_reasons`: with a column for them. 0 or -ENOMEM. */
int show_health_table_new(struct table **out, bool has_reasons, bool use_colour);
/* `reasons` NULL: the table has no column for them. */
void show_health_row(struct table *table, const struct health_subject *subject,
		     uint64_t interval_ns, const struct health *health,
		     const struct health_reasons *reasons);

#endif
