/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * player: reads a recording, as the same spans of windows that a live run gives.
 *
 * Opens read-only, also while the recorder is still writing (then it sees what was there at
 * player_new(), and keeps the recorder's WAL growing), and after a kill -9. Slots are those of the
 * player: dense numbers from 1, one for each interface that was ever probed, in order of namespace, ifindex
 * and coming, as live commands show them. All times are wall-clock
 * nanoseconds since 1970. A file that is truncated, damaged, foreign or newer is a clear error, here
 * or when its part is read; nothing in a file is trusted. One thread.
 */
#ifndef IFPULSE_STORE_PLAYER_H
#define IFPULSE_STORE_PLAYER_H

#include "base/error.h"
#include "model/series.h"
#include "store/recording.h"

struct player;

/*
 * 0 or -errno: -ENOENT, -EBADMSG (damaged), -EMEDIUMTYPE (not a recording), -ENOTSUP (newer schema),
 * -EBUSY (another process holds a lock), …
 */
int player_new(struct player **out, const char *path, struct error *err);
void player_free(struct player *player);

const struct recording_meta *player_meta(const struct player *player);

/* The time that it covers, [from, until): starts of windows. */
uint64_t player_from_ns(const struct player *player);
uint64_t player_until_ns(const struct player *player);

/* Every interface that was ever probed, in order of slot; the player's. */
const struct series_member *player_members(const struct player *player, size_t *n);
/*
 * What an interface was when it was first seen; addresses and stats are not in it, and of one that
 * was recorded without a link only its name and ifindex. NULL for a slot that none has.
 */
const struct link *player_link(const struct player *player, uint32_t slot);

/* What was behind an interface when that was last told; NULL: not known. */
const char *player_container(const struct player *player, uint32_t slot);

/*
 * Restricts what follows to [from_ns, until_ns); before the first player_next(). Windows are those
 * that touch it, bursts too. Without it, all is given.
 */
void player_seek(struct player *player, uint64_t from_ns, uint64_t until_ns);

/*
 * The next span of windows, at most a second long, without a hole behind the last one; `members` are
 * those that its time touches, in order of slot, gaps are clipped to it. It is the player's until the
 * next call. 1, 0 at the end, or -errno, and then the same again.
 */
int player_next(struct player *player, struct series_span *span, struct error *err);

/*
 * Calls `fn` for each row within the time that player_seek() has set, in order of time; what it is
 * given ends with the call. What `fn` returns other than 0 ends it and is returned. Else 0 or -errno.
 */
int player_bursts(struct player *player,
		  int (*fn)(void *context, const struct recording_burst *burst), void *context,
		  struct error *err);
/* The same of those that begin at start_ns, whatever player_seek() has set. */
int player_bursts_at(struct player *player, uint64_t start_ns,
		     int (*fn)(void *context, const struct recording_burst *burst), void *context,
		     struct error *err);
int player_counters(struct player *player,
		    int (*fn)(void *context, const struct recording_counters *counters),
		    void *context, struct error *err);
int player_changes(struct player *player,
		   int (*fn)(void *context, const struct recording_change *change), void *context,
		   struct error *err);

#endif
