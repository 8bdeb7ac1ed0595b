/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * selected: the interfaces that a command is about, by their names and by who is behind them, and what was
 * named held against what exists.
 */
#ifndef IFPULSE_APP_SELECTED_H
#define IFPULSE_APP_SELECTED_H

#include <stdbool.h>

#include "app/identity.h"
#include "app/options.h"
#include "app/site.h"
#include "base/error.h"
#include "kernel/links.h"

/* Whether -i and --container both take the interface. `identity` NULL: there is no --container. */
bool selected_is_wanted(const struct options *options, struct identity *identity,
			const struct link *link);

/*
 * -ENODEV, with the names there are, when a plain name does not exist, of an interface or of a container;
 * a glob that matches nothing may come to match later and is no error.
 */
int selected_check(const struct options *options, struct identity *identity, struct links *links,
		   struct error *err);

/* The same of several namespaces at once, our own first; `identity` is of that. */
int selected_check_sites(const struct options *options, struct identity *identity,
			 struct site *const *sites, size_t n, struct error *err);

#endif
