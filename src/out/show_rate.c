// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_rate.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"

static const char *const direction_names[] = {"rx", "tx"};

static void put_field(struct writer *writer, const char *direction, const char *name,
		      uint64_t value)
{
	char full[32];

	snprintf(full, sizeof(full), "%s_%s", direction, name);
	writer_unsigned(writer, full, value);
}

static void put_peak(struct writer *writer, const char *direction, const struct rate *rate, int d)
{
	char full[32];

	snprintf(full, sizeof(full), "%s_peak_bps", direction);
	if (rate->has_peak)
		writer_unsigned(writer, full, rate->peak_bps[d]);
	else
		writer_null(writer, full);
}

void show_rate_record(struct writer *writer, const struct rate *rate)
{
	int d;

	writer_begin(writer);
	writer_time(writer, "time", rate->start_wall_ns);
	writer_unsigned(writer, "interval_us", rate->interval_ns / NSEC_PER_USEC);
	if (rate->ifindex)
		writer_unsigned(writer, "ifindex", rate->ifindex);
	else
		writer_null(writer, "ifindex");
	writer_text(writer, "ifname", rate->ifname);
	for (d = 0; d < N_DIRECTIONS; d++) {
		const struct traffic_counter *traffic = &rate->delta.traffic[d];

		put_field(writer, direction_names[d], "bytes", traffic->bytes);
		put_field(writer, direction_names[d], "packets", traffic->packets);
		put_field(writer, direction_names[d], "wire_bytes", traffic->wire_bytes);
		put_field(writer, direction_names[d], "wire_packets", traffic->wire_packets);
		put_field(writer, direction_names[d], "drops", rate->delta.drops[d]);
		put_field(writer, direction_names[d], "bps", rate->bps[d]);
		put_peak(writer, direction_names[d], rate, d);
	}
	writer_end(writer);
}

int show_rate_table_new(struct table **out, bool has_peaks, bool use_colour)
{
	static const char *const titles[] = {
		"INTERFACE", ">RECEIVED", ">SENT",     ">RX PKT/S",
		">TX PKT/S", ">RX DROPS", ">TX DROPS",
	};
	/* What matters most comes first: a narrow terminal cuts the rest. */
	static const char *const titles_with_peaks[] = {
		"INTERFACE", ">RECEIVED", ">PEAK",     ">SENT",     ">PEAK",
		">RX PKT/S", ">TX PKT/S", ">RX DROPS", ">TX DROPS",
	};

	if (has_peaks)
		return table_new(out, titles_with_peaks, ARRAY_SIZE(titles_with_peaks), use_colour);
	return table_new(out, titles, ARRAY_SIZE(titles), use_colour);
}

static void put_peak_cell(struct table *table, const struct rate *rate, enum direction direction)
{
	char text[UNITS_TEXT_SIZE];

	if (rate->has_peak)
		table_cell(table, rate->peak_bps[direction] ? TABLE_PLAIN : TABLE_DIM, "%s",
			   units_format_rate(text, rate->peak_bps[direction]));
	else
		table_cell(table, TABLE_DIM, "-");
}

static void put_bps(struct table *table, const struct rate *rate, enum direction direction)
{
	static const char *const arrows[] = {"↓", "↑"};
	bool has_arrows = !strcmp(nl_langinfo(CODESET), "UTF-8");
	char text[UNITS_TEXT_SIZE];

	table_cell(table, rate->bps[direction] ? TABLE_PLAIN : TABLE_DIM, "%s %s",
		   has_arrows ? arrows[direction] : direction_names[direction],
		   units_format_rate(text, rate->bps[direction]));
}

void show_rate_row(struct table *table, const struct rate *rate, bool has_peaks)
{
	int d;

	table_cell(table, TABLE_BOLD, "%s", rate->ifname);
	for (d = 0; d < N_DIRECTIONS; d++) {
		put_bps(table, rate, d);
		if (has_peaks)
			put_peak_cell(table, rate, d);
	}
	for (d = 0; d < N_DIRECTIONS; d++) {
		uint64_t packets =
			rate_per_second(rate->delta.traffic[d].wire_packets, rate->interval_ns);

		table_cell(table, packets ? TABLE_PLAIN : TABLE_DIM, "%" PRIu64, packets);
	}
	for (d = 0; d < N_DIRECTIONS; d++)
		table_cell(table, rate->delta.drops[d] ? TABLE_BAD : TABLE_DIM, "%" PRIu64,
			   rate->delta.drops[d]);
}
