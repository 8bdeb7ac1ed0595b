/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_burst: bursts as records and as lines for people, and the summary at the end. */
#ifndef IFPULSE_OUT_SHOW_BURST_H
#define IFPULSE_OUT_SHOW_BURST_H

#include "model/burst.h"
#include "model/burst_stats.h"
#include "model/flow_table.h"
#include "out/sink.h"
#include "out/table.h"
#include "out/writer.h"

/* Where a burst was, and by what it was judged. */
struct burst_place {
	uint32_t ifindex;
	uint32_t slot; /* as its windows have it; not shown */
	const char *ifname;
	enum direction direction;
	enum burst_rule rule;
	uint64_t width_ns;
	uint64_t speed_bps;       /* 0: unknown */
	const char *speed_source; /* "netlink", "user"; NULL: unknown */
	uint64_t wall_offset_ns;  /* added to the burst's times */
	/* The name of a reason of a drop; NULL: reasons are not known. */
	const char *(*reason_name)(void *context, uint32_t reason);
	void *reason_context;
	const char *reasons; /* of one burst, as show_burst_reasons() has put them down; or NULL */
	const char *container; /* what is behind the interface; NULL: nothing, or not known */
	const struct burst_flows *flows; /* of the burst that is told with it; NULL: not known */
	const char *netns; /* where the interface is (model/netns_name.h); NULL: our own */
	/* The same flows of one burst, as show_flow_keep() has put them down; or NULL. */
	const char *kept_flows;
};

/* "QDISC_DROP:12 NO_SOCKET:1 other:2". Returns `out`. */
const char *show_burst_reasons(char *out, size_t size, const struct burst_place *place,
			       const struct burst *burst);

/*
 * Fields: time ifindex ifname netns direction duration_us window_us windows bytes packets wire_bytes
 * wire_packets drops drop_reasons peak_bps mean_bps threshold_bps rule speed_mbps speed_source cut container, and those of
 * show_flow_fields(). Unknown is null.
 * drop_reasons has an object for each, {reason packets}; in CSV it is text, "REASON:PACKETS …".
 */
void show_burst_record(struct writer *writer, const struct burst_place *place,
		       const struct burst *burst);

/* One line, committed; it says by what the burst was judged, too. */
void show_burst_line(struct sink *sink, const struct burst_place *place, const struct burst *burst);

/*
 * Fields: ifindex ifname netns direction run_us bursts time_share byte_share (both 0 to 1) p50_us p90_us p99_us
 * (null without bursts) peak_to_mean (null without traffic).
 */
void show_burst_summary_record(struct writer *writer, const struct burst_place *place,
			       const struct burst_summary *summary);

/* 0 or -ENOMEM. */
int show_burst_summary_new(struct table **out, bool use_colour);
void show_burst_summary_row(struct table *table, const struct burst_place *place,
			    const struct burst_summary *summary);

#endif
