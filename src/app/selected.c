// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/selected.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool selected_is_wanted(const struct options *options, struct identity *identity,
			const struct link *link)
{
	return selection_matches(&options->selection, link->ifname) &&
	       identity_wants(identity, link);
}

static bool is_there(const struct selection *selection, size_t at, struct site *const *sites,
		     size_t n)
{
	struct selection one = {.patterns = &selection->patterns[at], .n = 1};
	size_t i;

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

static int check_interfaces(const struct selection *selection, struct site *const *sites, size_t n,
			    struct error *err)
{
	char names[192];
	size_t i;

	for (i = 0; i < selection->n; i++) {
		const char *name = selection_literal(selection, i);

		if (!name || is_there(selection, i, sites, n))
			continue;
		list_names(sites, n, names, sizeof(names));
		error_set(err, -ENODEV, "there is no interface '%s'", name);
		error_hint(err, "there are:%s", names);
		return -ENODEV;
	}
	return 0;
}

int selected_check_sites(const struct options *options, struct identity *identity,
			 struct site *const *sites, size_t n, struct error *err)
{
	const struct container **others = calloc(n, sizeof(*others));
	int ret;
	size_t i;

	if (!others)
		return error_errno(err, -ENOMEM, "cannot look for interfaces");
	for (i = 1; i < n; i++)
		others[i - 1] = &sites[i]->ns->container;
	ret = check_interfaces(&options->selection, sites, n, err);
	if (!ret)
		ret = identity_check(identity, sites[0]->links, others, n - 1, err);
	free(others);
	return ret;
}

int selected_check(const struct options *options, struct identity *identity, struct links *links,
		   struct error *err)
{
	struct site own = {.links = links}, *site = &own;

	return selected_check_sites(options, identity, &site, 1, err);
}
