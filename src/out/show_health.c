// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "out/place_name.h"

#define PPB_PER_PERCENT 1e7

/* Of a line for people; more of them are told by `drops`. */
#define REASONS_SHOWN 4
#define REASONS_TEXT_SIZE 512

/* "rx:REASON:PACKETS "; longer names are cut. */
#define CSV_REASON_SIZE 128

static const char *const direction_names[] = {"rx", "tx"};

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

static const char *name_of(const struct drop_row *row)
{
	return row->reason ? row->reason : "unknown";
}

/* Want of memory leaves them unknown. */
static void put_csv_reasons(struct writer *writer, const struct health_reasons *reasons)
{
	char *text = calloc(reasons->n + 1, CSV_REASON_SIZE), *at = text;
	size_t i;

	for (i = 0; text && i < reasons->n; i++) {
		snprintf(at, CSV_REASON_SIZE, "%s%s:%.64s:%" PRIu64, i ? " " : "",
			 direction_names[reasons->rows[i].direction], name_of(&reasons->rows[i]),
			 reasons->rows[i].packets);
		at += strlen(at);
	}
	writer_text(writer, "drop_reasons", text);
	free(text);
}

static void put_reasons(struct writer *writer, const struct health_reasons *reasons)
{
	size_t i;

	if (!reasons->rows) {
		writer_null(writer, "drop_reasons");
		return;
	}
	if (writer_is_csv(writer)) {
		put_csv_reasons(writer, reasons);
		return;
	}
	writer_begin_array(writer, "drop_reasons");
	for (i = 0; i < reasons->n; i++) {
		const struct drop_row *row = &reasons->rows[i];

		writer_begin(writer);
		writer_text(writer, "direction", direction_names[row->direction]);
		writer_text(writer, "source", row->source);
		writer_text(writer, "reason", row->reason);
		writer_unsigned(writer, "packets", row->packets);
		writer_end(writer);
	}
	writer_end_array(writer);
}

void show_health_record(struct writer *writer, const struct health_subject *subject,
			uint64_t interval_ns, const struct health *health,
			const struct health_reasons *reasons)
{
	writer_begin(writer);
	writer_unsigned(writer, "ifindex", subject->ifindex);
	place_name_fields(writer, subject->netns, subject->ifname);
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
	if (health->has_seen)
		writer_unsigned(writer, "drops_unwanted", health->unwanted);
	else
		writer_null(writer, "drops_unwanted");
	put_reasons(writer, reasons);
	writer_end(writer);
}

int show_health_table_new(struct table **out, bool has_reasons, bool use_colour)
{
	static const struct table_column columns[] = {
		{.title = "INTERFACE"},
		{.title = "PERIOD", .rank = 2},
		{.title = "RX PACKETS", .right = true, .rank = 6},
		{.title = "TX PACKETS", .right = true, .rank = 6},
		{.title = "ERRORS", .right = true, .rank = 3},
		{.title = "RATE", .right = true, .rank = 5},
		{.title = "DROPS", .right = true, .rank = 3},
		{.title = "RATE", .right = true, .rank = 5},
		{.title = "VERDICT", .rank = 1},
		{.title = "DROPPED", .rank = 4},
	};

	return table_new(out, columns, ARRAY_SIZE(columns) - !has_reasons, use_colour);
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

/* "tx QDISC_DROP 1204, rx NO_SOCKET 3 and 2 more reasons (3 unwanted)" */
static void put_reasons_cell(struct table *table, const struct health *health,
			     const struct health_reasons *reasons)
{
	char text[REASONS_TEXT_SIZE] = "";
	size_t i, used = 0;

	for (i = 0; i < reasons->n && i < REASONS_SHOWN; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %.64s %" PRIu64,
					 i ? ", " : "", direction_names[reasons->rows[i].direction],
					 name_of(&reasons->rows[i]), reasons->rows[i].packets);
	if (reasons->n > REASONS_SHOWN)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " and %zu more reason%s",
					 reasons->n - REASONS_SHOWN,
					 reasons->n - REASONS_SHOWN == 1 ? "" : "s");
	if (health->unwanted)
		snprintf(text + used, sizeof(text) - used, " (%" PRIu64 " unwanted)",
			 health->unwanted);
	table_cell(table, TABLE_PLAIN, "%s", text);
}

void show_health_row(struct table *table, const struct health_subject *subject,
		     uint64_t interval_ns, const struct health *health,
		     const struct health_reasons *reasons)
{
	char time[UNITS_TEXT_SIZE];
	enum table_style style = TABLE_DIM;

	if (health_is_finding(health->verdict))
		style = TABLE_BAD;
	else if (health->verdict == HEALTH_OK)
		style = TABLE_GOOD;
	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(subject->netns, subject->ifname));
	table_cell(table, TABLE_PLAIN, "%s",
		   interval_ns ? units_format_time(time, interval_ns) : "since boot");
	put_count_cell(table, health, health->rx_packets);
	put_count_cell(table, health, health->tx_packets);
	put_count_cell(table, health, health->errors);
	put_rate_cell(table, health, health->error_ppb);
	put_count_cell(table, health, health->drops);
	put_rate_cell(table, health, health->drop_ppb);
	table_cell(table, style, "%s", health_verdict_name(health->verdict));
	if (reasons)
		put_reasons_cell(table, health, reasons);
}
