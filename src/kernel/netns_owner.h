/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* netns_owner: whose a network namespace is, by its processes and by the names that it was given. */
#ifndef IFPULSE_KERNEL_NETNS_OWNER_H
#define IFPULSE_KERNEL_NETNS_OWNER_H

#include "kernel/container_names.h"
#include "kernel/netns.h"
#include "model/container.h"

/* From here on it is a container, and a process less or more does not change that. */
#define NETNS_OWNER_SURE CONTAINER_MACHINE

/* The best that is known; kind CONTAINER_UNKNOWN where that is nothing. `ask` as netns_scan() had it. */
void netns_owner_identify(struct container *container, struct netlink *ask,
			  struct container_names *names, const struct netns *netns);

#endif
