/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that the BPF programs touch, and of each only the members they touch.
 *
 * CO-RE relocates every access by name against the running kernel's BTF, so order, size and the
 * members left out do not matter. How to add one: README.md here. What user space may see (struct
 * __sk_buff, the map types) comes from <linux/bpf.h>, not from here.
 */
#ifndef IFPULSE_VMLINUX_H
#define IFPULSE_VMLINUX_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net_device;

struct net {
	struct ns_common ns;
	__u64 net_cookie; /* an atomic64_t before Linux 5.12 */
	struct net_device *loopback_dev;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct bpf_prog;
struct bpf_xdp_link;

struct bpf_xdp_entity {
	struct bpf_prog *prog;     /* attached by netlink, */
	struct bpf_xdp_link *link; /* or by a link */
};

struct net_device {
	int ifindex;
	unsigned short hard_header_len;
	unsigned long priv_flags : 32; /* no bit-field before Linux 6.12 */
	void *rx_handler;
	struct bpf_xdp_entity xdp_state[3]; /* by enum bpf_xdp_mode */
	possible_net_t nd_net;
};

/* dev is dev_rcu by another name since Linux 6.18: it may be gone one day. */
struct dst_entry {
	struct net_device *dev;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock_common {
	possible_net_t skc_net;
	volatile unsigned char skc_state;
	atomic64_t skc_cookie;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* since Linux 5.15 */
};

struct sock {
	struct sock_common __sk_common;
	__u8 sk_kern_sock : 1;
	__u16 sk_type;
	__u16 sk_protocol;
	struct sock_cgroup_data sk_cgrp_data;
};

/* The same beginning. */
struct request_sock {
	struct sock_common __req_common;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst; /* a struct dst_entry *, and whether it is not counted */
	int skb_iif;
	unsigned int len;
	char cb[48];
	__u8 pkt_type : 3;
	__u8 encapsulation : 1;
	__u8 tc_skip_classify : 1;
	__u8 redirected : 1;
	__u16 inner_transport_header;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	__be16 protocol;
	unsigned int end; /* sk_buff_data_t: an offset from head on every 64-bit kernel */
	unsigned char *head;
	unsigned char *data;
};

/* What skb->cb is to TCP. */
struct tcp_skb_cb {
	__u16 tcp_gso_segs;
};

struct skb_shared_info {
	unsigned int gso_type;
};

/* What a map of devices has for each. */
struct bpf_dtab_netdev {
	struct net_device *dev;
};

#pragma clang attribute pop

enum bpf_xdp_mode {
	XDP_MODE_SKB = 0,
	XDP_MODE_DRV = 1,
};

/* Not every kernel has each of these: ask bpf_core_enum_value_exists() first. */
enum skb_drop_reason {
	SKB_NOT_DROPPED_YET = 0,
	SKB_CONSUMED = 1,
	SKB_DROP_REASON_TC_EGRESS,
	SKB_DROP_REASON_QDISC_DROP,
	SKB_DROP_REASON_CPU_BACKLOG,
	SKB_DROP_REASON_XDP,
	SKB_DROP_REASON_TC_INGRESS,
	SKB_DROP_REASON_NEIGH_CREATEFAIL,
	SKB_DROP_REASON_NEIGH_FAILED,
	SKB_DROP_REASON_NEIGH_QUEUEFULL,
	SKB_DROP_REASON_NEIGH_DEAD,
	SKB_DROP_REASON_PACKET_SOCK_ERROR,
	SKB_DROP_REASON_FULL_RING,
	SKB_DROP_REASON_NETFILTER_DROP,
	SKB_DROP_REASON_OTHERHOST,
	SKB_DROP_REASON_SOCKET_RCVBUFF,
	SKB_DROP_REASON_PTYPE_ABSENT, /* UNHANDLED_PROTO in later kernels */
};

enum {
	SKB_GSO_TCPV4 = 1 << 0,
	SKB_GSO_TCPV6 = 1 << 4,
	SKB_GSO_SCTP = 1 << 14,
	SKB_GSO_UDP_L4 = 1 << 17,
};

#endif
