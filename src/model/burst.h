/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * burst: finds bursts in the windows of one interface and direction. Pure: windows in, bursts out.
 *
 * A window is hot when its rate is above the high mark. Rules:
 * - share: a burst is an unbroken run of hot windows, the mark a share of line rate (Zhang et al.,
 *   "High-Resolution Measurement of Data Center Microbursts", IMC 2017: 50 %; the same rule at 1 ms in
 *   Ghabashneh et al., IMC 2022);
 * - hysteresis: a burst begins with a window above the high mark and ends before the first at or
 *   below the low one, as switches monitor their queues;
 * - baseline: as share, but the mark is `factor` times the interface's own running median, and never
 *   below a floor: for links whose speed is unknown or nominal. The median is over all windows, idle
 *   ones too, of the last BURST_MEMORY_NS or so (older ones fade exponentially), from a histogram with
 *   steps of an eighth of an octave. Bursts count in it like everything, and being a median it stays
 *   where it is as long as they fill less than half of the time. Before BURST_WARM_UP_NS have been
 *   seen (gaps are not) nothing is hot. Within a burst the mark does not sink, but it rises with the
 *   median, so that a lasting rise stops being a burst once it has become the normal.
 *
 * Bursts at most merge_gap apart are one (under hysteresis, too, each has to begin above the high
 * mark); those shorter than min_duration are none. A window that is unknown (in a gap) ends a burst
 * and marks it as cut, also while merging waits: what was in the gap cannot be told. So is one cut
 * that begins with the first window behind a gap.
 */
#ifndef IFPULSE_MODEL_BURST_H
#define IFPULSE_MODEL_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include "include/probe_abi.h"
#include "model/drop_tally.h"

#define BURST_MEMORY_NS 10000000000U /* 10 s */
#define BURST_WARM_UP_NS 1000000000U /* 1 s */

enum burst_rule { BURST_SHARE, BURST_HYSTERESIS, BURST_BASELINE };

const char *burst_rule_name(enum burst_rule rule);

struct burst_config {
	enum burst_rule rule;
	uint64_t width_ns;        /* of the windows */
	uint64_t high_bps;        /* hot above this; not for BURST_BASELINE */
	uint64_t low_bps;         /* BURST_HYSTERESIS */
	uint32_t factor;          /* BURST_BASELINE: times the running median */
	uint64_t floor_bps;       /* BURST_BASELINE: below this nothing is hot */
	uint64_t min_duration_ns; /* 0: every hot window counts */
	uint64_t merge_gap_ns;    /* 0: only windows side by side */
};

struct burst {
	uint64_t start_ns, end_ns; /* of its first and last hot window; CLOCK_MONOTONIC */
	uint64_t windows;          /* hot ones, and those between that merging took in */
	struct traffic_counter traffic;
	uint64_t drops;              /* skbs freed as dropped, in its windows */
	struct drop_tally reasons;   /* of those drops, as far as they are known */
	uint64_t peak_bps, mean_bps; /* of the busiest window; over the whole duration */
	uint64_t threshold_bps;      /* the high mark when it began */
	bool is_cut;                 /* a gap, or the end of the run, cut it off at either end */
};

struct burst_detector;

/* The burst ends with the call. */
typedef void (*burst_fn)(void *context, const struct burst *burst);

/*
 * `config` is copied. Windows before start_ns are not the run's. 0, -EINVAL for a configuration that
 * means nothing, or -ENOMEM.
 */
int burst_detector_new(struct burst_detector **out, const struct burst_config *config,
		       uint64_t start_ns, burst_fn fn, void *context);
void burst_detector_free(struct burst_detector *detector);

/* What a window is to the burst that is going on then. A burst that ends is told before. */
enum burst_part {
	BURST_PART_NONE,
	BURST_PART_BEGINS,  /* its first window */
	BURST_PART_GOES_ON, /* part of it, and those that waited before this are, too */
	BURST_PART_WAITS,   /* part of it only if it goes on */
};

/*
 * The next window in which something passed or was dropped; starts only grow. Those between it and the
 * one before were idle. `reasons` of the drops may be NULL. Nothing that is kept of the window's part may
 * outlast a burst: one that is too short ends untold, and the next one begins.
 */
enum burst_part burst_detector_add(struct burst_detector *detector, uint64_t start_ns,
				   const struct traffic_counter *traffic, uint64_t drops,
				   const struct drop_tally *reasons);

/* Windows that touch [from, to) are unknown; in order of time with the windows. */
void burst_detector_add_gap(struct burst_detector *detector, uint64_t from_ns, uint64_t to_ns);

/* Every window that ends by until_ns has been given: bursts that are over can be told. */
void burst_detector_advance(struct burst_detector *detector, uint64_t until_ns);

/*
 * Above this a window is part of a burst that is going on; at or below it none is. Changes with
 * what is seen under BURST_BASELINE, where it is UINT64_MAX as long as nothing is hot.
 */
uint64_t burst_detector_keep_bps(const struct burst_detector *detector);

/*
 * A window of up to so many wire bytes changes nothing as things are, and need not be added: no burst is going on,
 * and it begins none. 0: any may, also an empty one, whose drops are of a burst.
 */
uint64_t burst_detector_cold_bytes(const struct burst_detector *detector);

/* When the burst that is going on began; UINT64_MAX: none is. */
uint64_t burst_detector_since_ns(const struct burst_detector *detector);

/* The end of the run: a burst that is still going on is told as cut. */
void burst_detector_finish(struct burst_detector *detector);

#endif
