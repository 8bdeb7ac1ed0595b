// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/values.h"

#include <stdio.h>
#include <string.h>

struct put put_begin(sqlite3_stmt *stmt)
{
	return (struct put){.stmt = stmt};
}

static void note(struct put *put, int rc)
{
	if (!put->rc)
		put->rc = rc;
}

void put_u64(struct put *put, uint64_t value)
{
	note(put, sqlite3_bind_int64(put->stmt, ++put->at, (sqlite3_int64)value));
}

void put_u64_or_null(struct put *put, uint64_t value, bool is_known)
{
	if (is_known)
		put_u64(put, value);
	else
		note(put, sqlite3_bind_null(put->stmt, ++put->at));
}

void put_text(struct put *put, const char *text)
{
	note(put, sqlite3_bind_text(put->stmt, ++put->at, text, -1, SQLITE_STATIC));
}

void put_blob(struct put *put, const void *data, size_t size)
{
	note(put, sqlite3_bind_blob64(put->stmt, ++put->at, data, size, SQLITE_STATIC));
}

int put_run(struct put *put)
{
	int rc = put->rc;

	if (!rc) {
		rc = sqlite3_step(put->stmt);
		if (rc == SQLITE_DONE || rc == SQLITE_ROW)
			rc = SQLITE_OK;
	}
	sqlite3_reset(put->stmt);
	return rc;
}

bool row_is_null(const struct row *row, int column)
{
	return sqlite3_column_type(row->stmt, column) == SQLITE_NULL;
}

uint64_t row_u64(struct row *row, int column)
{
	if (sqlite3_column_type(row->stmt, column) != SQLITE_INTEGER) {
		row->is_bad = true;
		return 0;
	}
	return (uint64_t)sqlite3_column_int64(row->stmt, column);
}

uint64_t row_number(struct row *row, int column, uint64_t max)
{
	uint64_t value = row_u64(row, column);

	if (value <= max)
		return value;
	row->is_bad = true;
	return 0;
}

uint64_t row_time(struct row *row, int column)
{
	return row_number(row, column, VALUES_TIME_MAX_NS);
}

const char *row_text_or_null(struct row *row, int column, size_t max)
{
	const char *text;
	int length;

	if (row_is_null(row, column))
		return NULL;
	if (sqlite3_column_type(row->stmt, column) == SQLITE_TEXT) {
		text = (const char *)sqlite3_column_text(row->stmt, column);
		length = sqlite3_column_bytes(row->stmt, column);
		if (text && (size_t)length <= max && strlen(text) == (size_t)length)
			return text;
	}
	row->is_bad = true;
	return "";
}

void row_text(struct row *row, int column, char *out, size_t size)
{
	const char *text = row_text_or_null(row, column, size - 1);

	row->is_bad |= !text;
	snprintf(out, size, "%s", text ? text : "");
}

void row_text_or_empty(struct row *row, int column, char *out, size_t size)
{
	out[0] = '\0';
	if (!row_is_null(row, column))
		row_text(row, column, out, size);
}

uint64_t row_number_or(struct row *row, int column, uint64_t max, uint64_t unknown)
{
	return row_is_null(row, column) ? unknown : row_number(row, column, max);
}

const char *values_direction_name(enum direction direction)
{
	return direction == DIRECTION_INGRESS ? "rx" : "tx";
}

enum direction row_direction(struct row *row, int column)
{
	char name[3];

	row_text(row, column, name, sizeof(name));
	if (!strcmp(name, "tx"))
		return DIRECTION_EGRESS;
	row->is_bad |= strcmp(name, "rx") != 0;
	return DIRECTION_INGRESS;
}
