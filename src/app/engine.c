// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/confine.h"
#include "app/in_total.h"
#include "app/losses.h"
#include "app/roster.h"
#include "app/selected.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/filter_events.h"
#include "kernel/flows.h"
#include "kernel/probe.h"
#include "kernel/retransmits.h"
#include "kernel/windows.h"

#define INTERFACES_AT_LEAST 1024

struct engine {
	const struct options *options;
	struct loop *loop;
	struct roster roster;
	struct rate *rates; /* handed out */
	size_t rates_capacity;
	struct rate_reading last; /* when the last engine_read() was; counters unused */
	uint64_t windows_until_ns;
	uint64_t drain_period_ns;            /* 0: to take windows is enough */
	struct filter_events *filter_events; /* NULL: all have to be asked, time and again */
	engine_change_fn changed;            /* NULL: nobody wants to know */
	void *change_context;
};

static void link_changed(void *context, struct site *site, const struct link *before,
			 const struct link *after)
{
	struct engine *engine = context;

	/* Before there is a probe, changes are part of what is there at the start. */
	if (engine->roster.probe)
		roster_link_changed(&engine->roster, site, before, after);
	if (engine->changed)
		engine->changed(engine->change_context, site, before, after);
}

static void links_resynced(void *context, struct site *site)
{
	struct engine *engine = context;

	roster_links_resynced(&engine->roster, site);
}

static int reconsider(void *context, uint64_t expirations)
{
	struct engine *engine = context;

	(void)expirations;
	if (identity_selects(engine->roster.identity) && identity_look(engine->roster.identity))
		roster_reconsider(&engine->roster, sites_own(engine->roster.sites));
	/* What goes before the next reading has its name by then. */
	roster_name_containers(&engine->roster, clock_monotonic_ns());
	return 0;
}

static int drain(void *context, uint64_t expirations);

/* As the load is; small changes are none. */
static int follow_drain_period(struct engine *engine, struct error *err)
{
	uint64_t now_ns = engine->drain_period_ns;
	uint64_t period_ns = probe_drain_period_ns(engine->roster.probe);

	if (period_ns == now_ns || (period_ns > now_ns / 4 * 3 && period_ns < now_ns / 3 * 4))
		return 0;
	engine->drain_period_ns = period_ns;
	return loop_set_timer(engine->loop, period_ns, drain, engine, err);
}

static int drain(void *context, uint64_t expirations)
{
	struct engine *engine = context;
	struct error err = {0};
	int ret;

	(void)expirations;
	ret = probe_drain_windows(engine->roster.probe, &err);
	if (!ret)
		ret = follow_drain_period(engine, &err);
	if (ret)
		log_error(&err);
	return ret;
}

static void filters_changed(void *context, uint32_t ifindex)
{
	struct engine *engine = context;

	roster_suspect(&engine->roster, ifindex);
}

static int filters_readable(void *context)
{
	const struct engine *engine = context;

	filter_events_dispatch(engine->filter_events);
	return 0;
}

static int follow_filters(struct engine *engine, struct error *err)
{
	struct error why = {0};

	if (filter_events_new(&engine->filter_events, filters_changed, engine, &why)) {
		log_debug("filters are looked at time and again: %s", why.what);
		return 0;
	}
	engine->roster.hears_filters = true;
	return loop_add(engine->loop, filter_events_fd(engine->filter_events), filters_readable,
			engine, err);
}

static size_t count_selected(const struct engine *engine)
{
	size_t i, n_sites, n = 0;
	struct site *const *sites = sites_all(engine->roster.sites, &n_sites);

	for (i = 0; i < n_sites; i++)
		links_for_each (link, sites[i]->links)
			n += roster_wants(&engine->roster, sites[i], link);
	return n;
}

/* From within the site. */
static int attach_site(struct engine *engine, struct site *site, bool in_crowd, struct error *err)
{
	links_for_each (link, site->links) {
		if (loop_is_stopping(engine->loop))
			return error_set(err, -EINTR, "stopped while attaching");
		if (roster_wants(&engine->roster, site, link))
			roster_attach(&engine->roster, site, link, in_crowd);
	}
	return 0;
}

static void remove_orphans(struct engine *engine, const struct site *site)
{
	struct error err = {0};

	if (probe_enter_netns(engine->roster.probe, &err))
		log_debug("%s: filters of dead instances may be left: %s", site->name, err.what);
}

/* To who wants to know, all that there is in one is new, or is no more. */
static void tell_all(const struct engine *engine, struct site *site, bool is_new)
{
	links_for_each (link, site->links)
		if (engine->changed)
			engine->changed(engine->change_context, site, is_new ? NULL : link,
					is_new ? link : NULL);
}

static void site_came(void *context, struct site *site)
{
	struct engine *engine = context;
	struct error err = {0};

	remove_orphans(engine, site);
	attach_site(engine, site, engine->roster.n > PROBE_CROWD, &err);
	engine->roster.stack_changed = true;
	roster_publish(&engine->roster);
	tell_all(engine, site, true);
}

static void site_renamed(void *context, struct site *site)
{
	struct engine *engine = context;

	roster_site_renamed(&engine->roster, site);
}

static void site_leaving(void *context, struct site *site)
{
	struct engine *engine = context;

	roster_lose_site(&engine->roster, site);
	tell_all(engine, site, false);
}

static int load_probe(struct engine *engine, size_t selected, struct error *err)
{
	const struct options *options = engine->options;
	struct probe_options probe_options = {
		.attach_mode = options->attach_mode,
		.max_interfaces = (uint32_t)options->max_interfaces,
		.window_ns = options->window_ns,
		.drop_kinds = options->drop_kinds,
		.waypoints = options->waypoints,
		.drop_locations = options->drop_locations,
		.flows = options->flows,
		.other_netns = options->netns.n,
		.lose_one_in = (uint32_t)options->lose_one_in,
	};
	unsigned int orphans;
	int ret;

	if (!probe_options.max_interfaces)
		probe_options.max_interfaces = 2 * selected > INTERFACES_AT_LEAST
						       ? (uint32_t)(2 * selected)
						       : INTERFACES_AT_LEAST;
	ret = probe_new(&engine->roster.probe, &probe_options, err);
	if (ret)
		return ret;
	orphans = probe_orphans_removed(engine->roster.probe);
	if (orphans)
		log_info("removed %u filters that an ifpulse killed earlier had left", orphans);
	if (probe_orphans_elsewhere(engine->roster.probe) && !options->netns.n)
		log_info("filters that an ifpulse killed earlier had left are in other network "
			 "namespaces; 'ifpulse doctor --netns all' removes them");
	engine->roster.state.started_realtime_ns = clock_wall_ns();
	return 0;
}

/* The first is that in which the first interface came: before it there is nothing to tell. */
static void begin_windows(struct engine *engine)
{
	const struct members *members = &engine->roster.members;
	uint64_t from_ns = clock_monotonic_ns();
	size_t i;

	for (i = 0; i < members->n; i++)
		if (members->items[i].from_ns < from_ns)
			from_ns = members->items[i].from_ns;
	engine->windows_until_ns = window_align_down(from_ns, engine->options->window_ns,
						     probe_wall_offset_ns(engine->roster.probe));
}

static int attach_sites(struct engine *engine, size_t selected, struct error *err)
{
	size_t i, n;
	struct site *const *sites = sites_all(engine->roster.sites, &n);
	int ret = 0;

	for (i = 0; !ret && i < n; i++) {
		struct site *site = sites[i];

		if (!site_enter(site))
			continue; /* about to go */
		if (site->ns)
			remove_orphans(engine, site);
		ret = attach_site(engine, site, selected > PROBE_CROWD, err);
		site_leave(site);
	}
	return ret;
}

static int set_up(struct engine *engine, struct error *err)
{
	const struct sites_listener listener = {
		.came = site_came,
		.changed = link_changed,
		.resynced = links_resynced,
		.renamed = site_renamed,
		.leaving = site_leaving,
		.context = engine,
	};
	struct roster *roster = &engine->roster;
	size_t selected;
	int ret;

	ret = sites_new(&roster->sites, &engine->options->netns, &listener, err);
	if (!ret)
		ret = selected_check(engine->options, roster->identity, roster->sites, err);
	if (ret)
		return ret;
	selected = count_selected(engine);
	ret = load_probe(engine, selected, err);
	if (!ret)
		ret = follow_filters(engine, err);
	if (!ret)
		ret = attach_sites(engine, selected, err);
	if (ret)
		return ret;
	if (engine->options->window_ns)
		begin_windows(engine);
	if (roster->missed.n && !roster->n) {
		*err = roster->refusal;
		return err->code;
	}
	roster->stack_changed = true;
	engine->last = roster_read_clocks();
	roster_publish(roster);
	if (!roster->n)
		log_info("no interface matches yet; waiting for one");
	ret = sites_follow(roster->sites, engine->loop, err);
	if (!ret && roster->identity)
		ret = loop_add_timer(engine->loop, IDENTITY_PERIOD_NS, reconsider, engine, err);
	if (!ret && engine->options->window_ns)
		ret = loop_add_timer(engine->loop, 0, drain, engine, err);
	if (!ret)
		ret = confine_probing(engine->options, err);
	roster_name_containers(roster, clock_monotonic_ns());
	return ret;
}

int engine_new(struct engine **out, struct loop *loop, struct identity *identity,
	       const struct options *options, struct error *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int ret;

	if (!engine)
		return error_errno(err, -ENOMEM, "cannot start");
	engine->options = options;
	engine->roster.options = options;
	engine->roster.identity = identity;
	engine->loop = loop;
	ret = set_up(engine, err);
	if (ret) {
		engine_free(engine);
		return ret;
	}
	*out = engine;
	return 0;
}

static void detach_all(struct engine *engine)
{
	size_t n;
	struct site *const *sites = sites_all(engine->roster.sites, &n);

	while (n > 0)
		roster_detach_site(&engine->roster, sites[--n]);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	/* Filters in other namespaces are taken off from within these. */
	if (engine->roster.probe)
		detach_all(engine);
	probe_free(engine->roster.probe);
	filter_events_free(engine->filter_events);
	sites_free(engine->roster.sites);
	roster_release(&engine->roster);
	free(engine->rates);
	free(engine);
}

static int compare_rates(const void *a, const void *b)
{
	const struct rate *x = a, *y = b;
	int order = strcmp(x->netns, y->netns);

	if (order)
		return order;
	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return x->start_wall_ns < y->start_wall_ns ? -1 : x->start_wall_ns > y->start_wall_ns;
}

int engine_read(struct engine *engine, struct rate **rates, size_t *n, uint64_t *at_ns,
		struct error *err)
{
	struct rate_reading now = roster_read_clocks();
	size_t i, got = 0, most;
	int ret;

	if (!engine->options->reads_rates)
		return error_set(err, -EINVAL, "rates are read that were not asked for");
	roster_check_hidden(&engine->roster, now.monotonic_ns);
	roster_attach_missed(&engine->roster);
	ret = probe_read(engine->roster.probe, err);
	if (ret)
		return ret;
	roster_name_containers(&engine->roster, now.monotonic_ns);
	most = engine->roster.n + engine->roster.n_finished + 1;
	if (array_reserve(&engine->rates, &engine->rates_capacity, most, sizeof(*engine->rates)))
		return error_errno(err, -ENOMEM, "cannot keep the rates of %zu interfaces", most);
	if (engine->options->total)
		in_total_refresh(&engine->roster);
	for (i = 0; i < engine->roster.n_finished; i++)
		engine->rates[got++] = engine->roster.finished[i];
	engine->roster.n_finished = 0;
	for (i = 0; i < engine->roster.n; i++) {
		struct interface *interface = &engine->roster.interfaces[i];
		struct rate *rate = &engine->rates[got++];

		now.counters = *probe_counters(engine->roster.probe, interface->slot);
		roster_name_rate(&engine->roster, rate, interface);
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
	engine->roster.is_finishing = true;
	roster_name_containers(&engine->roster, clock_monotonic_ns());
	detach_all(engine);
}

/* What the windows have lost, as soon as that is more. */
static void publish_losses(struct engine *engine)
{
	struct windows_losses losses = windows_losses(probe_windows(engine->roster.probe));
	struct instance_state *state = &engine->roster.state;

	if (losses.overrun_records == state->overrun_windows &&
	    losses.late_packets == state->late_packets)
		return;
	state->overrun_windows = losses.overrun_records;
	state->late_packets = losses.late_packets;
	roster_publish(&engine->roster);
}

int engine_take_windows(struct engine *engine, uint64_t until_ns, struct series_span *span,
			struct error *err)
{
	uint64_t width_ns = engine->options->window_ns, from_ns = engine->windows_until_ns;
	const struct windows *windows = probe_windows(engine->roster.probe);
	const struct flows *flows = probe_flows(engine->roster.probe);
	const struct retransmits *retransmits = probe_retransmits(engine->roster.probe);
	uint32_t slot;
	int ret;

	while (members_take_gone(&engine->roster.members, engine->windows_until_ns, &slot))
		roster_release_slot(&engine->roster, slot);
	roster_check_hidden(&engine->roster, clock_monotonic_ns());
	roster_attach_missed(&engine->roster);
	until_ns =
		window_align_down(until_ns, width_ns, probe_wall_offset_ns(engine->roster.probe));
	if (until_ns < from_ns)
		until_ns = from_ns;
	ret = probe_take_windows(engine->roster.probe, until_ns, err);
	if (!ret)
		ret = follow_drain_period(engine, err);
	if (ret)
		return ret;
	engine->windows_until_ns = until_ns;
	publish_losses(engine);
	roster_name_containers(&engine->roster, clock_monotonic_ns());
	*span = (struct series_span){.from_ns = from_ns,
				     .until_ns = until_ns,
				     .width_ns = width_ns,
				     .members = engine->roster.members.items,
				     .n_members = engine->roster.members.n};
	span->members_version = engine->roster.members.version;
	span->windows = windows_taken(windows, &span->n_windows);
	span->drops = windows_drops(windows, &span->n_drops);
	span->gaps = windows_gaps(windows, &span->n_gaps);
	if (flows)
		span->flows = flows_taken(flows, &span->n_flows);
	if (retransmits) {
		span->retransmits = retransmits_taken(retransmits, &span->n_retransmits);
		span->retransmit_gap = retransmits_gap(retransmits);
	}
	return 0;
}

void engine_set_hot(struct engine *engine, uint32_t slot, enum direction direction, uint64_t bytes)
{
	probe_set_hot(engine->roster.probe, slot, direction, bytes);
}

bool engine_sees_generic_xdp(const struct engine *engine)
{
	return probe_sees_generic_xdp(engine->roster.probe);
}

int engine_read_waypoints(struct engine *engine, uint32_t slot, struct waypoint_counts *counts,
			  struct error *err)
{
	return probe_read_waypoints(engine->roster.probe, slot, counts, err);
}

int engine_read_drops(struct engine *engine, struct drop_sum **sums, size_t *n, struct error *err)
{
	int ret;

	roster_attach_missed(&engine->roster);
	ret = probe_read_drops(engine->roster.probe, sums, n, err);
	if (!ret)
		roster_name_containers(&engine->roster, clock_monotonic_ns());
	return ret;
}

const struct interface *engine_interfaces(const struct engine *engine, size_t *n)
{
	*n = engine->roster.n;
	return engine->roster.interfaces;
}

const struct interface *engine_interface(const struct engine *engine, uint32_t slot)
{
	size_t i;

	for (i = 0; i < engine->roster.n; i++)
		if (engine->roster.interfaces[i].slot == slot)
			return &engine->roster.interfaces[i];
	return NULL;
}

const char *engine_container(const struct engine *engine, uint32_t slot)
{
	return roster_container(&engine->roster, slot);
}

void engine_on_leaving(struct engine *engine, engine_leaving_fn fn, void *context)
{
	engine->roster.leaving = fn;
	engine->roster.leaving_context = context;
}

bool engine_has_windows(const struct engine *engine, const char *netns, uint32_t ifindex)
{
	const struct members *members = &engine->roster.members;
	size_t i;

	for (i = 0; i < members->n; i++)
		if (members->items[i].ifindex == ifindex && !strcmp(members->items[i].netns, netns))
			return true;
	return false;
}

uint64_t engine_windows_until_ns(const struct engine *engine)
{
	return engine->windows_until_ns;
}

int engine_refresh_stats(struct engine *engine, struct error *err)
{
	return sites_refresh_stats(engine->roster.sites, err);
}

void engine_on_change(struct engine *engine, engine_change_fn fn, void *context)
{
	engine->changed = fn;
	engine->change_context = context;
}

uint64_t engine_take_period_ns(const struct engine *engine)
{
	return probe_take_period_ns(engine->roster.probe);
}

uint64_t engine_wall_offset_ns(const struct engine *engine)
{
	return probe_wall_offset_ns(engine->roster.probe);
}

int engine_start_failed(const struct error *err)
{
	if (err->code == -EINTR) {
		log_info("%s", err->what);
		return EXIT_DONE;
	}
	log_error(err);
	return EXIT_CANNOT;
}

int engine_exit_status(const struct engine *engine)
{
	struct error err = {0};

	if (engine->roster.was_attached)
		return EXIT_DONE;
	error_set(&err, -ENODEV, "no interface matched that could be probed");
	error_hint(&err, "'ifpulse list' shows those there are");
	log_error(&err);
	return EXIT_CANNOT;
}

const struct link *engine_link(const struct engine *engine, const char *netns, uint32_t ifindex)
{
	const struct site *site = sites_named(engine->roster.sites, netns);

	return site ? links_get(site->links, ifindex) : NULL;
}

struct sites *engine_sites(const struct engine *engine)
{
	return engine->roster.sites;
}

size_t engine_unattached(const struct engine *engine)
{
	return engine->roster.missed.n;
}

void engine_log_losses(const struct engine *engine)
{
	losses_log(&engine->roster);
}
