// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHANGE_TEXT_SIZE (LINK_TEXT_SIZE + 8)

const char *change_event_name(enum change_event event)
{
	static const char *const names[] = {
		[CHANGE_ADDED] = "added",
		[CHANGE_REMOVED] = "removed",
		[CHANGE_UP] = "up",
		[CHANGE_DOWN] = "down",
		[CHANGE_RENAMED] = "renamed",
		[CHANGE_ADDRESS_ADDED] = "address-added",
		[CHANGE_ADDRESS_REMOVED] = "address-removed",
		[CHANGE_MTU] = "mtu",
		[CHANGE_SPEED] = "speed",
		[CHANGE_MASTER] = "master",
	};

	return names[event];
}

static void report(const struct changes_sink *sink, enum change_event event,
		   const struct link *link, const char *previous, const char *current)
{
	struct change change = {event, link, previous, current};

	sink->change(sink->context, &change);
}

/* Flags and lifetimes do not make another address of it. */
static bool is_same_address(const struct link_addr *a, const struct link_addr *b)
{
	return a->family == b->family && a->prefixlen == b->prefixlen &&
	       a->has_peer == b->has_peer && !memcmp(a->local, b->local, sizeof(a->local)) &&
	       (!a->has_peer || !memcmp(a->peer, b->peer, sizeof(a->peer)));
}

static bool has_address(const struct link *link, const struct link_addr *wanted)
{
	size_t i;

	for (i = 0; i < link->n_addrs; i++)
		if (is_same_address(&link->addrs[i], wanted))
			return true;
	return false;
}

static const char *address_text(char *out, const struct link_addr *addr)
{
	char local[LINK_TEXT_SIZE];

	snprintf(out, CHANGE_TEXT_SIZE, "%s/%u", link_addr_text(local, addr), addr->prefixlen);
	return out;
}

static void compare_addresses(const struct link *before, const struct link *after,
			      const struct changes_sink *sink)
{
	char previous[CHANGE_TEXT_SIZE], current[CHANGE_TEXT_SIZE];
	size_t i;

	/* The hardware address of a new interface is no news. */
	if (before->ifindex && (before->address_len != after->address_len ||
				memcmp(before->address, after->address, before->address_len))) {
		if (before->address_len)
			report(sink, CHANGE_ADDRESS_REMOVED, after,
			       link_hardware_text(previous, before->address, before->address_len),
			       NULL);
		if (after->address_len)
			report(sink, CHANGE_ADDRESS_ADDED, after, NULL,
			       link_hardware_text(current, after->address, after->address_len));
	}
	for (i = 0; i < before->n_addrs; i++)
		if (!has_address(after, &before->addrs[i]))
			report(sink, CHANGE_ADDRESS_REMOVED, after,
			       address_text(previous, &before->addrs[i]), NULL);
	for (i = 0; i < after->n_addrs; i++)
		if (!has_address(before, &after->addrs[i]))
			report(sink, CHANGE_ADDRESS_ADDED, after, NULL,
			       address_text(current, &after->addrs[i]));
}

/* NULL for 0, which stands for unknown or none. */
static const char *number_text(char *out, uint32_t number)
{
	snprintf(out, CHANGE_TEXT_SIZE, "%" PRIu32, number);
	return number ? out : NULL;
}

static const char *master_text(char *out, uint32_t master, const struct changes_sink *sink)
{
	const char *name = master ? sink->name_of(sink->context, master) : NULL;

	if (!master)
		return NULL;
	if (name)
		snprintf(out, CHANGE_TEXT_SIZE, "%s", name);
	else
		snprintf(out, CHANGE_TEXT_SIZE, "ifindex %" PRIu32, master);
	return out;
}

void changes_between(const struct link *before, const struct link *after,
		     const struct changes_sink *sink)
{
	char previous[CHANGE_TEXT_SIZE], current[CHANGE_TEXT_SIZE];

	if (!before) {
		report(sink, CHANGE_ADDED, after, NULL, link_operstate_name(after->operstate));
		compare_addresses(&(const struct link){0}, after, sink);
		return;
	}
	if (!after) {
		report(sink, CHANGE_REMOVED, before, link_operstate_name(before->operstate), NULL);
		return;
	}
	if (strcmp(before->ifname, after->ifname))
		report(sink, CHANGE_RENAMED, after, before->ifname, after->ifname);
	if (link_is_up(before) != link_is_up(after))
		report(sink, link_is_up(after) ? CHANGE_UP : CHANGE_DOWN, after,
		       link_operstate_name(before->operstate),
		       link_operstate_name(after->operstate));
	if (before->master != after->master)
		report(sink, CHANGE_MASTER, after, master_text(previous, before->master, sink),
		       master_text(current, after->master, sink));
	if (before->mtu != after->mtu)
		report(sink, CHANGE_MTU, after, number_text(previous, before->mtu),
		       number_text(current, after->mtu));
	if (before->speed_mbps != after->speed_mbps)
		report(sink, CHANGE_SPEED, after, number_text(previous, before->speed_mbps),
		       number_text(current, after->speed_mbps));
	compare_addresses(before, after, sink);
}
