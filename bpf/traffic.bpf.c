// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * TC ingress and egress: what each interface carries, counted per CPU.
 *
 * Two programs are for our own network namespace and two, loaded only if asked for, for all others. All
 * return TC_ACT_UNSPEC, which tcx calls TCX_NEXT: the packet goes on to the next program as if we were
 * not there. TC programs run with bottom halves off and do not interrupt each
 * other on a CPU, so plain additions are enough (not on PREEMPT_RT, which `doctor` names).
 */
#include "bpf/flows.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/windows.bpf.h"
#include "vmlinux.h"

#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#define VLAN_TAG_BYTES 4
#define UDP_HEADER_BYTES 8
#define SCTP_HEADER_BYTES 12
#define TCP_DATA_OFFSET 12 /* the byte whose upper half is the header's length in 32-bit words */
#define HEADER_UNSET ((__u16)~0U)
#define IP_LENGTH_MAX 65535
#define IPV6_HEADER_BYTES 40
#define IPV6_NEXT_HEADER 6 /* offset */
#define IPV6_OPTION_JUMBO 0xc2
#define JUMBO_HEADER_BYTES 8

/* Set before load: the kernel has the two casts (Linux 6.2). */
const volatile bool has_kernel_casts = false;
/* Set before load: flow_logs is there. */
const volatile bool has_flows = false;
/* Set before load: see senders.bpf.h. */
const volatile bool has_cgroup_ids = false;
const volatile bool has_retransmits = false;
/* Set before load by a test of what finds losses: so many packets, and one is not counted; 0: none. */
const volatile __u32 lose_one_in = 0;

__u64 packets_to_lose = 0; /* of both directions; CPUs may step on each other */

/* To the kernel a TC context is the sk_buff itself. With the casts its fields are plain loads. */
extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;
extern void *bpf_rdonly_cast(void *object, __u32 btf_id) __ksym __weak;

/* What tells the length of a GSO skb's headers; offsets are from skb->head. */
struct gso_layout {
	__u16 mac, network;
	__u16 transport; /* of the inner packet where there is an outer one */
	__u32 type;
};

static __always_inline void read_gso_layout(struct __sk_buff *ctx, struct gso_layout *layout)
{
	struct skb_shared_info *shared;
	struct sk_buff *skb;

	if (has_kernel_casts) {
		skb = bpf_cast_to_kern_ctx(ctx);
		if (BPF_CORE_READ_BITFIELD(skb, encapsulation))
			layout->transport = skb->inner_transport_header;
		else
			layout->transport = skb->transport_header;
		layout->mac = skb->mac_header;
		layout->network = skb->network_header;
		shared = bpf_rdonly_cast(skb->head + skb->end,
					 bpf_core_type_id_kernel(struct skb_shared_info));
		layout->type = shared->gso_type;
		return;
	}
	skb = (struct sk_buff *)ctx;
	if (BPF_CORE_READ_BITFIELD_PROBED(skb, encapsulation))
		layout->transport = BPF_CORE_READ(skb, inner_transport_header);
	else
		layout->transport = BPF_CORE_READ(skb, transport_header);
	layout->mac = BPF_CORE_READ(skb, mac_header);
	layout->network = BPF_CORE_READ(skb, network_header);
	shared = (struct skb_shared_info *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	layout->type = BPF_CORE_READ(shared, gso_type);
}

/*
 * Bytes of headers that every segment of a GSO skb repeats: MAC header up to and including the
 * (inner) transport header, as the kernel's qdisc_pkt_len_segs_init() reckons (net/core/dev.c).
 */
static __always_inline __u32 gso_header_bytes(struct __sk_buff *ctx,
					      const struct gso_layout *layout)
{
	__u32 length;
	__u8 words;

	if (layout->transport == HEADER_UNSET || layout->transport < layout->mac)
		return 0;
	length = layout->transport - layout->mac;
	if (layout->type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
		if (bpf_skb_load_bytes(ctx, length + TCP_DATA_OFFSET, &words, sizeof(words)))
			return length;
		return length + (words >> 4) * 4;
	}
	if (layout->type & SKB_GSO_UDP_L4)
		return length + UDP_HEADER_BYTES;
	if (layout->type & SKB_GSO_SCTP)
		return length + SCTP_HEADER_BYTES;
	return length;
}

/*
 * BIG TCP: an IPv6 skb of more than 64 KiB carries a hop-by-hop header with a jumbo payload option
 * (RFC 2675), for the stack alone: segmentation takes it out, so it is never on the wire.
 */
static __always_inline __u32 jumbo_header_bytes(struct __sk_buff *ctx,
						const struct gso_layout *layout)
{
	__u32 network = layout->network - layout->mac;
	__u8 next_header, option;

	if (ctx->len <= IP_LENGTH_MAX || ctx->protocol != bpf_htons(ETH_P_IPV6) ||
	    layout->network == HEADER_UNSET || layout->network < layout->mac ||
	    bpf_skb_load_bytes(ctx, network + IPV6_NEXT_HEADER, &next_header, 1) ||
	    next_header != IPPROTO_HOPOPTS ||
	    bpf_skb_load_bytes(ctx, network + IPV6_HEADER_BYTES + 2, &option, 1) ||
	    option != IPV6_OPTION_JUMBO)
		return 0;
	return JUMBO_HEADER_BYTES;
}

struct wire {
	__u32 packets;
	__u64 bytes;
};

/* What a GSO skb is on the wire. */
static __always_inline struct wire wire_of_gso(struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs, headers, jumbo;
	struct gso_layout layout;

	read_gso_layout(skb, &layout);
	headers = gso_header_bytes(skb, &layout);
	jumbo = jumbo_header_bytes(skb, &layout);
	/* Senders outside the kernel (tap, virtio) leave gso_segs to us. */
	if (!segments && skb->len > headers)
		segments = (skb->len - headers + skb->gso_size - 1) / skb->gso_size;
	if (!segments)
		segments = 1;
	return (struct wire){
		.packets = segments,
		.bytes = skb->len + (__u64)(segments - 1) * headers - (__u64)segments * jumbo,
	};
}

/*
 * A packet that ifb hands back has been through the hook before it was redirected there: ifb marks it
 * to be left alone by TC (ifb_ri_tasklet() in drivers/net/ifb.c), which the egress hook does not heed.
 * Read only where it costs next to nothing.
 */
static __always_inline bool was_counted(struct __sk_buff *ctx, enum direction direction)
{
	struct sk_buff *skb;

	if (direction != DIRECTION_EGRESS || !has_kernel_casts)
		return false;
	skb = bpf_cast_to_kern_ctx(ctx);
	return BPF_CORE_READ_BITFIELD(skb, tc_skip_classify);
}

/* Whether the data begins with an Ethernet header: a tunnel's and a tun's begins with the packet. */
static __always_inline bool has_mac_header(struct __sk_buff *ctx)
{
	struct sk_buff *skb;

	if (has_kernel_casts) {
		skb = bpf_cast_to_kern_ctx(ctx);
		return skb->network_header - skb->mac_header >= ETH_HLEN;
	}
	skb = (struct sk_buff *)ctx;
	return BPF_CORE_READ(skb, network_header) - BPF_CORE_READ(skb, mac_header) >= ETH_HLEN;
}

static __always_inline __u64 netns_of(struct __sk_buff *ctx)
{
	struct sk_buff *skb;
	struct net *net;

	if (has_kernel_casts) {
		skb = bpf_cast_to_kern_ctx(ctx);
		net = skb->dev->nd_net.net;
		return has_netns_cookies ? net->net_cookie : net->ns.inum;
	}
	skb = (struct sk_buff *)ctx;
	net = BPF_CORE_READ(skb, dev, nd_net.net);
	return has_netns_cookies ? BPF_CORE_READ(net, net_cookie) : BPF_CORE_READ(net, ns.inum);
}

/*
 * Before anything else: the clock waits for all that comes before it to be done, and what comes behind it is done
 * while it is read.
 */
static __always_inline __u64 read_clock(void)
{
	return window_width_ns ? bpf_ktime_get_ns() : 0;
}

static __always_inline void count(struct __sk_buff *skb, __u64 now_ns, __u32 slot,
				  enum direction direction)
{
	struct traffic_totals *totals = bpf_map_lookup_elem(&traffic_totals, &slot);
	struct wire wire = {1, skb->len};
	struct traffic_counter *counter;
	struct open_window *window;

	if (!totals || was_counted(skb, direction))
		return;
	if (lose_one_in && ++packets_to_lose % lose_one_in == 0)
		return;
	if (skb->gso_size)
		wire = wire_of_gso(skb);
	if (skb->vlan_present)
		wire.bytes += wire.packets * VLAN_TAG_BYTES;

	counter = &totals->direction[direction];
	counter->packets++;
	counter->bytes += skb->len;
	counter->wire_packets += wire.packets;
	counter->wire_bytes += wire.bytes;
	if (!window_width_ns || slot == SLOT_NONE)
		return;
	window = count_in_window(now_ns, slot, direction, skb->len, wire.packets, wire.bytes);
	if (has_flows && window && is_hot(window, window_width_ns))
		log_flow(skb, has_mac_header(skb), window, slot, direction, wire.packets,
			 wire.bytes);
}

/*
 * An interface that moves to another namespace takes its tcx links along (not its filters), until we hear of it and
 * close them; its index may be that of another interface of ours by then. Where there is tcx, there
 * are the casts, and the three loads cost a nanosecond.
 */
static __always_inline __u32 slot_at_home(struct __sk_buff *ctx)
{
	struct sk_buff *skb;

	if (has_kernel_casts) {
		skb = bpf_cast_to_kern_ctx(ctx);
		if (skb->dev->nd_net.net->ns.inum != probed_netns_inum)
			return SLOT_NONE;
	}
	return slot_of(ctx->ifindex);
}

SEC("tc")
int ifpulse_ingress(struct __sk_buff *skb)
{
	__u64 now_ns = read_clock();

	count(skb, now_ns, slot_at_home(skb), DIRECTION_INGRESS);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int ifpulse_egress(struct __sk_buff *skb)
{
	__u64 now_ns = read_clock();

	count(skb, now_ns, slot_at_home(skb), DIRECTION_EGRESS);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int ifpulse_ns_in(struct __sk_buff *skb)
{
	__u64 now_ns = read_clock();

	count(skb, now_ns, slot_in_netns(netns_of(skb), skb->ifindex), DIRECTION_INGRESS);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int ifpulse_ns_out(struct __sk_buff *skb)
{
	__u64 now_ns = read_clock();

	count(skb, now_ns, slot_in_netns(netns_of(skb), skb->ifindex), DIRECTION_EGRESS);
	return TC_ACT_UNSPEC;
}
