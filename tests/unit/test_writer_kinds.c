// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/writer: objects of several kinds, objects within objects, and arrays too long to be kept. */
#include "tests/unit/show.h"

static char *so_far(void)
{
	assert_int_equal(sink_flush(capture.sink), 0);
	return read_whole(capture.fd, NULL);
}

static void put_kind(const char *type, uint64_t n)
{
	writer_set_type(writer, type);
	writer_begin(writer);
	writer_unsigned(writer, "n", n);
	writer_end(writer);
}

static void begins_lines_with_their_type(void **state)
{
	(void)state;
	start(WRITER_JSON_LINES);
	put_kind(NULL, 0);
	put_kind("rate", 1);
	put_kind("a\"b", 2);
	put_kind(NULL, 3);
	finish_text("{\"n\":0}\n"
		    "{\"type\":\"rate\",\"n\":1}\n"
		    "{\"type\":\"a\\\"b\",\"n\":2}\n"
		    "{\"n\":3}\n");
}

static void leaves_an_object_its_type(void **state)
{
	(void)state;
	start(WRITER_JSON_LINES);
	writer_set_type(writer, "first");
	writer_begin(writer);
	writer_set_type(writer, "second");
	writer_unsigned(writer, "n", 1);
	writer_end(writer);
	writer_begin(writer);
	writer_end(writer);
	finish_text("{\"type\":\"first\",\"n\":1}\n{\"type\":\"second\"}\n");
}

/* One object with others in it, of both sorts, in any format. */
static void put_nested(void)
{
	writer_set_type(writer, "x");
	writer_begin(writer);
	writer_begin_array(writer, "list");
	for (uint64_t i = 0; i < 2; i++) {
		writer_begin(writer);
		writer_unsigned(writer, "i", i);
		writer_begin_object(writer, "deeper");
		writer_end_object(writer);
		writer_end(writer);
	}
	writer_end_array(writer);
	writer_begin_object(writer, "args");
	writer_text(writer, "name", "a\"}");
	writer_begin_object(writer, "empty");
	writer_end_object(writer);
	writer_begin_array(writer, "texts");
	writer_text(writer, NULL, "t");
	writer_end_array(writer);
	writer_null(writer, "null");
	writer_end_object(writer);
	writer_unsigned(writer, "after", 1);
	writer_end(writer);
}

#define NESTED                                                                        \
	"{\"type\":\"x\",\"list\":[{\"i\":0,\"deeper\":{}},{\"i\":1,\"deeper\":{}}]," \
	"\"args\":{\"name\":\"a\\\"}\",\"empty\":{},\"texts\":[\"t\"],\"null\":null},\"after\":1}"

/* The type is of whole objects, not of those within. */
static void nests_objects(void **state)
{
	static const struct {
		enum writer_format format;
		const char *wanted;
	} cases[] = {
		{WRITER_JSON_LINES, NESTED "\n" NESTED "\n"},
		{WRITER_JSON_ARRAY, "[\n" NESTED ",\n" NESTED "\n]\n"},
		{WRITER_JSON_LONG_ARRAY, "[\n" NESTED ",\n" NESTED "\n]\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(cases[i].format);
		writer_open(writer);
		put_nested();
		put_nested();
		writer_close(writer);
		finish_text(cases[i].wanted);
	}
}

static void puts_the_type_into_a_column(void **state)
{
	(void)state;
	start(WRITER_CSV);
	put_kind("a,b", 1);
	put_kind("c", 2);
	finish_text("type,n\n\"a,b\",1\nc,2\n");
	start(WRITER_CSV);
	put_kind(NULL, 1);
	finish_text("n\n1\n");
}

static void commits_a_long_array_object_by_object(void **state)
{
	char *text;

	(void)state;
	start(WRITER_JSON_LONG_ARRAY);
	writer_open(writer);
	for (uint64_t i = 0; i < 3; i++) {
		writer_begin(writer);
		writer_unsigned(writer, "i", i);
		writer_begin_object(writer, "o");
		writer_end_object(writer);
		/* Half an object is not told. */
		text = so_far();
		assert_null(strstr(text, i == 0 ? "\"i\":0" : i == 1 ? "\"i\":1" : "\"i\":2"));
		free(text);
		writer_end(writer);
		text = so_far();
		assert_int_equal(text[strlen(text) - 1], '}');
		free(text);
	}
	text = so_far();
	assert_string_equal(text,
			    "[\n{\"i\":0,\"o\":{}},\n{\"i\":1,\"o\":{}},\n{\"i\":2,\"o\":{}}");
	free(text);
	writer_begin(writer);
	writer_unsigned(writer, "i", 3);
	writer_end(writer);
	writer_close(writer);
	finish_json("[{\"i\": 0, \"o\": {}}, {\"i\": 1, \"o\": {}}, {\"i\": 2, \"o\": {}},"
		    " {\"i\": 3}]");
}

/* Nothing in the middle of an object with objects in it. */
static void commits_nothing_within_an_object(void **state)
{
	char *text;

	(void)state;
	start(WRITER_JSON_LONG_ARRAY);
	writer_open(writer);
	writer_begin(writer);
	writer_begin_array(writer, "a");
	writer_begin(writer);
	writer_end(writer);
	writer_end_array(writer);
	writer_begin_object(writer, "o");
	writer_end_object(writer);
	text = so_far();
	assert_string_equal(text, "");
	free(text);
	writer_end(writer);
	writer_close(writer);
	finish_json("[{\"a\": [{}], \"o\": {}}]");
}

static void writes_an_empty_long_array(void **state)
{
	(void)state;
	start(WRITER_JSON_LONG_ARRAY);
	writer_open(writer);
	writer_close(writer);
	finish_text("[]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_lines_with_their_type),
		cmocka_unit_test(leaves_an_object_its_type),
		cmocka_unit_test(nests_objects),
		cmocka_unit_test(puts_the_type_into_a_column),
		cmocka_unit_test(commits_a_long_array_object_by_object),
		cmocka_unit_test(commits_nothing_within_an_object),
		cmocka_unit_test(writes_an_empty_long_array),
	};

	return cmocka_run_group_tests_name("writer_kinds", tests, NULL, NULL);
}
