/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * instances: the ifpulse processes that are running on this host, and what they have lost so far.
 *
 * Found by their BPF maps, whichever namespace they live in: a process whose drop program is loaded
 * is alive, since that program ends with it. Needs CAP_SYS_ADMIN (the kernel hands out maps and
 * programs by id to nobody else).
 */
#ifndef IFPULSE_KERNEL_INSTANCES_H
#define IFPULSE_KERNEL_INSTANCES_H

#include "base/error.h"
#include "include/probe_abi.h"
#include "kernel/probe.h"

struct instance {
	struct instance_state state;
	struct probe_losses losses;
};

typedef void (*instance_fn)(void *context, const struct instance *instance);

/* Calls `fn` for each. 0, or -errno: -EPERM without the privilege. */
int instances_walk(instance_fn fn, void *context, struct error *err);

#endif
