// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/kept_flow: what was put down of a burst's flows is shown as the flows themselves are. */
#include "tests/unit/show.h"

#include <arpa/inet.h>

#include "out/kept_flow.h"
#include "out/show_burst.h"
#include "out/show_flow.h"

#define WIRE_BYTES 1536

static const struct burst_place place = {
	.ifindex = 3,
	.ifname = "eth0",
	.direction = DIRECTION_EGRESS,
	.width_ns = 100000,
};

static const struct burst burst = {
	.start_ns = 100000,
	.end_ns = 200000,
	.windows = 1,
	.traffic = {11, 12, 13, WIRE_BYTES},
	.drops = 15,
};

static struct flow_count flow_of(uint8_t kind, uint8_t protocol, const char *source, uint16_t port,
				 uint64_t wire_bytes)
{
	struct flow_count flow = {.wire_bytes = wire_bytes, .wire_packets = 2};
	int family = (kind & ~FLOW_FRAGMENT) == FLOW_IPV4 ? AF_INET : AF_INET6;

	flow.key.kind = kind;
	flow.key.protocol = protocol;
	assert_int_equal(inet_pton(family, source, flow.key.source), 1);
	assert_int_equal(inet_pton(family, family == AF_INET ? "10.0.0.2" : "2001:db8::2",
				   flow.key.destination),
			 1);
	flow.key.source_port = htons(port);
	flow.key.destination_port = port ? htons(80) : 0;
	return flow;
}

static char *show(enum writer_format format, const struct burst_place *shown)
{
	start(format);
	show_burst_record(writer, shown, &burst);
	writer_free(writer);
	return capture_end(&capture);
}

static char *show_line(const struct burst_place *shown)
{
	capture_start(&capture);
	show_burst_line(capture.sink, shown, &burst);
	return capture_end(&capture);
}

static void expect_same(char *got, char *wanted)
{
	assert_string_equal(got, wanted);
	free(got);
	free(wanted);
}

/* In every format, byte by byte. */
static void shows_what_was_there(void **state)
{
	struct flow_count top[] = {
		flow_of(FLOW_IPV4, 6, "10.0.0.1", 4711, 768),
		flow_of(FLOW_IPV6, 17, "2001:db8::1", 9, 384),
		flow_of(FLOW_IPV4 | FLOW_FRAGMENT, 17, "10.0.0.3", 0, 97),
		flow_of(FLOW_IPV6, 253, "::", 0, 48),
		{.key = {.kind = FLOW_OTHER}, .wire_bytes = 24, .wire_packets = 1},
	};
	size_t first, n;

	(void)state;
	top[4].key.ethertype = htons(0x88b5);
	for (first = 0; first < ARRAY_SIZE(top); first++)
		for (n = 0; n <= ARRAY_SIZE(top) - first; n++) {
			const struct burst_flows flows = {
				.top = top + first,
				.n_top = n,
				.total = n + first * 4096,
				.is_exact = !first,
				.unattributed_bytes = first * 7,
				.ce_packets = first * 5,
				.tcp_retransmits = n,
				.retransmits_known = first & 1,
			};
			struct burst_place live = place, kept = place;
			char *text = NULL;

			assert_int_equal(show_flow_keep(&text, &flows, WIRE_BYTES, 16384), 0);
			live.flows = &flows;
			kept.kept_flows = text;
			expect_same(show(WRITER_JSON_LINES, &kept), show(WRITER_JSON_LINES, &live));
			expect_same(show(WRITER_CSV, &kept), show(WRITER_CSV, &live));
			expect_same(show_line(&kept), show_line(&live));
			free(text);
		}
}

/* What does not fit is left out flow by flow, the smallest first; the sums stay. */
static void keeps_what_fits(void **state)
{
	static const size_t sizes[] = {150, 250, 1000, 5000, 16384, 1000000};
	static struct flow_count top[500];
	size_t i, longest = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(top); i++)
		top[i] = flow_of(FLOW_IPV6, 6, "2001:db8:1111:2222:3333:4444:5555:6666",
				 (uint16_t)(10000 + i), 1000000 - i);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct burst_flows flows = {.top = top, .n_top = 500, .total = 4096};
		json_t *object, *list;
		char *text = NULL;
		size_t at;

		assert_int_equal(show_flow_keep(&text, &flows, WIRE_BYTES, sizes[i]), 0);
		assert_true(strlen(text) < sizes[i]);
		object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_int_equal(json_integer_value(json_object_get(object, "flows_total")), 4096);
		list = json_object_get(object, "flows");
		assert_true(json_array_size(list) >= longest);
		longest = json_array_size(list);
		for (at = 0; at < longest; at++)
			assert_int_equal(json_integer_value(json_object_get(
						 json_array_get(list, at), "source_port")),
					 10000 + at);
		/* Not much room is wasted. */
		assert_true(longest == 500 || sizes[i] - strlen(text) < 1200);
		json_decref(object);
		free(text);
	}
	assert_int_equal(longest, 500);
}

static void shows_what_is_left_of_it(void **state)
{
	static const struct {
		const char *kept, *json, *line;
	} cases[] = {
		/* Of another version: more, which is left out, and less, which is null. */
		{"{\"colour\": 7, \"flows\": [{\"family\": \"ipv4\", \"protocol\": \"tcp\",\n"
		 "\t\"source\": \"10.0.0.1\", \"source_port\": 1, \"destination\": \"10.0.0.2\","
		 " \"destination_port\": 2, \"share\": 0.5, \"cgroup\": \"/a\"}], "
		 "\"flows_total\": 3}",
		 "{\"flows\": [{\"family\": \"ipv4\", \"protocol\": \"tcp\", \"source\": "
		 "\"10.0.0.1\", \"source_port\": 1, \"destination\": \"10.0.0.2\","
		 " \"destination_port\": 2, \"share\": 0.5, \"cgroup\": \"/a\"}],"
		 " \"flows_total\": 3, \"flows_exact\": null, \"unattributed_bytes\": null,"
		 " \"ce_packets\": null, \"tcp_retransmits\": null}",
		 " by 10.0.0.1:1 > 10.0.0.2:2 tcp 50% (a) and at least 2 more"},
		/* By somebody who means to steer the reader's terminal. */
		{"{\"flows\": [{\"family\": \"ipv4\", \"protocol\": \"\\u001b[2J\","
		 " \"source\": \"\xe2\x80\xae\x7f\xff\"}]}",
		 "{\"flows\": [{\"family\": \"ipv4\", \"protocol\": \"\\u001b[2J\","
		 " \"source\": \"\\u202e\\u007f\\ufffd\"}], \"flows_total\": null,"
		 " \"flows_exact\": null, \"unattributed_bytes\": null,"
		 " \"ce_packets\": null, \"tcp_retransmits\": null}",
		 " by \\xe2\\x80\\xae\\x7f\\xff >  \\x1b[2J 0%"},
		{"{\"flows\": [3, \"x\", [], {}], \"flows_exact\": [true]}",
		 "{\"flows\": [3, \"x\", [], {}], \"flows_total\": null, \"flows_exact\": [true],"
		 " \"unattributed_bytes\": null,"
		 " \"ce_packets\": null, \"tcp_retransmits\": null}",
		 " by  0%"},
#define NOTHING                                                           \
	"{\"flows\": null, \"flows_total\": null, \"flows_exact\": null," \
	" \"unattributed_bytes\": null, \"ce_packets\": null, \"tcp_retransmits\": null}"
		{"", NOTHING, ""},
		{"7", NOTHING, ""},
		{"[]", NOTHING, ""},
		{"{\"flows\": [1, 2}", NOTHING, ""},
		{"{\"flows\": [1]} {}", NOTHING, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;

		start(WRITER_JSON_LINES);
		writer_begin(writer);
		kept_flow_fields(writer, cases[i].kept);
		writer_end(writer);
		writer_free(writer);
		text = capture_end(&capture);
		/* One line, and nothing in it that steers. */
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		assert_null(strchr(text, '\x7f'));
		assert_null(strstr(text, "\xe2\x80\xae"));
		free(text);
		start(WRITER_JSON_LINES);
		writer_begin(writer);
		kept_flow_fields(writer, cases[i].kept);
		writer_end(writer);
		finish_json(cases[i].json);
		capture_start(&capture);
		writer = NULL;
		kept_flow_text(capture.sink, cases[i].kept);
		sink_commit(capture.sink);
		finish_text(cases[i].line);
		start(WRITER_CSV);
		writer_begin(writer);
		kept_flow_fields(writer, cases[i].kept);
		writer_end(writer);
		writer_free(writer);
		free(capture_end(&capture));
	}
}

/* The reasons of a recorded burst, in the line, too. */
static void shows_recorded_reasons(void **state)
{
	struct burst_place known = place;
	char *text;

	(void)state;
	known.reasons = "QDISC_DROP:12 NO_\x1bSOCKET:1 other:2";
	text = show_line(&known);
	assert_non_null(strstr(text, " 15 dropped (QDISC_DROP 12, NO_\\x1bSOCKET 1, other 2) ("));
	free(text);
	known.reasons = "";
	text = show_line(&known);
	assert_non_null(strstr(text, " 15 dropped ("));
	assert_null(strstr(text, "()"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_was_there),
		cmocka_unit_test(keeps_what_fits),
		cmocka_unit_test(shows_what_is_left_of_it),
		cmocka_unit_test(shows_recorded_reasons),
	};

	return cmocka_run_group_tests_name("kept_flow", tests, NULL, NULL);
}
