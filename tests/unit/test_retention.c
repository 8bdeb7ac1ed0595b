// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The limits of a flight recorder. */
#include "tests/unit/recordings.h"

static int nothing_before(void *context, const struct recording_burst *burst)
{
	const uint64_t *from_ns = context;

	return burst->burst.end_ns <= *from_ns;
}

static int no_counters_before(void *context, const struct recording_counters *counters)
{
	const uint64_t *from_ns = context;

	return counters->time_ns < *from_ns;
}

static void add_some_rows(struct traffic *traffic, uint64_t n)
{
	struct recording_burst burst = {.slot = 1};
	struct recording_counters counters = {
		.has_kernel = true, .slot = 1, .time_ns = traffic->now_ns};
	struct recording_change change = {traffic->now_ns, 5, "eth0", "mtu", "1500", "9000"};
	struct error err;

	burst.burst.start_ns = traffic->now_ns;
	burst.burst.end_ns = traffic->now_ns + WIDTH_NS;
	counters.kernel.rx_packets = traffic->now_ns;
	while (n--)
		assert_int_equal(recorder_add_burst(traffic->recorder, &burst, &err), 0);
	assert_int_equal(recorder_add_counters(traffic->recorder, &counters, &err), 0);
	assert_int_equal(recorder_add_change(traffic->recorder, &change, &err), 0);
}

/* What the file says that it covers is there, all of it, and nothing else. */
static struct player *expect_newest(const struct place *place, const struct traffic *traffic)
{
	struct player *player = play(place->path);
	uint64_t from_ns = player_from_ns(player);
	struct windows_list played;
	struct error err;
	size_t i = 0, j;

	assert_int_equal(player_until_ns(player), WALL(traffic->now_ns));
	played = play_all(player, from_ns, WALL(traffic->now_ns));
	while (i < traffic->told.n && WALL(traffic->told.items[i].start_ns) < from_ns)
		i++;
	assert_int_equal(played.n, traffic->told.n - i);
	for (j = 0; j < played.n; j++) {
		assert_int_equal(played.items[j].start_ns,
				 WALL(traffic->told.items[i + j].start_ns));
		assert_int_equal(played.items[j].traffic.bytes,
				 traffic->told.items[i + j].traffic.bytes);
	}
	assert_int_equal(player_bursts(player, nothing_before, &from_ns, &err), 0);
	assert_int_equal(player_counters(player, no_counters_before, &from_ns, &err), 0);
	free(played.items);
	return player;
}

static void keeps_within_its_size(void **state)
{
	const struct place *place = *state;
	const struct recorder_limits limits = {.max_bytes = RECORDER_BYTES_MIN};
	struct traffic traffic;
	struct player *player;
	uint64_t covered_ns;
	size_t i, n;

	traffic_start(&traffic, record_to(place->path, &limits), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_join(&traffic, 2, 6, "gone");
	for (i = 0; i < 60; i++) {
		/* One that is nearly idle beside one that is full. */
		traffic.members[1].to_ns = i < 10 ? SERIES_STAYS : START_NS + 10 * NSEC_PER_SEC;
		traffic_run(&traffic, 10000);
		add_some_rows(&traffic, 100);
		commit(traffic.recorder);
		assert_in_range(size_of(place, ""), 0, RECORDER_BYTES_MIN + (32 << 10));
		assert_in_range(size_of(place, "-wal"), 0, 1 << 20);
	}
	assert_true(recorder_sums(traffic.recorder).bytes <= RECORDER_BYTES_MIN);
	close_recorder(traffic.recorder);
	assert_in_range(size_of(place, ""), RECORDER_BYTES_MIN / 2, RECORDER_BYTES_MIN);
	player = expect_newest(place, &traffic);
	covered_ns = player_until_ns(player) - player_from_ns(player);
	assert_in_range(covered_ns, 2 * NSEC_PER_SEC, 30 * NSEC_PER_SEC);
	player_members(player, &n);
	assert_int_equal(n, 1);
	player_free(player);
	free(traffic.told.items);
}

/* Where there are no windows, only rows. */
static void keeps_rows_within_its_size(void **state)
{
	const struct place *place = *state;
	const struct recorder_limits limits = {.max_bytes = RECORDER_BYTES_MIN};
	struct traffic traffic;
	size_t i;

	traffic_start(&traffic, record_to(place->path, &limits), 0);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 150; i++) {
		traffic_run(&traffic, 10000);
		add_some_rows(&traffic, 800);
		commit(traffic.recorder);
		assert_in_range(size_of(place, ""), 0, RECORDER_BYTES_MIN + (32 << 10));
	}
	close_recorder(traffic.recorder);
	player_free(expect_newest(place, &traffic));
}

static int count_rows(void *context, const struct recording_counters *counters)
{
	++*(size_t *)context;
	assert_int_equal(counters->kernel.rx_packets, 7);
	return 0;
}

/* Counters that do not move are one row, which must not be cut away. */
static void keeps_the_counters_of_an_idle_interface(void **state)
{
	const struct place *place = *state;
	const struct recorder_limits limits = {.keep_ns = 3 * NSEC_PER_SEC};
	struct recording_counters counters = {
		.has_kernel = true, .slot = 1, .kernel = {.rx_packets = 7}};
	struct traffic traffic;
	struct player *player;
	struct error err;
	size_t i, n = 0;

	traffic_start(&traffic, record_to(place->path, &limits), 0);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 60; i++) {
		traffic_run(&traffic, 10000);
		counters.time_ns = traffic.now_ns;
		assert_int_equal(recorder_add_counters(traffic.recorder, &counters, &err), 0);
		commit(traffic.recorder);
	}
	close_recorder(traffic.recorder);
	player = expect_newest(place, &traffic);
	assert_int_equal(player_counters(player, count_rows, &n, &err), 0);
	assert_int_equal(n, 1);
	player_free(player);
}

static void keeps_its_time(void **state)
{
	const struct place *place = *state;
	const struct recorder_limits limits = {.keep_ns = 3 * NSEC_PER_SEC + 1};
	struct traffic traffic;
	struct player *player;
	size_t i;

	traffic_start(&traffic, record_to(place->path, &limits), 300);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 60; i++) {
		traffic_run(&traffic, 10000);
		add_some_rows(&traffic, 3);
		commit(traffic.recorder);
	}
	assert_in_range(recorder_sums(traffic.recorder).bytes, 0, 1000000);
	close_recorder(traffic.recorder);
	player = expect_newest(place, &traffic);
	assert_int_equal(player_until_ns(player) - player_from_ns(player), 3 * NSEC_PER_SEC);
	player_free(player);
	free(traffic.told.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(keeps_within_its_size),
		RECORDING_TEST(keeps_rows_within_its_size),
		RECORDING_TEST(keeps_its_time),
		RECORDING_TEST(keeps_the_counters_of_an_idle_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
