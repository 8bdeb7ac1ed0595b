/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * missed: interfaces that should be probed and are not. Each is told once, counted as long as it is
 * so, and tried again: with its next event, and for want of a slot as soon as one is free.
 */
#ifndef IFPULSE_APP_MISSED_H
#define IFPULSE_APP_MISSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct missed_interface {
	uint32_t ifindex;
	bool wants_slot; /* the only thing that it lacks */
	uint64_t netns;  /* where it is: as netns_key() gives it; 0: our own */
};

/* Zero it to make it. */
struct missed {
	struct missed_interface *items;
	size_t n, capacity;
};

void missed_release(struct missed *missed);

/* Whether that is news, for which reason it is told. Without memory it is news each time. */
bool missed_add(struct missed *missed, uint64_t netns, uint32_t ifindex, bool wants_slot);
bool missed_has(const struct missed *missed, uint64_t netns, uint32_t ifindex);
void missed_remove(struct missed *missed, uint64_t netns, uint32_t ifindex);
/* All of a namespace. */
void missed_remove_netns(struct missed *missed, uint64_t netns);

/* How many lack a slot; the others lack something else. */
size_t missed_wanting_slot(const struct missed *missed);

#endif
