/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroup_owner: who runs a process, by the paths of its control groups. No file is read.
 *
 * Container runtimes and systemd name control groups after what is in them, with cgroup v1 and v2
 * and with either of the cgroup drivers (systemd, cgroupfs):
 *
 *	/system.slice/docker-<id>.scope, /docker/<id>
 *	/machine.slice/libpod-<id>.scope/container, /libpod_parent/libpod-<id>
 *	/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid>.slice/cri-containerd-<id>.scope
 *	/kubepods/besteffort/pod<uid>/<id>, …/crio-<id>.scope
 *	/lxc.payload.<name>, /machine.slice/machine-<name>.scope, /system.slice/<unit>.service
 *
 * Of containers within containers the outermost counts: the one that this host runs. What is inside
 * of a container may name control groups as it likes and so cannot pass for another.
 */
#ifndef IFPULSE_KERNEL_CGROUP_OWNER_H
#define IFPULSE_KERNEL_CGROUP_OWNER_H

#include "model/container.h"

#define CGROUP_OWNER_UID_SIZE 37

struct cgroup_owner {
	enum container_kind kind; /* CONTAINER_UNKNOWN: nobody who shows */
	char id[CONTAINER_ID_SIZE];
	char pod_uid[CGROUP_OWNER_UID_SIZE]; /* where it is part of a Kubernetes pod */
	char name[CONTAINER_NAME_SIZE];      /* where the path itself has one (LXC, unit) */
};

/* `text` is that of /proc/<pid>/cgroup (cgroups(7)). Always sets *owner. */
void cgroup_owner_parse(struct cgroup_owner *owner, const char *text);

#endif
