/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * recording: what a recording holds, as the recorder writes it and the player reads it.
 *
 * One SQLite file. Its application_id says that it is ours and its user_version which schema it has
 * (store/schema.c). Everything but the windows is plain rows, so that anyone can read it with
 * sqlite3(1); windows are chunks of zlib-compressed columns (store/chunk.h). Times in the file are
 * nanoseconds since 1970 on the wall clock as it was when the run started (CLOCK_MONOTONIC +
 * meta.wall_offset_ns): a step of that clock meanwhile moves nothing.
 */
#ifndef IFPULSE_STORE_RECORDING_H
#define IFPULSE_STORE_RECORDING_H

#include <linux/if_link.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/burst.h"
#include "model/container.h"
#include "model/counters.h"
#include "model/link.h"
#include "model/netns_name.h"

#define RECORDING_APPLICATION_ID 0x69667075 /* "ifpu" */
#define RECORDING_SCHEMA \
	2 /* since 2 with containers, network namespaces, and bursts with their flows */

/* What the run was; text is empty where unknown. */
struct recording_meta {
	uint64_t width_ns;       /* of the windows */
	uint64_t wall_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC at the start */
	char host[256];
	char boot_id[40];
	char kernel[128]; /* release */
	char machine[128];
	char version[32]; /* of ifpulse */
	uint32_t netns_inum;
};

#define RECORDING_REASONS_SIZE 512
/* With its NUL: some 80 flows, which bounds what a burst adds to a file. */
#define RECORDING_FLOWS_SIZE 16384

/* A burst and what it was judged by. */
struct recording_burst {
	uint32_t slot; /* of the interface */
	enum direction direction;
	enum burst_rule rule;
	uint64_t speed_bps;    /* 0: unknown */
	char speed_source[16]; /* "netlink", "user"; empty: unknown */
	/* Of its drops, by name: "QDISC_DROP:12 NO_SOCKET:1"; empty: unknown. burst.reasons are not kept. */
	char drop_reasons[RECORDING_REASONS_SIZE];
	struct burst burst;
	char container[CONTAINER_NAME_SIZE]; /* behind the interface then; empty: none known */
	/*
	 * A JSON object of its flows, shorter than RECORDING_FLOWS_SIZE, as the writer makes it and for the
	 * reader to check; NULL: unknown. Copied by recorder_add_burst(); the player's where it is given.
	 */
	const char *flows;
};

/*
 * The counters of one interface at one time: the probe's, and the kernel's own. On file are its
 * first ones, its latest, and between them a row for each RECORDING_COUNTERS_NS in which they moved:
 * a row a second would be most of what an idle host's recording grows by.
 */
#define RECORDING_COUNTERS_NS 10000000000U

struct recording_counters {
	uint32_t slot;
	uint64_t time_ns;
	struct interface_counters probe; /* since the interface was attached */
	bool has_kernel;                 /* false: unknown, NULL in the file */
	struct rtnl_link_stats64 kernel; /* since it was made */
};

/* A change of an interface, as model/changes tells it. */
struct recording_change {
	uint64_t time_ns;
	uint32_t ifindex;
	char ifname[IF_NAMESIZE];
	const char *event;              /* change_event_name() */
	const char *previous, *current; /* NULL: there is none */
	char netns[NETNS_NAME_SIZE];    /* where it was then; empty: where the recorder was */
	uint32_t
		slot; /* of the interface; SLOT_NONE: it is not recorded, or not known, as when read */
};

#endif
