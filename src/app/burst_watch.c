// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/burst_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/burst_judge.h"
#include "base/array.h"
#include "base/log.h"
#include "base/units.h"
#include "model/flow_gather.h"
#include "out/place_name.h"

/*
 * Hot, so that the flows of what follows are told, is what reaches this part of the mark: the traffic of
 * several CPUs may reach it only together, and what comes before it is not told.
 */
#define HOT_PART 8

/* One interface and direction, for as long as it is probed. */
struct subject {
	/* First, and side by side, what each window takes: with a thousand interfaces none of it is in a near cache. */
	struct burst_stats stats;
	uint64_t cold_bytes; /* burst_detector_cold_bytes() */
	struct burst_detector *detector;
	struct burst_watch *watch;
	uint32_t slot;
	uint64_t from_ns, to_ns;
	char ifname[IF_NAMESIZE];
	char netns[NETNS_NAME_SIZE];
	struct burst_place place;
	struct flow_gather flows;
	uint64_t hot_bytes; /* as was last said */
};

struct burst_watch {
	struct burst_watch_setup setup;
	struct subject **subjects; /* owned; with keeps_gone also of interfaces that have gone */
	size_t n, capacity;
	size_t forgotten;         /* that have gone, had bursts, and were too many to keep */
	struct subject **current; /* those that are probed now, by slot and direction */
	size_t current_capacity;
	uint64_t until_ns; /* windows have been taken up to here */
	struct retransmit_history retransmits;
	uint64_t members_version; /* of the last span */
	bool is_leaving;          /* one of its members has gone, and is to be ended yet */
	bool has_gone;            /* somebody was ended, to be forgotten or kept for the summary */
	bool is_settled;          /* no burst is going on anywhere */
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

static void free_subject(struct subject *subject)
{
	burst_detector_free(subject->detector);
	burst_stats_release(&subject->stats);
	flow_gather_clear(&subject->flows);
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
	retransmit_history_clear(&watch->retransmits);
	free(watch);
}

static void tell(void *context, const struct burst *burst)
{
	struct subject *subject = context;
	const struct burst_watch_setup *setup = &subject->watch->setup;
	struct burst_flows flows =
		flow_gather_tell(&subject->flows, burst, &subject->watch->retransmits);

	flows.cgroup_path = setup->cgroup_path;
	flows.cgroup_context = setup->context;
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
	flow_gather_clear(&subject->flows);
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
		log_warning(PLACE_NAME_FORMAT
			    ": its speed is not known, so there is no share of it; judged by its "
			    "baseline (give --speed, or a --threshold as a rate)",
			    PLACE_NAME_ARGS(subject->netns, subject->ifname));
	if (!burst_detector_new(&subject->detector, &config, member->from_ns, tell, subject)) {
		subject->cold_bytes = burst_detector_cold_bytes(subject->detector);
		watch->subjects[watch->n++] = subject;
		watch->current[at] = subject;
		return subject;
	}
out:
	log_warning("%s: no memory to look for bursts", member->ifname);
	free(subject);
	return NULL;
}

/* No burst of it is going on, and its mark does not move: what time alone does is nothing to it. */
static bool is_at_rest(const struct subject *subject)
{
	return subject->to_ns != SERIES_STAYS || subject->cold_bytes;
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

static int compare_drop(const struct window_drop *drop, const struct window *window)
{
	return window_compare_place(drop->start_ns, drop->slot, drop->direction, window);
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
	burst_stats_add_window(&subject->stats, &window->traffic);
	if (subject->cold_bytes && window->traffic.wire_bytes <= subject->cold_bytes)
		return;
	if (window->drops)
		reasons = reasons_of(span, window, &progress->drops);
	part = burst_detector_add(subject->detector, window->start_ns, &window->traffic,
				  window->drops, &reasons);
	subject->cold_bytes = burst_detector_cold_bytes(subject->detector);
	if (watch->setup.set_hot)
		flow_gather_take(&subject->flows, span, window, part, &progress->flows);
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
		if (!is_at_rest(watch->subjects[i]))
			burst_detector_advance(watch->subjects[i]->detector, span->until_ns);
}

/* Interfaces that have gone, all their windows taken: what was going on went with them. */
static void end_gone(struct burst_watch *watch, const struct series_span *span)
{
	size_t i;
	int d;

	watch->is_leaving = false;
	for (i = 0; i < span->n_members; i++) {
		if (span->members[i].to_ns >= span->until_ns) {
			watch->is_leaving |= span->members[i].to_ns != SERIES_STAYS;
			continue;
		}
		for (d = 0; d < N_DIRECTIONS; d++) {
			struct subject *subject = subject_of(watch, span->members[i].slot, d);

			if (!subject)
				continue;
			burst_detector_finish(subject->detector);
			burst_detector_free(subject->detector);
			subject->detector = NULL;
			flow_gather_clear(&subject->flows);
			subject->to_ns = span->members[i].to_ns;
			watch->has_gone = true;
			watch->current[(size_t)subject->slot * N_DIRECTIONS + (size_t)d] = NULL;
		}
	}
}

static bool is_kept_gone(const struct burst_watch *watch, const struct subject *subject)
{
	return watch->setup.keeps_gone && subject->to_ns != SERIES_STAYS && subject->stats.bursts;
}

/*
 * Who runs for ever sees more interfaces than there is memory for. It is done as the next span comes: at the end of
 * the run all go.
 */
static void forget_gone(struct burst_watch *watch)
{
	size_t i, kept = 0, gone = 0, excess;

	for (i = 0; i < watch->n; i++)
		gone += is_kept_gone(watch, watch->subjects[i]);
	excess = gone > BURST_WATCH_GONE_MAX ? gone - BURST_WATCH_GONE_MAX : 0;
	watch->forgotten += excess;
	for (i = 0; i < watch->n; i++) {
		struct subject *subject = watch->subjects[i];
		bool is_kept = subject->to_ns == SERIES_STAYS || is_kept_gone(watch, subject);

		if (is_kept && subject->to_ns != SERIES_STAYS && excess) {
			excess--;
			is_kept = false;
		}
		if (is_kept)
			watch->subjects[kept++] = subject;
		else
			free_subject(subject);
	}
	watch->n = kept;
	watch->has_gone = false;
}

static void follow_marks(struct burst_watch *watch)
{
	const struct burst_watch_setup *setup = &watch->setup;
	size_t i;

	for (i = 0; setup->set_hot && i < watch->n; i++) {
		struct subject *subject = watch->subjects[i];
		uint64_t mark_bps, hot_bytes = 0;

		if (is_at_rest(subject) && (subject->hot_bytes || subject->to_ns != SERIES_STAYS))
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

/* Before the bursts that end with this span are told: what was sent again in them is known by now. */
static void take_retransmits(struct burst_watch *watch, const struct series_span *span)
{
	retransmit_history_add_gap(&watch->retransmits, &span->retransmit_gap);
	retransmit_history_add(&watch->retransmits, span->retransmits, span->n_retransmits);
}

/* Bursts that are going on need theirs, and one that begins in the next span those just before it. */
static void forget_retransmits(struct burst_watch *watch)
{
	uint64_t since_ns = watch->until_ns, before_ns;
	size_t i;

	for (i = 0; i < watch->n; i++) {
		if (is_at_rest(watch->subjects[i]))
			continue;
		before_ns = burst_detector_since_ns(watch->subjects[i]->detector);
		if (before_ns < since_ns)
			since_ns = before_ns;
	}
	watch->is_settled = since_ns == watch->until_ns && !watch->is_leaving;
	if (since_ns > RETRANSMIT_SLACK_NS)
		retransmit_history_forget(&watch->retransmits, since_ns - RETRANSMIT_SLACK_NS);
}

/*
 * Nothing of it concerns anybody: with a thousand interfaces that are idle most spans are such. Marks and
 * detectors move with windows alone, and time ends only bursts.
 */
static bool changes_nothing(const struct burst_watch *watch, const struct series_span *span)
{
	const struct window_gap *gap = &span->retransmit_gap;

	return watch->is_settled && span->members_version &&
	       span->members_version == watch->members_version && !span->n_windows &&
	       !span->n_gaps && !span->n_retransmits && gap->from_ns == gap->to_ns;
}

void burst_watch_take(struct burst_watch *watch, const struct series_span *span)
{
	bool has_news = !span->members_version || span->members_version != watch->members_version;

	if (changes_nothing(watch, span)) {
		watch->until_ns = span->until_ns;
		return;
	}
	watch->members_version = span->members_version;
	if (watch->has_gone)
		forget_gone(watch);
	take_retransmits(watch, span);
	if (has_news)
		follow_members(watch, span);
	take_windows(watch, span);
	if (has_news || watch->is_leaving)
		end_gone(watch, span);
	follow_marks(watch);
	watch->until_ns = span->until_ns;
	forget_retransmits(watch);
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
	if (watch->forgotten)
		log_warning(
			"the summary is without the first %zu directions of interfaces that had "
			"bursts and have gone",
			watch->forgotten);
}
