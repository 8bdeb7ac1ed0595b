/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * filter_events: what the kernel tells of tc filters and clsact qdiscs of our network namespace (RTNLGRP_TC), so that
 * filters of ours which lose their place need not be looked for.
 *
 * What ifpulses put on is no news to any of them. Of tcx programs the kernel tells nobody.
 */
#ifndef IFPULSE_KERNEL_FILTER_EVENTS_H
#define IFPULSE_KERNEL_FILTER_EVENTS_H

#include <stdint.h>

#include "base/error.h"

struct filter_events;

/* Something changed on the hooks of an interface; 0: perhaps on any, since events were lost. */
typedef void (*filter_events_fn)(void *context, uint32_t ifindex);

/* `context` is borrowed. 0 or -errno. */
int filter_events_new(struct filter_events **out, filter_events_fn fn, void *context,
		      struct error *err);
void filter_events_free(struct filter_events *events);

/* Readable when filter_events_dispatch() has something to do. */
int filter_events_fd(const struct filter_events *events);
void filter_events_dispatch(struct filter_events *events);

#endif
