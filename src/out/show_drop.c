// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_drop.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "base/units.h"
#include "model/container.h"
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

/* What is received from a veth, its other end has sent. */
static const char *preposition_of(const struct drop_row *row)
{
	return row->direction == DIRECTION_INGRESS ? " from " : " to ";
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
	writer_text(writer, "container", row->container);
	writer_end(writer);
}

void show_drop_line(struct sink *sink, const struct drop_row *row, uint64_t wall_ns)
{
	char time[UNITS_TEXT_SIZE], name[PLACE_NAME_SIZE];
	char container[CONTAINER_NAME_SIZE * TEXT_ESCAPE_GROWTH];

	place_name_text(name, row->netns, or_dash(row->ifname));
	text_escape(container, sizeof(container),
		    row->container && !place_is_elsewhere(row->netns) ? row->container : "");
	sink_format(sink, "%s  %s%*s %-2s %10" PRIu64 "  %s%s%s%s%s%s\n",
		    units_format_wall(time, wall_ns), name, text_padding(name, 15), "",
		    or_dash(direction_of(row)), row->packets, or_dash(row->reason),
		    row->where ? " at " : "", row->where ? row->where : "",
		    row->source && row->source[0] == 's' ? " (stats64)" : "",
		    container[0] ? preposition_of(row) : "", container);
	sink_commit(sink);
}

int show_drop_table_new(struct table **out, const struct show_drop_columns *columns,
			bool use_colour)
{
	struct table_column all[7] = {{.title = "INTERFACE"}};
	size_t n = 1;

	all[n++] = (struct table_column){.title = "DIR"};
	all[n++] = (struct table_column){.title = "PACKETS", .right = true};
	all[n++] = (struct table_column){.title = "SOURCE"};
	all[n++] = (struct table_column){.title = "REASON"};
	if (columns->where)
		all[n++] = (struct table_column){.title = "WHERE"};
	if (columns->containers)
		all[n++] = (struct table_column){.title = "CONTAINER", .rank = 1};
	if (table_new(out, all, n, use_colour))
		return -ENOMEM;
	if (columns->containers)
		table_may_cut(*out, n - 1, CONTAINER_WIDTH_MIN);
	return 0;
}

void show_drop_row(struct table *table, const struct drop_row *row,
		   const struct show_drop_columns *columns)
{
	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(row->netns, or_dash(row->ifname)));
	table_cell(table, TABLE_PLAIN, "%s", or_dash(direction_of(row)));
	table_cell(table, TABLE_PLAIN, "%" PRIu64, row->packets);
	table_cell(table, TABLE_DIM, "%s", row->source);
	table_cell(table, TABLE_PLAIN, "%s", or_dash(row->reason));
	if (columns->where)
		table_cell(table, TABLE_PLAIN, "%s", or_dash(row->where));
	if (columns->containers)
		table_cell(table, TABLE_PLAIN, "%s", or_dash(row->container));
}
