// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/show_burst: the records of `bursts` (the contract of the design brief), lines and summary. */
#include "tests/unit/show.h"

#include "out/show_burst.h"

static const struct burst_place place = {
	.ifindex = 3,
	.slot = 9,
	.ifname = "eth0",
	.direction = DIRECTION_EGRESS,
	.rule = BURST_HYSTERESIS,
	.width_ns = 100000,
	.speed_bps = UINT64_C(10000000000),
	.speed_source = "netlink",
	.wall_offset_ns = UINT64_C(951782400000000000),
};

static const struct burst plain = {
	.start_ns = 123456789,
	.end_ns = 123856789,
	.windows = 4,
	.traffic = {11, 12, 13, 1536},
	.drops = 15,
	.peak_bps = UINT64_C(7500000000),
	.mean_bps = UINT64_C(5200000000),
	.threshold_bps = UINT64_C(5000000000),
};

static const struct burst_summary summary = {
	.count = 8,
	.time_share = 0.125,
	.byte_share = 0.5,
	.p50_ns = 100000,
	.p90_ns = 1500999,
	.p99_ns = 2000000,
	.run_ns = UINT64_C(10000000999),
	.peak_to_mean = 12.5,
};

static void records_bursts(void **state)
{
	(void)state;
	start(WRITER_JSON_LINES);
	show_burst_record(writer, &place, &plain);
	finish_json("{\"time\": \"2000-02-29T00:00:00.123456Z\", \"ifindex\": 3,"
		    " \"ifname\": \"eth0\", \"direction\": \"tx\", \"duration_us\": 400,"
		    " \"window_us\": 100, \"windows\": 4, \"bytes\": 12, \"packets\": 11,"
		    " \"wire_bytes\": 1536, \"wire_packets\": 13, \"drops\": 15,"
		    " \"drop_reasons\": null, \"peak_bps\": 7500000000, \"mean_bps\": 5200000000,"
		    " \"threshold_bps\": 5000000000, \"rule\": \"hysteresis\","
		    " \"speed_mbps\": 10000, \"speed_source\": \"netlink\", \"cut\": false}");
}

static void records_an_unknown_speed_as_null(void **state)
{
	struct burst_place unknown = place;
	struct burst cut = plain;

	(void)state;
	unknown.speed_bps = 0;
	unknown.speed_source = NULL;
	unknown.rule = BURST_BASELINE;
	unknown.direction = DIRECTION_INGRESS;
	cut.is_cut = true;
	cut.drops = 0;
	start(WRITER_CSV);
	show_burst_record(writer, &unknown, &cut);
	finish_text("time,ifindex,ifname,direction,duration_us,window_us,windows,bytes,packets,"
		    "wire_bytes,wire_packets,drops,drop_reasons,peak_bps,mean_bps,threshold_bps,"
		    "rule,speed_mbps,"
		    "speed_source,cut\n"
		    "2000-02-29T00:00:00.123456Z,3,eth0,rx,400,100,4,12,11,1536,13,0,,7500000000,"
		    "5200000000,5000000000,baseline,,,true\n");
}

static const char *reason_name(void *context, uint32_t reason)
{
	static const char *const names[] = {"NONE", "QDISC_DROP", "NO_SOCKET"};

	assert_ptr_equal(context, &place);
	return names[reason];
}

/* Those that found no room among the reasons are there, without one. */
static void shows_reasons(void **state)
{
	struct burst_place known = place;
	struct burst burst = plain;

	(void)state;
	known.reason_name = reason_name;
	known.reason_context = (void *)&place;
	drop_tally_add(&burst.reasons, 2, 4);
	drop_tally_add(&burst.reasons, 1, 8);
	start(WRITER_JSON_LINES);
	show_burst_record(writer, &known, &burst);
	finish_json("{\"time\": \"2000-02-29T00:00:00.123456Z\", \"ifindex\": 3,"
		    " \"ifname\": \"eth0\", \"direction\": \"tx\", \"duration_us\": 400,"
		    " \"window_us\": 100, \"windows\": 4, \"bytes\": 12, \"packets\": 11,"
		    " \"wire_bytes\": 1536, \"wire_packets\": 13, \"drops\": 15,"
		    " \"drop_reasons\": [{\"reason\": \"NO_SOCKET\", \"packets\": 4},"
		    " {\"reason\": \"QDISC_DROP\", \"packets\": 8},"
		    " {\"reason\": null, \"packets\": 3}],"
		    " \"peak_bps\": 7500000000, \"mean_bps\": 5200000000,"
		    " \"threshold_bps\": 5000000000, \"rule\": \"hysteresis\","
		    " \"speed_mbps\": 10000, \"speed_source\": \"netlink\", \"cut\": false}");
	start(WRITER_CSV);
	show_burst_record(writer, &known, &burst);
	finish_text(
		"time,ifindex,ifname,direction,duration_us,window_us,windows,bytes,packets,"
		"wire_bytes,wire_packets,drops,drop_reasons,peak_bps,mean_bps,threshold_bps,rule,"
		"speed_mbps,speed_source,cut\n"
		"2000-02-29T00:00:00.123456Z,3,eth0,tx,400,100,4,12,11,1536,13,15,"
		"NO_SOCKET:4 QDISC_DROP:8 other:3,7500000000,5200000000,5000000000,hysteresis,"
		"10000,netlink,false\n");
	burst.drops = 12;
	capture_start(&capture);
	writer = NULL;
	show_burst_line(capture.sink, &known, &burst);
	finish_text("2000-02-29T00:00:00.123456Z  eth0       tx    400 us   peak 7.50 Gbit/s,"
		    " mean 5.20 Gbit/s, 1.50 KiB, 13 packets, 12 dropped"
		    " (NO_SOCKET 4, QDISC_DROP 8) (above 5.00 Gbit/s)\n");
}

static void shows_bursts(void **state)
{
	struct burst_place hostile = place;
	struct burst cut = plain;

	(void)state;
	hostile.ifname = "e\x1b[2Jh";
	cut.is_cut = true;
	cut.drops = 0;
	capture_start(&capture);
	writer = NULL;
	show_burst_line(capture.sink, &place, &plain);
	show_burst_line(capture.sink, &hostile, &cut);
	finish_text("2000-02-29T00:00:00.123456Z  eth0       tx    400 us   peak 7.50 Gbit/s,"
		    " mean 5.20 Gbit/s, 1.50 KiB, 13 packets, 15 dropped"
		    " (above 5.00 Gbit/s)\n"
		    "2000-02-29T00:00:00.123456Z  e\\x1b[2Jh  tx    400 us+  peak 7.50 Gbit/s,"
		    " mean 5.20 Gbit/s, 1.50 KiB, 13 packets (above 5.00 Gbit/s)\n");
}

static void records_summaries(void **state)
{
	(void)state;
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &summary);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"direction\": \"tx\","
		    " \"run_us\": 10000000, \"bursts\": 8, \"time_share\": 0.125,"
		    " \"byte_share\": 0.5, \"p50_us\": 100, \"p90_us\": 1500, \"p99_us\": 2000,"
		    " \"peak_to_mean\": 12.5}");
}

/* No bursts are known to be none; how long they were cannot be told. */
static void records_summaries_without_bursts(void **state)
{
	const struct burst_summary idle = {.run_ns = 5000};
	struct burst_summary calm = {.run_ns = 5000, .peak_to_mean = 1};
	struct burst_summary only_idle_ones = summary;

	(void)state;
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &idle);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"direction\": \"tx\", \"run_us\": 5,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": null}");
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &calm);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"direction\": \"tx\", \"run_us\": 5,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": 1}");
	only_idle_ones.peak_to_mean = 0;
	start(WRITER_CSV);
	show_burst_summary_record(writer, &place, &only_idle_ones);
	show_burst_summary_record(writer, &place, &idle);
	finish_text("ifindex,ifname,direction,run_us,bursts,time_share,byte_share,p50_us,p90_us,"
		    "p99_us,peak_to_mean\n"
		    "3,eth0,tx,10000000,8,0.125,0.5,100,1500,2000,\n"
		    "3,eth0,tx,5,0,0,0,,,,\n");
}

/* A run that gave nothing, from the windows on. */
static void records_what_the_statistics_give(void **state)
{
	const struct traffic_counter traffic = {1, 100, 1, 100};
	struct burst_stats stats = {0};
	struct burst_summary got;

	(void)state;
	got = burst_stats_summarise(&stats, 0, 100000);
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &got);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"direction\": \"tx\", \"run_us\": 0,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": null}");
	burst_stats_add_window(&stats, &traffic);
	got = burst_stats_summarise(&stats, 400000, 100000);
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &got);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"direction\": \"tx\", \"run_us\": 400,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": 4}");
	burst_stats_release(&stats);
}

static void shows_summaries(void **state)
{
	const struct burst_summary idle = {.run_ns = 5000};
	struct table *table;

	(void)state;
	capture_start(&capture);
	assert_int_equal(show_burst_summary_new(&table, false), 0);
	show_burst_summary_row(table, &place, &summary);
	show_burst_summary_row(table, &place, &idle);
	finish_table(table,
		     "INTERFACE  DIR  BURSTS   TIME  BYTES     P50       P90   P99  PEAK/MEAN\n"
		     "eth0       tx        8  12.5%    50%  100 us  1.501 ms  2 ms       12.5\n"
		     "eth0       tx        0     0%     0%       -         -     -          -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_bursts),
		cmocka_unit_test(records_an_unknown_speed_as_null),
		cmocka_unit_test(shows_reasons),
		cmocka_unit_test(shows_bursts),
		cmocka_unit_test(records_summaries),
		cmocka_unit_test(records_summaries_without_bursts),
		cmocka_unit_test(records_what_the_statistics_give),
		cmocka_unit_test(shows_summaries),
	};

	return cmocka_run_group_tests_name("show_burst", tests, NULL, NULL);
}
