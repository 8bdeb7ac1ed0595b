// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"

struct sites {
	struct sites_listener listener;
	struct namespaces *namespaces; /* NULL: there is only our own */
	struct site **items;           /* each allocated on its own; our own first */
	size_t n, capacity;
	uint32_t next_ordinal;
	bool is_found; /* the first look is over: what comes is news */
};

bool site_enter(const struct site *site)
{
	return !site->ns || !namespaces_enter(site->owner->namespaces, site->ns);
}

void site_leave(const struct site *site)
{
	if (site->ns)
		namespaces_leave(site->owner->namespaces);
}

bool site_is_id_of(const struct site *site, int32_t id, const struct site *whose)
{
	struct namespaces *namespaces = site->owner->namespaces;

	return namespaces && namespaces_is_id_of(namespaces, site->ns, id, whose->ns);
}

const struct container *site_container(const struct site *site)
{
	return site->ns->container.kind == CONTAINER_UNKNOWN ? NULL : &site->ns->container;
}

static void link_changed(void *context, const struct link *before, const struct link *after)
{
	struct site *site = context;
	const struct sites_listener *listener = &site->owner->listener;

	if (listener->changed)
		listener->changed(listener->context, site, before, after);
}

static void links_resynced(void *context)
{
	struct site *site = context;
	const struct sites_listener *listener = &site->owner->listener;

	if (listener->resynced)
		listener->resynced(listener->context, site);
}

static void free_site(struct site *site)
{
	links_free(site->links);
	free(site);
}

typedef int (*links_maker)(struct links **out, const struct links_listener *listener,
			   struct error *err);

static struct site *add_site(struct sites *sites, links_maker make_links, struct error *err)
{
	struct site *site = calloc(1, sizeof(*site));
	struct links_listener listener = {link_changed, links_resynced, site};

	if (!site ||
	    array_reserve(&sites->items, &sites->capacity, sites->n + 1, sizeof(*sites->items))) {
		error_errno(err, -ENOMEM, "cannot keep track of it");
		free(site);
		return NULL;
	}
	site->owner = sites;
	site->ordinal = sites->next_ordinal++;
	if (make_links(&site->links, &listener, err)) {
		free(site);
		return NULL;
	}
	sites->items[sites->n++] = site;
	return site;
}

/* --- the listener of namespaces --- */

static void netns_found(void *context, struct namespace *ns)
{
	struct sites *sites = context;
	struct error err = {0};
	struct site *site = add_site(sites, links_new_elsewhere, &err);

	if (!site) {
		log_warning("network namespace %s is left out: %s", ns->name, err.what);
		return;
	}
	site->ns = ns;
	site->netns = ns->key;
	memcpy(site->name, ns->name, sizeof(site->name));
	ns->user = site;
	if (sites->is_found && sites->listener.came)
		sites->listener.came(sites->listener.context, site);
}

static void netns_changed(void *context, struct namespace *ns)
{
	const struct site *site = ns->user;
	struct error err = {0};

	(void)context;
	if (site && links_revisit(site->links, &err))
		log_warning("%s: interface changes may be missing: %s", site->name, err.what);
}

static void netns_renamed(void *context, struct namespace *ns)
{
	const struct sites *sites = context;
	struct site *site = ns->user;

	if (!site)
		return;
	memcpy(site->name, ns->name, sizeof(site->name));
	if (sites->listener.renamed)
		sites->listener.renamed(sites->listener.context, site);
}

static void netns_lost(void *context, struct namespace *ns)
{
	struct sites *sites = context;
	struct site *site = ns->user;
	size_t i;

	if (!site)
		return;
	if (sites->listener.leaving)
		sites->listener.leaving(sites->listener.context, site);
	for (i = 0; sites->items[i] != site; i++)
		;
	sites->n--;
	memmove(sites->items + i, sites->items + i + 1, (sites->n - i) * sizeof(*sites->items));
	free_site(site);
}

/* --- life --- */

int sites_new(struct sites **out, const struct selection *netns,
	      const struct sites_listener *listener, struct error *err)
{
	struct sites *sites = calloc(1, sizeof(*sites));
	const struct namespaces_listener namespaces = {netns_found, netns_changed, netns_renamed,
						       netns_lost, sites};
	int ret = 0;

	if (!sites)
		return error_errno(err, -ENOMEM, "cannot list interfaces");
	sites->listener = *listener;
	if (!add_site(sites, links_new, err))
		ret = err->code;
	if (!ret && netns->n)
		ret = namespaces_new(&sites->namespaces, netns, &namespaces, err);
	if (ret) {
		sites_free(sites);
		return ret;
	}
	sites->is_found = true;
	*out = sites;
	return 0;
}

void sites_free(struct sites *sites)
{
	size_t i;

	if (!sites)
		return;
	namespaces_free(sites->namespaces);
	for (i = 0; i < sites->n; i++)
		free_site(sites->items[i]);
	free(sites->items);
	free(sites);
}

static int dispatched(const struct sites *sites)
{
	const struct sites_listener *listener = &sites->listener;

	return listener->dispatched ? listener->dispatched(listener->context) : 0;
}

static int links_readable(void *context)
{
	const struct sites *sites = context;
	struct error err = {0};

	/* The cache stands as it was; the next overflow or event tries again. */
	if (links_dispatch(sites->items[0]->links, &err))
		log_warning("interface changes may be missing: %s", err.what);
	return dispatched(sites);
}

static int namespaces_readable(void *context)
{
	const struct sites *sites = context;

	namespaces_dispatch(sites->namespaces);
	return dispatched(sites);
}

int sites_follow(struct sites *sites, struct loop *loop, struct error *err)
{
	int ret = loop_add(loop, links_fd(sites->items[0]->links), links_readable, sites, err);

	if (!ret && sites->namespaces)
		ret = loop_add(loop, namespaces_fd(sites->namespaces), namespaces_readable, sites,
			       err);
	return ret;
}

struct site *const *sites_all(const struct sites *sites, size_t *n)
{
	*n = sites->n;
	return sites->items;
}

struct site *sites_own(const struct sites *sites)
{
	return sites->items[0];
}

struct site *sites_of_netns(const struct sites *sites, uint64_t netns)
{
	size_t i;

	for (i = 0; i < sites->n; i++)
		if (sites->items[i]->netns == netns)
			return sites->items[i];
	return NULL;
}

struct site *sites_named(const struct sites *sites, const char *name)
{
	size_t i;

	for (i = 0; i < sites->n; i++)
		if (!strcmp(sites->items[i]->name, name))
			return sites->items[i];
	return NULL;
}

int sites_refresh_stats(struct sites *sites, struct error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < sites->n; i++) {
		const struct site *site = sites->items[i];

		if (!site_enter(site))
			continue; /* what it had last */
		ret = links_refresh_stats(site->links, err);
		site_leave(site);
	}
	return ret;
}

uint64_t sites_overflows(const struct sites *sites)
{
	uint64_t overflows = links_losses(sites->items[0]->links).overflows;

	return sites->namespaces ? overflows + namespaces_overflows(sites->namespaces) : overflows;
}
