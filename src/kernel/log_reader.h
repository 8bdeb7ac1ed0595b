/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log_reader: reads the logs that BPF appends to in mmapped memory (include/probe_abi.h), while it goes
 * on: struct window_log and struct flow_log, which are made alike.
 */
#ifndef IFPULSE_KERNEL_LOG_READER_H
#define IFPULSE_KERNEL_LOG_READER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "include/probe_abi.h"

_Static_assert(sizeof(struct flow_log) == sizeof(struct window_log) &&
		       offsetof(struct flow_log, head) == 0 &&
		       offsetof(struct window_log, head) == 0,
	       "logs are alike");

/* Records before this are complete. */
static inline uint64_t log_reader_head(const void *log)
{
	return __atomic_load_n((const uint64_t *)log, __ATOMIC_ACQUIRE);
}

/* How many of the records from number `at` on, of those before `head`, are no longer there. */
static inline uint64_t log_reader_missed(uint64_t at, uint64_t head, uint32_t n_records)
{
	return head - at > n_records ? head - at - n_records : 0;
}

/*
 * Copies record number `at`, of `size` bytes. It is good if, after it was copied, the writer had not begun to
 * write over it, which it does with record head + 1 - n_records. 0, or how many from `at` on have
 * been overwritten, and nothing is known of any of them.
 */
static inline uint64_t log_reader_copy(const void *log, uint32_t n_records, uint64_t at,
				       void *record, size_t size)
{
	const char *records = (const char *)log + sizeof(struct window_log);
	uint64_t head;

	memcpy(record, records + at % n_records * size, size);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	head = __atomic_load_n((const uint64_t *)log, __ATOMIC_RELAXED);
	return head - at >= n_records ? head - at - n_records + 1 : 0;
}

#endif
