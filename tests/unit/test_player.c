// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files that are no recording, or one no longer: an error, and never more than that. */
#include "tests/unit/recordings.h"

#include <sqlite3.h>

static void write_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static char *load(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	char *data;

	assert_true(fd >= 0);
	data = read_whole(fd, size);
	close(fd);
	return data;
}

static void expect_refused(const char *path, int wanted, const char *words)
{
	struct player *player = NULL;
	struct error err = {0};
	int ret = player_new(&player, path, &err);

	if (ret != wanted || !strstr(err.what, words))
		fail_msg("%s: %d, \"%s\"", path, ret, err.what);
	assert_null(player);
	assert_int_equal(err.code, wanted);
}

static void refuses_what_is_no_recording(void **state)
{
	const struct place *place = *state;
	const char *path = place->path;
	char *data;
	size_t size;

	expect_refused(path, -ENOENT, "No such file");
	expect_refused(place->directory, -EMEDIUMTYPE, "directory");
	write_file(path, "", 0);
	expect_refused(path, -EMEDIUMTYPE, "empty");
	write_file(path, "a", 1);
	expect_refused(path, -EMEDIUMTYPE, "not an SQLite database");
	write_file(path, "SQLite format 4 and what follows it", 36);
	expect_refused(path, -EMEDIUMTYPE, "not an SQLite database");
	write_file(path, "SQLite format 3", 16);
	expect_refused(path, -EBADMSG, "damaged");
	unlink(path);
	run_sql(path, "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
	expect_refused(path, -EMEDIUMTYPE, "something else");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused(path, -EMEDIUMTYPE, "regular");
	unlink(path);
	close_recorder(record_to(path, NULL));
	data = load(path, &size);
	player_free(play(path));
	run_sql(path, "PRAGMA user_version = 3");
	expect_refused(path, -ENOTSUP, "newer ifpulse");
	run_sql(path, "PRAGMA user_version = 0");
	expect_refused(path, -EBADMSG, "damaged");
	free(data);
}

/* A value of each kind that is not what it has to be; what runs code of the file's author first. */
static void refuses_hostile_tables(void **state)
{
	static const char *const changes[] = {
		"DROP TABLE chunks",
		"DROP TABLE gaps; CREATE VIEW gaps AS WITH RECURSIVE c(from_ns, until_ns) AS "
		"(SELECT 1, 1 UNION ALL SELECT from_ns, 1 FROM c) SELECT * FROM c",
		"DROP TABLE coverage; CREATE TABLE coverage(from_ns INTEGER, until_ns INTEGER "
		"AS (from_ns + 100000))",
		"DROP INDEX chunks_from; CREATE INDEX chunks_from ON chunks(abs(from_ns))",
		"DELETE FROM coverage",
		"UPDATE coverage SET until_ns = 9223372036854775807",
		"UPDATE coverage SET until_ns = from_ns + 4000000000000000000",
		"UPDATE coverage SET until_ns = until_ns + 1",
		"UPDATE coverage SET until_ns = from_ns - 100000",
		"UPDATE coverage SET from_ns = -1",
		"UPDATE coverage SET from_ns = x'00'",
		"UPDATE coverage SET from_ns = 'x'",
		"DELETE FROM meta WHERE key = 'window_ns'",
		"UPDATE meta SET value = 0 WHERE key = 'window_ns'",
		"UPDATE meta SET value = 9999 WHERE key = 'window_ns'",
		"UPDATE meta SET value = -100000 WHERE key = 'window_ns'",
		"UPDATE meta SET value = printf('%.300c', 'x') WHERE key = 'host'",
		"UPDATE meta SET value = 'a' || char(0) || 'b' WHERE key = 'host'",
		"UPDATE meta SET value = zeroblob(5) WHERE key = 'host'",
		"UPDATE interfaces SET ifname = 'sixteen-bytes-are-too-many'",
		"UPDATE interfaces SET ifname = NULL",
		"UPDATE interfaces SET ifindex = -1",
		"UPDATE interfaces SET id = -1",
		"UPDATE interfaces SET from_ns = 'soon'",
		"UPDATE interfaces SET mac = printf('%.900c', 'f')",
		"UPDATE interfaces SET mac = '02:0'",
		"UPDATE interfaces SET kind = zeroblob(100000)",
		"UPDATE interfaces SET mtu = 4294967296",
		"UPDATE interfaces SET container = printf('%.400c', 'x')",
		"UPDATE interfaces SET container = zeroblob(5)",
		"PRAGMA user_version = 1",
	};
	const struct place *place = *state;
	struct traffic traffic;
	size_t size, i;
	char *data;

	traffic_start(&traffic, record_to(place->path, NULL), 100);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_run(&traffic, 1000);
	close_recorder(traffic.recorder);
	data = load(place->path, &size);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		struct player *player = NULL;
		struct error err = {0};

		unlink(place->path);
		write_file(place->path, data, size);
		run_sql(place->path, changes[i]);
		if (player_new(&player, place->path, &err) != -EBADMSG)
			fail_msg("%s: %s", changes[i], err.what);
	}
	free(data);
	free(traffic.told.items);
}

static int any_burst(void *context, const struct recording_burst *burst)
{
	(void)context;
	return burst->slot == 0;
}

static int any_counters(void *context, const struct recording_counters *counters)
{
	(void)context;
	return counters->slot == 0;
}

static int any_change(void *context, const struct recording_change *change)
{
	(void)context;
	return !change->event[0] && !change->ifname[0];
}

/* Of either interface: which of them comes first is by what the damaged file says of them. */
static bool was_recorded(const struct window *window)
{
	uint32_t slot;

	for (slot = 1; slot <= 2; slot++) {
		struct window wanted =
			window_at(window->start_ns - OFFSET_NS, slot, window->direction);

		if (window->traffic.bytes == wanted.traffic.bytes && window->drops == wanted.drops)
			return true;
	}
	return false;
}

/* Reads all that there is; 0 or the first failure. Windows have a checksum: right or none. */
static int read_everything(const char *path, const struct windows_list *told, size_t *n)
{
	struct player *player;
	struct series_span span;
	struct error err = {0};
	int ret, spans = 0;
	size_t i;

	*n = 0;
	ret = player_new(&player, path, &err);
	if (ret) {
		assert_true(strlen(err.what) > 0);
		return ret;
	}
	while (spans++ < 1000 && (ret = player_next(player, &span, &err)) > 0)
		for (i = 0; i < span.n_windows; i++) {
			assert_true(was_recorded(&span.windows[i]));
			++*n;
		}
	assert_true(*n <= told->n);
	if (ret < 0) {
		struct error again = {0};

		assert_int_equal(player_next(player, &span, &again), ret);
		assert_string_equal(again.what, err.what);
	}
	ret = ret < 0 ? ret : player_bursts(player, any_burst, NULL, &err);
	ret = ret < 0 ? ret : player_counters(player, any_counters, NULL, &err);
	ret = ret < 0 ? ret : player_changes(player, any_change, NULL, &err);
	assert_true(ret >= 0 || strlen(err.what) > 0);
	player_free(player);
	return ret < 0 ? ret : 0;
}

/* A recording with something in every table, closed. */
static char *make_recording(const struct place *place, struct traffic *traffic, size_t *size)
{
	struct recording_burst burst = {.slot = 1, .speed_bps = 1000000000};
	struct recording_counters counters = {.slot = 1, .has_kernel = true};
	struct recording_change change = {0,  5, "eth0", "address-added", NULL, "192.0.2.1/24",
					  "", 1};
	struct error err;
	size_t i;

	traffic_start(traffic, record_to(place->path, NULL), 20);
	traffic_join(traffic, 1, 5, "eth0");
	traffic_join(traffic, 2, 6, "eth1");
	for (i = 0; i < 12; i++) {
		traffic_run(traffic, 10000);
		burst.burst.start_ns = traffic->now_ns;
		burst.burst.end_ns = traffic->now_ns + WIDTH_NS;
		counters.time_ns = traffic->now_ns + i * NSEC_PER_SEC;
		counters.kernel.rx_bytes = i;
		change.time_ns = traffic->now_ns;
		assert_int_equal(recorder_add_burst(traffic->recorder, &burst, &err), 0);
		assert_int_equal(recorder_add_counters(traffic->recorder, &counters, &err), 0);
		assert_int_equal(recorder_add_change(traffic->recorder, &change, &err), 0);
		commit(traffic->recorder);
		if (i == 6)
			traffic->now_ns += 10 * WIDTH_NS;
	}
	close_recorder(traffic->recorder);
	return load(place->path, size);
}

static void survives_truncation(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;
	size_t size, cut, n;
	char *data = make_recording(place, &traffic, &size);

	assert_int_equal(read_everything(place->path, &traffic.told, &n), 0);
	assert_int_equal(n, traffic.told.n);
	for (cut = 0; cut < size; cut += cut < 200 ? 13 : 1361) {
		write_file(place->path, data, cut);
		assert_true(read_everything(place->path, &traffic.told, &n) < 0);
	}
	for (cut = 4096; cut < size; cut += 4096) {
		write_file(place->path, data, cut);
		assert_true(read_everything(place->path, &traffic.told, &n) < 0);
	}
	free(data);
	free(traffic.told.items);
}

static void survives_flipped_bytes(void **state)
{
	const struct place *place = *state;
	uint64_t seed = 20260131;
	struct traffic traffic;
	size_t size, round, n, i, found = 0;
	char *data = make_recording(place, &traffic, &size);

	for (round = 0; round < 1000; round++) {
		char saved[4];
		size_t at[4];

		for (i = 0; i < 4; i++) {
			/* The head of a page, where its structure is, as often as the rest of it. */
			at[i] = rnd(&seed) % size;
			if (round % 2)
				at[i] = at[i] / 4096 * 4096 + at[i] % 64;
			saved[i] = data[at[i]];
			data[at[i]] ^= (char)(1 << rnd(&seed) % 8);
			if (round % 3)
				break;
		}
		write_file(place->path, data, size);
		found += read_everything(place->path, &traffic.told, &n) < 0;
		for (i = i < 4 ? i + 1 : 4; i-- > 0;)
			data[at[i]] = saved[i];
	}
	assert_in_range(found, 100, 1000);
	free(data);
	free(traffic.told.items);
}

/* Rows that are well formed, but not what a recorder would have written. */
static void refuses_hostile_rows(void **state)
{
	static const char *const changes[] = {
		"UPDATE chunks SET data = zeroblob(100000)",
		"UPDATE chunks SET data = NULL",
		"UPDATE chunks SET data = 'text'",
		"UPDATE chunks SET data = zeroblob(3)",
		"UPDATE chunks SET windows = windows + 1",
		"UPDATE chunks SET windows = 4294967297",
		"UPDATE chunks SET windows = -1",
		"UPDATE chunks SET direction = 'up'",
		"UPDATE chunks SET direction = NULL",
		"UPDATE chunks SET interface = 3 - interface",
		"UPDATE chunks SET until_ns = until_ns + 100000",
		"UPDATE chunks SET from_ns = from_ns - 50000",
		"UPDATE chunks SET from_ns = until_ns",
		"INSERT INTO chunks SELECT NULL, interface, direction, from_ns, until_ns, windows, "
		"data FROM chunks",
		"INSERT INTO open_chunks SELECT id + 99, interface, direction, from_ns, until_ns, "
		"windows, data FROM chunks",
		"UPDATE gaps SET until_ns = from_ns - 1",
		"UPDATE gaps SET until_ns = NULL",
		"UPDATE bursts SET end_ns = start_ns - 1",
		"UPDATE bursts SET rule = 'none'",
		"UPDATE bursts SET rule = printf('%.99c', 'x')",
		"UPDATE bursts SET direction = 1",
		"UPDATE bursts SET speed_source = printf('%.99c', 'x')",
		"UPDATE bursts SET packets = 1.5",
		"UPDATE bursts SET container = zeroblob(5)",
		"UPDATE bursts SET container = printf('%.400c', 'x')",
		"UPDATE bursts SET flows = printf('%.16384c', 'x')",
		"UPDATE bursts SET flows = 'a' || char(0) || 'b'",
		"UPDATE bursts SET flows = zeroblob(5)",
		"UPDATE counters SET rx_bytes = NULL",
		"UPDATE counters SET probe_rx_drops = 'none'",
		"UPDATE changes SET event = NULL",
		"UPDATE changes SET ifname = printf('%.16c', 'x')",
		"UPDATE changes SET current = printf('%.5000c', 'x')",
		"UPDATE changes SET current = zeroblob(2000000)",
	};
	const struct place *place = *state;
	struct traffic traffic;
	size_t size, i, n;
	char *data = make_recording(place, &traffic, &size);

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		write_file(place->path, data, size);
		run_sql(place->path, changes[i]);
		if (read_everything(place->path, &traffic.told, &n) != -EBADMSG)
			fail_msg("%s", changes[i]);
	}
	/* What belongs to nobody is passed over: a flight recorder may have dropped whose it was. */
	write_file(place->path, data, size);
	run_sql(place->path, "DELETE FROM interfaces WHERE id = 2");
	assert_int_equal(read_everything(place->path, &traffic.told, &n), 0);
	assert_in_range(n, 1, traffic.told.n - 1);
	free(data);
	free(traffic.told.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(refuses_what_is_no_recording),
		RECORDING_TEST(refuses_hostile_tables),
		RECORDING_TEST(refuses_hostile_rows),
		RECORDING_TEST(survives_truncation),
		RECORDING_TEST(survives_flipped_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
