// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/filter_events.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernel/clsact.h"
#include "kernel/netlink.h"

/* To attach to a thousand interfaces is three thousand events at once. Taken only while they queue up. */
#define EVENT_BYTES (8 * 1024 * 1024)

struct filter_events {
	struct netlink *listener;
	filter_events_fn fn;
	void *context;
};

int filter_events_new(struct filter_events **out, filter_events_fn fn, void *context,
		      struct error *err)
{
	struct filter_events *events = calloc(1, sizeof(*events));
	int ret;

	if (!events)
		return error_errno(err, -ENOMEM, "cannot listen to changes of filters");
	events->fn = fn;
	events->context = context;
	ret = netlink_new_listener(&events->listener, NETLINK_ROUTE, EVENT_BYTES, err);
	if (!ret)
		ret = netlink_join(events->listener, RTNLGRP_TC, err);
	if (ret) {
		filter_events_free(events);
		return ret;
	}
	*out = events;
	return 0;
}

void filter_events_free(struct filter_events *events)
{
	if (!events)
		return;
	netlink_free(events->listener);
	free(events);
}

int filter_events_fd(const struct filter_events *events)
{
	return netlink_fd(events->listener);
}

static int take_event(const struct nlmsghdr *message, void *context)
{
	const struct filter_events *events = context;
	uint32_t ifindex = clsact_concerned(message);

	if (ifindex)
		events->fn(events->context, ifindex);
	return 0;
}

void filter_events_dispatch(struct filter_events *events)
{
	bool lost = false;

	if (netlink_receive(events->listener, take_event, events, &lost) < 0 || lost)
		events->fn(events->context, 0);
}
