// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/log.h"
#include "kernel/cgroup_owner.h"
#include "kernel/container_names.h"
#include "kernel/netlink.h"
#include "kernel/netlink_attr.h"
#include "kernel/netns.h"

#define EVENT_BYTES (256 * 1024)
#define CGROUP_TEXT_SIZE (16 * 1024)
#define COMM_SIZE 17 /* TASK_COMM_LEN, and a line feed */

/* From here on it is a container, and a process less or more does not change that. */
#define KIND_SURE CONTAINER_MACHINE

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
	struct entries entries;
	bool is_scanned, is_news; /* a namespace got an id since the last look */
	uint64_t scanned_ns, wait_ns;
};

struct scan {
	struct entries entries;
	struct container_names *names;
};

static struct entry *find_entry(const struct entries *entries, int32_t id)
{
	for (size_t i = 0; i < entries->n; i++)
		if (entries->items[i].id == id)
			return &entries->items[i];
	return NULL;
}

static void remove_entry(struct entries *entries, int32_t id)
{
	struct entry *entry = find_entry(entries, id);

	if (entry)
		*entry = entries->items[--entries->n];
}

/* Whose a process is, if it still is in the namespace when that has been read. */
static bool read_owner(pid_t pid, uint64_t inum, struct cgroup_owner *owner, char *comm)
{
	char path[40], text[CGROUP_TEXT_SIZE];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (file_read_start(AT_FDCWD, path, text, sizeof(text)) < 0)
		text[0] = '\0';
	cgroup_owner_parse(owner, text);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (file_read_start(AT_FDCWD, path, comm, COMM_SIZE) < 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return !stat(path, &status) && status.st_ino == inum;
}

static void describe_process(struct container *container, pid_t pid, const char *comm)
{
	container->kind = CONTAINER_PROCESS;
	container->pid = pid;
	snprintf(container->name, sizeof(container->name), "pid %d (%s)", pid, comm);
}

/* The best that is known of a namespace; kind CONTAINER_UNKNOWN where that is nothing. */
static void identify(struct container *container, struct container_names *names,
		     const struct netns *netns)
{
	struct cgroup_owner owner, best = {0};
	char comm[COMM_SIZE];
	size_t i;

	memset(container, 0, sizeof(*container));
	container->netns_inum = netns->inum;
	for (i = 0; i < netns->n_pids && best.kind < KIND_SURE; i++) {
		if (!read_owner(netns->pids[i], netns->inum, &owner, comm))
			continue;
		if (!container->pid)
			describe_process(container, netns->pids[i], comm);
		if (owner.kind > best.kind) {
			best = owner;
			container->pid = netns->pids[i];
		}
	}
	if (best.kind < CONTAINER_NETNS && netns->name[0]) {
		container->kind = CONTAINER_NETNS;
		snprintf(container->name, sizeof(container->name), "%s", netns->name);
	} else {
		container_names_find(names, &best, container);
	}
}

static int take_netns(const struct netns *netns, void *context)
{
	struct scan *scan = context;
	struct entries *entries = &scan->entries;
	struct entry *entry;

	if (array_reserve(&entries->items, &entries->capacity, entries->n + 1,
			  sizeof(*entries->items)))
		return -ENOMEM;
	entry = &entries->items[entries->n];
	entry->id = netns->id;
	identify(&entry->container, scan->names, netns);
	if (entry->container.kind != CONTAINER_UNKNOWN)
		entries->n++;
	return 0;
}

static int scan_all(struct containers *containers)
{
	struct scan scan = {0};
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
	free(containers->entries.items);
	containers->entries = scan.entries;
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
	if (message->nlmsg_type == RTM_NEWNSID)
		containers->is_news = true;
	return 0;
}

static void take_events(struct containers *containers)
{
	bool lost = false;

	if (netlink_receive(containers->events, take_event, containers, &lost) < 0)
		lost = true;
	if (lost) {
		containers->entries.n = 0;
		containers->is_news = true;
	}
	if (containers->is_news)
		containers->wait_ns = CONTAINERS_WAIT_MIN_NS;
}

static bool is_due(const struct containers *containers, uint64_t now_ns)
{
	return !containers->is_scanned || now_ns - containers->scanned_ns >= containers->wait_ns;
}

static void refresh(struct containers *containers, int32_t id, uint64_t now_ns)
{
	const struct entry *entry = find_entry(&containers->entries, id);
	enum container_kind before = entry ? entry->container.kind : CONTAINER_UNKNOWN;

	scan_all(containers);
	containers->is_scanned = true;
	containers->is_news = false;
	containers->scanned_ns = now_ns;
	entry = find_entry(&containers->entries, id);
	if (entry && entry->container.kind != before)
		containers->wait_ns = CONTAINERS_WAIT_MIN_NS;
	else if (containers->wait_ns < CONTAINERS_WAIT_MAX_NS / 2)
		containers->wait_ns *= 2;
	else
		containers->wait_ns = CONTAINERS_WAIT_MAX_NS;
}

const struct container *containers_behind(struct containers *containers, const struct link *link,
					  uint64_t now_ns)
{
	const struct entry *entry;

	/* Tunnels have an id, of the namespace that they were made in, but no other end. */
	if (link->lower_netnsid == LINK_NETNSID_NONE || !link->lower)
		return NULL;
	take_events(containers);
	entry = find_entry(&containers->entries, link->lower_netnsid);
	if ((!entry || entry->container.kind < KIND_SURE) && is_due(containers, now_ns)) {
		refresh(containers, link->lower_netnsid, now_ns);
		entry = find_entry(&containers->entries, link->lower_netnsid);
	}
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
