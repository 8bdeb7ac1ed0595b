// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>
#include <locale.h>

#include "model/select.h"

#define MAX_PATTERNS 4

struct match_case {
	const char *patterns[MAX_PATTERNS];
	const char *ifname;
	bool matches;
};

static void check_matches(const struct match_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct match_case *at = &cases[i];
		struct selection selection = {0};

		for (size_t k = 0; k < MAX_PATTERNS && at->patterns[k]; k++)
			assert_int_equal(selection_add(&selection, at->patterns[k]), 0);
		if (selection_matches(&selection, at->ifname) != at->matches)
			fail_msg("case %zu: '%s'", i, at->ifname);
		selection_release(&selection);
	}
}

static void selects(void **state)
{
	static const struct match_case cases[] = {
		{{NULL}, "eth0", true},
		{{"eth0"}, "eth0", true},
		{{"eth0"}, "eth01", false},
		{{"eth0"}, "xeth0", false},
		{{"eth0"}, "ETH0", false},
		{{"eth0"}, "eth", false},
		{{"eth*"}, "eth0", true},
		{{"eth*"}, "eth", true},
		{{"eth*"}, "veth", false},
		{{"eth?"}, "eth0", true},
		{{"eth?"}, "eth10", false},
		{{"eth[0-3]"}, "eth3", true},
		{{"eth[0-3]"}, "eth4", false},
		{{"eth[!0]"}, "eth0", false},
		{{"eth[[:digit:]]"}, "eth7", true},
		{{"eth0", "lo"}, "lo", true},
		{{"eth0", "lo"}, "eth1", false},
		{{"*"}, ".hidden", true},
		{{"*"}, "lo", true},
		{{"a]b"}, "a]b", true},
		{{"a[b]"}, "a[b]", true},
		{{"!a[b]"}, "a[b]", false},
		{{"a[b]"}, "ab", true},
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
}

static void excludes(void **state)
{
	static const struct match_case cases[] = {
		{{"!lo"}, "lo", false},
		{{"!lo"}, "eth0", true},
		{{"!veth*"}, "veth1", false},
		{{"!veth*", "!lo"}, "eth0", true},
		{{"!veth*", "!lo"}, "lo", false},
		{{"eth*", "!eth1"}, "eth0", true},
		{{"eth*", "!eth1"}, "eth1", false},
		{{"eth*", "!eth1"}, "lo", false},
		/* Whichever comes first. */
		{{"!eth1", "eth*"}, "eth1", false},
		{{"!eth1", "eth1"}, "eth1", false},
		{{"!*"}, "eth0", false},
		{{"eth0", "!*"}, "eth0", false},
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
}

/* Names that hold what patterns are made of, or no UTF-8. */
static void selects_odd_names(void **state)
{
	static const struct match_case cases[] = {
		{{"\\!x"}, "!x", true},
		{{"!!x"}, "!x", false},
		{{"!!x"}, "x", true},
		{{"a\\*"}, "a*", true},
		{{"a\\*"}, "ab", false},
		{{"a!b"}, "a!b", true},
		{{"-x"}, "-x", true},
		{{"\xff"}, "\xff", true},
		{{"\xff*"}, "\xff\xfe", true},
		{{"*"}, "\xff", true},
		{{"eth?"}, "eth\xff", true},
		{{"!*"}, "\xff", false},
		{{"\u00e9*"}, "\u00e9t\u00e9", true},
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
	if (setlocale(LC_CTYPE, "C.UTF-8"))
		check_matches(cases, ARRAY_SIZE(cases));
	setlocale(LC_CTYPE, "C");
}

/* dev_valid_name() in net/core/dev.c */
static void refuses_what_no_interface_can_be_called(void **state)
{
	static const char *const wrong[] = {
		"",
		"!",
		"abcdefghijklmnop",
		"!abcdefghijklmnop",
		"a/",
		"a/b c",
		"/",
		"a b",
		" ",
		"a\t",
		"a\n",
		"a\v",
		"a\f",
		"a\r",
		"a:b",
		"!a/",
		"!a b",
		"eth0:1",
		".",
		"..",
		"!.",
		"a\xa0",
	};
	struct selection selection = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (selection_add(&selection, wrong[i]) != -EINVAL)
			fail_msg("'%s' (%zu) was taken", wrong[i], i);
	assert_int_equal(selection.n, 0);
	selection_release(&selection);
}

static void takes_the_longest_name(void **state)
{
	static const char *const right[] = {
		"abcdefghijklmno",
		"!abcdefghijklmno",
		"...",
		".a",
		"a.b",
		"!!",
		/* Longer than a name, yet matches some. */
		"abcdefghijklmnop*",
		"[abcdefghijklmnopq]",
		"[[:alpha:]]*",
	};
	struct selection selection = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		expect_number(right[i], (uint64_t)selection_add(&selection, right[i]), 0);
	assert_int_equal(selection.n, ARRAY_SIZE(right));
	selection_release(&selection);
	assert_int_equal(selection.n, 0);
	/* And again: release leaves it as new. */
	assert_true(selection_matches(&selection, "anything"));
	selection_release(&selection);
}

/* What is before the last '/' is the namespace. */
static void selects_within_namespaces(void **state)
{
	static const struct {
		const char *pattern, *netns, *ifname;
		bool matches;
	} cases[] = {
		{"eth0", "", "eth0", true},
		{"eth0", "web", "eth0", true},
		{"web/eth0", "web", "eth0", true},
		{"web/eth0", "web", "eth1", false},
		{"web/eth0", "web1", "eth0", false},
		{"web/eth0", "", "eth0", false},
		{"/eth0", "", "eth0", true},
		{"/eth0", "web", "eth0", false},
		{"/*", "web", "eth0", false},
		{"*/eth0", "web", "eth0", true},
		{"*/eth0", "", "eth0", true},
		{"w?b/e*", "web", "eth0", true},
		{"shop/web-0/eth0", "shop/web-0", "eth0", true},
		{"shop/*/eth0", "shop/web-0", "eth0", true},
		{"!web/*", "web", "eth0", false},
		{"!web/*", "db", "eth0", true},
		{"!web/*", "", "eth0", true},
		{"pid 12 (sleep)/eth0", "pid 12 (sleep)", "eth0", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct selection selection = {0};

		assert_int_equal(selection_add(&selection, cases[i].pattern), 0);
		if (selection_matches_in(&selection, cases[i].netns, cases[i].ifname) !=
		    cases[i].matches)
			fail_msg("%s: %s/%s", cases[i].pattern, cases[i].netns, cases[i].ifname);
		selection_release(&selection);
	}
}

static void tells_literal_names(void **state)
{
	static const struct {
		const char *pattern;
		bool literal;
	} cases[] = {
		{"eth0", true}, {"eth*", false},   {"eth?", false}, {"eth[0]", false},
		{"!lo", false}, {"eth\\*", false}, {"-", true},     {"a]", true},
	};
	struct selection selection = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *literal;

		assert_int_equal(selection_add(&selection, cases[i].pattern), 0);
		literal = selection_literal(&selection, i);
		if (cases[i].literal)
			assert_string_equal(literal, cases[i].pattern);
		else
			assert_null(literal);
	}
	selection_release(&selection);
}

static void takes_many_patterns(void **state)
{
	static char names[300][8];
	struct selection selection = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(names[i], sizeof(names[i]), "v%zu", i);
		assert_int_equal(selection_add(&selection, names[i]), 0);
	}
	assert_true(selection_matches(&selection, "v0"));
	assert_true(selection_matches(&selection, "v299"));
	assert_false(selection_matches(&selection, "v300"));
	selection_release(&selection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects),
		cmocka_unit_test(excludes),
		cmocka_unit_test(selects_odd_names),
		cmocka_unit_test(refuses_what_no_interface_can_be_called),
		cmocka_unit_test(takes_the_longest_name),
		cmocka_unit_test(selects_within_namespaces),
		cmocka_unit_test(tells_literal_names),
		cmocka_unit_test(takes_many_patterns),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
