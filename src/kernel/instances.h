/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * instances: the ifpulse processes that are running on this host, what they have lost so far, and
 * which programs belong to none of them any more.
 *
 * All of it is read from the kernel's lists of BPF programs and maps, whichever namespace they live in.
 * An instance is alive as long as its drop program is loaded: that one is held by the process alone,
 * while a cls_bpf filter can outlive it. The programs of one instance are known by the map that
 * they share. Nobody without privilege can make or fake any of this. Needs CAP_SYS_ADMIN (the kernel
 * hands out maps and programs by id to nobody else).
 */
#ifndef IFPULSE_KERNEL_INSTANCES_H
#define IFPULSE_KERNEL_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"
#include "kernel/probe.h"

struct instances;

/* Looks at what is loaded now. 0, or -errno: -EPERM without the privilege. */
int instances_look(struct instances **out, struct error *err);
void instances_free(struct instances *instances);

/* Whether the program is an ifpulse's that is no more. false where it cannot be told. */
bool instances_is_orphan(const struct instances *instances, uint32_t prog_id);

/*
 * Filters of dead instances keep their programs loaded, wherever they are. What is found on a hook is noted; the
 * programs of dead instances that were not are on hooks in namespaces that were not looked at. (Those of an
 * instance that died just now may be about to go.)
 */
void instances_note_found(struct instances *instances, uint32_t prog_id);
size_t instances_orphans_elsewhere(const struct instances *instances);

struct instance {
	struct instance_state state;
	struct probe_losses losses;
};

typedef void (*instance_fn)(void *context, const struct instance *instance);

/* Calls `fn` for each instance that is alive. */
void instances_walk(const struct instances *instances, instance_fn fn, void *context);

#endif
