/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * values: into statements, and out of rows that nobody vouches for.
 */
#ifndef IFPULSE_STORE_VALUES_H
#define IFPULSE_STORE_VALUES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/probe_abi.h"

/* Times in a file are below this, so that sums of two stay within 63 bits: the year 2116. */
#define VALUES_TIME_MAX_NS (INT64_MAX / 2)

/* Fills in a statement from its first parameter on. */
struct put {
	sqlite3_stmt *stmt;
	int at; /* the parameter set last */
	int rc; /* of what failed first */
};

struct put put_begin(sqlite3_stmt *stmt);
/* Above INT64_MAX it shows as negative in the file, and comes back as it was. */
void put_u64(struct put *put, uint64_t value);
void put_u64_or_null(struct put *put, uint64_t value, bool is_known);
/* NULL becomes NULL. The text and the blob have to stay until put_run(). */
void put_text(struct put *put, const char *text);
void put_blob(struct put *put, const void *data, size_t size);
/* Runs it to its end and resets it. SQLITE_OK or what failed. */
int put_run(struct put *put);

/* Takes values out of a row, and remembers whether one of them was not what it has to be. */
struct row {
	sqlite3_stmt *stmt;
	bool is_bad;
};

bool row_is_null(const struct row *row, int column);
uint64_t row_u64(struct row *row, int column);
/* A whole number up to `max`. */
uint64_t row_number(struct row *row, int column, uint64_t max);
uint64_t row_time(struct row *row, int column);
/* Copies a text that fits, with its NUL. */
void row_text(struct row *row, int column, char *out, size_t size);
/* SQLite's until the next step; NULL for NULL. */
const char *row_text_or_null(struct row *row, int column, size_t max);
/* The same, but NULL is an empty text. */
void row_text_or_empty(struct row *row, int column, char *out, size_t size);
/* As row_number(), but NULL is `unknown`. */
uint64_t row_number_or(struct row *row, int column, uint64_t max, uint64_t unknown);

/* "rx" or "tx". */
const char *values_direction_name(enum direction direction);
enum direction row_direction(struct row *row, int column);

#endif
