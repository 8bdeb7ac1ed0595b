// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tracepoint skb:kfree_skb: packets that the stack gave up, per interface and direction.
 *
 * The tracepoint fires for every namespace and in any context. A drop goes to an interface only
 * where the skb proves which one; else it is counted under SLOT_NONE, never under a wrong name.
 */
#include "bpf/maps.bpf.h"
#include "bpf/netns.bpf.h"
#include "bpf/windows.bpf.h"
#include "vmlinux.h"

#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* skb, location; reason since Linux 5.17; rx_sk since 6.11. The BTF says how many there are. */
const volatile __u32 kfree_skb_arguments = 2;
const volatile bool has_drop_kinds = false;
const volatile bool has_drop_locations = false;

__u64 drops_without_kind = 0; /* drop_kinds had no room for them */

#define MAC_HEADER_UNSET ((__u16)~0U)
#define PACKET_BROADCAST 1 /* these three are of linux/if_packet.h */
#define PACKET_MULTICAST 2
#define PACKET_OUTGOING 4
#define PRIVATE_FLAG_BRIDGE (1 << 1) /* IFF_EBRIDGE of linux/netdevice.h */
#define REFDST_FLAGS 1UL             /* SKB_DST_NOREF of linux/skbuff.h */

/* kfree_skb() of a packet that was not dropped: since 5.17 the reason says so. */
static __always_inline bool is_normal_free(__u64 reason)
{
	if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_NOT_DROPPED_YET) &&
	    reason == bpf_core_enum_value(enum skb_drop_reason, SKB_NOT_DROPPED_YET))
		return true;
	return bpf_core_enum_value_exists(enum skb_drop_reason, SKB_CONSUMED) &&
	       reason == bpf_core_enum_value(enum skb_drop_reason, SKB_CONSUMED);
}

/*
 * A pointer to a namespace is one if its loopback device points back at it. Reads through a wrong
 * pointer give zero (the JIT handles the fault), so garbage cannot pass.
 */
static __always_inline bool is_netns(struct net *net)
{
	return net && net->loopback_dev && net->loopback_dev->nd_net.net == net;
}

/*
 * skb->dev shares its place with the tree links of TCP's out-of-order queue and with the scratch
 * word of UDP's receive queue, so it is believed only after is_netns().
 */
static __always_inline struct net *netns_of_device(struct net_device *dev)
{
	struct net *net = dev ? dev->nd_net.net : NULL;

	return is_netns(net) ? net : NULL;
}

static __always_inline struct net *netns_of_socket(struct sock *sk)
{
	struct net *net = sk ? sk->__sk_common.skc_net.net : NULL;

	return is_netns(net) ? net : NULL;
}

/* One reason of the running kernel's, by name; false where it has none such. */
#define IS_REASON(reason, name)                                    \
	(bpf_core_enum_value_exists(enum skb_drop_reason, name) && \
	 (reason) == bpf_core_enum_value(enum skb_drop_reason, name))

/* Of the neighbour's queue: all of it waits to be sent. */
static __always_inline bool is_neighbours(__u64 reason)
{
	return IS_REASON(reason, SKB_DROP_REASON_NEIGH_CREATEFAIL) ||
	       IS_REASON(reason, SKB_DROP_REASON_NEIGH_FAILED) ||
	       IS_REASON(reason, SKB_DROP_REASON_NEIGH_QUEUEFULL) ||
	       IS_REASON(reason, SKB_DROP_REASON_NEIGH_DEAD);
}

static __always_inline bool is_bridge(struct net_device *dev)
{
	return dev && (BPF_CORE_READ_BITFIELD(dev, priv_flags) & PRIVATE_FLAG_BRIDGE);
}

/*
 * A bridge hands up what came in by a port: not yet routed, and with the MAC header pulled. It pulls that
 * of what it is to send, too, which was made here or has been routed.
 */
static __always_inline enum direction direction_of_bridge(struct sk_buff *skb, bool is_pulled)
{
	return skb->skb_iif && is_pulled && !skb->_skb_refdst ? DIRECTION_INGRESS
							      : DIRECTION_EGRESS;
}

/*
 * skb_iif is the interface that a packet came in by, 0 for one made here. Where that is not enough
 * the reason may say it; else the MAC header does: on the way in it has been pulled, on the way out
 * the data begins with it. veth and netif_rx() leave skb_iif 0 until the packet is received for good.
 */
static __always_inline enum direction direction_of(struct sk_buff *skb, struct net_device *dev,
						   __u32 ifindex, __u64 reason)
{
	__u32 iif = skb->skb_iif, offset = skb->data - skb->head;
	__u16 mac = skb->mac_header;
	bool has_mac = mac != MAC_HEADER_UNSET, is_pulled = has_mac && offset > mac;

	if (IS_REASON(reason, SKB_DROP_REASON_XDP) ||
	    IS_REASON(reason, SKB_DROP_REASON_TC_INGRESS) ||
	    IS_REASON(reason, SKB_DROP_REASON_CPU_BACKLOG) ||
	    IS_REASON(reason, SKB_DROP_REASON_PTYPE_ABSENT))
		return DIRECTION_INGRESS;
	if (IS_REASON(reason, SKB_DROP_REASON_TC_EGRESS) ||
	    IS_REASON(reason, SKB_DROP_REASON_QDISC_DROP) || is_neighbours(reason))
		return DIRECTION_EGRESS;
	/* A packet socket has put the MAC header back on what it hears, either way. */
	if (IS_REASON(reason, SKB_DROP_REASON_PACKET_SOCK_ERROR))
		return BPF_CORE_READ_BITFIELD(skb, pkt_type) == PACKET_OUTGOING ? DIRECTION_EGRESS
										: DIRECTION_INGRESS;
	if (iif != ifindex && is_bridge(dev))
		return direction_of_bridge(skb, is_pulled);
	if (iif && iif != ifindex)
		return DIRECTION_EGRESS;
	/* netfilter sees only what has been received, or is to be sent: also by a bridge, header pulled. */
	if (IS_REASON(reason, SKB_DROP_REASON_NETFILTER_DROP) && !iif)
		return DIRECTION_EGRESS;
	/* A macvtap takes what it receives, and puts its MAC header back on. */
	if (IS_REASON(reason, SKB_DROP_REASON_FULL_RING) && iif && dev && dev->rx_handler)
		return DIRECTION_INGRESS;
	/* Routed out again by the interface it came in by, and with its new MAC header on. */
	if (iif && dev && dev->hard_header_len && has_mac && offset == mac &&
	    kfree_skb_arguments > 2)
		return DIRECTION_EGRESS;
	if (iif || is_pulled)
		return DIRECTION_INGRESS;
	/*
	 * XDP in a veth gets the packet with its MAC header back on. It may still belong to the socket
	 * that sent it, in another namespace: no socket of this one sends it out here.
	 */
	if (dev && (dev->xdp_state[XDP_MODE_DRV].prog || dev->xdp_state[XDP_MODE_DRV].link) &&
	    netns_of_socket(skb->sk) != dev->nd_net.net)
		return DIRECTION_INGRESS;
	return DIRECTION_EGRESS;
}

/*
 * What was sent to all, or to another host, and that no socket was to get: a host drops such all the time
 * and has lost nothing. The reason does not tell: multicast that nobody listens to has NOT_SPECIFIED, as
 * have real losses. Frames for other hosts are only those of which IP says so: a bridge forwards others.
 * Before Linux 6.11, where no socket is named, a full one is known by its reason.
 */
static __always_inline bool is_unwanted(struct sk_buff *skb, enum direction direction, __u64 reason,
					bool has_receiver)
{
	__u8 type = BPF_CORE_READ_BITFIELD(skb, pkt_type);

	if (direction != DIRECTION_INGRESS || has_receiver ||
	    IS_REASON(reason, SKB_DROP_REASON_SOCKET_RCVBUFF))
		return false;
	return type == PACKET_BROADCAST || type == PACKET_MULTICAST ||
	       IS_REASON(reason, SKB_DROP_REASON_OTHERHOST);
}

static __always_inline void count_kind(const struct drop_kind *kind)
{
	__u64 *packets = bpf_map_lookup_elem(&drop_kinds, kind), none = 0;

	if (!packets) {
		/* Another CPU may be the first. */
		bpf_map_update_elem(&drop_kinds, kind, &none, BPF_NOEXIST);
		packets = bpf_map_lookup_elem(&drop_kinds, kind);
	}
	if (packets)
		++*packets;
	else
		__sync_fetch_and_add(&drops_without_kind, 1);
}

static __always_inline void count_drop(__u32 slot, enum direction direction, __u32 reason,
				       __u64 location, bool is_unwanted)
{
	struct drop_totals *totals = bpf_map_lookup_elem(&drop_totals, &slot);

	if (totals)
		totals->packets[direction]++;
	if (has_drop_kinds) {
		struct drop_kind kind = {.slot = slot,
					 .direction = direction,
					 .reason = reason,
					 .is_unwanted = is_unwanted,
					 .location = has_drop_locations ? location : 0};

		count_kind(&kind);
	}
	if (window_width_ns && slot != SLOT_NONE)
		count_drop_in_window(slot, direction, reason);
}

/*
 * A packet made here that has a route, and no device yet: netfilter's OUTPUT drops such. The route's place
 * in the skb is shared as well, so it is believed only if its device's namespace is one.
 */
static __always_inline struct net_device *output_of(struct sk_buff *skb)
{
	struct dst_entry *route = (struct dst_entry *)(skb->_skb_refdst & ~REFDST_FLAGS);
	struct net_device *dev;
	struct net *net;

	if (!route || !bpf_core_field_exists(route->dev))
		return NULL;
	dev = BPF_CORE_READ(route, dev);
	net = BPF_CORE_READ(dev, nd_net.net);
	return net && BPF_CORE_READ(net, loopback_dev, nd_net.net) == net ? dev : NULL;
}

static __always_inline void count_unsent(struct sk_buff *skb, __u64 reason, __u64 location)
{
	struct net_device *dev = output_of(skb);
	struct net *net;
	__u32 slot;

	if (!dev) {
		count_drop(SLOT_NONE, DIRECTION_INGRESS, reason, location, false);
		return;
	}
	net = BPF_CORE_READ(dev, nd_net.net);
	slot = slot_of_net_at(net, BPF_CORE_READ(dev, ifindex));
	if (slot != SLOT_NONE)
		count_drop(slot, DIRECTION_EGRESS, reason, location, false);
}

SEC("tp_btf/kfree_skb")
int ifpulse_drop(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	struct net_device *dev;
	enum direction direction;
	__u32 ifindex, slot;
	__u64 reason = 0;
	struct net *net;

	if (kfree_skb_arguments > 2) {
		reason = (__u32)ARGUMENT(ctx, 2);
		if (is_normal_free(reason))
			return 0;
	}
	dev = skb->dev;
	net = netns_of_device(dev);
	if (net) {
		ifindex = dev->ifindex;
	} else {
		dev = NULL;
		net = netns_of_socket(skb->sk);
		if (!net && kfree_skb_arguments > 3)
			net = netns_of_socket((struct sock *)ARGUMENT(ctx, 3));
		ifindex = skb->skb_iif;
		if (!ifindex) {
			count_unsent(skb, reason, ctx[1]);
			return 0;
		}
		if (!net) {
			count_drop(SLOT_NONE, DIRECTION_INGRESS, reason, ctx[1], false);
			return 0;
		}
	}
	slot = slot_of_net(net, ifindex);
	if (slot == SLOT_NONE)
		return 0;
	direction = direction_of(skb, dev, ifindex, reason);
	count_drop(
		slot, direction, reason, ctx[1],
		is_unwanted(skb, direction, reason, kfree_skb_arguments > 3 && ARGUMENT(ctx, 3)));
	return 0;
}
