/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * recorded: a recording that is open to be read, with what its other parts are understood by: its
 * meta, the time that it covers, its interfaces. Every value is checked.
 */
#ifndef IFPULSE_STORE_RECORDED_H
#define IFPULSE_STORE_RECORDED_H

#include <sqlite3.h>

#include "base/error.h"
#include "model/series.h"
#include "store/recording.h"

/* Times [from, until). */
struct recorded_range {
	uint64_t from_ns, until_ns;
};

struct recorded {
	sqlite3 *db;
	char *path;
	struct recording_meta meta;
	struct recorded_range coverage;
	uint64_t *ids;   /* of the interfaces' rows, ascending */
	uint32_t *slots; /* of these; from 1 on, in order of namespace, ifindex and coming */
	/* The interfaces in order of slot. */
	struct series_member *members;
	struct link *links;
	char **containers; /* NULL: none known */
	size_t n;
	int schema;
};

/* Opens it and reads all this. 0 or -errno; a zeroed struct is to be released in any case. */
int recorded_open(struct recorded *file, const char *path, struct error *err);
void recorded_release(struct recorded *file);

/* SLOT_NONE where there is no interface with this id. */
uint32_t recorded_slot_of(const struct recorded *file, uint64_t id);

/* 0 or -errno. */
int recorded_prepare(const struct recorded *file, sqlite3_stmt **stmt, const char *sql,
		     struct error *err);
/* 1: a row, 0: the end, or -errno. */
int recorded_step(const struct recorded *file, sqlite3_stmt *stmt, struct error *err);

#endif
