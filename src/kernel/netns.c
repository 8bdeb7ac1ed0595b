// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "kernel/netlink_attr.h"
#include "kernel/netns_visit.h"

/* As many as the kernel has pids (PID_MAX_LIMIT), and a bound for directories. */
#define N_SIGHTINGS_MAX (4U * 1024 * 1024)
#define N_MOUNTED_MAX (64U * 1024)

#define KERNEL_THREAD 0x00200000U /* PF_KTHREAD of include/linux/sched.h */

/* Where a namespace was seen: a process's, or a file's in one of the places. */
struct sighting {
	uint64_t inum;
	pid_t pid;     /* 0: a file */
	uint8_t place; /* of a file */
	char *name;    /* of a file, owned */
};

struct sightings {
	struct sighting *items;
	size_t n, capacity;
	uint64_t ours, hosts; /* ours is passed over */
};

/* People's own, then those of runtimes. */
const char *const netns_places[] = {"/run/netns", "/run/docker/netns", NULL};

static int add_sighting(struct sightings *seen, const struct sighting *sighting)
{
	if (seen->n >= N_SIGHTINGS_MAX)
		return -E2BIG;
	if (array_reserve(&seen->items, &seen->capacity, seen->n + 1, sizeof(*seen->items)))
		return -ENOMEM;
	seen->items[seen->n++] = *sighting;
	return 0;
}

static pid_t parse_pid(const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	return *text >= '1' && *text <= '9' && !*end && pid <= INT_MAX ? (pid_t)pid : 0;
}

/*
 * By the text of the link, "net:[4026531840]" (namespaces(7)): following it takes half as long again. 0
 * where it may not be read.
 */
static uint64_t inum_of_process(int proc_fd, pid_t pid)
{
	char path[32], text[64];
	unsigned long inum;
	ssize_t length;

	snprintf(path, sizeof(path), "%d/ns/net", pid);
	length = readlinkat(proc_fd, path, text, sizeof(text) - 1);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	return sscanf(text, "net:[%lu]", &inum) == 1 ? inum : 0;
}

/* Processes may come and go meanwhile: one that ended is of no interest. */
static int see_processes(struct sightings *seen)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		struct sighting sighting = {.pid = parse_pid(entry->d_name)};

		if (!sighting.pid)
			continue;
		sighting.inum = inum_of_process(dirfd(dir), sighting.pid);
		if (sighting.inum && sighting.inum != seen->ours)
			ret = add_sighting(seen, &sighting);
	}
	closedir(dir);
	return ret;
}

static int see_mounted(struct sightings *seen, uint8_t place)
{
	const struct dirent *entry;
	DIR *dir = opendir(netns_places[place]);
	unsigned int n = 0;
	int ret = 0;

	if (!dir)
		return 0;
	while (!ret && n++ < N_MOUNTED_MAX && (entry = readdir(dir))) {
		struct sighting sighting = {.place = place};
		char path[PATH_MAX];
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", netns_places[place], entry->d_name);
		fd = netns_open(path, &sighting.inum);
		if (fd < 0)
			continue;
		close(fd);
		if (sighting.inum == seen->ours)
			continue;
		sighting.name = strdup(entry->d_name);
		ret = sighting.name ? add_sighting(seen, &sighting) : -ENOMEM;
		if (ret)
			free(sighting.name);
	}
	closedir(dir);
	return ret;
}

/* Those of one namespace next to each other: names in their order, then processes in theirs. */
static int compare_sightings(const void *left, const void *right)
{
	const struct sighting *a = left, *b = right;

	if (a->inum != b->inum)
		return a->inum < b->inum ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->name && b->name ? strcmp(a->name, b->name) : 0;
}

static int take_id(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attrs[NETNSA_NSID + 1];
	int ret;

	if (message->nlmsg_type != RTM_NEWNSID)
		return 0;
	ret = netlink_attr_index(message, sizeof(struct rtgenmsg), attrs, ARRAY_SIZE(attrs));
	if (!ret)
		netlink_attr_u32(attrs[NETNSA_NSID], context);
	return ret;
}

/*
 * RTM_GETNSID by NETNSA_FD or by NETNSA_NSID: 0 and the id, NETNS_ID_NONE where there is none; or -errno.
 */
static int ask_nsid(struct netlink *ask, uint16_t attribute, uint32_t value, int32_t *id)
{
	struct nlmsghdr *request = netlink_start(ask, RTM_GETNSID, 0);
	uint32_t told = (uint32_t)NETNS_ID_NONE;
	struct rtgenmsg *header;
	int ret;

	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, attribute, value);
	ret = netlink_talk(ask, "ask for the id of a network namespace", take_id, &told, NULL);
	*id = (int32_t)told;
	return ret;
}

/* NETNS_ID_NONE where it has none. */
static int32_t ask_id(struct netlink *ask, int fd)
{
	int32_t id;

	return ask_nsid(ask, NETNSA_FD, (uint32_t)fd, &id) < 0 ? NETNS_ID_NONE : id;
}

/* The path may lead to another namespace by now: -ENOENT. */
static int open_if(const char *path, uint64_t wanted)
{
	uint64_t inum;
	int fd = netns_open(path, &inum);

	if (fd >= 0 && inum == wanted)
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOENT;
}

static int open_sighting(const struct sighting *sighting)
{
	char path[PATH_MAX];

	if (sighting->pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/net", sighting->pid);
	else
		snprintf(path, sizeof(path), "%s/%s", netns_places[sighting->place],
			 sighting->name);
	return open_if(path, sighting->inum);
}

/* All sightings of one namespace. */
static void describe(struct netns *netns, struct netlink *ask, const struct sightings *seen,
		     const struct sighting *items, size_t n)
{
	int fd = -1;

	memset(netns, 0, sizeof(*netns));
	netns->inum = items->inum;
	netns->is_hosts = items->inum == seen->hosts;
	netns->id = NETNS_ID_NONE;
	for (size_t i = 0; i < n && netns->n_pids < NETNS_PIDS_MAX; i++) {
		if (fd < 0)
			fd = open_sighting(&items[i]);
		if (items[i].pid)
			netns->pids[netns->n_pids++] = items[i].pid;
		else if (!netns->name[0])
			snprintf(netns->name, sizeof(netns->name), "%s", items[i].name);
	}
	if (fd < 0)
		return;
	netns->id = ask_id(ask, fd);
	close(fd);
}

static uint64_t inum_of(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

bool netns_is_own_name(const char *name)
{
	uint64_t ours = inum_of("/proc/self/ns/net");
	char path[PATH_MAX];
	size_t i;
	int fd;

	for (i = 0; netns_places[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", netns_places[i], name);
		fd = open_if(path, ours);
		if (fd < 0)
			continue;
		close(fd);
		return true;
	}
	return false;
}

/* kthreadd, as all kernel threads, is on the host's network; only the host's processes see it. */
static bool is_kernel_thread(const char *stat)
{
	const char *behind_name = strrchr(stat, ')');
	unsigned int flags;

	return behind_name && sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & KERNEL_THREAD;
}

/* 0: unknown. A first process that may do more than we is hidden from us. */
static uint64_t find_hosts(void)
{
	uint64_t inum = inum_of("/proc/1/ns/net");
	char stat[512];

	if (!inum && file_read_start(AT_FDCWD, "/proc/2/stat", stat, sizeof(stat)) > 0 &&
	    is_kernel_thread(stat))
		inum = inum_of("/proc/2/ns/net");
	return inum;
}

int netns_scan(struct netlink *ask, netns_handler handler, void *context)
{
	struct sightings seen = {
		.ours = inum_of("/proc/self/ns/net"),
		.hosts = find_hosts(),
	};
	struct netns netns;
	size_t first, next;
	uint8_t place;
	int ret;

	if (!seen.ours)
		return -ENOENT;
	ret = see_processes(&seen);
	for (place = 0; netns_places[place] && !ret; place++)
		ret = see_mounted(&seen, place);
	if (!ret && seen.n)
		qsort(seen.items, seen.n, sizeof(*seen.items), compare_sightings);
	for (first = 0; first < seen.n && !ret; first = next) {
		next = first + 1;
		while (next < seen.n && seen.items[next].inum == seen.items[first].inum)
			next++;
		describe(&netns, ask, &seen, &seen.items[first], next - first);
		ret = handler(&netns, context);
	}
	for (first = 0; first < seen.n; first++)
		free(seen.items[first].name);
	free(seen.items);
	return ret;
}

int netns_reopen(const struct netns *netns)
{
	char path[PATH_MAX];
	int fd = -ENOENT;
	size_t i;

	for (i = 0; fd < 0 && netns->name[0] && netns_places[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", netns_places[i], netns->name);
		fd = open_if(path, netns->inum);
	}
	for (i = 0; fd < 0 && i < netns->n_pids; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", netns->pids[i]);
		fd = open_if(path, netns->inum);
	}
	return fd;
}

int32_t netns_assign_id(struct netlink *ask, int fd, struct error *err)
{
	struct nlmsghdr *request = netlink_start(ask, RTM_NEWNSID, 0);
	struct rtgenmsg *header;
	int32_t id;
	int ret;

	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)fd);
	ret = netlink_talk(ask, "give a network namespace an id", NULL, NULL, err);
	/* -EEXIST: it has one. */
	if (ret && ret != -EEXIST)
		return ret;
	id = ask_id(ask, fd);
	return id >= 0 ? id : error_set(err, -ENOENT, "a network namespace has no id");
}

bool netns_has_id(struct netlink *ask, int32_t id)
{
	int32_t told;

	return ask_nsid(ask, NETNSA_NSID, (uint32_t)id, &told) < 0 || told >= 0;
}

int32_t netns_id_elsewhere(struct netlink *ask, int32_t elsewhere, int32_t id, int fd)
{
	struct nlmsghdr *request = netlink_start(ask, RTM_GETNSID, 0);
	uint32_t told = (uint32_t)NETNS_ID_NONE;
	struct rtgenmsg *header;

	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(request, NETNSA_TARGET_NSID, (uint32_t)elsewhere);
	if (fd >= 0)
		mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)fd);
	else
		mnl_attr_put_u32(request, NETNSA_NSID, (uint32_t)id);
	if (netlink_talk(ask, "ask for an id in another network namespace", take_id, &told, NULL))
		return NETNS_ID_NONE;
	return (int32_t)told;
}
