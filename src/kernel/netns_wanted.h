/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns_wanted: which network namespaces are asked for, by name (model/netns_name.h) or as that of a process: the
 * one that the process is in at the start.
 */
#ifndef IFPULSE_KERNEL_NETNS_WANTED_H
#define IFPULSE_KERNEL_NETNS_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/netns.h"
#include "model/netns_name.h"

struct netns_wanted;

/* `selection` is borrowed. 0 or -ENOMEM. */
int netns_wanted_new(struct netns_wanted **out, const struct netns_selection *selection);
void netns_wanted_free(struct netns_wanted *wanted);

/* `name` is what it is called. */
bool netns_wanted_matches(const struct netns_wanted *wanted, const struct netns *netns,
			  const char *name);

/* Whether a pattern that is a number is the PID of a process that was there. */
bool netns_wanted_is_process(const struct netns_wanted *wanted, const char *pattern);

#endif
