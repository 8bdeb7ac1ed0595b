// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/writer: what it writes is read back by other means, jansson and a CSV reader of our own. */
#include "tests/unit/support.h"

#include <jansson.h>
#include <math.h>

#include "out/writer.h"

static struct capture capture;

static struct writer *start(enum writer_format format)
{
	struct writer *writer = NULL;

	capture_start(&capture);
	assert_int_equal(writer_new(&writer, capture.sink, format), 0);
	return writer;
}

static char *finish(struct writer *writer)
{
	writer_free(writer);
	return capture_end(&capture);
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("no JSON: %s in: %s", error.text, text);
	return json;
}

/* One object with one text field, as JSON, read back. */
static void check_json_text(const char *value, const char *wanted)
{
	struct writer *writer = start(WRITER_JSON_LINES);
	json_t *json;
	char *text;

	writer_begin(writer);
	writer_text(writer, "t", value);
	writer_end(writer);
	text = finish(writer);
	/* One line, and nothing in it that could steer a terminal. */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	for (const char *at = text; at[1]; at++)
		assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\u202e"));
	assert_null(strstr(text, "\u200b"));
	assert_null(strstr(text, "\U000e0041"));
	json = parse(text);
	assert_string_equal(json_string_value(json_object_get(json, "t")), wanted);
	json_decref(json);
	free(text);
}

static void escapes_json(void **state)
{
	static const struct {
		const char *value, *wanted;
	} cases[] = {
		{"", ""},
		{"eth0", "eth0"},
		{"\"", "\""},
		{"\\", "\\"},
		{"a\"b\\c/d", "a\"b\\c/d"},
		{"\\u0041", "\\u0041"},
		{"\x01\x1f\x7f\n\r\t\b\f", "\x01\x1f\x7f\n\r\t\b\f"},
		{"\x1b[2J", "\x1b[2J"},
		{"\xc2\x9bJ\xc2\x80", "\xc2\x9bJ\xc2\x80"},
		{"\u202eabc\u2066\u061c\u2028", "\u202eabc\u2066\u061c\u2028"},
		{"\u00e9\u20ac\U0001f600", "\u00e9\u20ac\U0001f600"},
		{"\U0010ffff", "\U0010ffff"},
		{"eth0\u200b\U000e0041", "eth0\u200b\U000e0041"},
		{"\xff", "\ufffd"},
		{"a\xff\xfe"
		 "b",
		 "a\ufffd\ufffd"
		 "b"},
		{"\xc3", "\ufffd"},
		{"\xe2\x82", "\ufffd\ufffd"},
		{"\xc0\x80", "\ufffd\ufffd"},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_json_text(cases[i].value, cases[i].wanted);
}

static void writes_every_type(void **state)
{
	struct writer *writer = start(WRITER_JSON_LINES);
	json_t *json;
	char *text;

	(void)state;
	writer_begin(writer);
	writer_text(writer, "null_text", NULL);
	writer_null(writer, "null");
	writer_unsigned(writer, "zero", 0);
	writer_unsigned(writer, "large", INT64_MAX);
	writer_signed(writer, "least", INT64_MIN);
	writer_number(writer, "number", 0.01);
	writer_number(writer, "tiny", 1e-7);
	writer_number(writer, "whole", 100);
	writer_number(writer, "nan", NAN);
	writer_number(writer, "infinite", INFINITY);
	writer_number(writer, "minus", -INFINITY);
	writer_time(writer, "time", 951782400000001000);
	writer_end(writer);
	text = finish(writer);
	json = parse(text);
	assert_int_equal(json_object_size(json), 12);
	assert_true(json_is_null(json_object_get(json, "null_text")));
	assert_true(json_is_null(json_object_get(json, "null")));
	assert_int_equal(json_integer_value(json_object_get(json, "zero")), 0);
	assert_true(json_is_integer(json_object_get(json, "zero")));
	assert_int_equal(json_integer_value(json_object_get(json, "large")), INT64_MAX);
	assert_int_equal(json_integer_value(json_object_get(json, "least")), INT64_MIN);
	assert_true(json_number_value(json_object_get(json, "number")) == 0.01);
	assert_true(json_number_value(json_object_get(json, "tiny")) == 1e-7);
	assert_true(json_number_value(json_object_get(json, "whole")) == 100);
	assert_true(json_is_null(json_object_get(json, "nan")));
	assert_true(json_is_null(json_object_get(json, "infinite")));
	assert_true(json_is_null(json_object_get(json, "minus")));
	assert_string_equal(json_string_value(json_object_get(json, "time")),
			    "2000-02-29T00:00:00.000001Z");
	json_decref(json);
	free(text);
}

/* jansson holds no more than 63 bits. */
static void writes_the_largest_number(void **state)
{
	struct writer *writer = start(WRITER_JSON_LINES);
	char *text;

	(void)state;
	writer_begin(writer);
	writer_unsigned(writer, "n", UINT64_MAX);
	writer_end(writer);
	text = finish(writer);
	assert_string_equal(text, "{\"n\":18446744073709551615}\n");
	free(text);
}

static void nests(void **state)
{
	struct writer *writer = start(WRITER_JSON_ARRAY);
	json_t *json, *list, *wanted;
	char *text;

	(void)state;
	writer_open(writer);
	for (int i = 0; i < 2; i++) {
		writer_begin(writer);
		writer_begin_array(writer, "flags");
		writer_text(writer, NULL, "UP");
		writer_text(writer, NULL, "a\"b");
		writer_null(writer, NULL);
		writer_end_array(writer);
		writer_begin_array(writer, "none");
		writer_end_array(writer);
		writer_begin_array(writer, "list");
		for (int k = 0; k < 3; k++) {
			writer_begin(writer);
			writer_unsigned(writer, "k", (uint64_t)k);
			writer_begin_array(writer, "deeper");
			writer_begin(writer);
			writer_end(writer);
			writer_end_array(writer);
			writer_text(writer, "after", NULL);
			writer_end(writer);
		}
		writer_end_array(writer);
		writer_unsigned(writer, "i", (uint64_t)i);
		writer_end(writer);
	}
	writer_close(writer);
	text = finish(writer);
	json = parse(text);
	wanted = parse("[{\"flags\":[\"UP\",\"a\\\"b\",null],\"none\":[],\"list\":["
		       "{\"k\":0,\"deeper\":[{}],\"after\":null},"
		       "{\"k\":1,\"deeper\":[{}],\"after\":null},"
		       "{\"k\":2,\"deeper\":[{}],\"after\":null}],\"i\":0}]");
	assert_int_equal(json_array_size(json), 2);
	assert_true(json_equal(json_array_get(json, 0), json_array_get(wanted, 0)));
	list = json_object_get(json_array_get(json, 1), "list");
	assert_int_equal(json_array_size(list), 3);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json, 1), "i")), 1);
	json_decref(wanted);
	json_decref(json);
	free(text);
}

static void writes_an_empty_array(void **state)
{
	struct writer *writer = start(WRITER_JSON_ARRAY);
	json_t *json;
	char *text;

	(void)state;
	writer_open(writer);
	writer_close(writer);
	text = finish(writer);
	json = parse(text);
	assert_true(json_is_array(json));
	assert_int_equal(json_array_size(json), 0);
	assert_int_equal(text[strlen(text) - 1], '\n');
	json_decref(json);
	free(text);
}

/* Half an array is no JSON: nothing of it goes out before it is whole. */
static void commits_an_array_as_a_whole(void **state)
{
	struct writer *writer = start(WRITER_JSON_ARRAY);
	char *text;

	(void)state;
	writer_open(writer);
	writer_begin(writer);
	writer_begin_array(writer, "a");
	writer_begin(writer);
	writer_end(writer);
	writer_end_array(writer);
	writer_end(writer);
	assert_int_equal(sink_flush(capture.sink), 0);
	text = read_whole(capture.fd, NULL);
	assert_string_equal(text, "");
	free(text);
	writer_close(writer);
	text = finish(writer);
	json_decref(parse(text));
	free(text);
}

static void writes_lines_one_by_one(void **state)
{
	struct writer *writer = start(WRITER_JSON_LINES);
	char *text, *line, *rest;
	int n = 0;

	(void)state;
	writer_open(writer);
	for (uint64_t i = 0; i < 3; i++) {
		writer_begin(writer);
		writer_unsigned(writer, "i", i);
		writer_begin_array(writer, "a");
		writer_begin(writer);
		writer_text(writer, "x", "\n");
		writer_end(writer);
		writer_end_array(writer);
		writer_end(writer);
	}
	/* One that is not ended is not seen. */
	writer_begin(writer);
	writer_unsigned(writer, "i", 3);
	writer_close(writer);
	text = finish(writer);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *json = parse(line);

		assert_int_equal(json_integer_value(json_object_get(json, "i")), n++);
		assert_int_equal(json_array_size(json_object_get(json, "a")), 1);
		json_decref(json);
	}
	assert_int_equal(n, 3);
	free(text);
}

#define CSV_ROWS 8
#define CSV_COLUMNS 8

/* RFC 4180, but for lines that end in a line feed alone. */
struct csv {
	char *cell[CSV_ROWS][CSV_COLUMNS];
	size_t n_columns[CSV_ROWS];
	size_t n_rows;
};

/* One field at *at, in place; what ended it. */
static char read_csv_field(char **at, char **field)
{
	char *from = *at, *to = *at, end;

	*field = from;
	if (*from == '"') {
		for (from++; *from != '"' || *++from == '"'; from++) {
			if (!*from)
				fail_msg("a quoted field has no end");
			*to++ = *from;
		}
	} else {
		for (; *from && *from != ',' && *from != '\n'; from++) {
			if (*from == '"' || *from == '\r')
				fail_msg("a field with 0x%02x is not quoted", *from);
			*to++ = *from;
		}
	}
	end = *from;
	if (end != ',' && end != '\n')
		fail_msg("a field ends in 0x%02x", end);
	*to = '\0';
	*at = from + 1;
	return end;
}

/* The cells point into `text`, which is changed. */
static struct csv read_csv(char *text)
{
	struct csv csv = {0};

	while (*text) {
		char end;

		assert_true(csv.n_rows < CSV_ROWS);
		do {
			size_t column = csv.n_columns[csv.n_rows]++;

			assert_true(column < CSV_COLUMNS);
			end = read_csv_field(&text, &csv.cell[csv.n_rows][column]);
		} while (end == ',');
		csv.n_rows++;
	}
	return csv;
}

static void writes_csv(void **state)
{
	struct writer *writer = start(WRITER_CSV);
	struct csv csv;
	char *text;

	(void)state;
	writer_open(writer);
	for (int i = 0; i < 2; i++) {
		writer_begin(writer);
		writer_time(writer, "time", 1000);
		writer_text(writer, "ifname", i ? "eth0" : "a much longer name than that");
		writer_unsigned(writer, "n", i ? 5 : UINT64_MAX);
		writer_number(writer, "pct", 0.25);
		writer_null(writer, "none");
		writer_end(writer);
	}
	writer_close(writer);
	text = finish(writer);
	csv = read_csv(text);
	assert_int_equal(csv.n_rows, 3);
	for (size_t row = 0; row < 3; row++)
		assert_int_equal(csv.n_columns[row], 5);
	assert_string_equal(csv.cell[0][0], "time");
	assert_string_equal(csv.cell[0][1], "ifname");
	assert_string_equal(csv.cell[0][2], "n");
	assert_string_equal(csv.cell[0][3], "pct");
	assert_string_equal(csv.cell[0][4], "none");
	assert_string_equal(csv.cell[1][0], "1970-01-01T00:00:00.000001Z");
	assert_string_equal(csv.cell[1][1], "a much longer name than that");
	assert_string_equal(csv.cell[1][2], "18446744073709551615");
	assert_string_equal(csv.cell[2][1], "eth0");
	assert_string_equal(csv.cell[2][2], "5");
	assert_string_equal(csv.cell[2][3], "0.25");
	assert_string_equal(csv.cell[2][4], "");
	free(text);
}

/* Each row half as long as the one before: none keeps the end of its predecessor. */
static void writes_csv_rows_that_shrink_and_grow(void **state)
{
	static const size_t lengths[] = {800, 400, 3, 0, 500, 1};
	struct writer *writer = start(WRITER_CSV);
	char *text, value[801];
	struct csv csv;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(value, 'a' + (int)i, lengths[i]);
		value[lengths[i]] = '\0';
		writer_begin(writer);
		writer_text(writer, "t", value);
		writer_unsigned(writer, "i", i);
		writer_end(writer);
	}
	text = finish(writer);
	csv = read_csv(text);
	assert_int_equal(csv.n_rows, 1 + ARRAY_SIZE(lengths));
	assert_string_equal(csv.cell[0][0], "t");
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const char *cell = csv.cell[1 + i][0];

		assert_int_equal(csv.n_columns[1 + i], 2);
		assert_int_equal(strlen(cell), lengths[i]);
		assert_int_equal(strspn(cell, (char[]){(char)('a' + i), '\0'}), lengths[i]);
		assert_int_equal(csv.cell[1 + i][1][0], '0' + (int)i);
	}
	free(text);
}

static void quotes_csv(void **state)
{
	static const struct {
		const char *value, *wanted;
	} cases[] = {
		{"a,b", "a,b"},
		{"\"", "\""},
		{"say \"a,b\"", "say \"a,b\""},
		{"\"\"\",", "\"\"\","},
		{" a ", " a "},
		{"", ""},
		{"a'b;c", "a'b;c"},
		{"\u00e9,", "\u00e9,"},
		/* As in a table: seen, and without effect. */
		{"a\r\nb", "a\\x0d\\x0ab"},
		{"\x1b[2J", "\\x1b[2J"},
		{"\xff,", "\\xff,"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct writer *writer = start(WRITER_CSV);
		struct csv csv;
		char *text;

		writer_begin(writer);
		writer_text(writer, "first", cases[i].value);
		writer_text(writer, "last", cases[i].value);
		writer_end(writer);
		text = finish(writer);
		csv = read_csv(text);
		assert_int_equal(csv.n_rows, 2);
		assert_int_equal(csv.n_columns[1], 2);
		assert_string_equal(csv.cell[1][0], cases[i].wanted);
		assert_string_equal(csv.cell[1][1], cases[i].wanted);
		free(text);
	}
}

/* Many flows, or reasons, are one long text. */
static void writes_long_csv(void **state)
{
	static char value[20001], wanted[2 * sizeof(value) + 3];
	struct writer *writer = start(WRITER_CSV);
	char *text;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	memcpy(value + sizeof(value) - 4, "y,z", 3);
	writer_begin(writer);
	writer_text(writer, "a", value);
	writer_end(writer);
	text = finish(writer);
	snprintf(wanted, sizeof(wanted), "a\n\"%s\"\n", value);
	assert_string_equal(text, wanted);
	free(text);
}

static void commits_csv_rows_one_by_one(void **state)
{
	struct writer *writer = start(WRITER_CSV);
	char *text;

	(void)state;
	writer_begin(writer);
	writer_unsigned(writer, "n", 1);
	writer_end(writer);
	assert_int_equal(sink_flush(capture.sink), 0);
	writer_begin(writer);
	writer_unsigned(writer, "n", 2);
	text = finish(writer);
	assert_string_equal(text, "n\n1\n");
	free(text);
	writer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_json),
		cmocka_unit_test(writes_every_type),
		cmocka_unit_test(writes_the_largest_number),
		cmocka_unit_test(nests),
		cmocka_unit_test(writes_an_empty_array),
		cmocka_unit_test(commits_an_array_as_a_whole),
		cmocka_unit_test(writes_lines_one_by_one),
		cmocka_unit_test(writes_csv),
		cmocka_unit_test(writes_csv_rows_that_shrink_and_grow),
		cmocka_unit_test(quotes_csv),
		cmocka_unit_test(writes_long_csv),
		cmocka_unit_test(commits_csv_rows_one_by_one),
	};

	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
