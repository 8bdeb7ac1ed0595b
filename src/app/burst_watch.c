// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/burst_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/burst_judge.h"
#include "base/array.h"
#include "base/log.h"
#include "base/units.h"

/*
 * Hot, so that the flows of what follows are told, is what reaches this part of the mark: the traffic of
 * several CPUs may reach it only together, and what comes before it is not told.
 */
#define HOT_PART 8

/* One interface and direction, for as long as it is probed. */
struct subject {
	struct burst_watch *watch;
	uint32_t slot;
	uint64_t from_ns, to_ns;
	char ifname[IF_NAMESIZE];
	char netns[NETNS_NAME_SIZE];
	struct burst_place place;
	struct burst_detector *detector;
	struct burst_stats stats;
	/* Of the burst that goes on, and of the windows behind it that are part of it only if it does. */
	struct flow_table flows, flows_since;
	uint64_t hot_bytes; /* as was last said */
};

struct burst_watch {
	struct burst_watch_setup setup;
	struct subject **subjects; /* owned; with keeps_gone also of interfaces that have gone */
	size_t n, capacity;
	struct subject **current; /* those that are probed now, by slot and direction */
	size_t current_capacity;
	uint64_t until_ns; /* windows have been taken up to here */
};

int burst_watch_new(struct burst_watch **out, const struct burst_watch_setup *setup)
{
	struct burst_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->setup = *setup;
	*out = watch;
	return 0;
}

static void clear_flows(struct subject *subject)
{
	flow_table_clear(&subject->flows);
	flow_table_clear(&subject->flows_since);
}

static void free_subject(struct subject *subject)
{
	burst_detector_free(subject->detector);
	burst_stats_release(&subject->stats);
	clear_flows(subject);
	free(subject);
}

void burst_watch_free(struct burst_watch *watch)
{
	size_t i;

	if (!watch)
		return;
	for (i = 0; i < watch->n; i++)
		free_subject(watch->subjects[i]);
	free(watch->subjects);
	free(watch->current);
	free(watch);
}

static void tell(void *context, const struct burst *burst)
{
	struct subject *subject = context;
	const struct burst_watch_setup *setup = &subject->watch->setup;
	struct burst_flows flows = {
		.top = flow_table_sort(&subject->flows),
		.n_top = subject->flows.n,
		.total = subject->flows.n,
		.is_exact = !subject->flows.other_records,
		.unattributed_bytes = burst->traffic.wire_bytes - subject->flows.wire_bytes,
	};

	if (flows.n_top > setup->options->flows)
		flows.n_top = setup->options->flows;
	if (setup->set_hot)
		subject->place.flows = &flows;
	if (setup->container_of)
		subject->place.container = setup->container_of(setup->context, &subject->place);
	if (burst_stats_add_burst(&subject->stats, burst))
		log_warning("%s: a burst is missing in the summary: no memory", subject->ifname);
	setup->found(setup->found_context, &subject->place, burst);
	subject->place.flows = NULL;
	subject->place.container = NULL;
	clear_flows(subject);
}

static struct subject *add_subject(struct burst_watch *watch, const struct series_member *member,
				   enum direction direction)
{
	const struct link *link = watch->setup.link_of(watch->setup.context, member);
	size_t at = (size_t)member->slot * N_DIRECTIONS + direction;
	struct subject *subject = calloc(1, sizeof(*subject));
	struct burst_config config;

	if (!subject ||
	    array_reserve(&watch->subjects, &watch->capacity, watch->n + 1,
			  sizeof(*watch->subjects)) ||
	    array_reserve(&watch->current, &watch->current_capacity, at + 1,
			  sizeof(*watch->current)))
		goto out;
	*subject = (struct subject){
		.watch = watch,
		.slot = member->slot,
		.from_ns = member->from_ns,
		.to_ns = SERIES_STAYS,
		.place = {.ifindex = member->ifindex,
			  .slot = member->slot,
			  .direction = direction,
			  .width_ns = watch->setup.width_ns,
			  .wall_offset_ns = watch->setup.wall_offset_ns,
			  .reason_name = watch->setup.reason_name,
			  .reason_context = watch->setup.reason_context},
	};
	memcpy(subject->ifname, member->ifname, sizeof(subject->ifname));
	subject->place.ifname = subject->ifname;
	memcpy(subject->netns, member->netns, sizeof(subject->netns));
	subject->place.netns = subject->netns;
	if (burst_judge(watch->setup.options, watch->setup.width_ns, link, &subject->place,
			&config) &&
	    direction == DIRECTION_INGRESS)
		log_warning("%s: its speed is not known, so there is no share of it; judged by its "
			    "baseline (give --speed, or a --threshold as a rate)",
			    subject->ifname);
	if (!burst_detector_new(&subject->detector, &config, member->from_ns, tell, subject)) {
		watch->subjects[watch->n++] = subject;
		watch->current[at] = subject;
		return subject;
	}
out:
	log_warning("%s: no memory to look for bursts", member->ifname);
	free(subject);
	return NULL;
}

static struct subject *subject_of(const struct burst_watch *watch, uint32_t slot,
				  uint32_t direction)
{
	size_t at = (size_t)slot * N_DIRECTIONS + direction;

	return at < watch->current_capacity ? watch->current[at] : NULL;
}

/* Whoever is there and has none yet; and names follow. */
static void follow_members(struct burst_watch *watch, const struct series_span *span)
{
	size_t i;
	int d;

	for (i = 0; i < span->n_members; i++) {
		for (d = 0; d < N_DIRECTIONS; d++) {
			struct subject *subject = subject_of(watch, span->members[i].slot, d);

			if (!subject)
				subject = add_subject(watch, &span->members[i], d);
			if (!subject)
				continue;
			memcpy(subject->ifname, span->members[i].ifname, sizeof(subject->ifname));
			memcpy(subject->netns, span->members[i].netns, sizeof(subject->netns));
		}
	}
}

static void take_gap(struct burst_watch *watch, const struct window_gap *gap)
{
	size_t i;

	for (i = 0; i < watch->n; i++)
		if (watch->subjects[i]->to_ns == SERIES_STAYS)
			burst_detector_add_gap(watch->subjects[i]->detector, gap->from_ns,
					       gap->to_ns);
}

/* Whether what has this start, slot and direction lies before a window, -1, in it, 0, or behind it, 1. */
static int compare_place(uint64_t start_ns, uint32_t slot, uint32_t direction,
			 const struct window *window)
{
	if (start_ns != window->start_ns)
		return start_ns < window->start_ns ? -1 : 1;
	if (slot != window->slot)
		return slot < window->slot ? -1 : 1;
	return (int)direction - (int)window->direction;
}

static int compare_drop(const struct window_drop *drop, const struct window *window)
{
	return compare_place(drop->start_ns, drop->slot, drop->direction, window);
}

static int compare_flow(const struct window_flow *flow, const struct window *window)
{
	return compare_place(flow->start_ns, flow->slot, flow->direction, window);
}

/* The reasons of a window's drops; windows come in the drops' order, `at` is how far they have come. */
static struct drop_tally reasons_of(const struct series_span *span, const struct window *window,
				    size_t *at)
{
	struct drop_tally tally = {0};

	while (*at < span->n_drops && compare_drop(&span->drops[*at], window) < 0)
		++*at;
	for (; *at < span->n_drops && !compare_drop(&span->drops[*at], window); ++*at)
		drop_tally_add(&tally, span->drops[*at].reason, span->drops[*at].packets);
	return tally;
}

/*
 * Adds up the window's flows in order, `at` is how far they have come. A packet that came too late to be counted
 * in the window as it was delivered is not attributed either: never more than the window has.
 */
static void take_flows(struct subject *subject, const struct series_span *span,
		       const struct window *window, enum burst_part part, size_t *at)
{
	struct flow_table *into =
		part == BURST_PART_WAITS ? &subject->flows_since : &subject->flows;
	uint64_t left = window->traffic.wire_bytes;

	if (part == BURST_PART_NONE || part == BURST_PART_BEGINS)
		clear_flows(subject);
	if (part == BURST_PART_GOES_ON && subject->flows_since.wire_bytes) {
		flow_table_join(&subject->flows, &subject->flows_since);
		flow_table_clear(&subject->flows_since);
	}
	while (*at < span->n_flows && compare_flow(&span->flows[*at], window) < 0)
		++*at;
	for (; *at < span->n_flows && !compare_flow(&span->flows[*at], window); ++*at) {
		const struct window_flow *flow = &span->flows[*at];

		if (part == BURST_PART_NONE || flow->wire_bytes > left)
			continue;
		left -= flow->wire_bytes;
		flow_table_add(into, &flow->key, flow->wire_bytes, flow->wire_packets);
	}
}

/* How far the drops and flows of a span have been taken. */
struct progress {
	size_t drops, flows;
};

static void take_window(struct burst_watch *watch, const struct series_span *span,
			const struct window *window, struct progress *progress)
{
	enum burst_part part;
	struct drop_tally reasons = {0};
	struct subject *subject = subject_of(watch, window->slot, window->direction);

	if (!subject ||
	    window_is_in_gap(window->start_ns, span->width_ns, span->gaps, span->n_gaps))
		return;
	if (window->drops)
		reasons = reasons_of(span, window, &progress->drops);
	burst_stats_add_window(&subject->stats, &window->traffic);
	part = burst_detector_add(subject->detector, window->start_ns, &window->traffic,
				  window->drops, &reasons);
	if (watch->setup.set_hot)
		take_flows(subject, span, window, part, &progress->flows);
}

/* Windows and gaps in order of time. */
static void take_windows(struct burst_watch *watch, const struct series_span *span)
{
	struct progress progress = {0};
	size_t i, at = 0;

	for (i = 0; i < span->n_gaps; i++) {
		while (at < span->n_windows &&
		       span->windows[at].start_ns + span->width_ns <= span->gaps[i].from_ns)
			take_window(watch, span, &span->windows[at++], &progress);
		take_gap(watch, &span->gaps[i]);
	}
	while (at < span->n_windows)
		take_window(watch, span, &span->windows[at++], &progress);
	for (i = 0; i < watch->n; i++)
		if (watch->subjects[i]->to_ns == SERIES_STAYS)
			burst_detector_advance(watch->subjects[i]->detector, span->until_ns);
}

/* Interfaces that have gone, all their windows taken: what was going on went with them. */
static void end_gone(struct burst_watch *watch, const struct series_span *span)
{
	size_t i;
	int d;

	for (i = 0; i < span->n_members; i++) {
		if (span->members[i].to_ns >= span->until_ns)
			continue;
		for (d = 0; d < N_DIRECTIONS; d++) {
			struct subject *subject = subject_of(watch, span->members[i].slot, d);

			if (!subject)
				continue;
			burst_detector_finish(subject->detector);
			burst_detector_free(subject->detector);
			subject->detector = NULL;
			subject->to_ns = span->members[i].to_ns;
			watch->current[(size_t)subject->slot * N_DIRECTIONS + (size_t)d] = NULL;
		}
	}
}

/* A recorder that runs for ever sees more interfaces than it has memory for. */
static void forget_gone(struct burst_watch *watch)
{
	size_t i, kept = 0;

	for (i = 0; i < watch->n; i++) {
		if (watch->subjects[i]->to_ns == SERIES_STAYS)
			watch->subjects[kept++] = watch->subjects[i];
		else
			free_subject(watch->subjects[i]);
	}
	watch->n = kept;
}

static void follow_marks(struct burst_watch *watch)
{
	const struct burst_watch_setup *setup = &watch->setup;
	size_t i;

	for (i = 0; setup->set_hot && i < watch->n; i++) {
		struct subject *subject = watch->subjects[i];
		uint64_t mark_bps, hot_bytes = 0;

		if (subject->to_ns != SERIES_STAYS)
			continue;
		mark_bps = burst_detector_keep_bps(subject->detector);
		if (mark_bps != UINT64_MAX)
			hot_bytes = 1 + (uint64_t)((unsigned __int128)mark_bps * setup->width_ns /
						   (8 * HOT_PART * NSEC_PER_SEC));
		if (hot_bytes == subject->hot_bytes)
			continue;
		setup->set_hot(setup->context, subject->slot, subject->place.direction, hot_bytes);
		subject->hot_bytes = hot_bytes;
	}
}

void burst_watch_take(struct burst_watch *watch, const struct series_span *span)
{
	follow_members(watch, span);
	take_windows(watch, span);
	end_gone(watch, span);
	if (!watch->setup.keeps_gone)
		forget_gone(watch);
	follow_marks(watch);
	watch->until_ns = span->until_ns;
}

void burst_watch_finish(struct burst_watch *watch)
{
	size_t i;

	for (i = 0; i < watch->n; i++)
		if (watch->subjects[i]->to_ns == SERIES_STAYS)
			burst_detector_finish(watch->subjects[i]->detector);
}

void burst_watch_summarise(struct burst_watch *watch, burst_watch_summary_fn fn, void *context)
{
	size_t i;

	for (i = 0; i < watch->n; i++) {
		struct subject *subject = watch->subjects[i];
		uint64_t to_ns = subject->to_ns == SERIES_STAYS ? watch->until_ns : subject->to_ns;
		struct burst_summary summary = burst_stats_summarise(
			&subject->stats, to_ns - subject->from_ns, watch->setup.width_ns);

		fn(context, &subject->place, &summary);
	}
}
