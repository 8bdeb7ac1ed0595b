// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "out/place_name.h"

/* IFF_* in the order and spelling of `ip`; IFF_RUNNING shows as the lack of NO-CARRIER. */
static void put_flags(struct writer *writer, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{IFF_LOOPBACK, "LOOPBACK"},
		{IFF_BROADCAST, "BROADCAST"},
		{IFF_POINTOPOINT, "POINTOPOINT"},
		{IFF_MULTICAST, "MULTICAST"},
		{IFF_NOARP, "NOARP"},
		{IFF_ALLMULTI, "ALLMULTI"},
		{IFF_PROMISC, "PROMISC"},
		{IFF_MASTER, "MASTER"},
		{IFF_SLAVE, "SLAVE"},
		{IFF_DEBUG, "DEBUG"},
		{IFF_DYNAMIC, "DYNAMIC"},
		{IFF_AUTOMEDIA, "AUTOMEDIA"},
		{IFF_PORTSEL, "PORTSEL"},
		{IFF_NOTRAILERS, "NOTRAILERS"},
		{IFF_UP, "UP"},
		{IFF_LOWER_UP, "LOWER_UP"},
		{IFF_DORMANT, "DORMANT"},
		{IFF_ECHO, "ECHO"},
	};
	size_t i;

	writer_begin_array(writer, "flags");
	if (flags & IFF_UP && !(flags & IFF_RUNNING))
		writer_text(writer, NULL, "NO-CARRIER");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			writer_text(writer, NULL, names[i].name);
	writer_end_array(writer);
}

/* The kinds of link that `ip` has a word for and that are met in practice; others by number. */
static const char *link_type_text(char *out, size_t size, uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ARPHRD_ETHER, "ether"}, {ARPHRD_LOOPBACK, "loopback"},
		{ARPHRD_NONE, "none"},   {ARPHRD_PPP, "ppp"},
		{ARPHRD_TUNNEL, "ipip"}, {ARPHRD_TUNNEL6, "tunnel6"},
		{ARPHRD_SIT, "sit"},     {ARPHRD_IPGRE, "gre"},
		{ARPHRD_IP6GRE, "gre6"}, {ARPHRD_INFINIBAND, "infiniband"},
		{ARPHRD_VOID, "void"},   {ARPHRD_NETLINK, "netlink"},
		{ARPHRD_CAN, "can"},     {ARPHRD_IEEE80211_RADIOTAP, "ieee802.11/radiotap"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return names[i].name;
	snprintf(out, size, "[%u]", type);
	return out;
}

static void put_hardware(struct writer *writer, const char *name, const uint8_t *address,
			 uint8_t length)
{
	char text[LINK_TEXT_SIZE];

	writer_text(writer, name, length ? link_hardware_text(text, address, length) : NULL);
}

static void put_known(struct writer *writer, const char *name, uint32_t value)
{
	if (value)
		writer_unsigned(writer, name, value);
	else
		writer_null(writer, name);
}

static char *peer_text(char *out, const struct link_addr *addr)
{
	struct link_addr peer = *addr;

	memcpy(peer.local, addr->peer, sizeof(peer.local));
	return link_addr_text(out, &peer);
}

static void put_address(struct writer *writer, const struct link_addr *addr)
{
	char text[LINK_TEXT_SIZE];

	writer_begin(writer);
	writer_text(writer, "family", addr->family == AF_INET ? "inet" : "inet6");
	writer_text(writer, "local", link_addr_text(text, addr));
	if (addr->has_peer)
		writer_text(writer, "address", peer_text(text, addr));
	writer_unsigned(writer, "prefixlen", addr->prefixlen);
	writer_text(writer, "scope", link_scope_text(text, addr->scope));
	writer_end(writer);
}

void show_link_record(struct writer *writer, const struct link *link,
		      const struct link_place *place)
{
	char text[LINK_TEXT_SIZE];
	size_t i;

	writer_begin(writer);
	writer_unsigned(writer, "ifindex", link->ifindex);
	place_name_fields(writer, place->netns, link->ifname);
	put_flags(writer, link->flags);
	writer_unsigned(writer, "mtu", link->mtu);
	writer_text(writer, "qdisc", link->qdisc[0] ? link->qdisc : NULL);
	writer_text(writer, "operstate", link_operstate_name(link->operstate));
	writer_unsigned(writer, "txqlen", link->txqlen);
	writer_text(writer, "link_type", link_type_text(text, sizeof(text), link->type));
	put_hardware(writer, "address", link->address, link->address_len);
	put_hardware(writer, "broadcast", link->broadcast, link->address_len);
	writer_text(writer, "kind", link->kind[0] ? link->kind : NULL);
	put_known(writer, "speed_mbps", link->speed_mbps);
	writer_text(writer, "duplex", link_duplex_name(link->duplex));
	writer_text(writer, "master", place->master);
	put_known(writer, "link_index", link->lower);
	if (link->lower_netnsid == LINK_NETNSID_NONE)
		writer_null(writer, "link_netnsid");
	else
		writer_unsigned(writer, "link_netnsid", (uint64_t)link->lower_netnsid);
	writer_text(writer, "container", place->container);
	writer_begin_array(writer, "addr_info");
	for (i = 0; i < link->n_addrs; i++)
		put_address(writer, &link->addrs[i]);
	writer_end_array(writer);
	writer_end(writer);
}

int show_link_table_new(struct table **out, bool use_colour, bool with_containers)
{
	static const struct table_column all[] = {
		{.title = "#", .right = true, .rank = 6},
		{.title = "INTERFACE"},
		{.title = "STATUS", .rank = 2},
		{.title = "SPEED", .right = true, .rank = 4},
		{.title = "MTU", .right = true, .rank = 5},
		{.title = "KIND", .rank = 9},
		{.title = "MASTER", .rank = 8},
		{.title = "MAC", .rank = 7},
		{.title = "CONTAINER", .rank = 3},
		{.title = "ADDRESSES", .rank = 1},
	};
	struct table_column columns[ARRAY_SIZE(all)];
	size_t n = 0, container = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool is_container = !strcmp(all[i].title, "CONTAINER");

		if (is_container && !with_containers)
			continue;
		if (is_container)
			container = n;
		columns[n++] = all[i];
	}
	if (table_new(out, columns, n, use_colour))
		return -ENOMEM;
	if (with_containers)
		table_may_cut(*out, container, CONTAINER_WIDTH_MIN);
	return 0;
}

static void put_speed(struct table *table, const struct link *link)
{
	char rate[UNITS_TEXT_SIZE];

	if (!link->speed_mbps) {
		table_cell(table, TABLE_DIM, "unknown");
		return;
	}
	units_format_rate(rate, (uint64_t)link->speed_mbps * 1000000);
	table_cell(table, TABLE_PLAIN, "%s%s", rate,
		   !strcmp(link_duplex_name(link->duplex) ?: "", "half") ? " half" : "");
}

static void put_address_cell(struct table *table, const struct link *link, size_t at)
{
	char local[LINK_TEXT_SIZE], peer[LINK_TEXT_SIZE];
	const struct link_addr *addr;

	if (at >= link->n_addrs) {
		table_cell(table, TABLE_PLAIN, "%s", "");
		return;
	}
	addr = &link->addrs[at];
	if (addr->has_peer)
		table_cell(table, TABLE_PLAIN, "%s peer %s/%u", link_addr_text(local, addr),
			   peer_text(peer, addr), addr->prefixlen);
	else
		table_cell(table, TABLE_PLAIN, "%s/%u", link_addr_text(local, addr),
			   addr->prefixlen);
}

void show_link_rows(struct table *table, const struct link *link, const struct link_place *place,
		    bool with_containers)
{
	char hardware[LINK_TEXT_SIZE];
	bool up = link_is_up(link);
	size_t i, column;

	table_cell(table, TABLE_DIM, "%" PRIu32, link->ifindex);
	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(place->netns, link->ifname));
	table_cell(table, up ? TABLE_GOOD : TABLE_BAD, "%s",
		   up                     ? "UP"
		   : link->flags & IFF_UP ? "DOWN (no carrier)"
					  : "DOWN");
	put_speed(table, link);
	table_cell(table, TABLE_PLAIN, "%" PRIu32, link->mtu);
	table_cell(table, TABLE_PLAIN, "%s", link->kind[0] ? link->kind : "-");
	table_cell(table, TABLE_PLAIN, "%s", place->master ? place->master : "-");
	table_cell(table, TABLE_PLAIN, "%s",
		   link->address_len
			   ? link_hardware_text(hardware, link->address, link->address_len)
			   : "-");
	if (with_containers)
		table_cell(table, TABLE_PLAIN, "%s", place->container ? place->container : "-");
	put_address_cell(table, link, 0);
	for (i = 1; i < link->n_addrs; i++) {
		for (column = with_containers ? 0 : 1; column < 9; column++)
			table_cell(table, TABLE_PLAIN, "%s", "");
		put_address_cell(table, link, i);
	}
}
