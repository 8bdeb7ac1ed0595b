/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* own_netns: a user and a network namespace of the test's own, which takes no root. */
#ifndef IFPULSE_TESTS_UNIT_OWN_NETNS_H
#define IFPULSE_TESTS_UNIT_OWN_NETNS_H

#include "tests/unit/support.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>

#include "kernel/netlink.h"

static inline void own_netns_write(const char *path, const char *format, unsigned int id)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return;
	fprintf(file, format, id);
	fclose(file);
}

/* False where that is not allowed, which is told. */
static inline bool own_netns_enter(void)
{
	unsigned int uid = geteuid(), gid = getegid();

	if (unshare(uid ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET)) {
		fprintf(stderr, "# no namespaces here: %s\n", strerror(errno));
		return false;
	}
	if (uid) {
		own_netns_write("/proc/self/setgroups", "deny", 0);
		own_netns_write("/proc/self/uid_map", "0 %u 1\n", uid);
		own_netns_write("/proc/self/gid_map", "0 %u 1\n", gid);
	}
	return true;
}

/*
 * Gives the namespace of a process an id, as `ip netns set` does: no interface is needed. Whether the privilege
 * lasts is only known when it is used.
 */
static inline bool own_netns_give_id(struct netlink *netlink, pid_t pid, int32_t id)
{
	struct nlmsghdr *request = netlink_start(netlink, RTM_NEWNSID, 0);
	struct rtgenmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));

	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, NETNSA_PID, (uint32_t)pid);
	mnl_attr_put_u32(request, NETNSA_NSID, (uint32_t)id);
	return !netlink_talk(netlink, "give an id", NULL, NULL, NULL);
}

static inline void own_netns_skip(void **state)
{
	(void)state;
	skip();
}

#endif
