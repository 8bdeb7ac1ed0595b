/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns_visit: being in another network namespace for a moment.
 *
 * Sockets, and the interfaces that an ifindex means, are those of the namespace that the thread is in. Whoever
 * holds a socket or a file descriptor of a namespace keeps it alive, with all its interfaces, after everybody
 * else has left; so nothing is kept open between visits.
 */
#ifndef IFPULSE_KERNEL_NETNS_VISIT_H
#define IFPULSE_KERNEL_NETNS_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What tells a namespace from all others; see struct netns_ifindex in include/probe_abi.h. */
bool netns_has_cookies(void);
/* Of the one that the thread is in; 0: cannot be told. */
uint64_t netns_key(void);

/*
 * A namespace by its path, if that is what is there: `ip netns` makes a plain file first, and anything
 * may lie in a directory. The fd and its inode number, or -errno.
 */
int netns_open(const char *path, uint64_t *inum);

/*
 * Goes to the namespace of `fd`, which may be closed then, and back by netns_leave(). `home_fd` is the
 * caller's for as long as it wants to come back. 0 or -errno: -EPERM without CAP_SYS_ADMIN there.
 */
int netns_enter(int fd, struct error *err);
/* There is nothing to be done without: it ends the process if the kernel refuses. */
void netns_leave(int home_fd);

/* Our own; for netns_leave(). The fd or -errno. */
int netns_open_own(struct error *err);

#endif
