/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * retransmits: takes out of the logs that BPF keeps in mmapped memory (include/probe_abi.h) what TCP sockets of
 * this host sent again.
 *
 * Nothing here fails: what was lost makes a time in which some are missing.
 */
#ifndef IFPULSE_KERNEL_RETRANSMITS_H
#define IFPULSE_KERNEL_RETRANSMITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/retransmit.h"

/*
 * Records in each log, a power of two: 16,384, or less where all would take more than 16 MiB. An outage that ends
 * makes many connections send again what they had under way, at once: 200 of them came to 9,000 between two takes.
 */
uint32_t retransmits_log_records(size_t n_logs);

struct retransmits;

/* Maps the map of so many logs, whose fd is no longer needed then. 0 or -errno. */
int retransmits_new(struct retransmits **out, int logs_fd, size_t n_logs, uint32_t log_records,
		    struct error *err);
void retransmits_free(struct retransmits *retransmits);

/*
 * Takes what is there. `missed` is how often the programs were not run so far, for they were running; it was
 * counted after began_ns, CLOCK_MONOTONIC. Then
 * retransmits_taken() gives what was told since the last time, by time, and retransmits_gap() the time in which
 * some may be missing, empty where none are.
 */
void retransmits_take(struct retransmits *retransmits, uint64_t began_ns, uint64_t missed);
const struct retransmit *retransmits_taken(const struct retransmits *retransmits, size_t *n);
struct window_gap retransmits_gap(const struct retransmits *retransmits);

/* How often TCP sent again what is not told. */
uint64_t retransmits_lost(const struct retransmits *retransmits);

#endif
