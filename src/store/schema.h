/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * schema: the tables of a recording, as RECORDING_SCHEMA counts them.
 */
#ifndef IFPULSE_STORE_SCHEMA_H
#define IFPULSE_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

/* Columns of `counters` that are members of struct rtnl_link_stats64, in the table's order. */
#define SCHEMA_KERNEL_COUNTERS(X) \
	X(rx_packets)             \
	X(tx_packets)             \
	X(rx_bytes)               \
	X(tx_bytes)               \
	X(rx_errors)              \
	X(tx_errors)              \
	X(rx_dropped)             \
	X(tx_dropped)             \
	X(multicast)              \
	X(collisions)             \
	X(rx_length_errors)       \
	X(rx_over_errors)         \
	X(rx_crc_errors)          \
	X(rx_frame_errors)        \
	X(rx_fifo_errors)         \
	X(rx_missed_errors)       \
	X(tx_aborted_errors)      \
	X(tx_carrier_errors)      \
	X(tx_fifo_errors)         \
	X(tx_heartbeat_errors)    \
	X(tx_window_errors)       \
	X(rx_compressed)          \
	X(tx_compressed)          \
	X(rx_nohandler)           \
	X(rx_otherhost_dropped)

/* Makes them in an empty database, and says in its header what it is. SQLITE_OK or what failed. */
int schema_create(sqlite3 *db);

/*
 * Which schema it is, and whether the tables are exactly ours of that one: none is a view or has computed columns, so that to read one
 * runs nothing that the file's author wrote. SQLITE_OK or what failed.
 */
int schema_check(sqlite3 *db, int *version, bool *is_ours);

#endif
