// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/fdb.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/array.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"

struct entry {
	uint8_t address[ETH_ALEN];
	uint32_t vni; /* 0: that of the device */
};

struct found {
	uint32_t ifindex, most, remotes;
	struct entry entry; /* that the last message was of, with so many remotes */
};

static int take_remote(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[NDA_MAX + 1];
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(message);
	struct found *found = context;
	struct entry entry = {0};

	/* Kernels differ in what of a request they take for a filter. */
	if (netlink_attr_index(message, sizeof(*ndm), attrs, ARRAY_SIZE(attrs)) ||
	    (uint32_t)ndm->ndm_ifindex != found->ifindex || !(ndm->ndm_flags & NTF_SELF) ||
	    !attrs[NDA_LLADDR] || mnl_attr_get_payload_len(attrs[NDA_LLADDR]) != ETH_ALEN)
		return 0;
	memcpy(entry.address, mnl_attr_get_payload(attrs[NDA_LLADDR]), ETH_ALEN);
	netlink_attr_u32(attrs[NDA_SRC_VNI], &entry.vni);
	if (memcmp(&entry, &found->entry, sizeof(entry)) != 0)
		found->remotes = 0;
	found->entry = entry;
	if (++found->remotes > found->most)
		found->most = found->remotes;
	return 0;
}

static void restart(void *context)
{
	struct found *found = context;

	*found = (struct found){.ifindex = found->ifindex};
}

int fdb_remotes(uint32_t ifindex, uint32_t *most, struct error *err)
{
	struct found found = {.ifindex = ifindex};
	const struct netlink_reader reader = {take_remote, restart, &found};
	struct ndmsg *ndm;
	struct nlmsghdr *request;
	struct netlink *nl;
	int ret;

	ret = netlink_new(&nl, NETLINK_ROUTE, err);
	if (ret)
		return ret;
	request = netlink_start(nl, RTM_GETNEIGH, NLM_F_DUMP);
	ndm = mnl_nlmsg_put_extra_header(request, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	mnl_attr_put_u32(request, NDA_IFINDEX, ifindex);
	ret = netlink_dump(nl, "read the forwarding entries", &reader, err);
	netlink_free(nl);
	/* Never consistent while somebody changes them: what there is, is. */
	if (ret && ret != -EINTR)
		return ret;
	*most = found.most;
	return 0;
}
