// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/show_compare: the records of `compare` (the contract of the design brief) and its table. */
#include "tests/unit/show.h"

#include "out/show_compare.h"

static const struct compare_subject subject = {3, "v0", "", UINT64_C(10000123456)};

static struct compare_result make_result(enum compare_counter counter)
{
	return (struct compare_result){
		.direction = DIRECTION_EGRESS,
		.counter = counter,
		.has_bounds = true,
		.is_rule = true,
		.is_sole = true,
		.kernel = 100,
		.probe = 102,
		.low = 99,
		.high = 103,
	};
}

static void records_a_match(void **state)
{
	struct compare_result result = make_result(COMPARE_BYTES);

	(void)state;
	result.basis = (struct compare_basis){.is_wire = true, .extra = -14};
	start(WRITER_JSON_ARRAY);
	writer_open(writer);
	show_compare_record(writer, &subject, &result);
	writer_close(writer);
	finish_json(
		"[{\"interval_us\": 10000123, \"ifindex\": 3, \"ifname\": \"v0\", \"netns\": null,"
		" \"direction\": \"tx\", \"counter\": \"bytes\", \"probe\": 102, \"kernel\": 100,"
		" \"low\": 99, \"high\": 103, \"difference\": 0, \"verdict\": \"match\","
		" \"reason\": \"counts segments, without the Ethernet header\","
		" \"counts\": \"segments\", \"extra_bytes\": -14}]");
}

static void records_a_mismatch(void **state)
{
	struct compare_result result = make_result(COMPARE_PACKETS);

	(void)state;
	result.verdict = COMPARE_MISMATCH;
	result.kernel = 98;
	result.difference = -1;
	start(WRITER_CSV);
	show_compare_record(writer, &subject, &result);
	finish_text("interval_us,ifindex,ifname,netns,direction,counter,probe,kernel,low,high,"
		    "difference,verdict,reason,counts,extra_bytes\n"
		    "10000123,3,v0,,tx,packets,102,98,99,103,-1,mismatch,"
		    "nothing that is known accounts for it,skbs,0\n");
}

/* What was not compared has no number. */
static void records_the_unknown_as_null(void **state)
{
	struct compare_result result = {.verdict = COMPARE_EXPLAINED, .cause = COMPARE_TOO_SHORT};

	(void)state;
	start(WRITER_JSON_LINES);
	show_compare_record(writer, &subject, &result);
	finish_json(
		"{\"interval_us\": 10000123, \"ifindex\": 3, \"ifname\": \"v0\", \"netns\": null,"
		" \"direction\": \"rx\", \"counter\": \"packets\", \"probe\": null,"
		" \"kernel\": null, \"low\": null, \"high\": null, \"difference\": null,"
		" \"verdict\": \"explained\","
		" \"reason\": \"there for less than an interval: nothing to compare\","
		" \"counts\": null, \"extra_bytes\": null}");
}

struct words_case {
	struct compare_result result;
	const char *reason;
};

/* A reason claims no more than the run has shown. */
static void says_how_it_is_known(void **state)
{
	struct words_case cases[] = {
		{make_result(COMPARE_PACKETS), "counts skbs"},
		{make_result(COMPARE_PACKETS), "counts skbs (found by fit)"},
		{make_result(COMPARE_PACKETS), "counts packets (found by fit)"},
		{make_result(COMPARE_PACKETS), "whether it counts skbs or segments, and which "
					       "headers, these packets do not tell"},
		{make_result(COMPARE_PACKETS), "nothing passed"},
		{make_result(COMPARE_PACKETS), "1 packet: dropped behind the egress hook"},
		{make_result(COMPARE_PACKETS),
		 "7 packets: passed by the XDP program, not by the hook, or changed by it"},
		{make_result(COMPARE_PACKETS), ",9 packets from before the probe was attached,"},
		{make_result(COMPARE_PACKETS), "7 packets: passed by the XDP program, not by the "
					       "hook, or changed by it; 9 packets from before"},
		{make_result(COMPARE_BYTES), "nothing that is known accounts for -3; 9 bytes from "
					     "before"},
	};
	size_t i;

	(void)state;
	cases[1].result.is_rule = false;
	cases[2].result.is_rule = false;
	cases[2].result.is_either = true;
	cases[3].result.is_rule = cases[3].result.is_sole = false;
	cases[4].result.kernel = cases[4].result.high = 0;
	cases[5].result.verdict = cases[6].result.verdict = COMPARE_EXPLAINED;
	cases[5].result.cause = COMPARE_DROPPED;
	cases[5].result.evidence = 1;
	cases[6].result.cause = COMPARE_XDP;
	cases[6].result.evidence = 7;
	cases[7].result.verdict = cases[8].result.verdict = COMPARE_EXPLAINED;
	cases[7].result.cause = COMPARE_EARLIER;
	cases[8].result.cause = COMPARE_XDP;
	cases[8].result.evidence = 7;
	cases[9].result.verdict = COMPARE_MISMATCH;
	cases[9].result.difference = 6;
	cases[7].result.earlier = cases[8].result.earlier = cases[9].result.earlier = 9;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;

		start(WRITER_CSV);
		show_compare_record(writer, &subject, &cases[i].result);
		writer_free(writer);
		text = capture_end(&capture);
		if (!strstr(text, cases[i].reason))
			fail_msg("no \"%s\" in \"%s\"", cases[i].reason, text);
		free(text);
	}
}

static void records_a_total(void **state)
{
	const struct compare_subject all = {0, "total", NULL, UINT64_C(1000000000)};
	struct compare_total total = {.sum = make_result(COMPARE_PACKETS), .n = 3};

	(void)state;
	total.sum.verdict = COMPARE_MISMATCH;
	total.verdicts[COMPARE_MATCH] = 2;
	total.verdicts[COMPARE_MISMATCH] = 1;
	start(WRITER_CSV);
	show_compare_total_record(writer, &all, &total);
	finish_text("interval_us,ifindex,ifname,netns,direction,counter,probe,kernel,low,high,"
		    "difference,verdict,reason,counts,extra_bytes\n"
		    "1000000,,total,,tx,packets,102,100,99,103,0,mismatch,"
		    "\"3 interfaces, 2 match, 1 mismatch\",,\n");
	total = (struct compare_total){.sum = {.direction = DIRECTION_EGRESS}};
	start(WRITER_CSV);
	show_compare_total_record(writer, &all, &total);
	finish_text("interval_us,ifindex,ifname,netns,direction,counter,probe,kernel,low,high,"
		    "difference,verdict,reason,counts,extra_bytes\n"
		    "1000000,,total,,tx,packets,,,,,,match,of no interface,,\n");
}

/* The worse of both counters is what a row says. */
static void shows_a_row(void **state)
{
	struct compare_result results[] = {make_result(COMPARE_PACKETS),
					   make_result(COMPARE_BYTES)};
	struct table *table;

	(void)state;
	results[1].verdict = COMPARE_MISMATCH;
	results[1].kernel = 200;
	results[1].difference = 97;
	capture_start(&capture);
	assert_int_equal(show_compare_table_new(&table, false), 0);
	show_compare_row(table, &subject, results);
	finish_table(table,
		     "INTERFACE  DIR  KERNEL PACKETS  PROBE  DIFF  KERNEL BYTES  PROBE  DIFF  "
		     "VERDICT   REASON\n"
		     "v0         tx              100    102     0           200    102   +97  "
		     "mismatch  nothing that is known accounts for it\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_a_match),
		cmocka_unit_test(records_a_mismatch),
		cmocka_unit_test(records_the_unknown_as_null),
		cmocka_unit_test(says_how_it_is_known),
		cmocka_unit_test(records_a_total),
		cmocka_unit_test(shows_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
