// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * spread: as many frames as it can send, one by each of many interfaces in turn.
 *
 *   spread --prefix c --interfaces N [--step N] [--size N] [--seconds N]
 *
 * What comes in by an interface of this namespace is taken, and so no drop. The interfaces are c0, c<step>, …, N of them. Ends after so many seconds, or by SIGTERM; prints how many it sent.
 */
#include "tool.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#define INTERFACES_MAX 4096
#define ETHERTYPE_EXPERIMENTAL 0x88b5 /* IEEE 802, local experimental 1 */

static struct sockaddr_ll to[INTERFACES_MAX];

static bool find_interfaces(const char *prefix, uint64_t n, uint64_t step)
{
	char name[IF_NAMESIZE];
	uint64_t i;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%.8s%" PRIu64, prefix, i * step);
		to[i].sll_family = AF_PACKET;
		to[i].sll_halen = ETH_ALEN;
		to[i].sll_ifindex = (int)if_nametoindex(name);
		if (!to[i].sll_ifindex) {
			tool_fail("if_nametoindex", name);
			return false;
		}
	}
	return true;
}

/*
 * A packet socket that gets all of them, and wants none: the kernel has delivered them, and consumes them. Where nobody
 * listens each would be a drop.
 */
static int listen_to_all(void)
{
	const struct sockaddr_ll all = {.sll_family = AF_PACKET,
					.sll_protocol = htons(ETHERTYPE_EXPERIMENTAL)};
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog filter = {.len = 1, .filter = nothing};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	/* To nobody's unicast address, from another. */
	static unsigned char frame[ETH_FRAME_LEN] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	const uint16_t type = htons(ETHERTYPE_EXPERIMENTAL);
	uint64_t n, step = 1, size = 64, seconds = 10, sent = 0, i = 0;
	const char *prefix;
	const struct tool_option options[] = {
		{"prefix", .text = &prefix, .required = true},
		{"interfaces", .number = &n, .min = 1, .max = INTERFACES_MAX, .required = true},
		{"step", .number = &step, .min = 1, .max = INTERFACES_MAX},
		{"size", .number = &size, .min = ETH_HLEN, .max = ETH_FRAME_LEN},
		{"seconds", .number = &seconds, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	int fd;

	tool_name = argv[0];
	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	if (!find_interfaces(prefix, n, step))
		return TOOL_INCOMPLETE;
	memcpy(frame + 2 * ETH_ALEN, &type, sizeof(type));
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || listen_to_all() < 0)
		return tool_fail("socket", "AF_PACKET");
	tool_start(seconds);
	for (; !tool_stopped; i = (i + 1) % n)
		if (sendto(fd, frame, size, 0, (const struct sockaddr *)&to[i], sizeof(to[i])) >= 0)
			sent++;
	printf("{\"sent\":%" PRIu64 "}\n", sent);
	return tool_finish(true);
}
