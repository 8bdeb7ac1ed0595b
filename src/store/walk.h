/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * walk: through the rows of a table by time and, within one time, by rowid. Each has to stand behind
 * the one before it: so a damaged or malicious b-tree that leads in circles is found out.
 */
#ifndef IFPULSE_STORE_WALK_H
#define IFPULSE_STORE_WALK_H

#include "store/recorded.h"
#include "store/values.h"

struct walk {
	const struct recorded *file;
	const char *what; /* "its bursts" */
	struct row row;
	uint64_t time_ns; /* of the row that it stands at */
	int64_t rowid;
};

/*
 * `sql` selects the time, the rowid and more, in this order, between the times ?1 and ?2. Zero the
 * struct before; walk_end() in any case. 0 or -errno.
 */
int walk_begin(struct walk *walk, const struct recorded *file, const char *what, const char *sql,
	       const struct recorded_range *range, struct error *err);
void walk_end(struct walk *walk);

/* The same by a statement that was prepared before, which is the caller's: no walk_end(). */
void walk_again(struct walk *walk, const struct recorded *file, const char *what,
		sqlite3_stmt *stmt, const struct recorded_range *range);

/* 1: at the next row, 0: at the end, or -errno. */
int walk_next(struct walk *walk, struct error *err);

/* That the row it stands at is damaged; -EBADMSG. */
int walk_damaged(const struct walk *walk, struct error *err);

#endif
