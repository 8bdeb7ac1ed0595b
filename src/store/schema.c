// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "store/recording.h"

struct object {
	const char *name, *sql;
};

#define KERNEL_COLUMN(name) ", " #name " INTEGER"

/* What schema 2 has more stands behind what schema 1 has. */
#define INTERFACES                                                                                \
	"CREATE TABLE interfaces(id INTEGER PRIMARY KEY, ifindex INTEGER, ifname TEXT, "          \
	"from_ns INTEGER, until_ns INTEGER, kind TEXT, type INTEGER, "                            \
	"mac TEXT, flags INTEGER, operstate TEXT, carrier INTEGER, mtu INTEGER, txqlen INTEGER, " \
	"speed_mbps INTEGER, duplex TEXT, master INTEGER, lower INTEGER, lower_netnsid INTEGER, " \
	"qdisc TEXT"
#define CHANGES                                                                            \
	"CREATE TABLE changes(time_ns INTEGER, ifindex INTEGER, ifname TEXT, event TEXT, " \
	"previous TEXT, current TEXT"
#define BURSTS                                                                                    \
	"CREATE TABLE bursts(interface INTEGER, direction TEXT, start_ns INTEGER, "               \
	"end_ns INTEGER, duration_ns INTEGER, windows INTEGER, packets INTEGER, bytes INTEGER, "  \
	"wire_packets INTEGER, wire_bytes INTEGER, drops INTEGER, peak_bps INTEGER, "             \
	"mean_bps INTEGER, threshold_bps INTEGER, is_cut INTEGER, rule TEXT, drop_reasons TEXT, " \
	"speed_bps INTEGER, speed_source TEXT"

static const struct object objects[] = {
	{"meta", "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID"},
	{"coverage", "CREATE TABLE coverage(from_ns INTEGER, until_ns INTEGER)"},
	{"interfaces", INTERFACES ", container TEXT, netns TEXT)"},
	{"interfaces_until", "CREATE INDEX interfaces_until ON interfaces(until_ns)"},
	{"addresses", "CREATE TABLE addresses(interface INTEGER, address TEXT, from_ns INTEGER, "
		      "until_ns INTEGER)"},
	{"addresses_interface", "CREATE INDEX addresses_interface ON addresses(interface)"},
	{"addresses_until", "CREATE INDEX addresses_until ON addresses(until_ns)"},
	{"changes", CHANGES ", netns TEXT)"},
	{"changes_time", "CREATE INDEX changes_time ON changes(time_ns)"},
	{"bursts", BURSTS ", container TEXT, flows TEXT)"},
	{"bursts_start", "CREATE INDEX bursts_start ON bursts(start_ns)"},
	{"drops", "CREATE TABLE drops(from_ns INTEGER, until_ns INTEGER, interface INTEGER, "
		  "direction TEXT, reason TEXT, packets INTEGER)"},
	{"drops_from", "CREATE INDEX drops_from ON drops(from_ns)"},
	{"gaps", "CREATE TABLE gaps(from_ns INTEGER, until_ns INTEGER)"},
	{"gaps_from", "CREATE INDEX gaps_from ON gaps(from_ns)"},
	{"counters", "CREATE TABLE counters(time_ns INTEGER, interface INTEGER, "
		     "probe_rx_packets INTEGER, probe_rx_bytes INTEGER, "
		     "probe_rx_wire_packets INTEGER, probe_rx_wire_bytes INTEGER, "
		     "probe_rx_drops INTEGER, probe_tx_packets INTEGER, probe_tx_bytes INTEGER, "
		     "probe_tx_wire_packets INTEGER, probe_tx_wire_bytes INTEGER, "
		     "probe_tx_drops INTEGER" SCHEMA_KERNEL_COUNTERS(KERNEL_COLUMN) ")"},
	{"counters_time", "CREATE INDEX counters_time ON counters(time_ns)"},
	{"chunks", "CREATE TABLE chunks(id INTEGER PRIMARY KEY, interface INTEGER, "
		   "direction TEXT, from_ns INTEGER, until_ns INTEGER, windows INTEGER, "
		   "data BLOB)"},
	{"chunks_from", "CREATE INDEX chunks_from ON chunks(from_ns)"},
	/*
	 * Those that still grow, one of each interface and direction: among the others they would
	 * leave half-filled pages behind, which with 200 interfaces was as much again.
	 */
	{"open_chunks", "CREATE TABLE open_chunks(id INTEGER PRIMARY KEY, interface INTEGER, "
			"direction TEXT, from_ns INTEGER, until_ns INTEGER, windows INTEGER, "
			"data BLOB)"},
	{"open_chunks_from", "CREATE INDEX open_chunks_from ON open_chunks(from_ns)"},
};

/* Those that are otherwise in schema 1. */
static const struct object first_objects[] = {
	{"interfaces", INTERFACES ")"},
	{"changes", CHANGES ")"},
	{"bursts", BURSTS ")"},
};

static const char *sql_of(const struct object *object, int version)
{
	size_t i;

	for (i = 0; version == 1 && i < ARRAY_SIZE(first_objects); i++)
		if (!strcmp(first_objects[i].name, object->name))
			return first_objects[i].sql;
	return object->sql;
}

int schema_create(sqlite3 *db)
{
	char pragmas[128];
	size_t i;
	int rc;

	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 RECORDING_APPLICATION_ID, RECORDING_SCHEMA);
	rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
	for (i = 0; !rc && i < ARRAY_SIZE(objects); i++)
		rc = sqlite3_exec(db, objects[i].sql, NULL, NULL, NULL);
	return rc;
}

static int read_version(sqlite3 *db, int *version)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);

	if (!rc) {
		rc = sqlite3_step(stmt);
		*version = sqlite3_column_int(stmt, 0);
		rc = rc == SQLITE_ROW ? SQLITE_OK : rc;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int schema_check(sqlite3 *db, int *version, bool *is_ours)
{
	sqlite3_stmt *stmt = NULL;
	bool ours = true;
	size_t i;
	int rc;

	rc = read_version(db, version);
	if (!rc)
		rc = sqlite3_prepare_v2(db,
					"SELECT 1 FROM sqlite_schema WHERE name = ?1 AND sql = ?2",
					-1, &stmt, NULL);
	for (i = 0; !rc && ours && i < ARRAY_SIZE(objects); i++) {
		sqlite3_bind_text(stmt, 1, objects[i].name, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, sql_of(&objects[i], *version), -1, SQLITE_STATIC);
		rc = sqlite3_step(stmt);
		ours = rc == SQLITE_ROW;
		if (rc == SQLITE_ROW || rc == SQLITE_DONE)
			rc = SQLITE_OK;
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	*is_ours = ours;
	return rc;
}
