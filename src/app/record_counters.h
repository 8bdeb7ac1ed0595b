/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record_counters: the probe's counters of each interface and the kernel's own, into a recording.
 */
#ifndef IFPULSE_APP_RECORD_COUNTERS_H
#define IFPULSE_APP_RECORD_COUNTERS_H

#include "app/engine.h"
#include "app/tape.h"

/* Since each interface was attached; zero it to make it. */
struct record_counters {
	struct interface_counters *totals; /* by slot, of the interface that has it */
	uint64_t *total_of;                /* by slot: since when it has it */
	size_t totals_capacity, total_of_capacity;
};

void record_counters_release(struct record_counters *counters);

/*
 * Of all interfaces of the span, which the tape has, those that have just gone included. Reads the engine's
 * counters: nobody else may. 0 or -errno.
 */
int record_counters_take(struct record_counters *counters, struct engine *engine, struct tape *tape,
			 const struct series_span *span, struct error *err);

#endif
