// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is recorded is what is played: windows and whose they are. */
#include "tests/unit/recordings.h"

/* As the player gives them: slots[i] is whose the recorder's slot i + 1 was. */
static void expect_same(const struct windows_list *played, const struct windows_list *told,
			uint32_t (*slot_of)(const struct window *window))
{
	struct windows_list wanted = {0};
	size_t i;

	for (i = 0; i < told->n; i++) {
		struct window window = told->items[i];

		window.slot = slot_of(&told->items[i]);
		window.start_ns = WALL(window.start_ns);
		list_add(&wanted, &window);
	}
	wanted.n = merge(wanted.items, wanted.n);
	assert_int_equal(played->n, wanted.n);
	for (i = 0; i < wanted.n; i++)
		assert_memory_equal(&played->items[i], &wanted.items[i], sizeof(struct window));
	free(wanted.items);
}

static uint32_t same_slot(const struct window *window)
{
	return window->slot;
}

/* Slot 2 goes from interface 2 to interface 4 after 20 seconds. */
static uint32_t slot_after_reuse(const struct window *window)
{
	return window->slot == 2 && window->start_ns >= START_NS + 20 * NSEC_PER_SEC ? 4
										     : window->slot;
}

static void plays_what_was_recorded(void **state)
{
	const struct place *place = *state;
	struct windows_list played;
	struct recorder_sums sums;
	const struct series_member *members;
	struct traffic traffic;
	struct player *player;
	struct stat status;
	size_t n, i;

	traffic_start(&traffic, record_to(place->path, NULL), 30);
	traffic_join(&traffic, 1, 5, "eth0");
	traffic_join(&traffic, 2, 6, "veth0");
	traffic_run(&traffic, 10);
	traffic_join(&traffic, 3, 7, "\xff\x1b[2J");
	for (i = 0; i < 800; i++) {
		if (i == 200) {
			traffic.members[1].to_ns = START_NS + 20 * NSEC_PER_SEC - WIDTH_NS;
			traffic.now_ns = START_NS + 20 * NSEC_PER_SEC;
			traffic_join(&traffic, 2, 9, "veth1");
		}
		if (i == 300)
			strcpy(traffic.members[0].ifname, "wan");
		traffic_run(&traffic, i == 199 ? 980 : 1000);
		if (i % 10 == 9)
			commit(traffic.recorder);
	}
	sums = recorder_sums(traffic.recorder);
	assert_int_equal(sums.windows, traffic.told.n);
	close_recorder(traffic.recorder);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640 & ~umask(umask(0)));

	player = play(place->path);
	assert_int_equal(player_from_ns(player), WALL(START_NS));
	assert_int_equal(player_until_ns(player), WALL(traffic.now_ns));
	played = play_all(player, WALL(START_NS), WALL(traffic.now_ns));
	expect_same(&played, &traffic.told, slot_after_reuse);
	members = player_members(player, &n);
	assert_int_equal(n, 4);
	for (i = 0; i < n; i++) {
		assert_int_equal(members[i].slot, i + 1);
		assert_int_equal(members[i].ifindex, traffic.members[i].ifindex);
		assert_string_equal(members[i].ifname, traffic.members[i].ifname);
		assert_int_equal(members[i].from_ns, WALL(traffic.members[i].from_ns));
		assert_int_equal(members[i].to_ns, traffic.members[i].to_ns == SERIES_STAYS
							   ? SERIES_STAYS
							   : WALL(traffic.members[i].to_ns));
		assert_string_equal(player_link(player, i + 1)->ifname, members[i].ifname);
	}
	assert_string_equal(members[0].ifname, "wan");
	assert_null(player_link(player, 0));
	assert_null(player_link(player, 5));
	player_free(player);
	free(played.items);
	free(traffic.told.items);
}

static void note_gap(struct recorder *recorder, uint64_t from, uint64_t until, uint64_t gap_from,
		     uint64_t gap_to)
{
	const struct window_gap gap = {START_NS + gap_from * WIDTH_NS,
				       START_NS + gap_to * WIDTH_NS + 1};
	const struct series_span span = {.from_ns = START_NS + from * WIDTH_NS,
					 .until_ns = START_NS + until * WIDTH_NS,
					 .width_ns = WIDTH_NS,
					 .gaps = &gap,
					 .n_gaps = gap_to > 0};
	struct error err = {0};

	expect_ok(recorder_add_span(recorder, &span, &err), &err);
}

static void tells_gaps(void **state)
{
	const struct place *place = *state;
	struct recorder *recorder = record_to(place->path, NULL);
	struct series_span span;
	struct player *player;
	struct error err;

	note_gap(recorder, 0, 100, 10, 20);
	note_gap(recorder, 100, 9000, 15, 30);
	commit(recorder);
	/* From within the first second into the third; then a time that no span tells of. */
	note_gap(recorder, 9000, 25000, 9500, 20500);
	note_gap(recorder, 26000, 30000, 0, 0);
	close_recorder(recorder);
	player = play(place->path);
	assert_int_equal(player_next(player, &span, &err), 1);
	assert_int_equal(span.n_gaps, 2);
	assert_int_equal(span.gaps[0].from_ns, WALL(START_NS + 10 * WIDTH_NS));
	assert_int_equal(span.gaps[0].to_ns, WALL(START_NS + 30 * WIDTH_NS + 1));
	assert_int_equal(span.gaps[1].from_ns, WALL(START_NS + 9500 * WIDTH_NS));
	assert_int_equal(span.gaps[1].to_ns, span.until_ns);
	assert_int_equal(player_next(player, &span, &err), 1);
	assert_int_equal(span.n_gaps, 1);
	assert_int_equal(span.gaps[0].from_ns, span.from_ns);
	assert_int_equal(span.gaps[0].to_ns, span.until_ns);
	assert_int_equal(player_next(player, &span, &err), 1);
	assert_int_equal(span.n_gaps, 2);
	assert_int_equal(span.gaps[0].to_ns, WALL(START_NS + 20500 * WIDTH_NS + 1));
	assert_int_equal(span.gaps[1].from_ns, WALL(START_NS + 25000 * WIDTH_NS));
	assert_int_equal(span.gaps[1].to_ns, WALL(START_NS + 26000 * WIDTH_NS));
	assert_int_equal(player_next(player, &span, &err), 0);
	assert_int_equal(player_next(player, &span, &err), 0);
	player_free(player);
}

static void seeks(void **state)
{
	const struct place *place = *state;
	const uint64_t from_ns = WALL(START_NS) + 70 * NSEC_PER_SEC;
	struct windows_list played;
	struct traffic traffic;
	struct player *player;
	size_t i, wanted = 0;

	traffic_start(&traffic, record_to(place->path, NULL), 2);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 100; i++) {
		traffic_run(&traffic, 10000);
		commit(traffic.recorder);
	}
	close_recorder(traffic.recorder);
	for (i = 0; i < traffic.told.n; i++)
		wanted += WALL(traffic.told.items[i].start_ns) >= from_ns &&
			  WALL(traffic.told.items[i].start_ns) < from_ns + 5 * NSEC_PER_SEC;
	player = play(place->path);
	player_seek(player, from_ns + 1, from_ns + 5 * NSEC_PER_SEC - 1);
	played = play_all(player, from_ns, from_ns + 5 * NSEC_PER_SEC);
	assert_int_equal(played.n, wanted);
	assert_in_range(wanted, 1, 1000);
	assert_true(played.items[0].start_ns >= from_ns);
	free(played.items);
	player_free(player);
	player = play(place->path);
	player_seek(player, 0, WALL(START_NS));
	played = play_all(player, 0, 0);
	player_free(player);
	player = play(place->path);
	player_seek(player, UINT64_MAX, UINT64_MAX);
	played = play_all(player, 0, 0);
	player_free(player);
	free(traffic.told.items);
}

static void refuses_what_is_out_of_step(void **state)
{
	const struct place *place = *state;
	struct recorder *recorder = record_to(place->path, NULL);
	struct window windows[] = {window_at(START_NS, 1, 0), window_at(START_NS, 9, 0)};
	struct series_member member = {1, 5, "eth0", START_NS, SERIES_STAYS};
	struct series_span span = {.from_ns = START_NS,
				   .until_ns = START_NS + 10 * WIDTH_NS,
				   .width_ns = WIDTH_NS,
				   .windows = windows,
				   .n_windows = 2,
				   .members = &member,
				   .n_members = 1};
	struct error err;

	assert_int_equal(recorder_add_interface(recorder, &member, NULL, &err), 0);
	span.width_ns = WIDTH_NS * 2;
	assert_int_equal(recorder_add_span(recorder, &span, &err), -EINVAL);
	span.width_ns = WIDTH_NS;
	span.until_ns--;
	assert_int_equal(recorder_add_span(recorder, &span, &err), -EINVAL);
	span.until_ns++;
	assert_int_equal(recorder_add_span(recorder, &span, &err), 0);
	assert_int_equal(recorder_add_span(recorder, &span, &err), -EINVAL);
	assert_int_equal(recorder_sums(recorder).windows, 1);
	recorder_free(recorder);
	recorder_free(NULL);
	player_free(NULL);
}

static void plays_an_empty_run(void **state)
{
	const struct place *place = *state;
	struct windows_list played;
	struct player *player;

	close_recorder(record_to(place->path, NULL));
	player = play(place->path);
	played = play_all(player, 0, 0);
	assert_int_equal(played.n, 0);
	player_free(player);
}

/* Long idle times: chunks end after a minute, spans go on. */
static void plays_sparse_traffic(void **state)
{
	const struct place *place = *state;
	struct windows_list played;
	struct traffic traffic;
	struct player *player;
	size_t i;

	traffic_start(&traffic, record_to(place->path, NULL), 1000);
	traffic_join(&traffic, 1, 5, "eth0");
	for (i = 0; i < 40; i++) {
		traffic_run(&traffic, 1);
		traffic.share = 0;
		traffic_run(&traffic, i % 2 ? 3 : 300000);
		traffic.share = 1000;
		commit(traffic.recorder);
	}
	/* Its last chunk lies where those lie that still grow. */
	commit(traffic.recorder);
	recorder_free(traffic.recorder);
	player = play(place->path);
	played = play_all(player, WALL(START_NS), WALL(traffic.now_ns));
	expect_same(&played, &traffic.told, same_slot);
	player_free(player);
	free(played.items);
	free(traffic.told.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(plays_what_was_recorded),
		RECORDING_TEST(tells_gaps),
		RECORDING_TEST(seeks),
		RECORDING_TEST(refuses_what_is_out_of_step),
		RECORDING_TEST(plays_an_empty_run),
		RECORDING_TEST(plays_sparse_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
