// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Waypoints of a packet between hook and driver: for `compare` alone, which has to know where packets leave that way
 * or come onto it, so that the counters of a device are not those of its hooks.
 *
 * Most are tracepoints. What is attached to functions is optional: a kernel may not let us, or have no such function.
 * All but those of backlogs, which have counts of their own, run with bottom halves off, so that none interrupts another
 * on its CPU (but on PREEMPT_RT).
 */
#include "bpf/maps.bpf.h"
#include "bpf/netns.bpf.h"
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define PACKET_LOOPBACK 5 /* of linux/if_packet.h */

/* Of linux/if_ether.h, linux/in6.h and linux/icmpv6.h, which bring types of the kernel's again. */
#define ETH_P_ARP 0x0806
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88A8
#define ETH_P_IPV6 0x86DD
#define IPV6_NEXT_HEADER 6
#define IPV6_HLEN 40
#define IPPROTO_ICMPV6 58
#define NEIGHBOUR_SOLICITATION 135

/* Set before load: 6, and since Linux 5.13 one more. The BTF says how many there are. */
const volatile __u32 xdp_redirect_arguments = 6;

/* NULL where nobody asked for the interface. */
static __always_inline struct waypoint_counts *counts_in(struct net *net, __u32 ifindex)
{
	__u32 slot = slot_of_net_at(net, ifindex);

	return slot == SLOT_NONE ? NULL : bpf_map_lookup_elem(&waypoints, &slot);
}

static __always_inline struct waypoint_counts *counts_of(struct net_device *dev)
{
	if (!dev)
		return NULL;
	return counts_in(BPF_CORE_READ(dev, nd_net.net), BPF_CORE_READ(dev, ifindex));
}

static __always_inline void count(struct net_device *dev, enum waypoint waypoint, __u64 packets)
{
	struct waypoint_counts *counts = counts_of(dev);

	if (counts)
		counts->packets[waypoint] += packets;
}

/* What a vxlan answers itself, or nobody, if it is to (vxlan_xmit() in drivers/net/vxlan). */
static __always_inline bool asks_for_neighbour(struct sk_buff *skb)
{
	const unsigned char *header;
	__u8 next, type;

	if (skb->protocol == bpf_htons(ETH_P_ARP))
		return true;
	if (skb->protocol != bpf_htons(ETH_P_IPV6))
		return false;
	header = skb->head + skb->network_header;
	return !bpf_probe_read_kernel(&next, 1, header + IPV6_NEXT_HEADER) &&
	       next == IPPROTO_ICMPV6 && !bpf_probe_read_kernel(&type, 1, header + IPV6_HLEN) &&
	       type == NEIGHBOUR_SOLICITATION;
}

/* Behind the egress hook, whatever the device has for a queueing discipline (__dev_queue_xmit() in net/core/dev.c). */
SEC("tp_btf/net_dev_queue")
int ifpulse_queue(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];

	count(skb->dev, WAYPOINT_QUEUE, 1);
	if (asks_for_neighbour(skb))
		count(skb->dev, WAYPOINT_ASKED, 1);
	return 0;
}

/* skb, dev: once for each skb, after validate_xmit_skb() (dev_hard_start_xmit()). */
SEC("tp_btf/net_dev_start_xmit")
int ifpulse_driver(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	struct waypoint_counts *counts = counts_of((struct net_device *)ctx[1]);

	if (!counts)
		return 0;
	counts->packets[WAYPOINT_DRIVER]++;
	counts->driver_bytes += skb->len;
	return 0;
}

/*
 * Before the ingress hook (__netif_receive_skb_core()). bpf_redirect_peer() and the devices on top of others come back
 * to a place behind it.
 */
SEC("tp_btf/netif_receive_skb")
int ifpulse_receive(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];

	count(skb->dev, WAYPOINT_RECEIVE, 1);
	if (bpf_core_field_exists(skb->redirected) &&
	    BPF_CORE_READ_BITFIELD_PROBED(skb, redirected) &&
	    !BPF_CORE_READ_BITFIELD_PROBED(skb, tc_skip_classify))
		count(skb->dev, WAYPOINT_REDIRECTED, 1);
	if (BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type) == PACKET_LOOPBACK)
		count(skb->dev, WAYPOINT_LOOPED, 1);
	if (skb->protocol == bpf_htons(ETH_P_8021Q) || skb->protocol == bpf_htons(ETH_P_8021AD))
		count(skb->dev, WAYPOINT_TAGGED, 1);
	return 0;
}

/* A packet is put into a backlog, to be received: by a driver, which comes by the entry, */
SEC("tp_btf/netif_rx_entry")
int ifpulse_backlog_entry(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];

	count(skb->dev, WAYPOINT_BACKLOG_ENTRY, 1);
	return 0;
}

/* or by anybody else (dev_forward_skb(): bpf_redirect() with BPF_F_INGRESS, bpf_clone_redirect(), macvlan). */
SEC("tp_btf/netif_rx")
int ifpulse_backlog(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];

	count(skb->dev, WAYPOINT_BACKLOG, 1);
	return 0;
}

/* XDP in a driver redirected to the device: from_dev, to_dev, sent, drops, err. */
SEC("tp_btf/xdp_devmap_xmit")
int ifpulse_xdp_redirect(__u64 *ctx)
{
	if ((int)ctx[2] > 0)
		count((struct net_device *)ctx[1], WAYPOINT_XDP_SENT, (__u32)ctx[2]);
	return 0;
}

/* XDP sent back what the device had received: dev, sent, drops, err. Not all drivers tell. */
SEC("tp_btf/xdp_bulk_tx")
int ifpulse_xdp_tx(__u64 *ctx)
{
	if ((int)ctx[1] > 0)
		count((struct net_device *)ctx[0], WAYPOINT_XDP_SENT, (__u32)ctx[1]);
	return 0;
}

/* Both, of XDP outside the driver. */
SEC("fentry/generic_xdp_tx")
int ifpulse_xdp_generic(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];

	count(BPF_CORE_READ(skb, dev), WAYPOINT_XDP_SENT, 1);
	return 0;
}

/*
 * Where that cannot be had, redirects at least: dev, xdp, tgt, err, of the map one argument or two, index. Without a
 * map that is the ifindex, and tgt is NULL; else tgt is an entry of a map of devices. Those of drivers
 * are told by the other tracepoint as well.
 */
SEC("tp_btf/xdp_redirect")
int ifpulse_xdp_generic_redirect(__u64 *ctx)
{
	struct net_device *dev = (struct net_device *)ctx[0];
	struct bpf_dtab_netdev *entry = (struct bpf_dtab_netdev *)ctx[2];
	struct waypoint_counts *counts;
	__u32 index;

	if (!BPF_CORE_READ(dev, xdp_state[XDP_MODE_SKB].prog) &&
	    !BPF_CORE_READ(dev, xdp_state[XDP_MODE_SKB].link))
		return 0;
	if (entry) {
		count(BPF_CORE_READ(entry, dev), WAYPOINT_XDP_SENT, 1);
		return 0;
	}
	/* Apart, or the compiler chooses the address and loads once, which the verifier refuses. */
	if (xdp_redirect_arguments > 6) {
		index = ARGUMENT(ctx, 6);
		compiler_barrier();
	} else {
		index = ARGUMENT(ctx, 5);
	}
	counts = counts_in(BPF_CORE_READ(dev, nd_net.net), index);
	if (counts)
		counts->packets[WAYPOINT_XDP_SENT]++;
	return 0;
}

/* PACKET_QDISC_BYPASS of packet(7), and AF_XDP where the driver cannot do it. */
SEC("fentry/__dev_direct_xmit")
int ifpulse_direct(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];

	count(BPF_CORE_READ(skb, dev), WAYPOINT_DIRECT, 1);
	return 0;
}
