// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "out/place_name.h"

static void names_what_is_elsewhere(void **state)
{
	static const struct {
		const char *netns, *ifname, *text;
	} cases[] = {
		{NULL, "eth0", "eth0"},
		{"", "eth0", "eth0"},
		{"web", "eth0", "web/eth0"},
		{"shop/web-0", "eth0", "shop/web-0/eth0"},
		{"w\x1b[2Jb", "e\xff", "w\\x1b[2Jb/e\\xff"},
	};
	char out[PLACE_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(place_name_text(out, cases[i].netns, cases[i].ifname),
				    cases[i].text);
		assert_int_equal(place_is_elsewhere(cases[i].netns), i > 1);
	}
}

/* The longest, each byte of which grows. */
static void has_room_for_all(void **state)
{
	char netns[NETNS_NAME_SIZE], ifname[IF_NAMESIZE], out[PLACE_NAME_SIZE];

	(void)state;
	memset(netns, '\xff', sizeof(netns) - 1);
	memset(ifname, '\x01', sizeof(ifname) - 1);
	netns[sizeof(netns) - 1] = '\0';
	ifname[sizeof(ifname) - 1] = '\0';
	place_name_text(out, netns, ifname);
	assert_int_equal(strlen(out), 4 * (NETNS_NAME_SIZE - 1) + 1 + 4 * (IF_NAMESIZE - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_is_elsewhere),
		cmocka_unit_test(has_room_for_all),
	};

	return cmocka_run_group_tests_name("place_name", tests, NULL, NULL);
}
