/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tool: what the traffic generators share: options, a bounded life, and sends that are counted only
 * once they succeeded. Each generator is one file that includes this one.
 */
#ifndef IFPULSE_TESTS_TOOL_H
#define IFPULSE_TESTS_TOOL_H

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TOOL_NSEC_PER_SEC UINT64_C(1000000000)
#define TOOL_RETRY_NS 100000
#define TOOL_SECONDS_MAX 3600
#define TOOL_TIMEOUT 100
#define TOOL_OPTIONS_MAX 16
#define TOOL_COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { TOOL_INCOMPLETE = 1, TOOL_USAGE = 2 };

struct tool_mode {
	const char *name;
	int (*run)(int argc, char **argv); /* an exit status */
};

/* One of the three outputs is set; a number must be within min and max. */
struct tool_option {
	const char *name;
	const char **text;
	bool *flag;
	uint64_t *number, min, max;
	bool required;
};

/* Every send that succeeded, and those that failed, by their reason. */
struct tool_sends {
	uint64_t count, rate_pps; /* wanted; 0 is as fast as it goes */
	uint64_t sent, bytes, refused, no_buffer;
};

static const char *tool_name;
static volatile sig_atomic_t tool_stopped;

/* Repeats itself, so that a signal just before a blocking call does not leave it blocked. */
static inline void tool_on_signal(int number)
{
	tool_stopped = number;
	alarm(1);
}

/* From here on, blocking calls fail with EINTR once tool_stopped is set, by a signal or by time. */
static inline void tool_start(uint64_t timeout_s)
{
	const struct sigaction action = {.sa_handler = tool_on_signal};

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	alarm(timeout_s);
}

static inline int tool_fail(const char *call, const char *object)
{
	const char *why = tool_stopped == SIGALRM ? "out of time" : strerror(errno);

	fprintf(stderr, "%s: %s%s%s: %s\n", tool_name, call, object ? " " : "",
		object ? object : "", why);
	return TOOL_INCOMPLETE;
}

static inline int tool_finish(bool complete)
{
	if (fflush(stdout))
		return tool_fail("write", "stdout");
	if (complete)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s: incomplete: %s\n", tool_name,
		tool_stopped == SIGALRM ? "out of time" : "stopped or failed before the end");
	return TOOL_INCOMPLETE;
}

/* Tells whoever waits that the socket or the device is there. */
static inline void tool_ready(uint64_t fd)
{
	if (dprintf((int)fd, "ready\n") < 0)
		tool_fail("write", "ready");
}

static inline uint64_t tool_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * TOOL_NSEC_PER_SEC + t.tv_nsec;
}

static inline void tool_sleep_until(uint64_t ns)
{
	const struct timespec t = {
		.tv_sec = ns / TOOL_NSEC_PER_SEC,
		.tv_nsec = ns % TOOL_NSEC_PER_SEC,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/*
 * Sends the same packet s->count times. An error means that this call sent nothing, and it is tried
 * again: a refused one only reported an ICMP error that an earlier packet had provoked; one without
 * buffer was dropped by the queueing discipline, after TC egress had seen it.
 */
static inline int tool_send(int fd, const void *packet, size_t size, struct tool_sends *s)
{
	const uint64_t start = tool_now_ns();

	while (s->sent < s->count && !tool_stopped) {
		if (s->rate_pps)
			tool_sleep_until(start + s->sent * TOOL_NSEC_PER_SEC / s->rate_pps);
		if (send(fd, packet, size, 0) >= 0) {
			s->sent++;
			s->bytes += size;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == ECONNREFUSED || errno == EHOSTUNREACH)
			s->refused++;
		else if (errno == ENOBUFS || errno == EAGAIN)
			s->no_buffer++;
		else
			return tool_fail("send", NULL);
		tool_sleep_until(tool_now_ns() + TOOL_RETRY_NS);
	}
	return EXIT_SUCCESS;
}

/* Prints what was sent, also where tool_send() failed: it is on the wire. */
static inline int tool_report_sends(const struct tool_sends *s, uint64_t datagrams_per_send,
				    const char *bytes_name)
{
	printf("{\"sent_datagrams\":%" PRIu64 ",\"sent_sends\":%" PRIu64 ",\"%s\":%" PRIu64
	       ",\"failed_sends\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"no_buffer\":%" PRIu64 "}\n",
	       s->sent * datagrams_per_send, s->sent, bytes_name, s->bytes,
	       s->refused + s->no_buffer, s->refused, s->no_buffer);
	return tool_finish(s->sent == s->count);
}

static inline bool tool_take(const struct tool_option *o, const char *text)
{
	char *end;

	if (o->flag)
		*o->flag = true;
	if (o->text)
		*o->text = text;
	if (!o->number)
		return true;
	errno = 0;
	*o->number = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *o->number >= o->min &&
	    *o->number <= o->max)
		return true;
	fprintf(stderr, "%s: --%s %s: expected a whole number, %" PRIu64 " to %" PRIu64 "\n",
		tool_name, o->name, text, o->min, o->max);
	return false;
}

/* argv[0] is the mode. False, with a message, where the options are not what `options` says. */
static inline bool tool_options(int argc, char **argv, const struct tool_option *options, size_t n)
{
	struct option longs[TOOL_OPTIONS_MAX + 1] = {0};
	bool seen[TOOL_OPTIONS_MAX] = {false};
	int index;

	for (size_t i = 0; i < n; i++) {
		longs[i].name = options[i].name;
		longs[i].has_arg = options[i].flag ? no_argument : required_argument;
		longs[i].val = (int)i;
	}
	while ((index = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (index == '?' || !tool_take(&options[index], optarg))
			return false;
		seen[index] = true;
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument %s\n", argv[0], argv[optind]);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (options[i].required && !seen[i]) {
			fprintf(stderr, "%s: --%s is missing\n", argv[0], options[i].name);
			return false;
		}
	}
	return true;
}

static inline int tool_main(int argc, char **argv, const char *usage, const struct tool_mode *modes,
			    size_t n)
{
	tool_name = argc > 1 ? argv[1] : argv[0];
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return tool_finish(true);
		}
	}
	for (size_t i = 0; argc > 1 && i < n; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc - 1, argv + 1);
	fputs(usage, stderr);
	return TOOL_USAGE;
}

#endif
