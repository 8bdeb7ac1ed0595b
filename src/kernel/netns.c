// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/file.h"
#include "kernel/netns_visit.h"
#include "kernel/privileges.h"

/* As many as the kernel has pids (PID_MAX_LIMIT), and a bound for directories. */
#define N_SIGHTINGS_MAX (4U * 1024 * 1024)
#define N_MOUNTED_MAX (64U * 1024)

#define KERNEL_THREAD 0x00200000U /* PF_KTHREAD of include/linux/sched.h */

/* Of a group that is known by its id. No inode number is that high. */
#define BY_ID (1ULL << 63)

/* Where a namespace was seen: a process's, or a file's in one of the places. */
struct sighting {
	uint64_t inum; /* 0: it is not ours to read */
	uint64_t
		group; /* the same of one namespace: its inode number, or BY_ID and its id; 0: passed over */
	pid_t pid;     /* 0: a file */
	uint8_t place; /* of a file */
	char *name;    /* of a file, owned */
};

struct sightings {
	struct sighting *items;
	size_t n, capacity;
	uint64_t ours, hosts; /* ours is passed over */
	bool may_ask;         /* for what may not be read */
	bool has_hidden;      /* there is such */
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
 * where it may not be read, with errno.
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
		if (sighting.inum == seen->ours ||
		    (!sighting.inum && !(seen->may_ask && errno == EACCES)))
			continue;
		seen->has_hidden |= !sighting.inum;
		sighting.group = sighting.inum;
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
		sighting.group = sighting.inum;
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

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->name && b->name ? strcmp(a->name, b->name) : 0;
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

static int32_t id_of_sighting(struct netlink *ask, const struct sighting *sighting)
{
	int32_t id;
	int fd;

	if (sighting->pid)
		return netns_id_of_process(ask, sighting->pid);
	fd = open_sighting(sighting);
	if (fd < 0)
		return NETNS_ID_NONE;
	id = netns_id_of_fd(ask, fd);
	close(fd);
	return id;
}

/* What has no id is nowhere another end, and of what may not be read then nothing is known. */
static void group_by_id(struct sightings *seen, struct netlink *ask)
{
	int32_t ours = netns_id_of_process(ask, getpid());
	size_t i;

	for (i = 0; i < seen->n; i++) {
		struct sighting *sighting = &seen->items[i];
		int32_t id = id_of_sighting(ask, sighting);

		if (id >= 0)
			sighting->group = id == ours ? 0 : BY_ID | (uint64_t)id;
	}
}

/* All sightings of one namespace. */
static void describe(struct netns *netns, struct netlink *ask, const struct sightings *seen,
		     const struct sighting *items, size_t n)
{
	int fd = -1;

	memset(netns, 0, sizeof(*netns));
	netns->is_hosts = items->group == seen->hosts;
	netns->id = NETNS_ID_NONE;
	for (size_t i = 0; i < n && netns->n_pids < NETNS_PIDS_MAX; i++) {
		if (!netns->inum)
			netns->inum = items[i].inum;
		if (fd < 0 && !(items->group & BY_ID))
			fd = open_sighting(&items[i]);
		if (items[i].pid)
			netns->pids[netns->n_pids++] = items[i].pid;
		else if (!netns->name[0])
			snprintf(netns->name, sizeof(netns->name), "%s", items[i].name);
	}
	if (items->group & BY_ID)
		netns->id = (int32_t)(items->group & ~BY_ID);
	if (fd < 0)
		return;
	netns->id = netns_id_of_fd(ask, fd);
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

bool netns_has_process(struct netlink *ask, const struct netns *netns, pid_t pid)
{
	char path[32];
	uint64_t inum;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	inum = netns->inum ? inum_of(path) : 0;
	if (inum)
		return inum == netns->inum;
	return netns->id >= 0 && netns_id_of_process(ask, pid) == netns->id;
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

/* The pids of /proc are those that the kernel takes, which it need not be where PID namespaces are. */
static bool may_ask_by_pid(void)
{
	char text[16] = "";

	if (geteuid() && !(privileges_held() & PRIVILEGE(CAP_NET_ADMIN)))
		return false;
	return readlink("/proc/self", text, sizeof(text) - 1) > 0 && parse_pid(text) == getpid();
}

static int see_all(struct sightings *seen, struct netlink *ask)
{
	int32_t hosts;
	uint8_t place;
	int ret = see_processes(seen);

	for (place = 0; netns_places[place] && !ret; place++)
		ret = see_mounted(seen, place);
	if (ret || !seen->n)
		return ret;
	if (seen->has_hidden) {
		group_by_id(seen, ask);
		hosts = netns_id_of_process(ask, 1);
		if (hosts >= 0)
			seen->hosts = BY_ID | (uint64_t)hosts;
	}
	qsort(seen->items, seen->n, sizeof(*seen->items), compare_sightings);
	return 0;
}

int netns_scan(struct netlink *ask, netns_handler handler, void *context)
{
	struct sightings seen = {
		.ours = inum_of("/proc/self/ns/net"),
		.hosts = find_hosts(),
		.may_ask = may_ask_by_pid(),
	};
	struct netns netns;
	size_t first, next;
	int ret;

	if (!seen.ours)
		return -ENOENT;
	ret = see_all(&seen, ask);
	for (first = 0; first < seen.n && !ret; first = next) {
		next = first + 1;
		while (next < seen.n && seen.items[next].group == seen.items[first].group)
			next++;
		if (!seen.items[first].group)
			continue;
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
