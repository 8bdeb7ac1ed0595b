// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/replay_recall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct replay_recall {
	struct player *player;
	/* Looked for, and the last that was found. */
	const struct burst_place *place;
	const struct burst *burst;
	struct recording_burst found;
	char *flows; /* of it */
	bool is_found;
};

void replay_recall_put(struct burst_place *place, const struct recording_burst *recorded)
{
	if (recorded->drop_reasons[0] || !recorded->burst.drops)
		place->reasons = recorded->drop_reasons;
	if (recorded->container[0])
		place->container = recorded->container;
	place->kept_flows = recorded->flows;
}

int replay_recall_new(struct replay_recall **out, struct player *player)
{
	struct replay_recall *recall = calloc(1, sizeof(*recall));

	if (!recall)
		return -ENOMEM;
	recall->player = player;
	*out = recall;
	return 0;
}

void replay_recall_free(struct replay_recall *recall)
{
	if (!recall)
		return;
	free(recall->flows);
	free(recall);
}

static bool is_it(const struct replay_recall *recall, const struct recording_burst *recorded)
{
	const struct burst *burst = recall->burst;

	return recorded->slot == recall->place->slot &&
	       recorded->direction == recall->place->direction &&
	       recorded->burst.end_ns == burst->end_ns &&
	       recorded->burst.windows == burst->windows && recorded->burst.drops == burst->drops &&
	       !memcmp(&recorded->burst.traffic, &burst->traffic, sizeof(burst->traffic));
}

static int take(void *context, const struct recording_burst *recorded)
{
	struct replay_recall *recall = context;

	if (recall->is_found || !is_it(recall, recorded))
		return 0;
	free(recall->flows);
	recall->flows = recorded->flows ? strdup(recorded->flows) : NULL;
	if (recorded->flows && !recall->flows)
		return -ENOMEM;
	recall->found = *recorded;
	recall->found.flows = recall->flows;
	recall->is_found = true;
	return 0;
}

int replay_recall_burst(struct replay_recall *recall, struct burst_place *place,
			const struct burst *burst, struct error *err)
{
	int ret;

	recall->place = place;
	recall->burst = burst;
	recall->is_found = false;
	ret = player_bursts_at(recall->player, burst->start_ns, take, recall, err);
	if (ret == -ENOMEM)
		return error_errno(err, ret, "cannot show the flows of a burst");
	if (!ret && recall->is_found)
		replay_recall_put(place, &recall->found);
	return ret;
}
