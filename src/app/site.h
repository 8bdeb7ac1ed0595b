/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * site: a network namespace whose interfaces are probed, our own or another, and its links.
 */
#ifndef IFPULSE_APP_SITE_H
#define IFPULSE_APP_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/links.h"
#include "kernel/namespaces.h"

struct site {
	struct links *links;           /* owned */
	struct namespaces *namespaces; /* borrowed; these two are NULL of our own */
	struct namespace *ns;
	uint64_t netns;             /* netns_key(); 0: our own */
	char name[NETNS_NAME_SIZE]; /* empty: our own */
	uint32_t ordinal;           /* our own is 0; of two others the later has the higher */
	void *owner;                /* whoever listens to the links */
};

/* NULL-safe. */
void site_free(struct site *site);

/*
 * What is done to interfaces is done from within their namespace: false where that cannot be entered, which is
 * so when it is about to go.
 */
bool site_enter(const struct site *site);
void site_leave(const struct site *site);

#endif
