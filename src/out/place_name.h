/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * place_name: what an interface is called, with the network namespace that it is in (model/netns_name.h) where that
 * is not our own.
 */
#ifndef IFPULSE_OUT_PLACE_NAME_H
#define IFPULSE_OUT_PLACE_NAME_H

#include <net/if.h>
#include <stdbool.h>

#include "base/text.h"
#include "model/netns_name.h"
#include "out/writer.h"

#define PLACE_NAME_SIZE ((NETNS_NAME_SIZE + IF_NAMESIZE) * TEXT_ESCAPE_GROWTH)

/* "web/eth0", or "eth0"; escaped. `netns` may be NULL or empty: our own. Returns `out`. */
char *place_name_text(char out[PLACE_NAME_SIZE], const char *netns, const char *ifname);

/* Fields: ifname (null where it is NULL), netns (null: our own). */
void place_name_fields(struct writer *writer, const char *netns, const char *ifname);

/* Whether it is within another namespace: there everything is whose that is, and "from" it means nothing. */
bool place_is_elsewhere(const char *netns);

/* For a cell of a table, which escapes by itself: "%s%s%s", … */
#define PLACE_NAME_FORMAT "%s%s%s"
#define PLACE_NAME_ARGS(netns, ifname) \
	(netns) ? (netns) : "", (netns) && (netns)[0] ? "/" : "", ifname

#endif
