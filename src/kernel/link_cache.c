// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/link_cache.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "kernel/link_parse.h"

static void report(const struct link_cache *cache, const struct link *before,
		   const struct link *after)
{
	if (cache->listener.changed)
		cache->listener.changed(cache->listener.context, before, after);
}

static int note_master(struct link_cache *cache, uint32_t ifindex)
{
	size_t i;
	int ret;

	if (!cache->ethtool)
		return 0;
	for (i = 0; i < cache->n_masters; i++) {
		if (cache->masters[i] == ifindex)
			return 0;
	}
	ret = array_reserve(&cache->masters, &cache->masters_capacity, cache->n_masters + 1,
			    sizeof(ifindex));
	if (ret < 0)
		return ret;
	cache->masters[cache->n_masters++] = ifindex;
	return 0;
}

/* Where speeds or members changed; `before` or `after` may be NULL. */
static int note_masters(struct link_cache *cache, const struct link *before,
			const struct link *after)
{
	int ret = 0;

	if (before && after && before->master == after->master && before->flags == after->flags &&
	    before->speed_mbps == after->speed_mbps)
		return 0;
	if (before && before->master)
		ret = note_master(cache, before->master);
	if (ret == 0 && after && after->master)
		ret = note_master(cache, after->master);
	return ret;
}

static void ask_speed(struct link_cache *cache, struct link *link)
{
	struct ethtool_speed speed = {.duplex = DUPLEX_UNKNOWN};
	int ret;

	if (!cache->ethtool)
		return;
	ret = ethtool_get(cache->ethtool, link->ifindex, &speed);
	/* It goes away, and that is on its way: no need to lose its speed first. */
	if (ret == -ENODEV)
		return;
	link->speed_mbps = speed.speed_mbps;
	link->duplex = speed.duplex;
}

/* Takes `fresh` over as the state of its interface. 0 or -ENOMEM, `fresh` is freed then. */
static int store(struct link_cache *cache, struct link *fresh)
{
	struct link *before = link_table_get(&cache->table, fresh->ifindex);
	bool changed = !before || !link_equal(before, fresh);
	int ret;

	ret = link_table_put(&cache->table, fresh, &before);
	if (ret < 0) {
		link_table_free_link(fresh);
		return ret;
	}
	ret = note_masters(cache, before, fresh);
	if (changed)
		report(cache, before, fresh);
	link_table_free_link(before);
	return ret;
}

static int drop(struct link_cache *cache, uint32_t ifindex)
{
	struct link *gone = link_table_take(&cache->table, ifindex);
	int ret;

	if (!gone)
		return 0;
	ret = note_masters(cache, gone, NULL);
	report(cache, gone, NULL);
	link_table_free_link(gone);
	return ret;
}

/* A copy of what is known of an interface, to be changed and stored; NULL without memory. */
static struct link *draft(const struct link_cache *cache, uint32_t ifindex)
{
	const struct link *known = link_table_get(&cache->table, ifindex);
	struct link *fresh = malloc(sizeof(*fresh));

	if (!fresh)
		return NULL;
	if (!known) {
		link_parse_blank(fresh, ifindex);
	} else if (link_copy(fresh, known) < 0) {
		free(fresh);
		return NULL;
	}
	return fresh;
}

/*
 * When one end of a pair enters or leaves the namespace, nothing tells that the other end's `lower`
 * now is to be read differently (unless its carrier changes).
 */
static int ask_again(struct link_cache *cache, uint32_t ifindex)
{
	struct link *fresh = draft(cache, ifindex);
	int ret;

	if (!fresh)
		return -ENOMEM;
	ret = link_table_ask(cache->route, fresh);
	if (ret == 0)
		return store(cache, fresh);
	link_table_free_link(fresh);
	/* Most pairs go both at once, the other event is on its way. */
	return ret == -ENODEV ? 0 : ret;
}

/* Whether `peer` should point back at `link`, which points at it, and does not. */
static bool is_stale_peer(const struct link *peer, const struct link *link)
{
	return peer && strcmp(peer->kind, link->kind) == 0 && peer->lower == link->ifindex &&
	       peer->lower_netnsid != link->lower_netnsid;
}

static int handle_newlink(struct link_cache *cache, const struct nlmsghdr *message,
			  uint32_t ifindex)
{
	const struct link *known = link_table_get(&cache->table, ifindex);
	struct link *fresh = draft(cache, ifindex);
	uint32_t peer_ifindex = 0;
	int ret;

	if (!fresh)
		return -ENOMEM;
	ret = link_parse(message, fresh);
	if (ret < 0) {
		link_table_free_link(fresh);
		return ret;
	}
	/*
	 * The first end of a veth pair is announced before it has a peer, and not again once it
	 * has. To ask means to wait until the kernel is done making both.
	 */
	if (!known && fresh->lower == 0)
		link_table_ask(cache->route, fresh);
	/* Negotiation ends with a change of carrier, but without a word from ethtool. */
	if (!known || known->flags != fresh->flags || known->operstate != fresh->operstate ||
	    known->carrier != fresh->carrier)
		ask_speed(cache, fresh);
	if (!known && fresh->lower && fresh->lower_netnsid == LINK_NETNSID_NONE &&
	    is_stale_peer(link_table_get(&cache->table, fresh->lower), fresh))
		peer_ifindex = fresh->lower;
	ret = store(cache, fresh);
	if (ret < 0 || !peer_ifindex)
		return ret;
	return ask_again(cache, peer_ifindex);
}

static int handle_dellink(struct link_cache *cache, uint32_t ifindex)
{
	const struct link *gone = link_table_get(&cache->table, ifindex);
	const struct link *peer = NULL;
	uint32_t peer_ifindex = 0;
	int ret;

	if (!gone)
		return 0;
	if (gone->lower && gone->lower_netnsid == LINK_NETNSID_NONE)
		peer = link_table_get(&cache->table, gone->lower);
	if (peer && peer->lower == ifindex)
		peer_ifindex = peer->ifindex;
	ret = drop(cache, ifindex);
	if (ret == 0 && peer_ifindex)
		ret = ask_again(cache, peer_ifindex);
	return ret;
}

static int handle_addr(struct link_cache *cache, const struct nlmsghdr *message)
{
	struct link_addr addr;
	struct link *fresh;
	uint32_t ifindex;
	int ret;

	ret = link_parse_addr(message, &ifindex, &addr);
	if (ret < 0)
		return ret == -ENOMSG ? 0 : ret;
	if (!link_table_get(&cache->table, ifindex))
		return 0;
	fresh = draft(cache, ifindex);
	if (!fresh)
		return -ENOMEM;
	if (message->nlmsg_type == RTM_DELADDR) {
		link_remove_addr(fresh, &addr);
	} else {
		ret = link_put_addr(fresh, &addr);
		if (ret < 0) {
			link_table_free_link(fresh);
			return ret;
		}
	}
	return store(cache, fresh);
}

int link_cache_take_event(struct link_cache *cache, const struct nlmsghdr *message)
{
	uint32_t ifindex;
	int ret;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		ret = link_parse_ifindex(message, &ifindex);
		if (ret < 0)
			return ret == -ENOMSG ? 0 : ret;
		if (message->nlmsg_type == RTM_DELLINK)
			return handle_dellink(cache, ifindex);
		return handle_newlink(cache, message, ifindex);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return handle_addr(cache, message);
	default:
		return 0;
	}
}

int link_cache_take_speed(struct link_cache *cache, const struct ethtool_speed *speed)
{
	struct link *fresh;

	if (!link_table_get(&cache->table, speed->ifindex))
		return 0;
	fresh = draft(cache, speed->ifindex);
	if (!fresh)
		return -ENOMEM;
	fresh->speed_mbps = speed->speed_mbps;
	fresh->duplex = speed->duplex;
	return store(cache, fresh);
}

int link_cache_settle(struct link_cache *cache)
{
	struct link *fresh;
	uint32_t ifindex;
	int ret = 0;
	size_t i;

	/* The list grows while it is walked where a master is itself a member. */
	for (i = 0; i < cache->n_masters && ret == 0; i++) {
		ifindex = cache->masters[i];
		cache->masters[i] = 0;
		if (!link_table_get(&cache->table, ifindex))
			continue;
		fresh = draft(cache, ifindex);
		if (!fresh) {
			ret = -ENOMEM;
			break;
		}
		ask_speed(cache, fresh);
		ret = store(cache, fresh);
	}
	cache->n_masters = 0;
	return ret;
}

int link_cache_merge(struct link_cache *cache, struct link_table *fresh, bool complete)
{
	const struct link *now;
	struct link *known;
	int ret = 0, code;
	size_t i;

	/* First what went: its name may be another's by now. Backwards, as the table shrinks. */
	for (i = cache->table.n; i > 0; i--) {
		known = cache->table.items[i - 1];
		now = link_table_get(fresh, known->ifindex);
		/* Another kind is another interface, with the ifindex of one that is gone. */
		if (now ? strcmp(now->kind, known->kind) == 0 : !complete)
			continue;
		code = drop(cache, known->ifindex);
		if (code < 0)
			ret = code;
	}
	for (i = 0; i < fresh->n; i++) {
		code = store(cache, fresh->items[i]);
		if (code < 0)
			ret = code;
	}
	fresh->n = 0; /* all handed over */
	return ret;
}

void link_cache_clear(struct link_cache *cache)
{
	link_table_clear(&cache->table);
	free(cache->masters);
	memset(cache, 0, sizeof(*cache));
}
