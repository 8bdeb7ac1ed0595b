// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "kernel/privileges.h"

#define OWN_GROUPS_SIZE (16 * 1024)
/* A place for each id modulo this. */
#define KNOWN_MAX 4096
/* Searches may take a sixteenth of the time, and so much more at once. */
#define SEARCH_SPARE 16
#define SEARCH_DEBT_NS (50ULL * 1000 * 1000)

struct known {
	uint64_t id; /* 0: free */
	char *path;  /* NULL: it has none that can be told */
};

struct cgroups {
	int fd;          /* of the root */
	uint64_t wanted; /* keeps its place among the known */
	uint64_t searched_ns, debt_ns;
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
	/* What fsmount() gives is no more than a path. */
	if (mount >= 0)
		fd = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		ret = -errno;
	if (mount >= 0)
		close(mount);
	close(context);
	return ret ? ret : fd;
}

/* Where it is mounted as a rule, for who may not mount it. */
static int open_mounted(void)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

int cgroups_new(struct cgroups **out, struct error *err)
{
	struct cgroups *cgroups;
	int fd;

	if (!is_used())
		return error_set(err, -ENOENT, "nobody uses cgroup v2 here");
	fd = privileges_held() & PRIVILEGE(CAP_SYS_ADMIN) ? open_root() : open_mounted();
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

/* NULL: the group has gone, or is nowhere below our root, which ids do not outlive. */
static void remember(struct cgroups *cgroups, uint64_t id, const char *path)
{
	struct known *known = &cgroups->known[id % KNOWN_MAX];
	char *copy;

	/* Of two that share a place, who is asked for has it. */
	if (id == known->id || (known->id == cgroups->wanted && id != cgroups->wanted))
		return;
	copy = path ? strdup(path) : NULL;
	if (path && !copy)
		return;
	free(known->path);
	known->path = copy;
	known->id = id;
}

static void see_below(struct cgroups *cgroups, DIR *dir, size_t length);

/* `entry` of a directory whose path has that length, and what is below. */
static void see(struct cgroups *cgroups, DIR *parent, const struct dirent *entry, size_t length)
{
	size_t room = sizeof(cgroups->path) - length;
	DIR *dir;
	int fd, n;

	n = snprintf(cgroups->path + length, room, "/%s", entry->d_name);
	if (n < 0 || (size_t)n >= room)
		return;
	remember(cgroups, entry->d_ino, cgroups->path);
	fd = openat(dirfd(parent), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir) {
		see_below(cgroups, dir, length + (size_t)n);
		closedir(dir);
	} else if (fd >= 0) {
		close(fd);
	}
}

static void see_below(struct cgroups *cgroups, DIR *dir, size_t length)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			see(cgroups, dir, entry, length);
}

/* All groups that there are. False where that could not be done. */
static bool see_all(struct cgroups *cgroups)
{
	int fd = openat(cgroups->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat status;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (!fstat(fd, &status))
		remember(cgroups, status.st_ino, "/");
	see_below(cgroups, dir, 0);
	closedir(dir);
	return true;
}

/* Senders that come and go in numbers must not slow everything down. */
static bool may_search(struct cgroups *cgroups, uint64_t now_ns)
{
	uint64_t paid_ns = (now_ns - cgroups->searched_ns) / SEARCH_SPARE;

	cgroups->debt_ns -= paid_ns < cgroups->debt_ns ? paid_ns : cgroups->debt_ns;
	cgroups->searched_ns = now_ns;
	return cgroups->debt_ns < SEARCH_DEBT_NS;
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id)
{
	const struct known *known = &cgroups->known[id % KNOWN_MAX];
	uint64_t start_ns;

	if (!id)
		return NULL;
	if (known->id == id)
		return known->path;
	start_ns = clock_monotonic_ns();
	cgroups->wanted = id;
	if (!may_search(cgroups, start_ns) || !see_all(cgroups))
		return NULL;
	cgroups->debt_ns += clock_monotonic_ns() - start_ns;
	if (known->id != id)
		remember(cgroups, id, NULL);
	return known->path;
}
