// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/replay.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/units.h"
#include "model/window_merge.h"
#include "store/chunk.h"
#include "store/walk.h"

/* Of one interface and direction within one span: bounds its memory where windows are narrow. */
#define SPAN_WINDOWS_MAX 16384U

/* A chunk that is being read, and its next window. */
struct active_chunk {
	struct chunk_reader *reader;
	struct window next;
};

struct replay {
	const struct recorded *file;
	uint64_t width_ns, at_ns, until_ns;
	int failure; /* sticky */
	struct error error;
	struct walk chunk_walk, gap_walk; /* stand at a row, or have no statement any more */
	struct chunk_unpacker *unpacker;
	uint64_t *ends;  /* of the last chunk of each slot and direction */
	size_t *by_from; /* indexes of members, in order of from_ns */
	size_t n_begun;  /* of those */
	struct active_chunk *chunks;
	size_t n_chunks, chunks_capacity;
	struct window_array windows;
	struct window_merger merger;
	struct window_gap *gaps, *clipped;
	size_t n_gaps, gaps_capacity, n_clipped, clipped_capacity;
	struct series_member *members;
	size_t n_members, members_capacity;
};

static int no_memory(const struct replay *replay, struct error *err)
{
	return error_errno(err, -ENOMEM, "cannot read '%s'", replay->file->path);
}

static int compare_from(const void *a, const void *b, void *context)
{
	const struct series_member *members = context;
	const struct series_member *x = &members[*(const size_t *)a];
	const struct series_member *y = &members[*(const size_t *)b];

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static int set_up(struct replay *replay)
{
	const struct recorded *file = replay->file;
	size_t i;

	replay->ends = calloc(N_DIRECTIONS * (file->n + 1), sizeof(*replay->ends));
	replay->by_from = calloc(file->n + 1, sizeof(*replay->by_from));
	if (!replay->ends || !replay->by_from || chunk_unpacker_new(&replay->unpacker))
		return -ENOMEM;
	for (i = 0; i < file->n; i++)
		replay->by_from[i] = i;
	qsort_r(replay->by_from, file->n, sizeof(*replay->by_from), compare_from, file->members);
	return 0;
}

/* To the next row; at the end there is none. */
static int advance(struct walk *walk, struct error *err)
{
	int ret = walk_next(walk, err);

	if (ret > 0)
		return 0;
	walk_end(walk);
	return ret;
}

static int begin_walks(struct replay *replay, struct error *err)
{
	struct recorded_range range = {replay->at_ns, replay->until_ns};
	int ret;

	/* A gap may be of any length, a chunk not. */
	range.from_ns = 0;
	ret = walk_begin(&replay->gap_walk, replay->file, "its gaps",
			 "SELECT from_ns, rowid, until_ns FROM gaps "
			 "WHERE from_ns >= ?1 AND from_ns < ?2 ORDER BY from_ns, rowid",
			 &range, err);
	ret = ret ? ret : advance(&replay->gap_walk, err);
	if (ret)
		return ret;
	if (replay->at_ns > CHUNK_SPAN_MAX_NS + replay->width_ns)
		range.from_ns = replay->at_ns - CHUNK_SPAN_MAX_NS - replay->width_ns;
	ret = walk_begin(&replay->chunk_walk, replay->file, "its windows",
			 "SELECT from_ns, id, until_ns, interface, direction, windows, data "
			 "FROM chunks WHERE from_ns >= ?1 AND from_ns < ?2 UNION ALL "
			 "SELECT from_ns, id, until_ns, interface, direction, windows, data "
			 "FROM open_chunks WHERE from_ns >= ?1 AND from_ns < ?2 ORDER BY 1, 2",
			 &range, err);
	return ret ? ret : advance(&replay->chunk_walk, err);
}

/* The starts of windows that a time lies between; the coverage begins with one. */
static uint64_t align(const struct replay *replay, uint64_t time_ns, bool up)
{
	uint64_t beyond = (time_ns - replay->file->coverage.from_ns) % replay->width_ns;

	return time_ns - beyond + (up && beyond ? replay->width_ns : 0);
}

int replay_new(struct replay **out, const struct recorded *file, const struct recorded_range *range,
	       struct error *err)
{
	const struct recorded_range *coverage = &file->coverage;
	struct replay *replay = calloc(1, sizeof(*replay));
	int ret;

	if (!replay)
		return error_errno(err, -ENOMEM, "cannot read '%s'", file->path);
	replay->file = file;
	replay->width_ns = file->meta.width_ns;
	replay->at_ns = range->from_ns > coverage->from_ns ? align(replay, range->from_ns, false)
							   : coverage->from_ns;
	replay->until_ns = range->until_ns < coverage->from_ns ? coverage->from_ns
			   : range->until_ns < coverage->until_ns
				   ? align(replay, range->until_ns, true)
				   : coverage->until_ns;
	if (set_up(replay)) {
		ret = no_memory(replay, err);
		replay_free(replay);
		return ret;
	}
	replay->failure = begin_walks(replay, &replay->error);
	*out = replay;
	return 0;
}

void replay_free(struct replay *replay)
{
	size_t i;

	if (!replay)
		return;
	walk_end(&replay->chunk_walk);
	walk_end(&replay->gap_walk);
	for (i = 0; i < replay->n_chunks; i++)
		chunk_reader_free(replay->chunks[i].reader);
	chunk_unpacker_free(replay->unpacker);
	free(replay->ends);
	free(replay->by_from);
	free(replay->chunks);
	free(replay->windows.items);
	window_merger_release(&replay->merger);
	free(replay->gaps);
	free(replay->clipped);
	free(replay->members);
	free(replay);
}

/*
 * Opens the chunk of the row that the walk stands at. Those of one interface and direction follow one
 * another, so that there is no more than one of them at a time.
 */
static int open_chunk(struct replay *replay, struct error *err)
{
	struct walk *walk = &replay->chunk_walk;
	struct chunk_key key = {.from_ns = walk->time_ns};
	struct active_chunk chunk = {0};
	uint64_t *end;
	int ret;

	key.until_ns = row_time(&walk->row, 2);
	key.interface = row_u64(&walk->row, 3);
	key.direction = row_direction(&walk->row, 4);
	key.windows = (uint32_t)row_number(&walk->row, 5, CHUNK_WINDOWS_MAX);
	if (walk->row.is_bad || sqlite3_column_type(walk->row.stmt, 6) != SQLITE_BLOB ||
	    key.from_ns % replay->width_ns != replay->file->coverage.from_ns % replay->width_ns)
		return walk_damaged(walk, err);
	chunk.next.slot = recorded_slot_of(replay->file, key.interface);
	if (chunk.next.slot == SLOT_NONE || key.until_ns <= replay->at_ns)
		return 0;
	end = &replay->ends[(size_t)chunk.next.slot * N_DIRECTIONS + key.direction];
	if (key.from_ns < *end)
		return walk_damaged(walk, err);
	*end = key.until_ns;
	if (array_reserve(&replay->chunks, &replay->chunks_capacity, replay->n_chunks + 1,
			  sizeof(*replay->chunks)))
		return no_memory(replay, err);
	ret = chunk_reader_new(&chunk.reader, replay->unpacker, &key, replay->width_ns,
			       sqlite3_column_blob(walk->row.stmt, 6),
			       (size_t)sqlite3_column_bytes(walk->row.stmt, 6));
	ret = ret ? ret : chunk_reader_next(chunk.reader, &chunk.next);
	if (ret <= 0) {
		chunk_reader_free(chunk.reader);
		return ret == -ENOMEM ? no_memory(replay, err) : walk_damaged(walk, err);
	}
	replay->chunks[replay->n_chunks++] = chunk;
	return 0;
}

/* Its windows up to until_ns. 1: there are more behind, 0: none, or -errno. */
static int take_windows(struct replay *replay, struct active_chunk *chunk, uint64_t until_ns,
			struct error *err)
{
	struct window_array *windows = &replay->windows;
	int ret = 1;

	while (ret > 0 && chunk->next.start_ns < until_ns) {
		if (chunk->next.start_ns >= replay->at_ns) {
			if (array_reserve(&windows->items, &windows->capacity, windows->n + 1,
					  sizeof(*windows->items)))
				return no_memory(replay, err);
			windows->items[windows->n++] = chunk->next;
		}
		ret = chunk_reader_next(chunk->reader, &chunk->next);
	}
	return ret < 0 ? walk_damaged(&replay->chunk_walk, err) : ret;
}

static int read_windows(struct replay *replay, uint64_t until_ns, struct error *err)
{
	struct walk *walk = &replay->chunk_walk;
	size_t i, kept = 0;
	int ret = 0;

	replay->windows.n = 0;
	while (!ret && walk->row.stmt && walk->time_ns < until_ns) {
		ret = open_chunk(replay, err);
		ret = ret ? ret : advance(walk, err);
	}
	for (i = 0; i < replay->n_chunks; i++) {
		struct active_chunk chunk = replay->chunks[i];
		int more = ret ? 1 : take_windows(replay, &chunk, until_ns, err);

		ret = more < 0 ? more : ret;
		if (more)
			replay->chunks[kept++] = chunk;
		else
			chunk_reader_free(chunk.reader);
	}
	replay->n_chunks = kept;
	if (!ret && window_merge(&replay->merger, &replay->windows))
		ret = no_memory(replay, err);
	return ret;
}

static int clip_gap(struct replay *replay, const struct window_gap *gap, uint64_t until_ns)
{
	struct window_gap *clipped;

	if (array_reserve(&replay->clipped, &replay->clipped_capacity, replay->n_clipped + 1,
			  sizeof(*replay->clipped)))
		return -ENOMEM;
	clipped = &replay->clipped[replay->n_clipped++];
	*clipped = *gap;
	if (clipped->from_ns < replay->at_ns)
		clipped->from_ns = replay->at_ns;
	if (clipped->to_ns > until_ns)
		clipped->to_ns = until_ns;
	return 0;
}

static int read_gaps(struct replay *replay, uint64_t until_ns, struct error *err)
{
	struct walk *walk = &replay->gap_walk;
	size_t i, kept = 0;
	int ret = 0;

	replay->n_clipped = 0;
	while (!ret && walk->row.stmt && walk->time_ns < until_ns) {
		struct window_gap gap = {walk->time_ns, row_time(&walk->row, 2)};

		if (walk->row.is_bad || gap.to_ns < gap.from_ns)
			return walk_damaged(walk, err);
		if (array_reserve(&replay->gaps, &replay->gaps_capacity, replay->n_gaps + 1,
				  sizeof(*replay->gaps)))
			return no_memory(replay, err);
		if (gap.to_ns > replay->at_ns)
			replay->gaps[replay->n_gaps++] = gap;
		ret = advance(walk, err);
	}
	for (i = 0; !ret && i < replay->n_gaps; i++) {
		if (clip_gap(replay, &replay->gaps[i], until_ns))
			ret = no_memory(replay, err);
		if (replay->gaps[i].to_ns > until_ns)
			replay->gaps[kept++] = replay->gaps[i];
	}
	replay->n_gaps = kept;
	return ret;
}

static int compare_slot(const void *a, const void *b)
{
	const struct series_member *x = a, *y = b;

	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* Those that end before the span leave, those that begin within it come. */
static int choose_members(struct replay *replay, uint64_t until_ns, struct error *err)
{
	const struct recorded *file = replay->file;
	size_t i, kept = 0;

	for (i = 0; i < replay->n_members; i++)
		if (replay->members[i].to_ns >= replay->at_ns)
			replay->members[kept++] = replay->members[i];
	replay->n_members = kept;
	for (; replay->n_begun < file->n; replay->n_begun++) {
		const struct series_member *member =
			&file->members[replay->by_from[replay->n_begun]];

		if (member->from_ns >= until_ns)
			break;
		if (member->to_ns < replay->at_ns)
			continue;
		if (array_reserve(&replay->members, &replay->members_capacity,
				  replay->n_members + 1, sizeof(*replay->members)))
			return no_memory(replay, err);
		replay->members[replay->n_members++] = *member;
		kept = 0;
	}
	if (!kept && replay->n_members)
		qsort(replay->members, replay->n_members, sizeof(*replay->members), compare_slot);
	return 0;
}

int replay_next(struct replay *replay, struct series_span *span, struct error *err)
{
	uint64_t width_ns = replay->width_ns, until_ns;
	uint64_t most = NSEC_PER_SEC / width_ns;

	most = most < SPAN_WINDOWS_MAX ? most : SPAN_WINDOWS_MAX;
	if (replay->failure)
		goto out;
	if (replay->at_ns >= replay->until_ns)
		return 0;
	until_ns = replay->at_ns + most * width_ns;
	if (until_ns > replay->until_ns)
		until_ns = replay->until_ns;
	replay->failure = read_windows(replay, until_ns, &replay->error);
	if (!replay->failure)
		replay->failure = read_gaps(replay, until_ns, &replay->error);
	if (!replay->failure)
		replay->failure = choose_members(replay, until_ns, &replay->error);
	if (replay->failure)
		goto out;
	*span = (struct series_span){
		.from_ns = replay->at_ns,
		.until_ns = until_ns,
		.width_ns = width_ns,
		.windows = replay->windows.items,
		.n_windows = replay->windows.n,
		.gaps = replay->clipped,
		.n_gaps = replay->n_clipped,
		.members = replay->members,
		.n_members = replay->n_members,
	};
	replay->at_ns = until_ns;
	return 1;
out:
	if (err)
		*err = replay->error;
	return replay->failure;
}
