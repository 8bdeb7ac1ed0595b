/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * namespaces: the network namespaces beside our own that are asked for, found and lost while we run.
 *
 * Each is given an id in ours (RTM_NEWNSID), so that one rtnetlink socket here hears the events of all of
 * them (NETLINK_LISTEN_ALL_NSID) and of their end (RTM_DELNSID, also Linux 4.2); `ip netns list-id` shows such
 * ids. Nothing that belongs to a namespace is held open, since it would keep the namespace alive: what
 * there is to do in one is done in a visit. New ones are looked for among all processes and mounted
 * names (kernel/netns): soon where something says that there is one (an id given by somebody, or a file in
 * /run/netns), else every now and then, at most 2 % of a CPU. A namespace that is without processes and
 * names, held by a descriptor of somebody, can no longer be visited; its interfaces stay as they are.
 *
 * One thread's, driven by namespaces_dispatch() whenever namespaces_fd() is readable.
 */
#ifndef IFPULSE_KERNEL_NAMESPACES_H
#define IFPULSE_KERNEL_NAMESPACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/container.h"
#include "model/netns_name.h"
#include "model/select.h"

struct namespaces;

/* One of them; owned by `namespaces`, and valid until `lost` has been called for it. */
struct namespace
{
	uint64_t key;  /* netns_key() */
	uint64_t inum; /* inode number of /proc/<pid>/ns/net */
	char name[NETNS_NAME_SIZE];
	struct container container; /* whose it is; kind CONTAINER_UNKNOWN */
	void *user;                 /* the listener's */
};

/* None of these may call functions of `namespaces`. */
struct namespaces_listener {
	/* A new one; called from within it. */
	void (*found)(void *context, struct namespace *ns);
	/* Something in it has changed, or events were lost; called from within it. */
	void (*changed)(void *context, struct namespace *ns);
	/* It has another name, or somebody has moved in. */
	void (*renamed)(void *context, struct namespace *ns);
	/* It is no more. */
	void (*lost)(void *context, struct namespace *ns);
	void *context;
};

/*
 * Looks for the namespaces that there are, and calls `found` for those that match. `selection` is borrowed, the
 * listener copied. 0 or -errno: -ENODEV when a literal one does not exist.
 */
int namespaces_new(struct namespaces **out, const struct selection *selection,
		   const struct namespaces_listener *listener, struct error *err);
/* Calls nobody. NULL-safe. */
void namespaces_free(struct namespaces *namespaces);

/* An epoll fd that is readable when namespaces_dispatch() has something to do. */
int namespaces_fd(const struct namespaces *namespaces);
void namespaces_dispatch(struct namespaces *namespaces);

/*
 * Goes into it, and back by namespaces_leave(). 0, or -errno where it cannot be visited (any more), which is
 * no failure to be told.
 */
int namespaces_enter(struct namespaces *namespaces, const struct namespace *ns);
void namespaces_leave(struct namespaces *namespaces);

/*
 * Whether `id`, as an interface in `in` tells it (IFLA_LINK_NETNSID), is that of `whose`; NULL for either is our
 * own.
 */
bool namespaces_is_id_of(struct namespaces *namespaces, const struct namespace *in, int32_t id,
			 const struct namespace *whose);

/* Times that events were lost; each time everything was looked at afresh. */
uint64_t namespaces_overflows(const struct namespaces *namespaces);

#endif
