// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/tcx.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
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

bool tcx_is_alive(int link_fd)
{
	union {
		struct bpf_link_info known;
		struct tcx_link_info tcx;
	} info = {0};
	__u32 size = sizeof(info.known);

	if (bpf_obj_get_info_by_fd(link_fd, &info, &size))
		return false;
	return info.tcx.ifindex != 0;
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
