// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

#include "model/container.h"

#define MAX_PATTERNS 3
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct container web1 = {.kind = CONTAINER_DOCKER, .name = "web1", .id = ID};
static const struct container web10 = {.kind = CONTAINER_PODMAN, .name = "web10", .id = "ffff"};
static const struct container pod = {.kind = CONTAINER_POD, .name = "shop/web-0"};
static const struct container process = {.kind = CONTAINER_PROCESS, .name = "pid 7 (a[b]c)"};
static const struct container hostile = {.kind = CONTAINER_LXC, .name = "!\x1b\xff\n"};
/* A name that looks like the beginning of an id. */
static const struct container hex = {.kind = CONTAINER_OCI, .name = "fedcba987654", .id = ID};

struct match_case {
	const char *patterns[MAX_PATTERNS];
	const struct container *container;
	bool is_selected;
};

static void check(const struct match_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct match_case *at = &cases[i];
		struct selection selection = {0};

		for (size_t k = 0; k < MAX_PATTERNS && at->patterns[k]; k++)
			assert_int_equal(selection_add_any(&selection, at->patterns[k]), 0);
		if (container_is_selected(&selection, at->container) != at->is_selected)
			fail_msg("case %zu: '%s'", i,
				 at->container ? at->container->name : "(nobody)");
		selection_release(&selection);
	}
}

static void selects_by_name(void **state)
{
	static const struct match_case cases[] = {
		{{NULL}, &web1, true},
		{{"web1"}, &web1, true},
		{{"web1"}, &web10, false},
		{{"web"}, &web1, false},
		{{"WEB1"}, &web1, false},
		{{"web*"}, &web1, true},
		{{"web?"}, &web10, false},
		{{"web[0-9]"}, &web1, true},
		{{"db", "web10"}, &web10, true},
		{{"db", "web10"}, &web1, false},
		{{"shop/web-0"}, &pod, true},
		{{"shop/*"}, &pod, true},
		{{"*web*"}, &pod, true},
		{{"web-0"}, &pod, false},
		{{"pid 7 *"}, &process, true},
		{{"pid 7 (a[b]c)"}, &process, true},
		{{"pid 7 (a[b]?)"}, &process, false}, /* a glob, as of interfaces */
		{{"pid 7 (a\\[b]c)"}, &process, true},
		{{"\\!*"}, &hostile, true},
		{{"*"}, &hostile, true},
		{{"*\n"}, &hostile, true},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void selects_by_id(void **state)
{
	static const struct match_case cases[] = {
		{{ID}, &web1, true},
		{{"0123456789ab"}, &web1, true},
		{{"0123456789abc"}, &web1, true},
		{{"0123456789a"}, &web1, false}, /* less than anybody shows */
		{{"0123456789AB"}, &web1, false},
		{{"0123456789ac"}, &web1, false},
		{{ID "0"}, &web1, false},
		{{"0123456789*"}, &web1, false}, /* globs are of names */
		{{"123456789abc"}, &web1, false},
		{{"!0123456789ab"}, &web1, false},
		{{"!0123456789ab"}, &web10, true},
		{{"fedcba987654"}, &hex, true},
		{{"0123456789ab"}, &hex, true},
		{{"000000000000"}, &pod, false}, /* has none */
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void excludes(void **state)
{
	static const struct match_case cases[] = {
		{{"!web1"}, &web1, false},
		{{"!web1"}, &web10, true},
		{{"web*", "!web1"}, &web10, true},
		{{"web*", "!web1"}, &web1, false},
		{{"!web1", "web*"}, &web1, false},
		{{"web*", "!web1"}, &pod, false},
		{{"!*"}, &pod, false},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

/* As an interface that is not excluded: only what includes needs somebody to be there. */
static void judges_where_nobody_is_behind(void **state)
{
	static const struct match_case cases[] = {
		{{NULL}, NULL, true},
		{{"*"}, NULL, false},
		{{"web1"}, NULL, false},
		{{"!web1"}, NULL, true},
		{{"!*"}, NULL, true},
		{{"*", "!web1"}, NULL, false},
		{{"0123456789ab"}, NULL, false},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void takes_any_name_but_none(void **state)
{
	struct selection selection = {0};

	(void)state;
	assert_int_equal(selection_add_any(&selection, ""), -EINVAL);
	assert_int_equal(selection_add_any(&selection, "!"), -EINVAL);
	assert_int_equal(selection.n, 0);
	assert_int_equal(selection_add_any(&selection, "shop/a name longer than any interface's"),
			 0);
	assert_int_equal(selection_add_any(&selection, "!!"), 0);
	assert_int_equal(selection.n, 2);
	assert_non_null(selection_literal(&selection, 0));
	assert_null(selection_literal(&selection, 1));
	selection_release(&selection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects_by_name),
		cmocka_unit_test(selects_by_id),
		cmocka_unit_test(excludes),
		cmocka_unit_test(judges_where_nobody_is_behind),
		cmocka_unit_test(takes_any_name_but_none),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
