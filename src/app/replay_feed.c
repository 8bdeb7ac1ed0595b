// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/replay_feed.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/units.h"

struct replay_feed {
	const struct options *options;
	struct player *player;
	uint64_t from_ns, until_ns;
	bool *is_selected;             /* by slot - 1 */
	struct series_member *members; /* of the last span, those that are selected */
	struct window *windows;
	size_t members_capacity, windows_capacity;
};

bool replay_feed_selects_name(const struct replay_feed *feed, const char *netns, const char *ifname)
{
	return selection_matches_in(&feed->options->selection, netns, ifname);
}

bool replay_feed_selects(const struct replay_feed *feed, uint32_t slot)
{
	size_t n;

	player_members(feed->player, &n);
	return slot && slot <= n && feed->is_selected[slot - 1];
}

static uint64_t moment_ns(const struct replay_feed *feed, const struct moment *moment,
			  uint64_t otherwise_ns)
{
	if (!moment->is_given)
		return otherwise_ns;
	return moment->is_wall ? moment->ns : player_from_ns(feed->player) + moment->ns;
}

/* What is outside of the recording is brought to its border. */
static uint64_t clip(const struct replay_feed *feed, uint64_t at_ns)
{
	uint64_t from_ns = player_from_ns(feed->player), until_ns = player_until_ns(feed->player);

	if (at_ns < from_ns)
		return from_ns;
	return at_ns < until_ns ? at_ns : until_ns;
}

/* Every window asks for it: patterns are looked at once. */
static int select_members(struct replay_feed *feed, struct error *err)
{
	size_t i, n, n_selected = 0;
	const struct series_member *members = player_members(feed->player, &n);

	feed->is_selected = calloc(n + 1, sizeof(*feed->is_selected));
	if (!feed->is_selected)
		return error_errno(err, -ENOMEM, "cannot read %s", feed->options->file);
	for (i = 0; i < n; i++) {
		feed->is_selected[i] =
			replay_feed_selects_name(feed, members[i].netns, members[i].ifname);
		n_selected += feed->is_selected[i];
	}
	if (n_selected)
		return 0;
	if (!n)
		return error_set(err, -ENODEV,
				 "%s has no interface: none matched while it was made",
				 feed->options->file);
	error_set(err, -ENODEV, "%s has no interface that is selected", feed->options->file);
	error_hint(err, "leave out --interface to see those it has");
	return -ENODEV;
}

static int check_time(const struct replay_feed *feed, uint64_t from_ns, uint64_t until_ns,
		      struct error *err)
{
	const char *file = feed->options->file;
	char text[2][UNITS_TEXT_SIZE];

	if (player_from_ns(feed->player) == player_until_ns(feed->player)) {
		error_set(err, -ERANGE, "%s has no windows", file);
		error_hint(err, "if it was copied or moved, '%s-wal' belongs beside it", file);
	} else if (feed->options->from.is_given && feed->options->to.is_given &&
		   from_ns >= until_ns) {
		error_set(err, -ERANGE, "there is no time from --from to --to");
		error_hint(err, "--to has to be later");
	} else if (feed->from_ns >= feed->until_ns) {
		error_set(err, -ERANGE, "%s has nothing of that time", file);
		error_hint(err, "it goes from %s to %s",
			   units_format_wall(text[0], player_from_ns(feed->player)),
			   units_format_wall(text[1], player_until_ns(feed->player)));
	}
	return err->code;
}

/* Every window that the time touches. */
static int set_time(struct replay_feed *feed, struct error *err)
{
	uint64_t first_ns = player_from_ns(feed->player), end_ns = player_until_ns(feed->player);
	uint64_t from_ns = moment_ns(feed, &feed->options->from, first_ns);
	uint64_t until_ns = moment_ns(feed, &feed->options->to, end_ns);
	uint64_t width_ns = player_meta(feed->player)->width_ns;
	int ret;

	feed->from_ns = window_align_down(clip(feed, from_ns), width_ns, 0);
	feed->until_ns = window_align_down(clip(feed, until_ns) + width_ns - 1, width_ns, 0);
	ret = check_time(feed, from_ns, until_ns, err);
	if (ret)
		return ret;
	/* Where it reaches to the end all is given: the last counters are of just behind it. */
	player_seek(feed->player, feed->from_ns > first_ns ? feed->from_ns : 0,
		    feed->until_ns < end_ns ? feed->until_ns : UINT64_MAX);
	return 0;
}

int replay_feed_new(struct replay_feed **out, const struct options *options, struct error *err)
{
	struct replay_feed *feed = calloc(1, sizeof(*feed));
	int ret;

	if (!feed)
		return error_errno(err, -ENOMEM, "cannot read %s", options->file);
	feed->options = options;
	ret = player_new(&feed->player, options->file, err);
	if (!ret)
		ret = set_time(feed, err);
	if (!ret)
		ret = select_members(feed, err);
	if (ret) {
		replay_feed_free(feed);
		return ret;
	}
	*out = feed;
	return 0;
}

void replay_feed_free(struct replay_feed *feed)
{
	if (!feed)
		return;
	player_free(feed->player);
	free(feed->is_selected);
	free(feed->members);
	free(feed->windows);
	free(feed);
}

struct player *replay_feed_player(const struct replay_feed *feed)
{
	return feed->player;
}

uint64_t replay_feed_from_ns(const struct replay_feed *feed)
{
	return feed->from_ns;
}

uint64_t replay_feed_until_ns(const struct replay_feed *feed)
{
	return feed->until_ns;
}

const struct link *replay_feed_link_of(void *context, const struct series_member *member)
{
	struct replay_feed *feed = context;

	return player_link(feed->player, member->slot);
}

/* Leaves only what is selected of the player's span. */
static int narrow(struct replay_feed *feed, struct series_span *span)
{
	size_t i, n_members = 0, n_windows = 0;

	if (array_reserve(&feed->members, &feed->members_capacity, span->n_members,
			  sizeof(*feed->members)) ||
	    array_reserve(&feed->windows, &feed->windows_capacity, span->n_windows,
			  sizeof(*feed->windows)))
		return -ENOMEM;
	for (i = 0; i < span->n_members; i++)
		if (replay_feed_selects(feed, span->members[i].slot))
			feed->members[n_members++] = span->members[i];
	for (i = 0; i < span->n_windows; i++)
		if (replay_feed_selects(feed, span->windows[i].slot))
			feed->windows[n_windows++] = span->windows[i];
	span->members = feed->members;
	span->n_members = n_members;
	span->windows = feed->windows;
	span->n_windows = n_windows;
	return 0;
}

int replay_feed_next(struct replay_feed *feed, struct series_span *span, struct error *err)
{
	int ret = player_next(feed->player, span, err);

	if (ret <= 0 || !feed->options->selection.n)
		return ret;
	if (narrow(feed, span))
		return error_errno(err, -ENOMEM, "cannot read %s", feed->options->file);
	return ret;
}
