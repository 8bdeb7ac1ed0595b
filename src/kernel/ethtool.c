// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>

#include "base/array.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"

/* Settings are made by people and by daemons at boot: few and small messages. */
#define EVENT_BYTES (1024 * 1024)

struct ethtool {
	struct netlink *ask;
	struct netlink *events;
	uint16_t family;
};

struct ethtool_sink {
	ethtool_handler handler;
	void *context;
};

int ethtool_new(struct ethtool **out, struct error *err)
{
	struct ethtool *ethtool;
	uint32_t group;
	int ret;

	ethtool = calloc(1, sizeof(*ethtool));
	if (!ethtool)
		return error_errno(err, -ENOMEM, "cannot use ethtool netlink");
	ret = netlink_new(&ethtool->ask, NETLINK_GENERIC, err);
	if (ret < 0)
		goto out;
	ret = netlink_genl_family(ethtool->ask, ETHTOOL_GENL_NAME, ETHTOOL_MCGRP_MONITOR_NAME,
				  &ethtool->family, &group, err);
	if (ret < 0)
		goto out;
	ret = netlink_new_listener(&ethtool->events, NETLINK_GENERIC, EVENT_BYTES, err);
	if (ret < 0)
		goto out;
	ret = netlink_join(ethtool->events, group, err);
	if (ret < 0)
		goto out;
	*out = ethtool;
	return 0;
out:
	ethtool_free(ethtool);
	return ret;
}

void ethtool_free(struct ethtool *ethtool)
{
	if (!ethtool)
		return;
	netlink_free(ethtool->ask);
	netlink_free(ethtool->events);
	free(ethtool);
}

int ethtool_fd(const struct ethtool *ethtool)
{
	return netlink_fd(ethtool->events);
}

int ethtool_parse(const struct nlmsghdr *message, struct ethtool_speed *speed)
{
	const struct nlattr *attrs[ETHTOOL_A_LINKMODES_DUPLEX + 1];
	const struct nlattr *header[ETHTOOL_A_HEADER_DEV_INDEX + 1];
	struct ethtool_speed parsed = {.duplex = DUPLEX_UNKNOWN};
	const struct genlmsghdr *genl;
	int ret;

	ret = netlink_attr_index(message, sizeof(*genl), attrs, ARRAY_SIZE(attrs));
	if (ret < 0)
		return ret;
	genl = mnl_nlmsg_get_payload(message);
	/* Also in the monitor group: features, rings, channels, … */
	if (genl->cmd != ETHTOOL_MSG_LINKMODES_GET_REPLY && genl->cmd != ETHTOOL_MSG_LINKMODES_NTF)
		return -ENOMSG;
	netlink_attr_index_nest(attrs[ETHTOOL_A_LINKMODES_HEADER], header, ARRAY_SIZE(header));
	if (!netlink_attr_u32(header[ETHTOOL_A_HEADER_DEV_INDEX], &parsed.ifindex))
		return -EBADMSG;
	netlink_attr_u32(attrs[ETHTOOL_A_LINKMODES_SPEED], &parsed.speed_mbps);
	if (parsed.speed_mbps == (uint32_t)SPEED_UNKNOWN)
		parsed.speed_mbps = 0;
	netlink_attr_u8(attrs[ETHTOOL_A_LINKMODES_DUPLEX], &parsed.duplex);
	*speed = parsed;
	return 0;
}

static int handle_speed(const struct nlmsghdr *message, void *context)
{
	const struct ethtool_sink *sink = context;
	struct ethtool_speed speed;

	if (ethtool_parse(message, &speed) == 0)
		sink->handler(&speed, sink->context);
	return 0;
}

int ethtool_dispatch(struct ethtool *ethtool, ethtool_handler handler, void *context, bool *lost)
{
	struct ethtool_sink sink = {handler, context};

	return netlink_receive(ethtool->events, handle_speed, &sink, lost);
}

/* Bitsets of link modes with a name for each bit would make up most of the answer. */
static void start_request(struct ethtool *ethtool, uint32_t ifindex)
{
	struct nlmsghdr *request;
	struct nlattr *header;

	request = netlink_genl_start(ethtool->ask, ethtool->family, ETHTOOL_MSG_LINKMODES_GET, 0);
	header = mnl_attr_nest_start(request, ETHTOOL_A_LINKMODES_HEADER);
	if (ifindex > 0)
		mnl_attr_put_u32(request, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_put_u32(request, ETHTOOL_A_HEADER_FLAGS, ETHTOOL_FLAG_COMPACT_BITSETS);
	mnl_attr_nest_end(request, header);
}

static void keep_speed(const struct ethtool_speed *speed, void *context)
{
	*(struct ethtool_speed *)context = *speed;
}

int ethtool_get(struct ethtool *ethtool, uint32_t ifindex, struct ethtool_speed *speed)
{
	struct ethtool_speed answer = {0};
	struct ethtool_sink sink = {keep_speed, &answer};
	int ret;

	start_request(ethtool, ifindex);
	ret = netlink_talk(ethtool->ask, "get the speed of an interface", handle_speed, &sink,
			   NULL);
	if (ret < 0)
		return ret;
	if (answer.ifindex != ifindex)
		return -EBADMSG;
	*speed = answer;
	return 0;
}

int ethtool_dump(struct ethtool *ethtool, ethtool_handler handler, void *context, struct error *err)
{
	struct ethtool_sink sink = {handler, context};
	struct netlink_reader reader = {.message = handle_speed, .context = &sink};
	struct error unseen = {0};
	int ret;

	start_request(ethtool, 0);
	ret = netlink_dump(ethtool->ask, "list the speeds of interfaces", &reader, &unseen);
	/* Before Linux 5.11, where the last interface has no speed; those before it have been told. */
	if (ret == -EOPNOTSUPP)
		return 0;
	if (ret < 0 && err)
		*err = unseen;
	return ret;
}

uint64_t ethtool_interrupted(const struct ethtool *ethtool)
{
	return netlink_interrupted(ethtool->ask);
}
