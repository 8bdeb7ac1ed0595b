// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "store/database.h"

/* Rows with their index entries, generously: then only the oldest part is cut a little earlier. */
#define ROW_BYTES 256U
#define CHUNK_ROW_BYTES 1024U
#define COMMIT_BYTES (64U << 10)

int commit_error(struct recorder *recorder, int rc, struct error *err)
{
	int ret = database_error(recorder->db, rc, err, "cannot write '%s'", recorder->path);
	char until[UNITS_TEXT_SIZE];

	if (ret == -EBUSY || ret == -ENOMEM)
		return ret;
	units_format_wall(until, recorder->until_ns);
	if (ret == -ENOSPC || ret == -EDQUOT || ret == -EFBIG)
		error_hint(err, "make room; what was recorded until %s is whole", until);
	else
		error_hint(err, "what was recorded until %s is whole", until);
	return ret;
}

static size_t growth(const struct track_chunk *chunk)
{
	size_t raw = chunk_raw_size(chunk->chunk);

	return CHUNK_ROW_BYTES + raw - (raw < chunk->stored_size ? raw : chunk->stored_size);
}

static bool is_dirty(const struct track *track)
{
	return track->is_new || track->is_changed || track->open[0].is_dirty ||
	       track->open[1].is_dirty;
}

/* About what a commit will add to the file; 0: there is nothing to write but the coverage. */
static uint64_t bytes_to_write(const struct recorder *recorder)
{
	const struct tracks *tracks = &recorder->tracks;
	uint64_t bytes = (recorder->n_bursts + recorder->n_changes + recorder->n_gaps +
			  2 * recorder->n_counters) *
			 ROW_BYTES;
	size_t i;
	int d;

	for (i = 0; i < recorder->n_bursts; i++)
		if (recorder->bursts[i].flows)
			bytes += strlen(recorder->bursts[i].flows);
	for (i = 0; i < tracks->n_full; i++)
		bytes += growth(&tracks->full[i]);
	for (i = 0; i < tracks->n; i++) {
		const struct track *track = tracks->items[i];

		if (is_dirty(track))
			bytes += (track->is_new ? 4 : 2) * ROW_BYTES;
		for (d = 0; d < N_DIRECTIONS; d++)
			if (track->open[d].is_dirty)
				bytes += growth(&track->open[d]);
	}
	return bytes ? bytes + COMMIT_BYTES : 0;
}

static struct series_member on_file(const struct recorder *recorder, const struct track *track)
{
	struct series_member member = track->member;

	member.from_ns += recorder->tracks.wall_offset_ns;
	if (member.to_ns != SERIES_STAYS)
		member.to_ns += recorder->tracks.wall_offset_ns;
	return member;
}

static int write_new_interfaces(struct recorder *recorder)
{
	const struct tracks *tracks = &recorder->tracks;
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < tracks->n; i++) {
		const struct track *track = tracks->items[i];
		struct series_member member = on_file(recorder, track);

		if (track->is_new)
			rc = rows_write_interface(recorder->rows, track->id, &member,
						  track->has_link ? &track->link : NULL);
	}
	return rc;
}

static int write_changed_interfaces(struct recorder *recorder)
{
	const struct tracks *tracks = &recorder->tracks;
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < tracks->n; i++) {
		const struct track *track = tracks->items[i];
		struct series_member member = on_file(recorder, track);

		if (track->is_changed)
			rc = rows_write_interface_change(recorder->rows, track->id, &member,
							 track->container);
	}
	return rc;
}

static int write_open_chunk(struct recorder *recorder, const struct track_chunk *open)
{
	const void *data;
	size_t size;

	if (!open->is_dirty)
		return SQLITE_OK;
	if (chunk_pack(recorder->packer, open->chunk, &data, &size))
		return SQLITE_NOMEM;
	return rows_write_open_chunk(recorder->rows, chunk_key(open->chunk), data, size);
}

static int write_full_chunk(struct recorder *recorder, const struct track_chunk *full)
{
	const void *data;
	size_t size;

	if (chunk_pack(recorder->packer, full->chunk, &data, &size))
		return SQLITE_NOMEM;
	return rows_write_full_chunk(recorder->rows, chunk_key(full->chunk), data, size);
}

static int write_drops_of(struct recorder *recorder, const struct track *track, int direction,
			  const char *reason, uint64_t packets)
{
	return rows_write_drops(recorder->rows, track->id, (uint32_t)direction, recorder->until_ns,
				recorder->taken_ns, reason, packets);
}

/* A row for each reason, and one for the drops whose reason is not known. */
static int write_drops(struct recorder *recorder, const struct track *track, int direction)
{
	const struct drop_tally *reasons = &track->reasons[direction];
	uint64_t left = track->drops[direction];
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && recorder->reason_name && i < reasons->n; i++) {
		const struct drop_count *count = &reasons->counts[i];
		uint64_t packets = count->packets < left ? count->packets : left;

		rc = write_drops_of(recorder, track, direction,
				    recorder->reason_name(recorder->reason_context, count->reason),
				    packets);
		left -= packets;
	}
	return rc || !left ? rc : write_drops_of(recorder, track, direction, NULL, left);
}

static int write_track(struct recorder *recorder, const struct track *track)
{
	int rc = SQLITE_OK, d;

	for (d = 0; !rc && d < N_DIRECTIONS; d++) {
		rc = write_open_chunk(recorder, &track->open[d]);
		if (!rc)
			rc = write_drops(recorder, track, d);
	}
	return rc;
}

/* Full chunks first: the open one after them has their row. */
static int write_tracks(struct recorder *recorder)
{
	struct tracks *tracks = &recorder->tracks;
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < tracks->n_full; i++)
		rc = write_full_chunk(recorder, &tracks->full[i]);
	for (i = 0; !rc && i < tracks->n; i++)
		rc = write_track(recorder, tracks->items[i]);
	return rc;
}

static int write_bursts(struct recorder *recorder)
{
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < recorder->n_bursts; i++)
		rc = rows_write_burst(recorder->rows, recorder->bursts[i].interface,
				      &recorder->bursts[i].burst);
	return rc;
}

static int compare_gaps(const void *a, const void *b)
{
	const struct window_gap *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/* Several CPUs lose the same time: those that touch are one. */
static int write_gaps(struct recorder *recorder)
{
	int rc = SQLITE_OK;
	size_t i = 0;

	if (!recorder->n_gaps)
		return rc;
	qsort(recorder->gaps, recorder->n_gaps, sizeof(*recorder->gaps), compare_gaps);
	while (!rc && i < recorder->n_gaps) {
		struct window_gap gap = recorder->gaps[i++];

		for (; i < recorder->n_gaps && recorder->gaps[i].from_ns <= gap.to_ns; i++)
			if (recorder->gaps[i].to_ns > gap.to_ns)
				gap.to_ns = recorder->gaps[i].to_ns;
		rc = rows_write_gap(recorder->rows, &gap);
	}
	return rc;
}

static bool is_same(const struct recording_counters *a, const struct recording_counters *b)
{
	return !memcmp(&a->probe, &b->probe, sizeof(a->probe)) && a->has_kernel == b->has_kernel &&
	       !memcmp(&a->kernel, &b->kernel, sizeof(a->kernel));
}

static int write_counters(struct recorder *recorder, uint64_t from_ns)
{
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; i < recorder->tracks.n; i++)
		recorder->tracks.items[i]->counters = recorder->tracks.items[i]->counters_before;
	for (i = 0; !rc && i < recorder->n_counters; i++) {
		const struct recording_counters *counters = &recorder->counters[i].counters;
		struct track *track = recorder->counters[i].track;
		struct track_counters *state = &track->counters;
		bool replace = state->has_kept &&
			       counters->time_ns - state->kept_ns <= RECORDING_COUNTERS_NS;

		/* Those of one that is idle stay known where their row has made way. */
		if (state->has_last && is_same(counters, &state->last) &&
		    state->last.time_ns >= from_ns)
			continue;
		if (state->has_last && !replace) {
			state->has_kept = true;
			state->kept_ns = state->last.time_ns;
		}
		rc = rows_write_counters(recorder->rows, track->id, counters,
					 replace ? state->last.time_ns : 0);
		state->has_last = true;
		state->last = *counters;
	}
	return rc;
}

static int write_changes(struct recorder *recorder)
{
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < recorder->n_changes; i++) {
		const struct recording_change *change = &recorder->changes[i];
		const struct track *track =
			tracks_of_window(&recorder->tracks, change->slot,
					 change->time_ns - recorder->tracks.wall_offset_ns);

		rc = rows_write_change(recorder->rows, track ? track->id : 0, change);
	}
	return rc;
}

/*
 * Interfaces come before changes, so that addresses find theirs; their ends come after, so that they
 * end those addresses, too.
 */
static int write_all(struct recorder *recorder, uint64_t *from_ns, uint64_t bytes)
{
	int rc = retention_cut(recorder->retention, from_ns, recorder->until_ns, recorder->taken_ns,
			       bytes);

	rc = rc ? rc : write_new_interfaces(recorder);
	rc = rc ? rc : write_changes(recorder);
	rc = rc ? rc : write_changed_interfaces(recorder);
	rc = rc ? rc : write_tracks(recorder);
	rc = rc ? rc : write_bursts(recorder);
	rc = rc ? rc : write_gaps(recorder);
	rc = rc ? rc : write_counters(recorder, *from_ns);
	return rc ? rc : rows_write_coverage(recorder->rows, *from_ns, recorder->taken_ns);
}

int commit_write(struct recorder *recorder, struct error *err)
{
	uint64_t bytes = bytes_to_write(recorder), from_ns = recorder->from_ns;
	sqlite3 *db = recorder->db;
	int ret, rc;

	if (!bytes && recorder->taken_ns == recorder->until_ns)
		return 0;
	rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	rc = rc ? rc : write_all(recorder, &from_ns, bytes);
	rc = rc ? rc : sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc) {
		ret = commit_error(recorder, rc, err);
		if (!sqlite3_get_autocommit(db))
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return ret;
	}
	recorder->from_ns = from_ns;
	recorder->until_ns = recorder->taken_ns;
	/* Of no consequence to what is on file. */
	retention_file_size(recorder->retention, &recorder->bytes);
	return 0;
}
