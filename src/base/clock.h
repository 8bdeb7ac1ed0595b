/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* clock: the two clocks, in nanoseconds. Pure modules take the time as an argument instead. */
#ifndef IFPULSE_BASE_CLOCK_H
#define IFPULSE_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC: for intervals. */
uint64_t clock_monotonic_ns(void);

/* CPU time of the calling thread. */
uint64_t clock_thread_ns(void);

/* CLOCK_REALTIME since 1970: for people and for lining up hosts. */
uint64_t clock_wall_ns(void);

/*
 * How far the second is ahead of the first. The two cannot be read at once, and a thread can lose its CPU
 * between them: of several readings the one that took the least time, which is off by half of that.
 */
uint64_t clock_wall_offset_ns(void);

#endif
