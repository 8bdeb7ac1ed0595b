/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * peak: the busiest time window of each interface and direction within an interval.
 *
 * Windows come in order of time; those that start within an interval belong to it. The owner adds
 * them one by one and, at the end of each interval, has the peaks written into its rates.
 */
#ifndef IFPULSE_MODEL_PEAK_H
#define IFPULSE_MODEL_PEAK_H

#include "model/rate.h"
#include "model/window.h"

struct peaks;

/* `width_ns` of the windows. 0 or -ENOMEM. */
int peaks_new(struct peaks **out, uint64_t width_ns);
void peaks_free(struct peaks *peaks);

/* 0, or -ENOMEM: then the interval has no peaks. */
int peaks_add(struct peaks *peaks, const struct window *window);

/* Something of the interval was lost: its peaks are unknown. */
void peaks_add_gap(struct peaks *peaks);

/*
 * Ends the interval: sets has_peak and peak_bps of each rate, by its slot; those without a window
 * have a peak of 0. The total (ifindex 0) has none: peaks of interfaces do not add up.
 */
void peaks_end_interval(struct peaks *peaks, struct rate *rates, size_t n);

#endif
