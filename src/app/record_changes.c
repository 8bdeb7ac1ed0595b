// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/record_changes.h"

#include <string.h>

#include "base/clock.h"
#include "model/changes.h"

/* Where it is, and what came of it first that was an error. */
struct taking {
	struct tape *tape;
	const struct site *site;
	uint32_t slot;
	struct error *err;
	int ret;
};

static const char *name_of(void *context, uint32_t ifindex)
{
	const struct taking *taking = context;
	const struct link *link = links_get(taking->site->links, ifindex);

	return link ? link->ifname : NULL;
}

/* SLOT_NONE: it is not attached (any more). */
static uint32_t slot_of(const struct engine *engine, const struct site *site, uint32_t ifindex)
{
	size_t i, n;
	const struct interface *interfaces = engine_interfaces(engine, &n);

	for (i = 0; i < n; i++)
		if (interfaces[i].site == site && interfaces[i].ifindex == ifindex)
			return interfaces[i].slot;
	return SLOT_NONE;
}

static void take(void *context, const struct change *change)
{
	struct taking *taking = context;
	struct recording_change recorded = {
		.time_ns = clock_monotonic_ns(),
		.ifindex = change->link->ifindex,
		.event = change_event_name(change->event),
		.previous = change->previous,
		.current = change->current,
		.slot = taking->slot,
	};

	memcpy(recorded.ifname, change->link->ifname, sizeof(recorded.ifname));
	memcpy(recorded.netns, taking->site->name, sizeof(recorded.netns));
	if (!taking->ret)
		taking->ret =
			recorder_add_change(tape_recorder(taking->tape), &recorded, taking->err);
}

int record_changes_take(const struct engine *engine, struct tape *tape, const struct site *site,
			const struct link *before, const struct link *after, struct error *err)
{
	struct taking taking = {
		.tape = tape,
		.site = site,
		.slot = slot_of(engine, site, before ? before->ifindex : after->ifindex),
		.err = err,
	};
	const struct changes_sink sink = {take, name_of, &taking};

	changes_between(before, after, &sink);
	return taking.ret;
}
