/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * counters: what the probe has counted for one interface, all CPUs added up.
 */
#ifndef IFPULSE_MODEL_COUNTERS_H
#define IFPULSE_MODEL_COUNTERS_H

#include <stdint.h>

#include "include/probe_abi.h"

struct interface_counters {
	struct traffic_counter traffic[N_DIRECTIONS];
	uint64_t drops[N_DIRECTIONS]; /* skbs freed as dropped */
};

/* after - before, member by member; the counters only grow while an interface has its slot. */
struct interface_counters counters_delta(const struct interface_counters *before,
					 const struct interface_counters *after);

/* sum += add */
void counters_add(struct interface_counters *sum, const struct interface_counters *add);

#endif
