/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* support: cmocka, and what several unit tests need. */
#ifndef IFPULSE_TESTS_UNIT_SUPPORT_H
#define IFPULSE_TESTS_UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "out/sink.h"

/* For tables of cases: says which one it was. */
static inline void expect_number(const char *what, uint64_t got, uint64_t wanted)
{
	if (got != wanted)
		fail_msg("'%s': got %" PRIu64 " (%" PRId64 "), wanted %" PRIu64 " (%" PRId64 ")",
			 what, got, (int64_t)got, wanted, (int64_t)wanted);
}

static inline void expect_text(const char *what, const char *got, const char *wanted)
{
	if (strcmp(got, wanted))
		fail_msg("'%s': got \"%s\", wanted \"%s\"", what, got, wanted);
}

/* All that is in the file, with a NUL behind it; the caller frees it. `size` may be NULL. */
static inline char *read_whole(int fd, size_t *size)
{
	struct stat status;
	char *text;

	assert_int_equal(fstat(fd, &status), 0);
	text = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)status.st_size, 0), status.st_size);
	if (size)
		*size = (size_t)status.st_size;
	return text;
}

/* A sink whose output can be looked at. */
struct capture {
	int fd;
	struct sink *sink;
};

static inline void capture_start(struct capture *capture)
{
	capture->fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(capture->fd >= 0);
	assert_int_equal(sink_new(&capture->sink, capture->fd, -1), 0);
}

/* Flushes and ends it; what was written, which the caller frees. */
static inline char *capture_end(struct capture *capture)
{
	char *text;

	assert_int_equal(sink_flush(capture->sink), 0);
	text = read_whole(capture->fd, NULL);
	sink_free(capture->sink);
	close(capture->fd);
	return text;
}

#endif
