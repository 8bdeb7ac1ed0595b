/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* plot_scale: ticks of a picture's axes, their labels, and where labels find room. Pure. */
#ifndef IFPULSE_OUT_PLOT_SCALE_H
#define IFPULSE_OUT_PLOT_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

/* The smallest of 1, 2 and 5 times a power of ten that cuts `span` into at most max_steps; >= 1. */
uint64_t plot_scale_step(uint64_t span, uint64_t max_steps);

/* As plot_scale_step() below a second; from there on in seconds, minutes, hours and days. */
uint64_t plot_scale_time_step(uint64_t span_ns, uint64_t max_steps);

struct plot_unit {
	uint64_t factor;
	const char *name;
};

/* In which the labels of an axis of rates up to max_bps are short. */
struct plot_unit plot_scale_rate_unit(uint64_t max_bps);

/* The same for times up to span_ns; from a second on such that they are whole numbers. */
struct plot_unit plot_scale_time_unit(uint64_t span_ns, uint64_t step_ns);

/* The formatters write into `out` (UNITS_TEXT_SIZE bytes) and return it. */

/* In the unit, without naming it: "0.5". */
char *plot_scale_number(char *out, uint64_t value, const struct plot_unit *unit);

/* As units_format_rate(), without zeros at the end: "500 Mbit/s". */
char *plot_scale_rate(char *out, uint64_t rate_bps);

/* "213 us", "9.49 ms", "1 h 30 min", "3 d": three digits; from a minute on, the two largest units. */
char *plot_scale_duration(char *out, uint64_t time_ns);

/* "1234", "123 k", "4.5 M" */
char *plot_scale_count(char *out, uint64_t count);

/* Time of day (UTC), or with its date where a picture spans days. */
char *plot_scale_clock(char *out, uint64_t wall_ns, bool with_date);

/* Labels side by side in one lane. */
struct plot_lane {
	double from, until; /* none reaches beyond */
	double gap;         /* between two of them */
	size_t n;
	struct {
		double from, until;
	} taken[16];
};

/*
 * Room for a label, centred at `at` or as near as the lane's ends allow. False, with nothing taken,
 * where another label is in the way or the lane is too short.
 */
bool plot_lane_place(struct plot_lane *lane, double at, double width, double *from);

#endif
