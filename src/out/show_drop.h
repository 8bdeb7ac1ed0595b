/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_drop: drops by interface, direction and reason, as records, lines and a table. */
#ifndef IFPULSE_OUT_SHOW_DROP_H
#define IFPULSE_OUT_SHOW_DROP_H

#include <stdbool.h>

#include "include/probe_abi.h"
#include "out/sink.h"
#include "out/table.h"
#include "out/writer.h"

struct drop_row {
	uint32_t ifindex;   /* 0: of no interface that could be told */
	const char *ifname; /* then NULL */
	enum direction direction;
	const char *source; /* "kfree_skb", "stats64" */
	const char *reason; /* NULL: unknown */
	const char *where;  /* symbol+offset; NULL: not asked for, or unknown */
	uint64_t packets;
	const char *netns;     /* where the interface is; NULL: our own */
	const char *container; /* behind the interface; NULL: none, or not known */
};

/* Those of the table that are not always there. */
struct show_drop_columns {
	bool containers, where;
};

/*
 * Fields: time interval_us ifindex ifname netns direction ("rx", "tx") source reason packets, where if
 * `has_where`, and container. Unknown is null; so is the direction of a drop that names no interface.
 */
void show_drop_record(struct writer *writer, const struct drop_row *row, uint64_t wall_ns,
		      uint64_t interval_ns, bool has_where);

/* One line, committed. */
void show_drop_line(struct sink *sink, const struct drop_row *row, uint64_t wall_ns);

/* The sums over a run. 0 or -ENOMEM. */
int show_drop_table_new(struct table **out, const struct show_drop_columns *columns,
			bool use_colour);
void show_drop_row(struct table *table, const struct drop_row *row,
		   const struct show_drop_columns *columns);

#endif
