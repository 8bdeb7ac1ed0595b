/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * identity: who is behind an interface, as commands ask for it: its name, and whether --container
 * selects it. One of them for a network namespace, whose sockets it holds.
 *
 * A container can come to be known some time after its interface is there, be renamed, or leave its
 * namespace to another. So with --container all processes are looked at again and again, by
 * identity_look(); without, only as often as kernel/containers finds that there may be something new.
 *
 * Every function takes NULL for "nobody asks": then everything is wanted and nothing has a name.
 */
#ifndef IFPULSE_APP_IDENTITY_H
#define IFPULSE_APP_IDENTITY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/units.h"
#include "kernel/links.h"
#include "model/container.h"
#include "model/link.h"
#include "model/select.h"

/*
 * From look to look, and how many times as long as a look takes there is none: 60 ms with 10,000
 * processes, so every 2 seconds then, and never more than 3% of the time.
 */
#define IDENTITY_PERIOD_NS NSEC_PER_SEC
#define IDENTITY_SPARE 32

struct identity;

/*
 * `wanted` (borrowed) is what --container says. `wants_names`: names are asked for, too; where they
 * cannot be told, that is no error. *out is NULL where nothing is asked. 0 or -errno.
 */
int identity_new(struct identity **out, const struct selection *wanted, bool wants_names,
		 struct error *err);
void identity_free(struct identity *identity);

/* Whether there is a selection, so that who is behind decides. */
bool identity_selects(const struct identity *identity);

/*
 * Looks at all processes, unless it is too early for it. True where it has looked: then identity_wants() may
 * say otherwise than before, of any interface.
 */
bool identity_look(struct identity *identity);

/* Whether the selection takes the interface, by what is known. */
bool identity_wants(struct identity *identity, const struct link *link);

/* NULL where nobody is behind or nothing is known; valid until the next call. May look. */
const char *identity_name(struct identity *identity, const struct link *link);

/* As containers_begin() and containers_end(): around questions about many interfaces. */
bool identity_begin(struct identity *identity);
void identity_end(struct identity *identity);

/*
 * Brings `name`, which has room for CONTAINER_NAME_SIZE, up to date; empty for none. May look, where
 * `may_look`. What was known stays as long as the kernel's news are not followed up, and once there is no
 * other end: a namespace and an end that go are told before the interface is.
 */
void identity_update_name(struct identity *identity, const struct link *link, bool may_look,
			  char *name);

/*
 * Looks, and holds the selection against `links` and `others` (which are known by other means): -ENODEV, with
 * the names behind `links`, where a plain name is neither. A glob may come to match later and is no error.
 */
int identity_check(struct identity *identity, const struct links *links,
		   const struct container *const *others, size_t n_others, struct error *err);

#endif
