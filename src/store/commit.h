/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * commit: how a recorder writes down what it has collected. For recorder.c only.
 */
#ifndef IFPULSE_STORE_COMMIT_H
#define IFPULSE_STORE_COMMIT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"
#include "store/recorder.h"
#include "store/retention.h"
#include "store/rows_write.h"
#include "store/tracks.h"

struct recorder_burst {
	uint64_t interface;
	struct recording_burst burst;
	char *flows; /* what burst.flows points to */
};

struct recorder_counters {
	struct track *track;
	struct recording_counters counters;
};

/* Times here are those of the file; those of the tracks are not. */
struct recorder {
	char *path;
	sqlite3 *db;
	struct rows_write *rows;
	struct retention *retention;
	struct chunk_packer *packer;
	struct tracks tracks;
	uint64_t members_version;   /* of the last span */
	uint64_t from_ns, until_ns; /* what the file covers */
	uint64_t taken_ns;          /* what spans have told */
	uint64_t bytes, all_bursts;
	bool is_void;                                               /* no file is to be left */
	const char *(*reason_name)(void *context, uint32_t reason); /* NULL: not known */
	void *reason_context;
	/* Since the last commit. */
	struct recorder_burst *bursts;
	size_t n_bursts, bursts_capacity;
	struct recorder_counters *counters;
	size_t n_counters, counters_capacity;
	struct recording_change *changes; /* owns their texts */
	size_t n_changes, changes_capacity;
	struct window_gap *gaps;
	size_t n_gaps, gaps_capacity;
};

/*
 * One transaction with all of it; from_ns, until_ns and bytes move. The rest is for the caller to
 * settle. 0 or -errno, and then the file and the recorder are as they were.
 */
int commit_write(struct recorder *recorder, struct error *err);

/* What SQLite failed to do, in the words of someone who records. Returns the -errno. */
int commit_error(struct recorder *recorder, int rc, struct error *err);

#endif
