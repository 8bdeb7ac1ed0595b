// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tracepoints tcp:tcp_retransmit_skb and tcp:tcp_retransmit_synack: what TCP sends again, by the socket that does.
 *
 * They fire for every namespace, and where TcpRetransSegs is counted (__tcp_retransmit_skb() and tcp_rtx_synack()
 * in net/ipv4/tcp_output.c), also for probes of a tail that was lost. Keepalives and probes of a closed window
 * are no retransmissions to the kernel either.
 *
 * They fire in any context, but a program never on top of itself: the kernel skips one that is running on the
 * CPU, and counts that as recursion_misses. So each has a log of its own on each CPU, with one writer.
 * Before Linux 6.1 it does not: there one of two at the same time may be lost.
 */
#include "bpf/maps.bpf.h"
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Set before load. sk, skb; and since Linux 6.15 err. The BTF says how many there are. */
const volatile __u32 retransmit_arguments = 2;
/* Set before load: a power of two. */
const volatile __u32 retransmit_log_records = 1;

extern const volatile __u32 window_cpus;

static __always_inline void log_retransmit(__u32 writer, __u64 socket, __u32 segments)
{
	struct retransmit_log *log = bpf_map_lookup_elem(&retransmit_logs, &writer);
	struct retransmit_record *record;
	__u64 head;

	if (!log)
		return;
	head = log->head;
	record = &log->records[head & (retransmit_log_records - 1)];
	record->time_ns = bpf_ktime_get_ns();
	record->socket = socket;
	record->segments = segments;
	count_records(&log->head, head + 1);
}

/*
 * Once it has been sent. What failed before it came to a device, err below 0, is not; above 0 its queueing
 * discipline dropped it, which is behind our hook. Before there was err, the tracepoint was for neither.
 */
SEC("tp_btf/tcp_retransmit_skb")
int ifpulse_retransmit(__u64 *ctx)
{
	struct sock *socket = (struct sock *)ctx[0];
	struct sk_buff *skb = (struct sk_buff *)ctx[1];
	struct tcp_skb_cb *tcp = (struct tcp_skb_cb *)skb->cb;

	if (retransmit_arguments > 2 && (__s32)ARGUMENT(ctx, 2) < 0)
		return 0;
	log_retransmit(bpf_get_smp_processor_id(), bpf_get_socket_cookie(socket),
		       BPF_CORE_READ(tcp, tcp_gso_segs));
	return 0;
}

/* The request has the cookie that the connection's socket will have, the listener has another. */
SEC("tp_btf/tcp_retransmit_synack")
int ifpulse_retransmit_synack(__u64 *ctx)
{
	struct request_sock *request = (struct request_sock *)ctx[1];

	log_retransmit(window_cpus + bpf_get_smp_processor_id(), bpf_get_socket_cookie(request), 1);
	return 0;
}
