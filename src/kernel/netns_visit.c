// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_visit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

#define OWN_PATH "/proc/thread-self/ns/net"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14; asm-generic/socket.h */
#endif

/* 0 where the kernel does not tell. */
static uint64_t ask_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0)
		cookie = 0;
	close(fd);
	return cookie;
}

bool netns_has_cookies(void)
{
	return ask_cookie();
}

uint64_t netns_key(void)
{
	uint64_t cookie = ask_cookie();
	struct stat status;

	if (cookie)
		return cookie;
	return stat(OWN_PATH, &status) < 0 ? 0 : status.st_ino;
}

int netns_open(const char *path, uint64_t *inum)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct statfs fs;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC || fstat(fd, &status) < 0) {
		close(fd);
		return -EINVAL;
	}
	*inum = status.st_ino;
	return fd;
}

int netns_open_own(struct error *err)
{
	int fd = open(OWN_PATH, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	fd = error_errno(err, -errno, "cannot tell the network namespace");
	error_hint(err, "have proc mounted on /proc");
	return fd;
}

int netns_enter(int fd, struct error *err)
{
	int ret;

	if (!setns(fd, CLONE_NEWNET))
		return 0;
	ret = error_errno(err, -errno, "cannot enter a network namespace");
	if (ret == -EPERM)
		error_hint(err, "it takes CAP_SYS_ADMIN: run as root");
	return ret;
}

void netns_leave(int home_fd)
{
	if (!setns(home_fd, CLONE_NEWNET))
		return;
	/* From here on everything would be done to the wrong interfaces. */
	log_warning("cannot return from another network namespace: %s", strerror(errno));
	abort();
}
