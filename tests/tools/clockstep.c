// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clockstep: steps the wall clock for a while and puts it right again by CLOCK_MONOTONIC, as far off as
 * reading and setting a clock take (some 100 ns). Nothing but SIGKILL can come between: all other signals
 * are blocked, and there is nothing in the way that could fail.
 */
#include "tool.h"

#define NSEC_PER_MSEC UINT64_C(1000000)

static struct timespec wall_clock(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / TOOL_NSEC_PER_SEC,
		.tv_nsec = ns % TOOL_NSEC_PER_SEC,
	};
}

static int step(int argc, char **argv)
{
	uint64_t seconds, hold_ms, offset_ns, start_ns, step_ns;
	bool back = false;
	const struct tool_option options[] = {
		{"seconds", .number = &seconds, .min = 1, .max = 86400, .required = true},
		{"hold-ms", .number = &hold_ms, .min = 1, .max = 5000, .required = true},
		{"back", .flag = &back},
	};
	struct timespec t;
	sigset_t all;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	start_ns = tool_now_ns();
	clock_gettime(CLOCK_REALTIME, &t);
	offset_ns = t.tv_sec * TOOL_NSEC_PER_SEC + t.tv_nsec - start_ns;
	step_ns = back ? -seconds * TOOL_NSEC_PER_SEC : seconds * TOOL_NSEC_PER_SEC;
	t = wall_clock(tool_now_ns() + offset_ns + step_ns);
	if (clock_settime(CLOCK_REALTIME, &t))
		return tool_fail("clock_settime", NULL);
	tool_sleep_until(start_ns + hold_ms * NSEC_PER_MSEC);
	t = wall_clock(tool_now_ns() + offset_ns);
	if (clock_settime(CLOCK_REALTIME, &t))
		return tool_fail("clock_settime: THE CLOCK IS STILL WRONG", NULL);
	return EXIT_SUCCESS;
}

static const char usage[] =
	"Usage: clockstep step --seconds N --hold-ms M [--back]\n"
	"\n"
	"Steps the wall clock of this machine N seconds ahead (--back: back) for M milliseconds.\n"
	"Status: 0 done and undone, 1 failed, 2 usage.\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {{"step", step}};

	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
