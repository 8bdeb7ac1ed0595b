/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: every interface of the network namespace, kept current by rtnetlink and ethtool netlink.
 *
 * One rtnetlink socket and one generic netlink socket listen for events; another of each asks. All
 * of it is one thread's, driven by links_dispatch() whenever links_fd() is readable. The cache
 * owns its `struct link`s: pointers handed out live until the next links_dispatch(), links_refresh()
 * or links_free().
 *
 * Overflow. When an event socket reports ENOBUFS, or a dump says NLM_F_DUMP_INTR, events were
 * lost: the whole state is dumped afresh (bounded retries) and compared with the cache, and the
 * difference is reported as if the events had come. What cannot be seen that way is an interface
 * deleted and made again with the same ifindex and the same looks; so `resynced` is called, and the
 * owner checks what it attached.
 */
#ifndef IFPULSE_KERNEL_LINKS_H
#define IFPULSE_KERNEL_LINKS_H

#include <stdint.h>

#include "base/error.h"
#include "model/link.h"

struct links;

struct links_listener {
	/*
	 * One change of one interface: `before` is NULL for a new one, `after` is NULL for one that
	 * went away (deleted, or moved to another namespace). The cache already holds `after`. Only
	 * called when something other than `stats` differs. Both pointers end with the call.
	 */
	void (*changed)(void *context, const struct link *before, const struct link *after);
	/* After every resync, when its differences have been reported. May be NULL. */
	void (*resynced)(void *context);
	void *context;
};

struct links_losses {
	uint64_t overflows; /* event sockets that reported lost events */
	uint64_t resyncs;   /* full dumps made because of it */
	uint64_t interrupted_dumps;
};

/*
 * Opens the sockets, subscribes, then dumps links, addresses and speeds, so that nothing falls in
 * between. `listener` (copied; NULL for a one-shot look) is not called for what is there at the
 * start: walk it with links_next(). Works without privilege. Where the kernel has no ethtool netlink
 * speeds stay unknown. 0 or -errno.
 */
int links_new(struct links **out, const struct links_listener *listener, struct error *err);
void links_free(struct links *links);

/*
 * The same of another namespace, from within it (kernel/netns_visit.h): dumps what is there and holds
 * nothing open, which would keep the namespace alive. links_revisit(), from within it again, reports what has
 * changed since and calls `resynced`. There is no links_fd() then. 0 or -errno.
 */
int links_new_elsewhere(struct links **out, const struct links_listener *listener,
			struct error *err);
int links_revisit(struct links *links, struct error *err);

/* An epoll fd that is readable when links_dispatch() has something to do. */
int links_fd(const struct links *links);

/*
 * Takes in the events that are there, without waiting for more: at most some dozens in one call, so
 * that a storm of them does not starve the caller's loop (links_fd() stays readable). 0, or
 * -errno when a resync failed; it is tried again some time later.
 */
int links_dispatch(struct links *links, struct error *err);

/*
 * Refreshes `stats` of every interface with one dump; calls no listener. Those of another namespace from within
 * it. 0 or -errno.
 */
int links_refresh_stats(struct links *links, struct error *err);

/* NULL where there is none. */
const struct link *links_get(const struct links *links, uint32_t ifindex);
const struct link *links_find(const struct links *links, const char *ifname);

/* In order of ifindex: NULL gives the first; NULL after the last. */
const struct link *links_next(const struct links *links, const struct link *previous);
#define links_for_each(item, links)                                   \
	for (const struct link *item = links_next(links, NULL); item; \
	     item = links_next(links, item))

struct links_losses links_losses(const struct links *links);

#endif
