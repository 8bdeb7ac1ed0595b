/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * loop: one thread, one epoll, until a signal, a deadline or a command ends it.
 *
 * SIGINT, SIGTERM and SIGHUP become a clean stop through a signalfd; SIGPIPE is ignored, so that
 * a reader that left shows as -EPIPE. Callbacks return 0, or a negative errno that ends the loop.
 */
#ifndef IFPULSE_APP_LOOP_H
#define IFPULSE_APP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct loop;

typedef int (*loop_fn)(void *context);
typedef int (*loop_timer_fn)(void *context, uint64_t expirations);

/* Blocks the signals from here on. 0 or -errno. */
int loop_new(struct loop **out, struct error *err);
void loop_free(struct loop *loop);

/* Calls `fn` whenever `fd` (borrowed) is readable. 0 or -errno. */
int loop_add(struct loop *loop, int fd, loop_fn fn, void *context, struct error *err);

/* Every `period_ns` from now, 0: not yet; `expirations` is above 1 when we were late. 0 or -errno. */
int loop_add_timer(struct loop *loop, uint64_t period_ns, loop_timer_fn fn, void *context,
		   struct error *err);

/* That of the timer which calls `fn` with `context` from now on; 0: it rests. 0 or -errno. */
int loop_set_timer(struct loop *loop, uint64_t period_ns, loop_timer_fn fn, void *context,
		   struct error *err);

/* Stops the loop once, after `delay_ns`. 0 or -errno. */
int loop_add_deadline(struct loop *loop, uint64_t delay_ns, struct error *err);

/* Ends loop_run() after the callback that is running. */
void loop_stop(struct loop *loop);

/* 0 after a stop; what a callback returned, which it has logged itself; or -errno. */
int loop_run(struct loop *loop);

/* Whether a signal is there that the loop has not seen yet: for work before it runs. */
bool loop_is_stopping(const struct loop *loop);

/* Whether a signal asked for the stop. */
bool loop_was_interrupted(const struct loop *loop);

/* Readable while a signal asks us to stop: what a blocked sink listens to. */
int loop_stop_fd(const struct loop *loop);

#endif
