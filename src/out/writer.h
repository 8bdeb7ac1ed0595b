/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * writer: objects with named fields, as JSON (one array, or a line per object) or as CSV.
 *
 * A command describes each object once, field by field, and the format follows. Within an object
 * names are not repeated; for CSV every object has the same fields in the same order, and none of
 * them is an array. In JSON, text that is not valid UTF-8 comes out with U+FFFD for each wrong byte,
 * and what may steer a terminal as \uNNNN; CSV has both as \xNN, like a table. CSV lines end in a
 * line feed alone; without objects there is no header either.
 */
#ifndef IFPULSE_OUT_WRITER_H
#define IFPULSE_OUT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "out/sink.h"

enum writer_format {
	WRITER_JSON_ARRAY,      /* one-shot commands: [ … ] once, committed as a whole */
	WRITER_JSON_LONG_ARRAY, /* the same, committed object by object: too long to be kept */
	WRITER_JSON_LINES,      /* streaming commands */
	WRITER_CSV,             /* RFC 4180, header line first */
};

struct writer;

/* Borrows the sink. 0 or -ENOMEM. */
int writer_new(struct writer **out, struct sink *sink, enum writer_format format);
void writer_free(struct writer *writer);

/* Around all objects: the brackets of an array, which are there without objects too. */
void writer_open(struct writer *writer);
void writer_close(struct writer *writer);

void writer_begin(struct writer *writer);
/*
 * Every object that begins from here on, but for those within others, begins with the field "type": for
 * lines of several kinds. `type` is borrowed.
 */
void writer_set_type(struct writer *writer, const char *type);
/* Commits the object, unless it is part of an array. */
void writer_end(struct writer *writer);

void writer_text(struct writer *writer, const char *name, const char *value); /* NULL: null */
void writer_unsigned(struct writer *writer, const char *name, uint64_t value);
void writer_signed(struct writer *writer, const char *name, int64_t value);
void writer_number(struct writer *writer, const char *name, double value);
void writer_boolean(struct writer *writer, const char *name, bool value);
void writer_null(struct writer *writer, const char *name);
/* RFC 3339 from nanoseconds since 1970. */
void writer_time(struct writer *writer, const char *name, uint64_t wall_ns);

/*
 * A value out of a JSON text that somebody else wrote, and that json_read() has checked: as it is, on one
 * line, but for what may steer a terminal. In CSV text and numbers are as others, and the rest is JSON.
 */
void writer_json(struct writer *writer, const char *name, struct json value);

/* Arrays and objects within objects are not for it. */
bool writer_is_csv(const struct writer *writer);

/* An object within an object; JSON only. */
void writer_begin_object(struct writer *writer, const char *name);
void writer_end_object(struct writer *writer);

/* Arrays of text (name NULL within) or of objects; JSON only. */
void writer_begin_array(struct writer *writer, const char *name);
void writer_end_array(struct writer *writer);

#endif
