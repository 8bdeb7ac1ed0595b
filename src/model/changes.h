/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * changes: what happened to an interface between two looks at it, as events for people.
 */
#ifndef IFPULSE_MODEL_CHANGES_H
#define IFPULSE_MODEL_CHANGES_H

#include "model/link.h"

enum change_event {
	CHANGE_ADDED,   /* followed by CHANGE_ADDRESS_ADDED for each address that it has already */
	CHANGE_REMOVED, /* deleted, or moved to another network namespace */
	CHANGE_UP,      /* link_is_up() became true; previous and current are operstates */
	CHANGE_DOWN,
	CHANGE_RENAMED,
	CHANGE_ADDRESS_ADDED, /* "192.0.2.1/24", or a hardware address */
	CHANGE_ADDRESS_REMOVED,
	CHANGE_MTU,    /* bytes */
	CHANGE_SPEED,  /* Mbit/s */
	CHANGE_MASTER, /* name of the bridge, bond, … */
};

/* As JSON and people read it: "added", "address-removed", … */
const char *change_event_name(enum change_event event);

struct change {
	enum change_event event;
	const struct link *link; /* as it is now; a removed one as it was */
	const char *previous;    /* NULL: there was none, or unknown */
	const char *current;     /* NULL: there is none, or unknown */
};

struct changes_sink {
	/* The change and its texts end with the call. */
	void (*change)(void *context, const struct change *change);
	/* The name of an ifindex, for masters; NULL where it has gone. */
	const char *(*name_of)(void *context, uint32_t ifindex);
	void *context;
};

/* `before` NULL: added; `after` NULL: removed. Calls the sink for each change, names first. */
void changes_between(const struct link *before, const struct link *after,
		     const struct changes_sink *sink);

#endif
