// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "kernel/containers.h"
#include "model/container.h"

struct identity {
	const struct selection *wanted;
	struct containers *containers;
	uint64_t look_at_ns; /* not before */
};

int identity_new(struct identity **out, const struct selection *wanted, bool wants_names,
		 struct error *err)
{
	struct identity *identity;
	int ret;

	*out = NULL;
	if (!wanted->n && !wants_names)
		return 0;
	identity = calloc(1, sizeof(*identity));
	if (!identity)
		return error_errno(err, -ENOMEM, "cannot tell containers");
	identity->wanted = wanted;
	ret = containers_new(&identity->containers, err);
	if (!ret) {
		*out = identity;
		return 0;
	}
	identity_free(identity);
	if (wanted->n)
		return ret;
	/* Everything else is of use without. */
	log_debug("containers are not named: %s", err->what);
	return 0;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	containers_free(identity->containers);
	free(identity);
}

bool identity_selects(const struct identity *identity)
{
	return identity && identity->wanted->n;
}

bool identity_look(struct identity *identity)
{
	uint64_t start_ns = clock_monotonic_ns(), end_ns;
	int ret;

	if (!identity || start_ns < identity->look_at_ns)
		return false;
	ret = containers_look(identity->containers, start_ns);
	end_ns = clock_monotonic_ns();
	identity->look_at_ns = end_ns + IDENTITY_SPARE * (end_ns - start_ns);
	return !ret;
}

bool identity_wants(struct identity *identity, const struct link *link)
{
	return !identity_selects(identity) ||
	       container_is_selected(identity->wanted,
				     containers_known(identity->containers, link));
}

/* With a selection there are looks enough. */
static const struct container *behind(struct identity *identity, const struct link *link,
				      bool may_look)
{
	return may_look && !identity_selects(identity)
		       ? containers_behind(identity->containers, link, clock_monotonic_ns())
		       : containers_known(identity->containers, link);
}

const char *identity_name(struct identity *identity, const struct link *link)
{
	const struct container *container = identity ? behind(identity, link, true) : NULL;

	return container ? container->name : NULL;
}

bool identity_begin(struct identity *identity)
{
	return containers_begin(identity->containers, clock_monotonic_ns());
}

void identity_end(struct identity *identity)
{
	containers_end(identity->containers);
}

void identity_update_name(struct identity *identity, const struct link *link, bool may_look,
			  char *name)
{
	const struct container *container;

	/* Without any other end a veth is on its way out, and all others have no name. */
	if (!identity || !link->lower)
		return;
	container = behind(identity, link, may_look);
	if (container)
		snprintf(name, CONTAINER_NAME_SIZE, "%s", container->name);
	else if (!containers_can_be_behind(link) ||
		 !containers_is_behind_news(identity->containers))
		name[0] = '\0';
}

/* Whether `pattern` alone would select any of them. */
static bool is_behind_any(struct identity *identity, const struct links *links,
			  const struct container *const *others, size_t n_others,
			  const char *pattern)
{
	const struct selection one = {.patterns = &pattern, .n = 1};
	size_t i;

	links_for_each (link, links)
		if (container_is_selected(&one, containers_known(identity->containers, link)))
			return true;
	for (i = 0; i < n_others; i++)
		if (container_is_selected(&one, others[i]))
			return true;
	return false;
}

/* " web1 web2", as far as there is room. A container with several interfaces comes once for each. */
static void list_names(struct identity *identity, const struct links *links, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	links_for_each (link, links) {
		const struct container *container = containers_known(identity->containers, link);

		if (!container)
			continue;
		if (used + strlen(container->name) + sizeof(" ") + sizeof(" ...") > size) {
			snprintf(out + used, size - used, " ...");
			return;
		}
		used += (size_t)snprintf(out + used, size - used, " %s", container->name);
	}
}

int identity_check(struct identity *identity, const struct links *links,
		   const struct container *const *others, size_t n_others, struct error *err)
{
	char names[192];
	size_t i;

	if (!identity_selects(identity))
		return 0;
	identity_look(identity);
	for (i = 0; i < identity->wanted->n; i++) {
		const char *name = selection_literal(identity->wanted, i);

		if (!name || is_behind_any(identity, links, others, n_others, name))
			continue;
		list_names(identity, links, names, sizeof(names));
		error_set(err, -ENODEV, "no container matches '%s'", name);
		if (names[0])
			error_hint(err, "behind interfaces there are:%s", names);
		else if (geteuid())
			error_hint(err, "none is known: it takes root to see them");
		else
			error_hint(err, "there is none behind any interface");
		return -ENODEV;
	}
	return 0;
}
