/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slot of an interface wherever it is, for programs that see the packets of every namespace. */
#ifndef IFPULSE_NETNS_BPF_H
#define IFPULSE_NETNS_BPF_H

#include "bpf/maps.bpf.h"
#include "vmlinux.h"

#include <stdbool.h>

#include <bpf/bpf_core_read.h>

/* SLOT_NONE where nobody asked for the interface, which is no loss. */
static __always_inline __u32 slot_anywhere(__u32 inum, __u64 cookie, __u32 ifindex)
{
	if (inum == probed_netns_inum)
		return slot_of(ifindex);
	if (!has_other_netns)
		return SLOT_NONE;
	return slot_in_netns(has_netns_cookies ? cookie : inum, ifindex);
}

/*
 * Of a namespace whose type the verifier knows, by plain loads, and of one of which only the address is known, by
 * bpf_probe_read_kernel(), a call that was half of what a drop cost. (The cookie is of another type, and so not there,
 * before Linux 5.12, where user space cannot ask for it either.)
 */
static __always_inline __u32 slot_of_net(struct net *net, __u32 ifindex)
{
	bool has_cookie = has_other_netns && bpf_core_field_exists(net->net_cookie);

	return slot_anywhere(net->ns.inum, has_cookie ? net->net_cookie : 0, ifindex);
}

static __always_inline __u32 slot_of_net_at(struct net *net, __u32 ifindex)
{
	bool has_cookie = has_other_netns && bpf_core_field_exists(net->net_cookie);

	return slot_anywhere(BPF_CORE_READ(net, ns.inum),
			     has_cookie ? BPF_CORE_READ(net, net_cookie) : 0, ifindex);
}

#endif
