// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/selected.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

int selected_check_sites(const struct selection *selection, struct site *const *sites, size_t n,
			 struct error *err)
{
	size_t i;

	if (n == 1)
		return selected_check(selection, sites[0]->links, err);
	for (i = 0; i < selection->n; i++) {
		const char *name = selection_literal(selection, i);

		if (!name || is_there(selection, i, sites, n))
			continue;
		error_set(err, -ENODEV, "there is no interface '%s'", name);
		error_hint(err, "'ifpulse list --netns all' shows those there are");
		return -ENODEV;
	}
	return 0;
}

int selected_check(const struct selection *selection, const struct links *links, struct error *err)
{
	char names[192] = "";
	size_t i, used = 0;

	for (i = 0; i < selection->n; i++) {
		const char *name = selection_literal(selection, i);

		if (!name || links_find(links, name))
			continue;
		links_for_each (link, links) {
			size_t room = sizeof(names) - used, need = strlen(link->ifname) + 3;

			if (need + 4 > room) {
				snprintf(names + used, room, " ...");
				break;
			}
			used += (size_t)snprintf(names + used, room, " %s", link->ifname);
		}
		error_set(err, -ENODEV, "there is no interface '%s'", name);
		error_hint(err, "there are:%s", names);
		return -ENODEV;
	}
	return 0;
}
