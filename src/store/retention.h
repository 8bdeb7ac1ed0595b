/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * retention: makes the oldest part of a recording make way, so that it keeps to its limits.
 *
 * Everything before one time is cut away, in all tables. What lies on both sides of it stays whole: a
 * chunk, a burst, an interface. The file never shrinks; its free pages are used again.
 */
#ifndef IFPULSE_STORE_RETENTION_H
#define IFPULSE_STORE_RETENTION_H

#include <sqlite3.h>
#include <stdint.h>

#include "store/recorder.h"

struct retention;

/*
 * `from_ns`: where the recording begins; it will begin whole widths later. SQLITE_OK or what failed.
 */
int retention_new(struct retention **out, sqlite3 *db, const struct recorder_limits *limits,
		  uint64_t width_ns, uint64_t from_ns);
void retention_free(struct retention *retention);

/*
 * Within a transaction that is going to add about need_bytes, up to until_ns. *from_ns is where the
 * recording begins and moves up; never beyond written_ns, up to which earlier transactions wrote.
 * SQLITE_OK or what failed.
 */
int retention_cut(struct retention *retention, uint64_t *from_ns, uint64_t written_ns,
		  uint64_t until_ns, uint64_t need_bytes);

/* Bytes of the file once all is in it, free pages too. */
int retention_file_size(struct retention *retention, uint64_t *bytes);

#endif
