// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/windows.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/units.h"
#include "kernel/log_rate.h"
#include "kernel/log_reader.h"
#include "model/window_gather.h"

#define LOG_RECORDS_MAX 32768U
#define LOG_RECORDS_MIN 1024U
#define LOGS_BYTES_MAX (64U << 20)

/* Windows a second that one CPU may close without warning; a million, of a packet each, is the most that was seen. */
#define SUDDEN_RATE 600000U

/* How far one writer's windows of one slot and direction have been taken; their starts only grow. */
struct progress {
	uint64_t logged_ns;    /* start of the last one read from the log */
	uint64_t delivered_ns; /* start of the last one delivered where it stood open; 0: none */
	uint64_t delivered;    /* packets and drops in it then */
};

/*
 * A writer of whose open windows all have been delivered, and that has opened none since, need not be looked at: with a
 * thousand idle interfaces that look is most of what there is to do.
 */
struct rest {
	uint64_t openings; /* see openings_of() */
	uint64_t since_ns; /* until_ns of the first take that found so many */
	uint32_t end_slot; /* looked at up to here */
	bool is_at_rest;
};

struct windows {
	size_t n_writers;
	uint32_t n_slots;
	const struct open_windows *open; /* [writer][slot] */
	struct open_windows *open_writable;
	const char *logs; /* [writer], log_size apart */
	uint32_t log_records;
	size_t open_size, log_size, logs_size;
	uint64_t *tails;               /* [writer]: records read so far */
	struct rest *rests;            /* [writer] */
	struct progress *progress;     /* [writer][slot][direction] */
	struct open_windows *snapshot; /* [slot], of one writer at a time */
	struct window_gather gather;
	uint64_t overrun_records, late_packets; /* as in struct windows_losses */
	uint32_t end_slot;                      /* of the last take */
	struct log_rate rate;
};

static size_t page_round(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

uint32_t windows_log_records(size_t n_writers)
{
	uint32_t records = LOG_RECORDS_MAX;

	while (records > LOG_RECORDS_MIN &&
	       records * sizeof(struct window_record) * n_writers > LOGS_BYTES_MAX)
		records /= 2;
	return records;
}

static const struct window_log *log_of(const struct windows *windows, size_t writer)
{
	return (const struct window_log *)(windows->logs + writer * windows->log_size);
}

int windows_new(struct windows **out, const struct windows_setup *setup, struct error *err)
{
	int n_cpus = libbpf_num_possible_cpus(), ret;
	struct windows *windows;
	void *map;

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	windows = calloc(1, sizeof(*windows));
	if (!windows)
		return error_errno(err, -ENOMEM, "cannot set up time windows");
	windows->n_writers = (size_t)n_cpus * WINDOW_WRITERS_PER_CPU;
	windows->n_slots = setup->n_slots;
	windows->gather.width_ns = setup->width_ns;
	windows->gather.until_ns = windows->gather.told_ns = setup->start_ns;
	windows->log_records = setup->log_records;
	windows->log_size = window_log_size(setup->log_records);
	windows->open_size =
		page_round(windows->n_writers * setup->n_slots * sizeof(*windows->open));
	windows->logs_size = page_round(windows->n_writers * windows->log_size);
	windows->tails = calloc(windows->n_writers, sizeof(*windows->tails));
	windows->rests = calloc(windows->n_writers, sizeof(*windows->rests));
	windows->progress = calloc(windows->n_writers * setup->n_slots * N_DIRECTIONS,
				   sizeof(*windows->progress));
	windows->snapshot = calloc(setup->n_slots, sizeof(*windows->snapshot));
	if (!windows->tails || !windows->rests || !windows->progress || !windows->snapshot) {
		ret = error_errno(err, -ENOMEM, "cannot set up time windows");
		goto out;
	}
	map = mmap(NULL, windows->open_size, PROT_READ | PROT_WRITE, MAP_SHARED, setup->open_fd, 0);
	if (map == MAP_FAILED) {
		ret = error_errno(err, -errno, "cannot map the open windows");
		goto out;
	}
	windows->open_writable = map;
	windows->open = map;
	map = mmap(NULL, windows->logs_size, PROT_READ, MAP_SHARED, setup->logs_fd, 0);
	if (map == MAP_FAILED) {
		ret = error_errno(err, -errno, "cannot map the window logs");
		goto out;
	}
	windows->logs = map;
	*out = windows;
	return 0;
out:
	windows_free(windows);
	return ret;
}

void windows_free(struct windows *windows)
{
	if (!windows)
		return;
	if (windows->open_writable)
		munmap(windows->open_writable, windows->open_size);
	if (windows->logs)
		munmap((char *)windows->logs, windows->logs_size);
	free(windows->tails);
	free(windows->rests);
	free(windows->progress);
	free(windows->snapshot);
	window_gather_release(&windows->gather);
	free(windows);
}

static struct progress *progress_of(const struct windows *windows, size_t writer, uint32_t slot,
				    uint32_t direction)
{
	return &windows->progress[(writer * windows->n_slots + slot) * N_DIRECTIONS + direction];
}

static bool counts_drops(const struct windows *windows, size_t writer)
{
	return writer >= windows->n_writers / WINDOW_WRITERS_PER_CPU;
}

/* Takes a closed window in. One that was delivered open is known but for what came since. */
static int take_record(struct windows *windows, size_t writer, const struct window_record *record)
{
	struct window window = {.start_ns = record->start_ns,
				.slot = record->slot,
				.direction = record->direction,
				.drops = record->drops};
	const struct window_reason *reasons = NULL;
	struct progress *progress;
	int ret;

	if (record->slot >= windows->n_slots || record->direction >= N_DIRECTIONS)
		return 0;
	if (counts_drops(windows, writer))
		reasons = record->reasons;
	else
		window.traffic = record->traffic;
	progress = progress_of(windows, writer, record->slot, record->direction);
	if (progress->delivered_ns == record->start_ns) {
		windows->late_packets +=
			window.traffic.packets + window.drops - progress->delivered;
	} else {
		ret = window_gather_add(&windows->gather, &window, reasons);
		if (ret)
			return ret;
	}
	progress->logged_ns = record->start_ns;
	return 0;
}

/* Reads one log up to `head`; the writer goes on meanwhile. */
static int take_log(struct windows *windows, size_t writer, uint64_t head)
{
	const struct window_log *log = log_of(windows, writer);
	uint64_t at = windows->tails[writer];
	uint64_t lost = log_reader_missed(at, head, windows->log_records);
	int ret = 0;

	at += lost;
	while (!ret && at < head) {
		struct window_record record;
		uint64_t overwritten =
			log_reader_copy(log, windows->log_records, at, &record, sizeof(record));

		if (overwritten) {
			lost += overwritten;
			at += overwritten;
			continue;
		}
		/* The first good one tells when the last lost one was closed, at the latest. */
		if (lost) {
			ret = window_gather_add_gap(&windows->gather, record.closed_ns);
			if (ret)
				break;
			windows->overrun_records += lost;
			lost = 0;
		}
		ret = take_record(windows, writer, &record);
		if (!ret)
			at++;
	}
	if (!ret && lost) {
		ret = window_gather_add_gap(&windows->gather, clock_monotonic_ns());
		if (!ret) {
			windows->overrun_records += lost;
			lost = 0;
		}
	}
	/* Lost ones of which no gap tells yet are found lost again. */
	windows->tails[writer] = at - lost;
	return ret;
}

/* How many records of the busiest log are not read yet. */
static uint64_t most_unread(const struct windows *windows)
{
	uint64_t most = 0;
	size_t writer;

	for (writer = 0; writer < windows->n_writers; writer++) {
		uint64_t unread = log_reader_head(log_of(windows, writer)) - windows->tails[writer];

		if (unread > most)
			most = unread;
	}
	return most;
}

/*
 * Delivers an open window that is due, unless the log has it: the writer logs a window before it
 * touches it for the next one, and the snapshot was taken before the log was read.
 */
static int take_open(struct windows *windows, size_t writer, uint32_t slot, uint32_t direction)
{
	const struct open_window *open = &windows->snapshot[slot].direction[direction];
	struct progress *progress = progress_of(windows, writer, slot, direction);
	struct window window = {.start_ns = open->start_ns,
				.slot = slot,
				.direction = direction,
				.drops = open->drops};
	const struct window_reason *reasons = NULL;
	int ret;

	if (!open->start_ns || !window_gather_is_due(&windows->gather, open->start_ns) ||
	    open->start_ns == progress->delivered_ns || open->start_ns <= progress->logged_ns)
		return 0;
	if (counts_drops(windows, writer))
		reasons = open->reasons;
	else
		window.traffic = open->traffic;
	ret = window_gather_add(&windows->gather, &window, reasons);
	if (!ret) {
		progress->delivered_ns = open->start_ns;
		progress->delivered = window.traffic.packets + window.drops;
	}
	return ret;
}

/*
 * What is added meanwhile may be in part of the counts, but never the start of one window with the
 * counts of another. One that gave way to the next meanwhile is in the log.
 */
static struct open_window read_open(const struct open_window *open)
{
	uint64_t start_ns = __atomic_load_n(&open->start_ns, __ATOMIC_ACQUIRE);
	struct open_window window = *open;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	window.start_ns = start_ns;
	if (__atomic_load_n(&open->start_ns, __ATOMIC_RELAXED) != start_ns)
		window.start_ns = 0;
	return window;
}

/* Whether nothing of it is left to deliver: it never opened, or was delivered, or is in the log. */
static bool is_taken(const struct windows *windows, size_t writer, uint32_t slot,
		     uint32_t direction)
{
	uint64_t start_ns = windows->snapshot[slot].direction[direction].start_ns;
	const struct progress *progress = progress_of(windows, writer, slot, direction);

	return !start_ns || start_ns == progress->delivered_ns || start_ns <= progress->logged_ns;
}

static int take_writer(struct windows *windows, size_t writer, uint32_t end_slot, bool *is_all)
{
	const struct open_windows *open = &windows->open[writer * windows->n_slots];
	uint32_t slot, direction;
	uint64_t head;
	int ret;

	for (slot = SLOT_NONE + 1; slot < end_slot; slot++)
		for (direction = 0; direction < N_DIRECTIONS; direction++)
			windows->snapshot[slot].direction[direction] =
				read_open(&open[slot].direction[direction]);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	head = log_reader_head(log_of(windows, writer));
	ret = take_log(windows, writer, head);
	*is_all = true;
	for (slot = SLOT_NONE + 1; slot < end_slot; slot++)
		for (direction = 0; !ret && direction < N_DIRECTIONS; direction++) {
			ret = take_open(windows, writer, slot, direction);
			*is_all &= is_taken(windows, writer, slot, direction);
		}
	return ret;
}

/* Grows with every window that the writer opens, before it does. */
static uint64_t openings_of(const struct windows *windows, size_t writer)
{
	const struct window_log *log = log_of(windows, writer);

	return log_reader_head(log) + __atomic_load_n(&log->first_windows, __ATOMIC_ACQUIRE);
}

/*
 * A writer may be between telling that it opens a window and opening it, for a guard's time at most: all that is seen
 * later than that is all there is. (until_ns is that of a whole window, and so up to a width off.)
 */
static int take_unless_at_rest(struct windows *windows, size_t writer, uint32_t end_slot)
{
	struct rest *rest = &windows->rests[writer];
	uint64_t until_ns = windows->gather.until_ns, openings = openings_of(windows, writer);
	uint64_t wait_ns = WINDOWS_GUARD_NS + windows->gather.width_ns;
	bool is_all;
	int ret;

	if (rest->openings != openings || rest->end_slot != end_slot)
		*rest = (struct rest){openings, until_ns, end_slot, false};
	if (rest->is_at_rest)
		return 0;
	ret = take_writer(windows, writer, end_slot, &is_all);
	rest->is_at_rest = !ret && is_all && until_ns - rest->since_ns >= wait_ns &&
			   windows->tails[writer] == log_reader_head(log_of(windows, writer));
	return ret;
}

int windows_take(struct windows *windows, uint32_t end_slot, uint64_t until_ns, struct error *err)
{
	size_t writer;
	int ret = 0;

	log_rate_note(&windows->rate, most_unread(windows), clock_monotonic_ns());
	windows->end_slot = end_slot;
	window_gather_begin(&windows->gather, until_ns);
	for (writer = 0; !ret && writer < windows->n_writers; writer++)
		ret = take_unless_at_rest(windows, writer, end_slot);
	ret = window_gather_end(&windows->gather, ret);
	return ret ? error_errno(err, ret, "cannot take the time windows") : 0;
}

int windows_drain(struct windows *windows, struct error *err)
{
	size_t writer;
	int ret = 0;

	log_rate_note(&windows->rate, most_unread(windows), clock_monotonic_ns());
	for (writer = 0; !ret && writer < windows->n_writers; writer++)
		ret = take_log(windows, writer, log_reader_head(log_of(windows, writer)));
	return ret ? error_errno(err, ret, "cannot read the logs of time windows") : 0;
}

const struct window *windows_taken(const struct windows *windows, size_t *n)
{
	*n = windows->gather.n_told;
	return windows->gather.windows.items;
}

const struct window_drop *windows_drops(const struct windows *windows, size_t *n)
{
	*n = windows->gather.n_drops_told;
	return windows->gather.drops.items;
}

const struct window_gap *windows_gaps(const struct windows *windows, size_t *n)
{
	*n = windows->gather.told_gaps.n;
	return windows->gather.told_gaps.items;
}

void windows_clear_slot(struct windows *windows, uint32_t slot)
{
	size_t writer;

	for (writer = 0; writer < windows->n_writers; writer++) {
		memset(&windows->open_writable[writer * windows->n_slots + slot], 0,
		       sizeof(*windows->open_writable));
		memset(progress_of(windows, writer, slot, 0), 0,
		       N_DIRECTIONS * sizeof(*windows->progress));
	}
}

void windows_set_hot(struct windows *windows, uint32_t slot, uint32_t direction, uint64_t bytes)
{
	size_t writer;

	for (writer = 0; !counts_drops(windows, writer); writer++)
		__atomic_store_n(&windows->open_writable[writer * windows->n_slots + slot]
					  .direction[direction]
					  .hot_bytes,
				 bytes, __ATOMIC_RELAXED);
}

uint64_t windows_take_period_ns(const struct windows *windows)
{
	uint64_t period_ns = windows->log_records / 16 * windows->gather.width_ns;

	if (period_ns < 5 * NSEC_PER_MSEC)
		return 5 * NSEC_PER_MSEC;
	return period_ns < 100 * NSEC_PER_MSEC ? period_ns : 100 * NSEC_PER_MSEC;
}

uint64_t windows_drain_period_ns(const struct windows *windows)
{
	uint64_t most = (uint64_t)N_DIRECTIONS * windows->end_slot * NSEC_PER_SEC /
			windows->gather.width_ns;
	uint64_t sudden_ns =
		log_rate_fill_ns(windows->log_records, most < SUDDEN_RATE ? most : SUDDEN_RATE);
	uint64_t seen_ns = log_rate_period_ns(&windows->rate, windows->log_records);

	return sudden_ns < seen_ns ? sudden_ns : seen_ns;
}

struct windows_losses windows_losses(const struct windows *windows)
{
	return (struct windows_losses){
		.overrun_records = windows->overrun_records,
		.late_packets = windows->late_packets + windows->gather.late_packets,
	};
}
