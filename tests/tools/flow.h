/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow: UDP or TCP to another network namespace of this host, every send of which is accounted for.
 *
 * Sender and receiver are one thread: it sends, takes what arrives in the other namespace until all of it
 * is there, and only then stamps the send as done. So whatever context carried the packets (the call
 * itself, a softirq that an acknowledgement raised, ksoftirqd), they passed TC egress of the one end and TC
 * ingress of the other between the two stamps. Preemption widens the interval; it cannot make it wrong.
 *
 * What a UDP send is follows from its size: one skb, and UDP_SEGMENT has it cut into datagrams with headers
 * of their own. For TCP the kernel decides: TCP_INFO tells segments and payload, retransmitted ones included,
 * and the device's own counters the skbs; the two have to agree on the payload.
 */
#ifndef IFPULSE_TESTS_FLOW_H
#define IFPULSE_TESTS_FLOW_H

#include "truth.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sched.h>

#define FLOW_SEND_MAX (1 << 20)
#define FLOW_UDP_HEADERS (14 + 20 + 8)
#define FLOW_TCP_HEADERS (14 + 20 + 20)
#define FLOW_TCP_TIMESTAMPS 12 /* the option, padded */

struct flow {
	bool is_tcp;
	int fd, receiver;
	uint64_t segment;                 /* UDP_SEGMENT; 0: none */
	int device_packets, device_bytes; /* TCP: counters of the device that it sends through */
	struct counts seen;               /* TCP: everything sent so far */
	uint64_t payload, headers;        /* TCP: in it; of one segment */
	uint64_t last_ns;                 /* the end of the last send */
};

static unsigned char flow_buffer[FLOW_SEND_MAX];

/* A socket belongs to the namespace in which it was made. -1, with a message. */
static inline int flow_socket_in(const char *namespace, int type)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;
	int other = open(namespace, O_RDONLY | O_CLOEXEC);

	if (own < 0 || other < 0 || setns(other, CLONE_NEWNET)) {
		tool_fail("setns", namespace);
		return -1;
	}
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		tool_fail("socket", namespace);
	if (setns(own, CLONE_NEWNET)) {
		tool_fail("setns", "back");
		return -1;
	}
	close(own);
	close(other);
	return fd;
}

static inline int flow_receiver(const char *namespace, int type, in_port_t port)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = port};
	const int on = 1;
	int fd = flow_socket_in(namespace, type);

	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		tool_fail("setsockopt", "SO_REUSEADDR");
	else if (bind(fd, (const struct sockaddr *)&any, sizeof(any)))
		tool_fail("bind", namespace);
	else if (type == SOCK_STREAM && listen(fd, 1))
		tool_fail("listen", namespace);
	else
		return fd;
	return -1;
}

/* PMTUDISC_DO: what does not fit fails, rather than going out as an unknown number of fragments. */
static inline int flow_open_udp(struct flow *flow, const struct sockaddr_in *to,
				const char *namespace)
{
	const int discover = IP_PMTUDISC_DO;

	*flow = (struct flow){.receiver = flow_receiver(namespace, SOCK_DGRAM, to->sin_port)};
	if (flow->receiver < 0)
		return TOOL_INCOMPLETE;
	flow->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (flow->fd < 0)
		return tool_fail("socket", NULL);
	if (setsockopt(flow->fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)))
		return tool_fail("setsockopt", "MTU_DISCOVER");
	if (connect(flow->fd, (const struct sockaddr *)to, sizeof(*to)))
		return tool_fail("connect", NULL);
	return EXIT_SUCCESS;
}

/* From here on the kernel cuts each UDP send into datagrams of this payload; 0: it does not. */
static inline int flow_segment(struct flow *flow, uint64_t segment)
{
	const int size = (int)segment;

	flow->segment = segment;
	if (setsockopt(flow->fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)))
		return tool_fail("setsockopt", "UDP_SEGMENT");
	return EXIT_SUCCESS;
}

static inline int flow_counter_open(const char *ifname, const char *counter)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", ifname, counter);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static inline bool flow_counter_read(int fd, uint64_t *value)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return false;
	*value = strtoull(text, NULL, 10);
	return true;
}

static inline int flow_read_device(const struct flow *flow, struct counts *counts)
{
	if (flow_counter_read(flow->device_packets, &counts->packets) &&
	    flow_counter_read(flow->device_bytes, &counts->bytes))
		return EXIT_SUCCESS;
	return tool_fail("read", "the device's counters");
}

/* Everything TCP has sent so far, by the device's account and by its own (wire_*). */
static inline int flow_read_tcp(struct flow *flow)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(flow->fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return tool_fail("getsockopt", "TCP_INFO");
	flow->headers = FLOW_TCP_HEADERS;
	if (info.tcpi_options & TCPI_OPT_TIMESTAMPS)
		flow->headers += FLOW_TCP_TIMESTAMPS;
	flow->payload = info.tcpi_bytes_sent;
	flow->seen.wire_packets = info.tcpi_segs_out;
	flow->seen.wire_bytes = flow->payload + info.tcpi_segs_out * flow->headers;
	return flow_read_device(flow, &flow->seen);
}

/* The handshake is a send of its own: without GSO, so that the device's counters are the wire's. */
static inline int flow_open_tcp(struct flow *flow, const struct sockaddr_in *to,
				const char *namespace, const char *ifname,
				struct truth_send *handshake)
{
	int listener = flow_receiver(namespace, SOCK_STREAM, to->sin_port);
	struct counts before = {0};
	const int on = 1;

	if (listener < 0)
		return TOOL_INCOMPLETE;
	*flow = (struct flow){
		.is_tcp = true,
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		.device_packets = flow_counter_open(ifname, "tx_packets"),
		.device_bytes = flow_counter_open(ifname, "tx_bytes"),
	};
	if (flow->fd < 0 || setsockopt(flow->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return tool_fail("socket", NULL);
	if (flow_read_device(flow, &before))
		return TOOL_INCOMPLETE;
	handshake->before_ns = tool_now_ns();
	if (connect(flow->fd, (const struct sockaddr *)to, sizeof(*to)))
		return tool_fail("connect", NULL);
	flow->receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (flow->receiver < 0)
		return tool_fail("accept", NULL);
	handshake->after_ns = flow->last_ns = tool_now_ns();
	close(listener);
	if (flow_read_tcp(flow))
		return TOOL_INCOMPLETE;
	handshake->counts.packets = handshake->counts.wire_packets =
		flow->seen.packets - before.packets;
	handshake->counts.bytes = handshake->counts.wire_bytes = flow->seen.bytes - before.bytes;
	return EXIT_SUCCESS;
}

/* What TCP has sent since the last time. */
static inline int flow_account_tcp(struct flow *flow, uint64_t payload, struct truth_send *send)
{
	const struct counts before = flow->seen;
	const uint64_t payload_before = flow->payload, last_ns = flow->last_ns;

	if (flow_read_tcp(flow))
		return TOOL_INCOMPLETE;
	send->counts = flow->seen;
	counts_take(&send->counts, &before);
	/* What was retransmitted may have been so since the last send. */
	if (flow->payload - payload_before != payload)
		send->before_ns = last_ns;
	if (send->counts.bytes - send->counts.packets * flow->headers ==
	    flow->payload - payload_before)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s: something else was sent through the device\n", tool_name);
	return TOOL_INCOMPLETE;
}

static inline void flow_account_udp(const struct flow *flow, uint64_t payload,
				    struct truth_send *send)
{
	const uint64_t datagrams =
		flow->segment ? (payload + flow->segment - 1) / flow->segment : 1;

	send->counts = (struct counts){
		.packets = 1,
		.bytes = payload + FLOW_UDP_HEADERS,
		.wire_packets = datagrams,
		.wire_bytes = payload + datagrams * FLOW_UDP_HEADERS,
	};
}

/* Sends, returns once all of it has been received, and fills in times and counts of `record`. */
static inline int flow_send(struct flow *flow, uint64_t payload, struct truth_send *record)
{
	/* What MSG_TRUNC takes is not copied: of TCP's stream as much as there is room for. */
	const size_t room = flow->is_tcp ? sizeof(flow_buffer) : 1;
	uint64_t sent = 0, received = 0;
	int ret = EXIT_SUCCESS;

	record->before_ns = tool_now_ns();
	while (received < payload && !tool_stopped) {
		ssize_t n = 0;

		if (sent < payload)
			n = send(flow->fd, flow_buffer, payload - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return tool_fail("send", NULL);
		sent += n > 0 ? n : 0;
		n = recv(flow->receiver, flow_buffer, room, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return tool_fail("recv", NULL);
		received += n > 0 ? n : 0;
	}
	if (received < payload)
		return tool_finish(false);
	record->after_ns = tool_now_ns();
	if (flow->is_tcp)
		ret = flow_account_tcp(flow, payload, record);
	else
		flow_account_udp(flow, payload, record);
	flow->last_ns = record->after_ns;
	return ret;
}

/* Without a packet: what is sent after the last stamp would be in no truth. */
static inline int flow_close(struct flow *flow)
{
	const int on = 1;

	if (flow->is_tcp && (setsockopt(flow->fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) ||
			     setsockopt(flow->receiver, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on))))
		return tool_fail("setsockopt", "TCP_REPAIR");
	close(flow->fd);
	close(flow->receiver);
	return EXIT_SUCCESS;
}

#endif
