// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/rows_write.h"

#include <linux/ethtool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/schema.h"
#include "store/values.h"

#define KERNEL_PARAMETER(name) ", ?"

enum statement {
	META,
	COVERAGE_NEW,
	COVERAGE,
	INTERFACE,
	INTERFACE_CHANGE,
	INTERFACE_END,
	ADDRESSES_END,
	ADDRESS_ADDED,
	ADDRESS_REMOVED,
	CHANGE,
	BURST,
	DROPS,
	GAP,
	COUNTERS,
	COUNTERS_REPLACED,
	OPEN_CHUNK,
	OPEN_CHUNK_DONE,
	FULL_CHUNK,
	N_STATEMENTS,
};

static const char *const sql[N_STATEMENTS] = {
	[META] = "INSERT INTO meta VALUES(?, ?)",
	[COVERAGE_NEW] = "INSERT INTO coverage VALUES(?, ?)",
	[COVERAGE] = "UPDATE coverage SET from_ns = ?, until_ns = ?",
	[INTERFACE] = "INSERT INTO interfaces VALUES(?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		      "?, ?, ?, ?, ?, NULL, ?)",
	[INTERFACE_CHANGE] =
		"UPDATE interfaces SET ifname = ?2, container = ?3, netns = ?4 WHERE id = ?1",
	[INTERFACE_END] = "UPDATE interfaces SET until_ns = ?2 WHERE id = ?1",
	[ADDRESSES_END] =
		"UPDATE addresses SET until_ns = ?2 WHERE interface = ?1 AND until_ns IS NULL",
	/* An interface that comes is told with the addresses that it already has. */
	[ADDRESS_ADDED] =
		"INSERT INTO addresses SELECT ?1, ?2, ?3, NULL WHERE NOT EXISTS(SELECT 1 FROM "
		"addresses WHERE interface = ?1 AND address = ?2 AND until_ns IS NULL)",
	[ADDRESS_REMOVED] = "UPDATE addresses SET until_ns = ?3 "
			    "WHERE interface = ?1 AND address = ?2 AND until_ns IS NULL",
	[CHANGE] = "INSERT INTO changes VALUES(?, ?, ?, ?, ?, ?, ?)",
	[BURST] = "INSERT INTO bursts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		  "?, ?, ?)",
	[DROPS] = "INSERT INTO drops VALUES(?, ?, ?, ?, ?, ?)",
	[GAP] = "INSERT INTO gaps VALUES(?, ?)",
	[COUNTERS] = "INSERT INTO counters VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?" //
	SCHEMA_KERNEL_COUNTERS(KERNEL_PARAMETER) ")",
	[COUNTERS_REPLACED] = "DELETE FROM counters WHERE time_ns = ? AND interface = ?",
	/* Not REPLACE, which would write the index anew each time. */
	[OPEN_CHUNK] = "INSERT INTO open_chunks VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) "
		       "ON CONFLICT(id) DO UPDATE SET until_ns = ?5, windows = ?6, data = ?7",
	[OPEN_CHUNK_DONE] = "DELETE FROM open_chunks WHERE id = ?",
	[FULL_CHUNK] = "INSERT INTO chunks VALUES(NULL, ?, ?, ?, ?, ?, ?)",
};

struct rows_write {
	sqlite3_stmt *stmts[N_STATEMENTS];
};

int rows_write_new(struct rows_write **out, sqlite3 *db)
{
	struct rows_write *rows = calloc(1, sizeof(*rows));
	int rc = SQLITE_OK;
	size_t i;

	if (!rows)
		return SQLITE_NOMEM;
	for (i = 0; !rc && i < N_STATEMENTS; i++)
		rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &rows->stmts[i],
					NULL);
	if (rc) {
		rows_write_free(rows);
		return rc;
	}
	*out = rows;
	return SQLITE_OK;
}

void rows_write_free(struct rows_write *rows)
{
	size_t i;

	if (!rows)
		return;
	for (i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(rows->stmts[i]);
	free(rows);
}

static struct put begin(const struct rows_write *rows, enum statement statement)
{
	return put_begin(rows->stmts[statement]);
}

/* The recorder's own has no name. */
static void put_netns(struct put *put, const char *netns)
{
	put_text(put, netns[0] ? netns : NULL);
}

static int meta_text(struct rows_write *rows, const char *key, const char *value)
{
	struct put put = begin(rows, META);

	put_text(&put, key);
	put_text(&put, value);
	return put_run(&put);
}

static int meta_number(struct rows_write *rows, const char *key, uint64_t value)
{
	struct put put = begin(rows, META);

	put_text(&put, key);
	put_u64(&put, value);
	return put_run(&put);
}

int rows_write_meta(struct rows_write *rows, const struct recording_meta *meta, uint64_t from_ns)
{
	struct put put = begin(rows, COVERAGE_NEW);
	int rc;

	put_u64(&put, from_ns);
	put_u64(&put, from_ns);
	rc = put_run(&put);
	rc = rc ? rc : meta_text(rows, "host", meta->host);
	rc = rc ? rc : meta_text(rows, "boot_id", meta->boot_id);
	rc = rc ? rc : meta_text(rows, "kernel", meta->kernel);
	rc = rc ? rc : meta_text(rows, "machine", meta->machine);
	rc = rc ? rc : meta_text(rows, "version", meta->version);
	rc = rc ? rc : meta_number(rows, "schema_version", RECORDING_SCHEMA);
	rc = rc ? rc : meta_number(rows, "netns", meta->netns_inum);
	rc = rc ? rc : meta_number(rows, "window_ns", meta->width_ns);
	rc = rc ? rc : meta_number(rows, "clock_offset_ns", meta->wall_offset_ns);
	return rc ? rc : meta_number(rows, "started_ns", from_ns);
}

int rows_write_coverage(struct rows_write *rows, uint64_t from_ns, uint64_t until_ns)
{
	struct put put = begin(rows, COVERAGE);

	put_u64(&put, from_ns);
	put_u64(&put, until_ns);
	return put_run(&put);
}

static int write_address(struct rows_write *rows, enum statement statement, uint64_t interface,
			 const char *address, uint64_t time_ns)
{
	struct put put = begin(rows, statement);

	put_u64(&put, interface);
	put_text(&put, address);
	put_u64(&put, time_ns);
	return put_run(&put);
}

static int write_addresses(struct rows_write *rows, uint64_t interface, const struct link *link,
			   uint64_t from_ns)
{
	char local[LINK_TEXT_SIZE], text[LINK_TEXT_SIZE + 8];
	int rc = SQLITE_OK;
	size_t i;

	for (i = 0; !rc && i < link->n_addrs; i++) {
		snprintf(text, sizeof(text), "%s/%u", link_addr_text(local, &link->addrs[i]),
			 link->addrs[i].prefixlen);
		rc = write_address(rows, ADDRESS_ADDED, interface, text, from_ns);
	}
	return rc;
}

int rows_write_interface(struct rows_write *rows, uint64_t id, const struct series_member *member,
			 const struct link *link)
{
	static const struct link unknown = {.lower_netnsid = LINK_NETNSID_NONE,
					    .duplex = DUPLEX_UNKNOWN};
	const struct link *l = link ? link : &unknown;
	bool has_link = link;
	struct put put = begin(rows, INTERFACE);
	char mac[LINK_TEXT_SIZE];
	int rc;

	put_u64(&put, id);
	put_u64(&put, member->ifindex);
	put_text(&put, member->ifname);
	put_u64(&put, member->from_ns);
	put_text(&put, has_link ? l->kind : NULL);
	put_u64_or_null(&put, l->type, has_link);
	put_text(&put, l->address_len ? link_hardware_text(mac, l->address, l->address_len) : NULL);
	put_u64_or_null(&put, l->flags, has_link);
	put_text(&put, has_link ? link_operstate_name(l->operstate) : NULL);
	put_u64_or_null(&put, l->carrier, has_link);
	put_u64_or_null(&put, l->mtu, has_link);
	put_u64_or_null(&put, l->txqlen, has_link);
	put_u64_or_null(&put, l->speed_mbps, l->speed_mbps);
	put_text(&put, link_duplex_name(l->duplex));
	put_u64_or_null(&put, l->master, l->master);
	put_u64_or_null(&put, l->lower, l->lower);
	put_u64_or_null(&put, (uint64_t)l->lower_netnsid, l->lower_netnsid != LINK_NETNSID_NONE);
	put_text(&put, has_link ? l->qdisc : NULL);
	put_netns(&put, member->netns);
	rc = put_run(&put);
	return rc ? rc : write_addresses(rows, id, l, member->from_ns);
}

static int write_end(struct rows_write *rows, enum statement statement, uint64_t id,
		     uint64_t time_ns)
{
	struct put put = begin(rows, statement);

	put_u64(&put, id);
	put_u64(&put, time_ns);
	return put_run(&put);
}

int rows_write_interface_change(struct rows_write *rows, uint64_t id,
				const struct series_member *member, const char *container)
{
	struct put put = begin(rows, INTERFACE_CHANGE);
	int rc;

	put_u64(&put, id);
	put_text(&put, member->ifname);
	put_text(&put, container);
	put_netns(&put, member->netns);
	rc = put_run(&put);
	if (rc || member->to_ns == SERIES_STAYS)
		return rc;
	rc = write_end(rows, INTERFACE_END, id, member->to_ns);
	return rc ? rc : write_end(rows, ADDRESSES_END, id, member->to_ns);
}

/* "address-added" tells of hardware addresses, too: those have no prefix. */
static bool is_address(const char *text)
{
	return text && strchr(text, '/');
}

int rows_write_change(struct rows_write *rows, uint64_t interface,
		      const struct recording_change *change)
{
	struct put put = begin(rows, CHANGE);
	int rc;

	put_u64(&put, change->time_ns);
	put_u64(&put, change->ifindex);
	put_text(&put, change->ifname);
	put_text(&put, change->event);
	put_text(&put, change->previous);
	put_text(&put, change->current);
	put_netns(&put, change->netns);
	rc = put_run(&put);
	if (rc || !interface)
		return rc;
	if (!strcmp(change->event, "address-added") && is_address(change->current))
		return write_address(rows, ADDRESS_ADDED, interface, change->current,
				     change->time_ns);
	if (!strcmp(change->event, "address-removed") && is_address(change->previous))
		return write_address(rows, ADDRESS_REMOVED, interface, change->previous,
				     change->time_ns);
	return SQLITE_OK;
}

static void put_traffic(struct put *put, const struct traffic_counter *traffic, uint64_t drops)
{
	put_u64(put, traffic->packets);
	put_u64(put, traffic->bytes);
	put_u64(put, traffic->wire_packets);
	put_u64(put, traffic->wire_bytes);
	put_u64(put, drops);
}

int rows_write_burst(struct rows_write *rows, uint64_t interface,
		     const struct recording_burst *recording)
{
	const struct burst *burst = &recording->burst;
	struct put put = begin(rows, BURST);

	put_u64(&put, interface);
	put_text(&put, values_direction_name(recording->direction));
	put_u64(&put, burst->start_ns);
	put_u64(&put, burst->end_ns);
	put_u64(&put, burst->end_ns - burst->start_ns);
	put_u64(&put, burst->windows);
	put_traffic(&put, &burst->traffic, burst->drops);
	put_u64(&put, burst->peak_bps);
	put_u64(&put, burst->mean_bps);
	put_u64(&put, burst->threshold_bps);
	put_u64(&put, burst->is_cut);
	put_text(&put, burst_rule_name(recording->rule));
	put_text(&put, recording->drop_reasons[0] ? recording->drop_reasons : NULL);
	put_u64_or_null(&put, recording->speed_bps, recording->speed_bps);
	put_text(&put, recording->speed_source[0] ? recording->speed_source : NULL);
	put_text(&put, recording->container[0] ? recording->container : NULL);
	put_text(&put, recording->flows);
	return put_run(&put);
}

int rows_write_drops(struct rows_write *rows, uint64_t interface, uint32_t direction,
		     uint64_t from_ns, uint64_t until_ns, const char *reason, uint64_t packets)
{
	struct put put = begin(rows, DROPS);

	put_u64(&put, from_ns);
	put_u64(&put, until_ns);
	put_u64(&put, interface);
	put_text(&put, values_direction_name(direction));
	put_text(&put, reason);
	put_u64(&put, packets);
	return put_run(&put);
}

int rows_write_gap(struct rows_write *rows, const struct window_gap *gap)
{
	struct put put = begin(rows, GAP);

	put_u64(&put, gap->from_ns);
	put_u64(&put, gap->to_ns);
	return put_run(&put);
}

#define PUT_KERNEL(name) put_u64_or_null(&put, counters->kernel.name, counters->has_kernel);

int rows_write_counters(struct rows_write *rows, uint64_t interface,
			const struct recording_counters *counters, uint64_t replaced_ns)
{
	struct put put;
	int rc = SQLITE_OK, d;

	if (replaced_ns) {
		put = begin(rows, COUNTERS_REPLACED);
		put_u64(&put, replaced_ns);
		put_u64(&put, interface);
		rc = put_run(&put);
	}
	put = begin(rows, COUNTERS);
	put_u64(&put, counters->time_ns);
	put_u64(&put, interface);
	for (d = 0; d < N_DIRECTIONS; d++)
		put_traffic(&put, &counters->probe.traffic[d], counters->probe.drops[d]);
	SCHEMA_KERNEL_COUNTERS(PUT_KERNEL)
	return rc ? rc : put_run(&put);
}

/* Below zero, where no full one is: so that both together have an order. */
static uint64_t open_id(const struct chunk_key *key)
{
	return -(key->interface * N_DIRECTIONS + key->direction);
}

static void put_chunk(struct put *put, const struct chunk_key *key, const void *data, size_t size)
{
	put_u64(put, key->interface);
	put_text(put, values_direction_name(key->direction));
	put_u64(put, key->from_ns);
	put_u64(put, key->until_ns);
	put_u64(put, key->windows);
	put_blob(put, data, size);
}

int rows_write_open_chunk(struct rows_write *rows, const struct chunk_key *key, const void *data,
			  size_t size)
{
	struct put put = begin(rows, OPEN_CHUNK);

	put_u64(&put, open_id(key));
	put_chunk(&put, key, data, size);
	return put_run(&put);
}

int rows_write_full_chunk(struct rows_write *rows, const struct chunk_key *key, const void *data,
			  size_t size)
{
	struct put put = begin(rows, OPEN_CHUNK_DONE);
	int rc;

	put_u64(&put, open_id(key));
	rc = put_run(&put);
	put = begin(rows, FULL_CHUNK);
	put_chunk(&put, key, data, size);
	return rc ? rc : put_run(&put);
}
