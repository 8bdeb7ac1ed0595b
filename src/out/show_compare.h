/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_compare: the probe's counts beside the kernel's, with the verdict and why, as records and as a table. */
#ifndef IFPULSE_OUT_SHOW_COMPARE_H
#define IFPULSE_OUT_SHOW_COMPARE_H

#include <stdint.h>

#include "model/compare.h"
#include "model/compare_total.h"
#include "out/table.h"
#include "out/writer.h"

struct compare_subject {
	uint32_t ifindex; /* 0: a total */
	const char *ifname;
	const char *netns; /* where it is; empty: our own */
	uint64_t interval_ns;
};

/*
 * Fields: interval_us ifindex ifname netns direction counter probe kernel low high difference verdict reason counts
 * (null: not known) extra_bytes. All of the numbers are null where nothing could be compared.
 */
void show_compare_record(struct writer *writer, const struct compare_subject *subject,
			 const struct compare_result *result);

/* The same fields, `ifindex` null. */
void show_compare_total_record(struct writer *writer, const struct compare_subject *subject,
			       const struct compare_total *total);

/* 0 or -ENOMEM. */
int show_compare_table_new(struct table **out, bool use_colour);

/* One direction, both counters. */
void show_compare_row(struct table *table, const struct compare_subject *subject,
		      const struct compare_result results[COMPARE_COUNTERS]);
void show_compare_total_row(struct table *table, const struct compare_subject *subject,
			    const struct compare_total totals[COMPARE_COUNTERS]);

#endif
