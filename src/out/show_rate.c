// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_rate.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "out/place_name.h"

static const char *const direction_names[] = {"rx", "tx"};

static void put_field(struct writer *writer, const char *direction, const char *name, bool is_known,
		      uint64_t value)
{
	char full[32];

	snprintf(full, sizeof(full), "%s_%s", direction, name);
	if (is_known)
		writer_unsigned(writer, full, value);
	else
		writer_null(writer, full);
}

void show_rate_record(struct writer *writer, const struct rate *rate)
{
	bool known = !rate->is_unknown;
	int d;

	writer_begin(writer);
	writer_time(writer, "time", rate->start_wall_ns);
	writer_unsigned(writer, "interval_us", rate->interval_ns / NSEC_PER_USEC);
	if (rate->ifindex)
		writer_unsigned(writer, "ifindex", rate->ifindex);
	else
		writer_null(writer, "ifindex");
	place_name_fields(writer, rate->netns, rate->ifname);
	for (d = 0; d < N_DIRECTIONS; d++) {
		const struct traffic_counter *traffic = &rate->delta.traffic[d];
		const char *direction = direction_names[d];

		put_field(writer, direction, "bytes", known, traffic->bytes);
		put_field(writer, direction, "packets", known, traffic->packets);
		put_field(writer, direction, "wire_bytes", known, traffic->wire_bytes);
		put_field(writer, direction, "wire_packets", known, traffic->wire_packets);
		put_field(writer, direction, "drops", known, rate->delta.drops[d]);
		put_field(writer, direction, "bps", known, rate->bps[d]);
		put_field(writer, direction, "peak_bps", known && rate->has_peak,
			  rate->peak_bps[d]);
	}
	writer_text(writer, "container", rate->container[0] ? rate->container : NULL);
	writer_end(writer);
}

/* So wide are "999.9 Mbit/s", and the packets of 10 Gbit/s: the picture stands still below that. */
#define RATE_WIDTH 12
#define PACKETS_WIDTH 8

int show_rate_table_new(struct table **out, const struct show_rate_columns *columns,
			bool use_colour)
{
	static const char *const titles[] = {"RECEIVED", "SENT"};
	static const char *const arrows[] = {"↓ RECEIVED", "↑ SENT"};
	bool has_arrows = !strcmp(nl_langinfo(CODESET), "UTF-8");
	struct table_column all[2 + N_DIRECTIONS * 4] = {{.title = "INTERFACE"}};
	unsigned int d;
	size_t n = 1;

	for (d = 0; d < N_DIRECTIONS; d++) {
		all[n++] = (struct table_column){.title = (has_arrows ? arrows : titles)[d],
						 .right = true,
						 .min_width = RATE_WIDTH,
						 .rank = 1 + d};
		if (columns->peaks)
			all[n++] = (struct table_column){
				.title = "PEAK", .right = true, .min_width = RATE_WIDTH, .rank = 5};
		all[n++] = (struct table_column){
			.title = "PKT/S", .right = true, .min_width = PACKETS_WIDTH, .rank = 6};
		all[n++] = (struct table_column){.title = "DROP", .right = true, .rank = 4};
	}
	/* Last, so that a name that comes or goes moves no number. */
	if (columns->containers)
		all[n++] = (struct table_column){.title = "CONTAINER", .rank = 3};
	if (table_new(out, all, n, use_colour))
		return -ENOMEM;
	if (columns->containers)
		table_may_cut(*out, n - 1, CONTAINER_WIDTH_MIN);
	return 0;
}

static void put_bps_cell(struct table *table, uint64_t bps)
{
	char text[UNITS_TEXT_SIZE];

	table_cell(table, bps ? TABLE_PLAIN : TABLE_DIM, "%s", units_format_rate(text, bps));
}

static void put_unknown_cells(struct table *table, bool has_peaks)
{
	int more = has_peaks ? 3 : 2;

	table_cell(table, TABLE_BAD, "unknown");
	while (more--)
		table_cell(table, TABLE_DIM, "-");
}

void show_rate_row(struct table *table, const struct rate *rate,
		   const struct show_rate_columns *columns)
{
	int d;

	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(rate->netns, rate->ifname));
	for (d = 0; d < N_DIRECTIONS; d++) {
		uint64_t packets =
			rate_per_second(rate->delta.traffic[d].wire_packets, rate->interval_ns);

		if (rate->is_unknown) {
			put_unknown_cells(table, columns->peaks);
			continue;
		}
		put_bps_cell(table, rate->bps[d]);
		if (columns->peaks && rate->has_peak)
			put_bps_cell(table, rate->peak_bps[d]);
		else if (columns->peaks)
			table_cell(table, TABLE_DIM, "-");
		table_cell(table, packets ? TABLE_PLAIN : TABLE_DIM, "%" PRIu64, packets);
		table_cell(table, rate->delta.drops[d] ? TABLE_BAD : TABLE_DIM, "%" PRIu64,
			   rate->delta.drops[d]);
	}
	if (columns->containers)
		table_cell(table, TABLE_PLAIN, "%s", rate->container[0] ? rate->container : "-");
}
