// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/containers.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "kernel/container_names.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"
#include "kernel/netns.h"
#include "kernel/netns_owner.h"

#define EVENT_BYTES (256 * 1024)

struct entry {
	int32_t id; /* of its namespace, in ours */
	struct container container;
};

struct entries {
	struct entry *items;
	size_t n, capacity;
};

struct containers {
	struct netlink *ask, *events;
	struct entries entries;   /* by id */
	bool is_scanned, is_news; /* a namespace got an id since the last look */
	bool has_changed;         /* or lost one */
	bool is_heard;            /* what the kernel told has been taken in for all that is asked */
	uint64_t scanned_ns, wait_ns;
	uint64_t changes;      /* of what is known */
	uint64_t changes_seen; /* those before the last containers_begin() */
	uint64_t next_look_ns; /* before it, nothing that was asked about since is due */
};

struct scan {
	struct netlink *ask;
	struct entries entries;
	struct container_names *names;
};

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static struct entry *find_entry(const struct entries *entries, int32_t id)
{
	const struct entry key = {.id = id};

	return entries->n ? bsearch(&key, entries->items, entries->n, sizeof(*entries->items),
				    compare_entries)
			  : NULL;
}

static void remove_entry(struct entries *entries, int32_t id)
{
	struct entry *entry = find_entry(entries, id);

	if (!entry)
		return;
	entries->n--;
	memmove(entry, entry + 1, (size_t)(entries->items + entries->n - entry) * sizeof(*entry));
}

static int take_netns(const struct netns *netns, void *context)
{
	struct scan *scan = context;
	struct entries *entries = &scan->entries;
	struct entry *entry;

	if (netns->id < 0 || netns->is_hosts)
		return 0;
	if (array_reserve(&entries->items, &entries->capacity, entries->n + 1,
			  sizeof(*entries->items)))
		return -ENOMEM;
	entry = &entries->items[entries->n];
	entry->id = netns->id;
	netns_owner_identify(&entry->container, scan->ask, scan->names, netns);
	if (entry->container.kind != CONTAINER_UNKNOWN)
		entries->n++;
	return 0;
}

static int scan_all(struct containers *containers)
{
	struct scan scan = {.ask = containers->ask};
	int ret = container_names_new(&scan.names, "");

	if (!ret)
		ret = netns_scan(containers->ask, take_netns, &scan);
	container_names_free(scan.names);
	if (ret) {
		/* What was known stays. */
		log_debug("cannot tell what is behind interfaces: %s", strerror(-ret));
		free(scan.entries.items);
		return ret;
	}
	if (scan.entries.n)
		qsort(scan.entries.items, scan.entries.n, sizeof(*scan.entries.items),
		      compare_entries);
	free(containers->entries.items);
	containers->entries = scan.entries;
	containers->has_changed = false;
	containers->changes++;
	return 0;
}

static int take_event(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[NETNSA_NSID + 1];
	struct containers *containers = context;
	uint32_t id;
	int ret;

	if (message->nlmsg_type != RTM_NEWNSID && message->nlmsg_type != RTM_DELNSID)
		return 0;
	ret = netlink_attr_index(message, sizeof(struct rtgenmsg), attrs, ARRAY_SIZE(attrs));
	if (ret || !netlink_attr_u32(attrs[NETNSA_NSID], &id))
		return ret;
	remove_entry(&containers->entries, (int32_t)id);
	containers->has_changed = true;
	containers->changes++;
	if (message->nlmsg_type == RTM_NEWNSID)
		containers->is_news = true;
	return 0;
}

static void hear(struct containers *containers)
{
	bool lost = false;

	if (netlink_receive(containers->events, take_event, containers, &lost) < 0)
		lost = true;
	if (lost) {
		containers->entries.n = 0;
		containers->is_news = containers->has_changed = true;
		containers->changes++;
	}
	if (containers->is_news)
		containers->wait_ns = CONTAINERS_WAIT_MIN_NS;
}

/* Each time costs a system call, and mostly there is nothing. */
static void take_events(struct containers *containers)
{
	if (!containers->is_heard)
		hear(containers);
}

bool containers_begin(struct containers *containers, uint64_t now_ns)
{
	bool has_news;

	hear(containers);
	containers->is_heard = true;
	has_news = containers->changes != containers->changes_seen ||
		   now_ns >= containers->next_look_ns;
	/* What a look within this time finds is news to who was asked about before it. */
	containers->changes_seen = containers->changes;
	if (has_news)
		containers->next_look_ns = UINT64_MAX;
	return has_news;
}

void containers_end(struct containers *containers)
{
	containers->is_heard = false;
}

int containers_look(struct containers *containers, uint64_t now_ns)
{
	int ret;

	hear(containers);
	ret = scan_all(containers);
	containers->is_scanned = true;
	containers->is_news = false;
	containers->scanned_ns = now_ns;
	return ret;
}

/* When to look again. A container that is known can still be renamed. */
static uint64_t due_ns(const struct containers *containers, const struct entry *entry)
{
	bool is_sure = entry && entry->container.kind >= NETNS_OWNER_SURE;

	if (!containers->is_scanned)
		return 0;
	return containers->scanned_ns + (is_sure ? CONTAINERS_WAIT_MAX_NS : containers->wait_ns);
}

static void refresh(struct containers *containers, int32_t id, uint64_t now_ns)
{
	const struct entry *entry = find_entry(&containers->entries, id);
	enum container_kind before = entry ? entry->container.kind : CONTAINER_UNKNOWN;

	containers_look(containers, now_ns);
	entry = find_entry(&containers->entries, id);
	if (entry && entry->container.kind != before)
		containers->wait_ns = CONTAINERS_WAIT_MIN_NS;
	else if (containers->wait_ns < CONTAINERS_WAIT_MAX_NS / 2)
		containers->wait_ns *= 2;
	else
		containers->wait_ns = CONTAINERS_WAIT_MAX_NS;
}

/* Tunnels have an id, of the namespace that they were made in, but no other end. */
bool containers_can_be_behind(const struct link *link)
{
	return link->lower_netnsid != LINK_NETNSID_NONE && link->lower;
}

bool containers_is_behind_news(const struct containers *containers)
{
	return containers->has_changed;
}

const struct container *containers_known(struct containers *containers, const struct link *link)
{
	const struct entry *entry;

	if (!containers_can_be_behind(link))
		return NULL;
	take_events(containers);
	entry = find_entry(&containers->entries, link->lower_netnsid);
	return entry ? &entry->container : NULL;
}

const struct container *containers_behind(struct containers *containers, const struct link *link,
					  uint64_t now_ns)
{
	const struct entry *entry;
	uint64_t look_ns;

	if (!containers_can_be_behind(link))
		return NULL;
	take_events(containers);
	entry = find_entry(&containers->entries, link->lower_netnsid);
	if (now_ns >= due_ns(containers, entry)) {
		refresh(containers, link->lower_netnsid, now_ns);
		entry = find_entry(&containers->entries, link->lower_netnsid);
	}
	look_ns = due_ns(containers, entry);
	if (look_ns < containers->next_look_ns)
		containers->next_look_ns = look_ns;
	return entry ? &entry->container : NULL;
}

int containers_new(struct containers **out, struct error *err)
{
	struct containers *containers = calloc(1, sizeof(*containers));
	int ret;

	if (!containers)
		return error_errno(err, -ENOMEM, "cannot tell what is behind interfaces");
	containers->wait_ns = CONTAINERS_WAIT_MIN_NS;
	ret = netlink_new(&containers->ask, NETLINK_ROUTE, err);
	if (!ret)
		ret = netlink_new_listener(&containers->events, NETLINK_ROUTE, EVENT_BYTES, err);
	if (!ret)
		ret = netlink_join(containers->events, RTNLGRP_NSID, err);
	if (ret) {
		containers_free(containers);
		return ret;
	}
	*out = containers;
	return 0;
}

void containers_free(struct containers *containers)
{
	if (!containers)
		return;
	netlink_free(containers->ask);
	netlink_free(containers->events);
	free(containers->entries.items);
	free(containers);
}
