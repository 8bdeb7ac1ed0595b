// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/in_total.h"
#include "app/selected.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/probe.h"

#define CHECK_PERIOD_NS (100 * NSEC_PER_MSEC)
#define CHECKS_AT_ONCE 2
#define SUSPECTS_AT_ONCE 2
#define SUSPECT_NS (500 * NSEC_PER_MSEC)
#define MENDED_AT_MOST 5
#define CROWD_AT_ONCE 8 /* interfaces that come within a second */
#define NAMES_PERIOD_NS (100 * NSEC_PER_MSEC)

void roster_release(struct roster *roster)
{
	free(roster->interfaces);
	free(roster->finished);
	free(roster->containers);
	members_release(&roster->members);
	missed_release(&roster->missed);
}

static bool is_before(const struct interface *interface, const struct site *site, uint32_t ifindex)
{
	if (interface->site->ordinal != site->ordinal)
		return interface->site->ordinal < site->ordinal;
	return interface->ifindex < ifindex;
}

/* Where it is, or would be put. */
static size_t place_of(const struct roster *roster, const struct site *site, uint32_t ifindex)
{
	size_t low = 0, high = roster->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (is_before(&roster->interfaces[middle], site, ifindex))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct interface *roster_find(const struct roster *roster, const struct site *site,
			      uint32_t ifindex)
{
	size_t at = place_of(roster, site, ifindex);

	if (at < roster->n && roster->interfaces[at].ifindex == ifindex &&
	    roster->interfaces[at].site == site)
		return &roster->interfaces[at];
	return NULL;
}

struct rate_reading roster_read_clocks(void)
{
	return (struct rate_reading){.monotonic_ns = clock_monotonic_ns(),
				     .wall_ns = clock_wall_ns()};
}

void roster_publish(struct roster *roster)
{
	size_t i;

	roster->state.interfaces = roster->n;
	roster->state.clsact_interfaces = 0;
	for (i = 0; i < roster->n; i++)
		roster->state.clsact_interfaces +=
			probe_is_by_clsact(roster->probe, roster->interfaces[i].slot);
	roster->state.slots_exhausted = missed_wanting_slot(&roster->missed);
	roster->state.attach_failures = roster->missed.n - roster->state.slots_exhausted;
	roster->state.hidden = roster->hidden;
	roster->state.netlink_overflows = sites_overflows(roster->sites);
	probe_publish(roster->probe, &roster->state);
}

void roster_release_slot(struct roster *roster, uint32_t slot)
{
	probe_release(roster->probe, slot);
	roster->slot_is_free = true;
}

/* Without windows a slot is free at once, else when those of its time have been taken. */
static void let_slot_go(struct roster *roster, uint32_t slot)
{
	if (!members_leave(&roster->members, slot, clock_monotonic_ns()))
		roster_release_slot(roster, slot);
}

static void tell_missed(struct roster *roster, const struct site *site, const struct link *link,
			int ret, const struct error *err)
{
	roster->refusal = *err;
	if (missed_add(&roster->missed, site->netns, link->ifindex, ret == -ENOSPC))
		log_warning(SITE_FORMAT " is not probed: %s%s%s", SITE_ARGS(site, link->ifname),
			    err->what, err->hint[0] ? "; " : "", err->hint);
}

/*
 * Many interfaces at once are a crowd, too: while tcx makes us wait, nothing else is looked after.
 */
static bool is_crowd(struct roster *roster, uint64_t now_ns)
{
	if (now_ns - roster->crowd_since_ns > NSEC_PER_SEC) {
		roster->crowd_since_ns = now_ns;
		roster->came = 0;
	}
	return ++roster->came > CROWD_AT_ONCE || roster->n >= PROBE_CROWD;
}

const char *roster_container(const struct roster *roster, uint32_t slot)
{
	if (slot >= roster->containers_capacity || !roster->containers[slot].text[0])
		return NULL;
	return roster->containers[slot].text;
}

static void update_container(struct roster *roster, const struct site *site, uint32_t slot,
			     const struct link *link, bool may_look)
{
	char *name = roster->containers[slot].text;
	const struct container *container;

	if (!site->ns) {
		identity_update_name(roster->identity, link, may_look, name);
		return;
	}
	container = site_container(site);
	snprintf(name, CONTAINER_NAME_SIZE, "%s", container ? container->name : "");
}

/* By what is known: it does not look. `is_new`: what was behind before is of no account. */
static void name_container(struct roster *roster, const struct site *site, uint32_t slot,
			   const struct link *link, bool is_new)
{
	if (!roster->identity || array_reserve(&roster->containers, &roster->containers_capacity,
					       (size_t)slot + 1, sizeof(*roster->containers)))
		return;
	if (is_new)
		roster->containers[slot].text[0] = '\0';
	update_container(roster, site, slot, link, false);
	roster->has_newcomers = true;
}

bool roster_wants(const struct roster *roster, const struct site *site, const struct link *link)
{
	return selected_is_wanted(roster->options, roster->identity, site, link);
}

/* To attach or detach a thousand takes longer than the logs last. */
static void keep_up(const struct roster *roster)
{
	struct error err = {0};

	if (probe_drain_windows(roster->probe, &err))
		log_debug("%s", err.what); /* and it is tried again */
}

/* An interface that cannot be attached is a loss to be told, not an end of everything. */
void roster_attach(struct roster *roster, struct site *site, const struct link *link, bool in_crowd)
{
	struct interface interface = {.ifindex = link->ifindex, .in_total = true, .site = site};
	struct series_member member = {.ifindex = link->ifindex, .to_ns = SERIES_STAYS};
	size_t at = place_of(roster, site, link->ifindex);
	struct error err = {0};
	int ret;

	member.from_ns = clock_monotonic_ns();
	if (array_reserve(&roster->interfaces, &roster->capacity, roster->n + 1,
			  sizeof(*roster->interfaces)))
		ret = error_errno(&err, -ENOMEM, "cannot keep track of it");
	else
		ret = probe_attach(roster->probe, site->netns, link->ifindex, in_crowd,
				   &interface.slot, &err);
	if (ret == -ENODEV) /* gone again; the event is on its way */
		return;
	if (ret) {
		tell_missed(roster, site, link, ret, &err);
		return;
	}
	missed_remove(&roster->missed, site->netns, link->ifindex);
	interface.last = roster_read_clocks();
	snprintf(interface.ifname, sizeof(interface.ifname), "%s", link->ifname);
	memcpy(member.ifname, interface.ifname, sizeof(member.ifname));
	memcpy(member.netns, site->name, sizeof(member.netns));
	name_container(roster, site, interface.slot, link, true);
	member.slot = interface.slot;
	if (roster->options->window_ns && members_add(&roster->members, &member))
		log_warning("%s: no memory for its windows", link->ifname);
	memmove(roster->interfaces + at + 1, roster->interfaces + at,
		(roster->n - at) * sizeof(*roster->interfaces));
	roster->interfaces[at] = interface;
	roster->n++;
	roster->was_attached = true;
	roster->stack_changed = true;
	log_debug("attached to " SITE_FORMAT, SITE_ARGS(site, link->ifname));
	keep_up(roster);
}

void roster_name_rate(const struct roster *roster, struct rate *rate,
		      const struct interface *interface)
{
	const char *container = roster_container(roster, interface->slot);

	rate->ifindex = interface->ifindex;
	rate->slot = interface->slot;
	memcpy(rate->ifname, interface->ifname, sizeof(rate->ifname));
	memcpy(rate->netns, interface->site->name, sizeof(rate->netns));
	snprintf(rate->container, sizeof(rate->container), "%s", container ? container : "");
	rate->in_total = interface->in_total;
}

void roster_detach(struct roster *roster, struct interface *interface, const struct link *link)
{
	struct rate_reading now = roster_read_clocks();
	struct error err = {0};

	in_total_judge(roster, interface, link);
	if (probe_detach(roster->probe, interface->slot, &now.counters, &err)) {
		log_warning(SITE_FORMAT ": its last counts are lost: %s",
			    SITE_ARGS(interface->site, interface->ifname), err.what);
	} else if (!roster->options->reads_rates) {
		/* Nobody takes them: they would be kept for ever. */
	} else if (array_reserve(&roster->finished, &roster->finished_capacity,
				 roster->n_finished + 1, sizeof(*roster->finished))) {
		log_warning(SITE_FORMAT ": its last counts are lost: no memory",
			    SITE_ARGS(interface->site, interface->ifname));
	} else {
		struct rate *rate = &roster->finished[roster->n_finished++];

		roster_name_rate(roster, rate, interface);
		rate_between(rate, &interface->last, &now);
	}
	if (roster->leaving)
		roster->leaving(roster->leaving_context, interface);
	if (interface->suspect_ns)
		roster->n_suspects--;
	let_slot_go(roster, interface->slot);
	log_debug("detached from " SITE_FORMAT, SITE_ARGS(interface->site, interface->ifname));
	roster->n--;
	memmove(interface, interface + 1,
		(size_t)(roster->interfaces + roster->n - interface) * sizeof(*interface));
	keep_up(roster);
}

/* The last that is told of a veth before it goes is that it has no other end. */
static bool has_same_behind(const struct link *before, const struct link *after)
{
	if (!after->lower)
		return true;
	return before->lower == after->lower && before->lower_netnsid == after->lower_netnsid;
}

static void rename_interface(struct roster *roster, struct interface *interface,
			     const struct link *before, const struct link *after)
{
	snprintf(interface->ifname, sizeof(interface->ifname), "%s", after->ifname);
	members_rename(&roster->members, interface->slot, interface->ifname);
	name_container(roster, interface->site, interface->slot, after,
		       !before || !has_same_behind(before, after));
}

/*
 * As long as the other end stays where it is, an event says nothing of who is there: of one that is probed
 * roster_reconsider() judges that. What is known may just be lacking, with a namespace on its way out.
 */
static bool is_still_wanted(const struct roster *roster, const struct site *site,
			    const struct link *before, const struct link *after)
{
	if (!has_same_behind(before, after))
		return roster_wants(roster, site, after);
	return selection_matches_in(&roster->options->selection, site->name, after->ifname);
}

void roster_site_renamed(struct roster *roster, struct site *site)
{
	size_t i;

	for (i = 0; i < roster->n; i++) {
		const struct interface *interface = &roster->interfaces[i];
		const struct link *link = links_get(site->links, interface->ifindex);

		if (interface->site != site)
			continue;
		members_rename_netns(&roster->members, interface->slot, site->name);
		if (link)
			name_container(roster, site, interface->slot, link, false);
	}
	roster_reconsider(roster, site);
}

void roster_link_changed(struct roster *roster, struct site *site, const struct link *before,
			 const struct link *after)
{
	uint32_t ifindex = before ? before->ifindex : after->ifindex;
	struct interface *interface = roster_find(roster, site, ifindex);
	bool is_known = interface && before;
	bool wanted = after && (is_known ? is_still_wanted(roster, site, before, after)
					 : roster_wants(roster, site, after));

	if (interface && !wanted)
		roster_detach(roster, interface, before);
	else if (!interface && wanted)
		roster_attach(roster, site, after, is_crowd(roster, clock_monotonic_ns()));
	else if (interface)
		rename_interface(roster, interface, before, after);
	if (!wanted)
		missed_remove(&roster->missed, site->netns, ifindex);
	/* Also one that is not probed, or only changed, can stand between two others. */
	roster->stack_changed = true;
	roster_publish(roster);
}

static bool needs_change(const struct roster *roster, const struct site *site,
			 const struct link *link)
{
	bool wanted = roster_wants(roster, site, link);

	if (roster_find(roster, site, link->ifindex))
		return !wanted;
	return wanted != missed_has(&roster->missed, site->netns, link->ifindex);
}

static void change(struct roster *roster, struct site *site, const struct link *link)
{
	struct interface *interface = roster_find(roster, site, link->ifindex);

	if (interface) {
		roster_detach(roster, interface, link);
		roster->stack_changed = true;
	} else if (roster_wants(roster, site, link)) {
		roster_attach(roster, site, link, is_crowd(roster, clock_monotonic_ns()));
	} else {
		missed_remove(&roster->missed, site->netns, link->ifindex);
	}
}

void roster_reconsider(struct roster *roster, struct site *site)
{
	links_for_each (link, site->links) {
		if (!needs_change(roster, site, link) || !site_enter(site))
			continue;
		change(roster, site, link);
		site_leave(site);
	}
	roster_publish(roster);
}

static void name_all(struct roster *roster)
{
	size_t i;

	for (i = 0; i < roster->n; i++) {
		const struct interface *interface = &roster->interfaces[i];
		const struct site *site = interface->site;
		const struct link *link = links_get(site->links, interface->ifindex);

		/* One that has just gone keeps what it had. */
		if (link && interface->slot < roster->containers_capacity)
			update_container(roster, site, interface->slot, link, true);
	}
}

void roster_name_containers(struct roster *roster, uint64_t now_ns)
{
	bool has_news;

	if (!roster->identity || now_ns - roster->named_ns < NAMES_PERIOD_NS)
		return;
	roster->named_ns = now_ns;
	has_news = identity_begin(roster->identity);
	if (has_news || roster->has_newcomers) {
		roster->has_newcomers = false;
		name_all(roster);
	}
	identity_end(roster->identity);
}

static void attach_again(struct roster *roster, const struct missed_interface *missed)
{
	struct site *site = sites_of_netns(roster->sites, missed->netns);
	const struct link *link = site ? links_get(site->links, missed->ifindex) : NULL;

	if (!link || !site_enter(site))
		return;
	roster_attach(roster, site, link, is_crowd(roster, clock_monotonic_ns()));
	site_leave(site);
}

/* A slot has become free: those that wanted one. */
void roster_attach_missed(struct roster *roster)
{
	size_t i, n = roster->missed.n;

	if (roster->is_finishing || !roster->slot_is_free || !missed_wanting_slot(&roster->missed))
		return;
	roster->slot_is_free = false;
	/* Backwards: one that is attached makes way for the last. */
	for (i = n; i-- > 0;)
		if (roster->missed.items[i].wants_slot)
			attach_again(roster, &roster->missed.items[i]);
	roster_publish(roster);
}

/*
 * Takes the programs off and puts them on again; what was counted so far is kept. Returns whether the
 * interface is attached as before, at the same place.
 */
static bool attach_anew(struct roster *roster, struct interface *interface, bool in_crowd)
{
	struct site *site = interface->site;
	const struct link *link = links_get(site->links, interface->ifindex);
	size_t before = roster->n;

	if (!link)
		return true; /* its removal is on the way */
	roster_detach(roster, interface, link);
	roster_attach(roster, site, link, in_crowd);
	return roster->n == before;
}

/*
 * Two that both want to be first would never come to rest, so after some times the other one wins,
 * which is said.
 */
static void mend(struct roster *roster, struct interface *interface)
{
	unsigned int mended = interface->mended + 1;
	const struct site *site = interface->site;
	uint32_t ifindex = interface->ifindex;

	log_warning(
		SITE_FORMAT
		": another program came before our filter or threw it out, and what it ended was "
		"not counted; %s",
		SITE_ARGS(interface->site, interface->ifname),
		mended < MENDED_AT_MOST ? "attached anew" : "attached anew for the last time");
	roster->hidden++;
	attach_anew(roster, interface, false);
	interface = roster_find(roster, site, ifindex);
	if (interface)
		interface->mended = mended;
	roster_publish(roster);
}

/* Events were lost: an interface that was made anew under its old ifindex lacks our programs. */
void roster_links_resynced(struct roster *roster, struct site *site)
{
	size_t i = place_of(roster, site, 0);

	while (i < roster->n && roster->interfaces[i].site == site) {
		struct interface *interface = &roster->interfaces[i];

		if (probe_is_attached(roster->probe, interface->slot) ||
		    attach_anew(roster, interface, roster->n > PROBE_CROWD))
			i++;
	}
	roster_publish(roster);
}

static void check_one(struct roster *roster, struct interface *interface, bool by_tcx_only)
{
	const struct site *site = interface->site;

	if (interface->mended == MENDED_AT_MOST ||
	    !probe_is_by_clsact(roster->probe, interface->slot) || !site_enter(site))
		return;
	if (probe_is_hidden(roster->probe, interface->slot, by_tcx_only))
		mend(roster, interface);
	site_leave(site);
}

static void suspect(struct roster *roster, struct interface *interface, uint64_t now_ns)
{
	if (interface->site->ns || interface->suspect_ns)
		return;
	interface->suspect_ns = now_ns;
	roster->n_suspects++;
}

void roster_suspect(struct roster *roster, uint32_t ifindex)
{
	uint64_t now_ns = clock_monotonic_ns();
	size_t i;

	for (i = 0; i < roster->n; i++)
		if (!ifindex || roster->interfaces[i].ifindex == ifindex)
			suspect(roster, &roster->interfaces[i], now_ns);
}

/* Not at once: who takes a qdisc away may be about to put on another, and would find ours in its place. */
static void check_suspects(struct roster *roster, uint64_t now_ns)
{
	size_t i, left = SUSPECTS_AT_ONCE;

	for (i = 0; roster->n_suspects && left && i < roster->n; i++) {
		/* Another first each time, so that none waits for others that change without end. */
		struct interface *interface =
			&roster->interfaces[(roster->check_at + i) % roster->n];

		if (!interface->suspect_ns || now_ns - interface->suspect_ns < SUSPECT_NS)
			continue;
		interface->suspect_ns = 0;
		roster->n_suspects--;
		check_one(roster, interface, false);
		left--;
	}
}

/*
 * The kernel tells nobody of tcx programs that come in front of a filter, nor us of filters in another namespace. So
 * a few interfaces at a time are asked, at most every CHECK_PERIOD_NS: nothing to notice, and all of them within
 * seconds, or a minute where there are a thousand.
 */
void roster_check_hidden(struct roster *roster, uint64_t now_ns)
{
	size_t left;

	if (!roster->state.clsact_interfaces || now_ns - roster->checked_ns < CHECK_PERIOD_NS)
		return;
	roster->checked_ns = now_ns;
	check_suspects(roster, now_ns);
	for (left = roster->n < CHECKS_AT_ONCE ? roster->n : CHECKS_AT_ONCE; left; left--) {
		struct interface *interface;

		roster->check_at = (roster->check_at + 1) % roster->n;
		interface = &roster->interfaces[roster->check_at];
		check_one(roster, interface, roster->hears_filters && !interface->site->ns);
	}
}

void roster_detach_site(struct roster *roster, struct site *site)
{
	bool is_entered = site_enter(site);
	size_t at = place_of(roster, site, 0);

	while (at < roster->n && roster->interfaces[at].site == site) {
		struct interface *interface = &roster->interfaces[at];

		roster_detach(roster, interface, links_get(site->links, interface->ifindex));
	}
	if (is_entered)
		site_leave(site);
	roster_publish(roster);
}

void roster_lose_site(struct roster *roster, struct site *site)
{
	roster_detach_site(roster, site);
	missed_remove_netns(&roster->missed, site->netns);
	roster_publish(roster);
}
