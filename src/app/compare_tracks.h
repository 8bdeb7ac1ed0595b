/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare_tracks: the interfaces of an engine over a run, each with what `compare` needs of it.
 *
 * A track is an interface for as long as it is attached: one that goes keeps its last sample, one that is attached
 * again begins another. One thread.
 */
#ifndef IFPULSE_APP_COMPARE_TRACKS_H
#define IFPULSE_APP_COMPARE_TRACKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/engine.h"
#include "base/error.h"
#include "model/compare.h"
#include "model/netns_name.h"

struct compare_track {
	uint64_t site; /* netns of the site */
	uint32_t ifindex, slot;
	char ifname[IF_NAMESIZE];
	char netns[NETNS_NAME_SIZE];
	bool is_there; /* it is still attached as it was */
	struct compare_run run;
	struct compare_facts facts;
	/* The sample that is being taken, and how many of its readings there are. */
	struct compare_sample sample;
	unsigned int stage;
	bool in_total;   /* its packets are no other's; only with --total */
	uint32_t master; /* ifindex of the bridge or vrf that it is a port of; 0: none */
};

struct compare_tracks;

/*
 * Borrows the engine, which must count drops by kind, and listens to it. `proc`: the file of a saved /proc/net/dev,
 * which is of our own namespace; NULL: there is none. 0 or -errno.
 */
int compare_tracks_new(struct compare_tracks **out, struct engine *engine, const char *proc,
		       struct error *err);
void compare_tracks_free(struct compare_tracks *tracks);

/*
 * Reads the kernel's counters between readings of the probe's, for every interface: some 20 ms, in which it waits for
 * packets that are under way. 0 or -errno.
 */
int compare_tracks_sample(struct compare_tracks *tracks, struct error *err);

/* In order of namespace, ifindex and time; the order is made by the call. */
const struct compare_track *compare_tracks_all(struct compare_tracks *tracks, size_t *n);

#endif
