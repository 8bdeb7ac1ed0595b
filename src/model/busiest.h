/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * busiest: which rates are shown where there is no room for all of them.
 */
#ifndef IFPULSE_MODEL_BUSIEST_H
#define IFPULSE_MODEL_BUSIEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/rate.h"

struct busiest {
	uint64_t floor_bps; /* below it nothing is taken, above it everything */
	size_t ties;        /* so many at the floor are still to be taken */
};

/* Finds the `room` busiest of `rates`, all where there are no more. A total counts as the busiest. */
struct busiest busiest_find(const struct rate *rates, size_t n, size_t room);

/* Whether `rate` is one of them; each is asked about once, and equal ones are taken as they come. */
bool busiest_takes(struct busiest *busiest, const struct rate *rate);

#endif
