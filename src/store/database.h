/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * database: opening SQLite files with care, and its failures as `struct error`.
 */
#ifndef IFPULSE_STORE_DATABASE_H
#define IFPULSE_STORE_DATABASE_H

#include <sqlite3.h>

#include "base/error.h"

/*
 * Makes the file, mode 0640, and opens it to write. -EEXIST where it, or what SQLite leaves beside a
 * database, exists already. 0 or -errno, and then no file is left.
 */
int database_create(sqlite3 **out, const char *path, struct error *err);

/* Closes, and removes the file and what is beside it. */
void database_discard(sqlite3 *db, const char *path);

/*
 * Opens a recording to read it, and begins a transaction: what a writer adds from now on is not seen.
 * Looks at the file before SQLite does: -ENOENT, -EMEDIUMTYPE, -ENOTSUP, -EBADMSG, …
 */
int database_open(sqlite3 **out, const char *path, struct error *err);

/*
 * What last failed on `db`, as "<format>: <why>" with a hint where there is one. `rc` is what SQLite
 * returned. Returns the -errno.
 */
int database_error(sqlite3 *db, int rc, struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* "'<path>' is damaged: <detail>"; -EBADMSG. */
int database_damaged(struct error *err, const char *path, const char *detail);

#endif
