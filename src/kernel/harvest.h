/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * harvest: reads the per-CPU counters of every slot and adds up the CPUs.
 *
 * One batch lookup per map reads all slots in use (per-CPU arrays have it since Linux 5.13; one
 * lookup per slot before that). The kernel copies a value word by word while packets go on being
 * counted, so a reading may hold a packet whose bytes come with the next one: nothing is ever lost
 * or counted twice, and a reading taken at rest is exact.
 */
#ifndef IFPULSE_KERNEL_HARVEST_H
#define IFPULSE_KERNEL_HARVEST_H

#include <stdint.h>

#include "base/error.h"
#include "model/counters.h"

struct harvest;

/* Borrows both map fds. `n_slots` is the size of the maps. 0 or -errno. */
int harvest_new(struct harvest **out, int traffic_fd, int drops_fd, uint32_t n_slots,
		struct error *err);
void harvest_free(struct harvest *harvest);

/* Reads slots 0 to end - 1; harvest_slot() then gives each. 0 or -errno. */
int harvest_read(struct harvest *harvest, uint32_t end, struct error *err);

/* As of the last harvest_read() that took the slot in. */
const struct interface_counters *harvest_slot(const struct harvest *harvest, uint32_t slot);

/* Reads one slot now. 0 or -errno. */
int harvest_read_slot(struct harvest *harvest, uint32_t slot, struct interface_counters *out,
		      struct error *err);

/* Sets one slot to zero on every CPU. Nothing may be counting into it. 0 or -errno. */
int harvest_clear_slot(struct harvest *harvest, uint32_t slot, struct error *err);

#endif
