// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_id.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

#include "base/array.h"
#include "kernel/netlink_attr.h"

static int take_id(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[NETNSA_NSID + 1];
	int ret;

	if (message->nlmsg_type != RTM_NEWNSID)
		return 0;
	ret = netlink_attr_index(message, sizeof(struct rtgenmsg), attrs, ARRAY_SIZE(attrs));
	if (!ret)
		netlink_attr_u32(attrs[NETNSA_NSID], context);
	return ret;
}

/*
 * RTM_GETNSID by NETNSA_FD, NETNSA_PID or NETNSA_NSID: 0 and the id, NETNS_ID_NONE where there is none; or -errno.
 */
static int ask_nsid(struct netlink *ask, uint16_t attribute, uint32_t value, int32_t *id)
{
	struct nlmsghdr *request = netlink_start(ask, RTM_GETNSID, 0);
	uint32_t told = (uint32_t)NETNS_ID_NONE;
	struct rtgenmsg *header;
	int ret;

	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, attribute, value);
	ret = netlink_talk(ask, "ask for the id of a network namespace", take_id, &told, NULL);
	*id = (int32_t)told;
	return ret;
}

int32_t netns_id_of_fd(struct netlink *ask, int fd)
{
	int32_t id;

	return ask_nsid(ask, NETNSA_FD, (uint32_t)fd, &id) < 0 ? NETNS_ID_NONE : id;
}

int32_t netns_id_of_process(struct netlink *ask, pid_t pid)
{
	int32_t id;

	return ask_nsid(ask, NETNSA_PID, (uint32_t)pid, &id) < 0 ? NETNS_ID_NONE : id;
}

int32_t netns_assign_id(struct netlink *ask, int fd, struct error *err)
{
	struct nlmsghdr *request = netlink_start(ask, RTM_NEWNSID, 0);
	struct rtgenmsg *header;
	int32_t id;
	int ret;

	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)fd);
	ret = netlink_talk(ask, "give a network namespace an id", NULL, NULL, err);
	/* -EEXIST: it has one. */
	if (ret && ret != -EEXIST)
		return ret;
	id = netns_id_of_fd(ask, fd);
	return id >= 0 ? id : error_set(err, -ENOENT, "a network namespace has no id");
}

bool netns_has_id(struct netlink *ask, int32_t id)
{
	int32_t told;
	int ret = ask_nsid(ask, NETNSA_NSID, (uint32_t)id, &told);

	/* Measured on Linux 6.18: -ENOENT where nobody has it. */
	return ret ? ret != -ENOENT : told >= 0;
}

int32_t netns_id_elsewhere(struct netlink *ask, int32_t elsewhere, int32_t id, int fd)
{
	struct nlmsghdr *request = netlink_start(ask, RTM_GETNSID, 0);
	uint32_t told = (uint32_t)NETNS_ID_NONE;
	struct rtgenmsg *header;

	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, NETNSA_TARGET_NSID, (uint32_t)elsewhere);
	if (fd >= 0)
		mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)fd);
	else
		mnl_attr_put_u32(request, NETNSA_NSID, (uint32_t)id);
	if (netlink_talk(ask, "ask for an id in another network namespace", take_id, &told, NULL))
		return NETNS_ID_NONE;
	return (int32_t)told;
}
