// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/attachment.h"

#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/instances.h"
#include "kernel/program_name.h"
#include "kernel/tcx.h"

int attachment_choose_mode(struct attacher *attacher, enum probe_attach_mode wanted,
			   struct error *err)
{
	int has_tcx = tcx_supported(attacher->programs[DIRECTION_INGRESS].fd);

	if (has_tcx < 0)
		return error_errno(err, has_tcx, "cannot tell whether the kernel has tcx");
	if (wanted == PROBE_ATTACH_TCX && !has_tcx) {
		error_set(err, -ENOTSUP, "this kernel has no tcx");
		error_hint(err, "it came with Linux 6.6: leave out --attach tcx");
		return -ENOTSUP;
	}
	attacher->mode = has_tcx || wanted == PROBE_ATTACH_NONE ? wanted : PROBE_ATTACH_CLSACT;
	return 0;
}

/* Without the privilege to see other instances' programs, orphans stay; they harm nobody. */
int attachment_remove_orphans(struct attacher *attacher, struct error *err)
{
	struct instances *instances;
	int ret;

	ret = instances_look(&instances, err);
	if (ret == -EPERM) {
		log_debug("orphans are not looked for: %s", err ? err->what : "");
		return 0;
	}
	if (ret)
		return ret;
	ret = clsact_remove_orphans(instances, err);
	attacher->orphans_elsewhere = instances_orphans_elsewhere(instances);
	instances_free(instances);
	if (ret < 0)
		return ret;
	attacher->orphans_removed += (unsigned int)ret;
	return 0;
}

static int is_filter_of_other(void *context, const struct clsact_filter *filter)
{
	const struct attacher *attacher = context;
	int d;

	for (d = 0; d < N_DIRECTIONS; d++)
		if (filter->prog_id == attacher->programs_elsewhere[d].id)
			return 0;
	return filter->is_ours;
}

int attachment_enter_netns(struct attacher *attacher, struct error *err)
{
	int ret = clsact_walk(0, is_filter_of_other, attacher, err);

	return ret > 0 ? attachment_remove_orphans(attacher, err) : ret;
}

/* By id, as long as we may open programs by that. */
static int name_of(const struct attacher *attacher, uint32_t prog_id, char *name, size_t size)
{
	int ret = program_name_of(prog_id, name, size);

	return ret == -EPERM ? program_names_find(attacher->names, prog_id, name, size) : ret;
}

/* Another ifpulse's end nothing: a filter behind them sees every packet. */
static bool has_foreign_program(const struct attacher *attacher, uint32_t ifindex,
				enum direction direction)
{
	uint32_t prog_ids[TCX_PROGRAMS_MAX];
	char name[BPF_OBJ_NAME_LEN];
	int i, n = tcx_query(ifindex, direction, prog_ids, TCX_PROGRAMS_MAX);

	for (i = 0; i < n && i < TCX_PROGRAMS_MAX; i++) {
		/* One that has gone meanwhile is nobody's. */
		if (name_of(attacher, prog_ids[i], name, sizeof(name)) == -ENOENT)
			continue;
		if (!program_name_is_ours(name))
			return true;
	}
	return false;
}

static bool has_foreign_tcx_programs(const struct attacher *attacher, uint32_t ifindex)
{
	return has_foreign_program(attacher, ifindex, DIRECTION_INGRESS) ||
	       has_foreign_program(attacher, ifindex, DIRECTION_EGRESS);
}

static const struct clsact_program *programs_of(const struct attachment *attachment,
						const struct attacher *attacher)
{
	return attachment->netns ? attacher->programs_elsewhere : attacher->programs;
}

static int open_clsact(struct attachment *attachment, const struct attacher *attacher,
		       struct error *err)
{
	const struct clsact_program *programs = programs_of(attachment, attacher);
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		int priority = clsact_attach(&programs[d], attachment->ifindex, d, err);

		if (priority < 0)
			return priority;
		attachment->clsact_priority[d] = priority;
	}
	return 0;
}

static int open_tcx(struct attachment *attachment, const struct attacher *attacher,
		    struct error *err)
{
	const struct clsact_program *programs = programs_of(attachment, attacher);
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		int fd = tcx_attach(programs[d].fd, attachment->ifindex, d);

		if (fd == -EMFILE) {
			error_errno(err, fd, "cannot attach");
			error_hint(err, "raise the limit of open files (ulimit -n), or attach by "
					"--attach clsact");
			return fd;
		}
		if (fd < 0)
			return error_errno(err, fd, "cannot attach to the %s hook",
					   d == DIRECTION_INGRESS ? "ingress" : "egress");
		attachment->tcx_link_fd[d] = fd;
	}
	return 0;
}

static bool is_first(const struct attachment *attachment, const struct attacher *attacher)
{
	enum clsact_place places[N_DIRECTIONS];

	clsact_places(programs_of(attachment, attacher), attachment->ifindex, places);
	return places[DIRECTION_INGRESS] == CLSACT_FIRST &&
	       places[DIRECTION_EGRESS] == CLSACT_FIRST;
}

static int open_auto(struct attachment *attachment, const struct attacher *attacher, bool in_crowd,
		     struct error *err)
{
	uint64_t netns = attachment->netns;
	uint32_t ifindex = attachment->ifindex;

	if (in_crowd && !has_foreign_tcx_programs(attacher, ifindex)) {
		if (!open_clsact(attachment, attacher, err) && is_first(attachment, attacher))
			return 0;
		attachment_close(attachment, attacher);
		attachment->ifindex = ifindex;
		attachment->netns = netns;
	}
	return open_tcx(attachment, attacher, err);
}

int attachment_open(struct attachment *attachment, const struct attacher *attacher, uint64_t netns,
		    uint32_t ifindex, bool in_crowd, struct error *err)
{
	int ret = 0;

	*attachment =
		(struct attachment){.ifindex = ifindex, .tcx_link_fd = {-1, -1}, .netns = netns};
	if (attacher->mode == PROBE_ATTACH_AUTO)
		ret = open_auto(attachment, attacher, in_crowd, err);
	else if (attacher->mode == PROBE_ATTACH_CLSACT)
		ret = open_clsact(attachment, attacher, err);
	else if (attacher->mode == PROBE_ATTACH_TCX)
		ret = open_tcx(attachment, attacher, err);
	if (ret)
		attachment_close(attachment, attacher);
	return ret;
}

static void close_link(struct attachment *attachment, enum direction direction)
{
	if (attachment->tcx_link_fd[direction] >= 0)
		close(attachment->tcx_link_fd[direction]);
	attachment->tcx_link_fd[direction] = -1;
}

bool attachment_are_links_on(const struct attacher *attacher, uint32_t ifindex)
{
	uint32_t prog_ids[TCX_PROGRAMS_MAX];
	int d, i, n;

	for (d = 0; d < N_DIRECTIONS; d++) {
		n = tcx_query(ifindex, d, prog_ids, TCX_PROGRAMS_MAX);
		for (i = 0; i < n && i < TCX_PROGRAMS_MAX; i++)
			if (prog_ids[i] == attacher->programs[d].id ||
			    prog_ids[i] == attacher->programs_elsewhere[d].id)
				return true;
	}
	return false;
}

void attachment_close_links_on(struct attachment *attachment, uint32_t ifindex)
{
	int d;

	for (d = 0; d < N_DIRECTIONS; d++)
		if (attachment->tcx_link_fd[d] >= 0 &&
		    tcx_is_on(attachment->tcx_link_fd[d], ifindex, d))
			close_link(attachment, d);
}

void attachment_close(struct attachment *attachment, const struct attacher *attacher)
{
	const struct clsact_program *programs = programs_of(attachment, attacher);
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		close_link(attachment, d);
		if (attachment->clsact_priority[d])
			clsact_detach(&programs[d], attachment->ifindex, d,
				      attachment->clsact_priority[d]);
		attachment->clsact_priority[d] = 0;
	}
	attachment->ifindex = 0;
	attachment->netns = 0;
}

bool attachment_is_by_clsact(const struct attachment *attachment)
{
	return attachment->clsact_priority[DIRECTION_INGRESS];
}

bool attachment_is_whole(const struct attachment *attachment, const struct attacher *attacher)
{
	enum clsact_place places[N_DIRECTIONS] = {CLSACT_FIRST, CLSACT_FIRST};
	int d;

	if (attacher->mode == PROBE_ATTACH_NONE)
		return true;
	if (attachment_is_by_clsact(attachment))
		clsact_places(programs_of(attachment, attacher), attachment->ifindex, places);
	for (d = 0; d < N_DIRECTIONS; d++) {
		if (!attachment->clsact_priority[d] &&
		    !tcx_is_on(attachment->tcx_link_fd[d], attachment->ifindex, d))
			return false;
		if (attachment->clsact_priority[d] && places[d] == CLSACT_ABSENT)
			return false;
	}
	return true;
}

bool attachment_is_hidden(const struct attachment *attachment, const struct attacher *attacher,
			  bool by_tcx_only)
{
	if (!attachment_is_by_clsact(attachment))
		return false;
	/* Where clsact was asked for, tcx programs come first and nothing can be done about it. */
	if (attacher->mode == PROBE_ATTACH_AUTO &&
	    has_foreign_tcx_programs(attacher, attachment->ifindex))
		return true;
	return !by_tcx_only && !is_first(attachment, attacher);
}
