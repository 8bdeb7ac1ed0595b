/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns_events: hears what happens in the network namespaces that have an id in ours, and what hints at new
 * ones: ids given by somebody (RTM_NEWNSID) and files that appear where namespaces are mounted.
 */
#ifndef IFPULSE_KERNEL_NETNS_EVENTS_H
#define IFPULSE_KERNEL_NETNS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct netns_events;

/* `id` is of the namespace in ours. */
struct netns_events_listener {
	void (*changed)(void *context, int32_t id); /* a link or an address in it */
	void (*came)(void *context, int32_t id);    /* it has this id from now on */
	void (*went)(void *context, int32_t id);    /* it is no more */
	void (*hinted)(void *context);              /* there may be new ones */
	void *context;
};

/* `listener` is copied. 0 or -errno. */
int netns_events_new(struct netns_events **out, const struct netns_events_listener *listener,
		     struct error *err);
void netns_events_free(struct netns_events *events);

/* An epoll fd that is readable when there are events. */
int netns_events_fd(const struct netns_events *events);

/* Takes those that are there, at most some dozens; false: some were lost, and what is queued thrown away. */
bool netns_events_take(struct netns_events *events);

#endif
