/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * windows: takes the time windows out of the logs and open windows that BPF keeps in mmapped memory
 * (include/probe_abi.h), without system calls.
 *
 * A window is delivered once, when it is sealed: its end, and a guard behind it for packets that had
 * read the clock but not yet counted, have passed. A window that no later packet has closed is read
 * where it stands; when its record comes at last, it is known and only what is more than was
 * delivered then is told, as late. Records that were overwritten before they were read are a counted
 * gap: the windows in it are unknown, and the totals, kept apart, stay exact.
 */
#ifndef IFPULSE_KERNEL_WINDOWS_H
#define IFPULSE_KERNEL_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/window.h"

/*
 * Records in each writer's log: 2 MiB, which at 10 us holds 160 ms of an interface that is busy in both
 * directions on one CPU; less where so many writers would take more than 64 MiB. A power of two.
 */
uint32_t windows_log_records(size_t n_writers);

/* How long after its end a window is sealed. */
#define WINDOWS_GUARD_NS 5000000U

struct windows;

struct windows_losses {
	uint64_t overrun_records; /* overwritten before they were read */
	uint64_t late_packets;    /* or drops, counted into a window after its time was delivered */
};

struct windows_setup {
	int open_fd, logs_fd; /* the maps; no longer needed after windows_new() */
	uint32_t n_slots;     /* of the probe, SLOT_NONE included */
	uint32_t log_records; /* of each writer's log */
	uint64_t width_ns;
	uint64_t start_ns; /* CLOCK_MONOTONIC; nothing was counted before */
};

/* Maps both. 0 or -errno. */
int windows_new(struct windows **out, const struct windows_setup *setup, struct error *err);
void windows_free(struct windows *windows);

/*
 * Takes every window of the slots below `end_slot` that ended by until_ns (CLOCK_MONOTONIC, at
 * least WINDOWS_GUARD_NS ago) and was not taken before; -ENOMEM loses nothing, the next call has
 * them. windows_taken() gives them, sorted by start, slot and direction, writers added up; idle ones are
 * left out.
 */
int windows_take(struct windows *windows, uint32_t end_slot, uint64_t until_ns, struct error *err);
const struct window *windows_taken(const struct windows *windows, size_t *n);

/*
 * Reads the logs between takes, so that they do not overrun; the next windows_take() has what was in them. What
 * windows_taken() and its like gave is no longer valid. 0, or -ENOMEM, which loses nothing.
 */
int windows_drain(struct windows *windows, struct error *err);

/*
 * How often that is to be done, as the load is, where windows are not taken as often anyway: a log is to be a quarter
 * full at most, at the rate that was last seen, and not to overrun at 600,000 windows a second that come out of
 * nothing.
 */
uint64_t windows_drain_period_ns(const struct windows *windows);

/*
 * The reasons of the drops in those windows, sorted by start, slot, direction and reason. Of a window with
 * more than WINDOW_REASONS of them some are missing.
 */
const struct window_drop *windows_drops(const struct windows *windows, size_t *n);

/*
 * Gaps in the time up to until_ns of the last windows_take(); what was lost of the time behind it is told by
 * the next.
 */
const struct window_gap *windows_gaps(const struct windows *windows, size_t *n);

/*
 * From how many wire_bytes on one CPU a window is hot, and the flows of its packets are told (kernel/flows.h); 0:
 * never. Lasts until windows_clear_slot().
 */
void windows_set_hot(struct windows *windows, uint32_t slot, uint32_t direction, uint64_t bytes);

/* Before a slot gets a new owner; its last windows have been taken and nothing counts into it. */
void windows_clear_slot(struct windows *windows, uint32_t slot);

/*
 * The time in which one CPU fills an eighth of its log when it closes a window of two directions in
 * each width, between 5 and 100 ms: a dozen such interfaces can be busy on one CPU.
 */
uint64_t windows_take_period_ns(const struct windows *windows);

struct windows_losses windows_losses(const struct windows *windows);

#endif
