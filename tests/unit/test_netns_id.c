// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/netns_id: who has which id. */
#include "tests/unit/own_netns.h"

#include "kernel/netns_id.h"

static void knows_ids_that_nobody_has(void **state)
{
	struct netlink *ask;

	(void)state;
	assert_int_equal(netlink_new(&ask, NETLINK_ROUTE, NULL), 0);
	assert_false(netns_has_id(ask, 5));
	assert_int_equal(netns_id_of_process(ask, getpid()), NETNS_ID_NONE);
	assert_true(own_netns_give_id(ask, getpid(), 5));
	assert_true(netns_has_id(ask, 5));
	assert_false(netns_has_id(ask, 6));
	assert_int_equal(netns_id_of_process(ask, getpid()), 5);
	assert_int_equal(netns_id_of_process(ask, INT32_MAX), NETNS_ID_NONE);
	netlink_free(ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(knows_ids_that_nobody_has)};
	const struct CMUnitTest none[] = {cmocka_unit_test(own_netns_skip)};

	if (!own_netns_enter())
		return cmocka_run_group_tests_name("netns_id", none, NULL, NULL);
	return cmocka_run_group_tests_name("netns_id", tests, NULL, NULL);
}
