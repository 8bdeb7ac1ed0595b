// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct capabilities {
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static int get(struct capabilities *capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, capabilities->words) ? -errno : 0;
}

static int set(const struct capabilities *capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &header, capabilities->words) ? -errno : 0;
}

uint64_t privileges_held(void)
{
	struct capabilities now = {0};

	if (get(&now))
		return 0;
	return now.words[0].effective | (uint64_t)now.words[1].effective << 32;
}

/* Only takes away: what libcap-ng holds is the state of the process. */
static int drop_all_but(uint64_t kept)
{
	unsigned long capability;

	if (capng_get_caps_process())
		return -EIO;
	/* As many as the kernel has, which may be more than this was built with. */
	for (capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
		capng_update(CAPNG_DROP, CAPNG_INHERITABLE | CAPNG_AMBIENT,
			     (unsigned int)capability);
		if (!(kept & PRIVILEGE(capability)))
			capng_update(CAPNG_DROP,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
				     (unsigned int)capability);
	}
	return 0;
}

int privileges_keep(uint64_t kept, struct error *err)
{
	int ret = drop_all_but(kept);

	/* Before the capability that it takes is gone. */
	if (!ret && privileges_held() & PRIVILEGE(CAP_SETPCAP) && capng_apply(CAPNG_SELECT_BOUNDS))
		ret = -errno;
	if (!ret && capng_apply(CAPNG_SELECT_CAPS))
		ret = -errno;
	if (!ret && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		ret = -errno;
	if (!ret && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		ret = -errno;
	if (!ret && privileges_held() & ~kept)
		ret = -EPERM;
	if (!ret)
		return 0;
	error_errno(err, ret, "cannot give up privileges");
	error_hint(err,
		   "something that surrounds ifpulse (a seccomp filter, say) forbids it: allow "
		   "capset(2) and prctl(2)");
	return ret;
}

/* Where what has this name is, or would be: "." of "x", "/" of "/x", "a" of "a/b/". */
static void name_folder(const char *path, char *out, size_t size)
{
	size_t length = strlen(path);

	while (length && path[length - 1] == '/')
		length--;
	while (length && path[length - 1] != '/')
		length--;
	snprintf(out, size, "%.*s", length ? (int)length : 1, length ? path : ".");
}

static bool is_writable(const char *folder)
{
	return !faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) || errno != EACCES;
}

/* With the privileges that are in effect. What is not there at all is an error for whoever opens it. */
static bool is_out_of_reach(const char *path, bool is_written)
{
	char folder[PATH_MAX];
	struct stat status;

	if (!is_written)
		return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) && errno == EACCES;
	name_folder(path, folder, sizeof(folder));
	if (stat(path, &status))
		return errno == EACCES || !is_writable(folder);
	if (S_ISDIR(status.st_mode))
		return !is_writable(path);
	/* In a folder like /tmp, to replace what is another's takes more than to write there. */
	return status.st_uid != geteuid() || !is_writable(folder);
}

uint64_t privileges_for_file(const char *path, bool is_written)
{
	struct capabilities all = {0}, without;
	uint64_t held = privileges_held() & PRIVILEGES_FILES;
	bool is_needed;
	size_t i;

	if (!held || get(&all))
		return held;
	without = all;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		without.words[i].effective = 0;
	if (set(&without))
		return held;
	is_needed = is_out_of_reach(path, is_written);
	/* It is permitted still, so nothing can be against it. */
	return set(&all) || is_needed ? held : 0;
}
