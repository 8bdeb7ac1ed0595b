// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* app/tape: whether a link that is there now is that of an interface that was. */
#include "tests/unit/support.h"

#include "app/tape.h"

#define SPAN(all)                                                             \
	(const struct series_span)                                            \
	{                                                                     \
		.until_ns = 100, .members = all, .n_members = ARRAY_SIZE(all) \
	}

static const struct link eth0 = {.ifindex = 500, .ifname = "eth0"};

static void tells_an_index_that_was_given_again(void **state)
{
	static const struct series_member members[] = {
		{1, 500, "eth0", 1, 50, "web"},
		{2, 500, "eth0", 60, SERIES_STAYS, "web"},
		{3, 501, "eth1", 70, SERIES_STAYS, "web"},
	};
	const struct series_span span = SPAN(members);

	(void)state;
	assert_false(tape_is_link_of(&eth0, &members[0], &span));
	assert_true(tape_is_link_of(&eth0, &members[1], &span));
	assert_false(tape_is_link_of(&eth0, &members[2], &span));
	assert_false(tape_is_link_of(NULL, &members[1], &span));
}

/* The one that came later is somewhere else. */
static void does_not_mind_other_namespaces(void **state)
{
	static const struct series_member members[] = {
		{1, 500, "eth0", 1, SERIES_STAYS, ""},
		{2, 500, "eth0", 2, SERIES_STAYS, "db"},
		{3, 500, "eth0", 3, SERIES_STAYS, "web"},
	};
	const struct series_span span = SPAN(members);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(members); i++)
		assert_true(tape_is_link_of(&eth0, &members[i], &span));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_an_index_that_was_given_again),
		cmocka_unit_test(does_not_mind_other_namespaces),
	};

	return cmocka_run_group_tests_name("tape", tests, NULL, NULL);
}
