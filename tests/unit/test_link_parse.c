// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The parsers of kernel/link_parse and kernel/ethtool, on messages made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ethtool.h"
#include "kernel/link_parse.h"
#include "kernel/netlink_attr.h"
#include "model/link.h"

#include <linux/if.h> /* after net/if.h, which it clashes with otherwise */

struct message {
	_Alignas(struct nlmsghdr) char bytes[2048];
};

static struct nlmsghdr *start(struct message *message, uint16_t type)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(message->bytes);

	header->nlmsg_type = type;
	return header;
}

static struct nlmsghdr *start_link(struct message *message, uint32_t ifindex)
{
	struct nlmsghdr *header = start(message, RTM_NEWLINK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));

	info->ifi_index = (int)ifindex;
	info->ifi_type = 1;
	info->ifi_flags = IFF_UP;
	return header;
}

/* As the kernel describes a veth in a bridge, with an XDP program and its peer elsewhere. */
static struct nlmsghdr *whole_link(struct message *message, uint32_t ifindex)
{
	static const uint8_t address[6] = {2, 0, 0, 0, 0, 1},
			     broadcast[6] = {255, 255, 255, 255, 255, 255};
	struct nlmsghdr *header = start_link(message, ifindex);
	struct rtnl_link_stats64 stats = {.rx_packets = 7, .tx_bytes = 9};
	struct nlattr *nest;

	mnl_attr_put_strz(header, IFLA_IFNAME, "v0");
	mnl_attr_put_u32(header, IFLA_MTU, 1400);
	mnl_attr_put_u32(header, IFLA_TXQLEN, 1000);
	mnl_attr_put_u8(header, IFLA_OPERSTATE, IF_OPER_UP);
	mnl_attr_put_u8(header, IFLA_CARRIER, 1);
	mnl_attr_put_strz(header, IFLA_QDISC, "noqueue");
	mnl_attr_put_u32(header, IFLA_MASTER, 4);
	mnl_attr_put_u32(header, IFLA_LINK, 8);
	mnl_attr_put_u32(header, IFLA_LINK_NETNSID, 3);
	mnl_attr_put(header, IFLA_ADDRESS, sizeof(address), address);
	mnl_attr_put(header, IFLA_BROADCAST, sizeof(broadcast), broadcast);
	mnl_attr_put(header, IFLA_STATS64, sizeof(stats), &stats);
	nest = mnl_attr_nest_start(header, IFLA_LINKINFO);
	mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(header, nest);
	nest = mnl_attr_nest_start(header, IFLA_XDP);
	mnl_attr_put_u8(header, IFLA_XDP_ATTACHED, XDP_ATTACHED_DRV);
	mnl_attr_put_u32(header, IFLA_XDP_PROG_ID, 42);
	mnl_attr_nest_end(header, nest);
	return header;
}

static struct nlmsghdr *start_addr(struct message *message, uint16_t type, uint8_t family,
				   uint8_t prefixlen)
{
	struct nlmsghdr *header = start(message, type);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));

	info->ifa_family = family;
	info->ifa_prefixlen = prefixlen;
	info->ifa_index = 3;
	info->ifa_flags = 0x80;
	return header;
}

static void put_ip(struct nlmsghdr *header, uint16_t type, int family, const char *text)
{
	uint8_t address[16];

	assert_int_equal(inet_pton(family, text, address), 1);
	mnl_attr_put(header, type, family == AF_INET ? 4 : 16, address);
}

static void test_parse_whole(void **state)
{
	struct message message;
	struct link link;

	(void)state;
	link_parse_blank(&link, 3);
	assert_int_equal(link.lower_netnsid, LINK_NETNSID_NONE);
	assert_int_equal(link.duplex, DUPLEX_UNKNOWN);
	assert_int_equal(link_parse(whole_link(&message, 3), &link), 0);
	assert_string_equal(link.ifname, "v0");
	assert_string_equal(link.kind, "veth");
	assert_string_equal(link.qdisc, "noqueue");
	assert_int_equal(link.flags, IFF_UP);
	assert_int_equal(link.mtu, 1400);
	assert_int_equal(link.txqlen, 1000);
	assert_int_equal(link.operstate, IF_OPER_UP);
	assert_int_equal(link.carrier, 1);
	assert_int_equal(link.master, 4);
	assert_int_equal(link.lower, 8);
	assert_int_equal(link.lower_netnsid, 3);
	assert_int_equal(link.address_len, 6);
	assert_int_equal(link.address[5], 1);
	assert_int_equal(link.broadcast[5], 255);
	assert_int_equal(link.xdp_prog_id, 42);
	assert_int_equal(link.stats.rx_packets, 7);
	assert_int_equal(link.stats.tx_bytes, 9);
}

/* A whole message says "none" by leaving something out, a wireless event says nothing by it. */
static void test_parse_absent(void **state)
{
	struct message message;
	struct nlmsghdr *header;
	struct link link;

	(void)state;
	link_parse_blank(&link, 3);
	assert_int_equal(link_parse(whole_link(&message, 3), &link), 0);
	header = start_link(&message, 3);
	mnl_attr_put_strz(header, IFLA_IFNAME, "v0");
	mnl_attr_put_u32(header, IFLA_WIRELESS, 1);
	assert_int_equal(link_parse(header, &link), 0);
	assert_int_equal(link.master, 4);
	assert_int_equal(link.lower, 8);
	assert_int_equal(link.xdp_prog_id, 42);
	assert_int_equal(link.mtu, 1400);
	assert_int_equal(link.address_len, 6);

	header = start_link(&message, 3);
	mnl_attr_put_strz(header, IFLA_IFNAME, "renamed");
	mnl_attr_put_u32(header, IFLA_MTU, 1500);
	assert_int_equal(link_parse(header, &link), 0);
	assert_string_equal(link.ifname, "renamed");
	assert_int_equal(link.mtu, 1500);
	assert_int_equal(link.master, 0);
	assert_int_equal(link.lower, 0);
	assert_int_equal(link.lower_netnsid, LINK_NETNSID_NONE);
	assert_int_equal(link.xdp_prog_id, 0);
	assert_int_equal(link.address_len, 0);
	assert_int_equal(link.carrier, 1);
	assert_string_equal(link.kind, "veth");
	assert_int_equal(link.stats.rx_packets, 7);
}

static void test_parse_others(void **state)
{
	struct message message;
	struct nlmsghdr *header = whole_link(&message, 3);
	struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	struct link link, before;
	uint32_t ifindex = 99;

	(void)state;
	link_parse_blank(&link, 3);
	before = link;
	info->ifi_family = AF_BRIDGE;
	assert_int_equal(link_parse_ifindex(header, &ifindex), -ENOMSG);
	assert_int_equal(link_parse(header, &link), -ENOMSG);
	header->nlmsg_type = RTM_DELLINK;
	assert_int_equal(link_parse_ifindex(header, &ifindex), -ENOMSG);
	info->ifi_family = AF_UNSPEC;
	assert_int_equal(link_parse(header, &link), -ENOMSG);
	header->nlmsg_type = RTM_NEWLINK;
	info->ifi_index = 4;
	assert_int_equal(link_parse(header, &link), -ENOMSG);
	info->ifi_index = 0;
	assert_int_equal(link_parse(header, &link), -EBADMSG);
	info->ifi_index = -3;
	assert_int_equal(link_parse_ifindex(header, &ifindex), -EBADMSG);
	assert_int_equal(ifindex, 99);
	assert_memory_equal(&link, &before, sizeof(link));
}

/* Cut anywhere, and with any byte damaged: never a read outside (ASan watches), never a crash. */
static void test_parse_malformed(void **state)
{
	struct message message;
	struct nlmsghdr *header = whole_link(&message, 3), *cut;
	uint32_t length = header->nlmsg_len, i, ifindex;
	struct link link;
	int ret;

	(void)state;
	for (i = 0; i <= length; i++) {
		cut = malloc(i > sizeof(*cut) ? i : sizeof(*cut));
		assert_non_null(cut);
		memcpy(cut, header, i > sizeof(*cut) ? i : sizeof(*cut));
		cut->nlmsg_len = i;
		link_parse_blank(&link, 3);
		ret = link_parse(cut, &link);
		assert_true(ret == 0 || ret == -EBADMSG);
		if (i < MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg))
			assert_int_equal(link_parse_ifindex(cut, &ifindex), -EBADMSG);
		free(cut);
	}
	cut = malloc(length);
	assert_non_null(cut);
	for (i = MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg); i < length; i++) {
		memcpy(cut, header, length);
		((uint8_t *)cut)[i] ^= 0xff;
		link_parse_blank(&link, 3);
		link_parse(cut, &link);
		assert_null(link.addrs);
	}
	free(cut);
}

static void test_parse_odd_sizes(void **state)
{
	uint8_t big[sizeof(struct rtnl_link_stats64) + 64];
	struct message message;
	struct nlmsghdr *header = start_link(&message, 3);
	struct link link;

	(void)state;
	/* A name without its NUL and too long, an address too long, newer statistics. */
	memset(big, 'x', sizeof(big));
	mnl_attr_put(header, IFLA_IFNAME, 40, big);
	mnl_attr_put(header, IFLA_ADDRESS, 40, big);
	mnl_attr_put(header, IFLA_STATS64, sizeof(big), big);
	mnl_attr_put(header, IFLA_MTU, 2, big);
	mnl_attr_put_u32(header, IFLA_TXQLEN, 5);
	mnl_attr_put_u32(header, 5000, 1);
	link_parse_blank(&link, 3);
	assert_int_equal(link_parse(header, &link), 0);
	assert_int_equal(strlen(link.ifname), IF_NAMESIZE - 1);
	assert_int_equal(link.mtu, 0);
	assert_int_equal(link.txqlen, 5);
	assert_int_equal(link.address_len, LINK_ADDRESS_MAX);
	assert_int_equal(link.stats.rx_packets, UINT64_C(0x7878787878787878));

	/* Statistics of an older kernel: what it did not have is 0. */
	header = start_link(&message, 3);
	mnl_attr_put(header, IFLA_STATS64, 16, big);
	assert_int_equal(link_parse(header, &link), 0);
	assert_int_equal(link.stats.tx_packets, UINT64_C(0x7878787878787878));
	assert_int_equal(link.stats.rx_bytes, 0);
}

static void test_parse_xdp_modes(void **state)
{
	struct message message;
	struct nlmsghdr *header = start_link(&message, 3);
	struct nlattr *nest;
	struct link link;

	(void)state;
	mnl_attr_put_strz(header, IFLA_IFNAME, "e0");
	mnl_attr_put_u32(header, IFLA_MTU, 1500);
	nest = mnl_attr_nest_start(header, IFLA_XDP);
	mnl_attr_put_u8(header, IFLA_XDP_ATTACHED, XDP_ATTACHED_MULTI);
	mnl_attr_put_u32(header, IFLA_XDP_SKB_PROG_ID, 6);
	mnl_attr_put_u32(header, IFLA_XDP_DRV_PROG_ID, 5);
	mnl_attr_nest_end(header, nest);
	link_parse_blank(&link, 3);
	assert_int_equal(link_parse(header, &link), 0);
	assert_int_equal(link.xdp_prog_id, 5);
}

static void test_parse_addr(void **state)
{
	struct message message;
	struct nlmsghdr *header;
	struct link_addr parsed;
	uint32_t ifindex;

	(void)state;
	header = start_addr(&message, RTM_NEWADDR, AF_INET, 24);
	put_ip(header, IFA_ADDRESS, AF_INET, "192.0.2.1");
	put_ip(header, IFA_LOCAL, AF_INET, "192.0.2.1");
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), 0);
	assert_int_equal(ifindex, 3);
	assert_int_equal(parsed.prefixlen, 24);
	assert_int_equal(parsed.has_peer, 0);
	assert_int_equal(parsed.flags, 0x80);

	header = start_addr(&message, RTM_NEWADDR, AF_INET, 32);
	put_ip(header, IFA_ADDRESS, AF_INET, "192.0.2.2");
	put_ip(header, IFA_LOCAL, AF_INET, "192.0.2.1");
	mnl_attr_put_u32(header, IFA_FLAGS, 0x280);
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), 0);
	assert_int_equal(parsed.has_peer, 1);
	assert_int_equal(parsed.local[3], 1);
	assert_int_equal(parsed.peer[3], 2);
	assert_int_equal(parsed.flags, 0x280);

	header = start_addr(&message, RTM_DELADDR, AF_INET6, 64);
	put_ip(header, IFA_ADDRESS, AF_INET6, "fd00::1");
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), 0);
	assert_int_equal(parsed.has_peer, 0);
	assert_int_equal(parsed.local[15], 1);

	header = start_addr(&message, RTM_NEWADDR, AF_INET6, 128);
	put_ip(header, IFA_ADDRESS, AF_INET6, "fd00::2");
	put_ip(header, IFA_LOCAL, AF_INET6, "fd00::1");
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), 0);
	assert_int_equal(parsed.has_peer, 1);
	assert_int_equal(parsed.local[15], 1);
	assert_int_equal(parsed.peer[15], 2);
}

static void test_parse_addr_malformed(void **state)
{
	struct message message;
	struct nlmsghdr *header;
	struct link_addr parsed;
	uint32_t ifindex = 99;

	(void)state;
	header = start_addr(&message, RTM_NEWADDR, AF_INET, 33);
	put_ip(header, IFA_LOCAL, AF_INET, "192.0.2.1");
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), -EBADMSG);
	header = start_addr(&message, RTM_NEWADDR, AF_INET6, 64);
	put_ip(header, IFA_ADDRESS, AF_INET, "192.0.2.1");
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), -EBADMSG);
	header = start_addr(&message, RTM_NEWADDR, AF_PACKET, 0);
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), -ENOMSG);
	header->nlmsg_len = MNL_NLMSG_HDRLEN + 4;
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), -EBADMSG);
	header->nlmsg_len = 3;
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), -EBADMSG);
	header->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(link_parse_addr(header, &ifindex, &parsed), -ENOMSG);
	assert_int_equal(ifindex, 99);
}

static void test_parse_stats(void **state)
{
	struct rtnl_link_stats64 sent = {.rx_bytes = 5}, stats = {.rx_bytes = 1};
	struct message message;
	struct nlmsghdr *header = start(&message, RTM_NEWSTATS);
	struct if_stats_msg *info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	uint32_t ifindex;

	(void)state;
	info->ifindex = 3;
	assert_int_equal(link_parse_stats(header, &ifindex, &stats), -EBADMSG);
	assert_int_equal(stats.rx_bytes, 1);
	mnl_attr_put(header, IFLA_STATS_LINK_64, sizeof(sent), &sent);
	assert_int_equal(link_parse_stats(header, &ifindex, &stats), 0);
	assert_int_equal(ifindex, 3);
	assert_int_equal(stats.rx_bytes, 5);
	header->nlmsg_type = RTM_NEWLINK;
	assert_int_equal(link_parse_stats(header, &ifindex, &stats), -ENOMSG);
}

static struct nlmsghdr *start_speed(struct message *message, uint8_t command, bool with_ifindex)
{
	struct nlmsghdr *header = start(message, 0x20);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(header, sizeof(*genl));
	struct nlattr *nest;

	genl->cmd = command;
	nest = mnl_attr_nest_start(header, ETHTOOL_A_LINKMODES_HEADER);
	if (with_ifindex)
		mnl_attr_put_u32(header, ETHTOOL_A_HEADER_DEV_INDEX, 3);
	mnl_attr_nest_end(header, nest);
	return header;
}

static void test_parse_speed(void **state)
{
	struct ethtool_speed speed = {.ifindex = 99};
	struct message message;
	struct nlmsghdr *header;

	(void)state;
	header = start_speed(&message, ETHTOOL_MSG_LINKMODES_NTF, false);
	assert_int_equal(ethtool_parse(header, &speed), -EBADMSG);
	header = start_speed(&message, ETHTOOL_MSG_LINKINFO_NTF, true);
	assert_int_equal(ethtool_parse(header, &speed), -ENOMSG);
	assert_int_equal(speed.ifindex, 99);

	header = start_speed(&message, ETHTOOL_MSG_LINKMODES_GET_REPLY, true);
	mnl_attr_put_u32(header, ETHTOOL_A_LINKMODES_SPEED, 25000);
	mnl_attr_put_u8(header, ETHTOOL_A_LINKMODES_DUPLEX, DUPLEX_FULL);
	assert_int_equal(ethtool_parse(header, &speed), 0);
	assert_int_equal(speed.ifindex, 3);
	assert_int_equal(speed.speed_mbps, 25000);
	assert_int_equal(speed.duplex, DUPLEX_FULL);

	header = start_speed(&message, ETHTOOL_MSG_LINKMODES_NTF, true);
	mnl_attr_put_u32(header, ETHTOOL_A_LINKMODES_SPEED, (uint32_t)SPEED_UNKNOWN);
	assert_int_equal(ethtool_parse(header, &speed), 0);
	assert_int_equal(speed.speed_mbps, 0);
	assert_int_equal(speed.duplex, DUPLEX_UNKNOWN);
	header->nlmsg_len = MNL_NLMSG_HDRLEN + 2;
	assert_int_equal(ethtool_parse(header, &speed), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_whole),     cmocka_unit_test(test_parse_absent),
		cmocka_unit_test(test_parse_others),    cmocka_unit_test(test_parse_malformed),
		cmocka_unit_test(test_parse_odd_sizes), cmocka_unit_test(test_parse_xdp_modes),
		cmocka_unit_test(test_parse_addr),      cmocka_unit_test(test_parse_addr_malformed),
		cmocka_unit_test(test_parse_stats),     cmocka_unit_test(test_parse_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
