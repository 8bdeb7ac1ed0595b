/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare_drops: of the stack's drops, those that say where an interface's packets went between hook and count.
 */
#ifndef IFPULSE_APP_COMPARE_DROPS_H
#define IFPULSE_APP_COMPARE_DROPS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/drop_reasons.h"
#include "model/drop.h"

/*
 * Of the `n` sums those of the slot, in packets: dropped behind its egress hook, and by netfilter. Where the kernel has
 * no reasons all may have been either.
 */
void compare_drops_sum(struct drop_reasons *drop_reasons, uint32_t slot,
		       const struct drop_sum *sums, size_t n, uint64_t *behind_hook,
		       uint64_t *filtered);

/* Those of the slot that were dropped for no given reason as the interface received them. */
uint64_t compare_drops_received(struct drop_reasons *drop_reasons, uint32_t slot,
				const struct drop_sum *sums, size_t n);

#endif
