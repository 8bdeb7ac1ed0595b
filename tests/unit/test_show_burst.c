// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/show_burst: the records of `bursts` (the contract of the design brief), lines and summary. */
#include "tests/unit/show.h"

#include <arpa/inet.h>

#include "out/show_burst.h"
#include "out/show_flow.h"

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

#define NO_FLOWS                                                          \
	" \"flows\": null, \"flows_total\": null, \"flows_exact\": null," \
	" \"unattributed_bytes\": null, \"ce_packets\": null, \"tcp_retransmits\": null}"

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
		    " \"ifname\": \"eth0\", \"netns\": null, \"direction\": \"tx\", "
		    "\"duration_us\": 400,"
		    " \"window_us\": 100, \"windows\": 4, \"bytes\": 12, \"packets\": 11,"
		    " \"wire_bytes\": 1536, \"wire_packets\": 13, \"drops\": 15,"
		    " \"drop_reasons\": null, \"peak_bps\": 7500000000, \"mean_bps\": 5200000000,"
		    " \"threshold_bps\": 5000000000, \"rule\": \"hysteresis\","
		    " \"speed_mbps\": 10000, \"speed_source\": \"netlink\", \"cut\": false, "
		    "\"container\": null," NO_FLOWS);
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
	finish_text(
		"time,ifindex,ifname,netns,direction,duration_us,window_us,windows,bytes,packets,"
		"wire_bytes,wire_packets,drops,drop_reasons,peak_bps,mean_bps,threshold_bps,"
		"rule,speed_mbps,"
		"speed_source,cut,container,flows,flows_total,flows_exact,unattributed_bytes,"
		"ce_packets,tcp_retransmits\n"
		"2000-02-29T00:00:00.123456Z,3,eth0,,rx,400,100,4,12,11,1536,13,0,,7500000000,"
		"5200000000,5000000000,baseline,,,true,,,,,,,\n");
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
		    " \"ifname\": \"eth0\", \"netns\": null, \"direction\": \"tx\", "
		    "\"duration_us\": 400,"
		    " \"window_us\": 100, \"windows\": 4, \"bytes\": 12, \"packets\": 11,"
		    " \"wire_bytes\": 1536, \"wire_packets\": 13, \"drops\": 15,"
		    " \"drop_reasons\": [{\"reason\": \"NO_SOCKET\", \"packets\": 4},"
		    " {\"reason\": \"QDISC_DROP\", \"packets\": 8},"
		    " {\"reason\": null, \"packets\": 3}],"
		    " \"peak_bps\": 7500000000, \"mean_bps\": 5200000000,"
		    " \"threshold_bps\": 5000000000, \"rule\": \"hysteresis\","
		    " \"speed_mbps\": 10000, \"speed_source\": \"netlink\", \"cut\": false, "
		    "\"container\": null," NO_FLOWS);
	start(WRITER_CSV);
	show_burst_record(writer, &known, &burst);
	finish_text(
		"time,ifindex,ifname,netns,direction,duration_us,window_us,windows,bytes,packets,"
		"wire_bytes,wire_packets,drops,drop_reasons,peak_bps,mean_bps,threshold_bps,rule,"
		"speed_mbps,speed_source,cut,container,flows,flows_total,flows_exact,unattributed_"
		"bytes,ce_packets,tcp_retransmits\n"
		"2000-02-29T00:00:00.123456Z,3,eth0,,tx,400,100,4,12,11,1536,13,15,"
		"NO_SOCKET:4 QDISC_DROP:8 other:3,7500000000,5200000000,5000000000,hysteresis,"
		"10000,netlink,false,,,,,,,\n");
	burst.drops = 12;
	capture_start(&capture);
	writer = NULL;
	show_burst_line(capture.sink, &known, &burst);
	finish_text("2000-02-29T00:00:00.123456Z  eth0       tx    400 us   peak 7.50 Gbit/s,"
		    " mean 5.20 Gbit/s, 1.50 KiB, 13 packets, 12 dropped"
		    " (NO_SOCKET 4, QDISC_DROP 8) (hysteresis, above 5.00 Gbit/s in 100 us, speed "
		    "10.00 Gbit/s by netlink)\n");
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
		    " (hysteresis, above 5.00 Gbit/s in 100 us, speed 10.00 Gbit/s by netlink)\n"
		    "2000-02-29T00:00:00.123456Z  e\\x1b[2Jh  tx    400 us+  peak 7.50 Gbit/s,"
		    " mean 5.20 Gbit/s, 1.50 KiB, 13 packets (hysteresis, above 5.00 Gbit/s in 100 "
		    "us, speed 10.00 Gbit/s by netlink)\n");
}

static struct flow_key key_of(uint8_t kind, uint8_t protocol, const char *source, uint16_t port)
{
	struct flow_key key = {.kind = kind, .protocol = protocol};
	int family = (kind & ~FLOW_FRAGMENT) == FLOW_IPV4 ? AF_INET : AF_INET6;

	assert_int_equal(inet_pton(family, source, key.source), 1);
	assert_int_equal(
		inet_pton(family, family == AF_INET ? "10.0.0.2" : "2001:db8::2", key.destination),
		1);
	key.source_port = htons(port);
	key.destination_port = port ? htons(80) : 0;
	return key;
}

static struct flow_count count_of(struct flow_key key, uint64_t wire_bytes)
{
	return (struct flow_count){.key = key, .wire_bytes = wire_bytes, .wire_packets = 2};
}

/* That of cgroup 7; it is the context. */
static const char *path_of(void *context, uint64_t cgroup)
{
	return cgroup == 7 ? context : NULL;
}

static void shows_flows(void **state)
{
	const struct flow_key other = {.kind = FLOW_OTHER, .ethertype = htons(0x88b5)};
	const struct flow_count top[] = {
		count_of(key_of(FLOW_IPV4, 6, "10.0.0.1", 4711), 768),
		count_of(key_of(FLOW_IPV6, 17, "2001:db8::1", 9), 384),
		count_of(key_of(FLOW_IPV4 | FLOW_FRAGMENT, 17, "10.0.0.3", 0), 96),
		count_of(key_of(FLOW_IPV6, 253, "::", 0), 48),
		count_of(other, 24),
	};
	struct burst_flows flows = {.top = top, .n_top = 5, .total = 4096, .unattributed_bytes = 7};
	struct burst_place known = place;

	(void)state;
	known.flows = &flows;
	start(WRITER_CSV);
	show_burst_record(writer, &known, &plain);
	finish_text(
		"time,ifindex,ifname,netns,direction,duration_us,window_us,windows,bytes,packets,"
		"wire_bytes,wire_packets,drops,drop_reasons,peak_bps,mean_bps,threshold_bps,"
		"rule,speed_mbps,speed_source,cut,container,flows,flows_total,flows_exact,"
		"unattributed_bytes,ce_packets,tcp_retransmits\n"
		"2000-02-29T00:00:00.123456Z,3,eth0,,tx,400,100,4,12,11,1536,13,15,,7500000000,"
		"5200000000,5000000000,hysteresis,10000,netlink,false,,"
		"10.0.0.1:4711>10.0.0.2:80/tcp:768 [2001:db8::1]:9>[2001:db8::2]:80/udp:384 "
		"10.0.0.3>10.0.0.2/udp/fragments:96 ::>2001:db8::2/253:48 0x88b5:24,"
		"4096,false,7,0,\n");
	capture_start(&capture);
	writer = NULL;
	show_burst_line(capture.sink, &known, &plain);
	flows = (struct burst_flows){.top = top + 2,
				     .n_top = 1,
				     .total = 1,
				     .is_exact = true,
				     .ce_packets = 9,
				     .retransmits_known = true,
				     .tcp_retransmits = 8};
	show_burst_line(capture.sink, &known, &plain);
	flows = (struct burst_flows){.is_exact = true, .unattributed_bytes = 1536};
	show_burst_line(capture.sink, &known, &plain);
#define LINE                                                                                     \
	"2000-02-29T00:00:00.123456Z  eth0       tx    400 us   peak 7.50 Gbit/s,"               \
	" mean 5.20 Gbit/s, 1.50 KiB, 13 packets, 15 dropped (hysteresis, above 5.00 Gbit/s in " \
	"100 us, speed 10.00 Gbit/s by netlink)"
	finish_text(
		LINE
		" by 10.0.0.1:4711 > 10.0.0.2:80 tcp 50% and at least 4095 more\n" LINE
		" by 10.0.0.3 > 10.0.0.2 udp fragments 6.25%, 8 retransmitted, 9 marked CE\n" LINE
		"\n");
}

/* What is too long, and the first of all groups, say nothing to people. */
static void shows_short_names_of_cgroups(void **state)
{
	static const struct {
		const char *path, *shown;
	} cases[] = {
		{"/a/b/run \x1b.scope", " (run \\x1b.scope)"},
		{"/12345678901234567890123456789012", " (12345678901234567890123456789012)"},
		{"/123456789012345678901234567890123", ""},
		{"/", ""},
		{NULL, ""},
	};
	struct flow_count top = count_of(key_of(FLOW_IPV6, 253, "::", 0), 768);
	char expected[128];

	(void)state;
	top.cgroup = 7;
	writer = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct burst_flows flows = {.top = &top,
						  .n_top = 1,
						  .total = 1,
						  .is_exact = true,
						  .cgroup_path = path_of,
						  .cgroup_context = (char *)cases[i].path};

		capture_start(&capture);
		show_flow_text(capture.sink, &flows, 1536);
		sink_commit(capture.sink);
		snprintf(expected, sizeof(expected), " by :: > 2001:db8::2 253 50%%%s",
			 cases[i].shown);
		finish_text(expected);
	}
}

static void records_flows(void **state)
{
	const struct flow_key arp = {.kind = FLOW_OTHER, .ethertype = htons(0x0806)};
	const struct flow_count top[] = {
		{.key = key_of(FLOW_IPV6, 6, "2001:db8::1", 4711),
		 .wire_bytes = 768,
		 .wire_packets = 2,
		 .ce_packets = 1,
		 .cgroup = 7,
		 .socket = 9,
		 .tcp_retransmits = 4},
		count_of(arp, 384),
	};
	const struct burst_flows flows = {.top = top,
					  .n_top = 2,
					  .total = 2,
					  .is_exact = true,
					  .unattributed_bytes = 384,
					  .ce_packets = 3,
					  .retransmits_known = true,
					  .tcp_retransmits = 5,
					  .cgroup_path = path_of,
					  .cgroup_context = (char *)"/system.slice/a b.service"};
	const struct burst_flows none = {.unattributed_bytes = 1536};

	(void)state;
	start(WRITER_JSON_LINES);
	writer_begin(writer);
	show_flow_fields(writer, &flows, 1536);
	writer_end(writer);
	finish_json(
		"{\"flows\": [{\"family\": \"ipv6\", \"protocol\": \"tcp\", \"fragment\": false,"
		" \"source\": \"2001:db8::1\", \"source_port\": 4711,"
		" \"destination\": \"2001:db8::2\", \"destination_port\": 80,"
		" \"wire_bytes\": 768, \"wire_packets\": 2, \"share\": 0.5, \"ce_packets\": 1, "
		"\"tcp_retransmits\": 4,"
		" \"cgroup\": \"/system.slice/a b.service\"},"
		" {\"family\": null, \"protocol\": \"arp\", \"fragment\": false,"
		" \"source\": null, \"source_port\": null, \"destination\": null,"
		" \"destination_port\": null, \"wire_bytes\": 384, \"wire_packets\": 2,"
		" \"share\": 0.25, \"ce_packets\": 0,"
		" \"tcp_retransmits\": null, \"cgroup\": null}],"
		" \"flows_total\": 2, \"flows_exact\": true, \"unattributed_bytes\": 384, "
		"\"ce_packets\": 3, \"tcp_retransmits\": 5}");
	start(WRITER_JSON_LINES);
	writer_begin(writer);
	show_flow_fields(writer, &none, 1536);
	writer_end(writer);
	finish_json("{\"flows\": [], \"flows_total\": 0, \"flows_exact\": false,"
		    " \"unattributed_bytes\": 1536, \"ce_packets\": null,"
		    " \"tcp_retransmits\": null}");
}

static void records_summaries(void **state)
{
	(void)state;
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &summary);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": \"tx\","
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
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": "
		    "\"tx\", \"run_us\": 5,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": null}");
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &calm);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": "
		    "\"tx\", \"run_us\": 5,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": 1}");
	only_idle_ones.peak_to_mean = 0;
	start(WRITER_CSV);
	show_burst_summary_record(writer, &place, &only_idle_ones);
	show_burst_summary_record(writer, &place, &idle);
	finish_text(
		"ifindex,ifname,netns,direction,run_us,bursts,time_share,byte_share,p50_us,p90_us,"
		"p99_us,peak_to_mean\n"
		"3,eth0,,tx,10000000,8,0.125,0.5,100,1500,2000,\n"
		"3,eth0,,tx,5,0,0,0,,,,\n");
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
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": "
		    "\"tx\", \"run_us\": 0,"
		    " \"bursts\": 0, \"time_share\": 0, \"byte_share\": 0, \"p50_us\": null,"
		    " \"p90_us\": null, \"p99_us\": null, \"peak_to_mean\": null}");
	burst_stats_add_window(&stats, &traffic);
	got = burst_stats_summarise(&stats, 400000, 100000);
	start(WRITER_JSON_LINES);
	show_burst_summary_record(writer, &place, &got);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": "
		    "\"tx\", \"run_us\": 400,"
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
		cmocka_unit_test(shows_flows),
		cmocka_unit_test(shows_short_names_of_cgroups),
		cmocka_unit_test(records_flows),
		cmocka_unit_test(records_summaries),
		cmocka_unit_test(records_summaries_without_bursts),
		cmocka_unit_test(records_what_the_statistics_give),
		cmocka_unit_test(shows_summaries),
	};

	return cmocka_run_group_tests_name("show_burst", tests, NULL, NULL);
}
