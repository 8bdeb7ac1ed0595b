// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/show_*: what the commands print, as records (the contract of the design brief) and rows. */
#include "tests/unit/show.h"

#include <arpa/inet.h>

#include "out/show_check.h"
#include "out/show_health.h"
#include "out/show_link.h"

/* linux/if.h, which does not go with net/if.h */
#define FLAG_LOWER_UP 0x10000
#define OPER_DOWN 2
#define OPER_UP 6

static const struct health plain = {
	.rx_packets = 1000,
	.tx_packets = 2000,
	.errors = 3,
	.drops = 0,
	.has_rates = true,
	.error_ppb = 1000000,
	.drop_ppb = 0,
	.verdict = HEALTH_ERRORS,
};

static const struct health_reasons unknown;

static void records_health(void **state)
{
	(void)state;
	start(WRITER_JSON_LINES);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 0, &plain, &unknown);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"period\": \"boot\","
		    " \"interval_us\": null, \"rx_packets\": 1000, \"tx_packets\": 2000,"
		    " \"errors\": 3, \"drops\": 0, \"error_rate_pct\": 0.1, \"drop_rate_pct\": 0,"
		    " \"verdict\": \"errors\", \"drops_unwanted\": null,"
		    " \"drop_reasons\": null}");
	start(WRITER_JSON_LINES);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 2000000999, &plain,
			   &unknown);
	finish_json(
		"{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"period\": \"interval\","
		" \"interval_us\": 2000000, \"rx_packets\": 1000, \"tx_packets\": 2000,"
		" \"errors\": 3, \"drops\": 0, \"error_rate_pct\": 0.1, \"drop_rate_pct\": 0,"
		" \"verdict\": \"errors\", \"drops_unwanted\": null,"
		" \"drop_reasons\": null}");
}

/* Unknown is null, never 0. */
static void records_health_that_is_unknown(void **state)
{
	const struct health none = {.verdict = HEALTH_NO_PACKETS};
	const struct health reset = {.verdict = HEALTH_RESET};

	(void)state;
	start(WRITER_JSON_LINES);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 0, &none, &unknown);
	finish_json("{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"period\": \"boot\","
		    " \"interval_us\": null, \"rx_packets\": 0, \"tx_packets\": 0, \"errors\": 0,"
		    " \"drops\": 0, \"error_rate_pct\": null, \"drop_rate_pct\": null,"
		    " \"verdict\": \"no packets\", \"drops_unwanted\": null,"
		    " \"drop_reasons\": null}");
	start(WRITER_JSON_LINES);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 1000, &reset, &unknown);
	finish_json(
		"{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"period\": \"interval\","
		" \"interval_us\": 1, \"rx_packets\": null, \"tx_packets\": null,"
		" \"errors\": null, \"drops\": null, \"error_rate_pct\": null,"
		" \"drop_rate_pct\": null, \"verdict\": \"counters reset\","
		" \"drops_unwanted\": null, \"drop_reasons\": null}");
}

static void shows_health(void **state)
{
	struct health many = plain;
	const struct health reset = {.verdict = HEALTH_RESET};
	struct table *table;

	(void)state;
	many.drops = 6000000;
	many.drop_ppb = UINT64_C(2000000000000);
	many.verdict = HEALTH_ERRORS_AND_DROPS;
	capture_start(&capture);
	assert_int_equal(show_health_table_new(&table, false, false), 0);
	show_health_row(table, &(struct health_subject){1, "eth0"}, 0, &plain, NULL);
	show_health_row(table, &(struct health_subject){1, "eth1"}, 2000000000, &many, NULL);
	show_health_row(table, &(struct health_subject){1, "eth2"}, 2000000000, &reset, NULL);
	finish_table(table, "INTERFACE  PERIOD      RX PACKETS  TX PACKETS  ERRORS  RATE    DROPS  "
			    "   RATE  VERDICT\n"
			    "eth0       since boot        1000        2000       3  0.1%        0  "
			    "     0%  errors\n"
			    "eth1       2 s               1000        2000       3  0.1%  6000000  "
			    "200000%  errors and drops\n"
			    "eth2       2 s                  -           -       -     -        -  "
			    "      -  counters reset\n");
	assert_int_equal(show_health_table_new(&table, false, false), 0);
	capture_start(&capture);
	show_health_row(table, &(struct health_subject){1, "eth1"}, 2000000000, &many, NULL);
	finish_table_within(
		table, 80,
		"INTERFACE  PERIOD  ERRORS  RATE    DROPS     RATE  VERDICT\n"
		"eth1       2 s          3  0.1%  6000000  200000%  errors and drops\n");
	assert_int_equal(show_health_table_new(&table, false, false), 0);
	capture_start(&capture);
	show_health_row(table, &(struct health_subject){1, "eth1"}, 2000000000, &many, NULL);
	finish_table_within(table, 60,
			    "INTERFACE  PERIOD  ERRORS    DROPS  VERDICT\n"
			    "eth1       2 s          3  6000000  errors and drops\n");
}

static const struct drop_row dropped[] = {
	{.direction = DIRECTION_EGRESS,
	 .source = "kfree_skb",
	 .reason = "QDISC_DROP",
	 .packets = 1204},
	{.direction = DIRECTION_INGRESS, .source = "kfree_skb", .packets = 30},
	{.direction = DIRECTION_INGRESS,
	 .source = "stats64",
	 .reason = "rx_missed_errors",
	 .packets = 7},
	{.direction = DIRECTION_INGRESS,
	 .source = "kfree_skb",
	 .reason = "NO_SOCKET",
	 .packets = 3},
	{.direction = DIRECTION_INGRESS, .source = "kfree_skb", .reason = "IP_CSUM", .packets = 2},
	{.direction = DIRECTION_EGRESS, .source = "kfree_skb", .reason = "TC_EGRESS", .packets = 1},
};

static struct health with_drops(void)
{
	struct health health = plain;

	health.drops = 1247;
	health.drop_ppb = 4057000;
	health.has_seen = true;
	health.unwanted = 30;
	health.verdict = HEALTH_DROPS;
	return health;
}

static void records_why_packets_were_dropped(void **state)
{
	const struct health_reasons some = {dropped, 3}, none = {dropped, 0};
	struct health health = with_drops();

	(void)state;
	start(WRITER_JSON_LINES);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 1000, &health, &some);
	finish_json(
		"{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"period\": \"interval\","
		" \"interval_us\": 1, \"rx_packets\": 1000, \"tx_packets\": 2000,"
		" \"errors\": 3, \"drops\": 1247, \"error_rate_pct\": 0.1,"
		" \"drop_rate_pct\": 0.4057, \"verdict\": \"drops\", \"drops_unwanted\": 30,"
		" \"drop_reasons\": [{\"direction\": \"tx\", \"source\": \"kfree_skb\","
		" \"reason\": \"QDISC_DROP\", \"packets\": 1204}, {\"direction\": \"rx\","
		" \"source\": \"kfree_skb\", \"reason\": null, \"packets\": 30},"
		" {\"direction\": \"rx\", \"source\": \"stats64\","
		" \"reason\": \"rx_missed_errors\", \"packets\": 7}]}");
	/* None is not unknown. */
	start(WRITER_JSON_LINES);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 1000, &health, &none);
	finish_json(
		"{\"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"period\": \"interval\","
		" \"interval_us\": 1, \"rx_packets\": 1000, \"tx_packets\": 2000,"
		" \"errors\": 3, \"drops\": 1247, \"error_rate_pct\": 0.1,"
		" \"drop_rate_pct\": 0.4057, \"verdict\": \"drops\", \"drops_unwanted\": 30,"
		" \"drop_reasons\": []}");
	start(WRITER_CSV);
	show_health_record(writer, &(struct health_subject){3, "eth0"}, 1000, &health, &some);
	finish_text("ifindex,ifname,netns,period,interval_us,rx_packets,tx_packets,errors,drops,"
		    "error_rate_pct,drop_rate_pct,verdict,drops_unwanted,drop_reasons\n"
		    "3,eth0,,interval,1,1000,2000,3,1247,0.1,0.4057,drops,30,"
		    "tx:QDISC_DROP:1204 rx:unknown:30 rx:rx_missed_errors:7\n");
}

static void shows_why_packets_were_dropped(void **state)
{
	const struct health_reasons some = {dropped, 2}, all = {dropped, ARRAY_SIZE(dropped)};
	struct health health = with_drops();
	struct table *table;

	(void)state;
	capture_start(&capture);
	assert_int_equal(show_health_table_new(&table, true, false), 0);
	show_health_row(table, &(struct health_subject){1, "eth0"}, 2000000000, &health, &some);
	health.unwanted = 0;
	show_health_row(table, &(struct health_subject){1, "eth1"}, 2000000000, &health, &all);
	show_health_row(table, &(struct health_subject){1, "eth2"}, 0, &plain, &unknown);
	finish_table_within(
		table, 140,
		"INTERFACE  PERIOD      ERRORS  DROPS  VERDICT  DROPPED\n"
		"eth0       2 s              3   1247  drops    tx QDISC_DROP 1204, rx unknown 30 "
		"(30 unwanted)\n"
		"eth1       2 s              3   1247  drops    tx QDISC_DROP 1204, rx unknown 30, "
		"rx rx_missed_errors 7, rx NO_SOCKET 3 and 2 more reasons\n"
		"eth2       since boot       3      0  errors\n");
}

static struct link make_link(void)
{
	return (struct link){
		.ifindex = 7,
		.ifname = "v0",
		.kind = "veth",
		.qdisc = "noqueue",
		.flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST | FLAG_LOWER_UP,
		.type = 1,
		.operstate = OPER_UP,
		.carrier = 1,
		.mtu = 1500,
		.txqlen = 1000,
		.master = 4,
		.lower = 8,
		.lower_netnsid = 0,
		.speed_mbps = 10000,
		.duplex = 1,
		.address_len = 6,
		.address = {2, 0, 0, 0, 0, 1},
		.broadcast = {255, 255, 255, 255, 255, 255},
	};
}

static void fill_addrs(struct link_addr *addrs)
{
	memset(addrs, 0, 3 * sizeof(*addrs));
	addrs[0].family = AF_INET;
	addrs[0].prefixlen = 24;
	inet_pton(AF_INET, "192.0.2.1", addrs[0].local);
	addrs[1].family = AF_INET6;
	addrs[1].prefixlen = 64;
	addrs[1].scope = 253;
	inet_pton(AF_INET6, "fe80::1", addrs[1].local);
	addrs[2].family = AF_INET;
	addrs[2].prefixlen = 32;
	addrs[2].scope = 77;
	addrs[2].has_peer = 1;
	inet_pton(AF_INET, "198.51.100.1", addrs[2].local);
	inet_pton(AF_INET, "198.51.100.2", addrs[2].peer);
}

static void records_links(void **state)
{
	struct link link = make_link();
	struct link_addr addrs[3];

	(void)state;
	fill_addrs(addrs);
	link.addrs = addrs;
	link.n_addrs = 3;
	start(WRITER_JSON_LINES);
	show_link_record(writer, &link,
			 &(struct link_place){.master = "br0", .container = "web\0331"});
	finish_json("{\"ifindex\": 7, \"ifname\": \"v0\", \"netns\": null,"
		    " \"flags\": [\"BROADCAST\", \"MULTICAST\", \"UP\", \"LOWER_UP\"],"
		    " \"mtu\": 1500, \"qdisc\": \"noqueue\", \"operstate\": \"UP\","
		    " \"txqlen\": 1000, \"link_type\": \"ether\","
		    " \"address\": \"02:00:00:00:00:01\", \"broadcast\": \"ff:ff:ff:ff:ff:ff\","
		    " \"kind\": \"veth\", \"speed_mbps\": 10000, \"duplex\": \"full\","
		    " \"master\": \"br0\", \"link_index\": 8, \"link_netnsid\": 0,"
		    " \"container\": \"web\\u001b1\", \"addr_info\": ["
		    "{\"family\": \"inet\", \"local\": \"192.0.2.1\", \"prefixlen\": 24,"
		    " \"scope\": \"global\"},"
		    "{\"family\": \"inet6\", \"local\": \"fe80::1\", \"prefixlen\": 64,"
		    " \"scope\": \"link\"},"
		    "{\"family\": \"inet\", \"local\": \"198.51.100.1\","
		    " \"address\": \"198.51.100.2\", \"prefixlen\": 32, \"scope\": \"77\"}]}");
}

static void records_links_of_which_little_is_known(void **state)
{
	const struct link link = {
		.ifindex = 9,
		.ifname = "\xff\"",
		.flags = IFF_UP,
		.type = 65000,
		.operstate = OPER_DOWN,
		.lower_netnsid = LINK_NETNSID_NONE,
		.duplex = 0xff,
	};

	(void)state;
	start(WRITER_JSON_LINES);
	show_link_record(writer, &link, &(struct link_place){.netns = "web"});
	finish_json("{\"ifindex\": 9, \"ifname\": \"\\ufffd\\\"\", \"netns\": \"web\", \"flags\": "
		    "[\"NO-CARRIER\","
		    " \"UP\"], \"mtu\": 0, \"qdisc\": null, \"operstate\": \"DOWN\","
		    " \"txqlen\": 0, \"link_type\": \"[65000]\", \"address\": null,"
		    " \"broadcast\": null, \"kind\": null, \"speed_mbps\": null,"
		    " \"duplex\": null, \"master\": null, \"link_index\": null,"
		    " \"link_netnsid\": null, \"container\": null, \"addr_info\": []}");
}

static void shows_links(void **state)
{
	struct link link = make_link(), bare = {.ifindex = 1000, .lower_netnsid = -1};
	struct link_addr addrs[3];
	struct table *table;

	(void)state;
	fill_addrs(addrs);
	link.addrs = addrs;
	link.n_addrs = 3;
	link.duplex = 0;
	strcpy(bare.ifname, "dum\x1bmy");
	bare.duplex = 0xff;
	capture_start(&capture);
	assert_int_equal(show_link_table_new(&table, false, false), 0);
	show_link_rows(table, &link, &(struct link_place){.master = "br0"}, false);
	show_link_rows(table, &bare, &(struct link_place){.netns = ""}, false);
	bare.flags = IFF_UP;
	show_link_rows(table, &bare, &(struct link_place){.netns = ""}, false);
	finish_table(table, "   #  INTERFACE  STATUS                         SPEED   MTU  KIND  "
			    "MASTER  MAC                ADDRESSES\n"
			    "   7  v0         UP                 10.00 Gbit/s half  1500  veth  "
			    "br0     02:00:00:00:00:01  192.0.2.1/24\n"
			    "                                                                      "
			    "                        fe80::1/64\n"
			    "                                                                      "
			    "                        198.51.100.1 peer 198.51.100.2/32\n"
			    "1000  dum\\x1bmy  DOWN                         unknown     0  -     "
			    "-       -\n"
			    "1000  dum\\x1bmy  DOWN (no carrier)            unknown     0  -     "
			    "-       -\n");
}

static void leaves_out_what_matters_least_of_links(void **state)
{
	static const struct {
		size_t max_width;
		const char *wanted;
	} cases[] = {
		{80, "#  INTERFACE  STATUS         SPEED   MTU  ADDRESSES\n"
		     "7  v0         UP      10.00 Gbit/s  1500  192.0.2.1/24\n"
		     "                                          fe80::1/64\n"
		     "                                          198.51.100.1 peer "
		     "198.51.100.2/32\n"},
		{60, "INTERFACE  STATUS  ADDRESSES\n"
		     "v0         UP      192.0.2.1/24\n"
		     "                   fe80::1/64\n"
		     "                   198.51.100.1 peer 198.51.100.2/32\n"},
		{20, "INTERFACE\nv0\n"},
	};
	struct link link = make_link();
	struct link_addr addrs[3];

	(void)state;
	fill_addrs(addrs);
	link.addrs = addrs;
	link.n_addrs = 3;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table *table;

		capture_start(&capture);
		assert_int_equal(show_link_table_new(&table, false, false), 0);
		show_link_rows(table, &link, &(struct link_place){.netns = ""}, false);
		finish_table_within(table, cases[i].max_width, cases[i].wanted);
	}
}

static void records_checks(void **state)
{
	const struct check about_one = {"hook", "eth0", CHECK_WARNING, "it \"is\"", "do that"};
	const struct check elsewhere = {"hook", "eth0", CHECK_INFO, "there", NULL, "web"};
	const struct check general = {"btf", NULL, CHECK_OK, "there", NULL};

	(void)state;
	start(WRITER_JSON_LINES);
	show_check_record(writer, &about_one);
	finish_json("{\"check\": \"hook\", \"ifname\": \"eth0\", \"netns\": null, \"status\": "
		    "\"warning\","
		    " \"detail\": \"it \\\"is\\\"\", \"remedy\": \"do that\"}");
	start(WRITER_JSON_LINES);
	show_check_record(writer, &elsewhere);
	finish_json("{\"check\": \"hook\", \"ifname\": \"eth0\", \"netns\": \"web\", \"status\": "
		    "\"info\","
		    " \"detail\": \"there\", \"remedy\": null}");
	start(WRITER_JSON_LINES);
	show_check_record(writer, &general);
	finish_json("{\"check\": \"btf\", \"ifname\": null, \"netns\": null, \"status\": \"ok\","
		    " \"detail\": \"there\", \"remedy\": null}");
}

static void names_the_status_of_checks(void **state)
{
	static const char *const names[] = {
		[CHECK_OK] = "ok",
		[CHECK_INFO] = "info",
		[CHECK_WARNING] = "warning",
		[CHECK_FAILED] = "failed",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct check check = {"a", NULL, (enum check_status)i, "b", NULL};
		char wanted[128];

		snprintf(wanted, sizeof(wanted),
			 "{\"check\": \"a\", \"ifname\": null, \"netns\": null, \"status\": \"%s\","
			 " \"detail\": \"b\", \"remedy\": null}",
			 names[i]);
		start(WRITER_JSON_LINES);
		show_check_record(writer, &check);
		finish_json(wanted);
	}
}

static void shows_checks(void **state)
{
	const struct check hostile = {"hook", "e\x1b[2Jh", CHECK_FAILED, "no\nway", "r\u202em"};
	const struct check good = {"btf", NULL, CHECK_OK, "there", NULL};
	const struct check elsewhere = {"hook", "eth0", CHECK_INFO, "there", NULL, "w\neb"};

	(void)state;
	capture_start(&capture);
	show_check_line(capture.sink, &hostile, false);
	show_check_line(capture.sink, &good, false);
	show_check_line(capture.sink, &good, true);
	show_check_line(capture.sink, &elsewhere, false);
	writer = NULL;
	finish_text("failed   hook        e\\x1b[2Jh: no\\x0away\n"
		    "                     -> r\\xe2\\x80\\xaem\n"
		    "ok       btf         there\n"
		    "\033[32mok     \033[0m  btf         there\n"
		    "info     hook        w\\x0aeb/eth0: there\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_health),
		cmocka_unit_test(records_health_that_is_unknown),
		cmocka_unit_test(shows_health),
		cmocka_unit_test(records_why_packets_were_dropped),
		cmocka_unit_test(shows_why_packets_were_dropped),
		cmocka_unit_test(records_links),
		cmocka_unit_test(records_links_of_which_little_is_known),
		cmocka_unit_test(shows_links),
		cmocka_unit_test(leaves_out_what_matters_least_of_links),
		cmocka_unit_test(records_checks),
		cmocka_unit_test(names_the_status_of_checks),
		cmocka_unit_test(shows_checks),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
