// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/player.h"

#include <errno.h>
#include <stdlib.h>

#include "store/recorded.h"
#include "store/replay.h"
#include "store/rows_read.h"
#include "store/values.h"

struct player {
	struct recorded file;
	struct recorded_range range;
	struct replay *replay;   /* from the first player_next() on */
	sqlite3_stmt *bursts_at; /* from the first player_bursts_at() on */
};

int player_new(struct player **out, const char *path, struct error *err)
{
	struct player *player = calloc(1, sizeof(*player));
	int ret;

	if (!player)
		return error_errno(err, -ENOMEM, "cannot read '%s'", path);
	player->range.until_ns = VALUES_TIME_MAX_NS;
	ret = recorded_open(&player->file, path, err);
	if (ret) {
		player_free(player);
		return ret;
	}
	*out = player;
	return 0;
}

void player_free(struct player *player)
{
	if (!player)
		return;
	replay_free(player->replay);
	sqlite3_finalize(player->bursts_at);
	recorded_release(&player->file);
	free(player);
}

const struct recording_meta *player_meta(const struct player *player)
{
	return &player->file.meta;
}

uint64_t player_from_ns(const struct player *player)
{
	return player->file.coverage.from_ns;
}

uint64_t player_until_ns(const struct player *player)
{
	return player->file.coverage.until_ns;
}

const struct series_member *player_members(const struct player *player, size_t *n)
{
	*n = player->file.n;
	return player->file.members;
}

const struct link *player_link(const struct player *player, uint32_t slot)
{
	return slot > SLOT_NONE && slot <= player->file.n ? &player->file.links[slot - 1] : NULL;
}

const char *player_container(const struct player *player, uint32_t slot)
{
	return slot > SLOT_NONE && slot <= player->file.n ? player->file.containers[slot - 1]
							  : NULL;
}

void player_seek(struct player *player, uint64_t from_ns, uint64_t until_ns)
{
	player->range.from_ns = from_ns < VALUES_TIME_MAX_NS ? from_ns : VALUES_TIME_MAX_NS;
	player->range.until_ns = until_ns < VALUES_TIME_MAX_NS ? until_ns : VALUES_TIME_MAX_NS;
}

int player_next(struct player *player, struct series_span *span, struct error *err)
{
	if (!player->replay) {
		int ret = replay_new(&player->replay, &player->file, &player->range, err);

		if (ret)
			return ret;
	}
	return replay_next(player->replay, span, err);
}

int player_bursts(struct player *player,
		  int (*fn)(void *context, const struct recording_burst *burst), void *context,
		  struct error *err)
{
	return rows_read_bursts(&player->file, &player->range, fn, context, err);
}

int player_bursts_at(struct player *player, uint64_t start_ns,
		     int (*fn)(void *context, const struct recording_burst *burst), void *context,
		     struct error *err)
{
	return rows_read_bursts_at(&player->file, &player->bursts_at, start_ns, fn, context, err);
}

int player_counters(struct player *player,
		    int (*fn)(void *context, const struct recording_counters *counters),
		    void *context, struct error *err)
{
	return rows_read_counters(&player->file, &player->range, fn, context, err);
}

int player_changes(struct player *player,
		   int (*fn)(void *context, const struct recording_change *change), void *context,
		   struct error *err)
{
	return rows_read_changes(&player->file, &player->range, fn, context, err);
}
