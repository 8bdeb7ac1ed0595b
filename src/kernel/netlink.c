// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "kernel/netlink_attr.h"

/*
 * The kernel fills dump messages up to what the reader offers, at most 32 KiB (netlink_dump()); one
 * link with many virtual functions can exceed that.
 */
#define MESSAGE_SIZE (128 * 1024)
#define DUMP_ATTEMPTS 3
#define DISCARD_MAX 1000000
#define ERRNO_MAX 4095 /* MAX_ERRNO in include/linux/err.h */
#define RECEIVE_MAX 64 /* datagrams in one netlink_receive() */

struct netlink {
	struct mnl_socket *socket;
	uint32_t seq;
	uint64_t interrupted;
	int32_t nsid; /* where the datagram in `message` came from */
	_Alignas(struct nlmsghdr) char request[NETLINK_REQUEST_SIZE];
	_Alignas(struct nlmsghdr) char message[MESSAGE_SIZE];
};

/* How an answer ended. */
struct answer {
	int code;         /* the kernel's */
	int handler_code; /* the handler's */
	bool interrupted;
	char text[128]; /* the kernel's words */
};

static int netlink_open(struct netlink **out, int protocol, struct error *err)
{
	struct netlink *nl;
	int ret;

	nl = malloc(sizeof(*nl));
	if (!nl)
		return error_errno(err, -ENOMEM, "cannot open a netlink socket");
	nl->seq = 0;
	nl->interrupted = 0;
	nl->nsid = NETLINK_NSID_OWN;
	nl->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->socket) {
		ret = -errno;
		error_errno(err, ret, "cannot open a netlink socket");
		if (ret == -EMFILE || ret == -ENFILE)
			error_hint(err, "raise the limit of open files (ulimit -n)");
		goto out;
	}
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		ret = error_errno(err, -errno, "cannot bind a netlink socket");
		goto out;
	}
	*out = nl;
	return 0;
out:
	netlink_free(nl);
	return ret;
}

int netlink_new(struct netlink **out, int protocol, struct error *err)
{
	struct netlink *nl;
	int ret, on = 1;

	ret = netlink_open(&nl, protocol, err);
	if (ret < 0)
		return ret;
	/*
	 * Wishes, not needs: strict checking (since 4.20) makes the kernel obey filters in dump
	 * requests, the others (4.12, 4.3) make its errors say more and repeat less.
	 */
	mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	*out = nl;
	return 0;
}

int netlink_new_listener(struct netlink **out, int protocol, size_t receive_bytes,
			 struct error *err)
{
	struct netlink *nl;
	int ret, fd, size = (int)receive_bytes;

	ret = netlink_open(&nl, protocol, err);
	if (ret < 0)
		return ret;
	fd = netlink_fd(nl);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	*out = nl;
	return 0;
}

void netlink_free(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl);
}

int netlink_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

int netlink_join(struct netlink *nl, uint32_t group, struct error *err)
{
	if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_errno(err, -errno, "cannot subscribe to netlink group %u", group);
	return 0;
}

struct nlmsghdr *netlink_start(struct netlink *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request;

	memset(nl->request, 0, sizeof(nl->request));
	request = mnl_nlmsg_put_header(nl->request);
	request->nlmsg_type = type;
	request->nlmsg_flags = flags;
	return request;
}

struct nlmsghdr *netlink_genl_start(struct netlink *nl, uint16_t family, uint8_t command,
				    uint16_t flags)
{
	struct nlmsghdr *request = netlink_start(nl, family, flags);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(request, sizeof(*genl));

	genl->cmd = command;
	genl->version = 1;
	return request;
}

static int netlink_send(struct netlink *nl, uint16_t flags)
{
	struct nlmsghdr *request = (struct nlmsghdr *)nl->request;

	request->nlmsg_flags |= NLM_F_REQUEST | flags;
	request->nlmsg_seq = ++nl->seq;
	while (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int32_t nsid_of(struct msghdr *header)
{
	int32_t nsid = NETLINK_NSID_OWN;
	struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control))
		if (control->cmsg_level == SOL_NETLINK &&
		    control->cmsg_type == NETLINK_LISTEN_ALL_NSID &&
		    control->cmsg_len == CMSG_LEN(sizeof(nsid)))
			memcpy(&nsid, CMSG_DATA(control), sizeof(nsid));
	return nsid;
}

/* Reads one datagram into nl->message; its length, 0 for one to pass over, or -errno. */
static int netlink_read(struct netlink *nl, int flags)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int32_t))];
	struct iovec buffer = {nl->message, sizeof(nl->message)};
	struct sockaddr_nl from = {0};
	struct msghdr header;
	ssize_t length;

	do {
		header = (struct msghdr){.msg_name = &from,
					 .msg_namelen = sizeof(from),
					 .msg_iov = &buffer,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		length = recvmsg(netlink_fd(nl), &header, flags | MSG_TRUNC);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	/* Other processes with CAP_NET_ADMIN can send here, too. */
	if (header.msg_namelen != sizeof(from) || from.nl_pid != 0)
		return 0;
	nl->nsid = nsid_of(&header);
	if ((size_t)length > sizeof(nl->message))
		return -EMSGSIZE;
	return (int)length;
}

/* mnl_nlmsg_ok() takes a length of 2 GiB and more for a negative one, which is within everything (libmnl 1.0.4). */
static bool is_whole(const struct nlmsghdr *message, int length)
{
	return mnl_nlmsg_ok(message, length) && message->nlmsg_len <= (uint32_t)length;
}

/* The outcome in an NLMSG_ERROR or NLMSG_DONE, with the kernel's words where there are some. */
static void answer_end(struct answer *answer, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_MSG + 1];
	const struct nlmsgerr *error;
	size_t header_size = sizeof(int);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(int)) {
		answer->code = message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
		return;
	}
	memcpy(&answer->code, mnl_nlmsg_get_payload(message), sizeof(int));
	if (answer->code > 0 || answer->code < -ERRNO_MAX)
		answer->code = -EBADMSG;
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (message->nlmsg_type == NLMSG_ERROR) {
		if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
			return;
		error = mnl_nlmsg_get_payload(message);
		header_size = sizeof(*error);
		if (!(message->nlmsg_flags & NLM_F_CAPPED) &&
		    error->msg.nlmsg_len > MNL_NLMSG_HDRLEN)
			header_size += MNL_ALIGN(error->msg.nlmsg_len) - MNL_NLMSG_HDRLEN;
	}
	if (netlink_attr_index(message, header_size, attrs, ARRAY_SIZE(attrs)) == 0)
		netlink_attr_text(attrs[NLMSGERR_ATTR_MSG], answer->text, sizeof(answer->text));
}

/*
 * Reads the answer to its end, also after the handler failed: what is left in the queue, or a dump
 * that is still running, would be in the way of the next request.
 */
static int netlink_read_answer(struct netlink *nl, netlink_handler handler, void *context,
			       struct answer *answer)
{
	const struct nlmsghdr *message;
	bool ended = false;
	int length;

	memset(answer, 0, sizeof(*answer));
	while (!ended) {
		length = netlink_read(nl, 0);
		if (length < 0)
			return length;
		for (message = (const void *)nl->message; is_whole(message, length);
		     message = mnl_nlmsg_next(message, &length)) {
			/* Leftovers of a request that was given up. */
			if (message->nlmsg_seq != nl->seq)
				continue;
			if (message->nlmsg_flags & NLM_F_DUMP_INTR)
				answer->interrupted = true;
			if (message->nlmsg_type == NLMSG_ERROR ||
			    message->nlmsg_type == NLMSG_DONE) {
				answer_end(answer, message);
				ended = true;
			} else if (message->nlmsg_type >= NLMSG_MIN_TYPE && handler &&
				   answer->handler_code >= 0) {
				answer->handler_code = handler(message, context);
			}
		}
	}
	if (answer->handler_code < 0)
		return answer->handler_code;
	return answer->code;
}

static int netlink_fail(struct error *err, int code, const char *what, const struct answer *answer)
{
	error_errno(err, code, "cannot %s%s%s%s", what, answer->text[0] ? " (kernel: " : "",
		    answer->text, answer->text[0] ? ")" : "");
	if (code == -EPERM || code == -EACCES)
		error_hint(err, "run as root, or with CAP_NET_ADMIN");
	return code;
}

int netlink_talk(struct netlink *nl, const char *what, netlink_handler handler, void *context,
		 struct error *err)
{
	struct answer answer = {0};
	int ret;

	ret = netlink_send(nl, NLM_F_ACK);
	if (ret == 0)
		ret = netlink_read_answer(nl, handler, context, &answer);
	return ret < 0 ? netlink_fail(err, ret, what, &answer) : 0;
}

void netlink_discard(struct netlink *nl)
{
	int ret, i;

	/* Bounded, since a storm of events may fill it as fast. */
	for (i = 0; i < DISCARD_MAX; i++) {
		ret = netlink_read(nl, MSG_DONTWAIT);
		if (ret < 0 && ret != -EMSGSIZE && ret != -ENOBUFS)
			return;
	}
}

int netlink_dump(struct netlink *nl, const char *what, const struct netlink_reader *reader,
		 struct error *err)
{
	struct answer answer = {0};
	int ret = 0, attempt;

	for (attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
		if (attempt > 0) {
			/* A dump that broke off goes on with every datagram that is read. */
			netlink_discard(nl);
			if (reader->restart)
				reader->restart(reader->context);
		}
		ret = netlink_send(nl, NLM_F_DUMP);
		if (ret < 0)
			break;
		ret = netlink_read_answer(nl, reader->message, reader->context, &answer);
		if (answer.handler_code < 0)
			break;
		if (ret == 0 && answer.interrupted)
			ret = -EINTR;
		if (ret == -EINTR)
			nl->interrupted++;
		else if (ret != -EBUSY && ret != -ENOBUFS)
			break;
	}
	return ret < 0 ? netlink_fail(err, ret, what, &answer) : 0;
}

int netlink_listen_everywhere(struct netlink *nl, struct error *err)
{
	int ret, on = 1;

	if (mnl_socket_setsockopt(nl->socket, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on)) >= 0)
		return 0;
	ret = error_errno(err, -errno, "cannot listen in other network namespaces");
	if (ret == -EPERM)
		error_hint(err, "run as root, or with CAP_NET_BROADCAST and CAP_SYS_ADMIN");
	return ret;
}

int32_t netlink_nsid(const struct netlink *nl)
{
	return nl->nsid;
}

uint64_t netlink_interrupted(const struct netlink *nl)
{
	return nl->interrupted;
}

int netlink_receive(struct netlink *nl, netlink_handler handler, void *context, bool *lost)
{
	const struct nlmsghdr *message;
	int ret = 0, code, length, i;

	for (i = 0; i < RECEIVE_MAX; i++) {
		length = netlink_read(nl, MSG_DONTWAIT);
		if (length == -EAGAIN)
			break;
		if (length == -ENOBUFS || length == -EMSGSIZE) {
			*lost = true;
			continue;
		}
		if (length < 0)
			return length;
		for (message = (const void *)nl->message; is_whole(message, length);
		     message = mnl_nlmsg_next(message, &length)) {
			if (message->nlmsg_type < NLMSG_MIN_TYPE)
				continue;
			code = handler(message, context);
			if (code < 0 && ret == 0)
				ret = code;
		}
	}
	return ret;
}

struct genl_lookup {
	const char *group_name;
	uint16_t id;
	uint32_t group;
	bool has_id, has_group;
};

static int genl_lookup_handler(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[CTRL_ATTR_MCAST_GROUPS + 1], *item[CTRL_ATTR_MCAST_GRP_ID + 1];
	struct genl_lookup *lookup = context;
	const struct nlattr *nest;
	char name[GENL_NAMSIZ];
	int ret;

	ret = netlink_attr_index(message, sizeof(struct genlmsghdr), attrs, ARRAY_SIZE(attrs));
	if (ret < 0)
		return ret;
	lookup->has_id = netlink_attr_u16(attrs[CTRL_ATTR_FAMILY_ID], &lookup->id);
	if (!lookup->group_name || !attrs[CTRL_ATTR_MCAST_GROUPS])
		return 0;
	mnl_attr_for_each_nested(nest, attrs[CTRL_ATTR_MCAST_GROUPS])
	{
		netlink_attr_index_nest(nest, item, ARRAY_SIZE(item));
		if (netlink_attr_text(item[CTRL_ATTR_MCAST_GRP_NAME], name, sizeof(name)) &&
		    strcmp(name, lookup->group_name) == 0)
			lookup->has_group =
				netlink_attr_u32(item[CTRL_ATTR_MCAST_GRP_ID], &lookup->group);
	}
	return 0;
}

int netlink_genl_family(struct netlink *nl, const char *name, const char *group_name, uint16_t *id,
			uint32_t *group, struct error *err)
{
	struct genl_lookup lookup = {.group_name = group_name};
	struct nlmsghdr *request;
	int ret;

	request = netlink_genl_start(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, name);
	ret = netlink_talk(nl, "look up a generic netlink family", genl_lookup_handler, &lookup,
			   err);
	if (ret < 0)
		return ret;
	if (!lookup.has_id)
		return error_errno(err, -EBADMSG, "cannot look up netlink family %s", name);
	if (group_name && !lookup.has_group)
		return error_set(err, -ENOENT, "the kernel's netlink family %s has no group %s",
				 name, group_name);
	*id = lookup.id;
	if (group_name)
		*group = lookup.group;
	return 0;
}
