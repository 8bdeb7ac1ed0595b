// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/link_parse.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "kernel/netlink_attr.h"

void link_parse_blank(struct link *link, uint32_t ifindex)
{
	memset(link, 0, sizeof(*link));
	link->ifindex = ifindex;
	link->lower_netnsid = LINK_NETNSID_NONE;
	link->duplex = DUPLEX_UNKNOWN;
}

int link_parse_ifindex(const struct nlmsghdr *message, uint32_t *ifindex)
{
	const struct ifinfomsg *info;

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return -ENOMSG;
	if (message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*info))
		return -EBADMSG;
	info = mnl_nlmsg_get_payload(message);
	if (info->ifi_family != AF_UNSPEC)
		return -ENOMSG;
	if (info->ifi_index <= 0)
		return -EBADMSG;
	*ifindex = (uint32_t)info->ifi_index;
	return 0;
}

/* Drivers attach in one mode, or (IFLA_XDP_PROG_ID is missing then) in several at once. */
static uint32_t parse_xdp(const struct nlattr *nest)
{
	const struct nlattr *attrs[IFLA_XDP_MAX + 1];
	uint32_t id = 0;

	netlink_attr_index_nest(nest, attrs, ARRAY_SIZE(attrs));
	if (!netlink_attr_u32(attrs[IFLA_XDP_PROG_ID], &id) &&
	    !netlink_attr_u32(attrs[IFLA_XDP_DRV_PROG_ID], &id) &&
	    !netlink_attr_u32(attrs[IFLA_XDP_SKB_PROG_ID], &id))
		netlink_attr_u32(attrs[IFLA_XDP_HW_PROG_ID], &id);
	return id;
}

/* The length is the hardware address's; a broadcast address has the same. */
static uint8_t parse_hardware(const struct nlattr *attr, uint8_t *address)
{
	size_t length = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (length > LINK_ADDRESS_MAX)
		length = LINK_ADDRESS_MAX;
	memset(address, 0, LINK_ADDRESS_MAX);
	if (length > 0)
		memcpy(address, mnl_attr_get_payload(attr), length);
	return (uint8_t)length;
}

/*
 * The struct grows at its end from kernel to kernel, and the attribute is aligned to 4 bytes only
 * where the architecture does not mind.
 */
static bool parse_stats64(const struct nlattr *attr, struct rtnl_link_stats64 *stats)
{
	size_t length;

	if (!attr)
		return false;
	length = mnl_attr_get_payload_len(attr);
	if (length > sizeof(*stats))
		length = sizeof(*stats);
	memset(stats, 0, sizeof(*stats));
	memcpy(stats, mnl_attr_get_payload(attr), length);
	return true;
}

/* What a message that describes the whole interface leaves out, there is none of. */
static void parse_absent_is_none(const struct nlattr **attrs, struct link *link)
{
	link->master = 0;
	netlink_attr_u32(attrs[IFLA_MASTER], &link->master);
	link->lower = 0;
	netlink_attr_u32(attrs[IFLA_LINK], &link->lower);
	link->lower_netnsid = LINK_NETNSID_NONE;
	netlink_attr_u32(attrs[IFLA_LINK_NETNSID], (uint32_t *)&link->lower_netnsid);
	link->address_len = parse_hardware(attrs[IFLA_ADDRESS], link->address);
	parse_hardware(attrs[IFLA_BROADCAST], link->broadcast);
	link->xdp_prog_id = parse_xdp(attrs[IFLA_XDP]);
}

static void parse_kind(const struct nlattr *nest, struct link *link)
{
	const struct nlattr *linkinfo[IFLA_INFO_MAX + 1], *vxlan[IFLA_VXLAN_MAX + 1];
	uint8_t proxy = 0;

	netlink_attr_index_nest(nest, linkinfo, ARRAY_SIZE(linkinfo));
	netlink_attr_text(linkinfo[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
	if (strcmp(link->kind, "vxlan") || !linkinfo[IFLA_INFO_DATA])
		return;
	netlink_attr_index_nest(linkinfo[IFLA_INFO_DATA], vxlan, ARRAY_SIZE(vxlan));
	netlink_attr_u8(vxlan[IFLA_VXLAN_PROXY], &proxy);
	link->answers_neighbours = proxy;
}

int link_parse(const struct nlmsghdr *message, struct link *link)
{
	const struct nlattr *attrs[IFLA_MAX + 1];
	const struct ifinfomsg *info;
	struct link parsed = *link;
	int ret;

	ret = link_parse_ifindex(message, &parsed.ifindex);
	if (ret < 0)
		return ret;
	if (parsed.ifindex != link->ifindex || message->nlmsg_type != RTM_NEWLINK)
		return -ENOMSG;
	ret = netlink_attr_index(message, sizeof(*info), attrs, ARRAY_SIZE(attrs));
	if (ret < 0)
		return ret;
	info = mnl_nlmsg_get_payload(message);
	parsed.flags = info->ifi_flags;
	parsed.type = info->ifi_type;
	netlink_attr_text(attrs[IFLA_IFNAME], parsed.ifname, sizeof(parsed.ifname));
	if (parsed.ifname[0] == '\0')
		return -EBADMSG;
	netlink_attr_text(attrs[IFLA_QDISC], parsed.qdisc, sizeof(parsed.qdisc));
	netlink_attr_u32(attrs[IFLA_MTU], &parsed.mtu);
	netlink_attr_u32(attrs[IFLA_TXQLEN], &parsed.txqlen);
	netlink_attr_u8(attrs[IFLA_OPERSTATE], &parsed.operstate);
	netlink_attr_u8(attrs[IFLA_CARRIER], &parsed.carrier);
	parse_kind(attrs[IFLA_LINKINFO], &parsed);
	parse_stats64(attrs[IFLA_STATS64], &parsed.stats);
	/*
	 * Wireless extension events are the header, the name and the event
	 * (net/wireless/wext-core.c): nothing follows from what they leave out.
	 */
	if (attrs[IFLA_MTU] && !attrs[IFLA_WIRELESS])
		parse_absent_is_none(attrs, &parsed);
	*link = parsed;
	return 0;
}

static bool parse_ip(const struct nlattr *attr, uint8_t *address, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) < size)
		return false;
	memcpy(address, mnl_attr_get_payload(attr), size);
	return true;
}

int link_parse_addr(const struct nlmsghdr *message, uint32_t *ifindex, struct link_addr *addr)
{
	const struct nlattr *attrs[IFA_MAX + 1];
	struct link_addr parsed = {0};
	const struct ifaddrmsg *info;
	size_t size;
	bool has_local, has_address;
	int ret;

	if (message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR)
		return -ENOMSG;
	ret = netlink_attr_index(message, sizeof(*info), attrs, ARRAY_SIZE(attrs));
	if (ret < 0)
		return ret;
	info = mnl_nlmsg_get_payload(message);
	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return -ENOMSG;
	size = info->ifa_family == AF_INET ? 4 : 16;
	if (info->ifa_index == 0 || info->ifa_prefixlen > size * 8)
		return -EBADMSG;
	parsed.family = info->ifa_family;
	parsed.prefixlen = info->ifa_prefixlen;
	parsed.scope = info->ifa_scope;
	/* The header has room for the lowest eight only. */
	parsed.flags = info->ifa_flags;
	netlink_attr_u32(attrs[IFA_FLAGS], &parsed.flags);
	/*
	 * IFA_ADDRESS is the far end's on a point-to-point address; IPv4 sends it in any case, IPv6
	 * sends IFA_LOCAL only with a far end.
	 */
	has_local = parse_ip(attrs[IFA_LOCAL], parsed.local, size);
	has_address = parse_ip(attrs[IFA_ADDRESS], has_local ? parsed.peer : parsed.local, size);
	if (!has_local && !has_address)
		return -EBADMSG;
	parsed.has_peer = has_local && has_address && memcmp(parsed.local, parsed.peer, size) != 0;
	if (!parsed.has_peer)
		memset(parsed.peer, 0, sizeof(parsed.peer));
	*ifindex = info->ifa_index;
	*addr = parsed;
	return 0;
}

int link_parse_stats(const struct nlmsghdr *message, uint32_t *ifindex,
		     struct rtnl_link_stats64 *stats)
{
	const struct nlattr *attrs[IFLA_STATS_LINK_64 + 1];
	const struct if_stats_msg *info;
	int ret;

	if (message->nlmsg_type != RTM_NEWSTATS)
		return -ENOMSG;
	ret = netlink_attr_index(message, sizeof(*info), attrs, ARRAY_SIZE(attrs));
	if (ret < 0)
		return ret;
	if (!parse_stats64(attrs[IFLA_STATS_LINK_64], stats))
		return -EBADMSG;
	info = mnl_nlmsg_get_payload(message);
	*ifindex = info->ifindex;
	return 0;
}

/*
 * What makes an address one: IPv6 has each only once on an interface (ipv6_add_addr()), IPv4 once
 * for every prefix and far end (find_matching_ifa() and __inet_insert_ifa()).
 */
static bool same_addr(const struct link_addr *a, const struct link_addr *b)
{
	if (a->family != b->family || memcmp(a->local, b->local, sizeof(a->local)) != 0)
		return false;
	return a->family == AF_INET6 ||
	       (a->prefixlen == b->prefixlen && a->has_peer == b->has_peer &&
		memcmp(a->peer, b->peer, sizeof(a->peer)) == 0);
}

static size_t find_addr(const struct link *link, const struct link_addr *addr)
{
	size_t i;

	for (i = 0; i < link->n_addrs; i++) {
		if (same_addr(&link->addrs[i], addr))
			break;
	}
	return i;
}

/*
 * IPv4 keeps primary addresses sorted by scope, narrowest first, and secondary ones behind them;
 * IPv6 the other way round, widest scope first and the newest first within each
 * (ipv6_link_dev_addr()).
 */
static size_t place_addr(const struct link *link, const struct link_addr *addr)
{
	size_t i, place = 0, n_ipv4 = 0;

	while (n_ipv4 < link->n_addrs && link->addrs[n_ipv4].family == AF_INET)
		n_ipv4++;
	if (addr->family == AF_INET6) {
		for (i = n_ipv4; i < link->n_addrs && link->addrs[i].scope < addr->scope; i++)
			;
		return i;
	}
	if (addr->flags & IFA_F_SECONDARY)
		return n_ipv4;
	for (i = 0; i < n_ipv4; i++) {
		if (!(link->addrs[i].flags & IFA_F_SECONDARY) &&
		    link->addrs[i].scope >= addr->scope)
			place = i + 1;
	}
	return place;
}

static int insert_addr(struct link *link, size_t place, const struct link_addr *addr)
{
	struct link_addr *grown;

	/* Few per interface, and seldom changed: no capacity to carry along. */
	grown = reallocarray(link->addrs, link->n_addrs + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	link->addrs = grown;
	memmove(&grown[place + 1], &grown[place], (link->n_addrs - place) * sizeof(*grown));
	grown[place] = *addr;
	link->n_addrs++;
	return 0;
}

int link_append_addr(struct link *link, const struct link_addr *addr)
{
	return insert_addr(link, link->n_addrs, addr);
}

int link_put_addr(struct link *link, const struct link_addr *addr)
{
	size_t i = find_addr(link, addr);

	if (i == link->n_addrs)
		return insert_addr(link, place_addr(link, addr), addr);
	/* A secondary address that became a primary one moved forward. */
	if (addr->family == AF_INET && ((link->addrs[i].flags ^ addr->flags) & IFA_F_SECONDARY)) {
		link_remove_addr(link, addr);
		return insert_addr(link, place_addr(link, addr), addr);
	}
	link->addrs[i] = *addr;
	return 0;
}

bool link_remove_addr(struct link *link, const struct link_addr *addr)
{
	size_t i = find_addr(link, addr);

	if (i == link->n_addrs)
		return false;
	link->n_addrs--;
	memmove(&link->addrs[i], &link->addrs[i + 1], (link->n_addrs - i) * sizeof(link->addrs[0]));
	return true;
}
