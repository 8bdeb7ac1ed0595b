/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tracks: the interfaces that a recorder knows, and their windows that are not on file for good yet.
 *
 * A slot may have several, one after another: each keeps what came in its time. Times are
 * CLOCK_MONOTONIC but in the chunks, which have those of the file.
 */
#ifndef IFPULSE_STORE_TRACKS_H
#define IFPULSE_STORE_TRACKS_H

#include <stdbool.h>

#include "model/series.h"
#include "store/chunk.h"
#include "store/recording.h"

/* The rows of `counters` that an interface has: the last one makes way while it is too close. */
struct track_counters {
	bool has_last, has_kept;
	uint64_t kept_ns; /* time of the one before */
	struct recording_counters last;
};

/* A chunk that grows; one that has ceased to is in `full` until it is on file as such. */
struct track_chunk {
	struct chunk *chunk;
	bool is_dirty;      /* its row is not what it is */
	size_t stored_size; /* chunk_raw_size() when its row was last written */
};

struct track {
	uint64_t id; /* of the interface's row */
	struct series_member member;
	struct link link; /* until its row is written */
	bool has_link;
	bool is_new, is_changed; /* its row is not there, not what it is */
	struct track_chunk open[N_DIRECTIONS];
	uint64_t drops[N_DIRECTIONS];                    /* since the last commit */
	struct drop_tally reasons[N_DIRECTIONS];         /* of those, as far as they are known */
	struct track_counters counters, counters_before; /* as of the last commit */
	struct track *older;                             /* had the slot before; owned by `items` */
	char *container;                                 /* behind it; NULL: none known */
};

/* Zero it and set its constants to make it. */
struct tracks {
	uint64_t width_ns, wall_offset_ns;
	struct track **items; /* in order of id */
	size_t n, capacity;
	struct track **by_slot; /* the newest of each */
	size_t n_slots, slots_capacity;
	struct track_chunk *full; /* to be written for good */
	size_t n_full, full_capacity;
	uint64_t last_id;
	uint64_t windows; /* taken so far */
};

void tracks_release(struct tracks *tracks);

/* Of drops that are in the windows. */
void tracks_add_drop(struct tracks *tracks, const struct window_drop *drop);

/* 0 or -ENOMEM; `link` is copied, NULL: not known. */
int tracks_add(struct tracks *tracks, const struct series_member *member, const struct link *link);

/* The end and the names of a member that was added before; others are passed over. */
void tracks_update(struct tracks *tracks, const struct series_member *member);

/*
 * What is behind the one that has the slot now, if it is the one with this ifindex in this namespace; NULL: none
 * known. 0 or -ENOMEM.
 */
int tracks_name_container(struct tracks *tracks, uint32_t slot, const char *netns, uint32_t ifindex,
			  const char *name);

/* Whose a window of the slot is that starts there: the first one's that touches it; or NULL. */
struct track *tracks_of_window(const struct tracks *tracks, uint32_t slot, uint64_t start_ns);
/* Who had the slot at that time, or else who has it; NULL: nobody. */
struct track *tracks_at(const struct tracks *tracks, uint32_t slot, uint64_t time_ns);

/*
 * A window; its starts only grow. 0, -EINVAL where it is not whole widths behind the one before, or
 * -ENOMEM, and then it is not taken.
 */
int tracks_add_window(struct tracks *tracks, const struct window *window);

/* All is on file, up to until_ns: frees what is done with, and finds chunks that will not grow. */
void tracks_settle(struct tracks *tracks, uint64_t until_ns);

#endif
