// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_burst.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"
#include "out/kept_flow.h"
#include "out/place_name.h"
#include "out/show_flow.h"

/* Eight reasons with names as long as the kernel's are. */
#define REASONS_TEXT_SIZE 1024

/* Longer names are cut. */
#define CONTAINER_TEXT_SIZE 128

static const char *const direction_names[] = {"rx", "tx"};

/* Many reasons in one window, or a full tally, leave some of the drops without one. */
static uint64_t without_reason(const struct burst *burst)
{
	uint64_t left = burst->drops;
	size_t i;

	for (i = 0; i < burst->reasons.n; i++)
		left -= burst->reasons.counts[i].packets < left ? burst->reasons.counts[i].packets
								: left;
	return left;
}

static void put_reason(struct writer *writer, const char *reason, uint64_t packets)
{
	writer_begin(writer);
	writer_text(writer, "reason", reason);
	writer_unsigned(writer, "packets", packets);
	writer_end(writer);
}

/* NULL where the kernel gives none. */
static const char *reason_of(const struct burst_place *place, const struct drop_count *count)
{
	return place->reason_name(place->reason_context, count->reason);
}

/* As text, parted by `between` and `parting`. Returns `out`. */
static const char *reasons_text(char *out, size_t size, const struct burst_place *place,
				const struct burst *burst, char between, const char *parting)
{
	uint64_t left = without_reason(burst);
	size_t used = 0, i;

	out[0] = '\0';
	for (i = 0; i < burst->reasons.n && used < size; i++) {
		const struct drop_count *count = &burst->reasons.counts[i];
		const char *reason = reason_of(place, count);

		used += (size_t)snprintf(out + used, size - used, "%s%s%c%" PRIu64,
					 i ? parting : "", reason ? reason : "unknown", between,
					 count->packets);
	}
	if (left && used < size)
		snprintf(out + used, size - used, "%sother%c%" PRIu64, i ? parting : "", between,
			 left);
	return out;
}

const char *show_burst_reasons(char *out, size_t size, const struct burst_place *place,
			       const struct burst *burst)
{
	return reasons_text(out, size, place, burst, ':', " ");
}

/* From their text. "other" has no reason. */
static void put_recorded_reasons(struct writer *writer, const char *text)
{
	char reason[64];
	int used = 0;
	uint64_t packets;

	if (writer_is_csv(writer)) {
		writer_text(writer, "drop_reasons", text);
		return;
	}
	writer_begin_array(writer, "drop_reasons");
	for (; sscanf(text, " %63[^: ]:%" SCNu64 "%n", reason, &packets, &used) == 2; text += used)
		put_reason(writer, strcmp(reason, "other") ? reason : NULL, packets);
	writer_end_array(writer);
}

static void put_reasons(struct writer *writer, const struct burst_place *place,
			const struct burst *burst)
{
	char text[REASONS_TEXT_SIZE];
	size_t i;

	if (place->reasons) {
		put_recorded_reasons(writer, place->reasons);
		return;
	}
	if (!place->reason_name) {
		writer_null(writer, "drop_reasons");
		return;
	}
	if (writer_is_csv(writer)) {
		writer_text(writer, "drop_reasons",
			    show_burst_reasons(text, sizeof(text), place, burst));
		return;
	}
	writer_begin_array(writer, "drop_reasons");
	for (i = 0; i < burst->reasons.n; i++)
		put_reason(
			writer,
			place->reason_name(place->reason_context, burst->reasons.counts[i].reason),
			burst->reasons.counts[i].packets);
	if (without_reason(burst))
		put_reason(writer, NULL, without_reason(burst));
	writer_end_array(writer);
}

void show_burst_record(struct writer *writer, const struct burst_place *place,
		       const struct burst *burst)
{
	writer_begin(writer);
	writer_time(writer, "time", burst->start_ns + place->wall_offset_ns);
	writer_unsigned(writer, "ifindex", place->ifindex);
	place_name_fields(writer, place->netns, place->ifname);
	writer_text(writer, "direction", direction_names[place->direction]);
	writer_unsigned(writer, "duration_us", (burst->end_ns - burst->start_ns) / NSEC_PER_USEC);
	writer_unsigned(writer, "window_us", place->width_ns / NSEC_PER_USEC);
	writer_unsigned(writer, "windows", burst->windows);
	writer_unsigned(writer, "bytes", burst->traffic.bytes);
	writer_unsigned(writer, "packets", burst->traffic.packets);
	writer_unsigned(writer, "wire_bytes", burst->traffic.wire_bytes);
	writer_unsigned(writer, "wire_packets", burst->traffic.wire_packets);
	writer_unsigned(writer, "drops", burst->drops);
	put_reasons(writer, place, burst);
	writer_unsigned(writer, "peak_bps", burst->peak_bps);
	writer_unsigned(writer, "mean_bps", burst->mean_bps);
	writer_unsigned(writer, "threshold_bps", burst->threshold_bps);
	writer_text(writer, "rule", burst_rule_name(place->rule));
	if (place->speed_bps)
		writer_unsigned(writer, "speed_mbps", place->speed_bps / 1000000);
	else
		writer_null(writer, "speed_mbps");
	writer_text(writer, "speed_source", place->speed_source);
	writer_boolean(writer, "cut", burst->is_cut);
	writer_text(writer, "container", place->container);
	if (place->kept_flows)
		kept_flow_fields(writer, place->kept_flows);
	else
		show_flow_fields(writer, place->flows, burst->traffic.wire_bytes);
	writer_end(writer);
}

/* " (QDISC_DROP 12, other 1)" */
static void show_recorded_reasons(struct sink *sink, const char *text)
{
	char safe[REASONS_TEXT_SIZE];
	const char *at;

	sink_text(sink, " (");
	for (at = text_escape(safe, sizeof(safe), text); *at; at++)
		sink_format(sink, *at == ' ' ? ",%c" : "%c", *at == ':' ? ' ' : *at);
	sink_text(sink, ")");
}

void show_burst_line(struct sink *sink, const struct burst_place *place, const struct burst *burst)
{
	char time[UNITS_TEXT_SIZE], duration[UNITS_TEXT_SIZE], peak[UNITS_TEXT_SIZE];
	char mean[UNITS_TEXT_SIZE], size[UNITS_TEXT_SIZE], mark[UNITS_TEXT_SIZE];
	char name[PLACE_NAME_SIZE], reasons[REASONS_TEXT_SIZE];
	char container[CONTAINER_TEXT_SIZE];

	place_name_text(name, place->netns, place->ifname);
	sink_format(sink, "%s  %s%*s %s %9s%s  peak %s, mean %s, %s, %" PRIu64 " packets",
		    units_format_wall(time, burst->start_ns + place->wall_offset_ns), name,
		    text_padding(name, 10), "", direction_names[place->direction],
		    units_format_time(duration, burst->end_ns - burst->start_ns),
		    burst->is_cut ? "+" : " ", units_format_rate(peak, burst->peak_bps),
		    units_format_rate(mean, burst->mean_bps),
		    units_format_size(size, burst->traffic.wire_bytes),
		    (uint64_t)burst->traffic.wire_packets);
	if (burst->drops)
		sink_format(sink, ", %" PRIu64 " dropped", burst->drops);
	if (burst->drops && place->reasons && place->reasons[0])
		show_recorded_reasons(sink, place->reasons);
	else if (burst->drops && place->reason_name)
		sink_format(sink, " (%s)",
			    reasons_text(reasons, sizeof(reasons), place, burst, ' ', ", "));
	sink_format(sink, " (%s, above %s in %s", burst_rule_name(place->rule),
		    units_format_rate(mark, burst->threshold_bps),
		    units_format_time(duration, place->width_ns));
	if (place->speed_source)
		sink_format(sink, ", speed %s by %s", units_format_rate(mark, place->speed_bps),
			    place->speed_source);
	sink_text(sink, ")");
	if (place->container && !place_is_elsewhere(place->netns))
		sink_format(sink, " %s %s", place->direction == DIRECTION_INGRESS ? "from" : "to",
			    text_escape(container, sizeof(container), place->container));
	if (place->kept_flows)
		kept_flow_text(sink, place->kept_flows);
	else if (place->flows)
		show_flow_text(sink, place->flows, burst->traffic.wire_bytes);
	sink_text(sink, "\n");
	sink_commit(sink);
}

static void put_duration(struct writer *writer, const char *name,
			 const struct burst_summary *summary, uint64_t time_ns)
{
	if (summary->count)
		writer_unsigned(writer, name, time_ns / NSEC_PER_USEC);
	else
		writer_null(writer, name);
}

void show_burst_summary_record(struct writer *writer, const struct burst_place *place,
			       const struct burst_summary *summary)
{
	writer_begin(writer);
	writer_unsigned(writer, "ifindex", place->ifindex);
	place_name_fields(writer, place->netns, place->ifname);
	writer_text(writer, "direction", direction_names[place->direction]);
	writer_unsigned(writer, "run_us", summary->run_ns / NSEC_PER_USEC);
	writer_unsigned(writer, "bursts", summary->count);
	writer_number(writer, "time_share", summary->time_share);
	writer_number(writer, "byte_share", summary->byte_share);
	put_duration(writer, "p50_us", summary, summary->p50_ns);
	put_duration(writer, "p90_us", summary, summary->p90_ns);
	put_duration(writer, "p99_us", summary, summary->p99_ns);
	if (summary->peak_to_mean > 0)
		writer_number(writer, "peak_to_mean", summary->peak_to_mean);
	else
		writer_null(writer, "peak_to_mean");
	writer_end(writer);
}

int show_burst_summary_new(struct table **out, bool use_colour)
{
	static const struct table_column columns[] = {
		{.title = "INTERFACE"},
		{.title = "DIR"},
		{.title = "BURSTS", .right = true},
		{.title = "TIME", .right = true},
		{.title = "BYTES", .right = true},
		{.title = "P50", .right = true},
		{.title = "P90", .right = true},
		{.title = "P99", .right = true},
		{.title = "PEAK/MEAN", .right = true},
	};

	return table_new(out, columns, ARRAY_SIZE(columns), use_colour);
}

static void put_time(struct table *table, const struct burst_summary *summary, uint64_t time_ns)
{
	char text[UNITS_TEXT_SIZE];

	if (summary->count)
		table_cell(table, TABLE_PLAIN, "%s", units_format_time(text, time_ns));
	else
		table_cell(table, TABLE_DIM, "-");
}

void show_burst_summary_row(struct table *table, const struct burst_place *place,
			    const struct burst_summary *summary)
{
	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(place->netns, place->ifname));
	table_cell(table, TABLE_PLAIN, "%s", direction_names[place->direction]);
	table_cell(table, TABLE_PLAIN, "%" PRIu64, summary->count);
	table_cell(table, TABLE_PLAIN, "%.3g%%", 100 * summary->time_share);
	table_cell(table, TABLE_PLAIN, "%.3g%%", 100 * summary->byte_share);
	put_time(table, summary, summary->p50_ns);
	put_time(table, summary, summary->p90_ns);
	put_time(table, summary, summary->p99_ns);
	if (summary->peak_to_mean > 0)
		table_cell(table, TABLE_PLAIN, summary->peak_to_mean < 100 ? "%.3g" : "%.0f",
			   summary->peak_to_mean);
	else
		table_cell(table, TABLE_DIM, "-");
}
