/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * senders: who sent a packet, where that is a socket of this host and the packet still belongs to it. Layout and
 * meaning: struct flow_record in include/probe_abi.h.
 */
#ifndef IFPULSE_SENDERS_BPF_H
#define IFPULSE_SENDERS_BPF_H

#include "include/probe_abi.h"
#include "vmlinux.h"

#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Of linux/net.h. */
#define SOCKET_STREAM 1
#define SOCKET_RAW 3

/* Set before load: the kernel has the two casts (Linux 6.2). */
extern const volatile bool has_kernel_casts;
/* Set before load: the kernel has bpf_skb_cgroup_id(), which hangs on how it was configured. */
extern const volatile bool has_cgroup_ids;
/* Set before load: it is told what sockets send again. */
extern const volatile bool has_retransmits;

extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;

/* Of a connection that is about to be made, or has been: less than a struct sock. */
static __always_inline bool is_minor_socket(__u8 state)
{
	return state == BPF_TCP_NEW_SYN_RECV || state == BPF_TCP_TIME_WAIT;
}

/*
 * The kernel answers for nobody, with a reset or an ICMP message, by sockets of its own. They are made with
 * the namespace, and in the cgroup of whoever made that. Of a socket that is whole.
 */
static __always_inline bool is_control_socket(struct sk_buff *skb)
{
	struct sock *socket = BPF_CORE_READ(skb, sk);

	return BPF_CORE_READ(socket, sk_type) == SOCKET_RAW &&
	       BPF_CORE_READ_BITFIELD_PROBED(socket, sk_kern_sock);
}

/*
 * The cgroup that the sender's socket was made in, or its listener's where it is to be yet; 0: not known. What
 * bpf_skb_cgroup_id() does for a whole socket are a few loads more, which take less time than the call.
 */
static __always_inline __u64 sender_cgroup(struct __sk_buff *ctx, struct sock *socket)
{
	struct cgroup *cgroup;

	if (is_minor_socket(socket->__sk_common.skc_state))
		return bpf_skb_cgroup_id(ctx);
	if (socket->sk_type == SOCKET_RAW && BPF_CORE_READ_BITFIELD(socket, sk_kern_sock))
		return 0;
	cgroup = socket->sk_cgrp_data.cgroup;
	return cgroup->kn->id;
}

/* Packets of TCP may as well be written by a raw or a packet socket, or a tap's: 0. */
static __always_inline __u64 sender_socket(struct __sk_buff *ctx, struct sock *socket)
{
	__u64 cookie;

	if (!is_minor_socket(socket->__sk_common.skc_state) &&
	    (socket->sk_type != SOCKET_STREAM || socket->sk_protocol != IPPROTO_TCP))
		return 0;
	/* The first time it has none yet. */
	cookie = socket->__sk_common.skc_cookie.counter;
	return cookie ? cookie : bpf_get_socket_cookie(ctx);
}

/* The same two without the casts. */
static __always_inline __u64 sender_cgroup_by_helper(struct __sk_buff *ctx, struct bpf_sock *socket)
{
	if (!is_minor_socket(socket->state) && is_control_socket((struct sk_buff *)ctx))
		return 0;
	return bpf_skb_cgroup_id(ctx);
}

static __always_inline __u64 sender_socket_by_helper(struct __sk_buff *ctx, struct bpf_sock *socket)
{
	if (!is_minor_socket(socket->state)) {
		socket = bpf_sk_fullsock(socket);
		if (!socket || socket->type != SOCKET_STREAM || socket->protocol != IPPROTO_TCP)
			return 0;
	}
	return bpf_get_socket_cookie(ctx);
}

/* Fragments but the first are of no flow that a socket knows of. */
static __always_inline bool is_tcp(const struct flow_key *key)
{
	return key->protocol == IPPROTO_TCP && (key->kind == FLOW_IPV4 || key->kind == FLOW_IPV6);
}

static __always_inline void read_sender(struct __sk_buff *ctx, enum direction direction,
					const struct flow_key *key, struct flow_record *record)
{
	bool wants_cgroup = has_cgroup_ids && direction == DIRECTION_EGRESS;
	bool wants_socket = has_retransmits && is_tcp(key);
	__u64 cgroup = 0, cookie = 0;

	if (has_kernel_casts) {
		struct sock *socket = ((struct sk_buff *)bpf_cast_to_kern_ctx(ctx))->sk;

		if (socket && wants_cgroup)
			cgroup = sender_cgroup(ctx, socket);
		if (socket && wants_socket)
			cookie = sender_socket(ctx, socket);
	} else {
		struct bpf_sock *socket = ctx->sk;

		if (socket && wants_cgroup)
			cgroup = sender_cgroup_by_helper(ctx, socket);
		if (socket && wants_socket)
			cookie = sender_socket_by_helper(ctx, socket);
	}
	record->cgroup = cgroup;
	record->socket = cookie;
}

#endif
