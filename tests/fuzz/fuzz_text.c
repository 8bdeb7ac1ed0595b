// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Text that people, files and other programs give: units, patterns, the command line, JSON, control groups, names
 * to be shown. What is shown of it must be able to steer no terminal, and is JSON.
 */
#include <stdio.h>

#include "app/commands.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "kernel/cgroup_owner.h"
#include "model/select.h"
#include "out/kept_flow.h"
#include "tests/fuzz/input.h"

#define WORDS_MAX 24

static void parse_units(const char *text)
{
	char out[UNITS_TEXT_SIZE];
	uint64_t value = 0, again = 0;
	struct error err;

	if (!units_parse_time(text, &value, &err))
		units_format_time(out, value);
	if (!units_parse_rate(text, &value, &err))
		units_format_rate(out, value);
	if (!units_parse_size(text, &value, &err))
		units_format_size(out, value);
	units_parse_percent(text, &value, &err);
	units_parse_count(text, UINT32_MAX, &value, &err);
	if (units_parse_wall(text, &value, &err))
		return;
	/* Microseconds are shown. */
	if (units_parse_wall(units_format_wall(out, value), &again, &err) ||
	    again != value - value % NSEC_PER_USEC)
		abort();
}

static void read_json(struct json value, int depth)
{
	struct json item = {0}, member;
	char text[64];

	json_text(value, text, 1);
	json_text(value, text, sizeof(text));
	if (json_member(value, "a", &member) && depth < JSON_DEPTH_MAX)
		read_json(member, depth + 1);
	while (json_next(value, &item))
		if (depth < JSON_DEPTH_MAX)
			read_json(item, depth + 1);
}

static void parse_json(const char *text, size_t size)
{
	char *exact = malloc(size ? size : 1);
	struct json value;

	if (!exact)
		abort();
	memcpy(exact, text, size);
	if (json_read(&value, exact, size))
		read_json(value, 0);
	free(exact);
}

static void check_safe(const char *text)
{
	uint32_t code_point;
	size_t length;

	for (; *text; text += length) {
		length = text_decode_utf8(text, &code_point);
		if (!length || text_is_unsafe(code_point))
			abort();
	}
}

static void escape(const char *text)
{
	char whole[4096 * TEXT_ESCAPE_GROWTH + 1], cut[24];

	check_safe(text_escape(whole, sizeof(whole), text));
	check_safe(text_escape(cut, sizeof(cut), text));
	if (text_width(whole) > 7)
		check_safe(text_cut(cut, sizeof(cut), whole, 7));
}

static void select_names(const char *text)
{
	struct selection selection = {0};

	if (!selection_add(&selection, text)) {
		selection_matches(&selection, "eth0");
		selection_matches_in(&selection, "net:[4026532177]", "eth0");
		selection_literal(&selection, 0);
	}
	if (!selection_add_any(&selection, text))
		selection_text_matches(text, "web-1");
	selection_release(&selection);
}

/* Not run: what it says is read. */
static void parse_options(char *text)
{
	const struct command commands[] = {cmd_rate,   cmd_windows, cmd_bursts, cmd_record,
					   cmd_replay, cmd_export,  cmd_health, {0}};
	char program[] = "ifpulse", *words[WORDS_MAX + 1] = {program}, *rest = NULL, *word;
	const struct command *command;
	struct options options;
	int n = 1;

	for (word = strtok_r(text, " ", &rest); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	if (options_parse(&options, &command, commands, n, words) < 0 && !command->name)
		abort();
	options_release(&options);
	log_set_level(LOG_LEVEL_ERROR);
}

static void show(const char *text)
{
	struct writer *writer = NULL;
	struct sink *sink = NULL;
	const char *line;
	struct json value;
	size_t n;

	if (sink_new(&sink, -1, -1) || writer_new(&writer, sink, WRITER_JSON_LINES))
		abort();
	writer_begin(writer);
	writer_text(writer, "text", text);
	kept_flow_fields(writer, text);
	writer_end(writer);
	line = sink_committed(sink, &n);
	if (!line || !json_read(&value, line, n) || memchr(line, '\n', n) != line + n - 1)
		abort();
	kept_flow_text(sink, text);
	writer_free(writer);
	sink_free(sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct cgroup_owner owner;
	uint8_t what;
	char *text;

	log_set_level(LOG_LEVEL_ERROR);
	what = input_u8(&input) % 7;
	size = input.left < 4096 ? input.left : 4096;
	text = input_text(&input, size);
	if (what == 0)
		parse_units(text);
	else if (what == 1)
		parse_json(text, size);
	else if (what == 2)
		escape(text);
	else if (what == 3)
		select_names(text);
	else if (what == 4)
		parse_options(text);
	else if (what == 5)
		show(text);
	else
		cgroup_owner_parse(&owner, text);
	free(text);
	return 0;
}
