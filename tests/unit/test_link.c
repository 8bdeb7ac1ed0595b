// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/link, and the lists of addresses and of links that kernel/ keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "kernel/link_parse.h"
#include "kernel/link_table.h"
#include "model/link.h"

#include <linux/if.h> /* after net/if.h, which it clashes with otherwise */

static struct link_addr addr(int family, const char *text, uint8_t prefixlen, uint8_t scope,
			     uint32_t flags)
{
	struct link_addr made = {
		.family = (uint8_t)family, .prefixlen = prefixlen, .scope = scope, .flags = flags};

	assert_int_equal(inet_pton(family, text, made.local), 1);
	return made;
}

static void test_up(void **state)
{
	struct link link = {.flags = IFF_UP, .carrier = 1, .operstate = IF_OPER_UP};

	(void)state;
	assert_true(link_is_up(&link));
	link.operstate = IF_OPER_UNKNOWN; /* lo, tun */
	assert_true(link_is_up(&link));
	link.operstate = IF_OPER_DOWN;
	assert_false(link_is_up(&link));
	link.operstate = IF_OPER_UNKNOWN;
	link.carrier = 0;
	assert_false(link_is_up(&link));
	link.carrier = 1;
	link.flags = 0;
	assert_false(link_is_up(&link));
}

static void test_names(void **state)
{
	char text[LINK_TEXT_SIZE];
	uint8_t address[LINK_ADDRESS_MAX];
	struct link_addr v6 = addr(AF_INET6, "fe80::1", 64, RT_SCOPE_LINK, 0);

	(void)state;
	assert_string_equal(link_operstate_name(IF_OPER_UP), "UP");
	assert_string_equal(link_operstate_name(3), "LOWERLAYERDOWN");
	assert_string_equal(link_operstate_name(200), "UNKNOWN");
	assert_string_equal(link_duplex_name(DUPLEX_FULL), "full");
	assert_string_equal(link_duplex_name(DUPLEX_HALF), "half");
	assert_null(link_duplex_name(DUPLEX_UNKNOWN));
	assert_string_equal(link_scope_text(text, RT_SCOPE_UNIVERSE), "global");
	assert_string_equal(link_scope_text(text, RT_SCOPE_HOST), "host");
	assert_string_equal(link_scope_text(text, 77), "77");
	assert_string_equal(link_addr_text(text, &v6), "fe80::1");
	v6.family = 0;
	assert_string_equal(link_addr_text(text, &v6), "");
	memset(address, 0xab, sizeof(address));
	assert_string_equal(link_hardware_text(text, address, 0), "");
	assert_string_equal(link_hardware_text(text, address, 2), "ab:ab");
	assert_int_equal(strlen(link_hardware_text(text, address, LINK_ADDRESS_MAX)), 95);
	assert_int_equal(strlen(link_hardware_text(text, address, 255)), 95);
}

static void test_copy_and_equal(void **state)
{
	struct link_addr first = addr(AF_INET, "192.0.2.1", 24, 0, 0);
	struct link_addr second = addr(AF_INET, "192.0.2.2", 24, 0, 0);
	struct link link, copy;

	(void)state;
	link_parse_blank(&link, 3);
	assert_int_equal(link_append_addr(&link, &first), 0);
	assert_int_equal(link_append_addr(&link, &second), 0);
	assert_int_equal(link_copy(&copy, &link), 0);
	assert_ptr_not_equal(copy.addrs, link.addrs);
	assert_true(link_equal(&link, &copy));
	copy.stats.rx_packets = 1;
	assert_true(link_equal(&link, &copy));
	copy.addrs[0] = second;
	copy.addrs[1] = first;
	assert_true(link_equal(&link, &copy));
	copy.addrs[1].flags = IFA_F_TENTATIVE;
	assert_false(link_equal(&link, &copy));
	copy.addrs[1].flags = 0;
	copy.mtu = 1;
	assert_false(link_equal(&link, &copy));
	link_release(&copy);
	link_release(&copy);
	link_release(NULL);
	link_release(&link);
}

static void expect_addrs(const struct link *link, const char *const *texts, size_t n)
{
	char text[LINK_TEXT_SIZE];
	size_t i;

	assert_int_equal(link->n_addrs, n);
	for (i = 0; i < n; i++)
		assert_string_equal(link_addr_text(text, &link->addrs[i]), texts[i]);
}

/* The order that `ip addr` shows after the same additions, measured. */
static void test_addr_order(void **state)
{
	static const char *const first[] = {"169.254.1.1", "10.1.0.1", "10.2.0.1", "10.1.0.2",
					    "fd00::2",     "fd00::1",  "fe80::1"};
	static const char *const promoted[] = {"169.254.1.1", "10.2.0.1", "10.1.0.2",
					       "fd00::2",     "fd00::1",  "fe80::1"};
	struct link_addr added[] = {
		addr(AF_INET6, "fd00::1", 64, 0, 0),
		addr(AF_INET, "10.1.0.1", 24, 0, 0),
		addr(AF_INET, "10.1.0.2", 24, 0, IFA_F_SECONDARY),
		addr(AF_INET, "10.2.0.1", 24, 0, 0),
		addr(AF_INET6, "fe80::1", 64, RT_SCOPE_LINK, 0),
		addr(AF_INET, "169.254.1.1", 16, RT_SCOPE_LINK, 0),
		addr(AF_INET6, "fd00::2", 64, 0, 0),
	};
	struct link link;
	size_t i;

	(void)state;
	link_parse_blank(&link, 3);
	for (i = 0; i < ARRAY_SIZE(added); i++)
		assert_int_equal(link_put_addr(&link, &added[i]), 0);
	expect_addrs(&link, first, ARRAY_SIZE(first));
	/* Again: a new state, not a new address. */
	added[0].flags = IFA_F_DEPRECATED;
	assert_int_equal(link_put_addr(&link, &added[0]), 0);
	expect_addrs(&link, first, ARRAY_SIZE(first));
	assert_int_equal(link.addrs[5].flags, IFA_F_DEPRECATED);
	assert_true(link_remove_addr(&link, &added[1]));
	assert_false(link_remove_addr(&link, &added[1]));
	added[2].flags = 0;
	assert_int_equal(link_put_addr(&link, &added[2]), 0);
	expect_addrs(&link, promoted, ARRAY_SIZE(promoted));
	link_release(&link);
}

static void test_table(void **state)
{
	static const uint32_t order[] = {5, 9, 2, 7, 1, 2000, 3};
	struct link_table table = {0};
	struct link *link, *replaced;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		link = malloc(sizeof(*link));
		assert_non_null(link);
		link_parse_blank(link, order[i]);
		assert_int_equal(link_table_put(&table, link, &replaced), 0);
		assert_null(replaced);
	}
	assert_int_equal(table.n, ARRAY_SIZE(order));
	for (i = 1; i < table.n; i++)
		assert_true(table.items[i - 1]->ifindex < table.items[i]->ifindex);
	assert_int_equal(link_table_get(&table, 7)->ifindex, 7);
	assert_null(link_table_get(&table, 8));
	assert_null(link_table_take(&table, 8));
	link = link_table_take(&table, 7);
	assert_int_equal(link->ifindex, 7);
	assert_null(link_table_get(&table, 7));
	link->ifindex = 9;
	assert_int_equal(link_table_put(&table, link, &replaced), 0);
	assert_non_null(replaced);
	assert_ptr_equal(link_table_get(&table, 9), link);
	link_table_free_link(replaced);
	link_table_clear(&table);
	assert_null(link_table_get(&table, 9));
	assert_int_equal(link_table_place(&table, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_copy_and_equal),
		cmocka_unit_test(test_addr_order),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
