// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/burst_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/burst_judge.h"
#include "base/array.h"
#include "base/log.h"

/* One interface and direction, for as long as it is probed. */
struct subject {
	struct burst_watch *watch;
	uint32_t slot;
	uint64_t from_ns, to_ns;
	char ifname[IF_NAMESIZE];
	struct burst_place place;
	struct burst_detector *detector;
	struct burst_stats stats;
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

static void free_subject(struct subject *subject)
{
	burst_detector_free(subject->detector);
	burst_stats_release(&subject->stats);
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

	if (burst_stats_add_burst(&subject->stats, burst))
		log_warning("%s: a burst is missing in the summary: no memory", subject->ifname);
	subject->watch->setup.found(subject->watch->setup.found_context, &subject->place, burst);
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
			if (subject)
				memcpy(subject->ifname, span->members[i].ifname,
				       sizeof(subject->ifname));
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

/* The reasons of a window's drops; windows come in the drops' order, `at` is how far they have come. */
static struct drop_tally reasons_of(const struct series_span *span, const struct window *window,
				    size_t *at)
{
	struct drop_tally tally = {0};

	for (; *at < span->n_drops; ++*at) {
		const struct window_drop *drop = &span->drops[*at];

		if (drop->start_ns == window->start_ns && drop->slot == window->slot &&
		    drop->direction == window->direction)
			drop_tally_add(&tally, drop->reason, drop->packets);
		else if (drop->start_ns > window->start_ns ||
			 (drop->start_ns == window->start_ns &&
			  (drop->slot > window->slot ||
			   (drop->slot == window->slot && drop->direction > window->direction))))
			break;
	}
	return tally;
}

static void take_window(struct burst_watch *watch, const struct series_span *span,
			const struct window *window, size_t *drops_at)
{
	struct drop_tally reasons = {0};
	struct subject *subject = subject_of(watch, window->slot, window->direction);

	if (!subject ||
	    window_is_in_gap(window->start_ns, span->width_ns, span->gaps, span->n_gaps))
		return;
	if (window->drops)
		reasons = reasons_of(span, window, drops_at);
	burst_stats_add_window(&subject->stats, &window->traffic);
	burst_detector_add(subject->detector, window->start_ns, &window->traffic, window->drops,
			   &reasons);
}

/* Windows and gaps in order of time. */
static void take_windows(struct burst_watch *watch, const struct series_span *span)
{
	size_t i, at = 0, drops_at = 0;

	for (i = 0; i < span->n_gaps; i++) {
		while (at < span->n_windows &&
		       span->windows[at].start_ns + span->width_ns <= span->gaps[i].from_ns)
			take_window(watch, span, &span->windows[at++], &drops_at);
		take_gap(watch, &span->gaps[i]);
	}
	while (at < span->n_windows)
		take_window(watch, span, &span->windows[at++], &drops_at);
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

void burst_watch_take(struct burst_watch *watch, const struct series_span *span)
{
	follow_members(watch, span);
	take_windows(watch, span);
	end_gone(watch, span);
	if (!watch->setup.keeps_gone)
		forget_gone(watch);
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
