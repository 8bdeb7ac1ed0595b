/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rate: what an interface carried between two readings of its counters.
 */
#ifndef IFPULSE_MODEL_RATE_H
#define IFPULSE_MODEL_RATE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/container.h"
#include "model/counters.h"
#include "model/netns_name.h"

/* One reading of one interface. */
struct rate_reading {
	uint64_t monotonic_ns;
	uint64_t wall_ns; /* since 1970 */
	struct interface_counters counters;
};

/* One interface over one interval. */
struct rate {
	uint32_t ifindex; /* 0: the total over interfaces */
	char ifname[IF_NAMESIZE];
	uint32_t slot; /* where the probe counted it */
	uint64_t start_wall_ns;
	uint64_t interval_ns; /* as it really was, not as it was asked for */
	bool is_unknown;      /* windows were lost, so of a recording the counts cannot be told */
	struct interface_counters delta;
	uint64_t bps[N_DIRECTIONS];      /* wire bits per second, without preamble, FCS and gap */
	bool has_peak;                   /* false: no windows, or some of them were lost */
	uint64_t peak_bps[N_DIRECTIONS]; /* of the busiest window that began within the interval */
	bool in_total;               /* its packets are not those of another counted interface */
	char netns[NETNS_NAME_SIZE]; /* where the interface is */
	/* What is behind it, or was when it went; empty: nothing, or not known. */
	char container[CONTAINER_NAME_SIZE];
};

/* `count` in interval_ns as a count per second, to the nearest; 0 for an empty interval. */
uint64_t rate_per_second(uint64_t count, uint64_t interval_ns);

/* Fills in the times, delta and bps; has_peak becomes false. */
void rate_between(struct rate *rate, const struct rate_reading *before,
		  const struct rate_reading *after);

/*
 * The sum of those with in_total, over the interval [before, after]: interfaces that came or went
 * within it add what they carried while they were there. With one of them unknown it is, too.
 */
void rate_total(struct rate *total, const struct rate *rates, size_t n, uint64_t start_wall_ns,
		uint64_t interval_ns);

#endif
