/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sites: the network namespaces that a command is about, our own and those that --netns names, each with its
 * links, and kept current by the loop. One thread.
 */
#ifndef IFPULSE_APP_SITES_H
#define IFPULSE_APP_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/loop.h"
#include "base/error.h"
#include "kernel/links.h"
#include "kernel/namespaces.h"
#include "model/select.h"

struct sites;

/* Theirs; valid until `leaving` has been called for it. */
struct site {
	struct sites *owner;
	struct links *links;
	const struct namespace *ns; /* NULL: our own */
	uint64_t netns;             /* netns_key(); 0: our own */
	char name[NETNS_NAME_SIZE]; /* empty: our own */
	uint32_t ordinal;           /* our own is 0; of two others the later has the higher */
};

/* Each may be NULL. */
struct sites_listener {
	/* One that was not there at the start; from within it. */
	void (*came)(void *context, struct site *site);
	/* As links_listener has them; from within it. */
	void (*changed)(void *context, struct site *site, const struct link *before,
			const struct link *after);
	void (*resynced)(void *context, struct site *site);
	/* It is called otherwise now, or somebody has moved in. */
	void (*renamed)(void *context, struct site *site);
	/* It is no more. */
	void (*leaving)(void *context, struct site *site);
	/* After a batch of all these, from outside of all; what is not 0 ends the loop. */
	int (*dispatched)(void *context);
	void *context;
};

/*
 * Finds those that are there, calling nobody. `netns` (borrowed) is what --netns says, empty for our own alone;
 * `listener` is copied. 0 or -errno: -ENODEV when a plain name does not exist.
 */
int sites_new(struct sites **out, const struct selection *netns,
	      const struct sites_listener *listener, struct error *err);
/* Calls nobody. NULL-safe. */
void sites_free(struct sites *sites);

/* Follows what happens from now on. 0 or -errno. */
int sites_follow(struct sites *sites, struct loop *loop, struct error *err);

/* Our own comes first. */
struct site *const *sites_all(const struct sites *sites, size_t *n);
struct site *sites_own(const struct sites *sites);

/* By its key, or by what it is called; NULL where there is none. */
struct site *sites_of_netns(const struct sites *sites, uint64_t netns);
struct site *sites_named(const struct sites *sites, const char *name);

/* Reads the kernel's own counters of every interface into its link. 0 or -errno. */
int sites_refresh_stats(struct sites *sites, struct error *err);

/* Times that events were lost; each time everything was read afresh. */
uint64_t sites_overflows(const struct sites *sites);

/*
 * What is done to interfaces is done from within their namespace: false where that cannot be entered, which is
 * so when it is about to go.
 */
bool site_enter(const struct site *site);
void site_leave(const struct site *site);

/* Whether `id`, as a link of `site` tells it (lower_netnsid), is that of the namespace of `whose`. */
bool site_is_id_of(const struct site *site, int32_t id, const struct site *whose);

/* Whose another namespace is; NULL where that is not known. */
const struct container *site_container(const struct site *site);

/* For messages: "web/eth0", or "eth0" in our own. */
#define SITE_FORMAT "%s%s%s"
#define SITE_ARGS(site, ifname) (site)->name, (site)->ns ? "/" : "", ifname

#endif
