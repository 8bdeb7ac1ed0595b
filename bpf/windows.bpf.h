/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * windows: what passes or is dropped, by the time at which it does. Layout and meaning: include/probe_abi.h.
 *
 * The clock is nine tenths of the cost, so it is read once a packet and only when windows are on. A
 * packet within the open window costs a comparison and four additions; the division is paid when a
 * window opens. Nothing runs for windows in which nothing passes.
 *
 * One writer at a time: TC programs of a CPU run with bottom halves off and do not interrupt one another;
 * the drop program can come on top of them, but the kernel keeps it from interrupting itself (before Linux
 * 6.1 it may, and then counts of that moment can be wrong; `doctor` says so).
 */
#ifndef IFPULSE_WINDOWS_BPF_H
#define IFPULSE_WINDOWS_BPF_H

#include "bpf/maps.bpf.h"

#include <stddef.h>

/* Set before load; defined in maps.bpf.c. */
extern const volatile __u64 window_width_ns; /* 0: no windows */
/* CLOCK_REALTIME - CLOCK_MONOTONIC at the start, which aligns the windows. */
extern const volatile __u64 window_wall_offset_ns;
extern const volatile __u32 window_slots;
extern const volatile __u32 window_log_records; /* a power of two */
extern const volatile __u32 window_cpus;

static __always_inline void log_window(const struct open_window *window, __u64 now_ns, __u32 writer,
				       __u32 slot, enum direction direction)
{
	struct window_log *log = bpf_map_lookup_elem(&window_logs, &writer);
	struct window_record *record;
	__u64 head;

	if (!log)
		return;
	head = log->head;
	record = &log->records[head & (window_log_records - 1)];
	record->start_ns = window->start_ns;
	record->closed_ns = now_ns;
	record->slot = slot;
	record->direction = direction;
	record->drops = window->drops;
	record->traffic = window->traffic;
	/* Also before the window opens anew. */
	count_records(&log->head, head + 1);
}

/* Nothing is logged of a window that no other came before, but that it opens. */
static __always_inline void count_first_window(__u32 writer)
{
	struct window_log *log = bpf_map_lookup_elem(&window_logs, &writer);

	if (!log)
		return;
	log->first_windows++;
	compiler_barrier();
}

/* The writer's window of that moment; NULL never, but to the verifier. */
static __always_inline struct open_window *window_at(__u64 now_ns, __u32 writer, __u32 slot,
						     enum direction direction)
{
	__u32 at = writer * window_slots + slot;
	struct open_windows *windows = bpf_map_lookup_elem(&open_windows, &at);
	struct open_window *window;

	if (!windows)
		return NULL;
	window = &windows->direction[direction];
	if (now_ns - window->start_ns >= window_width_ns) {
		if (window->start_ns)
			log_window(window, now_ns, writer, slot, direction);
		else
			count_first_window(writer);
		window->drops = 0;
		window->traffic.packets = 0;
		window->traffic.bytes = 0;
		window->traffic.wire_packets = 0;
		window->traffic.wire_bytes = 0;
		compiler_barrier();
		window->start_ns = now_ns - (now_ns + window_wall_offset_ns) % window_width_ns;
	}
	return window;
}

/* The window that it was counted in; NULL never, but to the verifier. */
static __always_inline struct open_window *count_in_window(__u64 now_ns, __u32 slot,
							   enum direction direction, __u32 bytes,
							   __u32 wire_packets, __u64 wire_bytes)
{
	struct open_window *window = window_at(now_ns, bpf_get_smp_processor_id(), slot, direction);

	if (!window)
		return NULL;
	window->traffic.packets++;
	window->traffic.bytes += bytes;
	window->traffic.wire_packets += wire_packets;
	window->traffic.wire_bytes += wire_bytes;
	return window;
}

static __always_inline void count_drop_in_window(__u32 slot, enum direction direction, __u32 reason)
{
	__u32 writer = window_cpus + bpf_get_smp_processor_id();
	struct open_window *window = window_at(bpf_ktime_get_ns(), writer, slot, direction);
	struct window_reason *at;
	int i;

	if (!window)
		return;
	window->drops++;
	for (i = 0; i < WINDOW_REASONS; i++) {
		at = &window->reasons[i];
		if (!at->packets)
			at->reason = reason;
		if (at->reason != reason)
			continue;
		at->packets++;
		return;
	}
}

#endif
