/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroups: the paths of control groups by their ids, in the hierarchy of cgroup v2.
 *
 * An id is the inode number of the group's directory (kernfs_ino() in include/linux/kernfs.h), and is sought through
 * all of them, for the first time that it is asked for. The kernel would open it by a file handle, too, but only
 * with CAP_DAC_READ_SEARCH, which opens every file there is. The directories are seen through a mount of our own
 * that nobody else sees, since the hierarchy may be mounted anywhere, or nowhere: under `ip netns exec` it is not.
 * Without CAP_SYS_ADMIN at the start it is looked for in /sys/fs/cgroup. Ids are not used again, and in v2 no group
 * is renamed, so what was found once holds, and what was not found never is.
 */
#ifndef IFPULSE_KERNEL_CGROUPS_H
#define IFPULSE_KERNEL_CGROUPS_H

#include <stdint.h>

#include "base/error.h"

struct cgroups;

/* 0 or -errno: -ENOENT where nobody uses cgroup v2, or it is not to be seen. */
int cgroups_new(struct cgroups **out, struct error *err);
void cgroups_free(struct cgroups *cgroups);

/*
 * "/system.slice/ssh.service", from the root of our cgroup namespace; NULL where it cannot be told: the group
 * has gone, or is not below that, or there were too many searches of late. A search takes some 5 us a group. Valid
 * until the next call.
 */
const char *cgroups_path(struct cgroups *cgroups, uint64_t id);

#endif
