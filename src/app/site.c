// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/site.h"

#include <stdlib.h>

void site_free(struct site *site)
{
	if (!site)
		return;
	links_free(site->links);
	free(site);
}

bool site_enter(const struct site *site)
{
	return !site->ns || !namespaces_enter(site->namespaces, site->ns);
}

void site_leave(const struct site *site)
{
	if (site->ns)
		namespaces_leave(site->namespaces);
}
