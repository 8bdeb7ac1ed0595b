// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/retention.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"
#include "store/chunk.h"
#include "store/values.h"

/* Cutting a little more than is needed makes it seldom; but it reads what it cuts, so not much. */
#define EXTRA_SHARE 64
#define EXTRA_PAGES_MAX 1024U

enum statement { PAGE_SIZE, PAGE_COUNT, FREE_COUNT, OLDEST, OLD_CHUNKS, N_QUERIES };

static const char *const queries[N_QUERIES] = {
	[PAGE_SIZE] = "PRAGMA page_size",
	[PAGE_COUNT] = "PRAGMA page_count",
	[FREE_COUNT] = "PRAGMA freelist_count",
	[OLDEST] = "SELECT min(from_ns) FROM chunks",
	[OLD_CHUNKS] =
		"SELECT until_ns, length(data) FROM chunks WHERE from_ns <= ?1 ORDER BY until_ns",
};

/* ?1: the time, ?2: the width. A window may reach that much beyond the end of its interface. */
static const char *const deletions[] = {
	"DELETE FROM chunks WHERE from_ns < ?1 AND until_ns <= ?1",
	"DELETE FROM open_chunks WHERE from_ns < ?1 AND until_ns <= ?1",
	"DELETE FROM bursts WHERE start_ns < ?1 AND end_ns <= ?1",
	"DELETE FROM drops WHERE from_ns < ?1 AND until_ns <= ?1",
	"DELETE FROM gaps WHERE from_ns < ?1 AND until_ns <= ?1",
	"DELETE FROM counters WHERE time_ns < ?1",
	"DELETE FROM changes WHERE time_ns < ?1",
	"DELETE FROM addresses WHERE until_ns < ?1 - ?2",
	"DELETE FROM interfaces WHERE until_ns < ?1 - ?2",
};

struct retention {
	struct recorder_limits limits;
	uint64_t width_ns, origin_ns;
	uint64_t page_size;
	sqlite3_stmt *queries[N_QUERIES];
	sqlite3_stmt *deletions[ARRAY_SIZE(deletions)];
};

/* The only value of a query. */
static int ask(sqlite3_stmt *stmt, uint64_t *value)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		*value = (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc == SQLITE_DONE ? SQLITE_ERROR : rc;
}

int retention_new(struct retention **out, sqlite3 *db, const struct recorder_limits *limits,
		  uint64_t width_ns, uint64_t from_ns)
{
	struct retention *retention = calloc(1, sizeof(*retention));
	int rc = SQLITE_OK;
	size_t i;

	if (!retention)
		return SQLITE_NOMEM;
	retention->limits = *limits;
	retention->width_ns = width_ns;
	retention->origin_ns = from_ns;
	for (i = 0; !rc && i < N_QUERIES; i++)
		rc = sqlite3_prepare_v3(db, queries[i], -1, SQLITE_PREPARE_PERSISTENT,
					&retention->queries[i], NULL);
	for (i = 0; !rc && i < ARRAY_SIZE(deletions); i++)
		rc = sqlite3_prepare_v3(db, deletions[i], -1, SQLITE_PREPARE_PERSISTENT,
					&retention->deletions[i], NULL);
	rc = rc ? rc : ask(retention->queries[PAGE_SIZE], &retention->page_size);
	if (rc) {
		retention_free(retention);
		return rc;
	}
	*out = retention;
	return SQLITE_OK;
}

void retention_free(struct retention *retention)
{
	size_t i;

	if (!retention)
		return;
	for (i = 0; i < N_QUERIES; i++)
		sqlite3_finalize(retention->queries[i]);
	for (i = 0; i < ARRAY_SIZE(deletions); i++)
		sqlite3_finalize(retention->deletions[i]);
	free(retention);
}

int retention_file_size(struct retention *retention, uint64_t *bytes)
{
	uint64_t pages = 0;
	int rc = ask(retention->queries[PAGE_COUNT], &pages);

	if (!rc)
		*bytes = pages * retention->page_size;
	return rc;
}

/* The first start of a window that is not before time_ns. */
static uint64_t align_up(const struct retention *retention, uint64_t time_ns)
{
	uint64_t beyond = (time_ns - retention->origin_ns) % retention->width_ns;

	return beyond ? time_ns + retention->width_ns - beyond : time_ns;
}

static int delete_before(struct retention *retention, uint64_t time_ns)
{
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < ARRAY_SIZE(deletions); i++) {
		sqlite3_stmt *stmt = retention->deletions[i];
		struct put put = put_begin(stmt);

		put_u64(&put, time_ns);
		if (sqlite3_bind_parameter_count(stmt) > 1)
			put_u64(&put, retention->width_ns);
		rc = put_run(&put);
	}
	return rc;
}

/*
 * The time before which chunks of so many bytes lie, or a part of them: at most those that began
 * within CHUNK_SPAN_MAX_NS of the oldest, since no other can have ended first. 0 where none ends by
 * soon_ns: then it is other tables that fill the file.
 */
static int find_cut(struct retention *retention, uint64_t from_ns, uint64_t soon_ns, uint64_t bytes,
		    uint64_t *time_ns)
{
	sqlite3_stmt *chunks = retention->queries[OLD_CHUNKS];
	uint64_t oldest_ns = 0, sum = 0, cut_ns = 0;
	int rc;

	/* Where there is none, min() is NULL, which is 0 here. */
	rc = ask(retention->queries[OLDEST], &oldest_ns);
	if (rc)
		return rc;
	sqlite3_bind_int64(chunks, 1, (sqlite3_int64)(oldest_ns + CHUNK_SPAN_MAX_NS));
	while ((rc = sqlite3_step(chunks)) == SQLITE_ROW) {
		uint64_t until_ns = (uint64_t)sqlite3_column_int64(chunks, 0);

		if (sum >= bytes || (!cut_ns && until_ns > soon_ns))
			break;
		sum += (uint64_t)sqlite3_column_int64(chunks, 1);
		if (until_ns > from_ns)
			cut_ns = until_ns;
	}
	sqlite3_reset(chunks);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return rc;
	*time_ns = cut_ns;
	return SQLITE_OK;
}

/* Cuts until `wanted` more pages can be filled, or nothing is left to cut. */
static int make_room(struct retention *retention, uint64_t *from_ns, uint64_t written_ns,
		     uint64_t wanted)
{
	uint64_t max = retention->limits.max_bytes / retention->page_size;
	uint64_t extra = max / EXTRA_SHARE < EXTRA_PAGES_MAX ? max / EXTRA_SHARE : EXTRA_PAGES_MAX;
	bool has_begun = false;

	for (;;) {
		uint64_t pages = 0, unused = 0, left, soon_ns, cut_ns = 0;
		int rc;

		rc = ask(retention->queries[PAGE_COUNT], &pages);
		rc = rc ? rc : ask(retention->queries[FREE_COUNT], &unused);
		if (rc)
			return rc;
		left = pages - unused + wanted + (has_begun ? extra : 0);
		if (left <= max || *from_ns >= written_ns)
			return SQLITE_OK;
		has_begun = true;
		soon_ns = *from_ns + (written_ns - *from_ns) / EXTRA_SHARE + 1;
		rc = find_cut(retention, *from_ns, soon_ns,
			      (left + extra - max) * retention->page_size, &cut_ns);
		if (rc)
			return rc;
		cut_ns = align_up(retention, cut_ns ? cut_ns : soon_ns);
		*from_ns = cut_ns < written_ns ? cut_ns : written_ns;
		rc = delete_before(retention, *from_ns);
		if (rc)
			return rc;
	}
}

int retention_cut(struct retention *retention, uint64_t *from_ns, uint64_t written_ns,
		  uint64_t until_ns, uint64_t need_bytes)
{
	const struct recorder_limits *limits = &retention->limits;
	int rc = SQLITE_OK;

	if (limits->keep_ns && until_ns - *from_ns > limits->keep_ns) {
		uint64_t cut_ns = align_up(retention, until_ns - limits->keep_ns);

		if (cut_ns > written_ns)
			cut_ns = written_ns;
		if (cut_ns > *from_ns) {
			*from_ns = cut_ns;
			rc = delete_before(retention, cut_ns);
		}
	}
	if (rc || !limits->max_bytes)
		return rc;
	return make_room(retention, from_ns, written_ns, need_bytes / retention->page_size + 1);
}
