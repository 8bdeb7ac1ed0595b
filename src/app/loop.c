// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"

#define SOURCES_MAX 16

struct source {
	int fd;
	bool is_ours; /* a timer: closed with the loop */
	loop_fn readable;
	loop_timer_fn expired;
	void *context;
};

struct loop {
	int epoll_fd, signal_fd;
	bool stopped, interrupted;
	struct source sources[SOURCES_MAX];
	size_t n;
};

/* The signal stays in the fd: a sink that blocks in the last flush still sees it. */
static int take_signal(void *context)
{
	struct loop *loop = context;

	loop->interrupted = true;
	loop_stop(loop);
	return 0;
}

static int add_source(struct loop *loop, const struct source *source, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (loop->n == SOURCES_MAX)
		return error_set(err, -ENOSPC, "too many event sources");
	event.data.u64 = loop->n;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event))
		return error_errno(err, -errno, "cannot wait for events");
	loop->sources[loop->n++] = *source;
	return 0;
}

int loop_new(struct loop **out, struct error *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	sigset_t signals;
	int ret;

	if (!loop)
		return error_errno(err, -ENOMEM, "cannot make an event loop");
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	loop->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0 || loop->signal_fd < 0)
		ret = error_errno(err, -errno, "cannot make an event loop");
	else
		ret = loop_add(loop, loop->signal_fd, take_signal, loop, err);
	if (ret) {
		loop_free(loop);
		return ret;
	}
	*out = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	size_t i;

	if (!loop)
		return;
	for (i = 0; i < loop->n; i++)
		if (loop->sources[i].is_ours)
			close(loop->sources[i].fd);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop);
}

int loop_add(struct loop *loop, int fd, loop_fn fn, void *context, struct error *err)
{
	struct source source = {.fd = fd, .readable = fn, .context = context};

	return add_source(loop, &source, err);
}

static int set_timer(int fd, uint64_t first_ns, uint64_t period_ns, struct error *err)
{
	struct itimerspec when = {
		.it_value = {(time_t)(first_ns / NSEC_PER_SEC), (long)(first_ns % NSEC_PER_SEC)},
		.it_interval = {(time_t)(period_ns / NSEC_PER_SEC),
				(long)(period_ns % NSEC_PER_SEC)},
	};

	return timerfd_settime(fd, 0, &when, NULL) ? error_errno(err, -errno, "cannot set a timer")
						   : 0;
}

static int add_timer(struct loop *loop, uint64_t first_ns, uint64_t period_ns, loop_timer_fn fn,
		     void *context, struct error *err)
{
	struct source source = {.is_ours = true, .expired = fn, .context = context};
	int ret;

	source.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (source.fd < 0)
		return error_errno(err, -errno, "cannot make a timer");
	ret = set_timer(source.fd, first_ns, period_ns, err);
	if (!ret)
		ret = add_source(loop, &source, err);
	if (ret)
		close(source.fd);
	return ret;
}

int loop_add_timer(struct loop *loop, uint64_t period_ns, loop_timer_fn fn, void *context,
		   struct error *err)
{
	return add_timer(loop, period_ns, period_ns, fn, context, err);
}

int loop_set_timer(struct loop *loop, uint64_t period_ns, loop_timer_fn fn, void *context,
		   struct error *err)
{
	size_t i;

	for (i = 0; i < loop->n; i++)
		if (loop->sources[i].expired == fn && loop->sources[i].context == context)
			return set_timer(loop->sources[i].fd, period_ns, period_ns, err);
	return error_set(err, -ENOENT, "there is no such timer");
}

static int take_deadline(void *context, uint64_t expirations)
{
	(void)expirations;
	loop_stop(context);
	return 0;
}

int loop_add_deadline(struct loop *loop, uint64_t delay_ns, struct error *err)
{
	return add_timer(loop, delay_ns, 0, take_deadline, loop, err);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

static int dispatch(const struct source *source)
{
	uint64_t expirations;

	if (source->readable)
		return source->readable(source->context);
	if (read(source->fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0; /* taken back between poll and read */
	return source->expired(source->context, expirations);
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[SOURCES_MAX];
	int n, i, ret;

	while (!loop->stopped) {
		n = epoll_wait(loop->epoll_fd, events, SOURCES_MAX, -1);
		if (n < 0 && errno != EINTR) {
			struct error err = {0};

			ret = error_errno(&err, -errno, "cannot wait for events");
			log_error(&err);
			return ret;
		}
		for (i = 0; i < n && !loop->stopped; i++) {
			ret = dispatch(&loop->sources[events[i].data.u64]);
			if (ret)
				return ret;
		}
	}
	return 0;
}

bool loop_is_stopping(const struct loop *loop)
{
	struct pollfd signals = {loop->signal_fd, POLLIN, 0};

	return poll(&signals, 1, 0) > 0;
}

bool loop_was_interrupted(const struct loop *loop)
{
	return loop->interrupted;
}

int loop_stop_fd(const struct loop *loop)
{
	return loop->signal_fd;
}
