/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netlink: one netlink socket and its buffers, a thin layer over libmnl.
 *
 * A socket either asks (netlink_new(): requests and dumps, blocking, one at a time) or listens
 * (netlink_new_listener(): multicast events, never blocking). Mixing both on one socket would let
 * an event overflow eat an answer. A socket belongs to the network namespace it was opened in, for
 * good, and to one thread. All sockets are close-on-exec.
 *
 * To ask: netlink_start(), put the family's header (mnl_nlmsg_put_extra_header()) and attributes
 * (mnl_attr_put_…()) into what it returns, then netlink_talk() or netlink_dump().
 *
 * Errors: 0 or a negative errno; those of the kernel are passed on unchanged (-ENODEV, -EPERM, …),
 * and the kernel's own words (NLMSGERR_ATTR_MSG) end up in the sentence.
 *
 * Kernel facts are those of net/netlink/af_netlink.c and
 * Documentation/userspace-api/netlink/intro.rst.
 */
#ifndef IFPULSE_KERNEL_NETLINK_H
#define IFPULSE_KERNEL_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Room for a request, its header included. */
#define NETLINK_REQUEST_SIZE 4096

struct netlink;

/* `protocol` is NETLINK_ROUTE, NETLINK_GENERIC, … */
int netlink_new(struct netlink **out, int protocol, struct error *err);

/*
 * `receive_bytes` is how much the kernel may queue before it drops events; without CAP_NET_ADMIN it
 * is cut to net.core.rmem_max, silently as events that were lost are told in any case.
 */
int netlink_new_listener(struct netlink **out, int protocol, size_t receive_bytes,
			 struct error *err);
void netlink_free(struct netlink *nl);
int netlink_fd(const struct netlink *nl);

/* Adds a multicast group: RTNLGRP_*, or one that netlink_genl_family() found. */
int netlink_join(struct netlink *nl, uint32_t group, struct error *err);

/*
 * Takes one message. The message ends with the call. A handler must not use the socket it is called
 * for. Its first negative return is what the function that called it returns; no message of that
 * answer is handed over afterwards.
 */
typedef int (*netlink_handler)(const struct nlmsghdr *message, void *context);

/* An empty request in the socket's own buffer, which the next netlink_start() reuses. */
struct nlmsghdr *netlink_start(struct netlink *nl, uint16_t type, uint16_t flags);

/* The same for generic netlink, with the genlmsghdr in place. */
struct nlmsghdr *netlink_genl_start(struct netlink *nl, uint16_t family, uint8_t command,
				    uint16_t flags);

/*
 * Sends what was started and reads up to the acknowledgement; messages before it go to `handler`
 * (NULL where none are wanted). `what` completes "cannot …" in the error: "list interfaces".
 */
int netlink_talk(struct netlink *nl, const char *what, netlink_handler handler, void *context,
		 struct error *err);

struct netlink_reader {
	netlink_handler message;
	/* The messages so far do not count, they come again. NULL where that does no harm. */
	void (*restart)(void *context);
	void *context;
};

/*
 * The same for a dump. One that the kernel calls inconsistent (NLM_F_DUMP_INTR) or that fails for a
 * passing reason is made again, a few times; if it never was consistent, -EINTR is returned and
 * what the handler saw since the last restart is a whole dump, in which entries may be missing or
 * double.
 */
int netlink_dump(struct netlink *nl, const char *what, const struct netlink_reader *reader,
		 struct error *err);

/* Dumps that were inconsistent so far. */
uint64_t netlink_interrupted(const struct netlink *nl);

/*
 * Hands over every event that is there, without blocking. Sets *lost, and never clears it, when
 * events were dropped before or between those handed over. An error of the handler does not end the
 * reading but is returned. The number of datagrams read in one call is bounded, so that a storm
 * does not starve the caller: a level-triggered poll brings it back.
 */
int netlink_receive(struct netlink *nl, netlink_handler handler, void *context, bool *lost);

/*
 * A listener also gets events of other namespaces from now on: of those that have an id in that of the socket, and
 * over which the caller has CAP_NET_BROADCAST (Linux 4.2). While a handler is called, netlink_nsid() says
 * which one the message came from; NETLINK_NSID_OWN for the socket's own. 0 or -errno.
 */
#define NETLINK_NSID_OWN (-1)
int netlink_listen_everywhere(struct netlink *nl, struct error *err);
int32_t netlink_nsid(const struct netlink *nl);

/*
 * Throws away what is queued. Before the whole state is read afresh after a loss: what is queued then is older
 * than that state and would be taken for news.
 */
void netlink_discard(struct netlink *nl);

/*
 * Looks up a generic netlink family and, where `group_name` is not NULL, one of its multicast
 * groups, over an asking NETLINK_GENERIC socket. -ENOENT where the kernel has none such.
 */
int netlink_genl_family(struct netlink *nl, const char *name, const char *group_name, uint16_t *id,
			uint32_t *group, struct error *err);

#endif
