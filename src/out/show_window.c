// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_window.h"

#include <inttypes.h>

#include "base/units.h"
#include "model/rate.h"
#include "out/place_name.h"

static const char *const direction_names[] = {"rx", "tx"};

static void put_count(struct writer *writer, const struct series_point *point, const char *name,
		      uint64_t value)
{
	if (point->is_known)
		writer_unsigned(writer, name, value);
	else
		writer_null(writer, name);
}

void show_window_record(struct writer *writer, const struct series_point *point, uint64_t width_ns,
			uint64_t wall_offset_ns)
{
	writer_begin(writer);
	writer_time(writer, "time", point->start_ns + wall_offset_ns);
	writer_unsigned(writer, "window_us", width_ns / NSEC_PER_USEC);
	writer_unsigned(writer, "ifindex", point->member->ifindex);
	place_name_fields(writer, point->member->netns, point->member->ifname);
	writer_text(writer, "direction", direction_names[point->direction]);
	put_count(writer, point, "bytes", point->traffic.bytes);
	put_count(writer, point, "packets", point->traffic.packets);
	put_count(writer, point, "wire_bytes", point->traffic.wire_bytes);
	put_count(writer, point, "wire_packets", point->traffic.wire_packets);
	put_count(writer, point, "drops", point->drops);
	writer_end(writer);
}

void show_window_line(struct sink *sink, const struct series_point *point, uint64_t width_ns,
		      uint64_t wall_offset_ns)
{
	char time[UNITS_TEXT_SIZE], rate[UNITS_TEXT_SIZE], size[UNITS_TEXT_SIZE];
	char name[PLACE_NAME_SIZE];

	units_format_wall(time, point->start_ns + wall_offset_ns);
	place_name_text(name, point->member->netns, point->member->ifname);
	if (point->is_known) {
		units_format_rate(rate, rate_per_second(8 * point->traffic.wire_bytes, width_ns));
		units_format_size(size, point->traffic.wire_bytes);
		sink_format(sink, "%s  %s%*s %s %14s %8" PRIu64 " pkt %12s", time, name,
			    text_padding(name, 15), "", direction_names[point->direction], rate,
			    (uint64_t)point->traffic.wire_packets, size);
		if (point->drops)
			sink_format(sink, " %8" PRIu64 " dropped", point->drops);
		sink_text(sink, "\n");
	} else {
		sink_format(sink, "%s  %s%*s %s %14s\n", time, name, text_padding(name, 15), "",
			    direction_names[point->direction], "unknown");
	}
	sink_commit(sink);
}
