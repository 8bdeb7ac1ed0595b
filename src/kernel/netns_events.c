// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_events.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/array.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"
#include "kernel/netns.h"

/* As for the events of links: a host can make thousands of interfaces in one go. */
#define EVENT_BYTES (32 * 1024 * 1024)

struct netns_events {
	struct netns_events_listener listener;
	struct netlink *netlink;
	int inotify_fd, epoll_fd;
};

static void take_nsid(struct netns_events *events, const struct nlmsghdr *message)
{
	const struct netns_events_listener *listener = &events->listener;
	const struct nlattr *attrs[NETNSA_NSID + 1];
	uint32_t id;

	/* Another namespace has given an id: perhaps to one that is new to us, too. */
	if (netlink_nsid(events->netlink) != NETLINK_NSID_OWN) {
		listener->hinted(listener->context);
		return;
	}
	if (netlink_attr_index(message, sizeof(struct rtgenmsg), attrs, ARRAY_SIZE(attrs)) ||
	    !netlink_attr_u32(attrs[NETNSA_NSID], &id))
		return;
	if (message->nlmsg_type == RTM_NEWNSID)
		listener->came(listener->context, (int32_t)id);
	else
		listener->went(listener->context, (int32_t)id);
}

static int take_event(const struct nlmsghdr *message, void *context)
{
	struct netns_events *events = context;
	int32_t id = netlink_nsid(events->netlink);

	switch (message->nlmsg_type) {
	case RTM_NEWNSID:
	case RTM_DELNSID:
		take_nsid(events, message);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (id != NETLINK_NSID_OWN)
			events->listener.changed(events->listener.context, id);
		break;
	}
	return 0;
}

bool netns_events_take(struct netns_events *events)
{
	bool lost = false;
	char buffer[4096];

	while (read(events->inotify_fd, buffer, sizeof(buffer)) > 0)
		events->listener.hinted(events->listener.context);
	if (netlink_receive(events->netlink, take_event, events, &lost) < 0)
		lost = true;
	if (lost)
		netlink_discard(events->netlink);
	return !lost;
}

static int watch(const struct netns_events *events, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_netlink(struct netns_events *events, struct error *err)
{
	static const uint32_t groups[] = {RTNLGRP_NSID, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
					  RTNLGRP_IPV6_IFADDR};
	size_t i;
	int ret;

	ret = netlink_new_listener(&events->netlink, NETLINK_ROUTE, EVENT_BYTES, err);
	if (!ret)
		ret = netlink_listen_everywhere(events->netlink, err);
	for (i = 0; i < ARRAY_SIZE(groups) && !ret; i++)
		ret = netlink_join(events->netlink, groups[i], err);
	return ret;
}

static int open_descriptors(struct netns_events *events, struct error *err)
{
	size_t i;
	int ret;

	events->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (events->inotify_fd < 0 || events->epoll_fd < 0)
		return error_errno(err, -errno, "cannot wait for network namespaces");
	/* A directory that is not there is no loss: it is looked into now and then. */
	for (i = 0; netns_places[i]; i++)
		inotify_add_watch(events->inotify_fd, netns_places[i], IN_CREATE | IN_MOVED_TO);
	ret = watch(events, events->inotify_fd);
	if (!ret)
		ret = watch(events, netlink_fd(events->netlink));
	return ret ? error_errno(err, ret, "cannot wait for network namespaces") : 0;
}

int netns_events_new(struct netns_events **out, const struct netns_events_listener *listener,
		     struct error *err)
{
	struct netns_events *events = calloc(1, sizeof(*events));
	int ret;

	if (!events)
		return error_errno(err, -ENOMEM, "cannot look for network namespaces");
	events->listener = *listener;
	events->inotify_fd = -1;
	events->epoll_fd = -1;
	ret = open_netlink(events, err);
	if (!ret)
		ret = open_descriptors(events, err);
	if (ret) {
		netns_events_free(events);
		return ret;
	}
	*out = events;
	return 0;
}

void netns_events_free(struct netns_events *events)
{
	if (!events)
		return;
	netlink_free(events->netlink);
	if (events->inotify_fd >= 0)
		close(events->inotify_fd);
	if (events->epoll_fd >= 0)
		close(events->epoll_fd);
	free(events);
}

int netns_events_fd(const struct netns_events *events)
{
	return events->epoll_fd;
}
