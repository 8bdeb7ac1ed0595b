// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/link_table.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "kernel/link_parse.h"

void link_table_free_link(struct link *link)
{
	link_release(link);
	free(link);
}

void link_table_clear(struct link_table *table)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		link_table_free_link(table->items[i]);
	free(table->items);
	memset(table, 0, sizeof(*table));
}

size_t link_table_place(const struct link_table *table, uint32_t ifindex)
{
	size_t low = 0, high = table->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (table->items[middle]->ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct link *link_table_get(const struct link_table *table, uint32_t ifindex)
{
	size_t place = link_table_place(table, ifindex);

	if (place == table->n || table->items[place]->ifindex != ifindex)
		return NULL;
	return table->items[place];
}

int link_table_put(struct link_table *table, struct link *link, struct link **replaced)
{
	size_t place;
	int ret;

	/* New ifindexes, and those of a dump, mostly are above all others. */
	if (table->n > 0 && table->items[table->n - 1]->ifindex < link->ifindex)
		place = table->n;
	else
		place = link_table_place(table, link->ifindex);
	if (place < table->n && table->items[place]->ifindex == link->ifindex) {
		*replaced = table->items[place];
		table->items[place] = link;
		return 0;
	}
	ret = array_reserve(&table->items, &table->capacity, table->n + 1, sizeof(link));
	if (ret < 0)
		return ret;
	memmove(&table->items[place + 1], &table->items[place], (table->n - place) * sizeof(link));
	table->items[place] = link;
	table->n++;
	*replaced = NULL;
	return 0;
}

struct link *link_table_take(struct link_table *table, uint32_t ifindex)
{
	struct link *link = link_table_get(table, ifindex);
	size_t place;

	if (!link)
		return NULL;
	place = link_table_place(table, ifindex);
	table->n--;
	memmove(&table->items[place], &table->items[place + 1], (table->n - place) * sizeof(link));
	return link;
}

static int dump_link(const struct nlmsghdr *message, void *context)
{
	struct link_table *table = context;
	struct link *link, *replaced;
	uint32_t ifindex;
	int ret;

	ret = link_parse_ifindex(message, &ifindex);
	if (ret < 0)
		return 0;
	link = malloc(sizeof(*link));
	if (!link)
		return -ENOMEM;
	link_parse_blank(link, ifindex);
	ret = link_parse(message, link);
	if (ret < 0) {
		/* The kernel makes none such; one is no reason to do without all others. */
		log_warning("interface %u left out: malformed message from the kernel", ifindex);
		free(link);
		return 0;
	}
	ret = link_table_put(table, link, &replaced);
	link_table_free_link(ret < 0 ? link : replaced);
	return ret;
}

static void restart_links(void *context)
{
	link_table_clear(context);
}

static int dump_addr(const struct nlmsghdr *message, void *context)
{
	struct link_table *table = context;
	struct link_addr addr;
	struct link *link;
	uint32_t ifindex;

	if (link_parse_addr(message, &ifindex, &addr) < 0)
		return 0;
	/* One that came since the dump of links: its events are on their way. */
	link = link_table_get(table, ifindex);
	return link ? link_append_addr(link, &addr) : 0;
}

static void restart_addrs(void *context)
{
	struct link_table *table = context;
	size_t i;

	for (i = 0; i < table->n; i++)
		link_release(table->items[i]);
}

static void dump_speed(const struct ethtool_speed *speed, void *context)
{
	struct link *link = link_table_get(context, speed->ifindex);

	if (!link)
		return;
	link->speed_mbps = speed->speed_mbps;
	link->duplex = speed->duplex;
}

/* -EINTR is an answer as well, of less worth. */
static int accept_interrupted(int ret, bool *complete)
{
	if (ret != -EINTR)
		return ret;
	*complete = false;
	return 0;
}

int link_table_dump(struct link_table *table, struct netlink *route, struct ethtool *ethtool,
		    bool *complete, struct error *err)
{
	struct netlink_reader links = {dump_link, restart_links, table};
	struct netlink_reader addrs = {dump_addr, restart_addrs, table};
	struct nlmsghdr *request;
	int ret;

	*complete = true;
	request = netlink_start(route, RTM_GETLINK, 0);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	ret = accept_interrupted(netlink_dump(route, "list interfaces", &links, err), complete);
	if (ret < 0)
		return ret;
	request = netlink_start(route, RTM_GETADDR, 0);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
	ret = accept_interrupted(netlink_dump(route, "list addresses", &addrs, err), complete);
	if (ret < 0 || !ethtool)
		return ret;
	return accept_interrupted(ethtool_dump(ethtool, dump_speed, table, err), complete);
}

static int dump_stats(const struct nlmsghdr *message, void *context)
{
	struct rtnl_link_stats64 stats;
	uint32_t ifindex;
	struct link *link;

	if (link_parse_stats(message, &ifindex, &stats) < 0)
		return 0;
	link = link_table_get(context, ifindex);
	if (link)
		link->stats = stats;
	return 0;
}

int link_table_dump_stats(struct link_table *table, struct netlink *route, struct error *err)
{
	struct netlink_reader reader = {.message = dump_stats, .context = table};
	struct if_stats_msg *info;
	struct nlmsghdr *request;
	bool complete;

	request = netlink_start(route, RTM_GETSTATS, 0);
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	/* Interrupted or not, one of the attempts had each interface that is still there. */
	return accept_interrupted(netlink_dump(route, "read interface statistics", &reader, err),
				  &complete);
}

static int ask_link(const struct nlmsghdr *message, void *context)
{
	return link_parse(message, context);
}

int link_table_ask(struct netlink *route, struct link *link)
{
	struct nlmsghdr *request;
	struct ifinfomsg *info;

	request = netlink_start(route, RTM_GETLINK, 0);
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_index = (int)link->ifindex;
	return netlink_talk(route, "look at an interface", ask_link, link, NULL);
}
