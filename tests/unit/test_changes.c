// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <arpa/inet.h>

#include "model/changes.h"

/* linux/if.h, which does not go with net/if.h */
#define OPER_UNKNOWN 0
#define OPER_NOTPRESENT 1
#define OPER_DOWN 2
#define OPER_LOWERLAYERDOWN 3
#define OPER_DORMANT 5
#define OPER_UP 6

/* Every change as a line "event previous current", NULL as "-". */
struct record {
	char text[1024];
	const struct link *link;
};

static void take_change(void *context, const struct change *change)
{
	struct record *record = context;
	size_t used = strlen(record->text);

	snprintf(record->text + used, sizeof(record->text) - used, "%s %s %s\n",
		 change_event_name(change->event), change->previous ? change->previous : "-",
		 change->current ? change->current : "-");
	record->link = change->link;
}

/* In one buffer, as whoever keeps names for a moment only would do. */
static const char *name_of(void *context, uint32_t ifindex)
{
	static char name[IF_NAMESIZE];

	(void)context;
	if (ifindex == 99)
		return NULL;
	snprintf(name, sizeof(name), "br%u", ifindex);
	return name;
}

static struct record between(const struct link *before, const struct link *after)
{
	struct record record = {0};
	struct changes_sink sink = {take_change, name_of, &record};

	changes_between(before, after, &sink);
	return record;
}

static struct link make_link(void)
{
	return (struct link){
		.ifindex = 7,
		.ifname = "v0",
		.flags = IFF_UP,
		.operstate = OPER_UP,
		.carrier = 1,
		.mtu = 1500,
		.lower_netnsid = LINK_NETNSID_NONE,
		.address_len = 6,
		.address = {2, 0, 0, 0, 0, 1},
	};
}

static struct link_addr ipv4(const char *text, uint8_t prefixlen)
{
	struct link_addr addr = {.family = AF_INET, .prefixlen = prefixlen};

	assert_int_equal(inet_pton(AF_INET, text, addr.local), 1);
	return addr;
}

static void names_events(void **state)
{
	/* The contract of `watch`, in the order of the design brief. */
	static const char *const names[] = {
		[CHANGE_ADDED] = "added",
		[CHANGE_REMOVED] = "removed",
		[CHANGE_UP] = "up",
		[CHANGE_DOWN] = "down",
		[CHANGE_RENAMED] = "renamed",
		[CHANGE_ADDRESS_ADDED] = "address-added",
		[CHANGE_ADDRESS_REMOVED] = "address-removed",
		[CHANGE_MTU] = "mtu",
		[CHANGE_SPEED] = "speed",
		[CHANGE_MASTER] = "master",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(change_event_name((enum change_event)i), names[i]);
}

static void reports_coming_and_going(void **state)
{
	struct link link = make_link();
	struct record record;

	(void)state;
	record = between(NULL, &link);
	assert_string_equal(record.text, "added - UP\n");
	assert_ptr_equal(record.link, &link);
	link.operstate = OPER_NOTPRESENT;
	record = between(&link, NULL);
	assert_string_equal(record.text, "removed NOTPRESENT -\n");
	assert_ptr_equal(record.link, &link);
}

static void is_silent_about_the_rest(void **state)
{
	struct link before = make_link(), after = make_link();

	(void)state;
	assert_string_equal(between(&before, &after).text, "");
	after.stats.rx_packets = 5;
	after.txqlen = 100;
	after.flags |= IFF_PROMISC;
	after.duplex = 1;
	after.xdp_prog_id = 3;
	memset(after.broadcast, 0xff, 6);
	/* Bytes behind the end of an address mean nothing. */
	after.address[6] = 9;
	assert_string_equal(between(&before, &after).text, "");
}

static void reports_up_and_down(void **state)
{
	static const struct {
		uint32_t flags;
		uint8_t carrier, operstate;
		bool up;
		const char *name;
	} states[] = {
		{IFF_UP, 1, OPER_UP, true, "UP"},
		{IFF_UP, 1, OPER_UNKNOWN, true, "UNKNOWN"},
		{IFF_UP, 0, OPER_UP, false, "UP"},
		{IFF_UP, 1, OPER_DORMANT, false, "DORMANT"},
		{IFF_UP, 1, OPER_LOWERLAYERDOWN, false, "LOWERLAYERDOWN"},
		{IFF_UP, 0, OPER_DOWN, false, "DOWN"},
		{0, 1, OPER_UNKNOWN, false, "UNKNOWN"},
		{0, 0, OPER_DOWN, false, "DOWN"},
	};

	(void)state;
	for (size_t from = 0; from < ARRAY_SIZE(states); from++) {
		for (size_t to = 0; to < ARRAY_SIZE(states); to++) {
			struct link before = make_link(), after = make_link();
			char wanted[64] = "";

			before.flags = states[from].flags;
			before.carrier = states[from].carrier;
			before.operstate = states[from].operstate;
			after.flags = states[to].flags;
			after.carrier = states[to].carrier;
			after.operstate = states[to].operstate;
			if (states[from].up != states[to].up)
				snprintf(wanted, sizeof(wanted), "%s %s %s\n",
					 states[to].up ? "up" : "down", states[from].name,
					 states[to].name);
			assert_string_equal(between(&before, &after).text, wanted);
		}
	}
}

static void reports_numbers_and_names(void **state)
{
	struct link before = make_link(), after = make_link();
	struct record record;

	(void)state;
	strcpy(after.ifname, "v1");
	after.mtu = 9000;
	after.speed_mbps = UINT32_MAX;
	record = between(&before, &after);
	assert_string_equal(record.text, "renamed v0 v1\nmtu 1500 9000\nspeed - 4294967295\n");
	assert_ptr_equal(record.link, &after);
	record = between(&after, &before);
	assert_string_equal(record.text, "renamed v1 v0\nmtu 9000 1500\nspeed 4294967295 -\n");
}

static void reports_masters(void **state)
{
	struct link before = make_link(), after = make_link();

	(void)state;
	after.master = 4;
	assert_string_equal(between(&before, &after).text, "master - br4\n");
	assert_string_equal(between(&after, &before).text, "master br4 -\n");
	before.master = 3;
	assert_string_equal(between(&before, &after).text, "master br3 br4\n");
	before.master = 99; /* which has gone */
	assert_string_equal(between(&before, &after).text, "master ifindex 99 br4\n");
}

static void reports_hardware_addresses(void **state)
{
	struct link before = make_link(), after = make_link();

	(void)state;
	after.address[5] = 0xff;
	assert_string_equal(between(&before, &after).text, "address-removed 02:00:00:00:00:01 -\n"
							   "address-added - 02:00:00:00:00:ff\n");
	after.address_len = 0;
	assert_string_equal(between(&before, &after).text, "address-removed 02:00:00:00:00:01 -\n");
	assert_string_equal(between(&after, &before).text, "address-added - 02:00:00:00:00:01\n");
	/* The same bytes, but more of them. */
	after = make_link();
	after.address_len = 8;
	assert_string_equal(between(&before, &after).text,
			    "address-removed 02:00:00:00:00:01 -\n"
			    "address-added - 02:00:00:00:00:01:00:00\n");
	after.address_len = LINK_ADDRESS_MAX;
	memset(after.address, 0xab, sizeof(after.address));
	assert_non_null(strstr(between(&before, &after).text, "ab:ab:ab\n"));
}

static void reports_addresses(void **state)
{
	struct link_addr two[] = {ipv4("192.0.2.1", 24), ipv4("198.51.100.1", 32)};
	struct link_addr turned[] = {two[1], two[0]}, wider = ipv4("192.0.2.1", 16);
	struct link before = make_link(), after = make_link();

	(void)state;
	after.addrs = two;
	after.n_addrs = 2;
	assert_string_equal(between(&before, &after).text, "address-added - 192.0.2.1/24\n"
							   "address-added - 198.51.100.1/32\n");
	assert_string_equal(between(&after, &before).text, "address-removed 192.0.2.1/24 -\n"
							   "address-removed 198.51.100.1/32 -\n");
	before.addrs = turned;
	before.n_addrs = 2;
	assert_string_equal(between(&before, &after).text, "");
	before.n_addrs = 1;
	assert_string_equal(between(&before, &after).text, "address-added - 192.0.2.1/24\n");
	before.addrs = &wider;
	after.n_addrs = 1;
	assert_string_equal(between(&before, &after).text, "address-removed 192.0.2.1/16 -\n"
							   "address-added - 192.0.2.1/24\n");
}

static void reports_what_a_new_one_has(void **state)
{
	struct link_addr addrs[] = {ipv4("192.0.2.1", 24), ipv4("198.51.100.1", 32)};
	struct link after = make_link();

	(void)state;
	after.addrs = addrs;
	after.n_addrs = 2;
	assert_string_equal(between(NULL, &after).text, "added - UP\n"
							"address-added - 192.0.2.1/24\n"
							"address-added - 198.51.100.1/32\n");
	/* They go with it. */
	assert_string_equal(between(&after, NULL).text, "removed UP -\n");
}

static void tells_addresses_apart(void **state)
{
	struct link_addr a = ipv4("192.0.2.1", 24), b = a;
	struct link before = make_link(), after = make_link();

	(void)state;
	before.addrs = &a;
	after.addrs = &b;
	before.n_addrs = after.n_addrs = 1;
	/* Still the same address with another state and scope, and without a peer no peer counts. */
	b.flags = 0x80;
	b.scope = 253;
	b.peer[0] = 1;
	assert_string_equal(between(&before, &after).text, "");
	b.has_peer = 1;
	assert_string_equal(between(&before, &after).text, "address-removed 192.0.2.1/24 -\n"
							   "address-added - 192.0.2.1/24\n");
	a.has_peer = 1;
	a.peer[0] = 2;
	assert_string_not_equal(between(&before, &after).text, "");
	a.peer[0] = 1;
	assert_string_equal(between(&before, &after).text, "");
	b.family = AF_INET6;
	assert_string_equal(between(&before, &after).text, "address-removed 192.0.2.1/24 -\n"
							   "address-added - c000:201::/24\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_events),
		cmocka_unit_test(reports_coming_and_going),
		cmocka_unit_test(is_silent_about_the_rest),
		cmocka_unit_test(reports_up_and_down),
		cmocka_unit_test(reports_numbers_and_names),
		cmocka_unit_test(reports_masters),
		cmocka_unit_test(reports_hardware_addresses),
		cmocka_unit_test(reports_addresses),
		cmocka_unit_test(reports_what_a_new_one_has),
		cmocka_unit_test(tells_addresses_apart),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
