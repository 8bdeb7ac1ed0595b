// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/units.h"

/* How long a reader that takes nothing may hold us up once we were told to stop. */
#define STOP_PATIENCE_NS NSEC_PER_SEC

struct sink {
	int fd, stop_fd;
	bool is_terminal, is_file;
	int failure;         /* sticky */
	uint64_t give_up_ns; /* CLOCK_MONOTONIC; 0 until a flush blocked after the stop */
	char *buffer;
	size_t used, capacity;
	size_t committed;
	/* Ends of the committed objects within the buffer, in ascending order. */
	size_t *ends;
	size_t n_ends, ends_capacity;
};

int sink_new(struct sink **out, int fd, int stop_fd)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	struct stat status;

	if (!sink)
		return -ENOMEM;
	sink->fd = fd;
	sink->stop_fd = stop_fd;
	sink->is_terminal = isatty(fd);
	sink->is_file = !fstat(fd, &status) && S_ISREG(status.st_mode);
	*out = sink;
	return 0;
}

void sink_free(struct sink *sink)
{
	if (!sink)
		return;
	free(sink->buffer);
	free(sink->ends);
	free(sink);
}

bool sink_is_terminal(const struct sink *sink)
{
	return sink->is_terminal;
}

static bool make_room(struct sink *sink, size_t more)
{
	if (sink->failure)
		return false;
	sink->failure = array_reserve(&sink->buffer, &sink->capacity, sink->used + more, 1);
	return !sink->failure;
}

void sink_bytes(struct sink *sink, const void *bytes, size_t n)
{
	if (!n || !make_room(sink, n))
		return;
	memcpy(sink->buffer + sink->used, bytes, n);
	sink->used += n;
}

void sink_text(struct sink *sink, const char *text)
{
	sink_bytes(sink, text, strlen(text));
}

void sink_format(struct sink *sink, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !make_room(sink, (size_t)length + 1))
		return;
	va_start(args, format);
	vsnprintf(sink->buffer + sink->used, (size_t)length + 1, format, args);
	va_end(args);
	sink->used += (size_t)length;
}

void sink_commit(struct sink *sink)
{
	if (sink->failure || sink->used == sink->committed)
		return;
	sink->failure = array_reserve(&sink->ends, &sink->ends_capacity, sink->n_ends + 1,
				      sizeof(*sink->ends));
	if (sink->failure)
		return;
	sink->ends[sink->n_ends++] = sink->used;
	sink->committed = sink->used;
}

const char *sink_committed(const struct sink *sink, size_t *n)
{
	*n = sink->committed;
	return sink->failure ? NULL : sink->buffer;
}

/*
 * Waits until the reader takes at least PIPE_BUF bytes (pipe(7)), so that write(2) cannot block. A
 * terminal under flow control says so in the same way. Files are always ready.
 */
static int wait_writable(struct sink *sink)
{
	struct pollfd fds[] = {{sink->fd, POLLOUT, 0}, {sink->stop_fd, POLLIN, 0}};

	for (;;) {
		uint64_t now_ns = clock_monotonic_ns();
		int ready, timeout_ms = -1;

		if (sink->give_up_ns) {
			fds[1].fd = -1;
			timeout_ms =
				now_ns < sink->give_up_ns
					? (int)((sink->give_up_ns - now_ns) / NSEC_PER_MSEC) + 1
					: 0;
		}
		ready = poll(fds, 2, timeout_ms);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0 && fds[0].revents)
			return sink->give_up_ns && !timeout_ms ? -EINTR : 0;
		if (ready == 0)
			return -EINTR;
		if (ready > 0 && fds[1].revents)
			sink->give_up_ns = now_ns + STOP_PATIENCE_NS;
	}
}

/* A file that ended within an object ends with the one before it. */
static void cut_to_whole(struct sink *sink, size_t written)
{
	size_t i, whole = 0;
	off_t position;

	if (!sink->is_file)
		return;
	for (i = 0; i < sink->n_ends && sink->ends[i] <= written; i++)
		whole = sink->ends[i];
	position = lseek(sink->fd, 0, SEEK_CUR);
	if (whole == written || position < (off_t)(written - whole))
		return;
	position -= (off_t)(written - whole);
	/* What cannot be repaired is at least reported: the flush fails in any case. */
	if (!ftruncate(sink->fd, position))
		lseek(sink->fd, position, SEEK_SET);
}

int sink_flush(struct sink *sink)
{
	size_t written = 0;

	while (!sink->failure && written < sink->committed) {
		size_t rest = sink->committed - written;
		ssize_t did;

		sink->failure = wait_writable(sink);
		if (sink->failure)
			break;
		if (!sink->is_file && rest > PIPE_BUF)
			rest = PIPE_BUF;
		did = write(sink->fd, sink->buffer + written, rest);
		if (did >= 0)
			written += (size_t)did;
		else if (errno != EINTR && errno != EAGAIN)
			sink->failure = -errno;
	}
	if (sink->failure) {
		cut_to_whole(sink, written);
		return sink->failure;
	}
	if (!written)
		return 0;
	sink->used -= written;
	memmove(sink->buffer, sink->buffer + written, sink->used);
	sink->committed = 0;
	sink->n_ends = 0;
	return 0;
}
