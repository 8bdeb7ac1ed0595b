// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_drop.h"

#include <inttypes.h>

#include "base/array.h"
#include "base/units.h"
#include "out/place_name.h"

/* Without an interface there is no side of it. */
static const char *direction_of(const struct drop_row *row)
{
	if (!row->ifindex)
		return NULL;
	return row->direction == DIRECTION_INGRESS ? "rx" : "tx";
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

void show_drop_record(struct writer *writer, const struct drop_row *row, uint64_t wall_ns,
		      uint64_t interval_ns, bool has_where)
{
	writer_begin(writer);
	writer_time(writer, "time", wall_ns);
	writer_unsigned(writer, "interval_us", interval_ns / NSEC_PER_USEC);
	if (row->ifindex)
		writer_unsigned(writer, "ifindex", row->ifindex);
	else
		writer_null(writer, "ifindex");
	place_name_fields(writer, row->netns, row->ifname);
	writer_text(writer, "direction", direction_of(row));
	writer_text(writer, "source", row->source);
	writer_text(writer, "reason", row->reason);
	writer_unsigned(writer, "packets", row->packets);
	if (has_where)
		writer_text(writer, "where", row->where);
	writer_end(writer);
}

void show_drop_line(struct sink *sink, const struct drop_row *row, uint64_t wall_ns)
{
	char time[UNITS_TEXT_SIZE], name[PLACE_NAME_SIZE];

	place_name_text(name, row->netns, or_dash(row->ifname));
	sink_format(sink, "%s  %-15s %-2s %10" PRIu64 "  %s%s%s%s\n",
		    units_format_wall(time, wall_ns), name, or_dash(direction_of(row)),
		    row->packets, or_dash(row->reason), row->where ? " at " : "",
		    row->where ? row->where : "",
		    row->source && row->source[0] == 's' ? " (stats64)" : "");
	sink_commit(sink);
}

int show_drop_table_new(struct table **out, bool has_where, bool use_colour)
{
	static const struct table_column columns[] = {
		{.title = "INTERFACE"}, {.title = "DIR"},    {.title = "PACKETS", .right = true},
		{.title = "SOURCE"},    {.title = "REASON"}, {.title = "WHERE"},
	};

	return table_new(out, columns, ARRAY_SIZE(columns) - !has_where, use_colour);
}

void show_drop_row(struct table *table, const struct drop_row *row, bool has_where)
{
	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(row->netns, or_dash(row->ifname)));
	table_cell(table, TABLE_PLAIN, "%s", or_dash(direction_of(row)));
	table_cell(table, TABLE_PLAIN, "%" PRIu64, row->packets);
	table_cell(table, TABLE_DIM, "%s", row->source);
	table_cell(table, TABLE_PLAIN, "%s", or_dash(row->reason));
	if (has_where)
		table_cell(table, TABLE_PLAIN, "%s", or_dash(row->where));
}
