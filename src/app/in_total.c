// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/in_total.h"

#include <stdlib.h>

#include "base/array.h"
#include "model/stack.h"

/* Every interface of a site; the caller frees it. NULL without memory. */
static struct stack_entry *stack_of(const struct roster *roster, const struct site *site, size_t *n)
{
	struct stack_entry *entries = NULL;
	size_t capacity = 0;

	*n = 0;
	links_for_each (link, site->links) {
		if (array_reserve(&entries, &capacity, *n + 1, sizeof(*entries))) {
			free(entries);
			return NULL;
		}
		entries[(*n)++] =
			(struct stack_entry){link, roster_find(roster, site, link->ifindex)};
	}
	return entries;
}

/* Whether packets of a tunnel go out again, wrapped, by what is attached there. */
static bool has_ground(const struct roster *roster, const struct site *site)
{
	links_for_each (link, site->links)
		if (roster_find(roster, site, link->ifindex) && stack_can_carry_tunnels(link))
			return true;
	return false;
}

/* Whether what `link` of `site` carries is counted in `other` instead, if that is where its id leads to. */
static bool would_be_counted_in(const struct roster *roster, const struct site *site,
				const struct link *link, const struct site *other)
{
	const struct link *there;

	if (stack_is_tunnel(link))
		return has_ground(roster, other);
	if (!roster_find(roster, other, link->lower))
		return false;
	if (!stack_is_pair(link))
		return true;
	there = links_get(other->links, link->lower);
	return there && there->lower == link->ifindex && other->ordinal < site->ordinal;
}

static bool is_counted_elsewhere(const struct roster *roster, const struct site *site,
				 const struct link *link)
{
	size_t i, n;
	struct site *const *sites = sites_all(roster->sites, &n);

	if (link->lower_netnsid == LINK_NETNSID_NONE)
		return false;
	for (i = 0; i < n; i++)
		if (sites[i] != site && would_be_counted_in(roster, site, link, sites[i]) &&
		    site_is_id_of(site, link->lower_netnsid, sites[i]))
			return true;
	return false;
}

static bool judge(const struct roster *roster, const struct site *site, const struct link *link,
		  const struct stack_entry *entries, size_t n)
{
	return stack_is_bottom(link, entries, n) && !is_counted_elsewhere(roster, site, link);
}

void in_total_judge(const struct roster *roster, struct interface *interface,
		    const struct link *link)
{
	struct stack_entry *entries = NULL;
	size_t n;

	if (!roster->options->total || !link)
		return;
	/* Its other end, or the namespace of that, may be gone just before. */
	if (link->lower_netnsid == LINK_NETNSID_NONE || !interface->is_judged)
		entries = stack_of(roster, interface->site, &n);
	if (entries)
		interface->in_total = judge(roster, interface->site, link, entries, n);
	free(entries);
}

static bool refresh_site(struct roster *roster, const struct site *site)
{
	size_t n;
	struct stack_entry *entries = stack_of(roster, site, &n);

	if (!entries)
		return !n;
	/* One that has just gone keeps what it was. */
	links_for_each (link, site->links) {
		struct interface *interface = roster_find(roster, site, link->ifindex);

		if (!interface)
			continue;
		interface->in_total = judge(roster, site, link, entries, n);
		interface->is_judged = true;
	}
	free(entries);
	return true;
}

void in_total_refresh(struct roster *roster)
{
	bool is_done = true;
	size_t i, n;
	struct site *const *sites = sites_all(roster->sites, &n);

	if (!roster->stack_changed)
		return;
	for (i = 0; i < n; i++)
		is_done &= refresh_site(roster, sites[i]);
	/* Else it is tried again with the next reading. */
	roster->stack_changed = !is_done;
}
