// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/plot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 16

static int fail(struct error *err, int code, const char *path)
{
	error_errno(err, code, "cannot write the picture to '%s'", path);
	switch (-code) {
	case ENOENT:
	case ENOTDIR:
		error_hint(err, "create the directory first, or give a path in one that exists");
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		error_hint(err, "give a path in a directory that you may write to");
		break;
	case ENOSPC:
	case EDQUOT:
		error_hint(err, "make room, or give a path on another file system");
		break;
	case EISDIR:
		error_hint(err, "give the name of a file in it");
		break;
	}
	return code;
}

/*
 * Renaming would replace a device by a file: for root, /dev/null. *mode is that of the file that is there already,
 * else untouched.
 */
static int check_target(const char *path, mode_t *mode, struct error *err)
{
	size_t length = strlen(path);
	struct stat status;

	if (!length)
		return fail(err, -ENOENT, path);
	if (stat(path, &status))
		return path[length - 1] == '/' ? fail(err, -errno, path) : 0;
	if (S_ISDIR(status.st_mode))
		return fail(err, -EISDIR, path);
	if (!S_ISREG(status.st_mode)) {
		error_set(err, -EINVAL, "cannot write the picture to '%s': not a regular file",
			  path);
		error_hint(err, "give the name of a file, which may exist");
		return -EINVAL;
	}
	*mode = status.st_mode & 0777;
	return 0;
}

/* A short name of its own, so that it fits wherever the final one does. */
static int open_temporary(struct plot_file *file)
{
	const char *slash = strrchr(file->path, '/');
	int directory_length = slash ? (int)(slash - file->path) + 1 : 0;
	uint64_t number;
	int attempt, fd;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -EIO;
		if (asprintf(&file->temporary, "%.*s.ifpulse-%016" PRIx64, directory_length,
			     file->path, number) < 0) {
			file->temporary = NULL;
			return -ENOMEM;
		}
		fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		if (fd >= 0)
			return fd;
		fd = -errno;
		free(file->temporary);
		file->temporary = NULL;
		if (fd != -EEXIST)
			return fd;
	}
	return -EEXIST;
}

int plot_file_open(struct plot_file *file, const char *path, struct error *err)
{
	const mode_t is_new = (mode_t)-1;
	mode_t mode = is_new;
	int fd, code = check_target(path, &mode, err);

	*file = (struct plot_file){.path = path};
	if (code)
		return code;
	fd = open_temporary(file);
	if (fd < 0)
		return fail(err, fd, path);
	if (mode == is_new || !fchmod(fd, mode))
		file->stream = fdopen(fd, "w");
	if (!file->stream) {
		code = -errno;
		close(fd);
		plot_file_abandon(file);
		return fail(err, code, path);
	}
	return 0;
}

int plot_file_put(struct plot_file *file, const void *bytes, size_t n)
{
	if (!file->failure && fwrite(bytes, 1, n, file->stream) != n)
		file->failure = errno ? -errno : -EIO;
	return file->failure;
}

int plot_file_finish(struct plot_file *file, struct error *err)
{
	const char *path = file->path;
	int code = file->failure;

	if (!code && (fflush(file->stream) || fsync(fileno(file->stream))))
		code = -errno;
	/* On NFS a full disk may show only now. */
	if (fclose(file->stream) && !code)
		code = -errno;
	file->stream = NULL;
	if (!code && rename(file->temporary, path))
		code = -errno;
	if (code) {
		plot_file_abandon(file);
		return fail(err, code, path);
	}
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

void plot_file_abandon(struct plot_file *file)
{
	if (file->stream)
		fclose(file->stream);
	file->stream = NULL;
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
}
