/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns_wanted: which network namespaces are asked for, by patterns (model/select.h): NAME|GLOB of what it is called
 * or of its file in /run/netns; "all"; or a PID: the one that this process is in at the start.
 */
#ifndef IFPULSE_KERNEL_NETNS_WANTED_H
#define IFPULSE_KERNEL_NETNS_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/netns.h"
#include "model/select.h"

struct netns_wanted;

/* `selection` is borrowed. 0 or -ENOMEM. */
int netns_wanted_new(struct netns_wanted **out, const struct selection *selection);
void netns_wanted_free(struct netns_wanted *wanted);

/* `name` is what it is called. */
bool netns_wanted_matches(const struct netns_wanted *wanted, const struct netns *netns,
			  const char *name);

/* The namespace with this inode number is no more: the next to have it is not what a PID meant. */
void netns_wanted_forget(struct netns_wanted *wanted, uint64_t inum);

/* Pattern number `at` if it names one namespace and is not the PID of a process that was there; else NULL. */
const char *netns_wanted_name(const struct netns_wanted *wanted, size_t at);

#endif
