// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/show_rate: the records of `rate` (the contract of the design brief) and its table. */
#include "tests/unit/show.h"

#include <locale.h>

#include "out/show_rate.h"

static struct rate make_rate(void)
{
	return (struct rate){
		.ifindex = 3,
		.ifname = "eth0",
		.start_wall_ns = 951782400123456789,
		.interval_ns = 100000999,
		.delta = {.traffic = {{11, 12, 13, 14}, {21, 22, 23, UINT64_C(1) << 40}},
			  .drops = {15, 25}},
		.bps = {16000, 26000000},
		.in_total = true,
	};
}

static void records_rates(void **state)
{
	struct rate rate = make_rate();

	(void)state;
	rate.has_peak = true;
	rate.peak_bps[DIRECTION_INGRESS] = 17000;
	rate.peak_bps[DIRECTION_EGRESS] = 0;
	start(WRITER_JSON_LINES);
	show_rate_record(writer, &rate);
	finish_json(
		"{\"time\": \"2000-02-29T00:00:00.123456Z\", \"interval_us\": 100000,"
		" \"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"rx_packets\": 11, "
		"\"rx_bytes\": 12,"
		" \"rx_wire_packets\": 13, \"rx_wire_bytes\": 14, \"rx_drops\": 15,"
		" \"rx_bps\": 16000, \"rx_peak_bps\": 17000, \"tx_packets\": 21, \"tx_bytes\": 22,"
		" \"tx_wire_packets\": 23, \"tx_wire_bytes\": 1099511627776,"
		" \"tx_drops\": 25, \"tx_bps\": 26000000, \"tx_peak_bps\": 0, \"container\": "
		"null}");
}

static void records_a_total_without_ifindex(void **state)
{
	struct rate rate;

	(void)state;
	rate_total(&rate, NULL, 0, 0, 1000000000);
	start(WRITER_JSON_LINES);
	show_rate_record(writer, &rate);
	finish_json("{\"time\": \"1970-01-01T00:00:00.000000Z\", \"interval_us\": 1000000,"
		    " \"ifindex\": null, \"ifname\": \"total\", \"netns\": null, \"rx_packets\": "
		    "0, \"rx_bytes\": 0,"
		    " \"rx_wire_packets\": 0, \"rx_wire_bytes\": 0, \"rx_drops\": 0,"
		    " \"rx_bps\": 0, \"rx_peak_bps\": null, \"tx_packets\": 0, \"tx_bytes\": 0, "
		    "\"tx_wire_packets\": 0,"
		    " \"tx_wire_bytes\": 0, \"tx_drops\": 0, \"tx_bps\": 0, \"tx_peak_bps\": null, "
		    "\"container\": null}");
}

static void records_rates_as_csv(void **state)
{
	struct rate rate = make_rate();

	(void)state;
	start(WRITER_CSV);
	show_rate_record(writer, &rate);
	rate.ifindex = 0;
	strcpy(rate.ifname, "a,b");
	strcpy(rate.container, "=we\"b,1");
	show_rate_record(writer, &rate);
	finish_text("time,interval_us,ifindex,ifname,netns,rx_bytes,rx_packets,rx_wire_bytes,"
		    "rx_wire_packets,rx_drops,rx_bps,rx_peak_bps,tx_bytes,tx_packets,tx_wire_bytes,"
		    "tx_wire_packets,tx_drops,tx_bps,tx_peak_bps,container\n"
		    "2000-02-29T00:00:00.123456Z,100000,3,eth0,,12,11,14,13,15,16000,,22,21,"
		    "1099511627776,23,25,26000000,,\n"
		    "2000-02-29T00:00:00.123456Z,100000,,\"a,b\",,12,11,14,13,15,16000,,22,21,"
		    "1099511627776,23,25,26000000,,\"=we\"\"b,1\"\n");
}

/* What was seen of an interval with a gap in it is not what it carried. */
static void records_the_unknown_as_null(void **state)
{
	struct rate rate = make_rate();

	(void)state;
	rate.is_unknown = true;
	rate.has_peak = true;
	rate.peak_bps[DIRECTION_EGRESS] = 5;
	start(WRITER_JSON_LINES);
	show_rate_record(writer, &rate);
	finish_json("{\"time\": \"2000-02-29T00:00:00.123456Z\", \"interval_us\": 100000,"
		    " \"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"rx_packets\": null,"
		    " \"rx_bytes\": null, \"rx_wire_packets\": null, \"rx_wire_bytes\": null,"
		    " \"rx_drops\": null, \"rx_bps\": null, \"rx_peak_bps\": null,"
		    " \"tx_packets\": null, \"tx_bytes\": null, \"tx_wire_packets\": null,"
		    " \"tx_wire_bytes\": null, \"tx_drops\": null, \"tx_bps\": null,"
		    " \"tx_peak_bps\": null, \"container\": null}");
	start(WRITER_CSV);
	show_rate_record(writer, &rate);
	finish_text("time,interval_us,ifindex,ifname,netns,rx_bytes,rx_packets,rx_wire_bytes,"
		    "rx_wire_packets,rx_drops,rx_bps,rx_peak_bps,tx_bytes,tx_packets,tx_wire_bytes,"
		    "tx_wire_packets,tx_drops,tx_bps,tx_peak_bps,container\n"
		    "2000-02-29T00:00:00.123456Z,100000,3,eth0,,,,,,,,,,,,,,,,\n");
}

static const struct show_rate_columns plain, with_peaks = {.peaks = true};

static struct table *start_rate_table(const char *locale, const struct show_rate_columns *columns)
{
	struct table *table = NULL;

	if (!setlocale(LC_CTYPE, locale))
		skip();
	capture_start(&capture);
	assert_int_equal(show_rate_table_new(&table, columns, false), 0);
	setlocale(LC_CTYPE, "C");
	return table;
}

static void shows_rates(void **state)
{
	struct rate rate = make_rate();
	struct table *table = start_rate_table("C", &plain);

	(void)state;
	rate.interval_ns = 500000000;
	show_rate_row(table, &rate, &plain);
	finish_table(table,
		     "INTERFACE      RECEIVED     PKT/S  DROP          SENT     PKT/S  DROP\n"
		     "eth0       16.00 kbit/s        26    15  26.00 Mbit/s        46    25\n");
	table = start_rate_table("C", &with_peaks);
	rate.has_peak = true;
	rate.peak_bps[DIRECTION_INGRESS] = 999940000;
	show_rate_row(table, &rate, &with_peaks);
	rate.has_peak = false;
	show_rate_row(table, &rate, &with_peaks);
	finish_table(table, "INTERFACE      RECEIVED          PEAK     PKT/S  DROP"
			    "          SENT          PEAK     PKT/S  DROP\n"
			    "eth0       16.00 kbit/s  999.9 Mbit/s        26    15"
			    "  26.00 Mbit/s       0 bit/s        46    25\n"
			    "eth0       16.00 kbit/s             -        26    15"
			    "  26.00 Mbit/s             -        46    25\n");
}

static void shows_unknown_rates(void **state)
{
	struct rate rate = make_rate(), known = make_rate();
	struct table *table = start_rate_table("C", &plain);

	(void)state;
	rate.is_unknown = true;
	known.interval_ns = 500000000;
	show_rate_row(table, &rate, &plain);
	show_rate_row(table, &known, &plain);
	finish_table(table,
		     "INTERFACE      RECEIVED     PKT/S  DROP          SENT     PKT/S  DROP\n"
		     "eth0            unknown         -     -       unknown         -     -\n"
		     "eth0       16.00 kbit/s        26    15  26.00 Mbit/s        46    25\n");
	table = start_rate_table("C", &with_peaks);
	rate.has_peak = true;
	show_rate_row(table, &rate, &with_peaks);
	show_rate_row(table, &known, &with_peaks);
	finish_table(table, "INTERFACE      RECEIVED          PEAK     PKT/S  DROP"
			    "          SENT          PEAK     PKT/S  DROP\n"
			    "eth0            unknown             -         -     -"
			    "       unknown             -         -     -\n"
			    "eth0       16.00 kbit/s             -        26    15"
			    "  26.00 Mbit/s             -        46    25\n");
}

/* A veth of a container, busy in both directions: what remains of its row on which terminal. */
static void leaves_out_what_matters_least_of_rates(void **state)
{
	static const struct {
		size_t max_width;
		const char *wanted;
	} cases[] = {
		{99, "INTERFACE        RECEIVED          PEAK     PKT/S  DROP"
		     "          SENT          PEAK     PKT/S  DROP\n"
		     "veth1a2b3c4  999.9 Mbit/s  999.9 Mbit/s  82000000  1234"
		     "  999.9 Mbit/s  999.9 Mbit/s  82000000  5678\n"},
		{80, "INTERFACE        RECEIVED          PEAK  DROP          SENT          PEAK  "
		     "DROP\n"
		     "veth1a2b3c4  999.9 Mbit/s  999.9 Mbit/s  1234  999.9 Mbit/s  999.9 Mbit/s  "
		     "5678\n"},
		{72, "INTERFACE        RECEIVED  DROP          SENT  DROP\n"
		     "veth1a2b3c4  999.9 Mbit/s  1234  999.9 Mbit/s  5678\n"},
		{50, "INTERFACE        RECEIVED          SENT\n"
		     "veth1a2b3c4  999.9 Mbit/s  999.9 Mbit/s\n"},
		{30, "INTERFACE        RECEIVED\nveth1a2b3c4  999.9 Mbit/s\n"},
	};
	struct rate rate = {
		.ifname = "veth1a2b3c4",
		.interval_ns = 1000000,
		.delta = {.traffic = {{.wire_packets = 82000}, {.wire_packets = 82000}},
			  .drops = {1234, 5678}},
		.bps = {999940000, 999940000},
		.has_peak = true,
		.peak_bps = {999940000, 999940000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table *table = start_rate_table("C", &with_peaks);

		show_rate_row(table, &rate, &with_peaks);
		finish_table_within(table, cases[i].max_width, cases[i].wanted);
	}
}

static void records_containers(void **state)
{
	struct rate rate = make_rate();

	(void)state;
	rate.is_unknown = true;
	strcpy(rate.container, "w\x1b\"eb\xff");
	strcpy(rate.netns, "w/x");
	start(WRITER_JSON_LINES);
	show_rate_record(writer, &rate);
	finish_json(
		"{\"time\": \"2000-02-29T00:00:00.123456Z\", \"interval_us\": 100000,"
		" \"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": \"w/x\", \"rx_packets\": null,"
		" \"rx_bytes\": null, \"rx_wire_packets\": null, \"rx_wire_bytes\": null,"
		" \"rx_drops\": null, \"rx_bps\": null, \"rx_peak_bps\": null,"
		" \"tx_packets\": null, \"tx_bytes\": null, \"tx_wire_packets\": null,"
		" \"tx_wire_bytes\": null, \"tx_drops\": null, \"tx_bps\": null,"
		" \"tx_peak_bps\": null, \"container\": \"w\\u001b\\\"eb\ufffd\"}");
}

/* A long name makes way, as far as it can, before any number does; both its ends are left. */
static void shortens_containers(void **state)
{
	static const struct show_rate_columns columns = {.containers = true};
	static const struct {
		size_t max_width;
		const char *wanted;
	} cases[] = {
		{200, "INTERFACE      RECEIVED     PKT/S  DROP          SENT     PKT/S  DROP  "
		      "CONTAINER\n"
		      "veth0         999 bit/s         0     0       0 bit/s         0     0  "
		      "shop/web-7d9f8c6b5-a\\x1bbcde-x2x4z\n"
		      "lo              0 bit/s         0     0       0 bit/s         0     0  -\n"},
		{90, "INTERFACE      RECEIVED     PKT/S  DROP          SENT     PKT/S  DROP  "
		     "CONTAINER\n"
		     "veth0         999 bit/s         0     0       0 bit/s         0     0  "
		     "shop/web-~cde-x2x4z\n"
		     "lo              0 bit/s         0     0       0 bit/s         0     0  -\n"},
		{80, "INTERFACE      RECEIVED  DROP          SENT  DROP  CONTAINER\n"
		     "veth0         999 bit/s     0       0 bit/s     0  "
		     "shop/web-7d9f8~\\x1bbcde-x2x4z\n"
		     "lo              0 bit/s     0       0 bit/s     0  -\n"},
		{51, "INTERFACE      RECEIVED          SENT  CONTAINER\n"
		     "veth0         999 bit/s       0 bit/s  shop/w~x2x4z\n"
		     "lo              0 bit/s       0 bit/s  -\n"},
		{50, "INTERFACE      RECEIVED          SENT\n"
		     "veth0         999 bit/s       0 bit/s\n"
		     "lo              0 bit/s       0 bit/s\n"},
	};
	struct rate rate = {
		.ifname = "veth0",
		.interval_ns = 1000000000,
		.bps = {999, 0},
		.container = "shop/web-7d9f8c6b5-a\x1b"
			     "bcde-x2x4z",
	};
	struct rate lo = {.ifname = "lo", .interval_ns = 1000000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table *table = start_rate_table("C", &columns);

		show_rate_row(table, &rate, &columns);
		show_rate_row(table, &lo, &columns);
		finish_table_within(table, cases[i].max_width, cases[i].wanted);
	}
}

static void shows_arrows_where_they_can_be_seen(void **state)
{
	struct rate rate = {.ifname = "eth0", .interval_ns = 1000000000, .bps = {999, 0}};
	struct table *table = start_rate_table("C.UTF-8", &plain);

	(void)state;
	show_rate_row(table, &rate, &plain);
	setlocale(LC_CTYPE, "C.UTF-8");
	finish_table(
		table,
		"INTERFACE    \u2193 RECEIVED     PKT/S  DROP        \u2191 SENT     PKT/S  DROP\n"
		"eth0          999 bit/s         0     0       0 bit/s         0     0\n");
	setlocale(LC_CTYPE, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_rates),
		cmocka_unit_test(records_a_total_without_ifindex),
		cmocka_unit_test(records_rates_as_csv),
		cmocka_unit_test(records_the_unknown_as_null),
		cmocka_unit_test(shows_rates),
		cmocka_unit_test(shows_unknown_rates),
		cmocka_unit_test(leaves_out_what_matters_least_of_rates),
		cmocka_unit_test(records_containers),
		cmocka_unit_test(shortens_containers),
		cmocka_unit_test(shows_arrows_where_they_can_be_seen),
	};

	return cmocka_run_group_tests_name("show_rate", tests, NULL, NULL);
}
