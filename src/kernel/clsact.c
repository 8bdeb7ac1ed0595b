// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/clsact.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"

/* tcm_info: priority and protocol (network order) of a filter. */
#define FILTER_PRIORITY(info) ((uint16_t)((info) >> 16))
#define FILTER_PROTOCOL(info) ((uint16_t)((info)&0xffff))

/* Filters of another kind that may sit in front before we give up. */
#define PRIORITIES_TRIED 32

struct clsact {
	int number; /* 1 to CLSACT_INSTANCES_MAX */
	int socket; /* holds it */
};

/* Binds the abstract name of an instance number. The socket, -EADDRINUSE while it lives, or -errno. */
static int hold_number(int number)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd, length, ret;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	length =
		snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "ifpulse/clsact/%d", number);
	if (!bind(fd, (struct sockaddr *)&name,
		  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static bool is_instance_alive(int number)
{
	int fd = hold_number(number);

	if (fd >= 0)
		close(fd);
	/* Where it cannot be told, nobody's filter is taken for an orphan. */
	return fd < 0;
}

int clsact_new(struct clsact **out, struct error *err)
{
	struct clsact *clsact = calloc(1, sizeof(*clsact));
	int number, fd = -EADDRINUSE;

	if (!clsact)
		return error_errno(err, -ENOMEM, "cannot set up clsact attachment");
	for (number = 1; number <= CLSACT_INSTANCES_MAX && fd == -EADDRINUSE; number++) {
		fd = hold_number(number);
		clsact->number = number;
	}
	if (fd < 0) {
		free(clsact);
		error_errno(err, fd, "cannot take one of the %d instance numbers for clsact",
			    CLSACT_INSTANCES_MAX);
		error_hint(err, "see who holds them: ss -xl | grep @ifpulse/clsact");
		return fd;
	}
	clsact->socket = fd;
	*out = clsact;
	return 0;
}

void clsact_free(struct clsact *clsact)
{
	if (!clsact)
		return;
	close(clsact->socket);
	free(clsact);
}

static struct bpf_tc_hook hook_of(uint32_t ifindex, enum direction direction)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = direction == DIRECTION_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

static uint32_t handle_of(const struct clsact *clsact)
{
	return CLSACT_HANDLE_BASE + (uint32_t)clsact->number;
}

int clsact_attach(struct clsact *clsact, int prog_fd, uint32_t ifindex, enum direction direction,
		  struct error *err)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction), whole = hook;
	int priority, ret;

	whole.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	ret = bpf_tc_hook_create(&whole);
	if (ret && ret != -EEXIST) {
		error_errno(err, ret, "cannot create a clsact qdisc");
		if (ret == -ENOENT || ret == -EOPNOTSUPP)
			error_hint(err, "the kernel needs CONFIG_NET_SCH_INGRESS");
		return ret;
	}
	for (priority = 1; priority <= PRIORITIES_TRIED; priority++) {
		LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = handle_of(clsact),
			    .priority = (__u32)priority, .flags = BPF_TC_F_REPLACE);

		ret = bpf_tc_attach(&hook, &opts);
		if (!ret)
			break;
		/* The priority belongs to a filter of another kind or protocol. */
		if (ret != -EINVAL && ret != -EEXIST && ret != -ENOENT)
			break;
	}
	if (!ret) {
		if (priority > 1)
			log_warning("ifindex %u: another filter holds priority 1 of the %s hook; "
				    "packets that it ends are not counted",
				    ifindex, direction == DIRECTION_INGRESS ? "ingress" : "egress");
		return priority;
	}
	error_errno(err, ret, "cannot add a filter to the %s hook",
		    direction == DIRECTION_INGRESS ? "ingress" : "egress");
	if (ret == -EINVAL && direction == DIRECTION_EGRESS)
		error_hint(err, "an 'ingress' qdisc, which has no egress hook, may be in the place "
				"of clsact: see 'tc qdisc show'");
	return ret;
}

bool clsact_is_attached(const struct clsact *clsact, uint32_t prog_id, uint32_t ifindex,
			enum direction direction, int priority)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle_of(clsact), .priority = (__u32)priority);

	return !bpf_tc_query(&hook, &opts) && opts.prog_id == prog_id;
}

static int remove_filter(uint32_t ifindex, enum direction direction, uint32_t handle,
			 uint32_t priority)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = priority);

	return bpf_tc_detach(&hook, &opts);
}

int clsact_detach(struct clsact *clsact, uint32_t prog_id, uint32_t ifindex,
		  enum direction direction, int priority)
{
	int ret;

	if (!clsact_is_attached(clsact, prog_id, ifindex, direction, priority))
		return 0;
	ret = remove_filter(ifindex, direction, handle_of(clsact), (uint32_t)priority);
	return ret == -ENOENT || ret == -ENODEV ? 0 : ret;
}

/* --- looking at what is there --- */

struct ifindexes {
	uint32_t *items;
	size_t n, capacity;
};

static int take_qdisc(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[TCA_MAX + 1];
	struct ifindexes *found = context;
	char kind[IF_NAMESIZE];

	if (netlink_attr_index(message, sizeof(*tcm), attrs, ARRAY_SIZE(attrs)) ||
	    !netlink_attr_text(attrs[TCA_KIND], kind, sizeof(kind)))
		return 0;
	if (strcmp(kind, "clsact") && strcmp(kind, "ingress"))
		return 0;
	if (array_reserve(&found->items, &found->capacity, found->n + 1, sizeof(*found->items)))
		return -ENOMEM;
	found->items[found->n++] = (uint32_t)tcm->tcm_ifindex;
	return 0;
}

static void restart_qdiscs(void *context)
{
	((struct ifindexes *)context)->n = 0;
}

/* Interfaces with hooks for filters: one dump, so that a thousand without any cost nothing. */
static int find_hooked(struct netlink *nl, struct ifindexes *found, struct error *err)
{
	struct netlink_reader reader = {take_qdisc, restart_qdiscs, found};
	struct nlmsghdr *request = netlink_start(nl, RTM_GETQDISC, NLM_F_DUMP);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(request, sizeof(*tcm));

	tcm->tcm_family = AF_UNSPEC;
	return netlink_dump(nl, "list qdiscs", &reader, err);
}

struct walk {
	clsact_filter_fn fn;
	void *context;
	enum direction direction;
	int stopped; /* what the callback ended the walk with */
};

static bool is_orphan(const struct clsact_filter *filter)
{
	int number = (int)(filter->handle - CLSACT_HANDLE_BASE);

	return filter->prog_id && number >= 1 && number <= CLSACT_INSTANCES_MAX &&
	       (!strncmp(filter->name, CLSACT_INGRESS_NAME, strlen(CLSACT_INGRESS_NAME)) ||
		!strncmp(filter->name, CLSACT_EGRESS_NAME, strlen(CLSACT_EGRESS_NAME))) &&
	       !is_instance_alive(number);
}

static int take_filter(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[TCA_MAX + 1], *options[TCA_BPF_MAX + 1];
	struct walk *walk = context;
	struct clsact_filter filter = {.direction = walk->direction};

	if (walk->stopped || netlink_attr_index(message, sizeof(*tcm), attrs, ARRAY_SIZE(attrs)) ||
	    !tcm->tcm_handle ||
	    !netlink_attr_text(attrs[TCA_KIND], filter.kind, sizeof(filter.kind)))
		return 0;
	filter.ifindex = (uint32_t)tcm->tcm_ifindex;
	filter.handle = tcm->tcm_handle;
	filter.priority = FILTER_PRIORITY(tcm->tcm_info);
	filter.protocol = ntohs(FILTER_PROTOCOL(tcm->tcm_info));
	if (!strcmp(filter.kind, "bpf")) {
		netlink_attr_index_nest(attrs[TCA_OPTIONS], options, ARRAY_SIZE(options));
		netlink_attr_text(options[TCA_BPF_NAME], filter.name, sizeof(filter.name));
		netlink_attr_u32(options[TCA_BPF_ID], &filter.prog_id);
		filter.is_orphan = is_orphan(&filter);
	}
	walk->stopped = walk->fn(walk->context, &filter);
	return 0;
}

static int walk_hook(struct netlink *nl, uint32_t ifindex, struct walk *walk, struct error *err)
{
	/* A repeated dump would report filters twice; one that changed meanwhile is shown as read. */
	struct netlink_reader reader = {take_filter, NULL, walk};
	struct nlmsghdr *request = netlink_start(nl, RTM_GETTFILTER, NLM_F_DUMP);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(request, sizeof(*tcm));
	int ret;

	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent =
		TC_H_MAKE(TC_H_CLSACT, walk->direction == DIRECTION_INGRESS ? TC_H_MIN_INGRESS
									    : TC_H_MIN_EGRESS);
	ret = netlink_dump(nl, "list filters", &reader, err);
	/* Deleted meanwhile, or an 'ingress' qdisc, which has no egress hook. */
	return ret == -ENODEV || ret == -ENOENT || ret == -EINVAL || ret == -EINTR ? 0 : ret;
}

int clsact_walk(uint32_t ifindex, clsact_filter_fn fn, void *context, struct error *err)
{
	struct walk walk = {.fn = fn, .context = context};
	struct ifindexes hooked = {0};
	struct netlink *nl;
	size_t i;
	int ret, d;

	ret = netlink_new(&nl, NETLINK_ROUTE, err);
	if (ret)
		return ret;
	ret = find_hooked(nl, &hooked, err);
	for (i = 0; !ret && i < hooked.n; i++) {
		if (ifindex && hooked.items[i] != ifindex)
			continue;
		for (d = 0; !ret && !walk.stopped && d < N_DIRECTIONS; d++) {
			walk.direction = d;
			ret = walk_hook(nl, hooked.items[i], &walk, err);
		}
	}
	free(hooked.items);
	netlink_free(nl);
	return ret ? ret : walk.stopped;
}

struct orphans {
	struct clsact_filter *items;
	size_t n, capacity;
};

static int take_orphan(void *context, const struct clsact_filter *filter)
{
	struct orphans *orphans = context;

	if (!filter->is_orphan)
		return 0;
	if (array_reserve(&orphans->items, &orphans->capacity, orphans->n + 1,
			  sizeof(*orphans->items)))
		return -ENOMEM;
	orphans->items[orphans->n++] = *filter;
	return 0;
}

int clsact_remove_orphans(struct error *err)
{
	struct orphans orphans = {0};
	int ret, removed = 0;
	size_t i;

	ret = clsact_walk(0, take_orphan, &orphans, err);
	for (i = 0; !ret && i < orphans.n; i++) {
		const struct clsact_filter *filter = &orphans.items[i];

		if (!remove_filter(filter->ifindex, filter->direction, filter->handle,
				   filter->priority))
			removed++;
	}
	free(orphans.items);
	return ret ? ret : removed;
}
