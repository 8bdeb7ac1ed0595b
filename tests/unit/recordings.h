/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* recordings: a place for recordings, and traffic to record, for the tests of store/. */
#ifndef IFPULSE_TESTS_UNIT_RECORDINGS_H
#define IFPULSE_TESTS_UNIT_RECORDINGS_H

#include "tests/unit/merging.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>

#include "base/units.h"
#include "store/player.h"
#include "store/recorder.h"

#define WIDTH_NS (100 * NSEC_PER_USEC)
#define START_NS (1000 * NSEC_PER_SEC) /* CLOCK_MONOTONIC */
#define OFFSET_NS UINT64_C(1800000000000000000)
#define WALL(ns) ((ns) + OFFSET_NS)

/* A directory of its own for each test. */
struct place {
	char directory[200], path[240];
};

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int place_make(void **state)
{
	const char *parent = getenv("TMPDIR");
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	snprintf(place->directory, sizeof(place->directory), "%s/ifpulse-unit-XXXXXX",
		 parent ? parent : "/tmp");
	if (!mkdtemp(place->directory)) {
		free(place);
		return -1;
	}
	snprintf(place->path, sizeof(place->path), "%s/a file.ifp?x=%%41", place->directory);
	*state = place;
	return 0;
}

static inline int place_remove(void **state)
{
	struct place *place = *state;
	int ret = nftw(place->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(place);
	return ret;
}

static inline char *beside(char *out, size_t size, const struct place *place, const char *suffix)
{
	snprintf(out, size, "%s%s", place->path, suffix);
	return out;
}

static inline off_t size_of(const struct place *place, const char *suffix)
{
	struct stat status;
	char path[300];

	return stat(beside(path, sizeof(path), place, suffix), &status) ? -1 : status.st_size;
}

#define RECORDING_TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

static inline void expect_ok(int ret, const struct error *err)
{
	if (ret)
		fail_msg("%d: %s (%s)", ret, err->what, err->hint);
}

static inline struct recording_meta some_meta(void)
{
	return (struct recording_meta){
		.width_ns = WIDTH_NS,
		.wall_offset_ns = OFFSET_NS,
		.host = "host",
		.boot_id = "5d1b4a2c-0000-4000-8000-0123456789ab",
		.kernel = "6.18.0",
		.machine = "x86_64",
		.version = "0.1.0",
		.netns_inum = 4026531833,
	};
}

static inline struct recorder *record_to(const char *path, const struct recorder_limits *limits)
{
	const struct recording_meta meta = some_meta();
	struct recorder *recorder = NULL;
	struct error err = {0};

	expect_ok(recorder_new(&recorder, path, &meta, limits, START_NS, &err), &err);
	return recorder;
}

static inline struct player *play(const char *path)
{
	struct player *player = NULL;
	struct error err = {0};

	expect_ok(player_new(&player, path, &err), &err);
	return player;
}

static inline void run_sql(const char *path, const char *sql)
{
	char *message = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message))
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static inline uint64_t rnd(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Windows of a list that grows. */
struct windows_list {
	struct window *items;
	size_t n, capacity;
};

static inline void list_add(struct windows_list *list, const struct window *window)
{
	assert_int_equal(
		array_reserve(&list->items, &list->capacity, list->n + 1, sizeof(*list->items)), 0);
	list->items[list->n++] = *window;
}

/* What passes in a window follows from where it is, so that it can be told whether it is right. */
static inline struct window window_at(uint64_t start_ns, uint32_t slot, uint32_t direction)
{
	uint64_t seed = start_ns * 2654435761 + slot * 40503 + direction + 1, packets;

	rnd(&seed);
	packets = 1 + rnd(&seed) % 100;
	return (struct window){
		start_ns,
		slot,
		direction,
		{packets, packets * 66 + rnd(&seed) % 20000, packets + seed % 3, packets * 90},
		seed % 50 ? 0 : seed % 7,
	};
}

/* Interfaces, and the time up to which their traffic has been recorded. */
struct traffic {
	struct recorder *recorder;
	struct series_member members[8];
	size_t n_members;
	uint32_t share; /* of windows, in a thousand, in which something passes */
	uint64_t now_ns, seed;
	struct windows_list told; /* as it was recorded: CLOCK_MONOTONIC, slots of the recorder */
};

static inline void traffic_start(struct traffic *traffic, struct recorder *recorder, uint32_t share)
{
	*traffic = (struct traffic){.recorder = recorder,
				    .share = share,
				    .now_ns = START_NS,
				    .seed = 88172645463325252};
}

static inline void traffic_join(struct traffic *traffic, uint32_t slot, uint32_t ifindex,
				const char *ifname)
{
	struct series_member *member = &traffic->members[traffic->n_members++];
	struct error err = {0};

	*member = (struct series_member){slot, ifindex, "", traffic->now_ns, SERIES_STAYS};
	snprintf(member->ifname, sizeof(member->ifname), "%s", ifname);
	expect_ok(recorder_add_interface(traffic->recorder, member, NULL, &err), &err);
}

/* Records the windows of the next `windows` widths. */
static inline void traffic_run(struct traffic *traffic, uint64_t windows)
{
	struct series_span span = {.from_ns = traffic->now_ns,
				   .until_ns = traffic->now_ns + windows * WIDTH_NS,
				   .width_ns = WIDTH_NS,
				   .members = traffic->members,
				   .n_members = traffic->n_members};
	size_t first = traffic->told.n, i;
	struct error err = {0};
	uint32_t d;

	for (; traffic->now_ns < span.until_ns; traffic->now_ns += WIDTH_NS)
		for (i = 0; i < traffic->n_members; i++)
			for (d = 0; d < N_DIRECTIONS; d++) {
				struct window window =
					window_at(traffic->now_ns, traffic->members[i].slot, d);

				if (traffic->members[i].to_ns != SERIES_STAYS ||
				    rnd(&traffic->seed) % 1000 >= traffic->share)
					continue;
				list_add(&traffic->told, &window);
			}
	span.windows = traffic->told.items + first;
	span.n_windows = merge(traffic->told.items + first, traffic->told.n - first);
	expect_ok(recorder_add_span(traffic->recorder, &span, &err), &err);
}

static inline void commit(struct recorder *recorder)
{
	struct error err = {0};

	expect_ok(recorder_commit(recorder, &err), &err);
}

static inline void close_recorder(struct recorder *recorder)
{
	struct error err = {0};

	expect_ok(recorder_close(recorder, &err), &err);
	recorder_free(recorder);
}

/* All that is left to play, as it comes; checks that spans have no hole. */
static inline struct windows_list play_all(struct player *player, uint64_t from_ns,
					   uint64_t until_ns)
{
	struct windows_list list = {0};
	struct series_span span;
	struct error err = {0};
	uint64_t at_ns = from_ns;
	size_t i;
	int ret;

	while ((ret = player_next(player, &span, &err)) > 0) {
		assert_int_equal(span.from_ns, at_ns);
		assert_in_range(span.until_ns - span.from_ns, 1, NSEC_PER_SEC);
		assert_int_equal(span.width_ns, WIDTH_NS);
		for (i = 0; i < span.n_windows; i++)
			list_add(&list, &span.windows[i]);
		at_ns = span.until_ns;
	}
	expect_ok(ret, &err);
	assert_int_equal(at_ns, until_ns);
	return list;
}

#endif
