// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/netns_wanted.h"

#define PATTERNS_MAX 3

static struct netns_wanted *want(struct selection *selection, const char *const *patterns)
{
	struct netns_wanted *wanted = NULL;

	for (size_t i = 0; i < PATTERNS_MAX && patterns[i]; i++)
		assert_int_equal(selection_add_any(selection, patterns[i]), 0);
	assert_int_equal(netns_wanted_new(&wanted, selection), 0);
	return wanted;
}

static void matches_names_and_files(void **state)
{
	static const struct {
		const char *patterns[PATTERNS_MAX], *name, *file;
		bool matches;
	} cases[] = {
		{{"all"}, "pid 12 (sleep)", "", true},
		{{"web"}, "web", "", true},
		{{"web"}, "web1", "", false},
		{{"web"}, "container", "web", true},
		{{"web*"}, "web1", "cni-1", true},
		{{"cni-*"}, "web1", "cni-1", true},
		{{"cni-*"}, "web1", "", false},
		{{"all", "!web"}, "web", "", false},
		{{"all", "!cni-*"}, "web", "cni-1", false},
		{{"!web"}, "web", "", false},
		{{"!web"}, "db", "", true},
		{{"!all"}, "db", "", false},
		{{"web", "db"}, "db", "", true},
		{{"4711"}, "4711", "", true},
		{{"net:\\[12]"}, "net:[12]", "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct selection selection = {0};
		struct netns_wanted *wanted = want(&selection, cases[i].patterns);
		struct netns netns = {.inum = 4711};

		snprintf(netns.name, sizeof(netns.name), "%s", cases[i].file);
		if (netns_wanted_matches(wanted, &netns, cases[i].name) != cases[i].matches)
			fail_msg("case %zu: %s", i, cases[i].name);
		netns_wanted_free(wanted);
		selection_release(&selection);
	}
}

/* A PID stands for the namespace of its process, not for one of that name. */
static void matches_processes(void **state)
{
	char pid[24], not_pid[25];
	const char *const by_pid[PATTERNS_MAX] = {pid}, *const but[PATTERNS_MAX] = {"all", not_pid};
	struct selection one = {0}, others = {0};
	struct netns netns = {0};
	struct netns_wanted *wanted;
	struct stat status;

	(void)state;
	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(not_pid, sizeof(not_pid), "!%s", pid);
	netns.inum = status.st_ino;
	wanted = want(&one, by_pid);
	assert_true(netns_wanted_matches(wanted, &netns, "web"));
	assert_null(netns_wanted_name(wanted, 0));
	netns.inum++;
	assert_false(netns_wanted_matches(wanted, &netns, "web"));
	netns_wanted_free(wanted);
	wanted = want(&others, but);
	assert_true(netns_wanted_matches(wanted, &netns, "web"));
	netns.inum--;
	assert_false(netns_wanted_matches(wanted, &netns, "web"));
	netns_wanted_free(wanted);
	selection_release(&one);
	selection_release(&others);
}

static void tells_names_that_have_to_be_there(void **state)
{
	static const struct {
		const char *pattern;
		bool is_name;
	} cases[] = {
		{"web", true},   {"web*", false},       {"all", false},
		{"!web", false}, {"99999999999", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const patterns[PATTERNS_MAX] = {cases[i].pattern};
		struct selection selection = {0};
		struct netns_wanted *wanted = want(&selection, patterns);
		const char *name = netns_wanted_name(wanted, 0);

		if (cases[i].is_name)
			assert_string_equal(name, cases[i].pattern);
		else
			assert_null(name);
		netns_wanted_free(wanted);
		selection_release(&selection);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_names_and_files),
		cmocka_unit_test(matches_processes),
		cmocka_unit_test(tells_names_that_have_to_be_there),
	};

	return cmocka_run_group_tests_name("netns_wanted", tests, NULL, NULL);
}
