/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* file: the whole of a file whose size somebody else decides. */
#ifndef IFPULSE_BASE_FILE_H
#define IFPULSE_BASE_FILE_H

#include <stddef.h>

/*
 * Reads a regular file of at most `max` bytes into memory that the caller frees, with a NUL behind it.
 * Never waits: pipes and the like are refused. 0 or -errno: -EFBIG, -EINVAL for what is no regular file.
 */
int file_read(const char *path, size_t max, char **text, size_t *size);

/*
 * For small files of /proc: the first `size` - 1 bytes into `out`, NUL-terminated. The length, or
 * -errno.
 */
long file_read_start(int dir_fd, const char *path, char *out, size_t size);

#endif
