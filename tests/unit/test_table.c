// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <locale.h>

#include "out/table.h"

static struct capture capture;

static struct table *start(const struct table_column *columns, size_t n_columns, bool use_colour)
{
	struct table *table = NULL;

	capture_start(&capture);
	assert_int_equal(table_new(&table, columns, n_columns, use_colour), 0);
	return table;
}

/* Prints it, compares, and ends both. */
static void finish_within(struct table *table, size_t max_width, const char *wanted)
{
	char *text;

	table_print(table, capture.sink, max_width);
	assert_int_equal(table_rows(table), 0);
	table_free(table);
	text = capture_end(&capture);
	assert_string_equal(text, wanted);
	free(text);
}

static void finish(struct table *table, const char *wanted)
{
	finish_within(table, SIZE_MAX, wanted);
}

static void aligns(void **state)
{
	static const struct table_column columns[] = {
		{"NAME", false, 0, 0}, {"COUNT", true, 0, 0}, {"NOTE", false, 0, 0}};
	struct table *table = start(columns, 3, false);

	(void)state;
	table_cell(table, TABLE_PLAIN, "a");
	table_cell(table, TABLE_PLAIN, "%d", 5);
	table_cell(table, TABLE_PLAIN, "x");
	assert_int_equal(table_rows(table), 1);
	table_cell(table, TABLE_PLAIN, "longer");
	table_cell(table, TABLE_PLAIN, "%d", 1234567);
	table_cell(table, TABLE_PLAIN, "y z");
	assert_int_equal(table_rows(table), 2);
	finish(table, "NAME      COUNT  NOTE\n"
		      "a             5  x\n"
		      "longer  1234567  y z\n");
}

static void aligns_wide_characters(void **state)
{
	static const struct table_column columns[] = {
		{"NAME", false, 0, 0}, {"\u2193", true, 0, 0}, {"END", false, 0, 0}};
	struct table *table;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	table = start(columns, 3, false);
	/* Four columns in two characters; five with an accent on its own; an emoji of two. */
	table_cell(table, TABLE_PLAIN, "\u6f22\u5b57");
	table_cell(table, TABLE_PLAIN, "1");
	table_cell(table, TABLE_PLAIN, "|");
	table_cell(table, TABLE_PLAIN, "cafe\u0301s");
	table_cell(table, TABLE_PLAIN, "\U0001f600");
	table_cell(table, TABLE_PLAIN, "|");
	table_cell(table, TABLE_PLAIN, "\u00e9");
	table_cell(table, TABLE_PLAIN, "22");
	table_cell(table, TABLE_PLAIN, "|");
	finish(table, "NAME    \u2193  END\n"
		      "\u6f22\u5b57    1  |\n"
		      "cafe\u0301s  \U0001f600  |\n"
		      "\u00e9      22  |\n");
}

static void escapes_hostile_cells(void **state)
{
	static const struct table_column columns[] = {{"NAME", false, 0, 0}, {"END", false, 0, 0}};
	struct table *table = start(columns, 2, true);

	(void)state;
	table_cell(table, TABLE_PLAIN, "%s", "\x1b[2Jx\n");
	table_cell(table, TABLE_PLAIN, "|");
	table_cell(table, TABLE_PLAIN, "%s", "\xff\u202e");
	table_cell(table, TABLE_PLAIN, "|");
	table_cell(table, TABLE_PLAIN, "%s", "%s%n");
	table_cell(table, TABLE_PLAIN, "|");
	finish(table, "\033[1mNAME\033[0m              \033[1mEND\033[0m\n"
		      "\\x1b[2Jx\\x0a      |\n"
		      "\\xff\\xe2\\x80\\xae  |\n"
		      "%s%n              |\n");
}

/* Only of cells that have a style; padding is outside of it, so that nothing shifts. */
static void colours(void **state)
{
	static const struct table_column columns[] = {{"A", false, 0, 0}, {"BBB", true, 0, 0}};
	struct table *table = start(columns, 2, true);

	(void)state;
	table_cell(table, TABLE_PLAIN, "xx");
	table_cell(table, TABLE_BAD, "1");
	table_cell(table, TABLE_GOOD, "y");
	table_cell(table, TABLE_DIM, "22");
	finish(table, "\033[1mA\033[0m   \033[1mBBB\033[0m\n"
		      "xx    \033[31m1\033[0m\n"
		      "\033[32my\033[0m    \033[2m22\033[0m\n");
}

static void has_no_colour_unless_asked(void **state)
{
	static const struct table_column columns[] = {{"A", false, 0, 0}};
	static const enum table_style styles[] = {
		TABLE_PLAIN, TABLE_BOLD, TABLE_DIM, TABLE_GOOD, TABLE_BAD,
	};
	struct table *table = start(columns, 1, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
		table_cell(table, styles[i], "%zu", i);
	finish(table, "A\n0\n1\n2\n3\n4\n");
}

static void prints_an_empty_table(void **state)
{
	static const struct table_column columns[] = {{"NAME", false, 0, 0}, {"COUNT", true, 0, 0}};
	struct table *table = start(columns, 2, false);

	(void)state;
	assert_int_equal(table_rows(table), 0);
	finish(table, "NAME  COUNT\n");
	table_free(NULL);
}

static void starts_over_after_printing(void **state)
{
	static const struct table_column columns[] = {{"N", false, 0, 0}};
	struct table *table = start(columns, 1, false);

	(void)state;
	table_cell(table, TABLE_PLAIN, "first and wide");
	table_print(table, capture.sink, SIZE_MAX);
	table_cell(table, TABLE_PLAIN, "second");
	finish(table, "N\nfirst and wide\nN\nsecond\n");
}

static void takes_many_and_long_cells(void **state)
{
	enum { ROWS = 1000, LONG = 400 };
	static const struct table_column columns[] = {{"N", false, 0, 0}, {"M", true, 0, 0}};
	struct table *table = start(columns, 2, false);
	char wide[LONG + 1], *text, *at;

	(void)state;
	memset(wide, 'w', LONG);
	wide[LONG] = '\0';
	for (int i = 0; i < ROWS; i++) {
		table_cell(table, TABLE_PLAIN, "%s", i == 500 ? wide : "");
		table_cell(table, TABLE_PLAIN, "%d", i);
	}
	assert_int_equal(table_rows(table), ROWS);
	table_print(table, capture.sink, SIZE_MAX);
	table_free(table);
	text = capture_end(&capture);
	/* Every line is as wide as the widest: 400, a gap of two, and three digits. */
	for (at = text; *at; at = strchr(at, '\n') + 1)
		assert_int_equal(strchr(at, '\n') - at, LONG + 2 + 3);
	assert_non_null(strstr(text, "www  500\n"));
	free(text);
}

/* Whole columns, those of the highest rank first and together, as soon as one column is too many. */
static void leaves_columns_out(void **state)
{
	static const struct table_column columns[] = {
		{"NAME", false, 0, 0}, {"BYTES", true, 0, 1}, {"A", true, 0, 3},
		{"LOSS", true, 0, 2},  {"B", true, 0, 3},
	};
	static const struct {
		size_t max_width;
		const char *wanted;
	} cases[] = {
		{25, "NAME  BYTES  A  LOSS    B\neth0  12345  6     7  890\n"},
		{24, "NAME  BYTES  LOSS\neth0  12345     7\n"},
		{17, "NAME  BYTES  LOSS\neth0  12345     7\n"},
		{16, "NAME  BYTES\neth0  12345\n"},
		{10, "NAME\neth0\n"},
		{1, "NAME\neth0\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table *table = start(columns, ARRAY_SIZE(columns), false);

		table_cell(table, TABLE_PLAIN, "eth0");
		table_cell(table, TABLE_PLAIN, "12345");
		table_cell(table, TABLE_PLAIN, "6");
		table_cell(table, TABLE_PLAIN, "7");
		table_cell(table, TABLE_PLAIN, "890");
		finish_within(table, cases[i].max_width, cases[i].wanted);
	}
}

/* What fits is found afresh for each print, also after a wide one. */
static void takes_columns_back(void **state)
{
	static const struct table_column columns[] = {{"N", false, 0, 0}, {"M", true, 0, 1}};
	struct table *table = start(columns, 2, false);

	(void)state;
	table_cell(table, TABLE_PLAIN, "wide");
	table_cell(table, TABLE_PLAIN, "1");
	table_print(table, capture.sink, 6);
	table_cell(table, TABLE_PLAIN, "one");
	table_cell(table, TABLE_PLAIN, "2");
	finish_within(table, 6, "N\nwide\nN    M\none  2\n");
}

static void holds_a_column_at_its_width(void **state)
{
	static const struct table_column columns[] = {
		{"N", true, 5, 0}, {"M", false, 4, 1}, {"L", false, 0, 0}};
	struct table *table = start(columns, 3, false);

	(void)state;
	table_cell(table, TABLE_PLAIN, "1");
	table_cell(table, TABLE_PLAIN, "x");
	table_cell(table, TABLE_PLAIN, "y");
	finish_within(table, 14, "    N  M     L\n    1  x     y\n");
	table = start(columns, 3, false);
	table_cell(table, TABLE_PLAIN, "1");
	table_cell(table, TABLE_PLAIN, "x");
	table_cell(table, TABLE_PLAIN, "y");
	finish_within(table, 13, "    N  L\n    1  y\n");
}

/* Nor lines of nothing else, where the only cell with something in it was left out. */
static void has_no_spaces_at_the_end(void **state)
{
	static const struct table_column columns[] = {
		{"N", false, 0, 0}, {"M", true, 0, 1}, {"LONG", false, 0, 2}};
	static const char *const cells[][3] = {
		{"a", "1", "x"}, {"b", "2", ""}, {"c", "", ""}, {"", "", "y"}, {"", "3", ""},
	};

	(void)state;
	for (int narrow = 0; narrow < 2; narrow++) {
		struct table *table = start(columns, 3, false);

		for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
			for (size_t j = 0; j < 3; j++)
				table_cell(table, TABLE_BOLD, "%s", cells[i][j]);
		if (narrow)
			finish_within(table, 9, "N  M\na  1\nb  2\nc\n   3\n");
		else
			finish(table, "N  M  LONG\na  1  x\nb  2\nc\n      y\n   3\n");
	}
}

/* Only as far as it must, and rather than to leave a column out. */
static void cuts_what_may_be_cut(void **state)
{
	static const struct table_column columns[] = {
		{"NAME", false, 0, 0}, {"WHO", false, 0, 1}, {"N", true, 0, 2}};
	static const struct {
		size_t max_width;
		const char *wanted;
	} cases[] = {
		{19, "NAME  WHO         N\neth0  abcdefghij  1\n"},
		{18, "NAME  WHO        N\neth0  abcd~ghij  1\n"},
		{13, "NAME  WHO   N\neth0  ab~j  1\n"},
		{12, "NAME  WHO\neth0  abc~ij\n"},
		{10, "NAME  WHO\neth0  ab~j\n"},
		{9, "NAME\neth0\n"},
		{1, "NAME\neth0\n"},
	};

	(void)state;
	setlocale(LC_CTYPE, "C");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table *table = start(columns, ARRAY_SIZE(columns), false);

		table_may_cut(table, 1, 4);
		table_cell(table, TABLE_PLAIN, "eth0");
		table_cell(table, TABLE_PLAIN, "abcdefghij");
		table_cell(table, TABLE_PLAIN, "1");
		finish_within(table, cases[i].max_width, cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns),
		cmocka_unit_test(aligns_wide_characters),
		cmocka_unit_test(escapes_hostile_cells),
		cmocka_unit_test(colours),
		cmocka_unit_test(has_no_colour_unless_asked),
		cmocka_unit_test(prints_an_empty_table),
		cmocka_unit_test(starts_over_after_printing),
		cmocka_unit_test(takes_many_and_long_cells),
		cmocka_unit_test(leaves_columns_out),
		cmocka_unit_test(takes_columns_back),
		cmocka_unit_test(holds_a_column_at_its_width),
		cmocka_unit_test(has_no_spaces_at_the_end),
		cmocka_unit_test(cuts_what_may_be_cut),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
