// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/tcx.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCX_FLAG_BEFORE (1U << 3) /* BPF_F_BEFORE without a relative: first of all */

static enum bpf_attach_type attach_type(enum direction direction)
{
	return direction == DIRECTION_INGRESS ? TCX_ATTACH_INGRESS : TCX_ATTACH_EGRESS;
}

int tcx_supported(int prog_fd)
{
	int fd = tcx_attach(prog_fd, INT_MAX, DIRECTION_INGRESS);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -ENODEV)
		return 1;
	/* Before 6.6 the attach type is unknown, whatever the ifindex. */
	return fd == -EINVAL ? 0 : fd;
}

int tcx_attach(int prog_fd, uint32_t ifindex, enum direction direction)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = TCX_FLAG_BEFORE);
	int fd = bpf_link_create(prog_fd, (int)ifindex, attach_type(direction), &opts);

	return fd < 0 ? -errno : fd;
}

/*
 * struct bpf_link_info as far as its tcx part; Debian 12's header has no such member, and the kernel
 * fills in as much as it is given room for.
 */
struct tcx_link_info {
	__u32 type;
	__u32 id;
	__u32 prog_id;
	__u32 padding;
	__u32 ifindex; /* 0 once the interface is gone */
	__u32 attach_type;
};

/* The part of union bpf_attr for BPF_PROG_QUERY, as of Linux 6.6; Debian 12's header has only its beginning. */
struct tcx_query_attr {
	__u32 ifindex;
	__u32 attach_type;
	__u32 query_flags;
	__u32 attach_flags;
	__aligned_u64 prog_ids;
	__u32 count;
	__u32 padding;
	__aligned_u64 prog_attach_flags;
	__aligned_u64 link_ids;
	__aligned_u64 link_attach_flags;
	__aligned_u64 revision;
};

/* Link ids on one hook, 0 for a program without one; how many of them were written, or -errno. */
static int query_links(uint32_t ifindex, enum direction direction, uint32_t *link_ids)
{
	uint32_t prog_ids[TCX_PROGRAMS_MAX];
	struct tcx_query_attr attr = {
		.ifindex = ifindex,
		.attach_type = attach_type(direction),
		.prog_ids = (uintptr_t)prog_ids,
		.count = TCX_PROGRAMS_MAX,
		.link_ids = (uintptr_t)link_ids,
	};

	if (syscall(__NR_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)))
		return errno == ENOENT ? 0 : -errno;
	return (int)attr.count;
}

bool tcx_is_on(int link_fd, uint32_t ifindex, enum direction direction)
{
	uint32_t link_ids[TCX_PROGRAMS_MAX];
	union {
		struct bpf_link_info known;
		struct tcx_link_info tcx;
	} info = {0};
	__u32 size = sizeof(info.known);
	int i, n;

	if (bpf_obj_get_info_by_fd(link_fd, &info, &size) || info.tcx.ifindex != ifindex)
		return false;
	/* That is its index wherever it is now: the hook knows whether that is here. */
	n = query_links(ifindex, direction, link_ids);
	for (i = 0; i < n; i++)
		if (link_ids[i] == info.tcx.id)
			return true;
	return false;
}

int tcx_query(uint32_t ifindex, enum direction direction, uint32_t *prog_ids, uint32_t max)
{
	LIBBPF_OPTS(bpf_prog_query_opts, opts, .prog_ids = prog_ids, .prog_cnt = max);

	if (bpf_prog_query_opts((int)ifindex, attach_type(direction), &opts)) {
		/* -ENOENT: nothing was ever attached here. -ENOSPC: more than max, the first ones
		 * delivered. */
		if (errno == ENOENT)
			return 0;
		if (errno != ENOSPC)
			return -errno;
	}
	return (int)opts.prog_cnt;
}
