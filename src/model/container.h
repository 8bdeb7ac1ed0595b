/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * container: what is behind an interface whose other end is in another network namespace. A value
 * type; kernel/containers fills it in.
 */
#ifndef IFPULSE_MODEL_CONTAINER_H
#define IFPULSE_MODEL_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/select.h"

#define CONTAINER_NAME_SIZE 320 /* a pod's: namespace (63), '/', name (253) */
#define CONTAINER_ID_SIZE 65

/* How it is known, the better the higher. */
enum container_kind {
	CONTAINER_UNKNOWN,
	CONTAINER_PROCESS, /* "pid 4711 (sleep)": nothing more is known */
	CONTAINER_UNIT,    /* a systemd service */
	CONTAINER_NETNS,   /* a namespace that `ip netns` or the like gave a name */
	CONTAINER_MACHINE, /* of systemd-machined or systemd-nspawn */
	CONTAINER_LXC,
	CONTAINER_OCI, /* a container, by a runtime that does not show */
	CONTAINER_CONTAINERD,
	CONTAINER_CRIO,
	CONTAINER_PODMAN,
	CONTAINER_DOCKER,
	CONTAINER_POD, /* a Kubernetes pod: its containers share the namespace */
};

struct container {
	enum container_kind kind;
	/* Never empty; others chose it: any bytes but NUL. A pod's is "namespace/name". */
	char name[CONTAINER_NAME_SIZE];
	char id[CONTAINER_ID_SIZE]; /* the runtime's; empty where there is none */
	pid_t pid;                  /* a process of it, in our PID namespace; 0: none is known */
	uint64_t netns_inum;        /* inode number of /proc/<pid>/ns/net */
};

/* So much of an id, at least, stands for it: as much as runtimes show. */
#define CONTAINER_ID_PREFIX_MIN 12

/*
 * Whether --container asks for it: a pattern matches its name, or is its id or the beginning of that. NULL,
 * where nothing is behind or nothing is known, matches no pattern, and so is only in where none includes.
 */
bool container_is_selected(const struct selection *selection, const struct container *container);

#endif
