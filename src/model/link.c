// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

bool link_is_up(const struct link *link)
{
	return (link->flags & IFF_UP) && link->carrier &&
	       (link->operstate == IF_OPER_UP || link->operstate == IF_OPER_UNKNOWN);
}

const char *link_operstate_name(uint8_t operstate)
{
	static const char *const names[] = {
		[IF_OPER_UNKNOWN] = "UNKNOWN", [IF_OPER_NOTPRESENT] = "NOTPRESENT",
		[IF_OPER_DOWN] = "DOWN",       [IF_OPER_LOWERLAYERDOWN] = "LOWERLAYERDOWN",
		[IF_OPER_TESTING] = "TESTING", [IF_OPER_DORMANT] = "DORMANT",
		[IF_OPER_UP] = "UP",
	};

	return operstate < ARRAY_SIZE(names) ? names[operstate] : "UNKNOWN";
}

const char *link_duplex_name(uint8_t duplex)
{
	switch (duplex) {
	case DUPLEX_HALF:
		return "half";
	case DUPLEX_FULL:
		return "full";
	default:
		return NULL;
	}
}

int link_copy(struct link *to, const struct link *from)
{
	struct link_addr *addrs = NULL;

	if (from->n_addrs > 0) {
		addrs = reallocarray(NULL, from->n_addrs, sizeof(*addrs));
		if (!addrs)
			return -ENOMEM;
		memcpy(addrs, from->addrs, from->n_addrs * sizeof(*addrs));
	}
	*to = *from;
	to->addrs = addrs;
	return 0;
}

void link_release(struct link *link)
{
	if (!link)
		return;
	free(link->addrs);
	link->addrs = NULL;
	link->n_addrs = 0;
}

static bool addr_equal(const struct link_addr *a, const struct link_addr *b)
{
	return a->family == b->family && a->prefixlen == b->prefixlen && a->scope == b->scope &&
	       a->has_peer == b->has_peer && a->flags == b->flags &&
	       memcmp(a->local, b->local, sizeof(a->local)) == 0 &&
	       (!a->has_peer || memcmp(a->peer, b->peer, sizeof(a->peer)) == 0);
}

static bool has_addr(const struct link *link, const struct link_addr *addr)
{
	size_t i;

	for (i = 0; i < link->n_addrs; i++) {
		if (addr_equal(&link->addrs[i], addr))
			return true;
	}
	return false;
}

/* An interface has no address twice, so equal numbers and one inclusion make equal sets. */
static bool addrs_equal(const struct link *a, const struct link *b)
{
	size_t i;

	if (a->n_addrs != b->n_addrs)
		return false;
	for (i = 0; i < a->n_addrs; i++) {
		/* Nearly always in the same place. */
		if (!addr_equal(&a->addrs[i], &b->addrs[i]) && !has_addr(b, &a->addrs[i]))
			return false;
	}
	return true;
}

bool link_equal(const struct link *a, const struct link *b)
{
	return a->ifindex == b->ifindex && strcmp(a->ifname, b->ifname) == 0 &&
	       strcmp(a->kind, b->kind) == 0 && strcmp(a->qdisc, b->qdisc) == 0 &&
	       a->flags == b->flags && a->type == b->type && a->operstate == b->operstate &&
	       a->carrier == b->carrier && a->mtu == b->mtu && a->txqlen == b->txqlen &&
	       a->master == b->master && a->lower == b->lower &&
	       a->lower_netnsid == b->lower_netnsid && a->speed_mbps == b->speed_mbps &&
	       a->duplex == b->duplex && a->address_len == b->address_len &&
	       memcmp(a->address, b->address, a->address_len) == 0 &&
	       memcmp(a->broadcast, b->broadcast, a->address_len) == 0 &&
	       a->xdp_prog_id == b->xdp_prog_id && a->answers_neighbours == b->answers_neighbours &&
	       addrs_equal(a, b);
}

char *link_addr_text(char *out, const struct link_addr *addr)
{
	if (!inet_ntop(addr->family, addr->local, out, LINK_TEXT_SIZE))
		out[0] = '\0';
	return out;
}

char *link_hardware_text(char *out, const uint8_t *address, uint8_t length)
{
	size_t i, used = 0;

	if (length > LINK_ADDRESS_MAX)
		length = LINK_ADDRESS_MAX;
	out[0] = '\0';
	for (i = 0; i < length; i++)
		used += (size_t)snprintf(out + used, LINK_TEXT_SIZE - used, "%s%02x", i ? ":" : "",
					 address[i]);
	return out;
}

char *link_scope_text(char *out, uint8_t scope)
{
	const char *name = NULL;

	switch (scope) {
	case RT_SCOPE_UNIVERSE:
		name = "global";
		break;
	case RT_SCOPE_SITE:
		name = "site";
		break;
	case RT_SCOPE_LINK:
		name = "link";
		break;
	case RT_SCOPE_HOST:
		name = "host";
		break;
	case RT_SCOPE_NOWHERE:
		name = "nowhere";
		break;
	}
	if (name)
		snprintf(out, LINK_TEXT_SIZE, "%s", name);
	else
		snprintf(out, LINK_TEXT_SIZE, "%u", scope);
	return out;
}
