/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * slots: the dense numbers that stand for interfaces in the BPF maps. The lowest free one is given
 * out first, so that a harvest reads no more than it must. SLOT_NONE is never given out.
 */
#ifndef IFPULSE_KERNEL_SLOTS_H
#define IFPULSE_KERNEL_SLOTS_H

#include <stdint.h>

struct slots;

/* `max` slots besides SLOT_NONE. 0 or -ENOMEM. */
int slots_new(struct slots **out, uint32_t max);
void slots_free(struct slots *slots);

/* 0, or -ENOSPC when every slot is taken. */
int slots_take(struct slots *slots, uint32_t *slot);

/* The caller has read the slot for the last time and has cleared it. */
void slots_give_back(struct slots *slots, uint32_t slot);

/* One more than the highest slot in use: what a harvest has to read; at least 1. */
uint32_t slots_end(const struct slots *slots);

#endif
