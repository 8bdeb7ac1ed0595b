/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tests of model/compare share: a run that begins with nothing and is at rest before and after.
 */
#ifndef IFPULSE_TESTS_UNIT_COMPARE_RUN_H
#define IFPULSE_TESTS_UNIT_COMPARE_RUN_H

#include "model/compare.h"

/* To `last`, in which the kernel has counted so much in that direction. */
static inline struct compare_run run_to(const char *kind, enum direction direction,
					struct compare_sample last, uint64_t packets,
					uint64_t bytes)
{
	const struct compare_sample first = {0};
	struct compare_run run;

	last.at_ns = 1000;
	if (direction == DIRECTION_INGRESS) {
		last.kernel.rx_packets = packets;
		last.kernel.rx_bytes = bytes;
	} else {
		last.kernel.tx_packets = packets;
		last.kernel.tx_bytes = bytes;
	}
	compare_start(&run, kind, false);
	compare_add(&run, &first);
	compare_add(&run, &last);
	return run;
}

#endif
