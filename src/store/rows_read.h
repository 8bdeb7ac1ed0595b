/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_read: bursts, counters and changes of a recording, each value checked.
 */
#ifndef IFPULSE_STORE_ROWS_READ_H
#define IFPULSE_STORE_ROWS_READ_H

#include "store/recorded.h"

typedef int (*rows_burst_fn)(void *context, const struct recording_burst *burst);
typedef int (*rows_counters_fn)(void *context, const struct recording_counters *counters);
typedef int (*rows_change_fn)(void *context, const struct recording_change *change);

/* As player_bursts() and so on. Bursts are those that touch the range. */
int rows_read_bursts(const struct recorded *file, const struct recorded_range *range,
		     rows_burst_fn fn, void *context, struct error *err);
/*
 * Those that begin at that time. To be asked often: `stmt` is NULL before the first call, and to be finalized
 * after the last.
 */
int rows_read_bursts_at(const struct recorded *file, sqlite3_stmt **stmt, uint64_t start_ns,
			rows_burst_fn fn, void *context, struct error *err);
int rows_read_counters(const struct recorded *file, const struct recorded_range *range,
		       rows_counters_fn fn, void *context, struct error *err);
int rows_read_changes(const struct recorded *file, const struct recorded_range *range,
		      rows_change_fn fn, void *context, struct error *err);

#endif
