/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_health: verdicts as records and as a table. */
#ifndef IFPULSE_OUT_SHOW_HEALTH_H
#define IFPULSE_OUT_SHOW_HEALTH_H

#include <stdint.h>

#include "model/health.h"
#include "out/table.h"
#include "out/writer.h"

/*
 * Fields: ifindex ifname period ("boot", "interval") interval_us (null since boot) rx_packets
 * tx_packets errors drops error_rate_pct drop_rate_pct verdict. `interval_ns` 0: since boot.
 */
void show_health_record(struct writer *writer, uint32_t ifindex, const char *ifname,
			uint64_t interval_ns, const struct health *health);

/* 0 or -ENOMEM. */
int show_health_table_new(struct table **out, bool use_colour);
void show_health_row(struct table *table, const char *ifname, uint64_t interval_ns,
		     const struct health *health);

#endif
