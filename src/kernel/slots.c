// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/slots.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "include/probe_abi.h"

struct slots {
	uint32_t n;           /* with SLOT_NONE */
	uint32_t lowest_free; /* no free slot is below; n when all are taken */
	uint32_t end;
	bool taken[];
};

int slots_new(struct slots **out, uint32_t max)
{
	struct slots *slots =
		calloc(1, sizeof(*slots) + ((size_t)max + 1) * sizeof(slots->taken[0]));

	if (!slots)
		return -ENOMEM;
	slots->n = max + 1;
	slots->taken[SLOT_NONE] = true;
	slots->lowest_free = SLOT_NONE + 1;
	slots->end = SLOT_NONE + 1;
	*out = slots;
	return 0;
}

void slots_free(struct slots *slots)
{
	free(slots);
}

int slots_take(struct slots *slots, uint32_t *slot)
{
	if (slots->lowest_free == slots->n)
		return -ENOSPC;
	*slot = slots->lowest_free;
	slots->taken[*slot] = true;
	while (slots->lowest_free < slots->n && slots->taken[slots->lowest_free])
		slots->lowest_free++;
	if (*slot >= slots->end)
		slots->end = *slot + 1;
	return 0;
}

void slots_give_back(struct slots *slots, uint32_t slot)
{
	slots->taken[slot] = false;
	if (slot < slots->lowest_free)
		slots->lowest_free = slot;
	while (!slots->taken[slots->end - 1])
		slots->end--;
}

uint32_t slots_end(const struct slots *slots)
{
	return slots->end;
}
