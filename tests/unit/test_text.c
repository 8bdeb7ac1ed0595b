// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <locale.h>

#include "base/text.h"

/* RFC 3629, section 3, written out. Returns the length. */
static size_t encode(char *out, uint32_t code_point)
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xc0 + code_point / 64);
		out[1] = (char)(0x80 + code_point % 64);
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xe0 + code_point / 4096);
		out[1] = (char)(0x80 + code_point / 64 % 64);
		out[2] = (char)(0x80 + code_point % 64);
		return 3;
	}
	out[0] = (char)(0xf0 + code_point / 262144);
	out[1] = (char)(0x80 + code_point / 4096 % 64);
	out[2] = (char)(0x80 + code_point / 64 % 64);
	out[3] = (char)(0x80 + code_point % 64);
	return 4;
}

static void decodes_every_code_point(void **state)
{
	(void)state;
	for (uint32_t code_point = 1; code_point < 0x110000; code_point++) {
		char text[8] = "";
		uint32_t decoded = 0;
		size_t length = encode(text, code_point);
		size_t got = text_decode_utf8(text, &decoded);

		if (code_point >= 0xd800 && code_point < 0xe000) {
			if (got)
				fail_msg("surrogate U+%04x was taken", code_point);
			continue;
		}
		if (got != length || decoded != code_point)
			fail_msg("U+%04x: length %zu, U+%04x", code_point, got, decoded);
		text[length - 1] = '\0';
		if (text_decode_utf8(text, &decoded))
			fail_msg("U+%04x was taken without its last byte", code_point);
	}
}

static void refuses_what_is_not_utf8(void **state)
{
	static const char *const wrong[] = {
		"",
		/* A continuation without its start. */
		"\x80",
		"\xbf",
		/* Overlong: NUL, U+007F, NUL, U+07FF, NUL, U+FFFF. */
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		/* First and last surrogate, then beyond U+10FFFF. */
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf7\xbf\xbf\xbf",
		/* Never a start. */
		"\xf8\x88\x80\x80\x80",
		"\xfc\x84\x80\x80\x80\x80",
		"\xfe",
		"\xff",
		/* Ends, or goes on with something else, in the middle. */
		"\xc3",
		"\xe2\x82",
		"\xf0\x9f\x98",
		"\xc3(",
		"\xe2(\xac",
		"\xe2\x82z",
		"\xf0\x9f\x98z",
		"\xc3\xc3\xa9",
	};
	uint32_t code_point;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (text_decode_utf8(wrong[i], &code_point))
			fail_msg("number %zu was taken", i);
}

static void escapes(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"", ""},
		{"eth0", "eth0"},
		{"a b", "a b"},
		{"~", "~"},
		{"\x1b[2J", "\\x1b[2J"},
		{"\a\b\t\n\r", "\\x07\\x08\\x09\\x0a\\x0d"},
		{"\x01\x1f\x7f", "\\x01\\x1f\\x7f"},
		{"\xc2\x9b"
		 "2J",
		 "\\xc2\\x9b2J"}, /* CSI as one C1 control */
		{"\xc2\x80\xc2\x9f", "\\xc2\\x80\\xc2\\x9f"},
		{"\xc2\xa0", "\xc2\xa0"},
		{"\u00e9\u20ac\U0001f600", "\u00e9\u20ac\U0001f600"},
		{"\u202eabc", "\\xe2\\x80\\xaeabc"},
		{"\u202a\u202d", "\\xe2\\x80\\xaa\\xe2\\x80\\xad"},
		{"\u2066\u2069", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
		{"\u200e\u200f", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f"},
		{"\u061c", "\\xd8\\x9c"},
		{"\u2028\u2029", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"},
		/* What cannot be seen, and what is next to it but can. */
		{"eth0\u200b", "eth0\\xe2\\x80\\x8b"},
		{"\ufeff\u00ad\u3164", "\\xef\\xbb\\xbf\\xc2\\xad\\xe3\\x85\\xa4"},
		{"\u2065\u206f", "\\xe2\\x81\\xa5\\xe2\\x81\\xaf"},
		{"\ufe0f", "\\xef\\xb8\\x8f"},
		{"\U000e0041", "\\xf3\\xa0\\x81\\x81"},
		{"\u200a\u2010\u2027\u202f\u205f\u2070\ufe10\ufffd\U000e1000",
		 "\u200a\u2010\u2027\u202f\u205f\u2070\ufe10\ufffd\U000e1000"},
		{"\xff", "\\xff"},
		{"a\xc3", "a\\xc3"},
		{"\xe2\x82"
		 "A",
		 "\\xe2\\x82A"},
		{"\xc0\x80", "\\xc0\\x80"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xff\u00e9\xfe", "\\xff\u00e9\\xfe"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char out[128];

		assert_ptr_equal(text_escape(out, sizeof(out), cases[i].text), out);
		assert_string_equal(out, cases[i].escaped);
	}
}

static void cuts_at_whole_characters(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *escaped;
	} cases[] = {
		{"abc", 4, "abc"},
		{"abc", 3, "ab"},
		{"abc", 1, ""},
		{"ab\x1b", 7, "ab\\x1b"},
		{"ab\x1b", 6, "ab"},
		{"ab\x1b", 3, "ab"},
		{"\u00e9", 3, "\u00e9"},
		{"\u00e9", 2, ""},
		{"x\U0001f600", 6, "x\U0001f600"},
		{"x\U0001f600", 5, "x"},
		{"\u202e", 13, "\\xe2\\x80\\xae"},
		{"\u202e", 12, ""},
		/* What comes after the cut is not shown, even where it would fit. */
		{"a\u202e"
		 "b",
		 12, "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char out[32];

		memset(out, '#', sizeof(out));
		text_escape(out, cases[i].size, cases[i].text);
		assert_string_equal(out, cases[i].escaped);
		assert_int_equal(out[cases[i].size], '#');
	}
}

static void leaves_no_room_alone(void **state)
{
	char out[2] = "#";

	(void)state;
	assert_ptr_equal(text_escape(out, 0, "abc"), out);
	assert_string_equal(out, "#");
}

/* What comes out of any bytes is UTF-8, without a control, at most four times as long. */
static void escapes_noise(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char noise[17], out[sizeof(noise) * TEXT_ESCAPE_GROWTH];
		const char *at = out;
		size_t i;

		for (i = 0; i < sizeof(noise) - 1; i++) {
			random = random * 1664525 + 1013904223;
			noise[i] = (char)(random >> 24);
		}
		noise[i] = '\0';
		text_escape(out, sizeof(out), noise);
		assert_true(strlen(out) <= TEXT_ESCAPE_GROWTH * strlen(noise));
		while (*at) {
			uint32_t code_point = 0;
			size_t length = text_decode_utf8(at, &code_point);

			assert_int_not_equal(length, 0);
			assert_true(code_point >= 0x20);
			assert_false(code_point >= 0x7f && code_point < 0xa0);
			at += length;
		}
	}
}

static void names_what_is_unsafe(void **state)
{
	static const struct {
		uint32_t first, last;
	} unsafe[] = {
		{0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
		{0x61c, 0x61c},     {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
		{0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
		{0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};
	uint32_t code_point = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++) {
		for (; code_point < unsafe[i].first; code_point++)
			if (text_is_unsafe(code_point))
				fail_msg("U+%04x should be safe", code_point);
		for (; code_point <= unsafe[i].last; code_point++)
			if (!text_is_unsafe(code_point))
				fail_msg("U+%04x should be unsafe", code_point);
	}
	for (; code_point < 0x110000; code_point++)
		if (text_is_unsafe(code_point))
			fail_msg("U+%04x should be safe", code_point);
}

static void pads_to_columns(void **state)
{
	(void)state;
	assert_int_equal(text_padding("eth0", 15), 11);
	assert_int_equal(text_padding("", 3), 3);
	assert_int_equal(text_padding("\u6f22\u5b57", 5), 1);
	assert_int_equal(text_padding("e\u0301", 5), 4);
	assert_int_equal(text_padding("eth0", 4), 0);
	assert_int_equal(text_padding("\u6f22\u5b57", 3), 0);
}

static void measures_width(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{"", 0},
		{"eth0", 4},
		{"\\x1b[2J", 7},
		{"\u00e9t\u00e9", 3},
		{"\u6f22\u5b57", 4}, /* two ideographs */
		{"a\u6f22", 3},
		{"\U0001f600", 2},
		{"e\u0301", 1}, /* an accent that combines */
		{"\u2193 5", 3},
	};

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_number(cases[i].text, text_width(cases[i].text), cases[i].width);
}

static void cuts_the_middle_out(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *wanted;
	} cases[] = {
		{"abcdefghij", 9, "abcd\u2026ghij"},
		{"abcdefghij", 8, "abcd\u2026hij"},
		{"abcdefghij", 2, "a\u2026"},
		{"abcdefghij", 1, "\u2026"},
		/* A wide character that does not fit leaves its column empty. */
		{"\u6f22\u5b57\u6f22\u5b57\u6f22", 8, "\u6f22\u5b57\u2026\u6f22"},
		{"\u6f22\u5b57\u6f22\u5b57\u6f22", 3, "\u2026"},
		{"e\u0301e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301\u2026e\u0301"},
	};
	char out[64];

	(void)state;
	assert_string_equal(text_cut(out, sizeof(out), "abcdefghij", 9), "abcd~ghij");
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_cut(out, sizeof(out), cases[i].text, cases[i].columns);
		assert_string_equal(out, cases[i].wanted);
		assert_true(text_width(out) <= cases[i].columns);
	}
	setlocale(LC_CTYPE, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_code_point),
		cmocka_unit_test(refuses_what_is_not_utf8),
		cmocka_unit_test(escapes),
		cmocka_unit_test(cuts_at_whole_characters),
		cmocka_unit_test(leaves_no_room_alone),
		cmocka_unit_test(escapes_noise),
		cmocka_unit_test(names_what_is_unsafe),
		cmocka_unit_test(cuts_the_middle_out),
		cmocka_unit_test(measures_width),
		cmocka_unit_test(pads_to_columns),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
