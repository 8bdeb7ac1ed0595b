/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * containers: what is behind the interfaces of our network namespace whose other end is in another.
 *
 * Which namespace that is, kernel/netns tells; whose it is, the control groups of its processes
 * (kernel/cgroup_owner), and what it is called, the state of its runtime (kernel/container_names).
 * The best that is known counts: a container; the name that `ip netns` or the like gave the
 * namespace; the systemd service of its processes; one of its processes.
 *
 * All processes are looked at in one go, when an interface with an unknown namespace is asked about,
 * and what was found is kept until the kernel says that the namespace has gone. (Namespaces' ids are
 * used again: without that, a new container would have the name of an old one.) What is known only by
 * its namespace or its processes is looked at again now and then, since a namespace is made, and wired,
 * before there is a container in it; the others every CONTAINERS_WAIT_MAX_NS, since they can be renamed.
 *
 * Seeing the namespaces of other users' processes takes CAP_SYS_PTRACE, root or CAP_NET_ADMIN; without, only
 * mounted ones are known.
 */
#ifndef IFPULSE_KERNEL_CONTAINERS_H
#define IFPULSE_KERNEL_CONTAINERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/container.h"
#include "model/link.h"

/*
 * How long after one look at all processes there may be another: the first, and again once a new
 * namespace is seen; twice as long each time that there was nothing new, up to the longer. A look
 * takes some 6 us a process and 60 us a namespace: 60 ms with 10,000 processes.
 */
#define CONTAINERS_WAIT_MIN_NS (1ULL * 1000 * 1000 * 1000)
#define CONTAINERS_WAIT_MAX_NS (60ULL * 1000 * 1000 * 1000)

struct containers;

/* Opens two sockets of our network namespace; looks at nothing yet. 0 or -errno. */
int containers_new(struct containers **out, struct error *err);
void containers_free(struct containers *containers);

/*
 * NULL where nothing is behind, or where it cannot be told. Valid until the next call. `now_ns` is of
 * any clock that does not go backwards.
 */
const struct container *containers_behind(struct containers *containers, const struct link *link,
					  uint64_t now_ns);

/* The same by what is known already: it never looks. */
const struct container *containers_known(struct containers *containers, const struct link *link);

/*
 * Between the two, what the kernel tells of namespaces is not waited for again with each question: for whoever asks
 * about many interfaces in one go. The first says whether containers_behind() may answer otherwise, now, than it did
 * when the same interfaces were asked about between the two before: something came or went, or it is time for a look.
 */
bool containers_begin(struct containers *containers, uint64_t now_ns);
void containers_end(struct containers *containers);

/*
 * Looks at all processes now, however long ago that was last done. 0, or -errno and what was known
 * stays.
 */
int containers_look(struct containers *containers, uint64_t now_ns);

/*
 * Whether the kernel has told of namespaces that went, or came, since all processes were looked at: what is
 * not known may only be so until the next look.
 */
bool containers_is_behind_news(const struct containers *containers);

/* Whether an interface's other end is in another namespace, so that somebody may be behind. */
bool containers_can_be_behind(const struct link *link);

#endif
