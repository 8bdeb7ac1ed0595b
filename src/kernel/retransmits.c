// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/retransmits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "kernel/log_reader.h"

#define LOG_RECORDS_MAX 16384U
#define LOG_RECORDS_MIN 1024U
#define LOGS_BYTES_MAX (16U << 20)

_Static_assert(offsetof(struct retransmit_log, head) == 0 &&
		       sizeof(struct retransmit_log) == sizeof(struct window_log),
	       "logs are alike");

struct retransmits {
	const char *logs; /* log_size apart */
	size_t n_logs, log_size, logs_size;
	uint32_t log_records;
	uint64_t *tails; /* records read so far of each */
	struct retransmit *items;
	size_t n, capacity;
	struct window_gap gap;
	uint64_t began_ns; /* the last take */
	uint64_t missed, lost;
};

uint32_t retransmits_log_records(size_t n_logs)
{
	uint32_t records = LOG_RECORDS_MAX;

	while (records > LOG_RECORDS_MIN && retransmit_log_size(records) * n_logs > LOGS_BYTES_MAX)
		records /= 2;
	return records;
}

int retransmits_new(struct retransmits **out, int logs_fd, size_t n_logs, uint32_t log_records,
		    struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct retransmits *retransmits = calloc(1, sizeof(*retransmits));
	void *map;
	int ret;

	if (!retransmits)
		return error_errno(err, -ENOMEM, "cannot set up retransmissions");
	retransmits->n_logs = n_logs;
	retransmits->log_records = log_records;
	retransmits->log_size = retransmit_log_size(log_records);
	retransmits->logs_size = (n_logs * retransmits->log_size + page - 1) / page * page;
	retransmits->began_ns = clock_monotonic_ns();
	retransmits->tails = calloc(n_logs, sizeof(*retransmits->tails));
	if (!retransmits->tails) {
		ret = error_errno(err, -ENOMEM, "cannot set up retransmissions");
		goto out;
	}
	map = mmap(NULL, retransmits->logs_size, PROT_READ, MAP_SHARED, logs_fd, 0);
	if (map == MAP_FAILED) {
		ret = error_errno(err, -errno, "cannot map the logs of retransmissions");
		goto out;
	}
	retransmits->logs = map;
	*out = retransmits;
	return 0;
out:
	retransmits_free(retransmits);
	return ret;
}

void retransmits_free(struct retransmits *retransmits)
{
	if (!retransmits)
		return;
	if (retransmits->logs)
		munmap((void *)retransmits->logs, retransmits->logs_size);
	free(retransmits->tails);
	free(retransmits->items);
	free(retransmits);
}

static bool push(struct retransmits *retransmits, const struct retransmit_record *record)
{
	if (array_reserve(&retransmits->items, &retransmits->capacity, retransmits->n + 1,
			  sizeof(*retransmits->items)))
		return false;
	retransmits->items[retransmits->n++] =
		(struct retransmit){record->time_ns, record->socket, record->segments};
	return true;
}

/* How many were lost. */
static uint64_t take_log(struct retransmits *retransmits, size_t number)
{
	const char *log = retransmits->logs + number * retransmits->log_size;
	uint64_t head = log_reader_head(log), at = retransmits->tails[number];
	uint64_t all_lost = log_reader_missed(at, head, retransmits->log_records);

	at += all_lost;
	while (at < head) {
		struct retransmit_record record;
		uint64_t lost =
			log_reader_copy(log, retransmits->log_records, at, &record, sizeof(record));

		at += lost ? lost : 1;
		if (!lost && !push(retransmits, &record))
			lost = 1;
		all_lost += lost;
	}
	retransmits->tails[number] = at;
	return all_lost;
}

static int compare(const void *a, const void *b)
{
	const struct retransmit *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

void retransmits_take(struct retransmits *retransmits, uint64_t began_ns, uint64_t missed)
{
	uint64_t lost = missed - retransmits->missed;
	size_t i;

	retransmits->n = 0;
	for (i = 0; i < retransmits->n_logs; i++)
		lost += take_log(retransmits, i);
	if (retransmits->n)
		qsort(retransmits->items, retransmits->n, sizeof(*retransmits->items), compare);
	/* Any time since the last take began, until now. */
	retransmits->gap = (struct window_gap){0};
	if (lost)
		retransmits->gap =
			(struct window_gap){retransmits->began_ns, clock_monotonic_ns() + 1};
	retransmits->lost += lost;
	retransmits->missed = missed;
	retransmits->began_ns = began_ns;
}

const struct retransmit *retransmits_taken(const struct retransmits *retransmits, size_t *n)
{
	*n = retransmits->n;
	return retransmits->items;
}

struct window_gap retransmits_gap(const struct retransmits *retransmits)
{
	return retransmits->gap;
}

uint64_t retransmits_lost(const struct retransmits *retransmits)
{
	return retransmits->lost;
}
