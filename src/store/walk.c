// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/walk.h"

#include "store/database.h"

void walk_again(struct walk *walk, const struct recorded *file, const char *what,
		sqlite3_stmt *stmt, const struct recorded_range *range)
{
	*walk = (struct walk){.file = file, .what = what, .row.stmt = stmt, .rowid = INT64_MIN};
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)range->from_ns);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)range->until_ns);
}

int walk_begin(struct walk *walk, const struct recorded *file, const char *what, const char *sql,
	       const struct recorded_range *range, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int ret;

	*walk = (struct walk){0};
	ret = recorded_prepare(file, &stmt, sql, err);
	if (!ret)
		walk_again(walk, file, what, stmt, range);
	return ret;
}

void walk_end(struct walk *walk)
{
	sqlite3_finalize(walk->row.stmt);
	walk->row.stmt = NULL;
}

int walk_damaged(const struct walk *walk, struct error *err)
{
	return database_damaged(err, walk->file->path, walk->what);
}

int walk_next(struct walk *walk, struct error *err)
{
	int ret = recorded_step(walk->file, walk->row.stmt, err);
	uint64_t time_ns;
	int64_t rowid;

	if (ret <= 0)
		return ret;
	time_ns = row_time(&walk->row, 0);
	rowid = sqlite3_column_int64(walk->row.stmt, 1);
	if (walk->row.is_bad || time_ns < walk->time_ns ||
	    (time_ns == walk->time_ns && rowid <= walk->rowid))
		return walk_damaged(walk, err);
	walk->time_ns = time_ns;
	walk->rowid = rowid;
	return 1;
}
