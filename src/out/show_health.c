// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_health.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "base/units.h"

#define PPB_PER_PERCENT 1e7

static void put_count(struct writer *writer, const struct health *health, const char *name,
		      uint64_t value)
{
	if (health->verdict == HEALTH_RESET)
		writer_null(writer, name);
	else
		writer_unsigned(writer, name, value);
}

static void put_rate(struct writer *writer, const struct health *health, const char *name,
		     uint64_t ppb)
{
	if (health->has_rates)
		writer_number(writer, name, (double)ppb / PPB_PER_PERCENT);
	else
		writer_null(writer, name);
}

void show_health_record(struct writer *writer, uint32_t ifindex, const char *ifname,
			uint64_t interval_ns, const struct health *health)
{
	writer_begin(writer);
	writer_unsigned(writer, "ifindex", ifindex);
	writer_text(writer, "ifname", ifname);
	writer_text(writer, "period", interval_ns ? "interval" : "boot");
	if (interval_ns)
		writer_unsigned(writer, "interval_us", interval_ns / NSEC_PER_USEC);
	else
		writer_null(writer, "interval_us");
	put_count(writer, health, "rx_packets", health->rx_packets);
	put_count(writer, health, "tx_packets", health->tx_packets);
	put_count(writer, health, "errors", health->errors);
	put_count(writer, health, "drops", health->drops);
	put_rate(writer, health, "error_rate_pct", health->error_ppb);
	put_rate(writer, health, "drop_rate_pct", health->drop_ppb);
	writer_text(writer, "verdict", health_verdict_name(health->verdict));
	writer_end(writer);
}

int show_health_table_new(struct table **out, bool use_colour)
{
	static const struct table_column columns[] = {
		{.title = "INTERFACE"},
		{.title = "PERIOD", .rank = 2},
		{.title = "RX PACKETS", .right = true, .rank = 5},
		{.title = "TX PACKETS", .right = true, .rank = 5},
		{.title = "ERRORS", .right = true, .rank = 3},
		{.title = "RATE", .right = true, .rank = 4},
		{.title = "DROPS", .right = true, .rank = 3},
		{.title = "RATE", .right = true, .rank = 4},
		{.title = "VERDICT", .rank = 1},
	};

	return table_new(out, columns, ARRAY_SIZE(columns), use_colour);
}

static void put_count_cell(struct table *table, const struct health *health, uint64_t value)
{
	if (health->verdict == HEALTH_RESET)
		table_cell(table, TABLE_DIM, "-");
	else
		table_cell(table, value ? TABLE_PLAIN : TABLE_DIM, "%" PRIu64, value);
}

static void put_rate_cell(struct table *table, const struct health *health, uint64_t ppb)
{
	double percent = (double)ppb / PPB_PER_PERCENT;

	/* There may be far more drops than packets: no exponent then. */
	if (health->has_rates)
		table_cell(table, ppb ? TABLE_PLAIN : TABLE_DIM,
			   percent < 999.5 ? "%.3g%%" : "%.0f%%", percent);
	else
		table_cell(table, TABLE_DIM, "-");
}

void show_health_row(struct table *table, const char *ifname, uint64_t interval_ns,
		     const struct health *health)
{
	char time[UNITS_TEXT_SIZE];
	enum table_style style = TABLE_DIM;

	if (health_is_finding(health->verdict))
		style = TABLE_BAD;
	else if (health->verdict == HEALTH_OK)
		style = TABLE_GOOD;
	table_cell(table, TABLE_BOLD, "%s", ifname);
	table_cell(table, TABLE_PLAIN, "%s",
		   interval_ns ? units_format_time(time, interval_ns) : "since boot");
	put_count_cell(table, health, health->rx_packets);
	put_count_cell(table, health, health->tx_packets);
	put_count_cell(table, health, health->errors);
	put_rate_cell(table, health, health->error_ppb);
	put_count_cell(table, health, health->drops);
	put_rate_cell(table, health, health->drop_ppb);
	table_cell(table, style, "%s", health_verdict_name(health->verdict));
}
