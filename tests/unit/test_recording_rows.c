// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is recorded is what is played: everything but the windows. */
#include "tests/unit/recordings.h"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <sqlite3.h>
#include <sys/socket.h>

#include "model/changes.h"

/* The only value of a query, as text. */
static char *ask(const struct place *place, const char *sql)
{
	sqlite3_stmt *stmt;
	char *text = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
		text = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

static void expect_answer(const struct place *place, const char *sql, const char *wanted)
{
	char *text = ask(place, sql);

	expect_text(sql, text ? text : "NULL", wanted);
	free(text);
}

static void expect_same_meta(const struct recording_meta *got, const struct recording_meta *wanted)
{
	assert_int_equal(got->width_ns, wanted->width_ns);
	assert_int_equal(got->wall_offset_ns, wanted->wall_offset_ns);
	assert_int_equal(got->netns_inum, wanted->netns_inum);
	assert_string_equal(got->host, wanted->host);
	assert_string_equal(got->boot_id, wanted->boot_id);
	assert_string_equal(got->kernel, wanted->kernel);
	assert_string_equal(got->machine, wanted->machine);
	assert_string_equal(got->version, wanted->version);
}

static void keeps_meta_and_links(void **state)
{
	const struct series_member member = {1, 5, "eth0", START_NS, SERIES_STAYS};
	struct link_addr addrs[] = {{.family = AF_INET, .prefixlen = 24, .local = {192, 0, 2, 1}},
				    {.family = AF_INET6, .prefixlen = 64, .local = {0xfe, 0x80}}};
	const struct link link = {
		.ifindex = 5,
		.ifname = "eth0",
		.kind = "veth",
		.qdisc = "noqueue",
		.flags = IFF_UP | IFF_BROADCAST,
		.type = 1,
		.operstate = IF_OPER_LOWERLAYERDOWN,
		.carrier = 1,
		.mtu = 9000,
		.txqlen = 1000,
		.master = 3,
		.lower = 4,
		.lower_netnsid = 0,
		.speed_mbps = 10000,
		.duplex = DUPLEX_FULL,
		.address_len = 6,
		.address = {2, 0, 0, 0xab, 0, 1},
	};
	struct link with_addrs = link;
	const struct place *place = *state;
	const struct recording_meta meta = some_meta();
	struct traffic traffic;
	struct player *player;
	struct error err;

	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	with_addrs.addrs = addrs;
	with_addrs.n_addrs = 2;
	assert_int_equal(recorder_add_interface(traffic.recorder, &member, &with_addrs, &err), 0);
	traffic_join(&traffic, 2, 8, "unknown");
	traffic_run(&traffic, 10);
	close_recorder(traffic.recorder);
	player = play(place->path);
	expect_same_meta(player_meta(player), &meta);
	assert_true(link_equal(player_link(player, 1), &link));
	assert_int_equal(player_link(player, 2)->ifindex, 8);
	assert_int_equal(player_link(player, 2)->lower_netnsid, LINK_NETNSID_NONE);
	assert_int_equal(player_link(player, 2)->duplex, DUPLEX_UNKNOWN);
	player_free(player);
	expect_answer(place, "SELECT group_concat(address) FROM addresses WHERE interface = 1",
		      "192.0.2.1/24,fe80::/64");
	expect_answer(place, "SELECT mac || operstate || speed_mbps FROM interfaces WHERE id = 1",
		      "02:00:00:ab:00:01LOWERLAYERDOWN10000");
	expect_answer(place, "SELECT speed_mbps FROM interfaces WHERE id = 2", "NULL");
	free(traffic.told.items);
}

#define N_ROWS 40

struct rows {
	struct recording_burst bursts[N_ROWS];
	struct recording_counters counters[N_ROWS];
	struct recording_change changes[N_ROWS];
	char flows[RECORDING_FLOWS_SIZE];
	size_t n, seen;
};

static int same_burst(void *context, const struct recording_burst *burst)
{
	struct rows *rows = context;
	struct recording_burst wanted = rows->bursts[rows->seen++];

	wanted.burst.start_ns = WALL(wanted.burst.start_ns);
	wanted.burst.end_ns = WALL(wanted.burst.end_ns);
	assert_int_equal(burst->slot, wanted.slot);
	assert_int_equal(burst->direction, wanted.direction);
	assert_int_equal(burst->rule, wanted.rule);
	assert_int_equal(burst->speed_bps, wanted.speed_bps);
	assert_string_equal(burst->speed_source, wanted.speed_source);
	assert_string_equal(burst->drop_reasons, wanted.drop_reasons);
	assert_string_equal(burst->container, wanted.container);
	assert_int_equal(!burst->flows, !wanted.flows);
	if (wanted.flows)
		assert_string_equal(burst->flows, wanted.flows);
	assert_memory_equal(&burst->burst.traffic, &wanted.burst.traffic,
			    sizeof(wanted.burst.traffic));
	assert_int_equal(burst->burst.start_ns, wanted.burst.start_ns);
	assert_int_equal(burst->burst.end_ns, wanted.burst.end_ns);
	assert_int_equal(burst->burst.windows, wanted.burst.windows);
	assert_int_equal(burst->burst.drops, wanted.burst.drops);
	assert_int_equal(burst->burst.peak_bps, wanted.burst.peak_bps);
	assert_int_equal(burst->burst.mean_bps, wanted.burst.mean_bps);
	assert_int_equal(burst->burst.threshold_bps, wanted.burst.threshold_bps);
	assert_int_equal(burst->burst.is_cut, wanted.burst.is_cut);
	return 0;
}

static int same_counters(void *context, const struct recording_counters *counters)
{
	struct rows *rows = context;
	const struct recording_counters *wanted = &rows->counters[rows->seen++];

	assert_int_equal(counters->slot, wanted->slot);
	assert_int_equal(counters->time_ns, WALL(wanted->time_ns));
	assert_memory_equal(&counters->probe, &wanted->probe, sizeof(wanted->probe));
	assert_int_equal(counters->has_kernel, wanted->has_kernel);
	assert_memory_equal(&counters->kernel, &wanted->kernel, sizeof(wanted->kernel));
	return 0;
}

static int same_change(void *context, const struct recording_change *change)
{
	struct rows *rows = context;
	const struct recording_change *wanted = &rows->changes[rows->seen++];

	assert_int_equal(change->time_ns, WALL(wanted->time_ns));
	assert_int_equal(change->ifindex, wanted->ifindex);
	assert_string_equal(change->ifname, wanted->ifname);
	assert_string_equal(change->netns, wanted->netns);
	assert_string_equal(change->event, wanted->event);
	assert_int_equal(!change->previous, !wanted->previous);
	assert_int_equal(!change->current, !wanted->current);
	if (wanted->previous)
		assert_string_equal(change->previous, wanted->previous);
	if (wanted->current)
		assert_string_equal(change->current, wanted->current);
	return rows->seen == rows->n ? 7 : 0;
}

/* Any bits: what the counters are is not the store's to judge. */
static void fill(void *out, size_t size, uint64_t *seed)
{
	uint64_t value;
	size_t i;

	for (i = 0; i + sizeof(value) <= size; i += sizeof(value)) {
		value = rnd(seed) % 8 ? rnd(seed) >> rnd(seed) % 64 : UINT64_MAX;
		memcpy((char *)out + i, &value, sizeof(value));
	}
}

static void add_rows(struct recorder *recorder, struct rows *rows, size_t i, uint64_t *seed)
{
	struct recording_burst *burst = &rows->bursts[i];
	struct recording_counters *counters = &rows->counters[i];
	struct recording_change *change = &rows->changes[i];
	uint64_t time_ns = START_NS + i * 11 * NSEC_PER_SEC;
	struct error err;

	fill(&burst->burst, offsetof(struct burst, is_cut), seed);
	burst->burst.start_ns = time_ns;
	burst->burst.end_ns = time_ns + (i + 1) * WIDTH_NS;
	burst->burst.is_cut = i % 2;
	burst->slot = 1 + i % 2;
	burst->direction = i / 2 % 2;
	burst->rule = i % 3;
	burst->speed_bps = i % 5 * 1000000000;
	strcpy(burst->speed_source, i % 5 ? "netlink" : "");
	strcpy(burst->drop_reasons, i % 3 ? "QDISC_DROP:12 other:1" : "");
	strcpy(burst->container, i % 4 ? "shop/web-0" : "");
	/* Of any length that there may be. */
	if (i % 6) {
		memset(rows->flows, 'x', sizeof(rows->flows));
		rows->flows[sizeof(rows->flows) - 1] = '\0';
		burst->flows = rows->flows + rnd(seed) % (i % 2 ? sizeof(rows->flows) : 1);
	}
	fill(&counters->probe, sizeof(counters->probe), seed);
	counters->has_kernel = i % 7;
	if (counters->has_kernel)
		fill(&counters->kernel, sizeof(counters->kernel), seed);
	counters->slot = 1 + i % 2;
	counters->time_ns = time_ns;
	*change = (struct recording_change){time_ns,
					    5 + i % 2,
					    "eth0",
					    "mtu",
					    i % 3 ? "1500" : NULL,
					    i % 4 ? "\xc3\xa9" : NULL};
	assert_int_equal(recorder_add_burst(recorder, burst, &err), 0);
	assert_int_equal(recorder_add_counters(recorder, counters, &err), 0);
	assert_int_equal(recorder_add_change(recorder, change, &err), 0);
}

static void keeps_bursts_counters_changes(void **state)
{
	const struct place *place = *state;
	struct recording_burst nobodys = {.slot = 77};
	struct recording_counters counters = {.slot = 77};
	struct rows rows = {.n = N_ROWS};
	struct traffic traffic;
	struct player *player;
	struct error err = {0};
	uint64_t seed = 1234567;
	size_t i;

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_join(&traffic, 2, 6, "eth1");
	for (i = 0; i < N_ROWS; i++) {
		add_rows(traffic.recorder, &rows, i, &seed);
		if (i % 3 == 0)
			commit(traffic.recorder);
	}
	assert_int_equal(recorder_add_burst(traffic.recorder, &nobodys, &err), 0);
	assert_int_equal(recorder_add_counters(traffic.recorder, &counters, &err), 0);
	assert_int_equal(recorder_sums(traffic.recorder).bursts, N_ROWS);
	close_recorder(traffic.recorder);
	player = play(place->path);
	expect_ok(player_bursts(player, same_burst, &rows, &err), &err);
	assert_int_equal(rows.seen, rows.n);
	rows.seen = 0;
	expect_ok(player_counters(player, same_counters, &rows, &err), &err);
	assert_int_equal(rows.seen, rows.n);
	rows.seen = 0;
	assert_int_equal(player_changes(player, same_change, &rows, &err), 7);
	assert_int_equal(rows.seen, rows.n);
	rows.seen = 9;
	expect_ok(player_bursts_at(player, WALL(rows.bursts[9].burst.start_ns), same_burst, &rows,
				   &err),
		  &err);
	assert_int_equal(rows.seen, 10);
	expect_ok(player_bursts_at(player, WALL(rows.bursts[9].burst.start_ns) + 1, same_burst,
				   &rows, &err),
		  &err);
	assert_int_equal(rows.seen, 10);
	/* The burst that ends at the first time is out, the one that begins at the last, too. */
	player_seek(player, WALL(rows.bursts[3].burst.end_ns), WALL(rows.bursts[7].burst.start_ns));
	rows.seen = 4;
	expect_ok(player_bursts(player, same_burst, &rows, &err), &err);
	assert_int_equal(rows.seen, 7);
	rows.seen = 4;
	expect_ok(player_counters(player, same_counters, &rows, &err), &err);
	assert_int_equal(rows.seen, 7);
	player_free(player);
}

static void name(struct recorder *recorder, uint32_t slot, uint32_t ifindex, const char *container)
{
	struct error err = {0};

	expect_ok(recorder_name_container(recorder, slot, "", ifindex, container, &err), &err);
}

/* The last that was told of each, also of what goes. */
static void keeps_containers(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;
	struct player *player;

	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_join(&traffic, 2, 6, "eth1");
	traffic_join(&traffic, 3, 7, "eth2");
	name(traffic.recorder, 1, 5, "pid 4711 (sleep)");
	name(traffic.recorder, 2, 6, "web");
	/* That slot is not, or no longer, this one's. */
	name(traffic.recorder, 3, 8, "other");
	name(traffic.recorder, 77, 8, "other");
	traffic_run(&traffic, 10);
	commit(traffic.recorder);
	name(traffic.recorder, 1, 5, "shop/web-0");
	name(traffic.recorder, 2, 6, NULL);
	traffic.members[0].to_ns = traffic.now_ns;
	traffic_run(&traffic, 10);
	close_recorder(traffic.recorder);
	player = play(place->path);
	assert_string_equal(player_container(player, 1), "shop/web-0");
	assert_null(player_container(player, 2));
	assert_null(player_container(player, 3));
	assert_null(player_container(player, 4));
	player_free(player);
	free(traffic.told.items);
}

/* As ifpulse made them before it knew of flows, containers and other namespaces. */
static void reads_schema_1(void **state)
{
	static const char *const old =
		"CREATE TABLE old AS SELECT * FROM interfaces; DROP TABLE interfaces;"
		"CREATE TABLE interfaces(id INTEGER PRIMARY KEY, ifindex INTEGER, ifname TEXT, "
		"from_ns INTEGER, until_ns INTEGER, kind TEXT, type INTEGER, mac TEXT, flags "
		"INTEGER, operstate TEXT, carrier INTEGER, mtu INTEGER, txqlen INTEGER, speed_mbps "
		"INTEGER, duplex TEXT, master INTEGER, lower INTEGER, lower_netnsid INTEGER, qdisc "
		"TEXT);"
		"CREATE INDEX interfaces_until ON interfaces(until_ns);"
		"INSERT INTO interfaces SELECT id, ifindex, ifname, from_ns, until_ns, kind, type, "
		"mac, flags, operstate, carrier, mtu, txqlen, speed_mbps, duplex, master, lower, "
		"lower_netnsid, qdisc FROM old; DROP TABLE old;"
		"CREATE TABLE old AS SELECT * FROM bursts; DROP TABLE bursts;"
		"CREATE TABLE bursts(interface INTEGER, direction TEXT, start_ns INTEGER, end_ns "
		"INTEGER, duration_ns INTEGER, windows INTEGER, packets INTEGER, bytes INTEGER, "
		"wire_packets INTEGER, wire_bytes INTEGER, drops INTEGER, peak_bps INTEGER, "
		"mean_bps INTEGER, threshold_bps INTEGER, is_cut INTEGER, rule TEXT, drop_reasons "
		"TEXT, speed_bps INTEGER, speed_source TEXT);"
		"CREATE INDEX bursts_start ON bursts(start_ns);"
		"INSERT INTO bursts SELECT interface, direction, start_ns, end_ns, duration_ns, "
		"windows, packets, bytes, wire_packets, wire_bytes, drops, peak_bps, mean_bps, "
		"threshold_bps, is_cut, rule, drop_reasons, speed_bps, speed_source FROM old;"
		"DROP TABLE old;"
		"CREATE TABLE old AS SELECT * FROM changes; DROP TABLE changes;"
		"CREATE TABLE changes(time_ns INTEGER, ifindex INTEGER, ifname TEXT, event TEXT, "
		"previous TEXT, current TEXT);"
		"CREATE INDEX changes_time ON changes(time_ns);"
		"INSERT INTO changes SELECT time_ns, ifindex, ifname, event, previous, current "
		"FROM old; DROP TABLE old; PRAGMA user_version = 1";
	const struct place *place = *state;
	struct rows rows = {.n = N_ROWS};
	struct traffic traffic;
	struct player *player;
	struct error err = {0};
	uint64_t seed = 7654321;
	size_t i;

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_join(&traffic, 2, 6, "eth1");
	name(traffic.recorder, 1, 5, "web");
	for (i = 0; i < N_ROWS; i++)
		add_rows(traffic.recorder, &rows, i, &seed);
	close_recorder(traffic.recorder);
	run_sql(place->path, old);
	for (i = 0; i < N_ROWS; i++) {
		rows.bursts[i].container[0] = '\0';
		rows.bursts[i].flows = NULL;
	}
	player = play(place->path);
	expect_ok(player_bursts(player, same_burst, &rows, &err), &err);
	assert_int_equal(rows.seen, rows.n);
	assert_null(player_container(player, 1));
	assert_int_equal(player_link(player, 2)->ifindex, 6);
	rows.seen = 0;
	assert_int_equal(player_changes(player, same_change, &rows, &err), 7);
	assert_string_equal(player_members(player, &i)[1].ifname, "eth1");
	assert_string_equal(player_members(player, &i)[1].netns, "");
	player_free(player);
	/* It is what it says that it is, or it is none. */
	run_sql(place->path, "PRAGMA user_version = 2");
	assert_int_equal(player_new(&player, place->path, &err), -EBADMSG);
}

static void change(struct recorder *recorder, uint64_t time_ns, enum change_event event,
		   const char *previous, const char *current)
{
	struct recording_change change = {time_ns,  5,       "eth0", change_event_name(event),
					  previous, current, "",     1};
	struct error err;

	assert_int_equal(recorder_add_change(recorder, &change, &err), 0);
}

static void follows_addresses(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	traffic_join(&traffic, 1, 5, "eth0");
	change(traffic.recorder, START_NS + 1, CHANGE_ADDRESS_ADDED, NULL, "192.0.2.1/24");
	change(traffic.recorder, START_NS + 2, CHANGE_ADDRESS_ADDED, NULL, "192.0.2.1/24");
	change(traffic.recorder, START_NS + 3, CHANGE_ADDRESS_ADDED, NULL, "02:00:00:00:00:01");
	commit(traffic.recorder);
	change(traffic.recorder, START_NS + 4, CHANGE_ADDRESS_REMOVED, "192.0.2.1/24", NULL);
	change(traffic.recorder, START_NS + 5, CHANGE_ADDRESS_ADDED, NULL, "2001:db8::1/64");
	traffic.members[0].to_ns = START_NS + WIDTH_NS;
	traffic_run(&traffic, 5);
	close_recorder(traffic.recorder);
	expect_answer(
		place,
		"SELECT group_concat(address || ' ' || (from_ns - 1800001000000000000) || ' ' "
		"|| (until_ns - 1800001000000000000)) FROM addresses",
		"192.0.2.1/24 1 4,2001:db8::1/64 5 100000");
}

static int count_counters(void *context, const struct recording_counters *counters)
{
	struct rows *rows = context;

	rows->counters[rows->seen++] = *counters;
	return 0;
}

/* The first, the latest, and one for each ten seconds between; none while nothing moves. */
static void thins_counters_out(void **state)
{
	const struct place *place = *state;
	struct recording_counters counters = {.slot = 1, .time_ns = START_NS, .has_kernel = true};
	struct rows rows = {0};
	struct traffic traffic;
	struct player *player;
	struct error err;
	size_t i;

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i <= 100; i++, counters.time_ns += NSEC_PER_SEC) {
		counters.kernel.rx_packets += i < 36 || i == 100;
		assert_int_equal(recorder_add_counters(traffic.recorder, &counters, &err), 0);
		if (i % 3)
			commit(traffic.recorder);
	}
	close_recorder(traffic.recorder);
	player = play(place->path);
	assert_int_equal(player_counters(player, count_counters, &rows, &err), 0);
	assert_int_equal(rows.seen, 6);
	for (i = 0; i < 4; i++)
		assert_int_equal(rows.counters[i].time_ns, WALL(START_NS + i * 10 * NSEC_PER_SEC));
	assert_int_equal(rows.counters[4].time_ns, WALL(START_NS + 35 * NSEC_PER_SEC));
	assert_int_equal(rows.counters[5].time_ns, WALL(START_NS + 100 * NSEC_PER_SEC));
	assert_int_equal(rows.counters[5].kernel.rx_packets, 37);
	player_free(player);
}

static const char *reason_name(void *context, uint32_t reason)
{
	assert_ptr_equal(context, &reason_name);
	return reason == 3 ? "THREE" : NULL;
}

/* Of 9 drops 5 have a reason that has a name, 3 one that has none, and 1 has none. */
static void tells_drops_apart_by_reason(void **state)
{
	const struct place *place = *state;
	const struct window window = {.start_ns = START_NS, .slot = 1, .direction = 1, .drops = 9};
	const struct window_drop drops[] = {{START_NS, 1, 1, 3, 5}, {START_NS, 1, 1, 4, 3}};
	const struct series_span span = {.from_ns = START_NS,
					 .until_ns = START_NS + 10 * WIDTH_NS,
					 .width_ns = WIDTH_NS,
					 .windows = &window,
					 .n_windows = 1,
					 .drops = drops,
					 .n_drops = 2};
	struct traffic traffic;
	struct error err;

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	recorder_name_reasons(traffic.recorder, reason_name, (void *)&reason_name);
	traffic_join(&traffic, 1, 5, "eth0");
	assert_int_equal(recorder_add_span(traffic.recorder, &span, &err), 0);
	close_recorder(traffic.recorder);
	expect_answer(place, "SELECT packets FROM drops WHERE reason = 'THREE'", "5");
	expect_answer(place, "SELECT sum(packets) FROM drops WHERE reason IS NULL", "4");
	expect_answer(place, "SELECT sum(packets) FROM drops WHERE direction = 'tx'", "9");
}

static void sums_drops(void **state)
{
	const struct place *place = *state;
	uint64_t sum = 0, row_sum;
	struct traffic traffic;
	size_t i;
	char *text;

	traffic_start(&traffic, record_to(place->path, NULL), 500);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 10; i++) {
		traffic_run(&traffic, 1000);
		commit(traffic.recorder);
	}
	close_recorder(traffic.recorder);
	for (i = 0; i < traffic.told.n; i++)
		sum += traffic.told.items[i].direction ? traffic.told.items[i].drops : 0;
	text = ask(place, "SELECT sum(packets) FROM drops WHERE direction = 'tx'");
	row_sum = strtoull(text, NULL, 10);
	assert_int_equal(row_sum, sum);
	assert_true(sum > 0);
	free(text);
	expect_answer(place, "SELECT count(*) FROM drops", "20");
	free(traffic.told.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(keeps_meta_and_links),
		RECORDING_TEST(keeps_bursts_counters_changes),
		RECORDING_TEST(keeps_containers),
		RECORDING_TEST(reads_schema_1),
		RECORDING_TEST(follows_addresses),
		RECORDING_TEST(thins_counters_out),
		RECORDING_TEST(tells_drops_apart_by_reason),
		RECORDING_TEST(sums_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
