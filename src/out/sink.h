/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sink: where output goes: a buffer, written out when whole objects are in it.
 *
 * Nothing is written before sink_flush(), and what stood in the buffer since the last sink_commit()
 * is not written even then: a reader never sees half an object because we stopped. When a regular
 * file runs out of room in the middle of one, the file is cut back to the last whole object.
 * A pipe or terminal that takes nothing for a while blocks the flush but not the way out of it:
 * `stop_fd` ends it.
 */
#ifndef IFPULSE_OUT_SINK_H
#define IFPULSE_OUT_SINK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

/* Borrows `fd`; -1: nothing will be flushed. `stop_fd`: once readable, a blocked flush gives up after a second; -1: none. */
int sink_new(struct sink **out, int fd, int stop_fd);
/* Drops what was not flushed. NULL-safe. */
void sink_free(struct sink *sink);

/* Appending never fails visibly: want of memory is remembered and comes out of sink_flush(). */
void sink_text(struct sink *sink, const char *text);
void sink_bytes(struct sink *sink, const void *bytes, size_t n);
void sink_format(struct sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Everything so far is whole objects. */
void sink_commit(struct sink *sink);

/*
 * Writes what was committed. 0, -EPIPE when the reader has gone, -EINTR when stopped while the
 * reader took nothing, -ENOMEM, or the -errno of write(2). After a failure the sink takes no more.
 */
int sink_flush(struct sink *sink);

/* What was committed and not written yet, `n` bytes: the sink's, until it takes more. NULL: no memory. */
const char *sink_committed(const struct sink *sink, size_t *n);

/* The fd is a terminal. */
bool sink_is_terminal(const struct sink *sink);

#endif
