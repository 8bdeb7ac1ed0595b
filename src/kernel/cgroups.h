/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroups: the paths of control groups by their ids, in the hierarchy of cgroup v2.
 *
 * An id is that of the group's directory in kernfs, and that is a file handle as well (FILEID_KERNFS in
 * include/linux/exportfs.h): the kernel opens the directory by it, nothing is searched. It does so through a
 * mount of our own that nobody else sees, since the hierarchy may be mounted anywhere, or nowhere: under `ip netns
 * exec` it is not. Ids are not used again, and in v2 no group is renamed, so what was found once holds.
 */
#ifndef IFPULSE_KERNEL_CGROUPS_H
#define IFPULSE_KERNEL_CGROUPS_H

#include <stdint.h>

#include "base/error.h"

struct cgroups;

/*
 * 0 or -errno: -ENOENT where nobody uses cgroup v2, -EPERM without CAP_SYS_ADMIN. Handles take
 * CAP_DAC_READ_SEARCH besides.
 */
int cgroups_new(struct cgroups **out, struct error *err);
void cgroups_free(struct cgroups *cgroups);

/*
 * "/system.slice/ssh.service", from the root of our cgroup namespace; NULL where it cannot be told: the group
 * has gone, or is not below that. Valid until the next call.
 */
const char *cgroups_path(struct cgroups *cgroups, uint64_t id);

#endif
