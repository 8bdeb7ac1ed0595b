// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/compare_tracks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/compare_drops.h"
#include "app/compare_ports.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/backlog.h"
#include "kernel/drop_reasons.h"
#include "kernel/fdb.h"
#include "model/proc_net_dev.h"

/*
 * From hook to driver, and back: a poll of NAPI, a backlog's turn on a busy CPU, a queue of the driver's. What
 * takes longer, as behind a slow queueing discipline, shows as a difference while traffic passes.
 */
#define UNDER_WAY_NS (10 * NSEC_PER_MSEC)
#define SAVED_MAX (16 << 20) /* bytes of a saved /proc/net/dev: 100,000 lines */

struct compare_tracks {
	struct engine *engine;
	struct drop_reasons *reasons;
	struct proc_net_dev_row *saved;
	size_t n_saved;
	bool has_begun; /* there was a sample */
	struct compare_track *items;
	size_t n, capacity;
};

/* --- what happens meanwhile --- */

static void leaving(void *context, const struct interface *interface)
{
	struct compare_tracks *tracks = context;
	size_t i;

	for (i = 0; i < tracks->n; i++)
		if (tracks->items[i].is_there && tracks->items[i].slot == interface->slot)
			tracks->items[i].is_there = false;
}

static struct compare_track *find(struct compare_tracks *tracks, uint64_t site, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < tracks->n; i++)
		if (tracks->items[i].is_there && tracks->items[i].ifindex == ifindex &&
		    tracks->items[i].site == site)
			return &tracks->items[i];
	return NULL;
}

/* An XDP program that came and went between two samples was there all the same. */
static void changed(void *context, const struct site *site, const struct link *before,
		    const struct link *after)
{
	const struct link *link = after ? after : before;
	struct compare_track *track = find(context, site->netns, link->ifindex);
	bool had = before && before->xdp_prog_id, has = after && after->xdp_prog_id;

	if (track && (had || has))
		track->facts.has_xdp = true;
}

static int read_saved(struct compare_tracks *tracks, const char *path, struct error *err)
{
	char *text;
	size_t size;
	int ret = file_read(path, SAVED_MAX, &text, &size);

	if (ret == -EINVAL)
		error_set(err, ret, "cannot read %s: it is no regular file", path);
	else if (ret)
		error_errno(err, ret, "cannot read %s", path);
	if (ret) {
		error_hint(err, "give a file that was saved with: cat /proc/net/dev >FILE");
		return ret;
	}
	ret = proc_net_dev_parse(path, text, &tracks->saved, &tracks->n_saved, err);
	free(text);
	return ret;
}

int compare_tracks_new(struct compare_tracks **out, struct engine *engine, const char *proc,
		       struct error *err)
{
	struct compare_tracks *tracks = calloc(1, sizeof(*tracks));
	int ret;

	if (!tracks)
		return error_errno(err, -ENOMEM, "cannot compare");
	tracks->engine = engine;
	ret = drop_reasons_new(&tracks->reasons, NULL, err);
	if (!ret && proc)
		ret = read_saved(tracks, proc, err);
	if (ret) {
		drop_reasons_free(tracks->reasons);
		free(tracks);
		return ret;
	}
	engine_on_leaving(engine, leaving, tracks);
	engine_on_change(engine, changed, tracks);
	*out = tracks;
	return 0;
}

void compare_tracks_free(struct compare_tracks *tracks)
{
	if (!tracks)
		return;
	engine_on_leaving(tracks->engine, NULL, NULL);
	engine_on_change(tracks->engine, NULL, NULL);
	drop_reasons_free(tracks->reasons);
	free(tracks->saved);
	free(tracks->items);
	free(tracks);
}

/* --- a sample --- */

/* Names in the file are of our own namespace, and of what was there before the run. */
static void take_saved(const struct compare_tracks *tracks, struct compare_track *track)
{
	const struct proc_net_dev_row *row =
		track->netns[0] || tracks->has_begun
			? NULL
			: proc_net_dev_find(tracks->saved, tracks->n_saved, track->ifname);

	if (!row)
		return;
	track->facts.has_saved = true;
	track->facts.saved = row->stats;
}

static int add_track(struct compare_tracks *tracks, const struct interface *interface)
{
	const struct link *link = links_get(interface->site->links, interface->ifindex);
	struct compare_track *track;

	if (!link)
		return 0; /* its removal is on the way */
	if (array_reserve(&tracks->items, &tracks->capacity, tracks->n + 1, sizeof(*track)))
		return -ENOMEM;
	track = &tracks->items[tracks->n++];
	*track = (struct compare_track){
		.site = interface->site->netns,
		.ifindex = interface->ifindex,
		.slot = interface->slot,
		.is_there = true,
	};
	memcpy(track->netns, interface->site->name, sizeof(track->netns));
	memcpy(track->ifname, interface->ifname, sizeof(track->ifname));
	take_saved(tracks, track);
	track->facts.sees_generic_xdp = engine_sees_generic_xdp(tracks->engine);
	track->master = link->master;
	compare_start(&track->run, link->kind, link->flags & IFF_LOOPBACK);
	return 0;
}

static int add_new(struct compare_tracks *tracks, struct error *err)
{
	const struct interface *interfaces;
	size_t i, n;

	interfaces = engine_interfaces(tracks->engine, &n);
	for (i = 0; i < n; i++)
		if (!find(tracks, interfaces[i].site->netns, interfaces[i].ifindex) &&
		    add_track(tracks, &interfaces[i]))
			return error_errno(err, -ENOMEM, "cannot keep track of %zu interfaces", n);
	for (i = 0; i < tracks->n; i++)
		tracks->items[i].stage = 0;
	return 0;
}

/* Drops and waypoints, those of `early` of every track or of `late`. */
static int read_evidence(struct compare_tracks *tracks, bool is_late, struct error *err)
{
	struct drop_sum *sums;
	size_t i, n;
	int ret = engine_read_drops(tracks->engine, &sums, &n, err);

	for (i = 0; !ret && i < tracks->n; i++) {
		struct compare_track *track = &tracks->items[i];
		struct compare_sample *sample = &track->sample;

		if (!track->is_there)
			continue;
		compare_drops_sum(tracks->reasons, track->slot, sums, n,
				  is_late ? &sample->drops_late : &sample->drops_early,
				  is_late ? &sample->filtered_late : &sample->filtered_early);
		ret = engine_read_waypoints(tracks->engine, track->slot,
					    is_late ? &track->sample.waypoints_late
						    : &track->sample.waypoints_early,
					    err);
	}
	if (!ret)
		compare_ports_add_drops(tracks->items, tracks->n, tracks->reasons, sums, n,
					is_late);
	return ret;
}

/* Reading number `stage` of the probe: a track that has not all of them has no sample. */
static int read_probe(struct compare_tracks *tracks, unsigned int stage, struct error *err)
{
	const struct interface *interfaces;
	struct rate *rates;
	uint64_t at_ns;
	size_t i, n;
	int ret = engine_read(tracks->engine, &rates, &n, &at_ns, err);

	if (ret)
		return ret;
	interfaces = engine_interfaces(tracks->engine, &n);
	for (i = 0; i < n; i++) {
		struct compare_track *track =
			find(tracks, interfaces[i].site->netns, interfaces[i].ifindex);
		struct interface_counters *const places[] = {
			track ? &track->sample.early : NULL,
			track ? &track->sample.before : NULL,
			track ? &track->sample.after : NULL,
			track ? &track->sample.late : NULL,
		};

		if (!track || track->stage != stage || track->slot != interfaces[i].slot)
			continue;
		*places[stage] = interfaces[i].last.counters;
		track->in_total = interfaces[i].in_total;
		track->stage++;
	}
	return 0;
}

static void take_link(struct compare_tracks *tracks, const struct site *site,
		      const struct link *link)
{
	struct compare_track *track = find(tracks, site->netns, link->ifindex);

	if (track) {
		track->sample.kernel = link->stats;
		track->facts.txqlen = link->txqlen;
		track->master = link->master;
		track->facts.answers_neighbours |= link->answers_neighbours;
		track->sample.at_ns = clock_monotonic_ns();
		if (link->xdp_prog_id)
			track->facts.has_xdp = true;
	}
}

static int read_kernel(struct compare_tracks *tracks, struct error *err)
{
	struct site *const *sites;
	size_t i, n;
	int ret = engine_refresh_stats(tracks->engine, err);

	if (ret)
		return ret;
	sites = sites_all(engine_sites(tracks->engine), &n);
	for (i = 0; i < n; i++)
		links_for_each (link, sites[i]->links)
			take_link(tracks, sites[i], link);
	return 0;
}

static void take_backlog(struct compare_tracks *tracks, const struct site *site,
			 const struct backlog *backlog)
{
	struct compare_track *track = find(tracks, site->netns, backlog->ifindex);

	if (!track)
		return;
	track->sample.queued[COMPARE_PACKETS] = backlog->packets;
	track->sample.queued[COMPARE_BYTES] = backlog->bytes;
}

static int read_backlogs(struct compare_tracks *tracks, struct error *err)
{
	size_t i, k, n, n_rows;
	struct site *const *sites = sites_all(engine_sites(tracks->engine), &n);
	struct backlog *rows;
	int ret = 0;

	for (i = 0; i < tracks->n; i++)
		memset(tracks->items[i].sample.queued, 0, sizeof(tracks->items[i].sample.queued));
	for (i = 0; !ret && i < n; i++) {
		if (!site_enter(sites[i]))
			continue; /* about to go */
		ret = backlog_read(&rows, &n_rows, err);
		site_leave(sites[i]);
		if (ret)
			break;
		for (k = 0; k < n_rows; k++)
			take_backlog(tracks, sites[i], &rows[k]);
		free(rows);
	}
	return ret;
}

/* Without them there is an explanation less, and no more. */
static void ask_remotes(struct compare_track *track, struct site *site)
{
	struct error err = {0};
	uint32_t remotes = 0;

	if (!site_enter(site))
		return;
	if (fdb_remotes(track->ifindex, &remotes, &err))
		log_debug("not known how many remotes %s has: %s", track->ifname, err.what);
	site_leave(site);
	if (remotes > track->facts.remotes)
		track->facts.remotes = remotes;
}

/* How many remotes a packet goes to may change: it is the most that there were at any sample. */
static void read_remotes(struct compare_tracks *tracks)
{
	struct site *const *sites;
	size_t i, k, n;

	sites = sites_all(engine_sites(tracks->engine), &n);
	for (i = 0; i < n; i++)
		for (k = 0; k < tracks->n; k++)
			if (tracks->items[k].is_there && tracks->items[k].site == sites[i]->netns &&
			    !strcmp(tracks->items[k].run.kind, "vxlan"))
				ask_remotes(&tracks->items[k], sites[i]);
}

static void let_pass(void)
{
	const struct timespec time = {.tv_nsec = UNDER_WAY_NS};

	nanosleep(&time, NULL);
}

static void begin(struct compare_tracks *tracks)
{
	bool has_any = !tracks->n_saved;
	size_t i;

	for (i = 0; i < tracks->n; i++)
		has_any |= tracks->items[i].facts.has_saved;
	if (!has_any)
		log_warning("none of the interfaces compared is in the saved /proc/net/dev");
	tracks->has_begun = true;
}

int compare_tracks_sample(struct compare_tracks *tracks, struct error *err)
{
	size_t i;
	int ret = add_new(tracks, err);

	read_remotes(tracks);
	if (!ret)
		ret = read_evidence(tracks, false, err);
	if (!ret)
		ret = read_probe(tracks, 0, err);
	compare_ports_add_counts(tracks->items, tracks->n, false);
	let_pass();
	if (!ret)
		ret = read_backlogs(tracks, err);
	if (!ret)
		ret = read_probe(tracks, 1, err);
	if (!ret)
		ret = read_kernel(tracks, err);
	if (!ret)
		ret = read_probe(tracks, 2, err);
	let_pass();
	if (!ret)
		ret = read_probe(tracks, 3, err);
	compare_ports_add_counts(tracks->items, tracks->n, true);
	if (!ret)
		ret = read_evidence(tracks, true, err);
	for (i = 0; !ret && i < tracks->n; i++)
		if (tracks->items[i].is_there && tracks->items[i].stage == 4)
			compare_add(&tracks->items[i].run, &tracks->items[i].sample);
	if (!ret && !tracks->has_begun)
		begin(tracks);
	return ret;
}

static int compare_items(const void *a, const void *b)
{
	const struct compare_track *x = a, *y = b;
	int order = strcmp(x->netns, y->netns);

	if (order)
		return order;
	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return x->run.last.at_ns < y->run.last.at_ns ? -1 : x->run.last.at_ns > y->run.last.at_ns;
}

const struct compare_track *compare_tracks_all(struct compare_tracks *tracks, size_t *n)
{
	if (tracks->n)
		qsort(tracks->items, tracks->n, sizeof(*tracks->items), compare_items);
	*n = tracks->n;
	return tracks->items;
}
