// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/links.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/ethtool.h"
#include "kernel/link_cache.h"
#include "kernel/link_table.h"
#include "kernel/netlink.h"

/*
 * A container host can make and delete thousands of interfaces in one go, at some 2 to 4 KiB an
 * event. The memory is taken only while events queue up.
 */
#define EVENT_BYTES (32 * 1024 * 1024)

/* Resyncs in one links_dispatch(), and the pause before the next if that was not enough. */
#define RESYNC_ROUNDS 3
#define RESYNC_PAUSE_MS 200
#define RESYNC_PAUSE_MAX_MS 6400

struct links {
	struct netlink *events;
	struct netlink *route;   /* asks */
	struct ethtool *ethtool; /* NULL where the kernel has none */
	int epoll_fd;
	int timer_fd; /* the pause before another resync */
	uint64_t pause_ms;
	struct link_cache cache;
	bool stale; /* an event is lost, or could not be taken in */
	struct links_losses losses;
};

/* Dumps of many interfaces keep everything else waiting: longer pauses where they do not help. */
static void resync_later(struct links *links)
{
	const struct itimerspec pause = {
		.it_value.tv_sec = (time_t)(links->pause_ms / 1000),
		.it_value.tv_nsec = (long)(links->pause_ms % 1000 * NSEC_PER_MSEC),
	};

	timerfd_settime(links->timer_fd, 0, &pause, NULL);
	if (links->pause_ms < RESYNC_PAUSE_MAX_MS)
		links->pause_ms *= 2;
}

/* Reads all of it afresh; *complete is set if that could be done. */
static int read_afresh(struct links *links, bool *complete, struct error *err)
{
	struct link_table fresh = {0};
	int ret = link_table_dump(&fresh, links->route, links->ethtool, complete, err);

	if (ret == 0) {
		ret = link_cache_merge(&links->cache, &fresh, *complete);
		if (ret < 0)
			error_errno(err, ret, "cannot take in the list of interfaces");
	}
	link_table_clear(&fresh);
	return ret;
}

static int resync(struct links *links, struct error *err)
{
	bool complete;
	int ret;

	links->stale = false;
	links->losses.resyncs++;
	netlink_discard(links->events);
	ret = read_afresh(links, &complete, err);
	if (ret < 0 || !complete)
		resync_later(links);
	else
		links->pause_ms = RESYNC_PAUSE_MS;
	if (ret == 0 && links->cache.listener.resynced)
		links->cache.listener.resynced(links->cache.listener.context);
	return ret;
}

static int handle_event(const struct nlmsghdr *message, void *context)
{
	struct links *links = context;

	return link_cache_take_event(&links->cache, message);
}

static void handle_speed(const struct ethtool_speed *speed, void *context)
{
	struct links *links = context;

	if (link_cache_take_speed(&links->cache, speed) < 0)
		links->stale = true;
}

/* Everything that waits on the event sockets; links->stale afterwards: that was not everything. */
static int take_events(struct links *links, struct error *err)
{
	bool lost = false, speeds_lost = false;
	uint64_t expirations;
	int ret;

	if (read(links->timer_fd, &expirations, sizeof(expirations)) > 0)
		links->stale = true;
	ret = netlink_receive(links->events, handle_event, links, &lost);
	if (ret == 0 && links->ethtool)
		ret = ethtool_dispatch(links->ethtool, handle_speed, links, &speeds_lost);
	if (ret == -EBADF || ret == -ENOTSOCK)
		return error_errno(err, ret, "cannot receive interface events");
	if (ret == 0)
		ret = link_cache_settle(&links->cache);
	links->losses.overflows += lost + speeds_lost;
	if (ret < 0)
		log_debug("interface event not taken in: %s", strerror(-ret));
	if (ret < 0 || lost || speeds_lost)
		links->stale = true;
	return 0;
}

int links_dispatch(struct links *links, struct error *err)
{
	int ret, round;

	for (round = 0; round < RESYNC_ROUNDS; round++) {
		ret = take_events(links, err);
		if (ret < 0 || !links->stale)
			return ret;
		ret = resync(links, err);
		if (ret < 0)
			return ret;
	}
	/* Events come faster than the whole can be looked at: let them, for a while. */
	resync_later(links);
	return 0;
}

static int open_ethtool(struct links *links, struct error *err)
{
	int ret = ethtool_new(&links->ethtool, err);

	if (ret == -ENOENT || ret == -EPROTONOSUPPORT || ret == -EOPNOTSUPP) {
		log_debug("no ethtool netlink (kernel 5.6 or later): speeds are unknown");
		return 0;
	}
	return ret;
}

static int open_sockets(struct links *links, struct error *err)
{
	static const uint32_t groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
	size_t i;
	int ret;

	ret = netlink_new(&links->route, NETLINK_ROUTE, err);
	if (ret < 0)
		return ret;
	ret = netlink_new_listener(&links->events, NETLINK_ROUTE, EVENT_BYTES, err);
	for (i = 0; i < ARRAY_SIZE(groups) && ret == 0; i++)
		ret = netlink_join(links->events, groups[i], err);
	if (ret < 0)
		return ret;
	return open_ethtool(links, err);
}

static int watch(const struct links *links, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(links->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_epoll(struct links *links, struct error *err)
{
	int ret;

	links->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (links->epoll_fd < 0)
		return error_errno(err, -errno, "cannot wait for interface events");
	links->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (links->timer_fd < 0)
		return error_errno(err, -errno, "cannot wait for interface events");
	ret = watch(links, netlink_fd(links->events));
	if (ret == 0)
		ret = watch(links, links->timer_fd);
	if (ret == 0 && links->ethtool)
		ret = watch(links, ethtool_fd(links->ethtool));
	return ret < 0 ? error_errno(err, ret, "cannot wait for interface events") : 0;
}

int links_new(struct links **out, const struct links_listener *listener, struct error *err)
{
	struct links *links;
	bool complete;
	int ret;

	links = calloc(1, sizeof(*links));
	if (!links)
		return error_errno(err, -ENOMEM, "cannot list interfaces");
	links->epoll_fd = -1;
	links->timer_fd = -1;
	links->pause_ms = RESYNC_PAUSE_MS;
	ret = open_sockets(links, err);
	if (ret < 0)
		goto out;
	ret = open_epoll(links, err);
	if (ret < 0)
		goto out;
	links->cache.route = links->route;
	links->cache.ethtool = links->ethtool;
	ret = link_table_dump(&links->cache.table, links->route, links->ethtool, &complete, err);
	if (ret < 0)
		goto out;
	if (!complete)
		resync_later(links);
	/* From here on: what is there at the start is no change. */
	if (listener)
		links->cache.listener = *listener;
	*out = links;
	return 0;
out:
	links_free(links);
	return ret;
}

/* --- another namespace --- */

static void close_visit(struct links *links)
{
	netlink_free(links->route);
	ethtool_free(links->ethtool);
	links->route = NULL;
	links->ethtool = NULL;
}

static int open_visit(struct links *links, struct error *err)
{
	int ret = netlink_new(&links->route, NETLINK_ROUTE, err);

	if (ret == 0)
		ret = open_ethtool(links, err);
	if (ret < 0)
		close_visit(links);
	return ret;
}

int links_new_elsewhere(struct links **out, const struct links_listener *listener,
			struct error *err)
{
	struct links *links = calloc(1, sizeof(*links));
	bool complete;
	int ret;

	if (!links)
		return error_errno(err, -ENOMEM, "cannot list interfaces");
	links->epoll_fd = -1;
	links->timer_fd = -1;
	ret = open_visit(links, err);
	if (ret == 0)
		ret = read_afresh(links, &complete, err);
	close_visit(links);
	if (ret < 0) {
		links_free(links);
		return ret;
	}
	if (listener)
		links->cache.listener = *listener;
	*out = links;
	return 0;
}

int links_revisit(struct links *links, struct error *err)
{
	int ret = open_visit(links, err);
	bool complete;

	if (ret < 0)
		return ret;
	ret = read_afresh(links, &complete, err);
	close_visit(links);
	if (ret == 0 && links->cache.listener.resynced)
		links->cache.listener.resynced(links->cache.listener.context);
	return ret;
}

void links_free(struct links *links)
{
	if (!links)
		return;
	netlink_free(links->events);
	netlink_free(links->route);
	ethtool_free(links->ethtool);
	if (links->timer_fd >= 0)
		close(links->timer_fd);
	if (links->epoll_fd >= 0)
		close(links->epoll_fd);
	link_cache_clear(&links->cache);
	free(links);
}

int links_fd(const struct links *links)
{
	return links->epoll_fd;
}

int links_refresh_stats(struct links *links, struct error *err)
{
	int ret;

	if (links->route)
		return link_table_dump_stats(&links->cache.table, links->route, err);
	ret = netlink_new(&links->route, NETLINK_ROUTE, err);
	if (ret == 0)
		ret = link_table_dump_stats(&links->cache.table, links->route, err);
	close_visit(links);
	return ret;
}

const struct link *links_get(const struct links *links, uint32_t ifindex)
{
	return link_table_get(&links->cache.table, ifindex);
}

const struct link *links_find(const struct links *links, const char *ifname)
{
	size_t i;

	for (i = 0; i < links->cache.table.n; i++) {
		if (strcmp(links->cache.table.items[i]->ifname, ifname) == 0)
			return links->cache.table.items[i];
	}
	return NULL;
}

const struct link *links_next(const struct links *links, const struct link *previous)
{
	size_t place = previous ? link_table_place(&links->cache.table, previous->ifindex + 1) : 0;

	return place < links->cache.table.n ? links->cache.table.items[place] : NULL;
}

struct links_losses links_losses(const struct links *links)
{
	struct links_losses losses = links->losses;

	if (!links->route)
		return losses;
	losses.interrupted_dumps = netlink_interrupted(links->route);
	if (links->ethtool)
		losses.interrupted_dumps += ethtool_interrupted(links->ethtool);
	return losses;
}
