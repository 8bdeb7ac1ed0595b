// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * out/trace: events as a viewer reads them: each by the Trace Event Format and by what the importer of
 * Perfetto asks of it (src/trace_processor/importers/json), and what they say of the traffic.
 */
#include "tests/unit/support.h"

#include <jansson.h>

#include "out/trace.h"

#define W UINT64_C(100000) /* 100 us */
#define ORIGIN (UINT64_C(1700000000) * 1000000000)
#define TEXT_SIZE 8192

static struct capture capture;
static struct trace *trace;

static void start(void)
{
	capture_start(&capture);
	assert_int_equal(trace_new(&trace, capture.sink, ORIGIN, W), 0);
	trace_open(trace);
}

static json_int_t integer(const json_t *event, const char *name)
{
	const json_t *value = json_object_get(event, name);

	if (!json_is_integer(value))
		fail_msg("%s of %s is no integer", name, json_dumps(event, 0));
	assert_true(json_integer_value(value) >= 0);
	return json_integer_value(value);
}

static const char *string(const json_t *event, const char *name)
{
	const json_t *value = json_object_get(event, name);

	if (!json_is_string(value))
		fail_msg("%s of %s is no text", name, json_dumps(event, 0));
	return json_string_value(value);
}

/* One event as a line, all of it but a slice's args. */
static void describe(const json_t *event, char *line, size_t size)
{
	const json_t *args = json_object_get(event, "args");
	const char *ph = string(event, "ph"), *name = string(event, "name");
	int pid = (int)integer(event, "pid");

	assert_true(json_is_object(args));
	if (!strcmp(ph, "C")) {
		/* A counter is its process's; each number in args is a series. */
		assert_int_equal(json_object_size(event), 5);
		assert_int_equal(json_object_size(args), 1);
		snprintf(line, size, "C %d @%d %s %lld\n", pid, (int)integer(event, "ts"), name,
			 (long long)integer(args, "value"));
	} else if (!strcmp(ph, "X")) {
		assert_int_equal(json_object_size(event), 7);
		snprintf(line, size, "X %d.%d @%d+%d %s\n", pid, (int)integer(event, "tid"),
			 (int)integer(event, "ts"), (int)integer(event, "dur"), name);
	} else if (!strcmp(name, "process_name")) {
		assert_string_equal(ph, "M");
		assert_int_equal(json_object_size(event), 4);
		snprintf(line, size, "M %d %s\n", pid, string(args, "name"));
	} else {
		assert_string_equal(ph, "M");
		assert_string_equal(name, "thread_name");
		assert_int_equal(json_object_size(event), 5);
		snprintf(line, size, "M %d.%d %s\n", pid, (int)integer(event, "tid"),
			 string(args, "name"));
	}
}

/* Of slices on one thread that overlap in part, Perfetto leaves one out. */
static void check_slices(const json_t *events)
{
	const json_t *a, *b;
	size_t i, k;

	json_array_foreach(events, i, a) json_array_foreach(events, k, b)
	{
		if (k >= i || !json_object_get(a, "dur") || !json_object_get(b, "dur") ||
		    integer(a, "pid") != integer(b, "pid") ||
		    integer(a, "tid") != integer(b, "tid"))
			continue;
		if (integer(a, "ts") < integer(b, "ts") + integer(b, "dur"))
			fail_msg("%s overlaps another", json_dumps(a, 0));
	}
}

/* Ends the trace; its events, which the caller gives back. */
static json_t *finish(void)
{
	json_error_t error;
	json_t *events;
	char *text;

	trace_close(trace);
	trace_free(trace);
	text = capture_end(&capture);
	events = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_array(events))
		fail_msg("no array: %s in %s", error.text, text);
	check_slices(events);
	free(text);
	return events;
}

static void expect(const char *wanted)
{
	char got[TEXT_SIZE] = "", line[512];
	json_t *events = finish(), *event;
	size_t i;

	json_array_foreach(events, i, event)
	{
		describe(event, line, sizeof(line));
		assert_true(strlen(got) + strlen(line) < sizeof(got));
		strcat(got, line);
	}
	json_decref(events);
	assert_string_equal(got, wanted);
}

/* `at` in windows; 8 wire bytes are 640 kbit/s. */
static void add(uint64_t at, uint32_t slot, uint32_t direction, uint64_t wire_bytes, uint64_t drops)
{
	const struct window window = {
		ORIGIN + at * W, slot, direction, {1, 5, 1, wire_bytes}, drops};

	assert_int_equal(trace_window(trace, &window), 0);
}

static void writes_an_empty_array(void **state)
{
	(void)state;
	start();
	expect("");
	trace_free(NULL);
}

static void names_tracks(void **state)
{
	(void)state;
	start();
	trace_interface(trace, 7, "", "eth0");
	expect("M 7 eth0\nM 7.1 rx bursts\nM 7.2 tx bursts\nM 7.3 unknown\n");
	start();
	trace_interface(trace, 8, "web", "eth0");
	expect("M 8 web/eth0\nM 8.1 rx bursts\nM 8.2 tx bursts\nM 8.3 unknown\n");
}

static void survives_hostile_names(void **state)
{
	static const struct {
		const char *ifname, *wanted;
	} cases[] = {
		{"\"}],[{\"", "\"}],[{\""},
		{"\\", "\\"},
		{"\\u0041\\\"", "\\u0041\\\""},
		{"\x1b[2J\n", "\x1b[2J\n"},
		{"\xff\xfe", "\ufffd\ufffd"},
		{"\u202eabc", "\u202eabc"},
		{"</script>", "</script>"},
		{"%s%n", "%s%n"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *events;

		start();
		trace_interface(trace, 1, "", cases[i].ifname);
		events = finish();
		assert_int_equal(json_array_size(events), 4);
		expect_text(cases[i].wanted,
			    string(json_object_get(json_array_get(events, 0), "args"), "name"),
			    cases[i].wanted);
		json_decref(events);
	}
}

static void goes_back_to_zero_where_idle_follows(void **state)
{
	(void)state;
	start();
	add(0, 1, 0, 8, 0);
	add(1, 1, 0, 8, 0);
	add(2, 1, 0, 16, 0);
	add(4, 1, 0, 8, 0);
	add(5, 1, 0, 8, 0);
	add(90, 1, 0, 8, 0);
	expect("C 1 @0 rx bit/s 640000\n"
	       "C 1 @100 rx bit/s 640000\n"
	       "C 1 @200 rx bit/s 1280000\n"
	       "C 1 @300 rx bit/s 0\n"
	       "C 1 @400 rx bit/s 640000\n"
	       "C 1 @500 rx bit/s 640000\n"
	       "C 1 @600 rx bit/s 0\n"
	       "C 1 @9000 rx bit/s 640000\n"
	       "C 1 @9100 rx bit/s 0\n");
}

static void counts_drops_where_there_are_any(void **state)
{
	(void)state;
	start();
	add(0, 1, 1, 8, 0);
	add(1, 1, 1, 8, 3);
	add(2, 1, 1, 8, 4);
	add(3, 1, 1, 8, 0);
	add(4, 1, 1, 8, 0);
	/* Dropped, and nothing passed; idle follows. */
	add(5, 1, 1, 0, 9);
	add(7, 1, 1, 0, 1);
	expect("C 1 @0 tx bit/s 640000\n"
	       "C 1 @100 tx bit/s 640000\n"
	       "C 1 @100 tx drops 3\n"
	       "C 1 @200 tx bit/s 640000\n"
	       "C 1 @200 tx drops 4\n"
	       "C 1 @300 tx bit/s 640000\n"
	       "C 1 @300 tx drops 0\n"
	       "C 1 @400 tx bit/s 640000\n"
	       "C 1 @500 tx bit/s 0\n"
	       "C 1 @500 tx drops 9\n"
	       "C 1 @600 tx bit/s 0\n"
	       "C 1 @600 tx drops 0\n"
	       "C 1 @700 tx bit/s 0\n"
	       "C 1 @700 tx drops 1\n"
	       "C 1 @800 tx bit/s 0\n"
	       "C 1 @800 tx drops 0\n");
}

static void keeps_slots_and_directions_apart(void **state)
{
	(void)state;
	start();
	add(0, 1, 0, 8, 0);
	add(0, 1, 1, 16, 0);
	add(0, 300, 0, 24, 2);
	add(1, 1, 1, 16, 0);
	add(2, 1, 0, 8, 0);
	add(2, 2, 1, 8, 0);
	expect("C 1 @0 rx bit/s 640000\n"
	       "C 1 @0 tx bit/s 1280000\n"
	       "C 300 @0 rx bit/s 1920000\n"
	       "C 300 @0 rx drops 2\n"
	       "C 1 @100 tx bit/s 1280000\n"
	       "C 1 @100 rx bit/s 0\n"
	       "C 1 @200 rx bit/s 640000\n"
	       "C 2 @200 tx bit/s 640000\n"
	       /* The end of all that is still going on. */
	       "C 1 @300 rx bit/s 0\n"
	       "C 1 @200 tx bit/s 0\n"
	       "C 2 @300 tx bit/s 0\n"
	       "C 300 @100 rx bit/s 0\n"
	       "C 300 @100 rx drops 0\n");
}

static void tells_bursts(void **state)
{
	const struct burst burst = {
		.start_ns = ORIGIN + 3 * W,
		.end_ns = ORIGIN + 7 * W,
		.windows = 4,
		.traffic = {11, 12, 13, 14},
		.drops = 15,
		.peak_bps = 999940000,
		.mean_bps = 16,
		.threshold_bps = 17,
	};
	json_t *events, *wanted = json_loads("{\"bytes\": 12, \"packets\": 11, \"wire_bytes\": 14,"
					     " \"wire_packets\": 13, \"drops\": 15,"
					     " \"peak_bps\": 999940000, \"mean_bps\": 16,"
					     " \"threshold_bps\": 17}",
					     0, NULL);

	(void)state;
	start();
	trace_burst(trace, 4, DIRECTION_EGRESS, &burst);
	events = finish();
	assert_true(json_equal(json_object_get(json_array_get(events, 0), "args"), wanted));
	json_decref(events);
	json_decref(wanted);

	start();
	trace_burst(trace, 4, DIRECTION_INGRESS, &burst);
	trace_burst(trace, 4, DIRECTION_EGRESS, &burst);
	trace_burst(trace, 5, DIRECTION_INGRESS, &burst);
	expect("X 4.1 @300+400 peak 999.9 Mbit/s\n"
	       "X 4.2 @300+400 peak 999.9 Mbit/s\n"
	       "X 5.1 @300+400 peak 999.9 Mbit/s\n");
}

/* The ends of what lies side by side meet, whatever the nanoseconds. */
static void rounds_so_that_slices_meet(void **state)
{
	(void)state;
	start();
	for (uint64_t i = 0; i < 20; i++) {
		const struct burst burst = {.start_ns = ORIGIN + i * 1777,
					    .end_ns = ORIGIN + (i + 1) * 1777};

		trace_burst(trace, 1, DIRECTION_INGRESS, &burst);
	}
	json_t *events = finish(), *event;
	size_t i;
	json_int_t end = 0;

	json_array_foreach(events, i, event)
	{
		assert_int_equal(integer(event, "ts"), end);
		end += integer(event, "dur");
	}
	assert_int_equal(end, 20 * 1777 / 1000);
	json_decref(events);
}

static void tells_gaps(void **state)
{
	const struct window_gap gaps[] = {
		{ORIGIN + 1000, ORIGIN + 5999},
		{ORIGIN + 50000, ORIGIN + 90000},
		/* Of other CPUs: in part, within, the same, on its edge. */
		{ORIGIN + 60000, ORIGIN + 95000},
		{ORIGIN + 61000, ORIGIN + 70000},
		{ORIGIN + 61000, ORIGIN + 95000},
		{ORIGIN + 95000, ORIGIN + 96000}};

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++)
		assert_int_equal(trace_gap(trace, 1, &gaps[i]), 0);
	assert_int_equal(trace_gap(trace, 30, &gaps[1]), 0);
	assert_int_equal(trace_gap(trace, 2, &gaps[0]), 0);
	expect("X 1.3 @1+4 unknown\n"
	       "X 1.3 @50+40 unknown\n"
	       "X 1.3 @90+5 unknown\n"
	       "X 1.3 @95+1 unknown\n"
	       "X 30.3 @50+40 unknown\n"
	       "X 2.3 @1+4 unknown\n");
}

static void brings_what_was_before_to_the_start(void **state)
{
	const struct burst burst = {.start_ns = ORIGIN - 5 * W, .end_ns = ORIGIN + W};
	const struct burst older = {.start_ns = 0, .end_ns = ORIGIN - 6 * W};
	const struct window_gap gap = {0, ORIGIN + 1000};
	const struct window before = {ORIGIN - W / 2, 1, 0, {1, 1, 1, 8}, 0};

	(void)state;
	start();
	assert_int_equal(trace_window(trace, &before), 0);
	trace_burst(trace, 1, DIRECTION_INGRESS, &older);
	trace_burst(trace, 1, DIRECTION_INGRESS, &burst);
	assert_int_equal(trace_gap(trace, 1, &gap), 0);
	expect("C 1 @0 rx bit/s 640000\n"
	       "X 1.1 @0+0 peak 0 bit/s\n"
	       "X 1.1 @0+100 peak 0 bit/s\n"
	       "X 1.3 @0+1 unknown\n"
	       "C 1 @50 rx bit/s 0\n");
}

/* A trace that was cut off has whole events; viewers do without the last bracket. */
static void commits_events_one_by_one(void **state)
{
	char *text, whole[TEXT_SIZE];
	json_t *events;

	(void)state;
	start();
	add(0, 1, 0, 8, 0);
	add(1, 1, 0, 8, 2);
	assert_int_equal(sink_flush(capture.sink), 0);
	text = read_whole(capture.fd, NULL);
	snprintf(whole, sizeof(whole), "%s]", text);
	free(text);
	events = json_loads(whole, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(events), 3);
	json_decref(events);
	json_decref(finish());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_an_empty_array),
		cmocka_unit_test(names_tracks),
		cmocka_unit_test(survives_hostile_names),
		cmocka_unit_test(goes_back_to_zero_where_idle_follows),
		cmocka_unit_test(counts_drops_where_there_are_any),
		cmocka_unit_test(keeps_slots_and_directions_apart),
		cmocka_unit_test(tells_bursts),
		cmocka_unit_test(rounds_so_that_slices_meet),
		cmocka_unit_test(tells_gaps),
		cmocka_unit_test(brings_what_was_before_to_the_start),
		cmocka_unit_test(commits_events_one_by_one),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
