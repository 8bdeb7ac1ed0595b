// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Recordings of several network namespaces, in which interfaces have the same index and name. */
#include "tests/unit/recordings.h"

#include "model/changes.h"

/* As traffic_join(), in a namespace. */
static void join_in(struct traffic *traffic, uint32_t slot, const char *netns, uint32_t ifindex,
		    const char *ifname)
{
	struct series_member *member = &traffic->members[traffic->n_members++];
	struct error err = {0};

	*member = (struct series_member){slot, ifindex, "", traffic->now_ns, SERIES_STAYS, ""};
	snprintf(member->ifname, sizeof(member->ifname), "%s", ifname);
	snprintf(member->netns, sizeof(member->netns), "%s", netns);
	expect_ok(recorder_add_interface(traffic->recorder, member, NULL, &err), &err);
}

static void expect_member(const struct player *player, uint32_t slot, const char *netns,
			  uint32_t ifindex, const char *ifname)
{
	size_t n;
	const struct series_member *member = &player_members(player, &n)[slot - 1];

	assert_in_range(slot, 1, n);
	assert_int_equal(member->slot, slot);
	assert_string_equal(member->netns, netns);
	assert_int_equal(member->ifindex, ifindex);
	assert_string_equal(member->ifname, ifname);
	assert_int_equal(player_link(player, slot)->ifindex, ifindex);
}

/* How many windows of the slot there are, each of which is what was told of a slot of the recorder. */
static size_t count_windows(const struct windows_list *list, uint32_t slot, uint32_t told_slot)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++) {
		const struct window *window = &list->items[i];
		struct window wanted =
			window_at(window->start_ns - OFFSET_NS, told_slot, window->direction);

		if (window->slot != slot)
			continue;
		assert_memory_equal(&window->traffic, &wanted.traffic, sizeof(wanted.traffic));
		n++;
	}
	return n;
}

/* What the same index and name would mix up, and the order in which a live command shows them. */
static void keeps_namespaces_apart(void **state)
{
	/* In the order in which they are attached. */
	static const struct {
		const char *netns, *ifname;
		uint32_t ifindex, played_slot;
	} joined[] = {
		{"web", "eth0", 500, 6}, {"", "eth0", 500, 1},
		{"db", "eth0", 500, 4},  {"db", "lo", 1, 3},
		{"", "eth1", 501, 2},    {"shop/web-0 \xff\x1b[2J", "eth0", 500, 5},
	};
	const struct place *place = *state;
	struct windows_list played;
	struct traffic traffic;
	struct player *player;
	size_t i, n;

	traffic_start(&traffic, record_to(place->path, NULL), 300);
	for (i = 0; i < ARRAY_SIZE(joined); i++)
		join_in(&traffic, (uint32_t)i + 1, joined[i].netns, joined[i].ifindex,
			joined[i].ifname);
	traffic_run(&traffic, 15000);
	close_recorder(traffic.recorder);
	player = play(place->path);
	player_members(player, &n);
	assert_int_equal(n, ARRAY_SIZE(joined));
	played = play_all(player, WALL(START_NS), WALL(traffic.now_ns));
	assert_int_equal(played.n, traffic.told.n);
	for (i = 0; i < ARRAY_SIZE(joined); i++) {
		expect_member(player, joined[i].played_slot, joined[i].netns, joined[i].ifindex,
			      joined[i].ifname);
		assert_in_range(count_windows(&played, joined[i].played_slot, (uint32_t)i + 1),
				8000, 10000);
	}
	player_free(player);
	run_sql(place->path, "CREATE TEMP TABLE t(n CHECK(n = 2)); INSERT INTO t "
			     "SELECT count(*) FROM interfaces WHERE netns IS NULL");
	free(played.items);
	free(traffic.told.items);
}

/* A namespace is called otherwise, as it is once its container is there; one that went is not. */
static void follows_names(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;
	struct player *player;

	traffic_start(&traffic, record_to(place->path, NULL), 100);
	join_in(&traffic, 1, "cni-1", 2, "eth0");
	join_in(&traffic, 2, "cni-2", 2, "eth0");
	traffic_run(&traffic, 10);
	commit(traffic.recorder);
	strcpy(traffic.members[0].netns, "web");
	traffic_run(&traffic, 10);
	commit(traffic.recorder);
	traffic.members[1].to_ns = traffic.now_ns;
	traffic_run(&traffic, 10);
	/* Now another is called so, and has the same interface in the same slot. */
	join_in(&traffic, 2, "web 2", 2, "eth0");
	traffic_run(&traffic, 10);
	close_recorder(traffic.recorder);
	player = play(place->path);
	expect_member(player, 1, "cni-2", 2, "eth0");
	expect_member(player, 2, "web", 2, "eth0");
	expect_member(player, 3, "web 2", 2, "eth0");
	player_free(player);
	free(traffic.told.items);
}

static void name(struct recorder *recorder, uint32_t slot, const char *netns, const char *container)
{
	struct error err = {0};

	expect_ok(recorder_name_container(recorder, slot, netns, 500, container, &err), &err);
}

static void names_the_container_of_the_right_one(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;
	struct player *player;

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	join_in(&traffic, 1, "a", 500, "eth0");
	join_in(&traffic, 2, "b", 500, "eth0");
	name(traffic.recorder, 1, "a", "one");
	name(traffic.recorder, 2, "b", "two");
	/* That slot is somebody else's by now, of whom the spans have not told yet. */
	name(traffic.recorder, 1, "b", "three");
	traffic_run(&traffic, 10);
	close_recorder(traffic.recorder);
	player = play(place->path);
	assert_string_equal(player_container(player, 1), "one");
	assert_string_equal(player_container(player, 2), "two");
	player_free(player);
}

struct seen {
	struct recording_change changes[8];
	size_t n;
};

static int note_change(void *context, const struct recording_change *change)
{
	struct seen *seen = context;

	seen->changes[seen->n++] = *change;
	return 0;
}

static void add_address(struct recorder *recorder, uint32_t slot, const char *netns,
			uint64_t time_ns, const char *address)
{
	struct recording_change change = {
		.time_ns = time_ns,
		.ifindex = 500,
		.ifname = "eth0",
		.event = change_event_name(CHANGE_ADDRESS_ADDED),
		.current = address,
		.slot = slot,
	};
	struct error err = {0};

	snprintf(change.netns, sizeof(change.netns), "%s", netns);
	expect_ok(recorder_add_change(recorder, &change, &err), &err);
}

/* Each its own, also where its namespace has had another name since. */
static void lays_addresses_to_the_right_one(void **state)
{
	const struct place *place = *state;
	struct seen seen = {0};
	struct traffic traffic;
	struct player *player;
	struct error err = {0};

	traffic_start(&traffic, record_to(place->path, NULL), 0);
	join_in(&traffic, 1, "a", 500, "eth0");
	join_in(&traffic, 2, "b", 500, "eth0");
	add_address(traffic.recorder, 1, "a", START_NS + 1, "192.0.2.1/24");
	add_address(traffic.recorder, 2, "b", START_NS + 2, "192.0.2.2/24");
	add_address(traffic.recorder, 0, "c", START_NS + 3, "192.0.2.3/24");
	strcpy(traffic.members[0].netns, "web");
	traffic_run(&traffic, 10);
	close_recorder(traffic.recorder);
	run_sql(place->path,
		"CREATE TEMP TABLE t(text CHECK(text = 'web 192.0.2.1/24, b 192.0.2.2/24'));"
		"INSERT INTO t SELECT group_concat(netns || ' ' || address, ', ') FROM "
		"(SELECT * FROM addresses JOIN interfaces ON interface = id ORDER BY id)");
	player = play(place->path);
	expect_ok(player_changes(player, note_change, &seen, &err), &err);
	assert_int_equal(seen.n, 3);
	assert_string_equal(seen.changes[0].netns, "a");
	assert_string_equal(seen.changes[1].netns, "b");
	assert_string_equal(seen.changes[2].netns, "c");
	assert_int_equal(seen.changes[0].slot, 0);
	player_free(player);
}

/* Names are no longer than one can be, or the file is damaged. */
static void refuses_a_name_that_is_too_long(void **state)
{
	const struct place *place = *state;
	struct traffic traffic;
	struct player *player;
	struct error err = {0};
	char longest[NETNS_NAME_SIZE];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	traffic_start(&traffic, record_to(place->path, NULL), 0);
	join_in(&traffic, 1, longest, 500, "eth0");
	traffic_run(&traffic, 10);
	close_recorder(traffic.recorder);
	player = play(place->path);
	expect_member(player, 1, longest, 500, "eth0");
	player_free(player);
	run_sql(place->path, "UPDATE interfaces SET netns = netns || 'y'");
	assert_int_equal(player_new(&player, place->path, &err), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(keeps_namespaces_apart),
		RECORDING_TEST(follows_names),
		RECORDING_TEST(names_the_container_of_the_right_one),
		RECORDING_TEST(lays_addresses_to_the_right_one),
		RECORDING_TEST(refuses_a_name_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
