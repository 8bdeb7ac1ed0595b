// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* capture: what is around a burst, of every interface that was there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/capture.h"
#include "base/log.h"
#include "base/units.h"
#include "store/player.h"

#define WIDTH_NS NSEC_PER_MSEC
#define OFFSET_NS UINT64_C(1800000000000000000)
#define SECOND NSEC_PER_SEC

struct scene {
	char directory[64];
	struct capture_options options;
	struct capture *capture;
	uint64_t now_ns;
};

static const struct link *no_link(void *context, const struct series_member *member)
{
	(void)context;
	(void)member;
	return NULL;
}

static void scene_new(struct scene *scene, uint64_t pre_ns, uint64_t post_ns)
{
	struct capture_setup setup = {.options = &scene->options,
				      .width_ns = WIDTH_NS,
				      .wall_offset_ns = OFFSET_NS,
				      .link_of = no_link};
	struct error err = {0};

	*scene = (struct scene){.directory = "/tmp/ifpulse-capture-XXXXXX", .now_ns = SECOND};
	assert_non_null(mkdtemp(scene->directory));
	scene->options = (struct capture_options){scene->directory, pre_ns, post_ns, false, 100};
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(capture_new(&scene->capture, &setup, &err), 0);
}

/* Up to then; with a window of each of the starts. */
static void take(struct scene *scene, uint64_t until_ns, const struct series_member *members,
		 size_t n, const struct window *windows, size_t n_windows)
{
	struct series_span span = {scene->now_ns, until_ns, WIDTH_NS, windows, n_windows, NULL, 0,
				   members,       n,        false,    NULL,    0,         NULL, 0,
				   NULL,          0,        {0, 0}};

	assert_int_equal(capture_take(scene->capture, &span), 0);
	scene->now_ns = until_ns;
}

static void trigger(struct scene *scene, const struct burst_place *place, uint64_t start_ns)
{
	struct burst burst = {.start_ns = start_ns, .end_ns = start_ns + WIDTH_NS, .windows = 1};

	capture_trigger(scene->capture, place, &burst);
}

/* Calls `fn`, which may be NULL, for each file, removes it, and says how many there were. */
static size_t each_file(const struct scene *scene, void (*fn)(const char *path))
{
	DIR *directory = opendir(scene->directory);
	struct dirent *entry;
	char path[400];
	size_t n = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", scene->directory, entry->d_name);
		if (fn)
			fn(path);
		assert_int_equal(unlink(path), 0);
		n++;
	}
	closedir(directory);
	return n;
}

static void scene_free(struct scene *scene)
{
	capture_free(scene->capture);
	each_file(scene, NULL);
	rmdir(scene->directory);
}

static void has_both_owners(const char *path)
{
	const struct series_member *members;
	struct series_span span;
	struct player *player;
	struct error err = {0};
	size_t n, windows = 0;

	assert_int_equal(player_new(&player, path, &err), 0);
	members = player_members(player, &n);
	assert_int_equal(n, 2);
	assert_string_equal(members[0].ifname, "old");
	assert_int_equal(members[0].to_ns, OFFSET_NS + 13 * SECOND);
	assert_string_equal(members[1].ifname, "new");
	assert_true(members[1].to_ns == SERIES_STAYS);
	while (player_next(player, &span, &err) > 0)
		windows += span.n_windows;
	assert_int_equal(windows, 1);
	player_free(player);
}

/* A slot changes hands, and then another interface is forgotten: the two owners stay in order. */
static void keeps_the_owners_of_a_slot_apart(void **state)
{
	struct series_member gone = {1, 11, "gone", SECOND, 2 * SECOND};
	struct series_member old = {2, 12, "old", SECOND, 13 * SECOND};
	struct series_member new = {2, 13, "new", 14 * SECOND, SERIES_STAYS};
	struct window window = {.start_ns = 20 * SECOND,
				.slot = 2,
				.direction = DIRECTION_EGRESS,
				.traffic = {1, 100, 1, 100}};
	struct burst_place place = {.ifindex = 13, .slot = 2, .ifname = "new"};
	struct series_member first[] = {gone, old};
	struct scene scene;

	(void)state;
	scene_new(&scene, 10 * SECOND, NSEC_PER_MSEC);
	take(&scene, 14 * SECOND, first, 2, NULL, 0);
	/* Long enough for what is before 6 s to be forgotten. */
	take(&scene, 27 * SECOND, &new, 1, &window, 1);
	trigger(&scene, &place, 20 * SECOND);
	assert_true(capture_write(scene.capture, false));
	assert_int_equal(each_file(&scene, has_both_owners), 1);
	scene_free(&scene);
}

/* Bursts of one take, told out of order: each that no capture has makes one. */
static void captures_every_burst_of_a_take(void **state)
{
	struct series_member member = {1, 11, "eth0", SECOND, SERIES_STAYS};
	struct burst_place place = {.ifindex = 11, .slot = 1, .ifname = "eth0"};
	struct scene scene;

	(void)state;
	scene_new(&scene, 5 * NSEC_PER_MSEC, 10 * NSEC_PER_MSEC);
	take(&scene, 2 * SECOND, &member, 1, NULL, 0);
	trigger(&scene, &place, SECOND + 500 * NSEC_PER_MSEC);
	trigger(&scene, &place, SECOND + 505 * NSEC_PER_MSEC); /* within the one before */
	trigger(&scene, &place, SECOND + 100 * NSEC_PER_MSEC);
	trigger(&scene, &place, SECOND + 995 * NSEC_PER_MSEC); /* not complete yet */
	assert_true(capture_write(scene.capture, false));
	assert_true(capture_write(scene.capture, false));
	assert_false(capture_write(scene.capture, false));
	assert_int_equal(each_file(&scene, NULL), 2);
	take(&scene, 3 * SECOND, &member, 1, NULL, 0);
	assert_true(capture_write(scene.capture, false));
	assert_false(capture_write(scene.capture, true));
	assert_int_equal(each_file(&scene, NULL), 1);
	scene_free(&scene);
}

static char names[4][400];
static size_t n_names;

static void note_name(const char *path)
{
	snprintf(names[n_names++], sizeof(names[0]), "%s", strrchr(path, '/') + 1);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* At the same time, of interfaces that are called the same, in namespaces that a file's name cannot tell apart. */
static void gives_each_burst_a_file_of_its_own(void **state)
{
	static const char *const netns[] = {"", "shop/web", "shop web", "../x"};
	static const char *const wanted[] = {
		"20270115T080001.500000Z-.._x-eth0-rx.ifpulse",
		"20270115T080001.500000Z-eth0-rx.ifpulse",
		"20270115T080001.500000Z-shop_web-eth0-rx-2.ifpulse",
		"20270115T080001.500000Z-shop_web-eth0-rx.ifpulse",
	};
	struct series_member members[4];
	struct burst_place places[4];
	struct scene scene;
	size_t i;

	(void)state;
	scene_new(&scene, 5 * NSEC_PER_MSEC, 10 * NSEC_PER_MSEC);
	for (i = 0; i < 4; i++) {
		members[i] =
			(struct series_member){(uint32_t)i + 1, 500, "eth0", SECOND, SERIES_STAYS};
		strcpy(members[i].netns, netns[i]);
		places[i] = (struct burst_place){.ifindex = 500,
						 .slot = (uint32_t)i + 1,
						 .ifname = "eth0",
						 .netns = netns[i]};
	}
	take(&scene, 3 * SECOND, members, 4, NULL, 0);
	/* Each is longer than what the capture of the one before has. */
	for (i = 0; i < 4; i++) {
		struct burst burst = {.start_ns = SECOND + 500 * NSEC_PER_MSEC,
				      .end_ns = SECOND + (520 + 20 * i) * NSEC_PER_MSEC,
				      .windows = 1};

		capture_trigger(scene.capture, &places[i], &burst);
	}
	for (i = 0; i < 4; i++)
		assert_true(capture_write(scene.capture, false));
	assert_false(capture_write(scene.capture, true));
	n_names = 0;
	assert_int_equal(each_file(&scene, note_name), 4);
	qsort(names, 4, sizeof(names[0]), compare_names);
	for (i = 0; i < 4; i++)
		assert_string_equal(names[i], wanted[i]);
	scene_free(&scene);
}

static void goes_on_after_a_failure(void **state)
{
	struct series_member member = {1, 11, "eth0", SECOND, SERIES_STAYS};
	struct burst_place place = {.ifindex = 11, .slot = 1, .ifname = "eth0"};
	struct scene scene;
	FILE *file;

	(void)state;
	scene_new(&scene, 5 * NSEC_PER_MSEC, 10 * NSEC_PER_MSEC);
	/* A file where the directory was. */
	assert_int_equal(rmdir(scene.directory), 0);
	file = fopen(scene.directory, "w");
	assert_non_null(file);
	fclose(file);
	take(&scene, 2 * SECOND, &member, 1, NULL, 0);
	trigger(&scene, &place, SECOND + 500 * NSEC_PER_MSEC);
	assert_false(capture_write(scene.capture, false));
	assert_int_equal(capture_failed(scene.capture), 1);
	/* Now there is nothing: it is made anew. */
	assert_int_equal(unlink(scene.directory), 0);
	take(&scene, 4 * SECOND, &member, 1, NULL, 0);
	trigger(&scene, &place, 3 * SECOND);
	assert_true(capture_write(scene.capture, false));
	assert_int_equal(each_file(&scene, NULL), 1);
	assert_int_equal(capture_failed(scene.capture), 1);
	scene_free(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_owners_of_a_slot_apart),
		cmocka_unit_test(captures_every_burst_of_a_take),
		cmocka_unit_test(gives_each_burst_a_file_of_its_own),
		cmocka_unit_test(goes_on_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
