// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * craft: IPv4 packets that a stack must give up, for tests of drops: with bad checksums, from or to
 * whatever address, and TCP segments that come twice, late or out of order.
 */
#include "tool.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#define PAYLOAD_MAX 1400
#define PORT_FROM 40000
#define TTL_DEFAULT 64
#define DONT_FRAGMENT 0x4000
#define FIRST_SEQUENCE 1000
#define WINDOW 65535
#define ANSWER_WAIT_US 100000

struct pseudo_header {
	uint32_t from, to;
	uint8_t zero, protocol;
	uint16_t size;
};

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	union {
		struct udphdr udp;
		struct tcphdr tcp;
		uint8_t bytes[sizeof(struct tcphdr) + PAYLOAD_MAX];
	};
} __attribute__((packed));

struct settings {
	const char *interface, *to_mac, *from, *to;
	uint64_t port, size, ttl, timeout;
	bool bad_ip_checksum, bad_checksum;
};

static struct frame frame;

static uint32_t sum_up(uint32_t sum, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static uint16_t checksum_of(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* A packet socket that sends through the interface, and hears what comes by it as IPv4. */
static int open_interface(const struct settings *settings)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	const struct timeval wait = {.tv_usec = ANSWER_WAIT_US};
	const struct ether_addr *to_mac = ether_aton(settings->to_mac);
	struct ifreq request = {0};
	int fd;

	if (!to_mac || strlen(settings->interface) >= sizeof(request.ifr_name) ||
	    inet_pton(AF_INET, settings->from, &frame.ip.saddr) != 1 ||
	    inet_pton(AF_INET, settings->to, &frame.ip.daddr) != 1) {
		fprintf(stderr, "%s: not a name, a MAC address and two IPv4 addresses\n",
			tool_name);
		return -1;
	}
	strcpy(request.ifr_name, settings->interface);
	address.sll_ifindex = (int)if_nametoindex(settings->interface);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (!address.sll_ifindex)
		tool_fail("if_nametoindex", settings->interface);
	else if (fd < 0)
		tool_fail("socket", "AF_PACKET");
	else if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		tool_fail("setsockopt", "SO_RCVTIMEO");
	else if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		tool_fail("bind", settings->interface);
	else if (ioctl(fd, SIOCGIFHWADDR, &request))
		tool_fail("ioctl SIOCGIFHWADDR", settings->interface);
	else {
		memcpy(frame.ethernet.h_dest, to_mac, ETH_ALEN);
		memcpy(frame.ethernet.h_source, request.ifr_hwaddr.sa_data, ETH_ALEN);
		frame.ethernet.h_proto = htons(ETH_P_IP);
		return fd;
	}
	return -1;
}

/* Fills in the IPv4 header and both checksums; returns the frame's size. `size` is above IPv4. */
static size_t close_frame(const struct settings *settings, uint8_t protocol, size_t size,
			  uint16_t *checksum)
{
	struct pseudo_header pseudo = {
		.from = frame.ip.saddr,
		.to = frame.ip.daddr,
		.protocol = protocol,
		.size = htons((uint16_t)size),
	};

	frame.ip.version = 4;
	frame.ip.ihl = sizeof(frame.ip) / 4;
	frame.ip.tot_len = htons((uint16_t)(sizeof(frame.ip) + size));
	frame.ip.frag_off = htons(DONT_FRAGMENT);
	frame.ip.ttl = (uint8_t)settings->ttl;
	frame.ip.protocol = protocol;
	frame.ip.check = 0;
	frame.ip.check = checksum_of(sum_up(0, &frame.ip, sizeof(frame.ip)));
	if (settings->bad_ip_checksum)
		frame.ip.check ^= 1;
	*checksum = 0;
	*checksum = checksum_of(sum_up(sum_up(0, &pseudo, sizeof(pseudo)), frame.bytes, size));
	if (settings->bad_checksum)
		*checksum ^= 1;
	return sizeof(frame.ethernet) + sizeof(frame.ip) + size;
}

static int udp(int argc, char **argv)
{
	struct settings settings = {.size = 100, .ttl = TTL_DEFAULT, .timeout = TOOL_TIMEOUT};
	struct tool_sends sends = {0};
	const struct tool_option options[] = {
		{"interface", .text = &settings.interface, .required = true},
		{"to-mac", .text = &settings.to_mac, .required = true},
		{"from", .text = &settings.from, .required = true},
		{"to", .text = &settings.to, .required = true},
		{"port", .number = &settings.port, .min = 1, .max = UINT16_MAX, .required = true},
		{"count", .number = &sends.count, .max = UINT32_MAX, .required = true},
		{"size", .number = &settings.size, .max = PAYLOAD_MAX},
		{"ttl", .number = &settings.ttl, .min = 1, .max = UINT8_MAX},
		{"bad-ip-checksum", .flag = &settings.bad_ip_checksum},
		{"bad-checksum", .flag = &settings.bad_checksum},
		{"timeout", .number = &settings.timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	size_t size;
	uint16_t checksum;
	int fd, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(settings.timeout);
	fd = open_interface(&settings);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	size = sizeof(frame.udp) + settings.size;
	frame.udp = (struct udphdr){
		.source = htons(PORT_FROM),
		.dest = htons((uint16_t)settings.port),
		.len = htons((uint16_t)size),
	};
	size = close_frame(&settings, IPPROTO_UDP, size, &checksum);
	frame.udp.check = checksum;
	ret = tool_send(fd, &frame, size, &sends);
	return tool_report_sends(&sends, 1, "frame_bytes") ?: ret;
}

/* One segment, as often as `sends` says. `offset` is that of its data from the connection's first. */
static int send_segment(int fd, const struct settings *settings, struct tcphdr header,
			uint32_t offset, size_t size, struct tool_sends *sends)
{
	uint16_t checksum;

	header.source = htons(PORT_FROM);
	header.dest = htons((uint16_t)settings->port);
	header.seq = htonl(FIRST_SEQUENCE + offset);
	header.doff = sizeof(header) / 4;
	header.window = htons(WINDOW);
	frame.tcp = header;
	size = close_frame(settings, IPPROTO_TCP, sizeof(header) + size, &checksum);
	frame.tcp.check = checksum;
	return tool_send(fd, &frame, size, sends);
}

static int send_once(int fd, const struct settings *settings, struct tcphdr header, uint32_t offset,
		     size_t size)
{
	struct tool_sends once = {.count = 1};

	return send_segment(fd, settings, header, offset, size, &once);
}

/* The acknowledgement number for what the peer's SYN-ACK has; 0 if it is none of ours. */
static uint32_t answer_of(const struct frame *answer, ssize_t size, const struct settings *settings)
{
	if (size < (ssize_t)(sizeof(answer->ethernet) + sizeof(answer->ip) + sizeof(answer->tcp)) ||
	    answer->ip.protocol != IPPROTO_TCP || answer->ip.saddr != frame.ip.daddr ||
	    answer->tcp.source != htons((uint16_t)settings->port) || !answer->tcp.syn ||
	    !answer->tcp.ack || answer->tcp.ack_seq != htonl(FIRST_SEQUENCE))
		return 0;
	return htonl(ntohl(answer->tcp.seq) + 1);
}

static int shake_hands(int fd, const struct settings *settings, uint32_t *ack_seq)
{
	static struct frame answer;

	if (send_once(fd, settings, (struct tcphdr){.syn = 1}, -1, 0))
		return TOOL_INCOMPLETE;
	while (!tool_stopped) {
		const ssize_t size = recv(fd, &answer, sizeof(answer), 0);

		if (size < 0 && errno != EINTR && errno != EAGAIN)
			return tool_fail("recv", settings->interface);
		*ack_seq = answer_of(&answer, size, settings);
		if (*ack_seq)
			return send_once(fd, settings,
					 (struct tcphdr){.ack = 1, .ack_seq = *ack_seq}, 0, 0);
	}
	return tool_fail("recv", "SYN-ACK");
}

/*
 * `old`: one segment, then N times again. `ahead`: one segment behind a hole, then N times again.
 * `holes`: N segments, the last first, each behind a hole of its own.
 */
static int send_kind(int fd, const struct settings *settings, const char *kind,
		     struct tcphdr header, struct tool_sends *sends)
{
	const bool is_old = strcmp(kind, "old") == 0;
	const uint32_t size = (uint32_t)settings->size, at = is_old ? 0 : size;
	int ret = 0;

	if (strcmp(kind, "holes") == 0) {
		while (!ret && sends->sent < sends->count && !tool_stopped) {
			const uint32_t left = (uint32_t)(sends->count - sends->sent);
			const uint32_t offset = 1 + (left - 1) * (size + 1);

			ret = send_once(fd, settings, header, offset, size);
			sends->sent += !ret;
		}
		return ret;
	}
	return send_once(fd, settings, header, at, size)
		       ?: send_segment(fd, settings, header, at, size, sends);
}

static int tcp(int argc, char **argv)
{
	struct settings settings = {.size = 100, .ttl = TTL_DEFAULT, .timeout = TOOL_TIMEOUT};
	struct tool_sends sends = {0};
	const char *kind;
	bool reset = false;
	const struct tool_option options[] = {
		{"interface", .text = &settings.interface, .required = true},
		{"to-mac", .text = &settings.to_mac, .required = true},
		{"from", .text = &settings.from, .required = true},
		{"to", .text = &settings.to, .required = true},
		{"port", .number = &settings.port, .min = 1, .max = UINT16_MAX, .required = true},
		{"count", .number = &sends.count, .max = UINT32_MAX, .required = true},
		{"kind", .text = &kind, .required = true},
		{"size", .number = &settings.size, .min = 1, .max = PAYLOAD_MAX},
		{"reset", .flag = &reset},
		{"timeout", .number = &settings.timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	struct tcphdr header = {.ack = 1};
	int fd, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	if (strcmp(kind, "old") != 0 && strcmp(kind, "ahead") != 0 && strcmp(kind, "holes") != 0) {
		fprintf(stderr, "%s: --kind %s: old, ahead or holes\n", tool_name, kind);
		return TOOL_USAGE;
	}
	tool_start(settings.timeout);
	fd = open_interface(&settings);
	if (fd < 0 || shake_hands(fd, &settings, &header.ack_seq))
		return TOOL_INCOMPLETE;
	ret = send_kind(fd, &settings, kind, header, &sends);
	if (!ret && reset) {
		header.rst = 1;
		ret = send_once(fd, &settings, header, 0, 0);
	}
	return tool_report_sends(&sends, 1, "frame_bytes") ?: ret;
}

static const char usage[] =
	"Usage: craft MODE --interface NAME --to-mac MAC --from ADDR --to ADDR --port P --count N\n"
	"             [--size BYTES (100)] [--timeout SECONDS (100)] OPTIONS\n"
	"\n"
	"  udp [--ttl N] [--bad-ip-checksum] [--bad-checksum]\n"
	"      N datagrams\n"
	"  tcp --kind old|ahead|holes [--reset]\n"
	"      shakes hands as ADDR, which the host must not have, then sends N segments: of data "
	"that\n"
	"      has come already (old), that waits already behind a hole (ahead), or each behind a "
	"hole\n"
	"      of its own, the last first (holes); and a reset at the end\n"
	"\n"
	"Prints one JSON object. Status: 0 complete, 1 failed or incomplete, 2 usage.\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {
		{"udp", udp},
		{"tcp", tcp},
	};

	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
