// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/export_lines.h"

#include <stdio.h>

#include "app/replay_recall.h"
#include "base/units.h"
#include "out/place_name.h"
#include "out/show_burst.h"
#include "store/schema.h"

struct lines {
	const struct replay_feed *feed;
	struct writer *writer;
};

static void put_recording(const struct lines *lines)
{
	const struct recording_meta *meta = player_meta(replay_feed_player(lines->feed));

	writer_set_type(lines->writer, "recording");
	writer_begin(lines->writer);
	writer_time(lines->writer, "time", replay_feed_from_ns(lines->feed));
	writer_time(lines->writer, "until", replay_feed_until_ns(lines->feed));
	writer_unsigned(lines->writer, "window_us", meta->width_ns / NSEC_PER_USEC);
	writer_text(lines->writer, "host", meta->host);
	writer_text(lines->writer, "boot_id", meta->boot_id);
	writer_text(lines->writer, "kernel", meta->kernel);
	writer_text(lines->writer, "machine", meta->machine);
	writer_text(lines->writer, "ifpulse", meta->version);
	writer_end(lines->writer);
}

static void put_time_or_null(struct writer *writer, const char *name, uint64_t wall_ns)
{
	if (wall_ns == SERIES_STAYS)
		writer_null(writer, name);
	else
		writer_time(writer, name, wall_ns);
}

static void put_interface(const struct lines *lines, const struct series_member *member)
{
	const struct link *link = player_link(replay_feed_player(lines->feed), member->slot);

	writer_begin(lines->writer);
	writer_time(lines->writer, "time", member->from_ns);
	put_time_or_null(lines->writer, "until", member->to_ns);
	writer_unsigned(lines->writer, "ifindex", member->ifindex);
	place_name_fields(lines->writer, member->netns, member->ifname);
	writer_text(lines->writer, "kind", link && link->kind[0] ? link->kind : NULL);
	if (link && link->speed_mbps)
		writer_unsigned(lines->writer, "speed_mbps", link->speed_mbps);
	else
		writer_null(lines->writer, "speed_mbps");
	if (link && link->mtu)
		writer_unsigned(lines->writer, "mtu", link->mtu);
	else
		writer_null(lines->writer, "mtu");
	writer_text(lines->writer, "container",
		    player_container(replay_feed_player(lines->feed), member->slot));
	writer_end(lines->writer);
}

static int put_change(void *context, const struct recording_change *change)
{
	const struct lines *lines = context;

	if (!replay_feed_selects_name(lines->feed, change->netns, change->ifname))
		return 0;
	writer_begin(lines->writer);
	writer_time(lines->writer, "time", change->time_ns);
	writer_unsigned(lines->writer, "ifindex", change->ifindex);
	place_name_fields(lines->writer, change->netns, change->ifname);
	writer_text(lines->writer, "event", change->event);
	writer_text(lines->writer, "previous", change->previous);
	writer_text(lines->writer, "current", change->current);
	writer_end(lines->writer);
	return 0;
}

static const struct series_member *member_of(const struct lines *lines, uint32_t slot)
{
	size_t n;

	return &player_members(replay_feed_player(lines->feed), &n)[slot - 1];
}

#define PUT_KERNEL(name) writer_unsigned(writer, #name, kernel->name);

/* NULL: unknown. */
static void put_kernel(struct writer *writer, const struct rtnl_link_stats64 *kernel)
{
	if (!kernel) {
		writer_null(writer, "kernel");
		return;
	}
	writer_begin_object(writer, "kernel");
	SCHEMA_KERNEL_COUNTERS(PUT_KERNEL)
	writer_end_object(writer);
}

/* The probe's counts, since the interface was attached, and the kernel's own. */
static int put_counters(void *context, const struct recording_counters *counters)
{
	static const char *const directions[] = {"rx", "tx"};
	const struct lines *lines = context;
	const struct series_member *member;
	char name[32];
	int d;

	if (!replay_feed_selects(lines->feed, counters->slot))
		return 0;
	member = member_of(lines, counters->slot);
	writer_begin(lines->writer);
	writer_time(lines->writer, "time", counters->time_ns);
	writer_unsigned(lines->writer, "ifindex", member->ifindex);
	place_name_fields(lines->writer, member->netns, member->ifname);
	for (d = 0; d < N_DIRECTIONS; d++) {
		const struct traffic_counter *traffic = &counters->probe.traffic[d];
		const struct {
			const char *name;
			uint64_t value;
		} fields[] = {
			{"bytes", traffic->bytes},
			{"packets", traffic->packets},
			{"wire_bytes", traffic->wire_bytes},
			{"wire_packets", traffic->wire_packets},
			{"drops", counters->probe.drops[d]},
		};
		size_t i;

		for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
			snprintf(name, sizeof(name), "%s_%s", directions[d], fields[i].name);
			writer_unsigned(lines->writer, name, fields[i].value);
		}
	}
	put_kernel(lines->writer, counters->has_kernel ? &counters->kernel : NULL);
	writer_end(lines->writer);
	return 0;
}

static int put_burst(void *context, const struct recording_burst *recorded)
{
	const struct lines *lines = context;
	const struct series_member *member;
	struct burst_place place;

	if (!replay_feed_selects(lines->feed, recorded->slot))
		return 0;
	member = member_of(lines, recorded->slot);
	place = (struct burst_place){
		.ifindex = member->ifindex,
		.slot = recorded->slot,
		.ifname = member->ifname,
		.direction = recorded->direction,
		.rule = recorded->rule,
		.width_ns = player_meta(replay_feed_player(lines->feed))->width_ns,
		.speed_bps = recorded->speed_bps,
		.speed_source = recorded->speed_source[0] ? recorded->speed_source : NULL,
		.netns = member->netns,
	};
	replay_recall_put(&place, recorded);
	show_burst_record(lines->writer, &place, &recorded->burst);
	return 0;
}

int export_lines(const struct replay_feed *feed, struct writer *writer, struct error *err)
{
	struct player *player = replay_feed_player(feed);
	struct lines lines = {feed, writer};
	const struct series_member *members;
	size_t i, n;
	int ret;

	put_recording(&lines);
	writer_set_type(writer, "interface");
	members = player_members(player, &n);
	for (i = 0; i < n; i++)
		if (replay_feed_selects(feed, members[i].slot))
			put_interface(&lines, &members[i]);
	writer_set_type(writer, "change");
	ret = player_changes(player, put_change, &lines, err);
	writer_set_type(writer, "counters");
	if (!ret)
		ret = player_counters(player, put_counters, &lines, err);
	writer_set_type(writer, "burst");
	if (!ret)
		ret = player_bursts(player, put_burst, &lines, err);
	return ret;
}
