/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns_id: the ids that other network namespaces have in ours (RTM_GETNSID, RTM_NEWNSID: net/core/net_namespace.c).
 * `ask` is a NETLINK_ROUTE socket of our namespace. Asking takes no privilege.
 */
#ifndef IFPULSE_KERNEL_NETNS_ID_H
#define IFPULSE_KERNEL_NETNS_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/netlink.h"

#define NETNS_ID_NONE (-1)

/* NETNS_ID_NONE where it has none, or there is no such process in our PID namespace. */
int32_t netns_id_of_fd(struct netlink *ask, int fd);
int32_t netns_id_of_process(struct netlink *ask, pid_t pid);

/* Gives it an id in our namespace, if it has none. `fd` is its own. The id or -errno. */
int32_t netns_assign_id(struct netlink *ask, int fd, struct error *err);

/*
 * The id that a namespace has in another, which has the id `elsewhere` in ours: the one of `fd` or, if that is
 * negative, the one with `id` in ours. NETNS_ID_NONE: none, or before Linux 5.0.
 */
int32_t netns_id_elsewhere(struct netlink *ask, int32_t elsewhere, int32_t id, int fd);

/* Whether the id is somebody's in our namespace: true also where the kernel does not say. */
bool netns_has_id(struct netlink *ask, int32_t id);

#endif
