// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/backlog.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"

struct found {
	struct backlog *rows;
	size_t n, capacity;
};

static int take_qdisc(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[TCA_MAX + 1], *stats[TCA_STATS_MAX + 1], *attr;
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	struct gnet_stats_queue queue;
	struct found *found = context;

	if (netlink_attr_index(message, sizeof(*tcm), attrs, ARRAY_SIZE(attrs)) ||
	    tcm->tcm_parent != TC_H_ROOT)
		return 0;
	netlink_attr_index_nest(attrs[TCA_STATS2], stats, ARRAY_SIZE(stats));
	attr = stats[TCA_STATS_QUEUE];
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(queue))
		return 0;
	memcpy(&queue, mnl_attr_get_payload(attr), sizeof(queue));
	if (!queue.qlen)
		return 0;
	if (array_reserve(&found->rows, &found->capacity, found->n + 1, sizeof(*found->rows)))
		return -ENOMEM;
	found->rows[found->n++] = (struct backlog){
		.ifindex = (uint32_t)tcm->tcm_ifindex,
		.packets = queue.qlen,
		.bytes = queue.backlog,
	};
	return 0;
}

static void restart(void *context)
{
	struct found *found = context;

	found->n = 0;
}

int backlog_read(struct backlog **rows, size_t *n, struct error *err)
{
	struct found found = {0};
	const struct netlink_reader reader = {take_qdisc, restart, &found};
	struct nlmsghdr *request;
	struct netlink *nl;
	int ret;

	ret = netlink_new(&nl, NETLINK_ROUTE, err);
	if (ret)
		return ret;
	request = netlink_start(nl, RTM_GETQDISC, NLM_F_DUMP);
	mnl_nlmsg_put_extra_header(request, sizeof(struct tcmsg));
	ret = netlink_dump(nl, "read the queueing disciplines", &reader, err);
	netlink_free(nl);
	/* Never consistent while somebody changes them: what there is, is. */
	if (ret && ret != -EINTR) {
		free(found.rows);
		return ret;
	}
	*rows = found.rows;
	*n = found.n;
	return 0;
}
