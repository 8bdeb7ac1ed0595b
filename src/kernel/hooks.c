// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/hooks.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/clsact.h"
#include "kernel/instances.h"
#include "kernel/program_name.h"
#include "kernel/tcx.h"

const char *hook_kind_name(enum hook_kind kind)
{
	static const char *const names[] = {"xdp", "tcx", "clsact"};

	return names[kind];
}

static void name_program(struct hook_program *program)
{
	program_name_of(program->prog_id, program->name, sizeof(program->name));
	program->is_ours = program_name_is_ours(program->name);
}

struct walk {
	const struct instances *instances;
	hook_program_fn fn;
	void *context;
};

static int take_filter(void *context, const struct clsact_filter *filter)
{
	struct hook_program program = {
		.kind = HOOK_CLSACT,
		.direction = filter->direction,
		.prog_id = filter->prog_id,
	};
	struct walk *walk = context;

	program.is_orphan = filter->is_ours && walk->instances &&
			    instances_is_orphan(walk->instances, filter->prog_id);
	if (filter->prog_id)
		name_program(&program);
	/* Without the privilege to ask for the program, what the filter calls it. */
	if (!program.name[0])
		snprintf(program.name, sizeof(program.name), "%s",
			 filter->name[0] ? filter->name : filter->kind);
	walk->fn(walk->context, &program);
	return 0;
}

static int walk_tcx(const struct link *link, enum direction direction, const struct walk *walk)
{
	uint32_t prog_ids[TCX_PROGRAMS_MAX];
	int i, n = tcx_query(link->ifindex, direction, prog_ids, TCX_PROGRAMS_MAX);

	/* -EINVAL: a kernel without tcx. */
	if (n < 0)
		return n == -EINVAL ? 0 : n;
	for (i = 0; i < n && i < TCX_PROGRAMS_MAX; i++) {
		struct hook_program program = {
			.kind = HOOK_TCX,
			.direction = direction,
			.prog_id = prog_ids[i],
		};

		name_program(&program);
		walk->fn(walk->context, &program);
	}
	return 0;
}

int hooks_walk(const struct link *link, const struct instances *instances, hook_program_fn fn,
	       void *context, struct error *err)
{
	struct walk walk = {instances, fn, context};
	int ret, d;

	if (link->xdp_prog_id) {
		struct hook_program program = {
			.kind = HOOK_XDP,
			.direction = DIRECTION_INGRESS,
			.prog_id = link->xdp_prog_id,
		};

		name_program(&program);
		fn(context, &program);
	}
	for (d = 0; d < N_DIRECTIONS; d++) {
		ret = walk_tcx(link, d, &walk);
		if (ret == -ENODEV)
			return 0; /* gone meanwhile */
		if (ret)
			return error_errno(err, ret, "cannot ask which programs are on %s",
					   link->ifname);
	}
	return clsact_walk(link->ifindex, take_filter, &walk, err);
}
