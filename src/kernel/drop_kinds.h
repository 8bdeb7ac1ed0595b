/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * drop_kinds: reads the per-CPU counts of drops by slot, direction, reason and location, and adds up the
 * CPUs.
 *
 * One batch lookup reads them all (hash maps have it since Linux 5.6). While kinds come and go the kernel
 * may tell one twice or not at all in a reading; it is told once here, and the next reading has it: counts
 * only grow.
 */
#ifndef IFPULSE_KERNEL_DROP_KINDS_H
#define IFPULSE_KERNEL_DROP_KINDS_H

#include "base/error.h"
#include "model/drop.h"

struct drop_kinds;

/* Borrows the map's fd. 0 or -errno. */
int drop_kinds_new(struct drop_kinds **out, int fd, struct error *err);
void drop_kinds_free(struct drop_kinds *kinds);

/*
 * All that were ever dropped, sorted (model/drop.h), in *sums, which are the module's until the next
 * call and may be changed. 0 or -errno.
 */
int drop_kinds_read(struct drop_kinds *kinds, struct drop_sum **sums, size_t *n, struct error *err);

/* Takes a slot's kinds out of the map. Nothing may be counting into it. 0 or -errno. */
int drop_kinds_clear_slot(struct drop_kinds *kinds, uint32_t slot, struct error *err);

#endif
