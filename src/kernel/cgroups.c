// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#define HANDLE_TYPE_KERNFS 0xfe
#define OWN_GROUPS_SIZE (16 * 1024)
/* A place for each id modulo this. */
#define KNOWN_MAX 256

struct known {
	uint64_t id; /* 0: free */
	char *path;
};

struct cgroups {
	int fd; /* of the root */
	struct known known[KNOWN_MAX];
	char path[PATH_MAX];
};

/* Whether processes have a group of v2: "0::/…" (cgroups(7)). To mount it is to make it seen where it was not. */
static bool is_used(void)
{
	char text[OWN_GROUPS_SIZE];

	if (file_read_start(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		return false;
	return !strncmp(text, "0::", 3) || strstr(text, "\n0::");
}

/* Mounts it nowhere. The C library has these calls only since glibc 2.36. The root's fd or -errno. */
static int open_root(void)
{
	int context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC), mount = -1, fd = -1;
	int ret = 0;

	if (context < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	/* What fsmount() gives is no more than a path, and handles want an open file. */
	if (mount >= 0)
		fd = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		ret = -errno;
	if (mount >= 0)
		close(mount);
	close(context);
	return ret ? ret : fd;
}

int cgroups_new(struct cgroups **out, struct error *err)
{
	struct cgroups *cgroups;
	int fd;

	if (!is_used())
		return error_set(err, -ENOENT, "nobody uses cgroup v2 here");
	fd = open_root();
	if (fd < 0)
		return error_errno(err, fd, "cannot look into cgroup v2");
	cgroups = calloc(1, sizeof(*cgroups));
	if (!cgroups) {
		close(fd);
		return error_errno(err, -ENOMEM, "cannot tell control groups");
	}
	cgroups->fd = fd;
	*out = cgroups;
	return 0;
}

void cgroups_free(struct cgroups *cgroups)
{
	size_t i;

	if (!cgroups)
		return;
	for (i = 0; i < KNOWN_MAX; i++)
		free(cgroups->known[i].path);
	close(cgroups->fd);
	free(cgroups);
}

static int open_group(const struct cgroups *cgroups, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} by = {.handle = {.handle_bytes = sizeof(id), .handle_type = HANDLE_TYPE_KERNFS}};

	memcpy(by.handle.f_handle, &id, sizeof(id));
	return open_by_handle_at(cgroups->fd, &by.handle, O_PATH | O_CLOEXEC);
}

/* Into cgroups->path. */
static bool read_path(struct cgroups *cgroups, uint64_t id)
{
	int fd = open_group(cgroups, id);
	struct stat status;
	ssize_t length;
	char link[40];

	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, cgroups->path, sizeof(cgroups->path));
	close(fd);
	if (length <= 0 || (size_t)length == sizeof(cgroups->path))
		return false;
	cgroups->path[length] = '\0';
	/* That of a group outside of our namespace does not begin at our root. */
	return !fstatat(cgroups->fd, length > 1 ? cgroups->path + 1 : ".", &status, 0) &&
	       status.st_ino == id;
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id)
{
	struct known *known = &cgroups->known[id % KNOWN_MAX];
	char *path;

	if (id && known->id == id)
		return known->path;
	if (!id || !read_path(cgroups, id))
		return NULL;
	path = strdup(cgroups->path);
	if (!path)
		return cgroups->path;
	free(known->path);
	known->path = path;
	known->id = id;
	return path;
}
