// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* out/show_window: the records of `windows` (the contract of the design brief) and its lines. */
#include "tests/unit/show.h"

#include "out/show_window.h"

#define WALL_NS UINT64_C(951782400000000000)

static const struct series_member eth0 = {4, 3, "eth0", 0, SERIES_STAYS};
static const struct series_member hostile = {4, 3, "e\x1b[2Jh\xff", 0, SERIES_STAYS};

static struct series_point make_point(void)
{
	return (struct series_point){.member = &eth0,
				     .start_ns = 123456789,
				     .direction = DIRECTION_EGRESS,
				     .is_known = true,
				     .traffic = {11, 12, 13, 1250},
				     .drops = 15};
}

static void records_windows(void **state)
{
	struct series_point point = make_point();

	(void)state;
	start(WRITER_JSON_LINES);
	show_window_record(writer, &point, 100000, WALL_NS);
	finish_json("{\"time\": \"2000-02-29T00:00:00.123456Z\", \"window_us\": 100,"
		    " \"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": "
		    "\"tx\", \"bytes\": 12,"
		    " \"packets\": 11, \"wire_bytes\": 1250, \"wire_packets\": 13, \"drops\": 15}");
	/* Without drops there were none: that is known. */
	point.drops = 0;
	point.direction = DIRECTION_INGRESS;
	start(WRITER_CSV);
	show_window_record(writer, &point, 100000, WALL_NS);
	finish_text("time,window_us,ifindex,ifname,netns,direction,bytes,packets,wire_bytes,wire_"
		    "packets,"
		    "drops\n"
		    "2000-02-29T00:00:00.123456Z,100,3,eth0,,rx,12,11,1250,13,0\n");
}

/* Whatever was seen of it. */
static void records_the_unknown_as_null(void **state)
{
	struct series_point point = make_point();

	(void)state;
	point.is_known = false;
	start(WRITER_JSON_LINES);
	show_window_record(writer, &point, 100000, WALL_NS);
	finish_json("{\"time\": \"2000-02-29T00:00:00.123456Z\", \"window_us\": 100,"
		    " \"ifindex\": 3, \"ifname\": \"eth0\", \"netns\": null, \"direction\": \"tx\","
		    " \"bytes\": null, \"packets\": null, \"wire_bytes\": null,"
		    " \"wire_packets\": null, \"drops\": null}");
}

static void shows_windows(void **state)
{
	struct series_point point = make_point();

	(void)state;
	capture_start(&capture);
	writer = NULL;
	show_window_line(capture.sink, &point, 100000, WALL_NS);
	point.drops = 0;
	show_window_line(capture.sink, &point, 100000, WALL_NS);
	/* Nothing passed, and something was dropped. */
	point.traffic = (struct traffic_counter){0};
	point.drops = 1;
	show_window_line(capture.sink, &point, 100000, WALL_NS);
	point.is_known = false;
	show_window_line(capture.sink, &point, 100000, WALL_NS);
	point.member = &hostile;
	show_window_line(capture.sink, &point, 100000, WALL_NS);
	finish_text("2000-02-29T00:00:00.123456Z  eth0            tx   100.0 Mbit/s       13 pkt"
		    "     1.22 KiB       15 dropped\n"
		    "2000-02-29T00:00:00.123456Z  eth0            tx   100.0 Mbit/s       13 pkt"
		    "     1.22 KiB\n"
		    "2000-02-29T00:00:00.123456Z  eth0            tx        0 bit/s        0 pkt"
		    "          0 B        1 dropped\n"
		    "2000-02-29T00:00:00.123456Z  eth0            tx        unknown\n"
		    "2000-02-29T00:00:00.123456Z  e\\x1b[2Jh\\xff   tx        unknown\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_windows),
		cmocka_unit_test(records_the_unknown_as_null),
		cmocka_unit_test(shows_windows),
	};

	return cmocka_run_group_tests_name("show_window", tests, NULL, NULL);
}
