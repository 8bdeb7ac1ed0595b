// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/clsact.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "kernel/instances.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"
#include "kernel/program_name.h"

/* tcm_info: priority and protocol (network order) of a filter. */
#define FILTER_PRIORITY(info) ((uint16_t)((info) >> 16))
#define FILTER_PROTOCOL(info) ((uint16_t)((info)&0xffff))

/* Filters of another kind that may sit in front before we give up. */
#define PRIORITIES_TRIED 32

static struct bpf_tc_hook hook_of(uint32_t ifindex, enum direction direction)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = direction == DIRECTION_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

static uint32_t handle_of(uint32_t prog_id)
{
	return CLSACT_HANDLE_BASE | (prog_id & 0xffffff);
}

static int take_kind(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[TCA_MAX + 1];

	if (!netlink_attr_index(message, sizeof(struct tcmsg), attrs, ARRAY_SIZE(attrs)))
		netlink_attr_text(attrs[TCA_KIND], context, IF_NAMESIZE);
	return 0;
}

/*
 * The qdisc in the place that clsact shares with `ingress`. On the latter a filter meant for egress
 * lands on ingress (measured on Linux 6.18), so it must not be taken for clsact.
 */
static int check_kind(uint32_t ifindex, struct error *err)
{
	char kind[IF_NAMESIZE] = "";
	struct nlmsghdr *request;
	struct netlink *nl;
	struct tcmsg *tcm;
	int ret;

	ret = netlink_new(&nl, NETLINK_ROUTE, err);
	if (ret)
		return ret;
	request = netlink_start(nl, RTM_GETQDISC, NLM_F_ACK | NLM_F_ECHO);
	tcm = mnl_nlmsg_put_extra_header(request, sizeof(*tcm));
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = TC_H_INGRESS;
	ret = netlink_talk(nl, "look at the clsact qdisc", take_kind, kind, err);
	netlink_free(nl);
	if (!ret && strcmp(kind, "clsact")) {
		ret = error_set(err, -EEXIST, "an '%s' qdisc is in the place of clsact", kind);
		error_hint(err, "it has no egress hook: replace it by clsact, or attach by tcx");
	}
	return ret;
}

static int make_qdisc(uint32_t ifindex, struct error *err)
{
	struct bpf_tc_hook hook = hook_of(ifindex, DIRECTION_INGRESS);
	int ret;

	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	ret = bpf_tc_hook_create(&hook);
	if (ret == -EEXIST)
		return check_kind(ifindex, err);
	if (ret) {
		error_errno(err, ret, "cannot create a clsact qdisc");
		if (ret == -ENOENT || ret == -EOPNOTSUPP)
			error_hint(err, "the kernel needs CONFIG_NET_SCH_INGRESS");
	}
	return ret;
}

int clsact_attach(const struct clsact_program *program, uint32_t ifindex, enum direction direction,
		  struct error *err)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	int priority, ret = make_qdisc(ifindex, err);

	if (ret)
		return ret;
	for (priority = 1; priority <= PRIORITIES_TRIED; priority++) {
		LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program->fd,
			    .handle = handle_of(program->id), .priority = (__u32)priority);

		ret = bpf_tc_attach(&hook, &opts);
		if (!ret)
			return priority;
		/* The priority belongs to a filter of another kind or protocol. */
		if (ret != -EINVAL && ret != -EEXIST && ret != -ENOENT)
			break;
	}
	return error_errno(err, ret, "cannot add a filter to the %s hook",
			   direction == DIRECTION_INGRESS ? "ingress" : "egress");
}

static int remove_filter(uint32_t prog_id, uint32_t ifindex, enum direction direction, int priority)
{
	struct bpf_tc_hook hook = hook_of(ifindex, direction);
	LIBBPF_OPTS(bpf_tc_opts, query, .handle = handle_of(prog_id), .priority = (__u32)priority);
	LIBBPF_OPTS(bpf_tc_opts, detach, .handle = handle_of(prog_id), .priority = (__u32)priority);
	int ret;

	if (bpf_tc_query(&hook, &query) || query.prog_id != prog_id)
		return 0;
	ret = bpf_tc_detach(&hook, &detach);
	return ret == -ENOENT || ret == -ENODEV ? 0 : ret;
}

int clsact_detach(const struct clsact_program *program, uint32_t ifindex, enum direction direction,
		  int priority)
{
	return remove_filter(program->id, ifindex, direction, priority);
}

/* --- looking at what is there --- */

/* An interface with hooks for filters. */
struct hooked {
	uint32_t ifindex;
	bool has_egress; /* clsact, not `ingress` */
};

struct hooked_array {
	struct hooked *items;
	size_t n, capacity;
};

static int take_qdisc(const struct nlmsghdr *message, void *context)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[TCA_MAX + 1];
	struct hooked_array *found = context;
	char kind[IF_NAMESIZE];

	if (netlink_attr_index(message, sizeof(*tcm), attrs, ARRAY_SIZE(attrs)) ||
	    !netlink_attr_text(attrs[TCA_KIND], kind, sizeof(kind)))
		return 0;
	if (strcmp(kind, "clsact") && strcmp(kind, "ingress"))
		return 0;
	if (array_reserve(&found->items, &found->capacity, found->n + 1, sizeof(*found->items)))
		return -ENOMEM;
	found->items[found->n++] =
		(struct hooked){(uint32_t)tcm->tcm_ifindex, !strcmp(kind, "clsact")};
	return 0;
}

static void restart_qdiscs(void *context)
{
	((struct hooked_array *)context)->n = 0;
}

/* Interfaces with hooks for filters: one dump, so that a thousand without any cost nothing. */
static int find_hooked(struct netlink *nl, struct hooked_array *found, struct error *err)
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

static bool is_ours(const struct clsact_filter *filter)
{
	return filter->prog_id && filter->handle == handle_of(filter->prog_id) &&
	       program_name_is_ours(filter->name);
}

/* All but its direction. False where the message is of no filter, or of the head of a priority only. */
static bool parse_filter(const struct nlmsghdr *message, struct clsact_filter *filter)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[TCA_MAX + 1], *options[TCA_BPF_MAX + 1];

	if (netlink_attr_index(message, sizeof(*tcm), attrs, ARRAY_SIZE(attrs)) ||
	    !tcm->tcm_handle ||
	    !netlink_attr_text(attrs[TCA_KIND], filter->kind, sizeof(filter->kind)))
		return false;
	filter->ifindex = (uint32_t)tcm->tcm_ifindex;
	filter->handle = tcm->tcm_handle;
	filter->priority = FILTER_PRIORITY(tcm->tcm_info);
	filter->protocol = ntohs(FILTER_PROTOCOL(tcm->tcm_info));
	if (!strcmp(filter->kind, "bpf")) {
		netlink_attr_index_nest(attrs[TCA_OPTIONS], options, ARRAY_SIZE(options));
		netlink_attr_text(options[TCA_BPF_NAME], filter->name, sizeof(filter->name));
		netlink_attr_u32(options[TCA_BPF_ID], &filter->prog_id);
		filter->is_ours = is_ours(filter);
	}
	return true;
}

static int take_filter(const struct nlmsghdr *message, void *context)
{
	struct walk *walk = context;
	struct clsact_filter filter = {.direction = walk->direction};

	if (!walk->stopped && parse_filter(message, &filter))
		walk->stopped = walk->fn(walk->context, &filter);
	return 0;
}

uint32_t clsact_concerned(const struct nlmsghdr *message)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	struct clsact_filter filter = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*tcm))
		return 0;
	switch (message->nlmsg_type) {
	case RTM_NEWTFILTER:
		return parse_filter(message, &filter) && !filter.is_ours ? filter.ifindex : 0;
	case RTM_DELTFILTER: /* perhaps ours; also without handle: all of a priority */
	case RTM_DELQDISC:
		return (uint32_t)tcm->tcm_ifindex;
	default:
		return 0;
	}
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
	/* Deleted meanwhile. */
	return ret == -ENODEV || ret == -ENOENT || ret == -EINVAL || ret == -EINTR ? 0 : ret;
}

static int walk_interface(struct netlink *nl, const struct hooked *hooked, struct walk *walk,
			  struct error *err)
{
	int ret;

	walk->direction = DIRECTION_INGRESS;
	ret = walk_hook(nl, hooked->ifindex, walk, err);
	/* Asked for those of its egress, `ingress` would show those of its ingress again. */
	if (ret || walk->stopped || !hooked->has_egress)
		return ret;
	walk->direction = DIRECTION_EGRESS;
	return walk_hook(nl, hooked->ifindex, walk, err);
}

int clsact_walk(uint32_t ifindex, clsact_filter_fn fn, void *context, struct error *err)
{
	struct walk walk = {.fn = fn, .context = context};
	struct hooked_array hooked = {0};
	struct netlink *nl;
	size_t i;
	int ret;

	ret = netlink_new(&nl, NETLINK_ROUTE, err);
	if (ret)
		return ret;
	ret = find_hooked(nl, &hooked, err);
	for (i = 0; !ret && !walk.stopped && i < hooked.n; i++)
		if (!ifindex || hooked.items[i].ifindex == ifindex)
			ret = walk_interface(nl, &hooked.items[i], &walk, err);
	free(hooked.items);
	netlink_free(nl);
	return ret ? ret : walk.stopped;
}

struct search {
	uint32_t prog_id;
	enum clsact_place place;
};

/* Filters come in the order in which they run: the first that is not an ifpulse's decides. */
static int search_place(void *context, const struct clsact_filter *filter)
{
	struct search *search = context;

	if (filter->prog_id == search->prog_id && filter->is_ours) {
		if (search->place == CLSACT_ABSENT)
			search->place = CLSACT_FIRST;
		return 1;
	}
	if (!filter->is_ours)
		search->place = CLSACT_BEHIND;
	return 0;
}

static enum clsact_place find_place(struct netlink *nl, uint32_t prog_id, uint32_t ifindex,
				    enum direction direction)
{
	struct search search = {.prog_id = prog_id};
	struct walk walk = {.fn = search_place, .context = &search, .direction = direction};

	if (walk_hook(nl, ifindex, &walk, NULL))
		return CLSACT_FIRST;
	return walk.stopped ? search.place : CLSACT_ABSENT;
}

void clsact_places(const struct clsact_program programs[N_DIRECTIONS], uint32_t ifindex,
		   enum clsact_place places[N_DIRECTIONS])
{
	struct netlink *nl;
	int d;

	if (netlink_new(&nl, NETLINK_ROUTE, NULL))
		nl = NULL;
	for (d = 0; d < N_DIRECTIONS; d++)
		places[d] = nl ? find_place(nl, programs[d].id, ifindex, d) : CLSACT_FIRST;
	netlink_free(nl);
}

struct orphans {
	struct instances *instances;
	struct clsact_filter *items;
	size_t n, capacity;
};

static int take_orphan(void *context, const struct clsact_filter *filter)
{
	struct orphans *orphans = context;

	if (!filter->is_ours || !instances_is_orphan(orphans->instances, filter->prog_id))
		return 0;
	instances_note_found(orphans->instances, filter->prog_id);
	if (array_reserve(&orphans->items, &orphans->capacity, orphans->n + 1,
			  sizeof(*orphans->items)))
		return -ENOMEM;
	orphans->items[orphans->n++] = *filter;
	return 0;
}

int clsact_remove_orphans(struct instances *instances, struct error *err)
{
	struct orphans orphans = {.instances = instances};
	int ret, removed = 0;
	size_t i;

	ret = clsact_walk(0, take_orphan, &orphans, err);
	for (i = 0; !ret && i < orphans.n; i++) {
		const struct clsact_filter *filter = &orphans.items[i];

		if (!remove_filter(filter->prog_id, filter->ifindex, filter->direction,
				   filter->priority))
			removed++;
	}
	free(orphans.items);
	return ret ? ret : removed;
}
