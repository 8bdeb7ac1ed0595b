// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * frames: below IP, for tests that hold counters against the truth: Ethernet frames of a given
 * size, and a tap or tun device that lives as long as this program.
 */
#include "tool.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sys/ioctl.h>

#define TAG_SIZE 4
#define ETHERTYPE_EXPERIMENTAL 0x88b5 /* IEEE 802, local experimental 1 */
#define HOLD_SECONDS 60
#define DOWN_POLL_NS 10000000

static unsigned char buffer[1 << 17];

static bool request_name(struct ifreq *request, const char *name)
{
	if (*name && strlen(name) < sizeof(request->ifr_name)) {
		strcpy(request->ifr_name, name);
		return true;
	}
	fprintf(stderr, "%s: --interface %s: 1 to %zu bytes\n", tool_name, name,
		sizeof(request->ifr_name) - 1);
	return false;
}

/*
 * A socket that sends through the queueing discipline and TC egress, since PACKET_QDISC_BYPASS is
 * left off, and that receives nothing, its own frames included, since its protocol is 0.
 */
static int packet_socket(struct ifreq *request)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	const char *name = request->ifr_name;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	address.sll_ifindex = (int)if_nametoindex(name);
	if (!address.sll_ifindex)
		tool_fail("if_nametoindex", name);
	else if (fd < 0)
		tool_fail("socket", "AF_PACKET");
	else if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		tool_fail("bind", name);
	else if (ioctl(fd, SIOCGIFHWADDR, request))
		tool_fail("ioctl SIOCGIFHWADDR", name);
	else if (request->ifr_hwaddr.sa_family != ARPHRD_ETHER)
		fprintf(stderr, "%s: %s is no Ethernet device\n", tool_name, name);
	else
		return fd;
	return -1;
}

static int raw_send(int argc, char **argv)
{
	/* A unicast address of nobody's: no counter of multicasts moves. */
	static const unsigned char to[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x01};
	uint64_t size, vlan = 0, timeout = TOOL_TIMEOUT;
	struct tool_sends sends = {0};
	bool bypass = false;
	const char *name;
	const struct tool_option options[] = {
		{"interface", .text = &name, .required = true},
		{"count", .number = &sends.count, .max = UINT32_MAX, .required = true},
		{"size", .number = &size, .min = ETH_HLEN, .max = UINT16_MAX, .required = true},
		{"vlan", .number = &vlan, .min = 1, .max = 4094},
		{"bypass", .flag = &bypass},
		{"rate-pps", .number = &sends.rate_pps, .min = 1, .max = TOOL_NSEC_PER_SEC},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	struct ifreq request = {0};
	uint16_t tag[2], type = htons(ETHERTYPE_EXPERIMENTAL);
	size_t head;
	int on = 1, fd, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)) ||
	    !request_name(&request, name))
		return TOOL_USAGE;
	head = ETH_HLEN + (vlan ? TAG_SIZE : 0);
	if (size < head) {
		fprintf(stderr, "%s: --size: the headers alone take %zu bytes\n", tool_name, head);
		return TOOL_USAGE;
	}
	tool_start(timeout);
	fd = packet_socket(&request);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	if (bypass && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on))) {
		close(fd);
		return tool_fail("PACKET_QDISC_BYPASS", name);
	}
	tag[0] = htons(ETH_P_8021Q);
	tag[1] = htons(vlan);
	memcpy(buffer, to, ETH_ALEN);
	memcpy(buffer + ETH_ALEN, request.ifr_hwaddr.sa_data, ETH_ALEN);
	memcpy(buffer + 2 * ETH_ALEN, tag, sizeof(tag));
	memcpy(buffer + head - sizeof(type), &type, sizeof(type));
	ret = tool_send(fd, buffer, size, &sends);
	return tool_report_sends(&sends, 1, "frame_bytes") ?: ret;
}

/*
 * A packet socket that hears the frames of raw-send's type that come in, or all frames, also those that
 * go out; and that reads none.
 */
static int idle(int argc, char **argv)
{
	uint64_t size, timeout = TOOL_TIMEOUT, ready_fd = STDERR_FILENO;
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETHERTYPE_EXPERIMENTAL)};
	const char *name;
	bool all = false;
	const struct tool_option options[] = {
		{"interface", .text = &name, .required = true},
		{"receive-buffer", .number = &size, .min = 1, .max = INT32_MAX, .required = true},
		{"all", .flag = &all},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
		{"ready-fd", .number = &ready_fd, .min = 1, .max = INT16_MAX},
	};
	struct tpacket_stats stats = {0};
	socklen_t stats_size = sizeof(stats);
	int fd, receive_buffer;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(timeout);
	receive_buffer = (int)size;
	if (all)
		address.sll_protocol = htons(ETH_P_ALL);
	address.sll_ifindex = (int)if_nametoindex(name);
	if (!address.sll_ifindex)
		return tool_fail("if_nametoindex", name);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tool_fail("socket", "AF_PACKET");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer)))
		return tool_fail("setsockopt", "SO_RCVBUF");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return tool_fail("bind", name);
	tool_ready(ready_fd);
	while (!tool_stopped)
		pause();
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &stats_size))
		return tool_fail("getsockopt", "PACKET_STATISTICS");
	printf("{\"heard\":%u,\"socket_drops\":%u}\n", stats.tp_packets, stats.tp_drops);
	return tool_finish(true);
}

/* Two hexadecimal digits a byte, nothing between. Returns how many bytes, 0 where it is not that. */
static size_t read_hex(unsigned char *out, size_t size, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; text[0] && text[1] && n < size; text += 2, n++) {
		const char *high = strchr(digits, text[0]), *low = strchr(digits, text[1]);

		if (!high || !low)
			return 0;
		out[n] = (unsigned char)((high - digits) << 4 | (low - digits));
	}
	return *text ? 0 : n;
}

/*
 * Only `linear` bytes of a frame of a page or more lie in the first piece of its skb (packet_alloc_skb() in
 * net/packet/af_packet.c). Each is to have `head` in front, which is not sent.
 */
static int send_in_pieces(int fd, size_t size, uint64_t linear, struct tool_sends *sends)
{
	const struct virtio_net_hdr head = {.hdr_len = (uint16_t)linear};
	int on = 1, ret;

	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)))
		return tool_fail("setsockopt", "PACKET_VNET_HDR");
	memmove(buffer + sizeof(head), buffer, size);
	memcpy(buffer, &head, sizeof(head));
	ret = tool_send(fd, buffer, sizeof(head) + size, sends);
	sends->bytes -= sends->sent * sizeof(head);
	return ret;
}

static int hex_send(int argc, char **argv)
{
	uint64_t size, linear = 0, timeout = TOOL_TIMEOUT;
	struct tool_sends sends = {0};
	const char *name, *text;
	const struct tool_option options[] = {
		{"interface", .text = &name, .required = true},
		{"count", .number = &sends.count, .max = UINT32_MAX, .required = true},
		{"size", .number = &size, .min = ETH_HLEN, .max = UINT16_MAX, .required = true},
		{"frame", .text = &text, .required = true},
		{"linear", .number = &linear, .min = ETH_HLEN, .max = UINT16_MAX},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	struct ifreq request = {0};
	size_t head;
	int fd, ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)) ||
	    !request_name(&request, name))
		return TOOL_USAGE;
	head = read_hex(buffer, sizeof(buffer), text);
	if (head < ETH_HLEN || head > size) {
		fprintf(stderr, "%s: --frame: 14 bytes to --size in hexadecimal digits\n",
			tool_name);
		return TOOL_USAGE;
	}
	tool_start(timeout);
	fd = packet_socket(&request);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	ret = linear ? send_in_pieces(fd, size, linear, &sends)
		     : tool_send(fd, buffer, size, &sends);
	return tool_report_sends(&sends, 1, "frame_bytes") ?: ret;
}

/* Addresses and ports look random, and no two flows have the same address: odd factors are one to one. */
static void set_flow(unsigned char *ip, uint64_t flow)
{
	uint32_t source = htonl((uint32_t)flow * 2654435761U);
	uint16_t ports[2] = {htons((uint16_t)(flow * 40503U)), htons((uint16_t)(flow * 30011U))};

	memcpy(ip + 12, &source, sizeof(source));
	memcpy(ip + 20, ports, sizeof(ports));
}

static int flows_send(int argc, char **argv)
{
	/* As raw_send() has it; then UDP over IPv4 to 192.0.2.2. Nobody looks at lengths and checksums. */
	static const unsigned char head[] = {0x02, 0, 0,    0, 0, 0x01, 0x02, 0, 0, 0, 0,  0x02,
					     8,    0, 0x45, 0, 0, 0,    0,    0, 0, 0, 64, 17,
					     0,    0, 0,    0, 0, 0,    192,  0, 2, 2};
	uint64_t n_flows, first = 0, size, timeout = TOOL_TIMEOUT;
	struct tool_sends sends = {0}, one = {0};
	const char *name;
	const struct tool_option options[] = {
		{"interface", .text = &name, .required = true},
		{"flows", .number = &n_flows, .min = 1, .max = UINT32_MAX, .required = true},
		{"first", .number = &first, .max = UINT32_MAX},
		{"count", .number = &sends.count, .max = UINT32_MAX, .required = true},
		{"size", .number = &size, .min = 42, .max = UINT16_MAX, .required = true},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	struct ifreq request = {0};
	int fd, ret = EXIT_SUCCESS;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)) ||
	    !request_name(&request, name))
		return TOOL_USAGE;
	tool_start(timeout);
	fd = packet_socket(&request);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	memcpy(buffer, head, sizeof(head));
	while (sends.sent < sends.count && !tool_stopped && !ret) {
		set_flow(buffer + ETH_HLEN, first + sends.sent % n_flows);
		one = (struct tool_sends){.count = 1};
		ret = tool_send(fd, buffer, size, &one);
		sends.sent += one.sent;
		sends.bytes += one.bytes;
		sends.no_buffer += one.no_buffer;
	}
	return tool_report_sends(&sends, 1, "frame_bytes") ?: ret;
}

/* With `offload`, whoever reads and writes takes GSO skbs whole, behind a struct virtio_net_hdr. */
static int open_tun(struct ifreq *request, bool tap, bool offload)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	request->ifr_flags =
		(short)((tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0));
	if (fd < 0)
		tool_fail("open", "/dev/net/tun");
	else if (ioctl(fd, TUNSETIFF, request))
		tool_fail("ioctl TUNSETIFF", request->ifr_name);
	else if (offload && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6))
		tool_fail("ioctl TUNSETOFFLOAD", request->ifr_name);
	else
		return fd;
	return -1;
}

/* The devices are the two ends of a cable, and this is the cable. */
static int cable(int argc, char **argv)
{
	uint64_t timeout = TOOL_TIMEOUT, ready_fd = STDERR_FILENO;
	const char *names[2], *kind;
	struct ifreq requests[2] = {0};
	struct pollfd ends[2];
	bool offload = false;
	ssize_t got;
	const struct tool_option options[] = {
		{"interface", .text = &names[0], .required = true},
		{"other", .text = &names[1], .required = true},
		{"kind", .text = &kind, .required = true},
		{"offload", .flag = &offload},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
		{"ready-fd", .number = &ready_fd, .min = 1, .max = INT16_MAX},
	};
	int i;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(timeout);
	for (i = 0; i < 2; i++) {
		if (!request_name(&requests[i], names[i]))
			return TOOL_USAGE;
		ends[i].fd = open_tun(&requests[i], strcmp(kind, "tap") == 0, offload);
		ends[i].events = POLLIN;
		if (ends[i].fd < 0)
			return TOOL_INCOMPLETE;
	}
	tool_ready(ready_fd);
	/* An end that is down takes nothing and gives nothing. */
	while (!tool_stopped && poll(ends, 2, -1) >= 0) {
		for (i = 0; i < 2; i++) {
			if (!(ends[i].revents & (POLLIN | POLLERR)))
				continue;
			got = read(ends[i].fd, buffer, sizeof(buffer));
			if (got < 0 || write(ends[!i].fd, buffer, (size_t)got) < 0)
				tool_sleep_until(tool_now_ns() + DOWN_POLL_NS);
		}
	}
	return EXIT_SUCCESS;
}

static int hold(int argc, char **argv)
{
	uint64_t seconds = HOLD_SECONDS, ready_fd = STDERR_FILENO;
	const char *name, *kind;
	bool drain = false, tap;
	const struct tool_option options[] = {
		{"interface", .text = &name, .required = true},
		{"kind", .text = &kind, .required = true},
		{"seconds", .number = &seconds, .min = 1, .max = TOOL_SECONDS_MAX},
		{"timeout", .number = &seconds, .min = 1, .max = TOOL_SECONDS_MAX},
		{"ready-fd", .number = &ready_fd, .min = 1, .max = INT16_MAX},
		{"drain", .flag = &drain},
	};
	struct ifreq request = {0};
	int fd;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)) ||
	    !request_name(&request, name))
		return TOOL_USAGE;
	tap = strcmp(kind, "tap") == 0;
	if (!tap && strcmp(kind, "tun") != 0) {
		fprintf(stderr, "%s: --kind %s: tap or tun\n", tool_name, kind);
		return TOOL_USAGE;
	}
	tool_start(seconds);
	fd = open_tun(&request, tap, false);
	if (fd < 0)
		return TOOL_INCOMPLETE;
	tool_ready(ready_fd);
	while (!tool_stopped) {
		if (!drain)
			pause();
		else if (read(fd, buffer, sizeof(buffer)) < 0 && errno != EINTR)
			tool_sleep_until(tool_now_ns() + DOWN_POLL_NS);
	}
	return EXIT_SUCCESS;
}

static const char usage[] =
	"Usage: frames MODE OPTIONS\n"
	"\n"
	"  raw-send --interface NAME --count N --size BYTES [--vlan ID] [--rate-pps R]\n"
	"           [--bypass] [--timeout SECONDS (100)]\n"
	"           N frames of BYTES, 14 bytes of header and 4 of tag included, then one JSON "
	"object;\n"
	"           --bypass: past the queueing discipline\n"
	"  idle     --interface NAME --receive-buffer BYTES [--all] [--timeout SECONDS (100)]\n"
	"           [--ready-fd FD]\n"
	"           hears frames of raw-send's type that come in, or all that come or go, and "
	"reads\n"
	"           none, until it is interrupted\n"
	"  hex-send --interface NAME --count N --size BYTES --frame HEX [--linear BYTES]\n"
	"           [--timeout SECONDS (100)]\n"
	"           N frames that begin as HEX says, filled up with zeros; those of a page or more "
	"with\n"
	"           no more than BYTES of them in one piece\n"
	"  flows-send --interface NAME --flows F --count N --size BYTES [--first NUMBER (0)]\n"
	"           [--timeout SECONDS (100)]\n"
	"           N frames of UDP over IPv4 in turn of flows NUMBER to NUMBER + F - 1, each with "
	"a source\n"
	"           address of its own\n"
	"  hold     --interface NAME --kind tap|tun [--seconds S (60)] [--drain] [--ready-fd FD]\n"
	"           writes \"ready\" to FD (2, stderr) once the device is there, and keeps it "
	"until\n"
	"           killed or S seconds; --drain reads away what is sent, else its queue fills up\n"
	"  cable    --interface NAME --other NAME --kind tap|tun [--offload] [--ready-fd FD]\n"
	"           [--timeout SECONDS (100)]\n"
	"           two such devices, and what is sent by one is received by the other; with "
	"--offload GSO\n"
	"           packets whole\n"
	"\n"
	"Status: 0 complete, 1 failed or incomplete, 2 usage.\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {
		{"raw-send", raw_send},     {"idle", idle}, {"hex-send", hex_send},
		{"flows-send", flows_send}, {"hold", hold}, {"cable", cable},
	};

	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
