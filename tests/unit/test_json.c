// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <jansson.h>

#include "base/json.h"

#define N_RANDOM 200000

/* In memory that ends with the text, so that the sanitizer sees whatever reads beyond. */
static char *exact(const char *text, size_t size)
{
	char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, text, size);
	return copy;
}

static bool is_json(const char *text, size_t size)
{
	char *copy = exact(text, size);
	struct json value;
	bool is = json_read(&value, copy, size);

	free(copy);
	return is;
}

static void tells_json_from_what_is_none(void **state)
{
	static const struct {
		const char *text;
		bool is_json;
	} cases[] = {
		{"{}", true},
		{" [ ] \n", true},
		{"\"\"", true},
		{"true", true},
		{"null", true},
		{"-0.5e+3", true},
		{"0", true},
		{"[1,2 , 3]", true},
		{"{\"a\":1, \"a\" : [{}]}", true},
		{"\"\\u00e4\\n\\\"\\/\"", true},
		{"\"\xff\"", true},
		{"", false},
		{" ", false},
		{"{", false},
		{"}", false},
		{"[", false},
		{"[1", false},
		{"[1,", false},
		{"[1,]", false},
		{"[,1]", false},
		{"[1 2]", false},
		{"[1}", false},
		{"{\"a\"}", false},
		{"{\"a\":}", false},
		{"{\"a\":1,}", false},
		{"{a:1}", false},
		{"{1:1}", false},
		{"{\"a\" 1}", false},
		{"{\"a\":1]", false},
		{"{} {}", false},
		{"\"", false},
		{"\"\\\"", false},
		{"\"\\", false},
		{"\"\\x\"", false},
		{"\"\\u12\"", false},
		{"\"\\u12g4\"", false},
		{"\"\\u123", false},
		{"\"tab\there\"", false},
		{"tru", false},
		{"truth", false},
		{"01", false},
		{"1.", false},
		{".5", false},
		{"-", false},
		{"+1", false},
		{"1e", false},
		{"1e+", false},
		{"NaN", false},
		{"'a'", false},
		{"[]x", false},
		{"// x\n1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_number(cases[i].text, is_json(cases[i].text, strlen(cases[i].text)),
			      cases[i].is_json);
	assert_false(is_json("1\0", 2));
	assert_false(is_json("\"\\\0\"", 4));
}

static void bounds_the_depth(void **state)
{
	char text[2 * (JSON_DEPTH_MAX + 1)];
	static char deep[1000 * 1000];

	(void)state;
	for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		expect_number("depth", is_json(text, 2 * depth), depth == JSON_DEPTH_MAX);
	}
	memset(deep, '[', sizeof(deep));
	assert_false(is_json(deep, sizeof(deep)));
	for (size_t i = 0; i < sizeof(deep) - 5; i += 5)
		memcpy(deep + i, "{\"\":[", 5);
	assert_false(is_json(deep, sizeof(deep)));
}

static void finds_members(void **state)
{
	static const char text[] = "{\"id\": \"first\", \"a.b/c\" :\"dotted\", \"n\": [1, \"x\"],"
				   "\"in\": {\"id\": \"inner\", \"last\": true}, \"\": \"empty\","
				   "\"e\\u0073c\\\"\": \"escaped\", \"id\": \"second\"}";
	static const struct {
		const char *name, *wanted;
	} cases[] = {
		{"id", "second"},      {"a.b/c", "dotted"}, {"", "empty"}, {"esc\"", "escaped"},
		{"esc\"longer", NULL}, {"esc", NULL},       {"i", NULL},   {"last", NULL},
		{"n", NULL},           {"in", NULL},
	};
	struct json root, value, item = {0};
	char out[32];

	(void)state;
	assert_true(json_read(&root, text, strlen(text)));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool is_text = json_member(root, cases[i].name, &value) &&
			       json_text(value, out, sizeof(out));

		expect_number(cases[i].name, is_text, cases[i].wanted != NULL);
		if (is_text)
			expect_text(cases[i].name, out, cases[i].wanted);
	}
	assert_true(json_member(root, "in", &value));
	assert_true(json_member(value, "id", &value));
	assert_true(json_text(value, out, sizeof(out)));
	assert_string_equal(out, "inner");
	assert_false(json_member(value, "id", &value));
	assert_false(json_next(value, &item));
	assert_true(json_member(root, "n", &value));
	assert_false(json_member(value, "id", &root));
	assert_true(json_next(value, &item));
	assert_false(json_text(item, out, sizeof(out)));
	assert_true(json_next(value, &item));
	assert_true(json_text(item, out, sizeof(out)));
	assert_string_equal(out, "x");
	assert_false(json_next(value, &item));
}

static void reads_text(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *wanted; /* NULL: none */
	} cases[] = {
		{"\"web1\"", 32, "web1"},
		{"\"\"", 32, ""},
		{"\"web1\"", 5, "web1"},
		{"\"web1\"", 4, "web"},
		{"\"web1\"", 1, ""},
		{"\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"", 32, "\b\f\n\r\t/\\\""},
		{"\"\\u0041\\u00e4\\u20ac\"", 32, "A\xc3\xa4\xe2\x82\xac"},
		{"\"\\ud83d\\ude00!\"", 32, "\xf0\x9f\x98\x80!"},
		{"\"\\ud83d\"", 32, "\xef\xbf\xbd"},
		{"\"\\ud83dx\\n\"", 32, "\xef\xbf\xbdx\n"},
		{"\"\\ud83d\\u0041\"", 32,
		 "\xef\xbf\xbd"
		 "A"},
		{"\"\\ude00\\ud83d\"", 32, "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\"\\u001b[31m\"", 32, "\x1b[31m"},
		{"\"a\\u20ac\"", 4, "a"},
		{"\"a\\u20ac\"", 5, "a\xe2\x82\xac"},
		{"\"a\xe2\x82\xac\"", 4, "a"},
		{"\"a\xe2\x82\xac\"", 3, "a"},
		{"\"a\xe2\x82\xac\"", 5, "a\xe2\x82\xac"},
		{"\"\xff\xfe\"", 32, "\xff\xfe"},
		{"\"a\\u0000b\"", 32, NULL},
		{"\"abcdefgh\\u0000\"", 4, NULL},
		{"7", 32, NULL},
		{"[\"a\"]", 32, NULL},
		{"null", 32, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = strlen(cases[i].text);
		char out[32] = "untouched", *copy = exact(cases[i].text, size);
		struct json value;

		assert_true(json_read(&value, copy, size));
		expect_number(cases[i].text, json_text(value, out, cases[i].size),
			      cases[i].wanted != NULL);
		expect_text(cases[i].text, out, cases[i].wanted ? cases[i].wanted : "untouched");
		free(copy);
	}
}

/* The same as jansson finds; it refuses bytes that are not UTF-8, and those are left out here. */
static void compare(struct json value, const json_t *wanted)
{
	struct json member, item = {0};
	const char *name;
	char out[256];
	json_t *got;

	assert_int_equal(json_text(value, out, sizeof(out)), json_is_string(wanted));
	if (json_is_string(wanted))
		assert_string_equal(out, json_string_value(wanted));
	json_object_foreach((json_t *)wanted, name, got)
	{
		assert_true(json_member(value, name, &member));
		compare(member, got);
	}
	for (size_t i = 0; i < json_array_size(wanted); i++) {
		assert_true(json_next(value, &item));
		compare(item, json_array_get(wanted, i));
	}
	assert_false(json_next(value, &item));
}

static size_t random_text(char *text, size_t size)
{
	static const char *const pieces[] = {
		"{",     "}",     "[",       "]",       ",",           ":",        "\"",
		"\"a\"", "\"b\"", "\"a\":",  "\"\\n\"", "\"\\u00e4\"", "\"b\" : ", "1",
		"-2",    "0.5",   "true",    "null",    " ",           "\\",       "{}",
		"[]",    "[1,",   "{\"a\":", "\\u12",
	};
	size_t n = (size_t)random() % 10 + 1, used = 0;

	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, size - used, "%s",
					 pieces[(size_t)random() % ARRAY_SIZE(pieces)]);
	return used;
}

static void agrees_with_jansson(void **state)
{
	size_t valid = 0;

	(void)state;
	srandom(1);
	for (size_t i = 0; i < N_RANDOM; i++) {
		char text[128], *copy;
		size_t size = random_text(text, sizeof(text));
		json_t *wanted = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		struct json value;

		copy = exact(text, size);
		expect_number(text, json_read(&value, copy, size), wanted != NULL);
		if (wanted)
			compare(value, wanted);
		valid += wanted != NULL;
		json_decref(wanted);
		free(copy);
	}
	assert_true(valid > N_RANDOM / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_json_from_what_is_none),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(finds_members),
		cmocka_unit_test(reads_text),
		cmocka_unit_test(agrees_with_jansson),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
