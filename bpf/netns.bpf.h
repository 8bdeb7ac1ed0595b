/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slot of an interface wherever it is, for programs that see the packets of every namespace. */
#ifndef IFPULSE_NETNS_BPF_H
#define IFPULSE_NETNS_BPF_H

#include "bpf/maps.bpf.h"
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>

/* Of another type, and so not there, before Linux 5.12, where user space cannot ask for it either. */
static __always_inline __u64 cookie_of(struct net *net)
{
	return bpf_core_field_exists(net->net_cookie) ? BPF_CORE_READ(net, net_cookie) : 0;
}

/* SLOT_NONE where nobody asked for the interface, which is no loss. */
static __always_inline __u32 slot_of_net(struct net *net, __u32 ifindex)
{
	__u32 inum = BPF_CORE_READ(net, ns.inum);

	if (inum == probed_netns_inum)
		return slot_of(ifindex);
	if (!has_other_netns)
		return SLOT_NONE;
	return slot_in_netns(has_netns_cookies ? cookie_of(net) : inum, ifindex);
}

#endif
