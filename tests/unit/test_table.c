// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <locale.h>

#include "out/table.h"

static struct capture capture;

static struct table *start(const char *const *titles, size_t n_columns, bool use_colour)
{
	struct table *table = NULL;

	capture_start(&capture);
	assert_int_equal(table_new(&table, titles, n_columns, use_colour), 0);
	return table;
}

/* Prints it, compares, and ends both. */
static void finish(struct table *table, const char *wanted)
{
	char *text;

	table_print(table, capture.sink);
	assert_int_equal(table_rows(table), 0);
	table_free(table);
	text = capture_end(&capture);
	assert_string_equal(text, wanted);
	free(text);
}

static void aligns(void **state)
{
	static const char *const titles[] = {"NAME", ">COUNT", "NOTE"};
	struct table *table = start(titles, 3, false);

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
	static const char *const titles[] = {"NAME", ">\u2193", "END"};
	struct table *table;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	table = start(titles, 3, false);
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
	static const char *const titles[] = {"NAME", "END"};
	struct table *table = start(titles, 2, true);

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
	static const char *const titles[] = {"A", ">BBB"};
	struct table *table = start(titles, 2, true);

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
	static const char *const titles[] = {"A"};
	static const enum table_style styles[] = {
		TABLE_PLAIN, TABLE_BOLD, TABLE_DIM, TABLE_GOOD, TABLE_BAD,
	};
	struct table *table = start(titles, 1, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
		table_cell(table, styles[i], "%zu", i);
	finish(table, "A\n0\n1\n2\n3\n4\n");
}

static void prints_an_empty_table(void **state)
{
	static const char *const titles[] = {"NAME", ">COUNT"};
	struct table *table = start(titles, 2, false);

	(void)state;
	assert_int_equal(table_rows(table), 0);
	finish(table, "NAME  COUNT\n");
	table_free(NULL);
}

static void starts_over_after_printing(void **state)
{
	static const char *const titles[] = {"N"};
	struct table *table = start(titles, 1, false);

	(void)state;
	table_cell(table, TABLE_PLAIN, "first and wide");
	table_print(table, capture.sink);
	table_cell(table, TABLE_PLAIN, "second");
	finish(table, "N\nfirst and wide\nN\nsecond\n");
}

static void takes_many_and_long_cells(void **state)
{
	enum { ROWS = 1000, LONG = 400 };
	static const char *const titles[] = {"N", ">M"};
	struct table *table = start(titles, 2, false);
	char wide[LONG + 1], *text, *at;

	(void)state;
	memset(wide, 'w', LONG);
	wide[LONG] = '\0';
	for (int i = 0; i < ROWS; i++) {
		table_cell(table, TABLE_PLAIN, "%s", i == 500 ? wide : "");
		table_cell(table, TABLE_PLAIN, "%d", i);
	}
	assert_int_equal(table_rows(table), ROWS);
	table_print(table, capture.sink);
	table_free(table);
	text = capture_end(&capture);
	/* Every line is as wide as the widest: 400, a gap of two, and three digits. */
	for (at = text; *at; at = strchr(at, '\n') + 1)
		assert_int_equal(strchr(at, '\n') - at, LONG + 2 + 3);
	assert_non_null(strstr(text, "www  500\n"));
	free(text);
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
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
