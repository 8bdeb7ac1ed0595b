/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * select: which interfaces a command is about (-i NAME|GLOB, "!" excludes), or which containers.
 *
 * Without patterns, or with excluding ones only, every interface is in but the excluded ones. With
 * others, those that match one of them and none of the excluding. Globs are fnmatch(3)'s.
 *
 * A pattern is about interfaces of every network namespace that is probed, or as NETNS/NAME about those of the
 * ones that NETNS matches; nothing before the '/' is our own.
 */
#ifndef IFPULSE_MODEL_SELECT_H
#define IFPULSE_MODEL_SELECT_H

#include <stdbool.h>
#include <stddef.h>

/* Zero it to make it; the patterns' text is borrowed (argv lives as long as the process). */
struct selection {
	const char **patterns;
	size_t n, capacity;
};

/* 0, -EINVAL for an empty pattern or a name that no interface can have, -ENOMEM. */
int selection_add(struct selection *selection, const char *pattern);

/* The same of what may have any name: 0, -EINVAL for an empty pattern, -ENOMEM. */
int selection_add_any(struct selection *selection, const char *pattern);

void selection_release(struct selection *selection);

/* Of an interface in our own network namespace; and in one by its name (model/netns_name.h). */
bool selection_matches(const struct selection *selection, const char *ifname);
bool selection_matches_in(const struct selection *selection, const char *netns, const char *ifname);

/*
 * Whether one pattern, without "!", matches: a text matches itself, also where it holds what globs are made of, as
 * the names of network namespaces that have no other do ("net:[4026532177]").
 */
bool selection_text_matches(const char *pattern, const char *text);

/* Whether `subject` matches a pattern, which is given without its "!". */
typedef bool (*selection_match_fn)(const char *pattern, const void *subject);
bool selection_matches_by(const struct selection *selection, selection_match_fn matches,
			  const void *subject);

/* Pattern number `at` if it is the name of one interface, with nothing to match; else NULL. */
const char *selection_literal(const struct selection *selection, size_t at);

#endif
