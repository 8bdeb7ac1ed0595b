/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flows: takes out of the logs that BPF keeps in mmapped memory (include/probe_abi.h) which flows the
 * packets of hot windows belong to.
 *
 * Nothing here is needed for a window to be right, so nothing here fails: records that were overwritten
 * before they were read, or for which there is no memory, are counted, and their bytes are nobody's.
 */
#ifndef IFPULSE_KERNEL_FLOWS_H
#define IFPULSE_KERNEL_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/window.h"

/*
 * Records in each CPU's log: 5 MiB, or less where so many CPUs would take more than 80 MiB. A power of
 * two.
 */
uint32_t flows_log_records(size_t n_cpus);

/* Taken this often, the longest log holds 1.3 million packets a second on each CPU. */
#define FLOWS_TAKE_PERIOD_NS 50000000U

struct flows;

struct flows_setup {
	int logs_fd;          /* the map; no longer needed after flows_new() */
	size_t n_cpus;        /* logs in it */
	uint32_t n_slots;     /* of the probe, SLOT_NONE included */
	uint32_t log_records; /* of each log */
	uint64_t width_ns;    /* of the windows */
	uint64_t start_ns;    /* CLOCK_MONOTONIC; nothing was counted before */
};

/* Maps it. 0 or -errno. */
int flows_new(struct flows **out, const struct flows_setup *setup, struct error *err);
void flows_free(struct flows *flows);

/*
 * Takes what is there of the windows that ended by until_ns; right behind windows_take(), of the same
 * windows. What came too late for its window is left out, as it is there. flows_taken() gives them, as
 * window_sort_flows() leaves them.
 */
void flows_take(struct flows *flows, uint64_t until_ns);
const struct window_flow *flows_taken(const struct flows *flows, size_t *n);

/*
 * Reads the logs between takes, so that they do not overrun; the next flows_take() has what was in them. How often,
 * as the load is.
 */
void flows_drain(struct flows *flows);
uint64_t flows_drain_period_ns(const struct flows *flows);

struct flows_losses {
	uint64_t unread_packets; /* overwritten before they were read, or for want of memory */
	uint64_t late_packets;   /* written after their window was told: their writer was held up */
};

struct flows_losses flows_losses(const struct flows *flows);

#endif
