/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hooks: which programs sit on an interface's ingress and egress, ours and others', in the order in
 * which a packet meets them: XDP (ingress), tcx, clsact filters.
 */
#ifndef IFPULSE_KERNEL_HOOKS_H
#define IFPULSE_KERNEL_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"
#include "model/link.h"

enum hook_kind { HOOK_XDP, HOOK_TCX, HOOK_CLSACT };

const char *hook_kind_name(enum hook_kind kind);

struct hook_program {
	enum hook_kind kind;
	enum direction direction;
	uint32_t prog_id; /* 0: a filter that is no BPF program */
	char name[64];    /* of the program, or the filter's kind; may be empty */
	bool is_ours;     /* an ifpulse's */
	bool is_orphan;   /* of one that is no more */
};

typedef void (*hook_program_fn)(void *context, const struct hook_program *program);

struct instances;

/*
 * Calls `fn` for each program. `instances` tells orphans; NULL where they cannot be told. 0 or
 * -errno; -EPERM without CAP_NET_ADMIN.
 */
int hooks_walk(const struct link *link, const struct instances *instances, hook_program_fn fn,
	       void *context, struct error *err);

#endif
