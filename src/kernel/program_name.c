// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/program_name.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"

int program_name_of(uint32_t prog_id, char *name, size_t size)
{
	struct bpf_prog_info info = {0};
	__u32 info_size = sizeof(info);
	int fd, ret = 0;

	name[0] = '\0';
	fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_size))
		ret = -errno;
	else
		snprintf(name, size, "%s", info.name);
	close(fd);
	return ret;
}

/* As in bpf/traffic.bpf.c; the last is what both for other network namespaces begin with. */
bool program_name_is_ours(const char *name)
{
	static const char *const ours[] = {"ifpulse_ingress", "ifpulse_egress", "ifpulse_ns_"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strncmp(name, ours[i], strlen(ours[i])))
			return true;
	return false;
}
