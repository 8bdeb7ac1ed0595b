// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "store/commit.h"
#include "store/database.h"
#include "store/schema.h"
#include "store/values.h"

/* Whoever commits has windows to read meanwhile; at the end there is time. */
#define BUSY_TIMEOUT_MS 20
#define CLOSE_TIMEOUT_MS 500

static int set_pragma(sqlite3 *db, const char *name, uint64_t value)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA %s = %" PRIu64, name, value);
	return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/* "PRAGMA journal_mode = <mode>" says what it has become, which is no error to SQLite. */
static int set_journal_mode(sqlite3 *db, const char *pragma, const char *wanted, bool *is_set)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL);

	if (!rc) {
		rc = sqlite3_step(stmt);
		*is_set = rc == SQLITE_ROW &&
			  !strcmp((const char *)sqlite3_column_text(stmt, 0), wanted);
		rc = rc == SQLITE_ROW ? SQLITE_OK : rc;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* The header and the tables first, by a rollback journal: so that the file itself says what it is. */
static int make_tables(struct recorder *recorder, const struct recording_meta *meta,
		       const struct recorder_limits *limits)
{
	sqlite3 *db = recorder->db;
	int rc;

	/* What makes way is overwritten in its time: to do it at once is work without a purpose. */
	rc = sqlite3_exec(db, "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; BEGIN", NULL,
			  NULL, NULL);
	rc = rc ? rc : schema_create(db);
	rc = rc ? rc : rows_write_new(&recorder->rows, db);
	rc = rc ? rc : rows_write_meta(recorder->rows, meta, recorder->from_ns);
	rc = rc ? rc : sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return rc ? rc
		  : retention_new(&recorder->retention, db, limits, meta->width_ns,
				  recorder->from_ns);
}

static int start_wal(struct recorder *recorder, const struct recorder_limits *limits,
		     struct error *err)
{
	uint64_t pages = RECORDER_WAL_PAGES, page_size = 4096;
	sqlite3 *db = recorder->db;
	bool is_wal = false;
	int rc;

	if (limits->max_bytes && limits->max_bytes / page_size / 4 < pages)
		pages = limits->max_bytes / page_size / 4;
	rc = set_journal_mode(db, "PRAGMA journal_mode = WAL", "wal", &is_wal);
	if (!rc && !is_wal) {
		error_set(err, -ENOTSUP,
			  "cannot record to '%s': its file system has no shared memory",
			  recorder->path);
		error_hint(err, "record to a local file system");
		return -ENOTSUP;
	}
	rc = rc ? rc : set_pragma(db, "wal_autocheckpoint", pages);
	rc = rc ? rc : set_pragma(db, "journal_size_limit", pages * page_size);
	/* A power cut may take the last commits, never the file. */
	rc = rc ? rc : sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	return rc ? database_error(db, rc, err, "cannot record to '%s'", recorder->path) : 0;
}

static int check_setup(const struct recording_meta *meta, const struct recorder_limits *limits,
		       uint64_t from_ns, struct error *err)
{
	if (meta->width_ns < WINDOW_WIDTH_MIN_NS || meta->width_ns > WINDOW_WIDTH_MAX_NS ||
	    meta->wall_offset_ns > VALUES_TIME_MAX_NS / 2 || from_ns > VALUES_TIME_MAX_NS / 2)
		return error_set(err, -EINVAL, "cannot record windows of this width or time");
	if (limits->max_bytes && limits->max_bytes < RECORDER_BYTES_MIN)
		return error_set(err, -EINVAL, "a recording needs %u KiB at least",
				 RECORDER_BYTES_MIN >> 10);
	return 0;
}

int recorder_new(struct recorder **out, const char *path, const struct recording_meta *meta,
		 const struct recorder_limits *limits, uint64_t from_ns, struct error *err)
{
	static const struct recorder_limits none;
	struct recorder *recorder;
	int ret, rc;

	limits = limits ? limits : &none;
	ret = check_setup(meta, limits, from_ns, err);
	if (ret)
		return ret;
	recorder = calloc(1, sizeof(*recorder));
	if (!recorder)
		return error_errno(err, -ENOMEM, "cannot record");
	recorder->from_ns = from_ns + meta->wall_offset_ns;
	recorder->until_ns = recorder->from_ns;
	recorder->taken_ns = recorder->from_ns;
	recorder->tracks.width_ns = meta->width_ns;
	recorder->tracks.wall_offset_ns = meta->wall_offset_ns;
	recorder->path = strdup(path);
	if (!recorder->path || chunk_packer_new(&recorder->packer)) {
		ret = error_errno(err, -ENOMEM, "cannot record");
		goto out;
	}
	ret = database_create(&recorder->db, path, err);
	if (ret)
		goto out;
	rc = make_tables(recorder, meta, limits);
	ret = rc ? database_error(recorder->db, rc, err, "cannot record to '%s'", path)
		 : start_wal(recorder, limits, err);
	if (ret) {
		recorder->is_void = true;
		goto out;
	}
	sqlite3_busy_timeout(recorder->db, BUSY_TIMEOUT_MS);
	*out = recorder;
	return 0;
out:
	recorder_free(recorder);
	return ret;
}

static void clear_pending(struct recorder *recorder)
{
	size_t i;

	for (i = 0; i < recorder->n_changes; i++) {
		free((char *)recorder->changes[i].event);
		free((char *)recorder->changes[i].previous);
		free((char *)recorder->changes[i].current);
	}
	for (i = 0; i < recorder->n_bursts; i++)
		free(recorder->bursts[i].flows);
	recorder->n_bursts = 0;
	recorder->n_counters = 0;
	recorder->n_changes = 0;
	recorder->n_gaps = 0;
}

void recorder_discard(struct recorder *recorder)
{
	recorder->is_void = true;
}

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	clear_pending(recorder);
	rows_write_free(recorder->rows);
	retention_free(recorder->retention);
	if (recorder->is_void)
		database_discard(recorder->db, recorder->path);
	else
		sqlite3_close(recorder->db);
	chunk_packer_free(recorder->packer);
	tracks_release(&recorder->tracks);
	free(recorder->bursts);
	free(recorder->counters);
	free(recorder->changes);
	free(recorder->gaps);
	free(recorder->path);
	free(recorder);
}

static int no_memory(struct error *err)
{
	return error_errno(err, -ENOMEM, "cannot record");
}

int recorder_add_interface(struct recorder *recorder, const struct series_member *member,
			   const struct link *link, struct error *err)
{
	return tracks_add(&recorder->tracks, member, link) ? no_memory(err) : 0;
}

int recorder_name_container(struct recorder *recorder, uint32_t slot, const char *netns,
			    uint32_t ifindex, const char *name, struct error *err)
{
	return tracks_name_container(&recorder->tracks, slot, netns, ifindex, name) ? no_memory(err)
										    : 0;
}

static int add_gap(struct recorder *recorder, uint64_t from_ns, uint64_t to_ns)
{
	if (array_reserve(&recorder->gaps, &recorder->gaps_capacity, recorder->n_gaps + 1,
			  sizeof(*recorder->gaps)))
		return -ENOMEM;
	recorder->gaps[recorder->n_gaps++] = (struct window_gap){from_ns, to_ns};
	return 0;
}

static int check_span(const struct recorder *recorder, const struct series_span *span,
		      struct error *err)
{
	uint64_t width_ns = recorder->tracks.width_ns;
	uint64_t from_ns = span->from_ns + recorder->tracks.wall_offset_ns;

	if (span->width_ns != width_ns || span->until_ns < span->from_ns ||
	    from_ns < recorder->taken_ns || (from_ns - recorder->taken_ns) % width_ns ||
	    (span->until_ns - span->from_ns) % width_ns)
		return error_set(err, -EINVAL, "cannot record windows that are out of step");
	return 0;
}

static int add_windows(struct recorder *recorder, const struct series_span *span)
{
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < span->n_windows; i++) {
		const struct window *window = &span->windows[i];

		if (window->start_ns >= span->from_ns && window->start_ns < span->until_ns)
			ret = tracks_add_window(&recorder->tracks, window);
	}
	return ret;
}

void recorder_name_reasons(struct recorder *recorder,
			   const char *(*name)(void *context, uint32_t reason), void *context)
{
	recorder->reason_name = name;
	recorder->reason_context = context;
}

int recorder_add_span(struct recorder *recorder, const struct series_span *span, struct error *err)
{
	uint64_t offset_ns = recorder->tracks.wall_offset_ns;
	uint64_t from_ns = span->from_ns + offset_ns, until_ns = span->until_ns + offset_ns;
	int ret = check_span(recorder, span, err);
	size_t i;

	if (ret)
		return ret;
	if (!span->members_version || span->members_version != recorder->members_version)
		for (i = 0; i < span->n_members; i++)
			tracks_update(&recorder->tracks, &span->members[i]);
	recorder->members_version = span->members_version;
	if (from_ns > recorder->taken_ns)
		ret = add_gap(recorder, recorder->taken_ns, from_ns);
	for (i = 0; !ret && i < span->n_gaps; i++)
		ret = add_gap(recorder, span->gaps[i].from_ns + offset_ns,
			      span->gaps[i].to_ns + offset_ns);
	ret = ret ? ret : add_windows(recorder, span);
	for (i = 0; !ret && i < span->n_drops; i++)
		tracks_add_drop(&recorder->tracks, &span->drops[i]);
	recorder->taken_ns = until_ns;
	if (!ret)
		return 0;
	/* Where there is no room for that either, there is none for anything. */
	add_gap(recorder, from_ns, until_ns);
	return ret == -ENOMEM ? no_memory(err)
			      : error_set(err, ret, "cannot record windows that are out of step");
}

int recorder_add_burst(struct recorder *recorder, const struct recording_burst *burst,
		       struct error *err)
{
	struct track *track = tracks_at(&recorder->tracks, burst->slot, burst->burst.start_ns);
	struct recorder_burst *pending;
	char *flows = NULL;

	if (!track)
		return 0;
	if (array_reserve(&recorder->bursts, &recorder->bursts_capacity, recorder->n_bursts + 1,
			  sizeof(*recorder->bursts)))
		return no_memory(err);
	if (burst->flows) {
		flows = strdup(burst->flows);
		if (!flows)
			return no_memory(err);
	}
	pending = &recorder->bursts[recorder->n_bursts++];
	*pending = (struct recorder_burst){track->id, *burst, flows};
	pending->burst.flows = flows;
	pending->burst.burst.start_ns += recorder->tracks.wall_offset_ns;
	pending->burst.burst.end_ns += recorder->tracks.wall_offset_ns;
	recorder->all_bursts++;
	return 0;
}

int recorder_add_counters(struct recorder *recorder, const struct recording_counters *counters,
			  struct error *err)
{
	struct track *track = tracks_at(&recorder->tracks, counters->slot, counters->time_ns);
	struct recorder_counters *pending;

	if (!track)
		return 0;
	if (array_reserve(&recorder->counters, &recorder->counters_capacity,
			  recorder->n_counters + 1, sizeof(*recorder->counters)))
		return no_memory(err);
	pending = &recorder->counters[recorder->n_counters++];
	*pending = (struct recorder_counters){track, *counters};
	pending->counters.time_ns += recorder->tracks.wall_offset_ns;
	return 0;
}

int recorder_add_change(struct recorder *recorder, const struct recording_change *change,
			struct error *err)
{
	struct recording_change copy = *change;

	if (array_reserve(&recorder->changes, &recorder->changes_capacity, recorder->n_changes + 1,
			  sizeof(*recorder->changes)))
		return no_memory(err);
	copy.time_ns += recorder->tracks.wall_offset_ns;
	copy.event = strdup(change->event);
	copy.previous = change->previous ? strdup(change->previous) : NULL;
	copy.current = change->current ? strdup(change->current) : NULL;
	if (copy.event && !copy.previous == !change->previous &&
	    !copy.current == !change->current) {
		recorder->changes[recorder->n_changes++] = copy;
		return 0;
	}
	free((char *)copy.event);
	free((char *)copy.previous);
	free((char *)copy.current);
	return no_memory(err);
}

int recorder_commit(struct recorder *recorder, struct error *err)
{
	int ret = commit_write(recorder, err);

	if (ret)
		return ret;
	clear_pending(recorder);
	tracks_settle(&recorder->tracks, recorder->until_ns - recorder->tracks.wall_offset_ns);
	return 0;
}

int recorder_close(struct recorder *recorder, struct error *err)
{
	sqlite3 *db = recorder->db;
	bool is_alone = false;
	int ret, rc;

	sqlite3_busy_timeout(db, CLOSE_TIMEOUT_MS);
	ret = recorder_commit(recorder, err);
	if (ret)
		return ret;
	rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	/* A file in WAL mode cannot be read where nothing may be written beside it. */
	rc = rc ? rc : set_journal_mode(db, "PRAGMA journal_mode = DELETE", "delete", &is_alone);
	if ((rc & 0xff) == SQLITE_BUSY || (!rc && !is_alone)) {
		error_set(err, -EBUSY, "'%s' is being read: it needs '%s-wal' beside it",
			  recorder->path, recorder->path);
		error_hint(err, "keep the two together");
		return -EBUSY;
	}
	return rc ? commit_error(recorder, rc, err) : 0;
}

struct recorder_sums recorder_sums(const struct recorder *recorder)
{
	return (struct recorder_sums){recorder->tracks.windows, recorder->all_bursts,
				      recorder->bytes};
}
