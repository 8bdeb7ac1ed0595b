// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/kept_flow.h"

#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "out/show_flow.h"

/* Longer ones are nobody's, and cut. */
#define WORD_SIZE 24
/* "[address]:65535" */
#define END_SIZE (INET6_ADDRSTRLEN + WORD_SIZE + 4)
/* With what stands between, and an end in CSV, ":wire_bytes ". */
#define FLOW_SIZE (2 * END_SIZE + 2 * WORD_SIZE + 32)

static bool is_number(struct json value)
{
	return *value.at == '-' || (*value.at >= '0' && *value.at <= '9');
}

/* A number as it stands there; empty for what is none. */
static const char *number_of(char out[WORD_SIZE], struct json object, const char *name)
{
	struct json value;

	out[0] = '\0';
	if (json_member(object, name, &value) && is_number(value))
		snprintf(out, WORD_SIZE, "%.*s", (int)(value.end - value.at), value.at);
	return out;
}

static bool is_true(struct json object, const char *name)
{
	struct json value;

	return json_member(object, name, &value) && *value.at == 't';
}

/* Text that is safe to show; empty for what is none. */
static const char *text_of(char *out, size_t size, struct json object, const char *name)
{
	char raw[INET6_ADDRSTRLEN];
	struct json value;

	out[0] = '\0';
	if (json_member(object, name, &value) && json_text(value, raw, sizeof(raw)))
		text_escape(out, size, raw);
	return out;
}

static void end_of(char out[END_SIZE], struct json flow, const char *address, const char *port)
{
	char host[INET6_ADDRSTRLEN], number[WORD_SIZE];

	text_of(host, sizeof(host), flow, address);
	if (!*number_of(number, flow, port))
		snprintf(out, END_SIZE, "%s", host);
	else
		snprintf(out, END_SIZE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, number);
}

/* As flow_text() of show_flow.c has it. */
static const char *flow_of(char out[FLOW_SIZE], struct json flow, const char *between,
			   const char *behind)
{
	char source[END_SIZE], destination[END_SIZE], protocol[WORD_SIZE], family[WORD_SIZE];

	end_of(source, flow, "source", "source_port");
	end_of(destination, flow, "destination", "destination_port");
	text_of(protocol, sizeof(protocol), flow, "protocol");
	if (!*text_of(family, sizeof(family), flow, "family"))
		snprintf(out, FLOW_SIZE, "%s", protocol);
	else
		snprintf(out, FLOW_SIZE, "%s%s%s%s%s%s%s", source, between, destination, behind,
			 protocol, is_true(flow, "fragment") ? behind : "",
			 is_true(flow, "fragment") ? "fragments" : "");
	return out;
}

/* Want of memory leaves it unknown. */
static void put_csv(struct writer *writer, struct json flows)
{
	char flow[FLOW_SIZE], number[WORD_SIZE];
	struct json item = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (stream) {
		while (json_next(flows, &item))
			fprintf(stream, "%s%s:%s", ftell(stream) ? " " : "",
				flow_of(flow, item, ">", "/"),
				number_of(number, item, "wire_bytes"));
		if (fclose(stream)) {
			free(text);
			text = NULL;
		}
	}
	writer_text(writer, "flows", text);
	free(text);
}

void kept_flow_fields(struct writer *writer, const char *kept)
{
	struct json object, value;
	bool is_valid = json_read(&object, kept, strlen(kept));
	const char *name;
	size_t i;

	for (i = 0; (name = show_flow_field(i)); i++) {
		if (!is_valid || !json_member(object, name, &value))
			writer_null(writer, name);
		else if (writer_is_csv(writer) && *value.at == '[')
			put_csv(writer, value);
		else
			writer_json(writer, name, value);
	}
}

static uint64_t count_of(struct json object, const char *name)
{
	char number[WORD_SIZE];

	return strtoull(number_of(number, object, name), NULL, 10);
}

static void put_cgroup(struct sink *sink, struct json flow)
{
	char path[PATH_MAX];
	struct json value;

	if (json_member(flow, "cgroup", &value) && json_text(value, path, sizeof(path)))
		show_flow_cgroup(sink, path);
}

void kept_flow_text(struct sink *sink, const char *kept)
{
	struct json object, flows, first = {0};
	char flow[FLOW_SIZE], share[WORD_SIZE];
	uint64_t n;

	if (!json_read(&object, kept, strlen(kept)) || !json_member(object, "flows", &flows) ||
	    !json_next(flows, &first))
		return;
	sink_format(sink, " by %s %.3g%%", flow_of(flow, first, " > ", " "),
		    100 * strtod(number_of(share, first, "share"), NULL));
	put_cgroup(sink, first);
	n = count_of(object, "flows_total");
	if (n > 1)
		sink_format(sink, " and %s%" PRIu64 " more",
			    is_true(object, "flows_exact") ? "" : "at least ", n - 1);
	n = count_of(object, "tcp_retransmits");
	if (n)
		sink_format(sink, ", %" PRIu64 " retransmitted", n);
	n = count_of(object, "ce_packets");
	if (n)
		sink_format(sink, ", %" PRIu64 " marked CE", n);
}
