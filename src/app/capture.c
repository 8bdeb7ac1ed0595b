// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/capture_name.h"
#include "app/tape.h"
#include "base/array.h"
#include "base/log.h"
#include "base/units.h"

/* So much is kept behind the longest `pre`: bursts up to this length are captured whole. */
#define KEEP_NS (10 * NSEC_PER_SEC)
/* 36 MiB of them, whatever the traffic: 26 s of two busy directions at 100 us. */
#define WINDOWS_MAX (UINT32_C(1) << 19)
/* What could not be written by then, for bursts come faster than files are made, is passed over. */
#define CATCH_UP_NS NSEC_PER_SEC
/* After a failure: a full disk is not asked with every burst. */
#define RETRY_NS NSEC_PER_SEC
/* Of bursts that began at once, on interfaces that are called the same. */
#define NAMES_AT_MOST 1000

struct past_burst {
	struct burst_place place; /* its names are those below: see place_of() */
	char ifname[IF_NAMESIZE];
	char netns[NETNS_NAME_SIZE];
	struct burst burst;
	uint64_t told_ns;
	bool is_settled; /* it is in a capture, or in one that could not be written */
};

struct capture {
	struct capture_setup setup;
	uint64_t from_ns, until_ns; /* what is kept */
	struct window *windows;
	size_t n_windows, windows_capacity;
	struct window_gap *gaps;
	size_t n_gaps, gaps_capacity;
	struct series_member *members; /* of that time */
	size_t n_members, members_capacity;
	struct past_burst *bursts; /* of that time, as they were told */
	size_t n_bursts, bursts_capacity;
	uint64_t last_from_ns, last_until_ns; /* of the last capture */
	uint64_t retry_ns;                    /* none is tried before */
	bool is_failing;                      /* the last one did; that has been said */
	uint64_t written, failed;
};

static int make_directory(const char *path, struct error *err)
{
	struct stat status;

	if (mkdir(path, 0750) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make the directory %s", path);
	if (stat(path, &status) || !S_ISDIR(status.st_mode)) {
		error_set(err, -ENOTDIR, "%s is no directory", path);
		error_hint(err, "give --capture a directory, or a name that is not there yet");
		return -ENOTDIR;
	}
	if (!faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS))
		return 0;
	error_errno(err, -errno, "cannot capture into %s", path);
	error_hint(err, "give --capture a directory that may be written to");
	return err->code;
}

int capture_new(struct capture **out, const struct capture_setup *setup, struct error *err)
{
	struct capture *capture;
	int ret = make_directory(setup->options->directory, err);

	if (ret)
		return ret;
	capture = calloc(1, sizeof(*capture));
	if (!capture)
		return error_errno(err, -ENOMEM, "cannot capture");
	capture->setup = *setup;
	*out = capture;
	return 0;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	free(capture->windows);
	free(capture->gaps);
	free(capture->members);
	free(capture->bursts);
	free(capture);
}

/* Drops the first n of an array of `count` items. */
static void drop_first(void *items, size_t *count, size_t n, size_t item_size)
{
	if (!n)
		return;
	*count -= n;
	memmove(items, (char *)items + n * item_size, *count * item_size);
}

/* The first window from from_ns on. */
static size_t find_window(const struct capture *capture, uint64_t from_ns)
{
	size_t low = 0, high = capture->n_windows;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (capture->windows[middle].start_ns < from_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void forget_before(struct capture *capture, uint64_t from_ns)
{
	size_t i = 0, kept = 0;

	drop_first(capture->windows, &capture->n_windows, find_window(capture, from_ns),
		   sizeof(*capture->windows));
	while (i < capture->n_gaps && capture->gaps[i].to_ns < from_ns)
		i++;
	drop_first(capture->gaps, &capture->n_gaps, i, sizeof(*capture->gaps));
	for (i = 0; i < capture->n_bursts && capture->bursts[i].burst.end_ns < from_ns;)
		i++;
	drop_first(capture->bursts, &capture->n_bursts, i, sizeof(*capture->bursts));
	/* They stay in order: of two that had a slot, the first one comes first. */
	for (i = 0; i < capture->n_members; i++)
		if (capture->members[i].to_ns >= from_ns)
			capture->members[kept++] = capture->members[i];
	capture->n_members = kept;
	capture->from_ns = from_ns;
}

/* Not with each span: moving what is kept costs more than keeping a little more. */
static void forget_old(struct capture *capture)
{
	uint64_t keep_ns =
		capture->setup.options->pre_ns + capture->setup.options->post_ns + KEEP_NS;

	if (capture->until_ns - capture->from_ns > keep_ns + keep_ns / 4)
		forget_before(capture, capture->until_ns - keep_ns);
	if (capture->n_windows > WINDOWS_MAX)
		forget_before(capture,
			      capture->windows[capture->n_windows - WINDOWS_MAX / 4 * 3].start_ns);
}

static int follow_members(struct capture *capture, const struct series_span *span)
{
	size_t i, k;

	for (i = 0; i < span->n_members; i++) {
		const struct series_member *member = &span->members[i];

		for (k = 0; k < capture->n_members; k++)
			if (capture->members[k].slot == member->slot &&
			    capture->members[k].from_ns == member->from_ns)
				break;
		if (k == capture->n_members) {
			if (array_reserve(&capture->members, &capture->members_capacity, k + 1,
					  sizeof(*capture->members)))
				return -ENOMEM;
			capture->n_members++;
		}
		capture->members[k] = *member;
	}
	return 0;
}

static bool has_enough(const struct capture *capture)
{
	return capture->written >= capture->setup.options->max || capture_is_done(capture);
}

int capture_take(struct capture *capture, const struct series_span *span)
{
	if (has_enough(capture))
		return 0;
	if (follow_members(capture, span) ||
	    array_reserve(&capture->windows, &capture->windows_capacity,
			  capture->n_windows + span->n_windows, sizeof(*capture->windows)) ||
	    array_reserve(&capture->gaps, &capture->gaps_capacity, capture->n_gaps + span->n_gaps,
			  sizeof(*capture->gaps))) {
		/* What is missing must not look idle: begin anew behind it. */
		forget_before(capture, span->until_ns);
		capture->until_ns = span->until_ns;
		return -ENOMEM;
	}
	if (!capture->until_ns)
		capture->from_ns = span->from_ns;
	if (span->n_windows)
		memcpy(capture->windows + capture->n_windows, span->windows,
		       span->n_windows * sizeof(*span->windows));
	capture->n_windows += span->n_windows;
	if (span->n_gaps)
		memcpy(capture->gaps + capture->n_gaps, span->gaps,
		       span->n_gaps * sizeof(*span->gaps));
	capture->n_gaps += span->n_gaps;
	capture->until_ns = span->until_ns;
	forget_old(capture);
	return 0;
}

static bool is_in_last(const struct capture *capture, const struct burst *burst)
{
	return burst->end_ns > capture->last_from_ns && burst->end_ns <= capture->last_until_ns;
}

void capture_trigger(struct capture *capture, const struct burst_place *place,
		     const struct burst *burst)
{
	struct past_burst past = {.place = *place,
				  .burst = *burst,
				  .told_ns = capture->until_ns,
				  .is_settled = is_in_last(capture, burst)};

	if (has_enough(capture) || array_reserve(&capture->bursts, &capture->bursts_capacity,
						 capture->n_bursts + 1, sizeof(*capture->bursts)))
		return;
	snprintf(past.ifname, sizeof(past.ifname), "%s", place->ifname);
	snprintf(past.netns, sizeof(past.netns), "%s", place->netns ? place->netns : "");
	past.place.flows = NULL;
	past.place.container = NULL;
	capture->bursts[capture->n_bursts++] = past;
}

/* For as long as the burst stays where it is. */
static struct burst_place place_of(const struct past_burst *past)
{
	struct burst_place place = past->place;

	place.ifname = past->ifname;
	place.netns = place.netns ? past->netns : NULL;
	return place;
}

/* The first that is in no capture yet; those of one take were told in any order. */
static const struct past_burst *next_trigger(const struct capture *capture)
{
	uint64_t late_ns = capture->setup.options->post_ns + CATCH_UP_NS;
	const struct past_burst *first = NULL, *past;
	size_t i;

	for (i = capture->n_bursts; i > 0; i--) {
		past = &capture->bursts[i - 1];
		if (past->told_ns + late_ns < capture->until_ns)
			break;
		if (!past->is_settled && past->burst.end_ns > capture->from_ns &&
		    (!first || past->burst.end_ns <= first->burst.end_ns))
			first = past;
	}
	return first;
}

/* A name that nothing has, so that nothing is lost; the unfinished file has one of its own until it is whole. */
static void name_files(const struct capture *capture, const struct past_burst *trigger, char *path,
		       char *unfinished)
{
	uint64_t wall_ns = trigger->burst.start_ns + capture->setup.wall_offset_ns;
	const char *directory = capture->setup.options->directory;
	struct burst_place place = place_of(trigger);
	char name[CAPTURE_NAME_SIZE];
	unsigned int number = 0;
	struct stat status;

	do {
		capture_name(name, &place, wall_ns, ++number);
		snprintf(path, PATH_MAX, "%s/%s", directory, name);
		snprintf(unfinished, PATH_MAX, "%s/.%s", directory, name);
	} while (number < NAMES_AT_MOST && (!lstat(unfinished, &status) || !lstat(path, &status)));
}

/* Not over what another process has named so meanwhile; not every file system can make sure of that. */
static int name_finished(const char *unfinished, const char *path)
{
	if (!renameat2(AT_FDCWD, unfinished, AT_FDCWD, path, RENAME_NOREPLACE) ||
	    (errno == EINVAL && !rename(unfinished, path)))
		return 0;
	return -errno;
}

static uint64_t align_down(const struct capture *capture, uint64_t time_ns)
{
	return window_align_down(time_ns, capture->setup.width_ns, capture->setup.wall_offset_ns);
}

/* What there is of the time around a burst. */
static struct series_span span_of(const struct capture *capture, const struct burst *burst)
{
	const struct capture_options *options = capture->setup.options;
	struct series_span span = {.width_ns = capture->setup.width_ns,
				   .gaps = capture->gaps,
				   .n_gaps = capture->n_gaps,
				   .members = capture->members,
				   .n_members = capture->n_members};
	size_t from, until;

	span.from_ns = burst->start_ns > options->pre_ns ? burst->start_ns - options->pre_ns : 0;
	span.until_ns = burst->end_ns + options->post_ns + span.width_ns - 1;
	if (span.from_ns < capture->from_ns)
		span.from_ns = capture->from_ns + span.width_ns - 1;
	if (span.until_ns > capture->until_ns)
		span.until_ns = capture->until_ns;
	span.from_ns = align_down(capture, span.from_ns);
	span.until_ns = align_down(capture, span.until_ns);
	from = find_window(capture, span.from_ns);
	until = find_window(capture, span.until_ns);
	span.windows = capture->windows + from;
	span.n_windows = until - from;
	return span;
}

static int fill_tape(const struct capture *capture, struct tape *tape,
		     const struct series_span *span, struct error *err)
{
	int ret = tape_add_span(tape, span, err);
	size_t i;

	for (i = 0; !ret && i < capture->n_bursts; i++) {
		const struct past_burst *past = &capture->bursts[i];
		struct burst_place place = place_of(past);

		if (past->burst.start_ns < span->until_ns && past->burst.end_ns > span->from_ns)
			ret = tape_add_burst(tape, &place, &past->burst, err);
	}
	return ret ? ret : recorder_close(tape_recorder(tape), err);
}

static int write_file(const struct capture *capture, const char *path,
		      const struct series_span *span, struct error *err)
{
	struct tape_setup setup = {
		.path = path,
		.width_ns = capture->setup.width_ns,
		.wall_offset_ns = capture->setup.wall_offset_ns,
		.from_ns = span->from_ns,
		.link_of = capture->setup.link_of,
		.context = capture->setup.context,
	};
	struct tape *tape;
	int ret = tape_new(&tape, &setup, err);

	if (ret)
		return ret;
	ret = fill_tape(capture, tape, span, err);
	if (ret)
		recorder_discard(tape_recorder(tape));
	tape_free(tape);
	return ret;
}

static int write_capture(struct capture *capture, const struct past_burst *trigger,
			 const struct series_span *span)
{
	char path[PATH_MAX], unfinished[PATH_MAX];
	struct error err = {0};
	int ret;

	name_files(capture, trigger, path, unfinished);
	ret = make_directory(capture->setup.options->directory, &err);
	if (!ret)
		ret = write_file(capture, unfinished, span, &err);
	if (!ret) {
		ret = name_finished(unfinished, path);
		if (ret) {
			error_errno(&err, ret, "cannot name %s", path);
			unlink(unfinished);
		}
	}
	if (!ret)
		log_info("captured %s", path);
	else if (!capture->is_failing)
		log_warning("no capture: %s%s%s", err.what, err.hint[0] ? "; " : "", err.hint);
	return ret;
}

bool capture_write(struct capture *capture, bool end)
{
	const struct past_burst *trigger = has_enough(capture) ? NULL : next_trigger(capture);
	const struct capture_options *options = capture->setup.options;
	struct series_span span;
	size_t i;

	if (!trigger || (!end && (capture->until_ns < trigger->burst.end_ns + options->post_ns ||
				  capture->until_ns < capture->retry_ns)))
		return false;
	span = span_of(capture, &trigger->burst);
	capture->last_from_ns = span.from_ns;
	capture->last_until_ns = trigger->burst.end_ns + options->post_ns;
	capture->is_failing = write_capture(capture, trigger, &span);
	for (i = 0; i < capture->n_bursts; i++)
		capture->bursts[i].is_settled |= is_in_last(capture, &capture->bursts[i].burst);
	if (capture->is_failing) {
		capture->failed++;
		capture->retry_ns = capture->until_ns + RETRY_NS;
		return false;
	}
	capture->written++;
	if (capture->written == options->max && !options->once)
		log_info("that was capture %" PRIu64 ", the last (--max)", capture->written);
	return true;
}

bool capture_is_done(const struct capture *capture)
{
	return capture->setup.options->once && capture->written;
}

uint64_t capture_failed(const struct capture *capture)
{
	return capture->failed;
}
