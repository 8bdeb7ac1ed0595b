// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/selected.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/links.h"
#include "kernel/probe.h"
#include "kernel/windows.h"
#include "model/stack.h"

#define INTERFACES_AT_LEAST 1024
#define CHECK_PERIOD_NS (100 * NSEC_PER_MSEC)
#define CHECKS_AT_ONCE 8

struct interface {
	uint32_t ifindex;
	uint32_t slot;
	char ifname[IF_NAMESIZE];
	struct rate_reading last;
	uint64_t attached_ns;
	bool in_total;
};

struct engine {
	const struct options *options;
	struct links *links;
	struct probe *probe;
	struct interface *interfaces; /* attached ones, by ifindex */
	size_t n, capacity;
	struct rate *finished; /* of interfaces that went since the last engine_read() */
	size_t n_finished, finished_capacity;
	struct rate *rates; /* handed out */
	size_t rates_capacity;
	struct rate_reading last; /* when the last engine_read() was; counters unused */
	/* For windows: every interface whose slot is not given back, attached or not. */
	struct series_member *members;
	size_t n_members, members_capacity;
	uint64_t windows_until_ns;
	bool stack_changed;
	uint64_t checked_ns; /* when check_preceded() last did, and where it was */
	size_t check_at;
	struct instance_state state;
};

/* Where `ifindex` is, or would be put. */
static size_t place_of(const struct engine *engine, uint32_t ifindex)
{
	size_t low = 0, high = engine->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (engine->interfaces[middle].ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct interface *find(const struct engine *engine, uint32_t ifindex)
{
	size_t at = place_of(engine, ifindex);

	if (at < engine->n && engine->interfaces[at].ifindex == ifindex)
		return &engine->interfaces[at];
	return NULL;
}

static struct rate_reading read_clocks(void)
{
	return (struct rate_reading){.monotonic_ns = clock_monotonic_ns(),
				     .wall_ns = clock_wall_ns()};
}

static void publish(struct engine *engine)
{
	size_t i;

	engine->state.interfaces = engine->n;
	engine->state.clsact_interfaces = 0;
	for (i = 0; i < engine->n; i++)
		engine->state.clsact_interfaces +=
			probe_is_by_clsact(engine->probe, engine->interfaces[i].slot);
	engine->state.netlink_overflows = links_losses(engine->links).overflows;
	probe_publish(engine->probe, &engine->state);
}

/* Members are kept in order of ifindex; one made anew comes behind the one it follows. */
static int add_member(struct engine *engine, const struct interface *interface)
{
	size_t at = engine->n_members;

	if (!engine->options->window_ns)
		return 0;
	if (array_reserve(&engine->members, &engine->members_capacity, engine->n_members + 1,
			  sizeof(*engine->members)))
		return -ENOMEM;
	while (at && engine->members[at - 1].ifindex > interface->ifindex)
		at--;
	memmove(engine->members + at + 1, engine->members + at,
		(engine->n_members - at) * sizeof(*engine->members));
	engine->members[at] = (struct series_member){
		.slot = interface->slot,
		.ifindex = interface->ifindex,
		.from_ns = interface->attached_ns,
		.to_ns = SERIES_STAYS,
	};
	memcpy(engine->members[at].ifname, interface->ifname, sizeof(interface->ifname));
	engine->n_members++;
	return 0;
}

static struct series_member *member_of(const struct engine *engine, uint32_t slot)
{
	size_t i;

	for (i = 0; i < engine->n_members; i++)
		if (engine->members[i].slot == slot)
			return &engine->members[i];
	return NULL;
}

/* Without windows a slot is free at once, else when those of its time have been taken. */
static void let_slot_go(struct engine *engine, uint32_t slot, uint64_t now_ns)
{
	struct series_member *member = member_of(engine, slot);

	if (member)
		member->to_ns = now_ns;
	else
		probe_release(engine->probe, slot);
}

/* Members whose windows have all been taken with the last engine_take_windows(). */
static void release_members(struct engine *engine)
{
	size_t i, kept = 0;

	for (i = 0; i < engine->n_members; i++) {
		if (engine->members[i].to_ns < engine->windows_until_ns)
			probe_release(engine->probe, engine->members[i].slot);
		else
			engine->members[kept++] = engine->members[i];
	}
	engine->n_members = kept;
}

/* An interface that cannot be attached is a loss to be told, not an end of everything. */
static void attach(struct engine *engine, const struct link *link, bool in_crowd)
{
	struct interface interface = {.ifindex = link->ifindex, .in_total = true};
	size_t at = place_of(engine, link->ifindex);
	struct error err = {0};
	int ret;

	interface.attached_ns = clock_monotonic_ns();
	if (array_reserve(&engine->interfaces, &engine->capacity, engine->n + 1,
			  sizeof(*engine->interfaces)))
		ret = error_errno(&err, -ENOMEM, "cannot keep track of it");
	else
		ret = probe_attach(engine->probe, link->ifindex, in_crowd, &interface.slot, &err);
	if (ret == -ENODEV) /* gone again; the event is on its way */
		return;
	if (ret) {
		if (ret == -ENOSPC)
			engine->state.slots_exhausted++;
		else
			engine->state.attach_failures++;
		log_warning("%s is not probed: %s%s%s", link->ifname, err.what,
			    err.hint[0] ? "; " : "", err.hint);
		return;
	}
	interface.last = read_clocks();
	snprintf(interface.ifname, sizeof(interface.ifname), "%s", link->ifname);
	if (add_member(engine, &interface))
		log_warning("%s: no memory for its windows", link->ifname);
	memmove(engine->interfaces + at + 1, engine->interfaces + at,
		(engine->n - at) * sizeof(*engine->interfaces));
	engine->interfaces[at] = interface;
	engine->n++;
	log_debug("attached to %s", link->ifname);
}

static void name_rate(struct rate *rate, const struct interface *interface)
{
	rate->ifindex = interface->ifindex;
	rate->slot = interface->slot;
	memcpy(rate->ifname, interface->ifname, sizeof(rate->ifname));
	rate->in_total = interface->in_total;
}

/*
 * Every interface there is, for the judgement of a total; the caller frees it. NULL without memory.
 */
static struct stack_entry *stack_of(const struct engine *engine, size_t *n)
{
	struct stack_entry *entries = NULL;
	size_t capacity = 0;

	*n = 0;
	links_for_each (link, engine->links) {
		if (array_reserve(&entries, &capacity, *n + 1, sizeof(*entries))) {
			free(entries);
			return NULL;
		}
		entries[(*n)++] = (struct stack_entry){link, find(engine, link->ifindex)};
	}
	return entries;
}

/* `link` as it was: it may be out of the cache already; NULL: keep the last judgement. */
static void judge_for_total(const struct engine *engine, struct interface *interface,
			    const struct link *link)
{
	size_t n;
	struct stack_entry *entries = engine->options->total && link ? stack_of(engine, &n) : NULL;

	if (entries)
		interface->in_total = stack_is_bottom(link, entries, n);
	free(entries);
}

static void detach(struct engine *engine, struct interface *interface, const struct link *link)
{
	struct rate_reading now = read_clocks();
	struct error err = {0};

	judge_for_total(engine, interface, link);
	if (probe_detach(engine->probe, interface->slot, &now.counters, &err)) {
		log_warning("%s: its last counts are lost: %s", interface->ifname, err.what);
	} else if (array_reserve(&engine->finished, &engine->finished_capacity,
				 engine->n_finished + 1, sizeof(*engine->finished))) {
		log_warning("%s: its last counts are lost: no memory", interface->ifname);
	} else {
		struct rate *rate = &engine->finished[engine->n_finished++];

		name_rate(rate, interface);
		rate_between(rate, &interface->last, &now);
	}
	let_slot_go(engine, interface->slot, clock_monotonic_ns());
	log_debug("detached from %s", interface->ifname);
	engine->n--;
	memmove(interface, interface + 1,
		(size_t)(engine->interfaces + engine->n - interface) * sizeof(*interface));
}

static void rename_interface(struct engine *engine, struct interface *interface, const char *ifname)
{
	struct series_member *member = member_of(engine, interface->slot);

	snprintf(interface->ifname, sizeof(interface->ifname), "%s", ifname);
	if (member)
		memcpy(member->ifname, interface->ifname, sizeof(member->ifname));
}

static void link_changed(void *context, const struct link *before, const struct link *after)
{
	struct engine *engine = context;
	struct interface *interface = find(engine, before ? before->ifindex : after->ifindex);
	bool wanted = after && selection_matches(&engine->options->selection, after->ifname);

	if (interface && !wanted)
		detach(engine, interface, before);
	else if (!interface && wanted)
		attach(engine, after, engine->n >= PROBE_CROWD);
	else if (interface)
		rename_interface(engine, interface, after->ifname);
	engine->stack_changed = true;
	publish(engine);
}

/*
 * Takes the programs off and puts them on again; what was counted so far is kept. Returns whether the
 * interface is attached as before, at the same place.
 */
static bool attach_anew(struct engine *engine, struct interface *interface, bool in_crowd)
{
	const struct link *link = links_get(engine->links, interface->ifindex);
	size_t before = engine->n;

	if (!link)
		return true; /* its removal is on the way */
	detach(engine, interface, link);
	attach(engine, link, in_crowd);
	return engine->n == before;
}

/* Events were lost: an interface that was made anew under its old ifindex lacks our programs. */
static void links_resynced(void *context)
{
	struct engine *engine = context;
	size_t i = 0;

	while (i < engine->n) {
		struct interface *interface = &engine->interfaces[i];

		if (probe_is_attached(engine->probe, interface->slot) ||
		    attach_anew(engine, interface, engine->n > PROBE_CROWD))
			i++;
	}
	publish(engine);
}

/*
 * The kernel tells nobody of a tcx program that comes in front of a filter, so a few interfaces at a
 * time are asked, at most every CHECK_PERIOD_NS: nothing to notice, and within seconds all of them.
 */
static void check_preceded(struct engine *engine, uint64_t now_ns)
{
	size_t left;

	if (!engine->state.clsact_interfaces || now_ns - engine->checked_ns < CHECK_PERIOD_NS)
		return;
	engine->checked_ns = now_ns;
	for (left = CHECKS_AT_ONCE; left && engine->n; left--) {
		struct interface *interface;

		engine->check_at = (engine->check_at + 1) % engine->n;
		interface = &engine->interfaces[engine->check_at];
		if (!probe_is_preceded(engine->probe, interface->slot))
			continue;
		log_warning("%s: a tcx program came before our filter, and what it ended was not "
			    "counted; attached anew in front of it",
			    interface->ifname);
		attach_anew(engine, interface, false);
		publish(engine);
	}
}

static int links_readable(void *context)
{
	struct engine *engine = context;
	struct error err = {0};
	int ret = links_dispatch(engine->links, &err);

	/* The cache stands as it was; the next overflow or event tries again. */
	if (ret)
		log_warning("interface changes may be missing: %s", err.what);
	return 0;
}

static size_t count_selected(const struct engine *engine)
{
	size_t n = 0;

	links_for_each (link, engine->links)
		n += selection_matches(&engine->options->selection, link->ifname);
	return n;
}

static int set_up(struct engine *engine, struct loop *loop, struct error *err)
{
	struct links_listener listener = {link_changed, links_resynced, engine};
	const struct options *options = engine->options;
	struct probe_options probe_options = {
		.attach_mode = options->attach_mode,
		.max_interfaces = options->max_interfaces,
		.window_ns = options->window_ns,
	};
	unsigned int orphans;
	size_t selected;
	int ret;

	ret = links_new(&engine->links, &listener, err);
	if (!ret)
		ret = selected_check(&options->selection, engine->links, err);
	if (ret)
		return ret;
	selected = count_selected(engine);
	if (!probe_options.max_interfaces)
		probe_options.max_interfaces = 2 * selected > INTERFACES_AT_LEAST
						       ? (uint32_t)(2 * selected)
						       : INTERFACES_AT_LEAST;
	ret = probe_new(&engine->probe, &probe_options, err);
	if (ret)
		return ret;
	orphans = probe_orphans_removed(engine->probe);
	if (orphans)
		log_info("removed %u filters that an ifpulse killed earlier had left", orphans);
	engine->state.started_realtime_ns = clock_wall_ns();
	if (options->window_ns)
		engine->windows_until_ns =
			window_align_down(clock_monotonic_ns(), options->window_ns,
					  probe_wall_offset_ns(engine->probe));
	links_for_each (link, engine->links)
		if (selection_matches(&options->selection, link->ifname))
			attach(engine, link, selected > PROBE_CROWD);
	engine->stack_changed = true;
	engine->last = read_clocks();
	publish(engine);
	if (!engine->n)
		log_info("no interface matches yet; waiting for one");
	return loop_add(loop, links_fd(engine->links), links_readable, engine, err);
}

int engine_new(struct engine **out, struct loop *loop, const struct options *options,
	       struct error *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int ret;

	if (!engine)
		return error_errno(err, -ENOMEM, "cannot start");
	engine->options = options;
	ret = set_up(engine, loop, err);
	if (ret) {
		engine_free(engine);
		return ret;
	}
	*out = engine;
	return 0;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	probe_free(engine->probe);
	links_free(engine->links);
	free(engine->interfaces);
	free(engine->finished);
	free(engine->rates);
	free(engine->members);
	free(engine);
}

/* Which interfaces a total adds up, afresh when the stack of interfaces has changed. */
static void refresh_stack(struct engine *engine)
{
	struct stack_entry *entries;
	size_t i, n;

	if (!engine->stack_changed)
		return;
	entries = stack_of(engine, &n);
	if (!entries)
		return; /* the flag stays: tried again with the next reading */
	for (i = 0; i < engine->n; i++) {
		struct interface *interface = &engine->interfaces[i];
		const struct link *link = links_get(engine->links, interface->ifindex);

		/* One that has just gone keeps what it was. */
		if (link)
			interface->in_total = stack_is_bottom(link, entries, n);
	}
	engine->stack_changed = false;
	free(entries);
}

static int compare_rates(const void *a, const void *b)
{
	const struct rate *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return x->start_wall_ns < y->start_wall_ns ? -1 : x->start_wall_ns > y->start_wall_ns;
}

int engine_read(struct engine *engine, struct rate **rates, size_t *n, uint64_t *at_ns,
		struct error *err)
{
	struct rate_reading now = read_clocks();
	size_t i, got = 0, most;
	int ret;

	check_preceded(engine, now.monotonic_ns);
	ret = probe_read(engine->probe, err);
	if (ret)
		return ret;
	most = engine->n + engine->n_finished + 1;
	if (array_reserve(&engine->rates, &engine->rates_capacity, most, sizeof(*engine->rates)))
		return error_errno(err, -ENOMEM, "cannot keep the rates of %zu interfaces", most);
	if (engine->options->total)
		refresh_stack(engine);
	for (i = 0; i < engine->n_finished; i++)
		engine->rates[got++] = engine->finished[i];
	engine->n_finished = 0;
	for (i = 0; i < engine->n; i++) {
		struct interface *interface = &engine->interfaces[i];
		struct rate *rate = &engine->rates[got++];

		now.counters = *probe_counters(engine->probe, interface->slot);
		name_rate(rate, interface);
		rate_between(rate, &interface->last, &now);
		interface->last = now;
	}
	qsort(engine->rates, got, sizeof(*engine->rates), compare_rates);
	if (engine->options->total) {
		rate_total(&engine->rates[got], engine->rates, got, engine->last.wall_ns,
			   now.monotonic_ns - engine->last.monotonic_ns);
		got++;
	}
	engine->last = now;
	*at_ns = now.monotonic_ns;
	*rates = engine->rates;
	*n = got;
	return 0;
}

void engine_finish(struct engine *engine)
{
	while (engine->n) {
		struct interface *interface = &engine->interfaces[engine->n - 1];
		const struct link *link = links_get(engine->links, interface->ifindex);

		detach(engine, interface, link);
	}
	publish(engine);
}

int engine_take_windows(struct engine *engine, uint64_t until_ns, struct series_span *span,
			struct error *err)
{
	uint64_t width_ns = engine->options->window_ns, from_ns = engine->windows_until_ns;
	const struct windows *windows = probe_windows(engine->probe);
	int ret;

	release_members(engine);
	until_ns = window_align_down(until_ns, width_ns, probe_wall_offset_ns(engine->probe));
	if (until_ns < from_ns)
		until_ns = from_ns;
	ret = probe_take_windows(engine->probe, until_ns, err);
	if (ret)
		return ret;
	engine->windows_until_ns = until_ns;
	*span = (struct series_span){.from_ns = from_ns,
				     .until_ns = until_ns,
				     .width_ns = width_ns,
				     .members = engine->members,
				     .n_members = engine->n_members};
	span->windows = windows_taken(windows, &span->n_windows);
	span->gaps = windows_gaps(windows, &span->n_gaps);
	return 0;
}

uint64_t engine_take_period_ns(const struct engine *engine)
{
	return probe_take_period_ns(engine->probe);
}

uint64_t engine_wall_offset_ns(const struct engine *engine)
{
	return probe_wall_offset_ns(engine->probe);
}

static size_t unattached(const struct engine *engine)
{
	return (size_t)(engine->state.attach_failures + engine->state.slots_exhausted);
}

static void log_window_losses(const struct windows *windows)
{
	struct windows_losses losses = windows_losses(windows);

	if (losses.overrun_records)
		log_warning("%" PRIu64
			    " windows were overwritten before they were read; the gaps are "
			    "marked, the totals of 'rate' are not affected",
			    losses.overrun_records);
	if (losses.late_packets)
		log_warning("%" PRIu64 " packets came too late for their windows",
			    losses.late_packets);
}

void engine_log_losses(const struct engine *engine)
{
	struct probe_losses probe = probe_losses(engine->probe);
	struct links_losses links = links_losses(engine->links);

	if (probe.unassigned_packets)
		log_warning("%" PRIu64
			    " packets came by an interface that had no slot and were not "
			    "counted to it",
			    probe.unassigned_packets);
	if (probe.unattributed_drops)
		log_info("%" PRIu64 " drops on this host name no interface",
			 probe.unattributed_drops);
	if (probe.missed_drops)
		log_warning("%" PRIu64 " drops were not seen: they happened within the handling of "
			    "another",
			    probe.missed_drops);
	if (links.overflows)
		log_warning("interface events overflowed %" PRIu64
			    " times; the state was read afresh",
			    links.overflows);
	if (unattached(engine))
		log_warning("%zu interfaces could not be probed", unattached(engine));
	if (probe_windows(engine->probe))
		log_window_losses(probe_windows(engine->probe));
}
