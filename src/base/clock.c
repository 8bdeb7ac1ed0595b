// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/clock.h"

#include <time.h>

#include "base/units.h"

#define OFFSET_READINGS 10

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_thread_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_wall_offset_ns(void)
{
	uint64_t best_ns = UINT64_MAX, offset_ns = 0;
	int i;

	for (i = 0; i < OFFSET_READINGS; i++) {
		uint64_t before_ns = clock_monotonic_ns(), wall_ns = clock_wall_ns();
		uint64_t took_ns = clock_monotonic_ns() - before_ns;

		if (took_ns >= best_ns)
			continue;
		best_ns = took_ns;
		offset_ns = wall_ns - before_ns - took_ns / 2;
	}
	return offset_ns;
}
