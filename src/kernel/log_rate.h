/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log_rate: how fast logs fill that BPF appends to, and how often they have to be read for it.
 */
#ifndef IFPULSE_KERNEL_LOG_RATE_H
#define IFPULSE_KERNEL_LOG_RATE_H

#include <stdint.h>

/* Of several logs read together, the one that fills fastest. Zero it to make it. */
struct log_rate {
	uint64_t read_ns;    /* when they were last read: CLOCK_MONOTONIC */
	uint64_t per_second; /* records */
};

/*
 * Before they are read: `unread` is how many records the one has that has most. What was seen once may come again: it
 * is forgotten by and by.
 */
void log_rate_note(struct log_rate *rate, uint64_t unread, uint64_t now_ns);

/* How long it takes to fill a log of so many records at so many a second; UINT64_MAX at none. */
uint64_t log_rate_fill_ns(uint64_t records, uint64_t per_second);

/* How often to read, so that a log of so many records comes to be a quarter full at what was last seen. */
uint64_t log_rate_period_ns(const struct log_rate *rate, uint64_t records);

#endif
