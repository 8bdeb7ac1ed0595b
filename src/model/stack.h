/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stack: which interfaces a total may add up, so that no packet is counted twice.
 *
 * A packet that passes a bridge port is seen by the bridge too, one of a VLAN, macvlan or bond by the
 * interface below as well, one of a tunnel a second time in its envelope. So an interface is left
 * out of a total when one that carries its packets below it is in. A packet that is routed or
 * crosses a veth pair is received once and sent once, and counted once in each direction.
 */
#ifndef IFPULSE_MODEL_STACK_H
#define IFPULSE_MODEL_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "model/link.h"

struct stack_entry {
	const struct link *link;
	bool is_selected; /* a candidate for the total */
};

/*
 * Whether `link` belongs in the total over the selected ones among `entries`, which are all
 * interfaces there are: one below may be so through others that are not selected. `link` may be
 * among them or not. Kinds and their lower interfaces: IFLA_INFO_KIND, IFLA_MASTER and IFLA_LINK of
 * rtnetlink(7).
 */
bool stack_is_bottom(const struct link *link, const struct stack_entry *entries, size_t n);

/* For what goes on between namespaces, each of which is a stack of its own. */
bool stack_is_pair(const struct link *link);
bool stack_is_tunnel(const struct link *link);
bool stack_can_carry_tunnels(const struct link *link);

#endif
