// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_owner.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "kernel/cgroup_owner.h"

#define CGROUP_TEXT_SIZE (16 * 1024)
#define COMM_SIZE 17 /* TASK_COMM_LEN, and a line feed */

/* Whose a process is, if it still is in the namespace when that has been read. */
static bool read_owner(struct netlink *ask, const struct netns *netns, pid_t pid,
		       struct cgroup_owner *owner, char *comm)
{
	char path[40], text[CGROUP_TEXT_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (file_read_start(AT_FDCWD, path, text, sizeof(text)) < 0)
		text[0] = '\0';
	cgroup_owner_parse(owner, text);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (file_read_start(AT_FDCWD, path, comm, COMM_SIZE) < 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return netns_has_process(ask, netns, pid);
}

static void describe_process(struct container *container, pid_t pid, const char *comm)
{
	container->kind = CONTAINER_PROCESS;
	container->pid = pid;
	snprintf(container->name, sizeof(container->name), "pid %d (%s)", pid, comm);
}

void netns_owner_identify(struct container *container, struct netlink *ask,
			  struct container_names *names, const struct netns *netns)
{
	struct cgroup_owner owner, best = {0};
	char comm[COMM_SIZE];
	size_t i;

	memset(container, 0, sizeof(*container));
	container->netns_inum = netns->inum;
	for (i = 0; i < netns->n_pids && best.kind < NETNS_OWNER_SURE; i++) {
		if (!read_owner(ask, netns, netns->pids[i], &owner, comm))
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
