// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What goes wrong while it records. */
#include "tests/unit/recordings.h"

#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Every window of the only interface's time is there and is what it has to be. */
static void expect_whole(const char *path, uint64_t at_least_ns)
{
	struct player *player = play(path);
	uint64_t from_ns = player_from_ns(player), until_ns = player_until_ns(player);
	struct windows_list played;
	size_t i;

	assert_true(until_ns >= at_least_ns);
	played = play_all(player, until_ns > from_ns ? from_ns : 0,
			  until_ns > from_ns ? until_ns : 0);
	assert_int_equal(played.n, 2 * (until_ns - from_ns) / WIDTH_NS);
	for (i = 0; i < played.n; i++) {
		struct window wanted = window_at(from_ns - OFFSET_NS + i / 2 * WIDTH_NS, 1, i % 2);

		wanted.start_ns += OFFSET_NS;
		assert_memory_equal(&played.items[i], &wanted, sizeof(wanted));
	}
	free(played.items);
	player_free(player);
}

/* Records until it is killed; tells after each commit how far that went. */
static void record_until_killed(const char *path, int fd)
{
	struct traffic traffic;
	uint64_t until_ns = WALL(START_NS);

	traffic_start(&traffic, record_to(path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	for (;;) {
		if (write(fd, &until_ns, sizeof(until_ns)) != sizeof(until_ns))
			_exit(1);
		traffic.told.n = 0;
		traffic_run(&traffic, 50 + until_ns / WIDTH_NS % 400);
		commit(traffic.recorder);
		until_ns = WALL(traffic.now_ns);
	}
}

static void survives_kill(void **state)
{
	const struct place *place = *state;
	char path[300];
	int round;

	for (round = 0; round < 20; round++) {
		uint64_t until_ns = 0, next_ns;
		int fds[2], status;
		pid_t child;

		beside(path, sizeof(path), place, (char[]){'a' + (char)round, '\0'});
		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			close(fds[0]);
			record_until_killed(path, fds[1]);
		}
		close(fds[1]);
		assert_int_equal(read(fds[0], &until_ns, sizeof(until_ns)), sizeof(until_ns));
		usleep((useconds_t)(1000 + round * 2500));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		while (read(fds[0], &next_ns, sizeof(next_ns)) == sizeof(next_ns))
			until_ns = next_ns;
		close(fds[0]);
		expect_whole(path, until_ns);
		/* Once more, now that the first reader has looked at the WAL. */
		expect_whole(path, until_ns);
	}
}

static void is_read_while_it_records(void **state)
{
	const struct place *place = *state;
	struct player *player, *later;
	struct traffic traffic;
	struct error err = {0};
	uint64_t until_ns;
	size_t i;

	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_run(&traffic, 3000);
	commit(traffic.recorder);
	until_ns = WALL(traffic.now_ns);
	player = play(place->path);
	for (i = 0; i < 20; i++) {
		traffic_run(&traffic, 3000);
		commit(traffic.recorder);
	}
	later = play(place->path);
	assert_int_equal(player_until_ns(player), until_ns);
	assert_int_equal(player_until_ns(later), WALL(traffic.now_ns));
	expect_whole(place->path, WALL(traffic.now_ns));
	free(play_all(player, WALL(START_NS), until_ns).items);
	player_free(later);
	/* The reader sees what it saw; the WAL has to wait for it. */
	traffic_run(&traffic, 3000);
	assert_int_equal(recorder_close(traffic.recorder, &err), -EBUSY);
	assert_non_null(strstr(err.what, "-wal"));
	expect_whole(place->path, WALL(traffic.now_ns));
	player_free(player);
	close_recorder(traffic.recorder);
	assert_int_equal(size_of(place, "-wal"), -1);
	assert_int_equal(size_of(place, "-shm"), -1);
	expect_whole(place->path, WALL(traffic.now_ns));
	free(traffic.told.items);
}

static void waits_for_a_lock_and_keeps_all(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;
	struct error err = {0};
	sqlite3 *db;

	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_run(&traffic, 1000);
	commit(traffic.recorder);
	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	traffic_run(&traffic, 1500);
	assert_int_equal(recorder_commit(traffic.recorder, &err), -EBUSY);
	assert_non_null(strstr(err.what, "another process"));
	traffic_run(&traffic, 2000);
	sqlite3_close(db);
	commit(traffic.recorder);
	close_recorder(traffic.recorder);
	expect_whole(place->path, WALL(traffic.now_ns));
	free(traffic.told.items);
}

/* Until it fails; then there is room again. What was committed is whole all the time. */
static void fill_up(const char *path, void (*make_room)(const char *path))
{
	struct traffic traffic;
	struct error err = {0};
	uint64_t until_ns = 0;
	int ret = 0, i;

	traffic_start(&traffic, record_to(path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 1000 && !ret; i++) {
		until_ns = WALL(traffic.now_ns);
		traffic_run(&traffic, 1000);
		ret = recorder_commit(traffic.recorder, &err);
	}
	if (ret != -ENOSPC && ret != -EFBIG)
		fail_msg("%d: %s", ret, err.what);
	assert_non_null(strstr(err.what, path));
	assert_non_null(strstr(err.hint, "is whole"));
	expect_whole(path, until_ns);
	traffic_run(&traffic, 1000);
	assert_int_not_equal(recorder_commit(traffic.recorder, &err), 0);
	make_room(path);
	commit(traffic.recorder);
	close_recorder(traffic.recorder);
	expect_whole(path, WALL(traffic.now_ns));
	free(traffic.told.items);
}

/* As if the disk were full there. */
static void set_limit(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lift_limit(const char *path)
{
	(void)path;
	set_limit(RLIM_INFINITY);
}

static void survives_a_size_limit(void **state)
{
	const struct place *place = *state;

	set_limit(1500000);
	fill_up(place->path, lift_limit);
}

/* A file system of its own, seen by nobody else; skips where this is not root. */
static void mount_small(const char *directory)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", directory, "tmpfs", 0, "size=2m"))
		skip();
}

static void free_room(const char *path)
{
	char directory[200];

	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(mount("none", directory, "tmpfs", MS_REMOUNT, "size=64m"), 0);
}

static void survives_a_full_disk(void **state)
{
	const struct place *place = *state;

	mount_small(place->directory);
	fill_up(place->path, free_room);
	assert_int_equal(umount(place->directory), 0);
}

static void plays_from_a_read_only_medium(void **state)
{
	const struct place *place = *state;
	const struct recording_meta meta = some_meta();
	struct recorder *recorder;
	struct traffic traffic;
	struct error err = {0};
	char other[300];

	mount_small(place->directory);
	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_run(&traffic, 1000);
	commit(traffic.recorder);
	/* It has no WAL beside it, but says that it may have one. */
	recorder_free(traffic.recorder);
	assert_int_equal(mount("none", place->directory, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	expect_whole(place->path, WALL(traffic.now_ns));
	assert_int_equal(recorder_new(&recorder, beside(other, sizeof(other), place, "2"), &meta,
				      NULL, START_NS, &err),
			 -EROFS);
	assert_int_equal(umount(place->directory), 0);
	free(traffic.told.items);
}

static void says_why_it_cannot_start(void **state)
{
	const struct place *place = *state;
	const struct recording_meta meta = some_meta();
	struct recorder_limits limits = {.max_bytes = 1000};
	struct recorder *recorder;
	struct error err = {0};
	char path[300];
	int fd;

	assert_int_equal(recorder_new(&recorder, place->path, &meta, &limits, START_NS, &err),
			 -EINVAL);
	assert_int_equal(size_of(place, ""), -1);
	close_recorder(record_to(place->path, NULL));
	assert_int_equal(recorder_new(&recorder, place->path, &meta, NULL, START_NS, &err),
			 -EEXIST);
	assert_true(strlen(err.hint) > 0);
	assert_true(size_of(place, "") > 0);
	assert_int_equal(unlink(place->path), 0);
	fd = open(beside(path, sizeof(path), place, "-wal"), O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(recorder_new(&recorder, place->path, &meta, NULL, START_NS, &err),
			 -EEXIST);
	assert_int_equal(unlink(path), 0);
	beside(path, sizeof(path), place, "/x");
	assert_int_equal(recorder_new(&recorder, path, &meta, NULL, START_NS, &err), -ENOENT);
	assert_true(strlen(err.hint) > 0);
	assert_int_equal(recorder_new(&recorder, place->directory, &meta, NULL, START_NS, &err),
			 -EEXIST);
}

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY, 0644);
	size_t size;
	char *data;

	assert_true(in >= 0 && out >= 0);
	data = read_whole(in, &size);
	assert_int_equal(write(out, data, size), size);
	free(data);
	close(in);
	close(out);
}

/* As someone who is not root, where this is root. */
static int try_without_permission(const struct place *place, const char *copy)
{
	const struct recording_meta meta = some_meta();
	struct recorder *recorder;
	struct player *player;
	struct error err = {0};

	if (!getuid() && setresuid(65534, 65534, 65534))
		return 1;
	if (recorder_new(&recorder, place->path, &meta, NULL, START_NS, &err) != -EACCES)
		return 2;
	if (player_new(&player, copy, &err) != -EACCES || !strstr(err.what, "-wal"))
		return 3;
	return 0;
}

/* There is nothing to be made in it: no file, and no index of a WAL that lies there. */
static void tells_a_directory_without_permission(void **state)
{
	const struct place *place = *state;
	char wal[300], copy[300], copied_wal[300];
	struct traffic traffic;
	int status;
	pid_t child;

	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_run(&traffic, 100);
	commit(traffic.recorder);
	beside(copy, sizeof(copy), place, "-copy");
	copy_file(place->path, copy);
	copy_file(beside(wal, sizeof(wal), place, "-wal"),
		  beside(copied_wal, sizeof(copied_wal), place, "-copy-wal"));
	close_recorder(traffic.recorder);
	free(traffic.told.items);
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(chmod(place->directory, 0555), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(try_without_permission(place, copy));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(chmod(place->directory, 0755), 0);
	assert_int_equal(status, 0);
}

/* Nothing is left where the very first writes fail. */
static void leaves_no_half_made_file(void **state)
{
	const struct place *place = *state;
	const struct recording_meta meta = some_meta();
	struct recorder *recorder;
	struct error err = {0};
	rlim_t size;

	for (size = 0; size < 60000; size += 7000) {
		int ret;

		set_limit(size);
		ret = recorder_new(&recorder, place->path, &meta, NULL, START_NS, &err);
		set_limit(RLIM_INFINITY);
		assert_true(ret < 0);
		if (!strstr(err.hint, "make room"))
			fail_msg("%d: %s (%s)", (int)size, err.what, err.hint);
		assert_int_equal(rmdir(place->directory), 0);
		assert_int_equal(mkdir(place->directory, 0755), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(survives_kill),
		RECORDING_TEST(is_read_while_it_records),
		RECORDING_TEST(waits_for_a_lock_and_keeps_all),
		RECORDING_TEST(survives_a_size_limit),
		RECORDING_TEST(survives_a_full_disk),
		RECORDING_TEST(plays_from_a_read_only_medium),
		RECORDING_TEST(says_why_it_cannot_start),
		RECORDING_TEST(tells_a_directory_without_permission),
		RECORDING_TEST(leaves_no_half_made_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
