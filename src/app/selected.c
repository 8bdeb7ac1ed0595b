// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/selected.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool selected_is_wanted(const struct options *options, struct identity *identity,
			const struct site *site, const struct link *link)
{
	if (!selection_matches_in(&options->selection, site->name, link->ifname))
		return false;
	if (!site->ns)
		return identity_wants(identity, link);
	return !options->containers.n ||
	       container_is_selected(&options->containers, site_container(site));
}

const char *selected_container(struct identity *identity, const struct site *site,
			       const struct link *link)
{
	const struct container *container;

	if (!site->ns)
		return identity_name(identity, link);
	container = site_container(site);
	return container ? container->name : NULL;
}

bool selected_is_there(const struct selection *selection, size_t at, const struct sites *all)
{
	struct selection one = {.patterns = &selection->patterns[at], .n = 1};
	size_t i, n;
	struct site *const *sites = sites_all(all, &n);

	for (i = 0; i < n; i++)
		links_for_each (link, sites[i]->links)
			if (selection_matches_in(&one, sites[i]->name, link->ifname))
				return true;
	return false;
}

/* " lo web/eth0", as far as there is room. */
static void list_names(struct site *const *sites, size_t n, char *out, size_t size)
{
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		links_for_each (link, sites[i]->links) {
			size_t need = strlen(sites[i]->name) + strlen(link->ifname) + sizeof(" /");

			if (used + need + sizeof(" ...") > size) {
				snprintf(out + used, size - used, " ...");
				return;
			}
			used += (size_t)snprintf(out + used, size - used, " %s%s%s", sites[i]->name,
						 sites[i]->ns ? "/" : "", link->ifname);
		}
	}
}

static int check_interfaces(const struct selection *selection, const struct sites *all,
			    struct error *err)
{
	char names[192];
	size_t i, n;
	struct site *const *sites = sites_all(all, &n);

	for (i = 0; i < selection->n; i++) {
		const char *name = selection_literal(selection, i);

		if (!name || selected_is_there(selection, i, all))
			continue;
		list_names(sites, n, names, sizeof(names));
		error_set(err, -ENODEV, "there is no interface '%s'", name);
		error_hint(err, "there are:%s", names);
		return -ENODEV;
	}
	return 0;
}

int selected_check(const struct options *options, struct identity *identity,
		   const struct sites *sites, struct error *err)
{
	size_t i, n;
	struct site *const *all = sites_all(sites, &n);
	const struct container **others = calloc(n, sizeof(*others));
	int ret;

	if (!others)
		return error_errno(err, -ENOMEM, "cannot look for interfaces");
	for (i = 1; i < n; i++)
		others[i - 1] = &all[i]->ns->container;
	ret = check_interfaces(&options->selection, sites, err);
	if (!ret)
		ret = identity_check(identity, all[0]->links, others, n - 1, err);
	free(others);
	return ret;
}
