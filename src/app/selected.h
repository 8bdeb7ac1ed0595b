/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* selected: the interfaces that -i names, held against those that exist. */
#ifndef IFPULSE_APP_SELECTED_H
#define IFPULSE_APP_SELECTED_H

#include "app/site.h"
#include "base/error.h"
#include "kernel/links.h"
#include "model/select.h"

/*
 * -ENODEV, with the names there are, when a plain name in the selection does not exist; a glob that
 * matches nothing may come to match later and is no error.
 */
int selected_check(const struct selection *selection, const struct links *links, struct error *err);

/* The same of several namespaces at once. */
int selected_check_sites(const struct selection *selection, struct site *const *sites, size_t n,
			 struct error *err);

#endif
