// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/compare: what is known of packets that go past a hook, or past a driver, accounts for as many and no more. */
#include "tests/unit/support.h"

#include "tests/unit/compare_run.h"

#define RX DIRECTION_INGRESS
#define TX DIRECTION_EGRESS
#define BYTES 100 /* of each packet */

/* So many packets of a run, at rest before and after. */
struct run_case {
	const char *what, *kind;
	enum direction direction;
	uint64_t probe, kernel;
	uint64_t drops, rx_dropped;
	struct waypoint_counts waypoints;
	struct compare_facts facts;
	enum compare_cause cause; /* COMPARE_NO_CAUSE: a mismatch */
	uint64_t evidence;
};

static struct compare_run run_of(const struct run_case *at)
{
	struct interface_counters counters = {0};
	struct compare_sample last = {0};

	counters.traffic[at->direction] = (struct traffic_counter){at->probe, at->probe * BYTES,
								   at->probe, at->probe * BYTES};
	last.early = last.before = last.after = last.late = counters;
	last.drops_early = last.drops_late = at->drops;
	last.waypoints_early = last.waypoints_late = at->waypoints;
	last.kernel = (struct rtnl_link_stats64){.rx_dropped = at->rx_dropped};
	return run_to(at->kind, at->direction, last, at->kernel, at->kernel * BYTES);
}

#define AT(waypoint, count)                             \
	{                                               \
		.packets[WAYPOINT_##waypoint] = (count) \
	}

static const struct run_case cases[] = {
	{"taken by tc", "veth", TX, 30, 20, 0, 0, AT(QUEUE, 20), {0}, COMPARE_TAKEN, 10},
	{"of a card", "", TX, 30, 20, 0, 0, AT(QUEUE, 20), {0}, COMPARE_TAKEN, 10},
	{"taken, and one more", "veth", TX, 30, 19, 0, 0, AT(QUEUE, 20), {0}, 0, 0},
	{"taken, and one less", "veth", TX, 30, 21, 0, 0, AT(QUEUE, 20), {0}, 0, 0},
	{"nothing was taken", "veth", TX, 30, 20, 0, 0, AT(QUEUE, 30), {0}, 0, 0},
	{"the probe has missed some", "veth", TX, 20, 30, 0, 0, AT(QUEUE, 30), {0}, 0, 0},
	{"drops are called so", "veth", TX, 30, 20, 10, 0, AT(QUEUE, 20), {0}, COMPARE_DROPPED, 10},
	{"taken, then dropped", "veth", TX, 30, 15, 5, 0, AT(QUEUE, 20), {0}, COMPARE_SEVERAL, 0},
	{"handed to it",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30,
		      [WAYPOINT_BACKLOG] = 30,
		      [WAYPOINT_BACKLOG_ENTRY] = 20}},
	 {0},
	 COMPARE_HANDED,
	 10},
	{"one fewer was handed",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30,
		      [WAYPOINT_BACKLOG] = 29,
		      [WAYPOINT_BACKLOG_ENTRY] = 20}},
	 {0},
	 0,
	 0},
	{"one more was handed",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30,
		      [WAYPOINT_BACKLOG] = 31,
		      [WAYPOINT_BACKLOG_ENTRY] = 20}},
	 {0},
	 0,
	 0},
	{"one more, for which there was no room",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 1,
	 {.packets = {[WAYPOINT_RECEIVE] = 30,
		      [WAYPOINT_BACKLOG] = 31,
		      [WAYPOINT_BACKLOG_ENTRY] = 20}},
	 {0},
	 COMPARE_HANDED,
	 11},
	{"heard by who sent it",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30, [WAYPOINT_LOOPED] = 10}},
	 {0},
	 COMPARE_LOOPED,
	 10},
	{"heard by who sent it, and one is missing",
	 "veth",
	 RX,
	 29,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30, [WAYPOINT_LOOPED] = 10}},
	 {0},
	 0,
	 0},
	{"sent, not heard",
	 "veth",
	 TX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 30, [WAYPOINT_LOOPED] = 10}},
	 {0},
	 0,
	 0},
	{"redirected by mirred",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30, [WAYPOINT_REDIRECTED] = 12}},
	 {0},
	 COMPARE_MIRRED,
	 12},
	{"too few redirected by mirred",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 {.packets = {[WAYPOINT_RECEIVE] = 30, [WAYPOINT_REDIRECTED] = 9}},
	 {0},
	 0,
	 0},
	{"by bpf_redirect_peer()",
	 "veth",
	 RX,
	 30,
	 20,
	 0,
	 0,
	 AT(RECEIVE, 20),
	 {0},
	 COMPARE_PEERED,
	 10},
	{"to a netkit", "netkit", RX, 30, 20, 0, 0, AT(RECEIVE, 20), {0}, COMPARE_PEERED, 10},
	{"a bond is no peer", "bridge", RX, 30, 20, 0, 0, AT(RECEIVE, 20), {0}, 0, 0},
	{"XDP has sent",
	 "veth",
	 TX,
	 20,
	 30,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 20, [WAYPOINT_XDP_SENT] = 10}},
	 {0},
	 COMPARE_XDP_SENT,
	 10},
	{"XDP has sent fewer",
	 "veth",
	 TX,
	 20,
	 30,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 20, [WAYPOINT_XDP_SENT] = 9}},
	 {.has_xdp = true, .sees_generic_xdp = true},
	 0,
	 0},
	{"or nobody tells how many",
	 "veth",
	 TX,
	 20,
	 30,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 20, [WAYPOINT_XDP_SENT] = 9}},
	 {.has_xdp = true},
	 COMPARE_XDP,
	 10},
	{"hardware does not tell",
	 "",
	 TX,
	 20,
	 30,
	 0,
	 0,
	 AT(QUEUE, 20),
	 {.has_xdp = true, .sees_generic_xdp = true},
	 COMPARE_XDP,
	 10},
	{"a packet socket",
	 "veth",
	 TX,
	 20,
	 30,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 20, [WAYPOINT_DIRECT] = 10}},
	 {0},
	 COMPARE_DIRECT,
	 10},
	{"both ways at once",
	 "veth",
	 TX,
	 30,
	 33,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 25, [WAYPOINT_XDP_SENT] = 8}},
	 {0},
	 COMPARE_SEVERAL,
	 0},
	{"both, and one more",
	 "veth",
	 TX,
	 30,
	 34,
	 0,
	 0,
	 {.packets = {[WAYPOINT_QUEUE] = 25, [WAYPOINT_XDP_SENT] = 8}},
	 {0},
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

		compare_judge(&run, at->direction, &at->facts, results);
		expect_number(at->what, results[COMPARE_PACKETS].verdict,
			      at->cause ? COMPARE_EXPLAINED : COMPARE_MISMATCH);
		expect_number(at->what, results[COMPARE_PACKETS].cause, at->cause);
		expect_number(at->what, results[COMPARE_PACKETS].evidence, at->evidence);
		if (at->cause)
			expect_number(at->what, results[COMPARE_BYTES].verdict, COMPARE_EXPLAINED);
	}
}

static void names_all_that_it_took(void **state)
{
	const struct run_case *at = &cases[ARRAY_SIZE(cases) - 2];
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run = run_of(at);

	(void)state;
	compare_judge(&run, at->direction, &at->facts, results);
	assert_int_equal(results[COMPARE_PACKETS].causes,
			 1 << COMPARE_TAKEN | 1 << COMPARE_XDP_SENT);
}

/*
 * While packets pass the readings of hook and waypoint are some time apart: what may be no more than that is not
 * evidence of anything.
 */
static void is_sure_of_what_was_taken(void **state)
{
	struct run_case at = {"busy", "veth", TX, 1000, 990, 0, 0, AT(QUEUE, 1005), {0}, 0, 0};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run = run_of(&at);

	(void)state;
	run.last.waypoints_early.packets[WAYPOINT_QUEUE] = 985;
	compare_judge(&run, TX, &at.facts, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MISMATCH);
	run.last.waypoints_late.packets[WAYPOINT_QUEUE] = 995;
	compare_judge(&run, TX, &at.facts, results);
	assert_int_equal(results[COMPARE_PACKETS].cause, COMPARE_TAKEN);
}

/* An ifb receives what passes its egress hook: so it is short of what was dropped behind that. */
static void asks_the_hook_that_an_ifb_has(void **state)
{
	struct run_case at = {"ifb", "ifb", TX, 30, 20, 10, 0, AT(QUEUE, 30), {0}, 0, 0};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run = run_of(&at);

	(void)state;
	run.last.kernel.rx_packets = run.last.kernel.tx_packets;
	run.last.kernel.rx_bytes = run.last.kernel.tx_bytes;
	compare_judge(&run, RX, &at.facts, results);
	assert_int_equal(results[COMPARE_PACKETS].cause, COMPARE_DROPPED);
	assert_int_equal(results[COMPARE_PACKETS].probe, 30);
	run.last.drops_early = run.last.drops_late = 9;
	compare_judge(&run, RX, &at.facts, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MISMATCH);
}

/* That there are GSO packets, of which it counts the segments, makes no more of a frame that XDP sent. */
static void counts_each_frame_of_xdp_once(void **state)
{
	struct run_case at = {"veth", "veth", TX, 30, 31, 0, 0, AT(QUEUE, 30), {0}, 0, 0};
	struct compare_result results[COMPARE_COUNTERS];
	struct traffic_counter *traffic;
	struct compare_run run;
	int missed;

	(void)state;
	for (missed = 0; missed < 2; missed++) {
		at.waypoints.packets[WAYPOINT_XDP_SENT] = 1;
		at.kernel = 331 + (uint64_t)missed;
		run = run_of(&at);
		traffic = &run.last.late.traffic[TX];
		traffic->wire_packets = 330;
		traffic->wire_bytes = 330 * BYTES;
		run.last.early = run.last.before = run.last.after = run.last.late;
		compare_judge(&run, TX, &at.facts, results);
		expect_number("XDP", results[COMPARE_PACKETS].cause,
			      missed ? COMPARE_NO_CAUSE : COMPARE_XDP_SENT);
	}
}

struct device_case {
	const char *kind;
	enum direction direction;
	struct rtnl_link_stats64 kernel; /* beside its counts */
	struct waypoint_counts waypoints;
	enum compare_cause cause;
};

/* Ten of thirty packets: what one kind of device says of them says nothing of another. */
static const struct device_case devices[] = {
	{"vxlan", TX, {.tx_errors = 10}, AT(QUEUE, 30), COMPARE_DROPPED},
	{"vxlan", TX, {.tx_errors = 4, .tx_dropped = 6}, AT(QUEUE, 30), COMPARE_DROPPED},
	{"vxlan", TX, {.tx_errors = 11}, AT(QUEUE, 30), 0},
	{"vxlan", TX, {.tx_errors = 9}, AT(QUEUE, 30), 0},
	{"", TX, {.tx_errors = 10}, AT(QUEUE, 30), 0},
	{"ifb", TX, {.rx_dropped = 10}, AT(QUEUE, 30), COMPARE_DROPPED},
	{"ifb", TX, {.rx_dropped = 9}, AT(QUEUE, 30), 0},
	{"veth", TX, {.rx_dropped = 10}, AT(QUEUE, 30), 0},
	{"bridge",
	 RX,
	 {0},
	 {.packets = {[WAYPOINT_BACKLOG] = 10, [WAYPOINT_BACKLOG_ENTRY] = 10}},
	 COMPARE_HANDED},
	{"bridge",
	 RX,
	 {0},
	 {.packets = {[WAYPOINT_BACKLOG] = 11, [WAYPOINT_BACKLOG_ENTRY] = 11}},
	 0},
	{"bridge",
	 RX,
	 {0},
	 {.packets = {[WAYPOINT_BACKLOG] = 10, [WAYPOINT_LOOPED] = 10}},
	 COMPARE_LOOPED},
	{"veth", RX, {0}, {.packets = {[WAYPOINT_BACKLOG] = 10, [WAYPOINT_BACKLOG_ENTRY] = 10}}, 0},
};

static void asks_each_device_as_it_tells(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device_case *at = &devices[i];
		struct run_case its = {at->kind, at->kind,      at->direction, 30,        20, 0,
				       0,        at->waypoints, {0},           at->cause, 10};
		bool has_no_header = !strcmp(at->kind, "bridge") || !strcmp(at->kind, "vxlan");
		struct compare_run run;

		its.waypoints.packets[WAYPOINT_RECEIVE] = at->direction == RX ? 30 : 0;
		run = run_of(&its);
		run.last.kernel.tx_errors = at->kernel.tx_errors;
		run.last.kernel.tx_dropped = at->kernel.tx_dropped;
		run.last.kernel.rx_dropped = at->kernel.rx_dropped;
		run.last.kernel.rx_bytes -= has_no_header * run.last.kernel.rx_packets * 14;
		run.last.kernel.tx_bytes -= has_no_header * run.last.kernel.tx_packets * 14;
		compare_judge(&run, at->direction, &its.facts, results);
		expect_number(at->kind, results[COMPARE_PACKETS].cause, at->cause);
		expect_number(at->kind, results[COMPARE_BYTES].cause, at->cause);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_for_no_more),
		cmocka_unit_test(names_all_that_it_took),
		cmocka_unit_test(is_sure_of_what_was_taken),
		cmocka_unit_test(asks_the_hook_that_an_ifb_has),
		cmocka_unit_test(asks_each_device_as_it_tells),
		cmocka_unit_test(counts_each_frame_of_xdp_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
