/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns: the other network namespaces, with the ids that they have in ours.
 *
 * An interface whose other end is elsewhere tells an id (IFLA_LINK_NETNSID), which only our
 * namespace knows; the kernel tells the id of a namespace that it is shown (RTM_GETNSID), not
 * the namespace of an id. So all that can be seen are shown to it: those of the processes in /proc, and
 * those that are mounted where `ip netns`, podman, CNI plugins and Docker do so. None is entered, and
 * none is kept open, which would keep it alive. Asking assigns no ids.
 *
 * The link /proc/<pid>/ns/net of a process that may do more than we is not ours to read without CAP_SYS_PTRACE
 * (ptrace(2), PTRACE_MODE_READ_FSCREDS). To root, or with CAP_NET_ADMIN, such a process is shown by its pid instead,
 * and what has an id is known by that alone: enough to tell who is behind an interface, not to go there.
 *
 * The namespace of the first process of our PID namespace is nobody's: it is shared by the host and by all
 * containers on the host's network.
 */
#ifndef IFPULSE_KERNEL_NETNS_H
#define IFPULSE_KERNEL_NETNS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/netlink.h"
#include "kernel/netns_id.h"

/* Of a namespace with more processes, those of the lowest pids are told. */
#define NETNS_PIDS_MAX 8

/* The directories in which namespaces are mounted, the better names first; ended by NULL. */
extern const char *const netns_places[];

struct netns {
	uint64_t inum; /* inode number of /proc/<pid>/ns/net; 0: that is not ours to read */
	int32_t id;    /* in our namespace; NETNS_ID_NONE */
	pid_t pids[NETNS_PIDS_MAX];
	size_t n_pids;
	char name[NAME_MAX + 1]; /* in /run/netns or the like; empty: none */
	bool is_hosts;           /* of the first process, and not ours */
};

/*
 * Hands over each but our own, until the handler returns a negative errno. `ask` is a
 * NETLINK_ROUTE socket of our namespace, which the handler may use, too. What may not be seen, for want
 * of privilege, is left out. 0 or -errno.
 */
typedef int (*netns_handler)(const struct netns *netns, void *context);
int netns_scan(struct netlink *ask, netns_handler handler, void *context);

/* Whether a process is in it. */
bool netns_has_process(struct netlink *ask, const struct netns *netns, pid_t pid);

/* Whether one of the names in /run/netns or the like is of our own, which netns_scan() leaves out. */
bool netns_is_own_name(const char *name);

/* Opens it again; the fd, or -ENOENT where none of the places where it was seen leads to it any more. */
int netns_reopen(const struct netns *netns);

#endif
