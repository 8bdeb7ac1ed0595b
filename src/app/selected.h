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
#include "app/sites.h"
#include "base/error.h"

/*
 * Whether -i and --container both take the interface, by what is known. `identity` is of our own site; NULL:
 * nobody asks.
 */
bool selected_is_wanted(const struct options *options, struct identity *identity,
			const struct site *site, const struct link *link);

/*
 * What is behind the interface, NULL where nothing is known: in our own site as identity_name() says, in another,
 * whose namespace it is. Valid until the next call.
 */
const char *selected_container(struct identity *identity, const struct site *site,
			       const struct link *link);

/* Whether pattern number `at` alone matches an interface that is there. */
bool selected_is_there(const struct selection *selection, size_t at, const struct sites *all);

/*
 * -ENODEV, with the names there are, when a plain name does not exist, of an interface or of a container;
 * a glob that matches nothing may come to match later and is no error.
 */
int selected_check(const struct options *options, struct identity *identity,
		   const struct sites *sites, struct error *err);

#endif
