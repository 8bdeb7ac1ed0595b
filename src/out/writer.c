// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

#define DEPTH_MAX 8

struct writer {
	struct sink *sink;
	enum writer_format format;
	bool has_items[DEPTH_MAX]; /* at each depth: a comma is due before the next */
	unsigned int depth;
	const char *type; /* NULL: objects have none */
	/* CSV: names are known when the first object has been described, so rows are set aside. */
	FILE *header, *row;
	char *header_text, *row_text;
	size_t header_size, row_size;
	bool header_done;
};

int writer_new(struct writer **out, struct sink *sink, enum writer_format format)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	writer->sink = sink;
	writer->format = format;
	if (format == WRITER_CSV) {
		writer->header = open_memstream(&writer->header_text, &writer->header_size);
		writer->row = open_memstream(&writer->row_text, &writer->row_size);
		if (!writer->header || !writer->row) {
			writer_free(writer);
			return -ENOMEM;
		}
	}
	*out = writer;
	return 0;
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	if (writer->header)
		fclose(writer->header);
	if (writer->row)
		fclose(writer->row);
	free(writer->header_text);
	free(writer->row_text);
	free(writer);
}

bool writer_is_csv(const struct writer *writer)
{
	return writer->format == WRITER_CSV;
}

/* RFC 8259, 7: beyond U+FFFF as two surrogates. */
static void put_json_escape(struct sink *sink, uint32_t code_point)
{
	if (code_point < 0x10000)
		sink_format(sink, "\\u%04x", code_point);
	else
		sink_format(sink, "\\u%04x\\u%04x", 0xd7c0 + (code_point >> 10),
			    0xdc00 + (code_point & 0x3ff));
}

static void put_json_text(struct sink *sink, const char *text)
{
	sink_text(sink, "\"");
	while (*text) {
		uint32_t code_point = 0;
		size_t length = text_decode_utf8(text, &code_point);

		if (!length)
			sink_text(sink, "\\ufffd");
		else if (code_point == '"' || code_point == '\\')
			sink_format(sink, "\\%c", (char)code_point);
		else if (text_is_unsafe(code_point))
			put_json_escape(sink, code_point);
		else
			sink_bytes(sink, text, length);
		text += length ? length : 1;
	}
	sink_text(sink, "\"");
}

/* RFC 4180: quoted where it must be, quotes doubled. */
static void put_csv_safe(FILE *row, const char *safe)
{
	if (!strpbrk(safe, "\",")) {
		fputs(safe, row);
		return;
	}
	fputc('"', row);
	for (; *safe; safe++) {
		if (*safe == '"')
			fputc('"', row);
		fputc(*safe, row);
	}
	fputc('"', row);
}

/* Control characters made visible. For want of memory it is empty, never cut: a cut number is a wrong one. */
static void put_csv_text(FILE *row, const char *text)
{
	size_t size = strlen(text) * TEXT_ESCAPE_GROWTH + 1;
	char buffer[512], *safe = size <= sizeof(buffer) ? buffer : malloc(size);

	if (!safe)
		return;
	put_csv_safe(row, text_escape(safe, size, text));
	if (safe != buffer)
		free(safe);
}

static void put_comma(struct writer *writer)
{
	if (writer->has_items[writer->depth])
		sink_text(writer->sink, ",");
	writer->has_items[writer->depth] = true;
}

static void go_in(struct writer *writer, const char *bracket)
{
	sink_text(writer->sink, bracket);
	writer->depth++;
	writer->has_items[writer->depth] = false;
}

static void go_out(struct writer *writer, const char *bracket)
{
	writer->depth--;
	sink_text(writer->sink, bracket);
}

static bool is_array(const struct writer *writer)
{
	return writer->format == WRITER_JSON_ARRAY || writer->format == WRITER_JSON_LONG_ARRAY;
}

/* Where objects stand that are in no other. */
static unsigned int top(const struct writer *writer)
{
	return is_array(writer) ? 1 : 0;
}

void writer_open(struct writer *writer)
{
	if (is_array(writer))
		go_in(writer, "[");
}

void writer_set_type(struct writer *writer, const char *type)
{
	writer->type = type;
}

void writer_close(struct writer *writer)
{
	if (!is_array(writer))
		return;
	go_out(writer, writer->has_items[1] ? "\n]\n" : "]\n");
	sink_commit(writer->sink);
}

void writer_begin(struct writer *writer)
{
	if (writer_is_csv(writer)) {
		writer->has_items[0] = false;
		rewind(writer->row);
		if (writer->type)
			writer_text(writer, "type", writer->type);
		return;
	}
	/* Depth 0 holds lines, which no comma parts. */
	if (writer->depth)
		put_comma(writer);
	if (is_array(writer) && writer->depth == 1)
		sink_text(writer->sink, "\n");
	go_in(writer, "{");
	if (writer->type && writer->depth == top(writer) + 1)
		writer_text(writer, "type", writer->type);
}

static void end_csv(struct writer *writer)
{
	fputc('\n', writer->row);
	if (!writer->header_done) {
		fputc('\n', writer->header);
		fflush(writer->header);
		sink_bytes(writer->sink, writer->header_text, writer->header_size);
		writer->header_done = true;
	}
	fflush(writer->row);
	sink_bytes(writer->sink, writer->row_text, writer->row_size);
	sink_commit(writer->sink);
}

void writer_end(struct writer *writer)
{
	if (writer_is_csv(writer)) {
		end_csv(writer);
		return;
	}
	go_out(writer, "}");
	if (!writer->depth)
		sink_text(writer->sink, "\n");
	if (writer->depth == top(writer) && writer->format != WRITER_JSON_ARRAY)
		sink_commit(writer->sink);
}

/* What stands before a value: the name, or for CSV the name in the header. */
static void put_name(struct writer *writer, const char *name)
{
	if (writer_is_csv(writer)) {
		const char *comma = writer->has_items[0] ? "," : "";

		writer->has_items[0] = true;
		fputs(comma, writer->row);
		if (!writer->header_done)
			fprintf(writer->header, "%s%s", comma, name);
		return;
	}
	put_comma(writer);
	if (name)
		sink_format(writer->sink, "\"%s\":", name);
}

void writer_text(struct writer *writer, const char *name, const char *value)
{
	if (!value) {
		writer_null(writer, name);
		return;
	}
	put_name(writer, name);
	if (writer_is_csv(writer))
		put_csv_text(writer->row, value);
	else
		put_json_text(writer->sink, value);
}

/* A number, which is the same in every format. */
static void put_plain(struct writer *writer, const char *name, const char *value)
{
	put_name(writer, name);
	if (writer_is_csv(writer))
		fputs(value, writer->row);
	else
		sink_text(writer->sink, value);
}

void writer_unsigned(struct writer *writer, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_plain(writer, name, text);
}

void writer_signed(struct writer *writer, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	put_plain(writer, name, text);
}

void writer_number(struct writer *writer, const char *name, double value)
{
	char text[40];

	if (!isfinite(value)) {
		writer_null(writer, name);
		return;
	}
	snprintf(text, sizeof(text), "%.10g", value);
	put_plain(writer, name, text);
}

void writer_boolean(struct writer *writer, const char *name, bool value)
{
	put_plain(writer, name, value ? "true" : "false");
}

void writer_null(struct writer *writer, const char *name)
{
	/* CSV knows no null: an empty field is not a zero either. */
	put_plain(writer, name, writer_is_csv(writer) ? "" : "null");
}

void writer_time(struct writer *writer, const char *name, uint64_t wall_ns)
{
	char text[UNITS_TEXT_SIZE];

	writer_text(writer, name, units_format_wall(text, wall_ns));
}

/* White space may stand between values; all else that is unsafe can only be within a string. */
static void put_json_value(struct sink *sink, struct json value)
{
	const char *at = value.at;

	while (at < value.end) {
		uint32_t code_point = 0;
		size_t length = text_decode_utf8(at, &code_point);

		if (!length)
			sink_text(sink, "\\ufffd");
		else if (code_point < 0x20)
			sink_text(sink, " ");
		else if (text_is_unsafe(code_point))
			put_json_escape(sink, code_point);
		else
			sink_bytes(sink, at, length);
		at += length ? length : 1;
	}
}

static void put_csv_value(struct writer *writer, const char *name, struct json value)
{
	size_t size = (size_t)(value.end - value.at) + 1;
	char *text = malloc(size);

	if (text && !json_text(value, text, size))
		snprintf(text, size, "%.*s", (int)(value.end - value.at), value.at);
	writer_text(writer, name, text && strcmp(text, "null") ? text : NULL);
	free(text);
}

void writer_json(struct writer *writer, const char *name, struct json value)
{
	if (writer_is_csv(writer)) {
		put_csv_value(writer, name, value);
		return;
	}
	put_name(writer, name);
	put_json_value(writer->sink, value);
}

void writer_begin_object(struct writer *writer, const char *name)
{
	put_name(writer, name);
	go_in(writer, "{");
}

void writer_end_object(struct writer *writer)
{
	go_out(writer, "}");
}

void writer_begin_array(struct writer *writer, const char *name)
{
	put_name(writer, name);
	go_in(writer, "[");
}

void writer_end_array(struct writer *writer)
{
	go_out(writer, "]");
}
