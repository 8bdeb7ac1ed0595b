// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/tracks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"

/* How long one that has ended is kept for what may still be told of its time, as bursts are. */
#define LINGER_NS (60 * NSEC_PER_SEC)

static void free_track(struct track *track)
{
	int d;

	if (!track)
		return;
	for (d = 0; d < N_DIRECTIONS; d++)
		chunk_free(track->open[d].chunk);
	link_release(&track->link);
	free(track->container);
	free(track);
}

void tracks_release(struct tracks *tracks)
{
	size_t i;

	for (i = 0; i < tracks->n; i++)
		free_track(tracks->items[i]);
	for (i = 0; i < tracks->n_full; i++)
		chunk_free(tracks->full[i].chunk);
	free(tracks->items);
	free(tracks->by_slot);
	free(tracks->full);
	*tracks = (struct tracks){0};
}

int tracks_add(struct tracks *tracks, const struct series_member *member, const struct link *link)
{
	struct track *track, *older;

	if (array_reserve(&tracks->items, &tracks->capacity, tracks->n + 1,
			  sizeof(*tracks->items)) ||
	    array_reserve(&tracks->by_slot, &tracks->slots_capacity, (size_t)member->slot + 1,
			  sizeof(*tracks->by_slot)))
		return -ENOMEM;
	track = calloc(1, sizeof(*track));
	if (!track)
		return -ENOMEM;
	if (link && link_copy(&track->link, link)) {
		free(track);
		return -ENOMEM;
	}
	tracks->n_slots = tracks->slots_capacity;
	older = tracks->by_slot[member->slot];
	/* Nobody told its end: it is where the next one begins. */
	if (older && older->member.to_ns == SERIES_STAYS) {
		older->member.to_ns = member->from_ns ? member->from_ns - 1 : 0;
		older->is_changed = true;
	}
	track->id = ++tracks->last_id;
	track->member = *member;
	track->has_link = link;
	track->is_new = true;
	track->is_changed = member->to_ns != SERIES_STAYS;
	track->older = older;
	tracks->by_slot[member->slot] = track;
	tracks->items[tracks->n++] = track;
	return 0;
}

static struct track *newest(const struct tracks *tracks, uint32_t slot)
{
	return slot < tracks->n_slots ? tracks->by_slot[slot] : NULL;
}

void tracks_update(struct tracks *tracks, const struct series_member *member)
{
	struct track *track = newest(tracks, member->slot);

	while (track && track->member.from_ns != member->from_ns)
		track = track->older;
	if (!track)
		return;
	if (member->to_ns != SERIES_STAYS && member->to_ns != track->member.to_ns) {
		track->member.to_ns = member->to_ns;
		track->is_changed = true;
	}
	if (strncmp(track->member.ifname, member->ifname, IF_NAMESIZE)) {
		memcpy(track->member.ifname, member->ifname, IF_NAMESIZE);
		track->is_changed = true;
	}
	if (strncmp(track->member.netns, member->netns, NETNS_NAME_SIZE)) {
		memcpy(track->member.netns, member->netns, NETNS_NAME_SIZE);
		track->is_changed = true;
	}
}

int tracks_name_container(struct tracks *tracks, uint32_t slot, const char *netns, uint32_t ifindex,
			  const char *name)
{
	struct track *track = newest(tracks, slot);
	char *copy = NULL;

	if (!track || track->member.ifindex != ifindex || track->member.to_ns != SERIES_STAYS ||
	    strncmp(track->member.netns, netns, NETNS_NAME_SIZE))
		return 0;
	if (name ? track->container && !strcmp(track->container, name) : !track->container)
		return 0;
	if (name) {
		copy = strdup(name);
		if (!copy)
			return -ENOMEM;
	}
	free(track->container);
	track->container = copy;
	track->is_changed = true;
	return 0;
}

static bool touches(const struct track *track, uint64_t start_ns, uint64_t width_ns)
{
	const struct series_member *member = &track->member;

	return start_ns + width_ns > member->from_ns &&
	       (member->to_ns == SERIES_STAYS || start_ns <= member->to_ns);
}

struct track *tracks_of_window(const struct tracks *tracks, uint32_t slot, uint64_t start_ns)
{
	struct track *track, *found = NULL;

	for (track = newest(tracks, slot); track; track = track->older)
		if (touches(track, start_ns, tracks->width_ns))
			found = track;
	return found;
}

struct track *tracks_at(const struct tracks *tracks, uint32_t slot, uint64_t time_ns)
{
	struct track *found = tracks_of_window(tracks, slot, time_ns);

	return found ? found : newest(tracks, slot);
}

/* It will not grow any more. */
static int fill(struct tracks *tracks, struct track_chunk *open)
{
	if (!open->chunk)
		return 0;
	if (array_reserve(&tracks->full, &tracks->full_capacity, tracks->n_full + 1,
			  sizeof(*tracks->full)))
		return -ENOMEM;
	tracks->full[tracks->n_full++] = *open;
	*open = (struct track_chunk){0};
	return 0;
}

/* Makes sure that the open chunk takes it. */
static int open_chunk(struct tracks *tracks, struct track_chunk *open, uint64_t interface,
		      uint32_t direction, uint64_t start_ns)
{
	if (open->chunk && !chunk_takes(open->chunk, start_ns) && fill(tracks, open))
		return -ENOMEM;
	return open->chunk ? 0 : chunk_new(&open->chunk, interface, direction, tracks->width_ns);
}

int tracks_add_window(struct tracks *tracks, const struct window *window)
{
	struct track *track = tracks_of_window(tracks, window->slot, window->start_ns);
	struct window on_file = *window;
	struct track_chunk *open;
	int ret;

	if (!track || window->direction >= N_DIRECTIONS)
		return 0;
	open = &track->open[window->direction];
	on_file.start_ns += tracks->wall_offset_ns;
	/* Not behind the one before: that is no question of a chunk being full. */
	if (open->chunk && chunk_key(open->chunk)->until_ns > on_file.start_ns)
		return -EINVAL;
	ret = open_chunk(tracks, open, track->id, window->direction, on_file.start_ns);
	ret = ret ? ret : chunk_add(open->chunk, &on_file);
	if (ret)
		return ret;
	open->is_dirty = true;
	track->drops[window->direction] += window->drops;
	tracks->windows++;
	return 0;
}

void tracks_add_drop(struct tracks *tracks, const struct window_drop *drop)
{
	struct track *track = tracks_of_window(tracks, drop->slot, drop->start_ns);

	if (track && drop->direction < N_DIRECTIONS)
		drop_tally_add(&track->reasons[drop->direction], drop->reason, drop->packets);
}

/* Those that nobody will ask for any more leave their slot and the list. */
static void prune(struct tracks *tracks, uint64_t until_ns)
{
	size_t i, kept = 0;

	for (i = 0; i < tracks->n; i++) {
		struct track *track = tracks->items[i], **link;

		if (track->member.to_ns == SERIES_STAYS ||
		    until_ns < track->member.to_ns + LINGER_NS || fill(tracks, &track->open[0]) ||
		    fill(tracks, &track->open[1])) {
			tracks->items[kept++] = track;
			continue;
		}
		link = &tracks->by_slot[track->member.slot];
		while (*link != track)
			link = &(*link)->older;
		*link = track->older;
		free_track(track);
	}
	tracks->n = kept;
}

static void settle_chunk(struct tracks *tracks, struct track_chunk *open, uint64_t until_wall_ns)
{
	if (!open->chunk)
		return;
	open->is_dirty = false;
	open->stored_size = chunk_raw_size(open->chunk);
	/* For want of memory it stays: the next window finds out. */
	if (!chunk_takes(open->chunk, until_wall_ns))
		fill(tracks, open);
}

static void settle_track(struct tracks *tracks, struct track *track, uint64_t until_wall_ns)
{
	int d;

	if (track->is_new)
		link_release(&track->link);
	track->is_new = false;
	track->is_changed = false;
	track->counters_before = track->counters;
	for (d = 0; d < N_DIRECTIONS; d++) {
		track->drops[d] = 0;
		track->reasons[d].n = 0;
		settle_chunk(tracks, &track->open[d], until_wall_ns);
	}
}

void tracks_settle(struct tracks *tracks, uint64_t until_ns)
{
	size_t i;

	for (i = 0; i < tracks->n_full; i++)
		chunk_free(tracks->full[i].chunk);
	tracks->n_full = 0;
	for (i = 0; i < tracks->n; i++)
		settle_track(tracks, tracks->items[i], until_ns + tracks->wall_offset_ns);
	prune(tracks, until_ns);
}
