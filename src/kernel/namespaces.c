// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/namespaces.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/container_names.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "kernel/netns_events.h"
#include "kernel/netns_owner.h"
#include "kernel/netns_visit.h"
#include "kernel/netns_wanted.h"

#define SCAN_PERIOD_NS NSEC_PER_SEC
/* Scans take at most one part in so many of a CPU, hinted at or not. */
#define SCAN_PART 50
/*
 * `ip netns` makes the file first, then mounts the namespace on it, which nothing tells of: so there are
 * some scans after a hint, the last of them first.
 */
static const uint64_t hint_delays_ns[] = {250 * NSEC_PER_MSEC, 50 * NSEC_PER_MSEC,
					  5 * NSEC_PER_MSEC};
#define HINT_SCANS ARRAY_SIZE(hint_delays_ns)
#define HOSTS_NAME "host" /* the namespace of the first process, where it is not our own */

/* After a change all of a namespace is read, at most one part in so many of a CPU for each. */
#define VISIT_PART 10

struct entry {
	struct namespace ns;
	struct netns seen; /* as it was last seen, for a visit */
	int32_t id;
	bool is_stale;   /* there has been an event since the last visit */
	uint64_t due_ns; /* no visit before */
};

struct namespaces {
	struct namespaces_listener listener;
	struct netlink *ask;
	struct netns_events *events;
	int home_fd, epoll_fd, timer_fd;
	struct netns_wanted *wanted;
	struct entry **entries; /* each allocated on its own: they stay where they are */
	size_t n, capacity;
	uint64_t scanned_ns;
	uint64_t scan_cpu_ns,
		listener_cpu_ns; /* of the last scan, without its listener; and of that */
	unsigned int hinted;     /* scans to be made soon */
	uint64_t overflows;
};

/* --- visits --- */

/* It is the first member. */
static const struct entry *entry_of(const struct namespace *ns)
{
	return (const struct entry *)ns;
}

int namespaces_enter(struct namespaces *namespaces, const struct namespace *ns)
{
	const struct entry *entry = entry_of(ns);
	int ret, fd = netns_reopen(&entry->seen);

	if (fd < 0)
		return fd;
	ret = netns_enter(fd, NULL);
	close(fd);
	if (ret)
		return ret;
	if (netns_key() == ns->key)
		return 0;
	/* Another one, with its inode number. */
	netns_leave(namespaces->home_fd);
	return -ESTALE;
}

void namespaces_leave(struct namespaces *namespaces)
{
	netns_leave(namespaces->home_fd);
}

static bool can_be_visited(struct namespaces *namespaces, const struct entry *entry)
{
	if (namespaces_enter(namespaces, &entry->ns))
		return false;
	namespaces_leave(namespaces);
	return true;
}

/* --- what there is --- */

static struct entry *find(const struct namespaces *namespaces, uint64_t key)
{
	size_t i;

	for (i = 0; i < namespaces->n; i++)
		if (namespaces->entries[i]->ns.key == key)
			return namespaces->entries[i];
	return NULL;
}

static struct entry *find_id(const struct namespaces *namespaces, int32_t id)
{
	size_t i;

	for (i = 0; i < namespaces->n; i++)
		if (namespaces->entries[i]->id == id)
			return namespaces->entries[i];
	return NULL;
}

static struct entry *find_inum(const struct namespaces *namespaces, uint64_t inum)
{
	size_t i;

	for (i = 0; i < namespaces->n; i++)
		if (namespaces->entries[i]->ns.inum == inum)
			return namespaces->entries[i];
	return NULL;
}

static void lose(struct namespaces *namespaces, struct entry *entry)
{
	size_t i;

	for (i = 0; namespaces->entries[i] != entry; i++)
		;
	namespaces->entries[i] = namespaces->entries[--namespaces->n];
	log_debug("network namespace %s is gone", entry->ns.name);
	netns_wanted_forget(namespaces->wanted, entry->ns.inum);
	namespaces->listener.lost(namespaces->listener.context, &entry->ns);
	free(entry);
}

/* Reads it afresh. One that cannot be found waits for the next scan, which may find another way. */
static void visit(struct namespaces *namespaces, struct entry *entry, uint64_t now_ns)
{
	uint64_t start_ns = clock_thread_ns();
	int ret = namespaces_enter(namespaces, &entry->ns);

	if (ret == -ESTALE) {
		lose(namespaces, entry);
		return;
	}
	if (ret) {
		entry->due_ns = now_ns + SCAN_PERIOD_NS;
		namespaces->hinted = HINT_SCANS;
		return;
	}
	entry->is_stale = false;
	namespaces->listener.changed(namespaces->listener.context, &entry->ns);
	namespaces_leave(namespaces);
	entry->due_ns = now_ns + VISIT_PART * (clock_thread_ns() - start_ns);
}

static void set_name(struct namespace *ns, bool is_hosts)
{
	if (is_hosts)
		snprintf(ns->name, sizeof(ns->name), "%s", HOSTS_NAME);
	else if (ns->container.kind != CONTAINER_UNKNOWN)
		snprintf(ns->name, sizeof(ns->name), "%.*s", NETNS_NAME_SIZE - 1,
			 ns->container.name);
	else
		snprintf(ns->name, sizeof(ns->name), "net:[%llu]", (unsigned long long)ns->inum);
}

static struct entry *find_name(const struct namespaces *namespaces, const struct namespace *ns)
{
	size_t i;

	for (i = 0; i < namespaces->n; i++)
		if (namespaces->entries[i]->ns.key != ns->key &&
		    !strcmp(namespaces->entries[i]->ns.name, ns->name))
			return namespaces->entries[i];
	return NULL;
}

static void add_inum(struct namespace *ns)
{
	size_t length = strlen(ns->name);
	char suffix[32];

	snprintf(suffix, sizeof(suffix), " net:[%llu]", (unsigned long long)ns->inum);
	if (length + strlen(suffix) >= sizeof(ns->name))
		length = sizeof(ns->name) - strlen(suffix) - 1;
	memcpy(ns->name + length, suffix, strlen(suffix) + 1);
}

/* Whoever counts by name may: no two have the same at one time. */
static void make_unique(const struct namespaces *namespaces, struct namespace *ns)
{
	if (find_name(namespaces, ns))
		add_inum(ns);
}

/* A name is no longer the one's to which nothing leads: it may be on its way out, or somebody holds it open. */
static void make_way(struct namespaces *namespaces, const struct namespace *ns)
{
	struct entry *other = find_name(namespaces, ns);

	if (!other || can_be_visited(namespaces, other))
		return;
	add_inum(&other->ns);
	namespaces->listener.renamed(namespaces->listener.context, &other->ns);
}

struct scan {
	struct namespaces *namespaces;
	struct container_names *names;
};

/*
 * Known already: there may be other ways to it, it may be somebody's by now, and a name that another had may be
 * free. What looks like another may be another, with the same id and inode number, of which the kernel's word has
 * not been heard yet.
 */
static void see_again(struct namespaces *namespaces, struct entry *entry, const struct netns *netns,
		      const struct container *container)
{
	struct namespace ns = entry->ns;

	entry->seen = *netns;
	ns.container = *container;
	set_name(&ns, netns->is_hosts);
	if (strcmp(ns.name, entry->ns.name))
		make_unique(namespaces, &ns);
	if (!strcmp(ns.name, entry->ns.name) &&
	    !strcmp(container->name, entry->ns.container.name) &&
	    !strcmp(container->id, entry->ns.container.id))
		return;
	if (!can_be_visited(namespaces, entry))
		return;
	entry->ns = ns;
	namespaces->listener.renamed(namespaces->listener.context, &entry->ns);
}

/* From within it. */
static int add(struct namespaces *namespaces, const struct entry *model)
{
	struct entry *entry = malloc(sizeof(*entry));
	uint64_t start_ns;

	if (!entry || array_reserve(&namespaces->entries, &namespaces->capacity, namespaces->n + 1,
				    sizeof(*namespaces->entries))) {
		free(entry);
		return -ENOMEM;
	}
	*entry = *model;
	make_unique(namespaces, &entry->ns);
	namespaces->entries[namespaces->n++] = entry;
	log_debug("found network namespace %s", entry->ns.name);
	start_ns = clock_thread_ns();
	namespaces->listener.found(namespaces->listener.context, &entry->ns);
	namespaces->listener_cpu_ns += clock_thread_ns() - start_ns;
	return 0;
}

/*
 * An id is one's alone, and so is an inode number, and nobody's id changes: whoever had either of them before is no
 * more, even if that is still to be heard of.
 */
static void lose_former(struct namespaces *namespaces, const struct netns *netns)
{
	struct entry *former = netns->id < 0 ? NULL : find_id(namespaces, netns->id);
	int ret;

	if (former && former->ns.inum != netns->inum)
		lose(namespaces, former);
	former = find_inum(namespaces, netns->inum);
	if (!former || former->id == netns->id)
		return;
	/* Or the id could not be asked for. */
	former->seen = *netns;
	ret = namespaces_enter(namespaces, &former->ns);
	if (!ret)
		namespaces_leave(namespaces);
	if (ret == -ESTALE)
		lose(namespaces, former);
}

/*
 * Events are heard of from when it has an id, and only then it is looked at; what cannot be entered (it may be
 * another user's) is left out.
 */
static int take_in(struct namespaces *namespaces, struct entry *entry)
{
	struct error err = {0};
	int ret, fd = netns_reopen(&entry->seen);

	if (fd < 0)
		return 0;
	entry->id = netns_assign_id(namespaces->ask, fd, &err);
	entry->seen.id = entry->id;
	lose_former(namespaces, &entry->seen);
	make_way(namespaces, &entry->ns);
	ret = entry->id < 0 ? entry->id : netns_enter(fd, &err);
	close(fd);
	if (ret) {
		log_debug("network namespace %s is left out: %s", entry->ns.name, err.what);
		return 0;
	}
	entry->ns.key = netns_key();
	if (entry->ns.key && !find(namespaces, entry->ns.key))
		ret = add(namespaces, entry);
	namespaces_leave(namespaces);
	return ret;
}

static int take_netns(const struct netns *netns, void *context)
{
	struct scan *scan = context;
	struct namespaces *namespaces = scan->namespaces;
	struct entry entry = {.seen = *netns}, *known;

	/* What may not even be looked at cannot be entered. */
	if (!netns->inum)
		return 0;
	lose_former(namespaces, netns);
	known = find_inum(namespaces, netns->inum);
	if (!netns->is_hosts)
		netns_owner_identify(&entry.ns.container, namespaces->ask, scan->names, netns);
	if (known) {
		see_again(namespaces, known, netns, &entry.ns.container);
		return 0;
	}
	entry.ns.inum = netns->inum;
	set_name(&entry.ns, netns->is_hosts);
	if (!netns_wanted_matches(namespaces->wanted, netns, entry.ns.name))
		return 0;
	return take_in(namespaces, &entry);
}

static int look(struct namespaces *namespaces)
{
	struct scan scan = {.namespaces = namespaces};
	uint64_t start_ns = clock_thread_ns();
	int ret = container_names_new(&scan.names, "");

	namespaces->listener_cpu_ns = 0;
	if (!ret)
		ret = netns_scan(namespaces->ask, take_netns, &scan);
	container_names_free(scan.names);
	namespaces->scanned_ns = clock_monotonic_ns();
	namespaces->scan_cpu_ns = clock_thread_ns() - start_ns - namespaces->listener_cpu_ns;
	if (namespaces->hinted)
		namespaces->hinted--;
	return ret;
}

/* --- events --- */

static void changed(void *context, int32_t id)
{
	struct entry *entry = find_id(context, id);

	if (entry)
		entry->is_stale = true;
}

static void hinted(void *context)
{
	struct namespaces *namespaces = context;

	namespaces->hinted = HINT_SCANS;
}

static void came(void *context, int32_t id)
{
	if (!find_id(context, id))
		hinted(context);
}

/* The one that has the id now may have had it from one whose end is told only now. */
static void went(void *context, int32_t id)
{
	struct namespaces *namespaces = context;
	struct entry *entry = find_id(namespaces, id);

	if (entry && !(netns_has_id(namespaces->ask, id) && can_be_visited(namespaces, entry)))
		lose(namespaces, entry);
}

/* Any of them may have changed, or be gone. Backwards, as the list shrinks. */
static void resync(struct namespaces *namespaces)
{
	size_t i;

	namespaces->overflows++;
	for (i = namespaces->n; i > 0; i--) {
		struct entry *entry = namespaces->entries[i - 1];
		int ret = netns_has_id(namespaces->ask, entry->id)
				  ? namespaces_enter(namespaces, &entry->ns)
				  : -ESTALE;

		if (!ret)
			namespaces_leave(namespaces);
		if (ret == -ESTALE)
			lose(namespaces, entry);
		else
			entry->is_stale = true;
	}
	namespaces->hinted = HINT_SCANS;
}

static uint64_t scan_due_ns(const struct namespaces *namespaces)
{
	uint64_t pause_ns =
		namespaces->hinted ? hint_delays_ns[namespaces->hinted - 1] : SCAN_PERIOD_NS;
	uint64_t least_ns = SCAN_PART * namespaces->scan_cpu_ns;

	return namespaces->scanned_ns + (pause_ns > least_ns ? pause_ns : least_ns);
}

/* Wakes us when the next thing is to be done. */
static void set_timer(struct namespaces *namespaces)
{
	uint64_t due_ns = scan_due_ns(namespaces);
	struct itimerspec at = {0};
	size_t i;

	for (i = 0; i < namespaces->n; i++)
		if (namespaces->entries[i]->is_stale && namespaces->entries[i]->due_ns < due_ns)
			due_ns = namespaces->entries[i]->due_ns;
	at.it_value.tv_sec = (time_t)(due_ns / NSEC_PER_SEC);
	at.it_value.tv_nsec = (long)(due_ns % NSEC_PER_SEC);
	timerfd_settime(namespaces->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void namespaces_dispatch(struct namespaces *namespaces)
{
	uint64_t expirations, now_ns;
	size_t i;
	int ret;

	if (read(namespaces->timer_fd, &expirations, sizeof(expirations)) < 0)
		expirations = 0;
	if (!netns_events_take(namespaces->events))
		resync(namespaces);
	now_ns = clock_monotonic_ns();
	if (scan_due_ns(namespaces) <= now_ns) {
		ret = look(namespaces);
		if (ret)
			log_debug("network namespaces are not looked for: %s", strerror(-ret));
	}
	for (i = namespaces->n; i > 0; i--) { /* the list may shrink */
		struct entry *entry = namespaces->entries[i - 1];

		now_ns = clock_monotonic_ns();
		if (entry->is_stale && entry->due_ns <= now_ns)
			visit(namespaces, entry, now_ns);
	}
	set_timer(namespaces);
}

/* --- life --- */

/* Names that lead nowhere are slips of the pen; what a glob matches may come later. */
static int check_literals(const struct namespaces *namespaces, const struct selection *selection,
			  struct error *err)
{
	size_t i, k;

	for (i = 0; i < selection->n; i++) {
		const char *name = netns_wanted_name(namespaces->wanted, i);

		if (!name)
			continue;
		for (k = 0; k < namespaces->n; k++)
			if (!strcmp(name, namespaces->entries[k]->ns.name) ||
			    !strcmp(name, namespaces->entries[k]->seen.name))
				break;
		/* Our own is there anyway. */
		if (k < namespaces->n || netns_is_own_name(name))
			continue;
		error_set(err, -ENODEV, "there is no network namespace '%s'", name);
		error_hint(err, "'ip netns' lists those with names; a container's is known by its "
				"name, any by the PID of a process in it");
		return -ENODEV;
	}
	return 0;
}

static int watch(const struct namespaces *namespaces, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(namespaces->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_epoll(struct namespaces *namespaces, struct error *err)
{
	int ret;

	namespaces->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	namespaces->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (namespaces->epoll_fd < 0 || namespaces->timer_fd < 0)
		return error_errno(err, -errno, "cannot wait for network namespaces");
	ret = watch(namespaces, netns_events_fd(namespaces->events));
	if (!ret)
		ret = watch(namespaces, namespaces->timer_fd);
	return ret ? error_errno(err, ret, "cannot wait for network namespaces") : 0;
}

int namespaces_new(struct namespaces **out, const struct selection *selection,
		   const struct namespaces_listener *listener, struct error *err)
{
	struct namespaces *namespaces = calloc(1, sizeof(*namespaces));
	const struct netns_events_listener events = {changed, came, went, hinted, namespaces};
	int ret;

	if (!namespaces)
		return error_errno(err, -ENOMEM, "cannot look for network namespaces");
	namespaces->listener = *listener;
	namespaces->epoll_fd = -1;
	namespaces->timer_fd = -1;
	namespaces->home_fd = netns_open_own(err);
	ret = namespaces->home_fd < 0 ? namespaces->home_fd
				      : netlink_new(&namespaces->ask, NETLINK_ROUTE, err);
	if (!ret)
		ret = netns_events_new(&namespaces->events, &events, err);
	if (!ret)
		ret = open_epoll(namespaces, err);
	if (!ret && netns_wanted_new(&namespaces->wanted, selection))
		ret = error_errno(err, -ENOMEM, "cannot look for network namespaces");
	if (!ret) {
		ret = look(namespaces);
		if (ret)
			error_errno(err, ret, "cannot look for network namespaces");
	}
	if (!ret)
		ret = check_literals(namespaces, selection, err);
	if (ret) {
		namespaces_free(namespaces);
		return ret;
	}
	set_timer(namespaces);
	*out = namespaces;
	return 0;
}

void namespaces_free(struct namespaces *namespaces)
{
	size_t i;

	if (!namespaces)
		return;
	netlink_free(namespaces->ask);
	netns_events_free(namespaces->events);
	if (namespaces->home_fd >= 0)
		close(namespaces->home_fd);
	if (namespaces->epoll_fd >= 0)
		close(namespaces->epoll_fd);
	if (namespaces->timer_fd >= 0)
		close(namespaces->timer_fd);
	for (i = 0; i < namespaces->n; i++)
		free(namespaces->entries[i]);
	free(namespaces->entries);
	netns_wanted_free(namespaces->wanted);
	free(namespaces);
}

int namespaces_fd(const struct namespaces *namespaces)
{
	return namespaces->epoll_fd;
}

bool namespaces_is_id_of(struct namespaces *namespaces, const struct namespace *in, int32_t id,
			 const struct namespace *whose)
{
	if (!in)
		return whose && entry_of(whose)->id == id;
	return netns_id_elsewhere(namespaces->ask, entry_of(in)->id,
				  whose ? entry_of(whose)->id : NETNS_ID_NONE,
				  whose ? -1 : namespaces->home_fd) == id;
}

uint64_t namespaces_overflows(const struct namespaces *namespaces)
{
	return namespaces->overflows;
}
