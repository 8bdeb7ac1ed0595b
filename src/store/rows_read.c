// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/rows_read.h"

#include <string.h>

#include "store/schema.h"
#include "store/values.h"
#include "store/walk.h"

#define EVENT_MAX 64
#define VALUE_MAX 4096

static void read_traffic(struct row *row, int column, struct traffic_counter *traffic,
			 uint64_t *drops)
{
	traffic->packets = row_u64(row, column);
	traffic->bytes = row_u64(row, column + 1);
	traffic->wire_packets = row_u64(row, column + 2);
	traffic->wire_bytes = row_u64(row, column + 3);
	*drops = row_u64(row, column + 4);
}

static void read_rule(struct row *row, int column, enum burst_rule *rule)
{
	char name[16];

	row_text(row, column, name, sizeof(name));
	for (*rule = BURST_SHARE; strcmp(name, burst_rule_name(*rule)) != 0; (*rule)++)
		if (*rule == BURST_BASELINE) {
			row->is_bad = true;
			return;
		}
}

static void read_burst(struct row *row, uint64_t start_ns, struct recording_burst *recording)
{
	struct burst *burst = &recording->burst;

	recording->direction = row_direction(row, 3);
	burst->start_ns = start_ns;
	burst->end_ns = row_time(row, 4);
	burst->windows = row_u64(row, 5);
	read_traffic(row, 6, &burst->traffic, &burst->drops);
	burst->peak_bps = row_u64(row, 11);
	burst->mean_bps = row_u64(row, 12);
	burst->threshold_bps = row_u64(row, 13);
	burst->is_cut = row_number(row, 14, 1);
	read_rule(row, 15, &recording->rule);
	recording->speed_bps = row_is_null(row, 16) ? 0 : row_u64(row, 16);
	row_text_or_empty(row, 17, recording->speed_source, sizeof(recording->speed_source));
	row_text_or_empty(row, 18, recording->drop_reasons, sizeof(recording->drop_reasons));
	row_text_or_empty(row, 19, recording->container, sizeof(recording->container));
	recording->flows = row_text_or_null(row, 20, RECORDING_FLOWS_SIZE - 1);
	row->is_bad |= burst->end_ns < burst->start_ns;
}

#define BURSTS_WITH(columns)                                                           \
	"SELECT start_ns, rowid, interface, direction, end_ns, windows, packets, "     \
	"bytes, wire_packets, wire_bytes, drops, peak_bps, mean_bps, "                 \
	"threshold_bps, is_cut, rule, speed_bps, speed_source, drop_reasons, " columns \
	" FROM bursts WHERE start_ns >= ?1 AND start_ns < ?2 ORDER BY start_ns, rowid"

static const char *bursts_sql(const struct recorded *file)
{
	return file->schema < 2 ? BURSTS_WITH("NULL, NULL") : BURSTS_WITH("container, flows");
}

/* All of a walk that has begun, but for those that end by after_ns. */
static int read_bursts(struct walk *walk, uint64_t after_ns, rows_burst_fn fn, void *context,
		       struct error *err)
{
	int ret = 0;

	while (!ret && (ret = walk_next(walk, err)) > 0) {
		struct recording_burst burst = {0};

		read_burst(&walk->row, walk->time_ns, &burst);
		burst.slot = recorded_slot_of(walk->file, row_u64(&walk->row, 2));
		if (walk->row.is_bad)
			ret = walk_damaged(walk, err);
		else if (burst.slot == SLOT_NONE || burst.burst.end_ns <= after_ns)
			ret = 0;
		else
			ret = fn(context, &burst);
	}
	return ret;
}

int rows_read_bursts(const struct recorded *file, const struct recorded_range *range,
		     rows_burst_fn fn, void *context, struct error *err)
{
	/* One that began before may reach into the range, however long it is. */
	const struct recorded_range starts = {0, range->until_ns};
	struct walk walk;
	int ret;

	ret = walk_begin(&walk, file, "its bursts", bursts_sql(file), &starts, err);
	if (!ret)
		ret = read_bursts(&walk, range->from_ns, fn, context, err);
	walk_end(&walk);
	return ret;
}

int rows_read_bursts_at(const struct recorded *file, sqlite3_stmt **stmt, uint64_t start_ns,
			rows_burst_fn fn, void *context, struct error *err)
{
	const struct recorded_range starts = {start_ns, start_ns + 1};
	struct walk walk;
	int ret = 0;

	if (!*stmt)
		ret = recorded_prepare(file, stmt, bursts_sql(file), err);
	if (ret)
		return ret;
	walk_again(&walk, file, "its bursts", *stmt, &starts);
	ret = read_bursts(&walk, 0, fn, context, err);
	sqlite3_reset(*stmt);
	return ret;
}

#define KERNEL_COLUMN(name) ", " #name
#define READ_KERNEL(name) counters->kernel.name = row_u64(row, column++);

static void read_counters(struct row *row, struct recording_counters *counters)
{
	int d, column = 3;

	for (d = 0; d < N_DIRECTIONS; d++, column += 5)
		read_traffic(row, column, &counters->probe.traffic[d], &counters->probe.drops[d]);
	counters->has_kernel = !row_is_null(row, column);
	if (counters->has_kernel) {
		SCHEMA_KERNEL_COUNTERS(READ_KERNEL)
	}
}

int rows_read_counters(const struct recorded *file, const struct recorded_range *range,
		       rows_counters_fn fn, void *context, struct error *err)
{
	struct walk walk;
	int ret;

	ret = walk_begin(
		&walk, file, "its counters",
		"SELECT time_ns, rowid, interface, probe_rx_packets, probe_rx_bytes, "
		"probe_rx_wire_packets, probe_rx_wire_bytes, probe_rx_drops, "
		"probe_tx_packets, probe_tx_bytes, probe_tx_wire_packets, "
		"probe_tx_wire_bytes, probe_tx_drops" SCHEMA_KERNEL_COUNTERS(
			KERNEL_COLUMN) " FROM counters WHERE time_ns >= ?1 AND time_ns < ?2 "
				       "ORDER BY time_ns, rowid",
		range, err);
	while (!ret && (ret = walk_next(&walk, err)) > 0) {
		struct recording_counters counters = {.time_ns = walk.time_ns};

		read_counters(&walk.row, &counters);
		counters.slot = recorded_slot_of(file, row_u64(&walk.row, 2));
		if (walk.row.is_bad)
			ret = walk_damaged(&walk, err);
		else
			ret = counters.slot == SLOT_NONE ? 0 : fn(context, &counters);
	}
	walk_end(&walk);
	return ret;
}

#define CHANGES_WITH(netns)                                                        \
	"SELECT time_ns, rowid, ifindex, ifname, event, previous, current, " netns \
	" FROM changes WHERE time_ns >= ?1 AND time_ns < ?2 ORDER BY time_ns, rowid"

static void read_change(struct row *row, struct recording_change *change)
{
	change->ifindex = (uint32_t)row_number(row, 2, UINT32_MAX);
	row_text(row, 3, change->ifname, sizeof(change->ifname));
	change->event = row_text_or_null(row, 4, EVENT_MAX);
	change->previous = row_text_or_null(row, 5, VALUE_MAX);
	change->current = row_text_or_null(row, 6, VALUE_MAX);
	row_text_or_empty(row, 7, change->netns, sizeof(change->netns));
	row->is_bad |= !change->event;
}

int rows_read_changes(const struct recorded *file, const struct recorded_range *range,
		      rows_change_fn fn, void *context, struct error *err)
{
	struct walk walk;
	int ret;

	ret = walk_begin(&walk, file, "its changes",
			 file->schema < 2 ? CHANGES_WITH("NULL") : CHANGES_WITH("netns"), range,
			 err);
	while (!ret && (ret = walk_next(&walk, err)) > 0) {
		struct recording_change change = {.time_ns = walk.time_ns};

		read_change(&walk.row, &change);
		ret = walk.row.is_bad ? walk_damaged(&walk, err) : fn(context, &change);
	}
	walk_end(&walk);
	return ret;
}
