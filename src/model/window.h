/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * window: what one interface carried and dropped in one direction within one time window.
 */
#ifndef IFPULSE_MODEL_WINDOW_H
#define IFPULSE_MODEL_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "include/probe_abi.h"

#define WINDOW_WIDTH_MIN_NS 10000U      /* 10 us */
#define WINDOW_WIDTH_MAX_NS 1000000000U /* 1 s */

struct window {
	uint64_t start_ns; /* CLOCK_MONOTONIC; the width is the probe's */
	uint32_t slot;
	uint32_t direction;
	struct traffic_counter traffic;
	uint64_t drops; /* skbs freed as dropped */
};

struct window_array {
	struct window *items;
	size_t n, capacity;
};

/* What was dropped in a window for one reason. */
struct window_drop {
	uint64_t start_ns;
	uint32_t slot;
	uint32_t direction;
	uint32_t reason; /* enum skb_drop_reason of the running kernel */
	uint64_t packets;
};

/* What of a window is known to belong to a flow and its sender; there may be several of one flow. */
struct window_flow {
	uint64_t start_ns;
	uint32_t slot;
	uint32_t direction;
	struct flow_key key;
	uint64_t wire_bytes, wire_packets;
	uint64_t ce_packets; /* of wire_packets: marked as "congestion experienced" (RFC 3168) */
	uint64_t cgroup;     /* id of the sender's; 0: not known */
	uint64_t
		socket; /* cookie of the sender's, if it is one of TCP on this host; 0: none is known */
};

/* A time in which windows are unknown, since the log of a CPU overran: [from, to), CLOCK_MONOTONIC. */
struct window_gap {
	uint64_t from_ns, to_ns;
};

/* Sorts by start, slot, direction and reason, adds up those that are the same, in place; returns how many are left. */
size_t window_merge_drops(struct window_drop *drops, size_t n);

/* Sorts by start, slot and direction. */
void window_sort_flows(struct window_flow *flows, size_t n);

/* Whether what has this start, slot and direction lies before a window, -1, in it, 0, or behind it, 1. */
int window_compare_place(uint64_t start_ns, uint32_t slot, uint32_t direction,
			 const struct window *window);

/* Whether any of the gaps, in any order, touches [start, start + width). */
int window_is_in_gap(uint64_t start_ns, uint64_t width_ns, const struct window_gap *gaps, size_t n);

/*
 * The start of the window that time_ns lies in, where windows start at multiples of their width on a
 * clock that is offset_ns ahead.
 */
uint64_t window_align_down(uint64_t time_ns, uint64_t width_ns, uint64_t offset_ns);

#endif
