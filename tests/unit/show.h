/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show: what tests of out/show_* compare: records as JSON or CSV, and tables. */
#ifndef IFPULSE_TESTS_UNIT_SHOW_H
#define IFPULSE_TESTS_UNIT_SHOW_H

#include "tests/unit/support.h"

#include <jansson.h>

#include "out/table.h"
#include "out/writer.h"

static struct capture capture;
static struct writer *writer;

static inline void start(enum writer_format format)
{
	capture_start(&capture);
	assert_int_equal(writer_new(&writer, capture.sink, format), 0);
}

/* Every name, type and value, and no field besides. The order of fields does not count. */
static inline void finish_json(const char *wanted_text)
{
	json_t *wanted = json_loads(wanted_text, JSON_REJECT_DUPLICATES, NULL), *got;
	char *text;

	writer_free(writer);
	text = capture_end(&capture);
	got = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(wanted);
	if (!got || !json_equal(got, wanted))
		fail_msg("got    %s\nwanted %s", text, wanted_text);
	json_decref(got);
	json_decref(wanted);
	free(text);
}

static inline void finish_text(const char *wanted)
{
	char *text;

	writer_free(writer);
	text = capture_end(&capture);
	assert_string_equal(text, wanted);
	free(text);
}

static inline void finish_table_within(struct table *table, size_t max_width, const char *wanted)
{
	char *text;

	table_print(table, capture.sink, max_width);
	table_free(table);
	text = capture_end(&capture);
	assert_string_equal(text, wanted);
	free(text);
}

static inline void finish_table(struct table *table, const char *wanted)
{
	finish_table_within(table, SIZE_MAX, wanted);
}

#endif
