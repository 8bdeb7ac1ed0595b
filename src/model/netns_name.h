/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netns_name: what network namespaces are called, and which of them are asked for.
 */
#ifndef IFPULSE_MODEL_NETNS_NAME_H
#define IFPULSE_MODEL_NETNS_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The name of a container or of `ip netns`, or "pid 4711 (sleep)", or "host": any bytes but NUL. One that is longer
 * is cut. Our own has none: the empty string.
 */
#define NETNS_NAME_SIZE 128

/*
 * NAME|GLOB, PID or "all"; "!" excludes. Zero it to make it. The patterns' text is borrowed (argv lives as
 * long as the process).
 */
struct netns_selection {
	const char **patterns;
	size_t n, capacity;
};

/* 0, -EINVAL for an empty pattern, -ENOMEM. */
int netns_selection_add(struct netns_selection *selection, const char *pattern);
void netns_selection_release(struct netns_selection *selection);

/*
 * `mounted` is its file in /run/netns (empty: none), `name` as above; either will do. That a pattern is the PID of
 * one of its processes is for the caller to know: it sets `is_process` then.
 */
bool netns_selection_matches(const struct netns_selection *selection, const char *mounted,
			     const char *name, bool is_process);

/* Pattern number `at` if it names one namespace, with nothing to match; else NULL. */
const char *netns_selection_literal(const struct netns_selection *selection, size_t at);

#endif
