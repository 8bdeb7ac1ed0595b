/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * series: the windows of every interface as an unbroken sequence in time. What the probe delivers are
 * the windows in which something passed or was dropped; here idle ones become zeros, and those in a gap become
 * unknown, which is not zero.
 */
#ifndef IFPULSE_MODEL_SERIES_H
#define IFPULSE_MODEL_SERIES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/netns_name.h"
#include "model/retransmit.h"
#include "model/window.h"

#define SERIES_STAYS UINT64_MAX

/* An interface, and the time in which it was probed; times are CLOCK_MONOTONIC. */
struct series_member {
	uint32_t slot;
	uint32_t ifindex;
	char ifname[IF_NAMESIZE];
	uint64_t from_ns, to_ns;     /* SERIES_STAYS while it is probed */
	char netns[NETNS_NAME_SIZE]; /* where it is */
};

struct series_point {
	const struct series_member *member;
	uint64_t start_ns;
	enum direction direction;
	bool is_known; /* false within a gap: the counts are then what was seen, perhaps not all */
	struct traffic_counter traffic;
	uint64_t drops;
};

struct series_span {
	uint64_t from_ns, until_ns; /* both starts of windows; windows from <= start < until */
	uint64_t width_ns;
	const struct window
		*windows; /* as window_merge() leaves them, all of them within the span */
	size_t n_windows;
	const struct window_gap *gaps; /* in order of their beginnings */
	size_t n_gaps;
	const struct series_member *members; /* in the order wanted within a window */
	size_t n_members;
	bool busy_only;                  /* leave out windows that are known and idle */
	const struct window_drop *drops; /* as window_merge_drops() leaves them; NULL: unknown */
	size_t n_drops;
	const struct window_flow *flows; /* as window_sort_flows() leaves them; NULL: unknown */
	size_t n_flows;
	const struct retransmit *retransmits; /* that were told since the last span, by time */
	size_t n_retransmits;
	struct window_gap retransmit_gap; /* in which some may be missing; empty: nowhere */
	uint64_t members_version;         /* changes whenever the members do; 0: nobody keeps it */
};

/*
 * Whether the member's time touches the window. One that ended just when the window began may have a
 * packet in it.
 */
bool series_is_member_at(const struct series_member *member, uint64_t start_ns, uint64_t width_ns);

typedef void (*series_fn)(void *context, const struct series_point *point);

/*
 * Calls `fn` for each window, member and direction in the span, in this order. The first and the
 * last window of a member are those that its time touches; a window in which a slot changes hands belongs
 * to the first of its members there. Windows of a slot that no member has at that time are passed over;
 * the number of packets in them is returned.
 */
uint64_t series_walk(const struct series_span *span, series_fn fn, void *context);

#endif
