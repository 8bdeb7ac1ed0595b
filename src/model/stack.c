// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/stack.h"

#include <net/if.h>
#include <string.h>

#include "base/array.h"

#define DEPTH_MAX 8 /* MAX_NEST_DEV in the kernel */

static bool is_kind(const struct link *link, const char *const *kinds, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(link->kind, kinds[i]))
			return true;
	return false;
}

/*
 * What they send goes out again, wrapped, by whichever interface the route says: one of the namespace
 * that the tunnel was made in, which IFLA_LINK_NETNSID names where it is another.
 */
bool stack_is_tunnel(const struct link *link)
{
	static const char *const kinds[] = {
		"vxlan",     "geneve", "gre",     "gretap", "ip6gre", "ip6gretap", "erspan",
		"ip6erspan", "ipip",   "ip6tnl",  "sit",    "vti",    "vti6",      "xfrm",
		"wireguard", "gtp",    "bareudp", "amt",    "ovpn",
	};

	return is_kind(link, kinds, ARRAY_SIZE(kinds));
}

/* Sees packets of other interfaces, redirected to it, and hands them back. */
static bool is_mirror(const struct link *link)
{
	static const char *const kinds[] = {"ifb", "nlmon"};

	return is_kind(link, kinds, ARRAY_SIZE(kinds));
}

/* IFLA_LINK of these names their other end, not what is below them. */
bool stack_is_pair(const struct link *link)
{
	static const char *const kinds[] = {"veth", "netkit", "vxcan"};

	return is_kind(link, kinds, ARRAY_SIZE(kinds));
}

static bool is_below(const struct link *lower, const struct link *upper)
{
	if (lower->master == upper->ifindex)
		return true;
	return upper->lower == lower->ifindex && upper->lower != upper->ifindex &&
	       upper->lower_netnsid == LINK_NETNSID_NONE && !stack_is_pair(upper);
}

bool stack_can_carry_tunnels(const struct link *link)
{
	return !stack_is_tunnel(link) && !is_mirror(link) && !(link->flags & IFF_LOOPBACK);
}

static bool is_wrapped_here(const struct link *link)
{
	return stack_is_tunnel(link) && link->lower_netnsid == LINK_NETNSID_NONE;
}

/* Whether a selected interface is below, at once or through others. */
static bool has_below(const struct link *link, const struct stack_entry *entries, size_t n,
		      unsigned int depth)
{
	size_t i;

	for (i = 0; depth && i < n; i++) {
		const struct link *lower = entries[i].link;

		if (lower->ifindex == link->ifindex || !is_below(lower, link))
			continue;
		if (entries[i].is_selected || has_below(lower, entries, n, depth - 1))
			return true;
	}
	return false;
}

bool stack_is_bottom(const struct link *link, const struct stack_entry *entries, size_t n)
{
	size_t i;

	if (has_below(link, entries, n, DEPTH_MAX))
		return false;
	if (!is_wrapped_here(link) && !is_mirror(link))
		return true;
	/* What rests on others, perhaps on this tunnel alone, is no ground: that is below it. */
	for (i = 0; i < n; i++)
		if (entries[i].is_selected && stack_can_carry_tunnels(entries[i].link) &&
		    !has_below(entries[i].link, entries, n, DEPTH_MAX))
			return false;
	return true;
}
