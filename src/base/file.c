// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Until `size` bytes are there or the file ends. How many, or -errno. */
static ssize_t read_up_to(int fd, char *out, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size) {
		got = read(fd, out + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

int file_read(const char *path, size_t max, char **text, size_t *size)
{
	/* O_NONBLOCK: opening a pipe would wait for somebody to write. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret = 0;
	struct stat status;
	char *buffer = NULL;
	ssize_t got;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		ret = -errno;
	else if (!S_ISREG(status.st_mode))
		ret = -EINVAL;
	else if (status.st_size < 0 || (size_t)status.st_size > max)
		ret = -EFBIG;
	if (ret)
		goto out;
	buffer = malloc((size_t)status.st_size + 1);
	if (!buffer) {
		ret = -ENOMEM;
		goto out;
	}
	got = read_up_to(fd, buffer, (size_t)status.st_size);
	if (got < 0) {
		ret = (int)got;
		goto out;
	}
	buffer[got] = '\0';
	*text = buffer;
	*size = (size_t)got;
	buffer = NULL;
out:
	free(buffer);
	close(fd);
	return ret;
}

long file_read_start(int dir_fd, const char *path, char *out, size_t size)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read_up_to(fd, out, size - 1);
	close(fd);
	if (got >= 0)
		out[got] = '\0';
	return got;
}
