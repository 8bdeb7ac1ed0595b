/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * recorder: writes a recording.
 *
 * Every call but recorder_commit() only collects; recorder_commit() writes what came since the last
 * one in one transaction, so that a kill -9 loses what came since then and leaves a whole file (WAL
 * mode). The owner calls it once a second. Times that callers pass are CLOCK_MONOTONIC, those of
 * struct series_span; the recorder adds meta.wall_offset_ns. One thread.
 *
 * While it runs there is a WAL beside the file, of at most RECORDER_WAL_PAGES pages and what one
 * commit writes; a reader that has the file open keeps it from being used again, and then it grows
 * until that one is done.
 *
 * With limits it is a flight recorder: the oldest windows, bursts, drops, gaps, counters and changes,
 * and interfaces and addresses that ended before what is left, make way.
 */
#ifndef IFPULSE_STORE_RECORDER_H
#define IFPULSE_STORE_RECORDER_H

#include <stdbool.h>

#include "base/error.h"
#include "model/series.h"
#include "store/recording.h"

struct recorder;

struct recorder_limits {
	/*
	 * Of the file, without its WAL; 0: none, else at least RECORDER_BYTES_MIN. What one commit
	 * brings is kept whole: where that alone is more, the file is as large as that.
	 */
	uint64_t max_bytes;
	uint64_t keep_ns; /* how far back it goes, at each commit; 0: all */
};

#define RECORDER_BYTES_MIN (1U << 20)
#define RECORDER_WAL_PAGES 1000U /* of 4096 bytes; less with a small max_bytes */

/*
 * Makes the file, mode 0640, which must not exist (-EEXIST). `from_ns`: the start of the first
 * window; those before are not the run's. 0 or -errno, and then no file is left.
 */
int recorder_new(struct recorder **out, const char *path, const struct recording_meta *meta,
		 const struct recorder_limits *limits, uint64_t from_ns, struct error *err);

/* What is there is not wanted: recorder_free() leaves no file. */
void recorder_discard(struct recorder *recorder);

/* How reasons of drops are called; without it they are not told apart. */
void recorder_name_reasons(struct recorder *recorder,
			   const char *(*name)(void *context, uint32_t reason), void *context);

/* Without recorder_close() before, what was not committed is lost. NULL-safe. */
void recorder_free(struct recorder *recorder);

/*
 * An interface, from member->from_ns on; its `to_ns` and changes of its names come with the spans.
 * `link` says what it is, NULL where that is not known. A slot that is given to another interface is
 * told by another call. 0 or -errno.
 */
int recorder_add_interface(struct recorder *recorder, const struct series_member *member,
			   const struct link *link, struct error *err);

/*
 * What is behind an interface, by the name that it has now; NULL: nothing known. One that is not there, or
 * has left its slot to another ifindex or namespace, is passed over. 0 or -ENOMEM.
 */
int recorder_name_container(struct recorder *recorder, uint32_t slot, const char *netns,
			    uint32_t ifindex, const char *name, struct error *err);

/*
 * The windows of a span, its gaps, and the names and ends of its members, which are known by slot and
 * from_ns. It begins where the last one ended; where it begins later, the time between is a gap.
 * Windows of slots without an interface are passed over. 0, -EINVAL for a span of another width or
 * one that goes back, or -ENOMEM: then the rest of the span is a gap.
 */
int recorder_add_span(struct recorder *recorder, const struct series_span *span, struct error *err);

/* Of slots without an interface they are passed over. 0 or -errno. */
int recorder_add_burst(struct recorder *recorder, const struct recording_burst *burst,
		       struct error *err);
int recorder_add_counters(struct recorder *recorder, const struct recording_counters *counters,
			  struct error *err);
/* Copied. Changes of addresses of recorded interfaces also go into the table of those. */
int recorder_add_change(struct recorder *recorder, const struct recording_change *change,
			struct error *err);

/*
 * Writes all of it down. After a failure, what was collected is still there, and what was committed
 * before is whole: it may be called again. -EBUSY: another process holds a lock, and 20 ms were not
 * enough.
 */
int recorder_commit(struct recorder *recorder, struct error *err);

/*
 * The last commit; then the file is complete by itself, without a WAL beside it. -EBUSY where a
 * reader has it open: then all is committed, but some of it may be in the WAL, which has to stay with
 * the file; it may be called again.
 */
int recorder_close(struct recorder *recorder, struct error *err);

struct recorder_sums {
	uint64_t windows, bursts; /* taken so far, also what has made way since */
	uint64_t bytes;           /* of the file, as of the last commit */
};
struct recorder_sums recorder_sums(const struct recorder *recorder);

#endif
