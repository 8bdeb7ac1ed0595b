// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/compare: what becomes of packets between hook and count, by kind of device: as many and no more. */
#include "tests/unit/support.h"

#include <linux/if_ether.h>

#include "tests/unit/compare_run.h"

#define RX DIRECTION_INGRESS
#define TX DIRECTION_EGRESS

/* Of a run, at rest before and after. */
struct run_case {
	const char *what, *kind;
	enum direction direction;
	struct traffic_counter probe;
	uint64_t packets, bytes; /* of the kernel */
	struct waypoint_counts waypoints;
	struct compare_facts facts;
	uint64_t filtered;
	enum compare_cause cause; /* COMPARE_NO_CAUSE: a mismatch */
};

static struct compare_run run_of(const struct run_case *at)
{
	struct interface_counters counters = {0};
	struct compare_sample last = {0};

	counters.traffic[at->direction] = at->probe;
	last.early = last.before = last.after = last.late = counters;
	last.waypoints_early = last.waypoints_late = at->waypoints;
	last.filtered_early = last.filtered_late = at->filtered;
	last.ports_early[COMPARE_PACKETS] = last.ports_late[COMPARE_PACKETS] = 30;
	last.ports_early[COMPARE_BYTES] = last.ports_late[COMPARE_BYTES] = 2580;
	return run_to(at->kind, at->direction, last, at->packets, at->bytes);
}

#define SAME(packets, bytes)                           \
	{                                              \
		(packets), (bytes), (packets), (bytes) \
	}
#define QUEUED(count)                              \
	{                                          \
		.packets[WAYPOINT_QUEUE] = (count) \
	}
#define RECEIVED(count, waypoint, also)                                                     \
	{                                                                                   \
		.packets = { [WAYPOINT_RECEIVE] = (count), [WAYPOINT_##waypoint] = (also) } \
	}
#define DRIVEN(queued, driven, bytes_of_driver)                                         \
	{                                                                               \
		.packets = {[WAYPOINT_QUEUE] = (queued), [WAYPOINT_DRIVER] = (driven)}, \
		.driver_bytes = (bytes_of_driver)                                       \
	}
#define REMOTES(n)             \
	{                      \
		.remotes = (n) \
	}
#define PROXY                              \
	{                                  \
		.answers_neighbours = true \
	}
#define ASKED(queued, asked)                                                           \
	{                                                                              \
		.packets = { [WAYPOINT_QUEUE] = (queued), [WAYPOINT_ASKED] = (asked) } \
	}

static const struct run_case cases[] = {
	/* Thirty of 100 bytes, of which the other end polled for ten. */
	{"polled", "veth", TX, SAME(30, 3000), 30, 2860, QUEUED(30), {0}, 0, COMPARE_POLLED},
	{"a packet too few", "veth", TX, SAME(29, 2900), 30, 2860, QUEUED(30), {0}, 0, 0},
	{"a packet too many", "veth", TX, SAME(31, 3100), 30, 2860, QUEUED(31), {0}, 0, 0},
	{"no whole headers", "veth", TX, SAME(30, 3000), 30, 2859, QUEUED(30), {0}, 0, 0},
	{"more than all", "veth", TX, SAME(30, 3000), 30, 3000 - 31 * 14, QUEUED(30), {0}, 0, 0},
	{"of a card", "tun", TX, SAME(30, 3000), 30, 2860, QUEUED(30), {0}, 0, 0},
	{"received",
	 "veth",
	 RX,
	 SAME(30, 3000),
	 30,
	 2860,
	 RECEIVED(30, BACKLOG_ENTRY, 20),
	 {0},
	 0,
	 COMPARE_POLLED},
	{"not for so many",
	 "veth",
	 RX,
	 SAME(30, 3000),
	 30,
	 2860,
	 RECEIVED(30, BACKLOG_ENTRY, 21),
	 {0},
	 0,
	 0},
	{"for more",
	 "veth",
	 RX,
	 SAME(30, 3000),
	 30,
	 2860,
	 RECEIVED(30, BACKLOG_ENTRY, 19),
	 {0},
	 0,
	 0},
	/* Two GSO packets whole, two that GRO made of ten segments each. */
	{"received whole, and in part",
	 "veth",
	 RX,
	 {4, 20000, 40, 22000},
	 22,
	 21000 - 20 * 14,
	 RECEIVED(4, BACKLOG_ENTRY, 2),
	 {0},
	 0,
	 COMPARE_POLLED},
	{"and one that the probe lost",
	 "veth",
	 RX,
	 {3, 19000, 30, 21000},
	 22,
	 21000 - 20 * 14,
	 RECEIVED(4, BACKLOG_ENTRY, 2),
	 {0},
	 0,
	 0},
	/* Cut into three each, before the other end polled. */
	{"cut, and polled",
	 "veth",
	 TX,
	 {20, 20000, 60, 22000},
	 40,
	 21000 - 30 * 14,
	 DRIVEN(20, 40, 21000),
	 {0},
	 0,
	 COMPARE_SEVERAL},
	{"cut, polled, one lost",
	 "veth",
	 TX,
	 {19, 19000, 57, 20900},
	 40,
	 21000 - 30 * 14,
	 DRIVEN(20, 40, 21000),
	 {0},
	 0,
	 0},
	/* A tag on each of twenty. */
	{"tagged",
	 "veth",
	 TX,
	 {20, 20000, 60, 22000},
	 20,
	 20080,
	 DRIVEN(20, 20, 20080),
	 {0},
	 0,
	 COMPARE_RESIZED},
	{"tagged, not by so much",
	 "veth",
	 TX,
	 {20, 20000, 60, 22000},
	 20,
	 20081,
	 DRIVEN(20, 20, 20080),
	 {0},
	 0,
	 0},
	{"tagged, one lost",
	 "veth",
	 TX,
	 {19, 19000, 57, 21000},
	 20,
	 20080,
	 DRIVEN(20, 20, 20080),
	 {0},
	 0,
	 0},
	{"a tag taken off",
	 "veth",
	 RX,
	 {20, 20000, 60, 22000},
	 20,
	 20080,
	 RECEIVED(20, TAGGED, 20),
	 {0},
	 0,
	 COMPARE_TAGGED},
	{"off fewer",
	 "veth",
	 RX,
	 {20, 20000, 60, 22000},
	 20,
	 20080,
	 RECEIVED(20, TAGGED, 19),
	 {0},
	 0,
	 0},
	/* Of 30 packets ten went to three remotes. */
	{"copied", "vxlan", TX, SAME(30, 3000), 50, 5000 - 50 * 14, QUEUED(30), REMOTES(3), 0,
	 COMPARE_COPIED},
	{"one remote", "vxlan", TX, SAME(30, 3000), 50, 5000 - 50 * 14, QUEUED(30), REMOTES(1), 0,
	 0},
	{"more copies", "vxlan", TX, SAME(30, 3000), 91, 9100 - 91 * 14, QUEUED(30), REMOTES(3), 0,
	 0},
	{"copied, one lost", "vxlan", TX, SAME(29, 2900), 50, 5000 - 50 * 14, QUEUED(30),
	 REMOTES(3), 0, 0},
	{"other devices send no copies", "veth", TX, SAME(30, 3000), 50, 5000, QUEUED(30),
	 REMOTES(3), 0, 0},
	{"answered", "vxlan", TX, SAME(30, 3000), 25, 2500 - 25 * 14, ASKED(30, 5), PROXY, 0,
	 COMPARE_ANSWERED},
	{"one was not asked", "vxlan", TX, SAME(30, 3000), 25, 2500 - 25 * 14, ASKED(30, 4), PROXY,
	 0, 0},
	{"one was not answered", "vxlan", TX, SAME(30, 3000), 25, 2500 - 25 * 14, ASKED(30, 6),
	 PROXY, 0, 0},
	{"no proxy", "vxlan", TX, SAME(30, 3000), 25, 2500 - 25 * 14, ASKED(30, 5), {0}, 0, 0},
	/* Received ten more than came to the hook. */
	{"filtered",
	 "bridge",
	 RX,
	 SAME(20, 2000),
	 30,
	 3000 - 30 * 14,
	 RECEIVED(20, BACKLOG, 0),
	 {0},
	 10,
	 COMPARE_FILTERED},
	{"fewer filtered",
	 "bridge",
	 RX,
	 SAME(20, 2000),
	 30,
	 3000 - 30 * 14,
	 RECEIVED(20, BACKLOG, 0),
	 {0},
	 9,
	 0},
	{"filtered, one lost",
	 "bridge",
	 RX,
	 SAME(19, 1900),
	 30,
	 3000 - 30 * 14,
	 RECEIVED(20, BACKLOG, 0),
	 {0},
	 11,
	 0},
	{"filtered elsewhere",
	 "veth",
	 RX,
	 SAME(20, 2000),
	 30,
	 3000,
	 RECEIVED(20, BACKLOG, 0),
	 {0},
	 10,
	 0},
	{"a vrf's ports", "vrf", RX, SAME(0, 0), 28, 2400, {{0}}, {0}, 0, COMPARE_BY_PORTS},
	{"a packet more", "vrf", RX, SAME(0, 0), 31, 2400, {{0}}, {0}, 0, 0},
	{"a byte more", "vrf", RX, SAME(0, 0), 30, 2581, {{0}}, {0}, 0, 0},
	{"ports of no vrf", "tun", RX, SAME(0, 0), 28, 2400, {{0}}, {0}, 0, 0},
	/* XDP made them longer; it made nothing shorter that it was not to see. */
	{"grown",
	 "veth",
	 RX,
	 SAME(20, 2160),
	 20,
	 2000,
	 RECEIVED(20, BACKLOG, 0),
	 {.has_xdp = true},
	 0,
	 COMPARE_XDP},
	{"without XDP", "veth", RX, SAME(20, 2160), 20, 2000, RECEIVED(20, BACKLOG, 0), {0}, 0, 0},
	{"packets that XDP cannot make",
	 "veth",
	 RX,
	 SAME(21, 2160),
	 20,
	 2000,
	 RECEIVED(21, BACKLOG, 0),
	 {.has_xdp = true},
	 0,
	 0},
};

static void accounts_for_no_more(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct run_case *at = &cases[i];
		struct compare_run run = run_of(at);
		bool is_mismatch;

		compare_judge(&run, at->direction, &at->facts, results);
		is_mismatch = results[COMPARE_PACKETS].verdict == COMPARE_MISMATCH ||
			      results[COMPARE_BYTES].verdict == COMPARE_MISMATCH;
		expect_number(at->what, is_mismatch, !at->cause);
		if (at->cause)
			expect_number(at->what, results[COMPARE_BYTES].cause, at->cause);
	}
}

static void names_polling_where_it_takes_it(void **state)
{
	static const struct run_case at = {
		"cut, and polled",     "veth", TX, {20, 20000, 60, 22000}, 40, 21000 - 30 * 14,
		DRIVEN(20, 40, 21000), {0},    0,  COMPARE_SEVERAL};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run = run_of(&at);

	(void)state;
	compare_judge(&run, TX, &at.facts, results);
	assert_int_equal(results[COMPARE_BYTES].causes,
			 1 << COMPARE_GSO_IN_PART | 1 << COMPARE_POLLED);
}

/* Of 30 packets tc took three; XDP sent 20, and of five more the device said that it had no room for them. */
static void takes_no_frame_of_xdp_for_a_packet(void **state)
{
	struct run_case at = {"XDP",      "veth", TX, SAME(30, 3000), 47, 4700,
			      QUEUED(27), {0},    0,  COMPARE_SEVERAL};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run;

	(void)state;
	at.waypoints.packets[WAYPOINT_XDP_SENT] = 20;
	run = run_of(&at);
	run.last.kernel.tx_dropped = 5;
	compare_judge(&run, TX, &at.facts, results);
	assert_int_equal(results[COMPARE_PACKETS].cause, COMPARE_SEVERAL);
	run.last.kernel.tx_packets++;
	compare_judge(&run, TX, &at.facts, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MISMATCH);
}

/* A million packets of 1000 bytes from these counts of the kernel's on, of which the probe has `lost` some. */
static void judge_from(uint64_t packets, uint64_t bytes, uint64_t lost,
		       struct compare_result results[COMPARE_COUNTERS])
{
	static const struct compare_facts none;
	const uint64_t count = 1000000 - lost;
	struct compare_sample first = {0}, last = {.at_ns = 1000};
	struct interface_counters counters = {.traffic[TX] = SAME(count, count * 1000)};
	struct compare_run run;

	first.kernel = (struct rtnl_link_stats64){.tx_packets = packets, .tx_bytes = bytes};
	last.kernel = (struct rtnl_link_stats64){.tx_packets = packets + 1000000,
						 .tx_bytes = bytes + 1000000000};
	last.early = last.before = last.after = last.late = counters;
	compare_start(&run, "tun", false);
	compare_add(&run, &first);
	compare_add(&run, &last);
	compare_judge(&run, TX, &none, results);
}

/* 2^32 is a number like any other; past 2^64 counters begin anew, and what they had is not guessed. */
static void counts_across_the_end_of_numbers(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];

	(void)state;
	judge_from(UINT32_MAX - 500, UINT32_MAX - 500, 0, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MATCH);
	assert_int_equal(results[COMPARE_BYTES].verdict, COMPARE_MATCH);
	judge_from(UINT32_MAX - 500, UINT32_MAX - 500, 1, results);
	assert_int_equal(results[COMPARE_PACKETS].difference, 1);
	assert_int_equal(results[COMPARE_BYTES].verdict, COMPARE_MISMATCH);
	judge_from(UINT64_MAX - 1000000, UINT64_MAX - 1000000000, 0, results);
	assert_int_equal(results[COMPARE_BYTES].verdict, COMPARE_MATCH);
	judge_from(UINT64_MAX - 1000000, UINT64_MAX - 1000000000, 1, results);
	assert_int_equal(results[COMPARE_BYTES].verdict, COMPARE_MISMATCH);
	judge_from(0, UINT64_MAX - 500, 0, results);
	assert_int_equal(results[COMPARE_BYTES].cause, COMPARE_TOO_SHORT);
	assert_false(results[COMPARE_BYTES].has_bounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_for_no_more),
		cmocka_unit_test(names_polling_where_it_takes_it),
		cmocka_unit_test(takes_no_frame_of_xdp_for_a_packet),
		cmocka_unit_test(counts_across_the_end_of_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
