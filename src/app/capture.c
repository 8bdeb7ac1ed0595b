// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/tape.h"
#include "base/array.h"
#include "base/log.h"
#include "base/units.h"

/* So much is kept behind the longest `pre`: bursts up to this length are captured whole. */
#define KEEP_NS (10 * NSEC_PER_SEC)
/* 36 MiB of them, whatever the traffic: 26 s of two busy directions at 100 us. */
#define WINDOWS_MAX (UINT32_C(1) << 19)

struct past_burst {
	const struct burst_place *place;
	struct burst burst;
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
	struct past_burst *bursts; /* of that time */
	size_t n_bursts, bursts_capacity;
	bool is_triggered;
	struct past_burst trigger;
	uint64_t last_until_ns; /* of the last capture */
	uint64_t written;
};

int capture_new(struct capture **out, const struct capture_setup *setup, struct error *err)
{
	struct capture *capture;
	struct stat status;

	if (mkdir(setup->options->directory, 0755) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make the directory %s",
				   setup->options->directory);
	if (stat(setup->options->directory, &status) || !S_ISDIR(status.st_mode)) {
		error_set(err, -ENOTDIR, "%s is no directory", setup->options->directory);
		error_hint(err, "give --capture a directory, or a name that is not there yet");
		return -ENOTDIR;
	}
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
	size_t i = 0;

	drop_first(capture->windows, &capture->n_windows, find_window(capture, from_ns),
		   sizeof(*capture->windows));
	while (i < capture->n_gaps && capture->gaps[i].to_ns < from_ns)
		i++;
	drop_first(capture->gaps, &capture->n_gaps, i, sizeof(*capture->gaps));
	for (i = 0; i < capture->n_bursts && capture->bursts[i].burst.end_ns < from_ns;)
		i++;
	drop_first(capture->bursts, &capture->n_bursts, i, sizeof(*capture->bursts));
	for (i = 0; i < capture->n_members;) {
		if (capture->members[i].to_ns < from_ns)
			capture->members[i] = capture->members[--capture->n_members];
		else
			i++;
	}
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
		forget_before(capture, capture->windows[WINDOWS_MAX / 4].start_ns);
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

int capture_take(struct capture *capture, const struct series_span *span)
{
	if (!capture->until_ns)
		capture->from_ns = span->from_ns;
	if (follow_members(capture, span) ||
	    array_reserve(&capture->windows, &capture->windows_capacity,
			  capture->n_windows + span->n_windows, sizeof(*capture->windows)) ||
	    array_reserve(&capture->gaps, &capture->gaps_capacity, capture->n_gaps + span->n_gaps,
			  sizeof(*capture->gaps)))
		return -ENOMEM;
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

static bool has_enough(const struct capture *capture)
{
	return capture->written >= capture->setup.options->max || capture_is_done(capture);
}

void capture_trigger(struct capture *capture, const struct burst_place *place,
		     const struct burst *burst)
{
	struct past_burst past = {place, *burst};

	if (has_enough(capture))
		return;
	if (!array_reserve(&capture->bursts, &capture->bursts_capacity, capture->n_bursts + 1,
			   sizeof(*capture->bursts)))
		capture->bursts[capture->n_bursts++] = past;
	if (capture->is_triggered || burst->end_ns <= capture->last_until_ns)
		return;
	capture->is_triggered = true;
	capture->trigger = past;
	capture->last_until_ns = burst->end_ns + capture->setup.options->post_ns;
}

/* "20260131T123456.123456Z-eth0-rx.ifpulse"; of the name only what no shell or terminal minds. */
static void name_file(const struct capture *capture, char *path, const char *prefix)
{
	const struct burst_place *place = capture->trigger.place;
	uint64_t wall_ns = capture->trigger.burst.start_ns + capture->setup.wall_offset_ns;
	time_t seconds = (time_t)(wall_ns / NSEC_PER_SEC);
	char time[32], name[IF_NAMESIZE];
	struct tm utc;
	size_t i;

	gmtime_r(&seconds, &utc);
	strftime(time, sizeof(time), "%Y%m%dT%H%M%S", &utc);
	snprintf(name, sizeof(name), "%s", place->ifname);
	for (i = 0; name[i]; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@",
			    name[i]))
			name[i] = '_';
	snprintf(path, PATH_MAX, "%s/%s%s.%06" PRIu64 "Z-%s-%s.ifpulse",
		 capture->setup.options->directory, prefix, time,
		 wall_ns % NSEC_PER_SEC / NSEC_PER_USEC, name,
		 place->direction == DIRECTION_INGRESS ? "rx" : "tx");
}

static uint64_t align_down(const struct capture *capture, uint64_t time_ns)
{
	return window_align_down(time_ns, capture->setup.width_ns, capture->setup.wall_offset_ns);
}

/* What the capture has of the time of its trigger. */
static struct series_span span_of(const struct capture *capture)
{
	const struct capture_options *options = capture->setup.options;
	const struct burst *burst = &capture->trigger.burst;
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

		if (past->burst.start_ns < span->until_ns && past->burst.end_ns > span->from_ns)
			ret = tape_add_burst(tape, past->place, &past->burst, err);
	}
	return ret ? ret : recorder_close(tape_recorder(tape), err);
}

static int write_file(const struct capture *capture, const char *path, struct error *err)
{
	struct series_span span = span_of(capture);
	struct tape_setup setup = {
		.path = path,
		.width_ns = capture->setup.width_ns,
		.wall_offset_ns = capture->setup.wall_offset_ns,
		.from_ns = span.from_ns,
		.link_of = capture->setup.link_of,
		.context = capture->setup.context,
	};
	struct tape *tape;
	int ret = tape_new(&tape, &setup, err);

	if (ret)
		return ret;
	ret = fill_tape(capture, tape, &span, err);
	tape_free(tape);
	if (ret)
		unlink(path);
	return ret;
}

int capture_write(struct capture *capture, bool end, struct error *err)
{
	char path[PATH_MAX], unfinished[PATH_MAX];
	int ret;

	if (!capture->is_triggered || (!end && capture->until_ns < capture->last_until_ns))
		return 0;
	name_file(capture, path, "");
	/* Under a name of its own until it is whole. */
	name_file(capture, unfinished, ".");
	ret = write_file(capture, unfinished, err);
	if (!ret && rename(unfinished, path)) {
		ret = error_errno(err, -errno, "cannot name %s", path);
		unlink(unfinished);
	}
	if (ret)
		return ret;
	capture->is_triggered = false;
	capture->written++;
	log_info("captured %s", path);
	if (capture->written == capture->setup.options->max && !capture->setup.options->once)
		log_info("that was capture %" PRIu64 ", the last (--max)", capture->written);
	return 0;
}

bool capture_is_done(const struct capture *capture)
{
	return capture->setup.options->once && capture->written;
}
