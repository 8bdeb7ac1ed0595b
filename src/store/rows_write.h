/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_write: the statements by which a recorder writes. Times are those of the file; every call
 * gives SQLITE_OK or what failed. The caller begins and ends the transaction.
 */
#ifndef IFPULSE_STORE_ROWS_WRITE_H
#define IFPULSE_STORE_ROWS_WRITE_H

#include <sqlite3.h>

#include "model/series.h"
#include "store/chunk.h"
#include "store/recording.h"

struct rows_write;

int rows_write_new(struct rows_write **out, sqlite3 *db);
void rows_write_free(struct rows_write *rows);

/* Rows of `meta`, and the first one of `coverage`. */
int rows_write_meta(struct rows_write *rows, const struct recording_meta *meta, uint64_t from_ns);
int rows_write_coverage(struct rows_write *rows, uint64_t from_ns, uint64_t until_ns);

/* `link` NULL: not known. Its addresses count from member->from_ns. */
int rows_write_interface(struct rows_write *rows, uint64_t id, const struct series_member *member,
			 const struct link *link);
/*
 * Its name and that of its namespace, what is behind it (NULL: nothing known) and, unless it is SERIES_STAYS,
 * its end, which is that of its addresses too.
 */
int rows_write_interface_change(struct rows_write *rows, uint64_t id,
				const struct series_member *member, const char *container);

/* `interface` 0: it is none that is recorded. */
int rows_write_change(struct rows_write *rows, uint64_t interface,
		      const struct recording_change *change);
int rows_write_burst(struct rows_write *rows, uint64_t interface,
		     const struct recording_burst *burst);
int rows_write_drops(struct rows_write *rows, uint64_t interface, uint32_t direction,
		     uint64_t from_ns, uint64_t until_ns, const char *reason, uint64_t packets);
int rows_write_gap(struct rows_write *rows, const struct window_gap *gap);
/* In place of the interface's row of that time; 0: of none. */
int rows_write_counters(struct rows_write *rows, uint64_t interface,
			const struct recording_counters *counters, uint64_t replaced_ns);
/* One that still grows; and one that is full, in place of the former. */
int rows_write_open_chunk(struct rows_write *rows, const struct chunk_key *key, const void *data,
			  size_t size);
int rows_write_full_chunk(struct rows_write *rows, const struct chunk_key *key, const void *data,
			  size_t size);

#endif
