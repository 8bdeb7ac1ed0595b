// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Everything that ifpulse reads from netlink sockets: links, addresses, speeds, filters, ids of namespaces, events.
 *
 * The sockets are real, but nothing is sent, and what is received is the input: a byte says who asks, and then come
 * datagrams, each behind its length (16 bits). Sequence numbers are those of the request, since otherwise hardly
 * anything would be read at all. What is behind a datagram in the reader's buffer is poisoned.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "kernel/clsact.h"
#include "kernel/ethtool.h"
#include "kernel/links.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "model/changes.h"
#include "out/show_link.h"
#include "tests/fuzz/input.h"

#define OVERFLOWED 0xffff /* instead of a length: events were lost */
#define TOO_LONG 0xfffe   /* instead of a length: the buffer was too small */

static struct input input;
static uint32_t seq;
static void *poisoned;
static size_t poisoned_size;

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *message,
				 size_t length);
ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags);

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *message,
				 size_t length)
{
	(void)socket;
	seq = ((const struct nlmsghdr *)message)->nlmsg_seq;
	return (ssize_t)length;
}

static void number_messages(uint8_t *datagram, size_t size)
{
	struct nlmsghdr header;
	size_t at = 0;

	while (at + sizeof(header) <= size) {
		memcpy(&header, datagram + at, sizeof(header));
		header.nlmsg_seq = seq;
		memcpy(datagram + at, &header, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size - at)
			return;
		at += MNL_ALIGN(header.nlmsg_len);
	}
}

static void unpoison(void)
{
	if (poisoned)
		ASAN_UNPOISON_MEMORY_REGION(poisoned, poisoned_size);
	poisoned = NULL;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *header, int flags)
{
	uint8_t *buffer = header->msg_iov->iov_base;
	size_t length, room = header->msg_iov->iov_len;

	(void)fd;
	unpoison();
	if (!input.left) {
		errno = flags & MSG_DONTWAIT ? EAGAIN : ENOTCONN;
		return -1;
	}
	length = input_u16(&input);
	if (length == OVERFLOWED) {
		errno = ENOBUFS;
		return -1;
	}
	if (header->msg_name)
		memset(header->msg_name, 0, header->msg_namelen);
	header->msg_controllen = 0;
	if (length == TOO_LONG)
		return (ssize_t)room + 1;
	if (length > input.left)
		length = input.left;
	input_bytes(&input, buffer, length);
	number_messages(buffer, length);
	poisoned = buffer + length;
	poisoned_size = room - length;
	ASAN_POISON_MEMORY_REGION(poisoned, poisoned_size);
	return (ssize_t)length;
}

/* --- who asks --- */

static const char *name_of(void *context, uint32_t ifindex)
{
	const struct link *link = context ? links_get(context, ifindex) : NULL;

	return link ? link->ifname : NULL;
}

static void take_change(void *context, const struct change *change)
{
	(void)context;
	if (!change_event_name(change->event)[0] || !change->link)
		abort();
}

static void changed(void *context, const struct link *before, const struct link *after)
{
	const struct changes_sink sink = {take_change, name_of, NULL};

	(void)context;
	changes_between(before, after, &sink);
}

static void show(const struct links *links)
{
	const struct link_place place = {.netns = ""};
	struct writer *writer = NULL;
	struct sink *sink = NULL;
	uint32_t last = 0;

	if (sink_new(&sink, -1, -1) || writer_new(&writer, sink, WRITER_JSON_LINES))
		abort();
	links_for_each (link, links) {
		if (link->ifindex <= last && last)
			abort();
		last = link->ifindex;
		show_link_record(writer, link, &place);
	}
	writer_free(writer);
	sink_free(sink);
}

static void follow_links(void)
{
	const struct links_listener listener = {.changed = changed};
	struct links *links;
	struct error err;
	int i;

	if (links_new(&links, &listener, &err))
		return;
	for (i = 0; i < 8 && input.left; i++)
		links_dispatch(links, &err);
	links_refresh_stats(links, &err);
	show(links);
	links_free(links);
}

static int take_filter(void *context, const struct clsact_filter *filter)
{
	(void)context;
	return memchr(filter->name, '\0', sizeof(filter->name)) ? 0 : -EBADMSG;
}

static void take_speed(const struct ethtool_speed *speed, void *context)
{
	*(uint32_t *)context ^= speed->speed_mbps;
}

static void ask_speeds(void)
{
	struct ethtool_speed speed;
	struct ethtool *ethtool;
	uint32_t sum = 0;
	struct error err;
	bool lost;

	if (ethtool_new(&ethtool, &err))
		return;
	ethtool_dump(ethtool, take_speed, &sum, &err);
	ethtool_get(ethtool, 1, &speed);
	ethtool_dispatch(ethtool, take_speed, &sum, &lost);
	ethtool_free(ethtool);
}

static void ask_ids(void)
{
	struct netlink *ask;
	struct error err;

	if (netlink_new(&ask, NETLINK_ROUTE, &err))
		return;
	netns_assign_id(ask, 0, &err);
	netns_id_elsewhere(ask, 0, 1, -1);
	netns_has_id(ask, 0);
	netlink_free(ask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;

	log_set_level(LOG_LEVEL_ERROR);
	input = (struct input){data, size};
	switch (input_u8(&input) % 4) {
	case 0:
		follow_links();
		break;
	case 1:
		clsact_walk(0, take_filter, NULL, &err);
		break;
	case 2:
		ask_speeds();
		break;
	default:
		ask_ids();
	}
	unpoison();
	return 0;
}
