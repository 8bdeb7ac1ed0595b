/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * container_names: what people call a container, by the state that its runtime keeps on disk.
 *
 *	Docker       /var/lib/docker/containers/<id>/config.v2.json        Name
 *	podman       /var/lib/containers/storage/overlay-containers/containers.json  names
 *	CRI-O        …/storage/overlay-containers/<id>/userdata/config.json  annotations
 *	containerd   /run/containerd/io.containerd.runtime.v2.task/<namespace>/<id>/config.json  annotations
 *
 * Nothing is asked over a socket and nothing is run. Files that are missing, too large or malformed, or
 * in places that were configured otherwise, leave the short form of the id, as runtimes show it.
 */
#ifndef IFPULSE_KERNEL_CONTAINER_NAMES_H
#define IFPULSE_KERNEL_CONTAINER_NAMES_H

#include <stdbool.h>

#include "kernel/cgroup_owner.h"
#include "model/container.h"

/* Larger files are passed over; containers.json has some 400 bytes a container. */
#define CONTAINER_NAMES_STATE_MAX (1024 * 1024)
#define CONTAINER_NAMES_STORAGE_MAX (32 * 1024 * 1024)

struct container_names;

/*
 * `root` is put before every path: "" but in tests. What is read of files that tell of many
 * containers is kept until container_names_free(): meant for one look at many. 0 or -ENOMEM.
 */
int container_names_new(struct container_names **out, const char *root);
void container_names_free(struct container_names *names);

/* Sets kind, name and id of `container`. False, with nothing set, where the owner is unknown. */
bool container_names_find(struct container_names *names, const struct cgroup_owner *owner,
			  struct container *container);

#endif
