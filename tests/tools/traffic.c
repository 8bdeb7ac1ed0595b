// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * traffic: UDP and TCP whose datagrams and bytes are known, for tests that hold counters against
 * the truth. Every mode does one job, prints one JSON object on stdout and ends: after --timeout at
 * the latest, then with what it had done until then.
 */
#include "tool.h"

#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sched.h>

#define RECEIVE_BUFFER (64 << 20)
#define GSO_SEGMENTS_MAX 64 /* UDP_MAX_SEGMENTS in the kernel until 6.8 */
#define NO_CPU UINT64_MAX

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t size;
};

static unsigned char buffer[1 << 20];

static bool address_parse(struct address *a, const char *text, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		a->size = sizeof(a->v4);
	} else if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		a->size = sizeof(a->v6);
	} else {
		fprintf(stderr, "%s: --to %s: not an IPv4 or IPv6 address\n", tool_name, text);
		return false;
	}
	return true;
}

/*
 * RECVERR: without it, UDP reports a packet that the queueing discipline dropped as sent.
 * PMTUDISC_DO: what does not fit fails, rather than going out as an unknown number of fragments.
 */
static int udp_connect(const struct address *to, int gso)
{
	const bool v6 = to->any.sa_family == AF_INET6;
	const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP, on = 1;
	const int errors = v6 ? IPV6_RECVERR : IP_RECVERR;
	const int discover = v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
	const int pmtu = v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;
	int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		tool_fail("socket", NULL);
	else if (setsockopt(fd, level, errors, &on, sizeof(on)))
		tool_fail("setsockopt", "RECVERR");
	else if (setsockopt(fd, level, discover, &pmtu, sizeof(pmtu)))
		tool_fail("setsockopt", "MTU_DISCOVER");
	else if (gso && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &gso, sizeof(gso)))
		tool_fail("setsockopt", "UDP_SEGMENT");
	else if (connect(fd, &to->any, to->size))
		tool_fail("connect", NULL);
	else
		return fd;
	return -1;
}

static int udp_send(int argc, char **argv)
{
	uint64_t port, size, gso = 0, cpu = NO_CPU, timeout = TOOL_TIMEOUT, segments;
	struct tool_sends sends = {0};
	const char *to;
	const struct tool_option options[] = {
		{"to", .text = &to, .required = true},
		{"port", .number = &port, .min = 1, .max = UINT16_MAX, .required = true},
		{"count", .number = &sends.count, .max = UINT32_MAX, .required = true},
		{"size", .number = &size, .max = UINT16_MAX, .required = true},
		{"gso", .number = &gso, .min = 1, .max = UINT16_MAX},
		{"bind-cpu", .number = &cpu, .max = CPU_SETSIZE - 1},
		{"rate-pps", .number = &sends.rate_pps, .min = 1, .max = TOOL_NSEC_PER_SEC},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	struct address address;
	cpu_set_t cpus;
	int fd, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)) ||
	    !address_parse(&address, to, port))
		return TOOL_USAGE;
	segments = gso ? (size + gso - 1) / gso : 1;
	if (gso && (segments < 2 || segments > GSO_SEGMENTS_MAX)) {
		fprintf(stderr, "%s: --size must be 2 to %d segments of --gso\n", tool_name,
			GSO_SEGMENTS_MAX);
		return TOOL_USAGE;
	}
	tool_start(timeout);
	if (cpu != NO_CPU) {
		CPU_ZERO(&cpus);
		CPU_SET(cpu, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			return tool_fail("sched_setaffinity", NULL);
	}
	fd = udp_connect(&address, gso);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	ret = tool_send(fd, buffer, size, &sends);
	return tool_report_sends(&sends, segments, "payload_bytes") ?: ret;
}

/* A socket bound to every address of a family, 4 or 6. */
static int bound_socket(uint64_t family, int type, uint16_t port)
{
	const int on = 1, size = RECEIVE_BUFFER;
	struct address a;
	int fd;

	address_parse(&a, family == 6 ? "::" : "0.0.0.0", port);
	fd = socket(a.any.sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		tool_fail("socket", NULL);
	else if (family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		tool_fail("setsockopt", "IPV6_V6ONLY");
	else if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		tool_fail("setsockopt", "SO_REUSEADDR");
	else if (type == SOCK_DGRAM &&
		 setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		tool_fail("setsockopt", "SO_RCVBUFFORCE");
	else if (bind(fd, &a.any, a.size))
		tool_fail("bind", NULL);
	else
		return fd;
	return -1;
}

static int udp_sink(int argc, char **argv)
{
	uint64_t port, count, family = 4, timeout = TOOL_TIMEOUT, ready_fd = STDERR_FILENO;
	const struct tool_option options[] = {
		{"port", .number = &port, .min = 1, .max = UINT16_MAX, .required = true},
		{"count", .number = &count, .max = UINT32_MAX, .required = true},
		{"family", .number = &family, .min = 4, .max = 6},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
		{"ready-fd", .number = &ready_fd, .min = 1, .max = INT16_MAX},
	};
	uint64_t datagrams = 0, bytes = 0;
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t memory_size = sizeof(memory);
	int fd;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(timeout);
	fd = bound_socket(family, SOCK_DGRAM, port);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	tool_ready(ready_fd);
	while (datagrams < count && !tool_stopped) {
		const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n >= 0) {
			datagrams++;
			bytes += n;
		} else if (errno != EINTR) {
			return tool_fail("recv", NULL);
		}
	}
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &memory_size))
		return tool_fail("getsockopt", "SO_MEMINFO");
	printf("{\"received_datagrams\":%" PRIu64 ",\"payload_bytes\":%" PRIu64
	       ",\"socket_drops\":%" PRIu32 "}\n",
	       datagrams, bytes, memory[SK_MEMINFO_DROPS]);
	return tool_finish(datagrams == count);
}

/* Takes what its buffer holds and reads none of it: what it had to refuse is the kernel's own count. */
static int udp_idle(int argc, char **argv)
{
	uint64_t port, size, timeout = TOOL_TIMEOUT, ready_fd = STDERR_FILENO;
	const struct tool_option options[] = {
		{"port", .number = &port, .min = 1, .max = UINT16_MAX, .required = true},
		{"receive-buffer", .number = &size, .min = 1, .max = RECEIVE_BUFFER,
		 .required = true},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
		{"ready-fd", .number = &ready_fd, .min = 1, .max = INT16_MAX},
	};
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t memory_size = sizeof(memory);
	int fd, receive_buffer;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(timeout);
	fd = bound_socket(4, SOCK_DGRAM, port);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	receive_buffer = (int)size;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer)))
		return tool_fail("setsockopt", "SO_RCVBUF");
	tool_ready(ready_fd);
	while (!tool_stopped)
		pause();
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &memory_size))
		return tool_fail("getsockopt", "SO_MEMINFO");
	printf("{\"socket_drops\":%" PRIu32 "}\n", memory[SK_MEMINFO_DROPS]);
	return tool_finish(true);
}

/* Reads until the peer closes. 0, or an exit status with the message printed. */
static int read_to_end(int fd, uint64_t *bytes)
{
	while (!tool_stopped) {
		const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n == 0)
			return EXIT_SUCCESS;
		if (n > 0)
			*bytes += n;
		else if (errno != EINTR)
			return tool_fail("recv", NULL);
	}
	return tool_finish(false);
}

static int tcp_send(int argc, char **argv)
{
	uint64_t port, bytes, chunk = 1 << 16, timeout = TOOL_TIMEOUT, sent = 0, received = 0;
	const char *to;
	const struct tool_option options[] = {
		{"to", .text = &to, .required = true},
		{"port", .number = &port, .min = 1, .max = UINT16_MAX, .required = true},
		{"bytes", .number = &bytes, .max = INT64_MAX, .required = true},
		{"chunk", .number = &chunk, .min = 1, .max = sizeof(buffer)},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	struct tcp_info info = {0};
	socklen_t info_size = sizeof(info);
	struct address address;
	int fd, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)) ||
	    !address_parse(&address, to, port))
		return TOOL_USAGE;
	tool_start(timeout);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tool_fail("socket", NULL);
	if (connect(fd, &address.any, address.size))
		return tool_fail("connect", to);
	while (sent < bytes && !tool_stopped) {
		const uint64_t left = bytes - sent;
		const ssize_t n = send(fd, buffer, left < chunk ? left : chunk, MSG_NOSIGNAL);

		if (n >= 0)
			sent += n;
		else if (errno != EINTR)
			return tool_fail("send", to);
	}
	if (shutdown(fd, SHUT_WR))
		return tool_fail("shutdown", NULL);
	/* The sink closes once it has read our FIN: then all of it has arrived. */
	ret = read_to_end(fd, &received);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size))
		return tool_fail("getsockopt", "TCP_INFO");
	printf("{\"payload_bytes\":%" PRIu64 ",\"retransmitted_segments\":%" PRIu32
	       ",\"retransmitted_bytes\":%" PRIu64 "}\n",
	       sent, (uint32_t)info.tcpi_total_retrans, (uint64_t)info.tcpi_bytes_retrans);
	return tool_finish(sent == bytes) ?: ret;
}

static int tcp_sink(int argc, char **argv)
{
	uint64_t port, family = 4, timeout = TOOL_TIMEOUT, ready_fd = STDERR_FILENO, bytes = 0;
	const struct tool_option options[] = {
		{"port", .number = &port, .min = 1, .max = UINT16_MAX, .required = true},
		{"family", .number = &family, .min = 4, .max = 6},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
		{"ready-fd", .number = &ready_fd, .min = 1, .max = INT16_MAX},
	};
	int fd, peer, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(timeout);
	fd = bound_socket(family, SOCK_STREAM, port);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	if (listen(fd, 1))
		return tool_fail("listen", NULL);
	tool_ready(ready_fd);
	peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (peer < 0)
		return tool_fail("accept", NULL);
	ret = read_to_end(peer, &bytes);
	printf("{\"payload_bytes\":%" PRIu64 "}\n", bytes);
	return tool_finish(true) ?: ret;
}

static const char usage[] =
	"Usage: traffic MODE OPTIONS\n"
	"\n"
	"  udp-send --to ADDR --port P --count N --size BYTES [--gso SEGSIZE] [--bind-cpu C]\n"
	"           [--rate-pps R]\n"
	"           N sends of BYTES payload; --gso has the kernel cut each into datagrams of "
	"SEGSIZE\n"
	"  udp-sink --port P --count N [--family 4|6] [--ready-fd FD]\n"
	"  udp-idle --port P --receive-buffer BYTES [--ready-fd FD]\n"
	"           reads nothing, until it is interrupted\n"
	"  tcp-send --to ADDR --port P --bytes N [--chunk BYTES]\n"
	"  tcp-sink --port P [--family 4|6] [--ready-fd FD]\n"
	"\n"
	"All take --timeout SECONDS (100). The result is one JSON object on stdout. A sink writes "
	"\"ready\"\n"
	"to FD (2, stderr) once it is bound. Status: 0 complete, 1 failed or incomplete, 2 "
	"usage.\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {
		{"udp-send", udp_send}, {"udp-sink", udp_sink}, {"udp-idle", udp_idle},
		{"tcp-send", tcp_send}, {"tcp-sink", tcp_sink},
	};

	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
