// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "model/compare.h"

#define RX DIRECTION_INGRESS
#define TX DIRECTION_EGRESS

/* What one direction counts: of the probe, and what the kernel says of it. */
struct counts {
	uint64_t packets, bytes, wire_packets, wire_bytes;
	uint64_t kernel_packets, kernel_bytes;
};

static struct interface_counters probe_of(const struct counts *rx, const struct counts *tx)
{
	return (struct interface_counters){
		.traffic = {{rx->packets, rx->bytes, rx->wire_packets, rx->wire_bytes},
			    {tx->packets, tx->bytes, tx->wire_packets, tx->wire_bytes}}};
}

/* At rest: all four readings of the probe are the same. */
static struct compare_sample quiet(uint64_t at_ns, const struct counts *rx, const struct counts *tx)
{
	struct interface_counters probe = probe_of(rx, tx);
	struct waypoint_counts waypoints = {
		.packets = {[WAYPOINT_QUEUE] = tx->packets, [WAYPOINT_RECEIVE] = rx->packets}};

	return (struct compare_sample){
		.at_ns = at_ns,
		.waypoints_early = waypoints,
		.waypoints_late = waypoints,
		.early = probe,
		.before = probe,
		.after = probe,
		.late = probe,
		.kernel = {.rx_packets = rx->kernel_packets,
			   .rx_bytes = rx->kernel_bytes,
			   .tx_packets = tx->kernel_packets,
			   .tx_bytes = tx->kernel_bytes},
	};
}

static const struct counts nothing;

/* A run from nothing at all to `counts` in one direction, at rest at both ends. */
static struct compare_run run_of(const char *kind, enum direction direction,
				 const struct counts *counts)
{
	const struct counts *rx = direction == RX ? counts : &nothing;
	const struct counts *tx = direction == TX ? counts : &nothing;
	struct compare_sample first = quiet(0, &nothing, &nothing), last = quiet(1000, rx, tx);
	struct compare_run run;

	compare_start(&run, kind, !strcmp(kind, "lo"));
	compare_add(&run, &first);
	compare_add(&run, &last);
	return run;
}

static void judge(const struct compare_run *run, enum direction direction,
		  const struct compare_facts *facts, struct compare_result *results)
{
	static const struct compare_facts none;

	compare_judge(run, direction, facts ? facts : &none, results);
}

struct fit_case {
	const char *what, *kind;
	enum direction direction;
	struct counts counts;
	bool is_wire;
	int extra;
	bool is_rule;
};

static void finds_what_a_device_counts(void **state)
{
	static const struct fit_case cases[] = {
		{"veth, whole skbs", "veth", TX, {10, 5000, 30, 7000, 10, 5000}, false, 0, true},
		{"veth, cut", "veth", TX, {10, 5000, 30, 7000, 30, 7000}, true, 0, true},
		{"veth that polls", "veth", RX, {10, 5000, 30, 7000, 30, 6580}, true, -14, true},
		{"lo", "lo", RX, {10, 5000, 30, 7000, 10, 4860}, false, -14, true},
		{"lo, cut", "lo", TX, {10, 5000, 30, 7000, 30, 6580}, true, -14, true},
		{"bridge in", "bridge", RX, {10, 5000, 10, 5000, 10, 4860}, false, -14, true},
		{"bridge out", "bridge", TX, {10, 5000, 10, 5000, 10, 5000}, false, 0, true},
		{"tun", "tun", TX, {10, 5000, 30, 7000, 30, 7000}, true, 0, true},
		{"vxlan", "vxlan", TX, {10, 5000, 30, 7000, 10, 4860}, false, -14, true},
		{"a card", "", RX, {10, 5000, 30, 7000, 30, 7000}, true, 0, false},
		{"a card that counts FCS", "", RX, {10, 5000, 30, 7000, 30, 7120}, true, 4, false},
	};
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fit_case *at = &cases[i];
		struct compare_run run = run_of(at->kind, at->direction, &at->counts);
		struct compare_result results[COMPARE_COUNTERS];

		judge(&run, at->direction, NULL, results);
		for (c = 0; c < COMPARE_COUNTERS; c++) {
			const struct compare_result *result = &results[c];

			expect_number(at->what, result->verdict, COMPARE_MATCH);
			expect_number(at->what, result->basis.is_wire, at->is_wire);
			expect_number(at->what, (uint64_t)result->basis.extra, (uint64_t)at->extra);
			expect_number(at->what, result->is_rule, at->is_rule);
			expect_number(at->what, result->is_sole, true);
			expect_number(at->what, result->low, result->kernel);
			expect_number(at->what, result->high, result->kernel);
			expect_number(at->what, result->probe, result->kernel);
			expect_number(at->what, (uint64_t)result->difference, 0);
		}
		expect_number(at->what, results[COMPARE_PACKETS].kernel, at->counts.kernel_packets);
		expect_number(at->what, results[COMPARE_BYTES].kernel, at->counts.kernel_bytes);
	}
}

/* A kind is held to what it is known to do, though another basis would fit. */
static void does_not_bend_the_rule(void **state)
{
	static const struct {
		const char *kind;
		enum direction direction;
		struct counts counts;
	} cases[] = {
		{"tun", RX, {10, 5000, 10, 5000, 10, 4860}},
		{"lo", RX, {10, 5000, 10, 5000, 10, 5000}},
		{"lo", RX, {10, 5000, 30, 7000, 30, 6580}},
		{"vxlan", TX, {10, 5000, 10, 5000, 10, 5000}},
		{"veth", TX, {10, 5000, 10, 5000, 10, 5040}},
		{"bridge", RX, {10, 5000, 10, 5000, 10, 5000}},
	};
	struct compare_result results[COMPARE_COUNTERS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compare_run run =
			run_of(cases[i].kind, cases[i].direction, &cases[i].counts);

		judge(&run, cases[i].direction, NULL, results);
		expect_number(cases[i].kind, results[COMPARE_BYTES].verdict, COMPARE_MISMATCH);
		assert_true(results[COMPARE_BYTES].difference != 0);
	}
}

/* The packets alone do not tell, nor do bytes that add up by chance. */
static void is_not_fooled_by_one_counter(void **state)
{
	/* Bytes of segments, packets of skbs. */
	static const struct counts mixed = {10, 5000, 30, 7000, 10, 7000};
	struct compare_run run = run_of("", TX, &mixed);
	struct compare_result results[COMPARE_COUNTERS];

	(void)state;
	judge(&run, TX, NULL, results);
	assert_int_equal(results[COMPARE_PACKETS].verdict, COMPARE_MATCH);
	assert_int_equal(results[COMPARE_BYTES].verdict, COMPARE_MISMATCH);
	/* By skbs with FCS it is nearest. */
	assert_int_equal(results[COMPARE_BYTES].difference, 1960);
}

static void sees_one_packet_in_a_million(void **state)
{
	static const struct counts lost = {999999,    999999000, 999999,
					   999999000, 1000000,   1000000000};
	static const char *const kinds[] = {"veth", "tun", "", "macvlan", "bridge"};
	struct compare_result results[COMPARE_COUNTERS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct compare_run run = run_of(kinds[i], TX, &lost);

		judge(&run, TX, NULL, results);
		expect_number(kinds[i], results[COMPARE_PACKETS].verdict, COMPARE_MISMATCH);
		expect_number(kinds[i], results[COMPARE_BYTES].verdict, COMPARE_MISMATCH);
		expect_number(kinds[i], (uint64_t)results[COMPARE_PACKETS].difference, 1);
		expect_number(kinds[i], (uint64_t)results[COMPARE_BYTES].difference, 1000);
	}
}

/* Counts of the probe that pass on while it is read: `packets` of 100 bytes each. */
static struct interface_counters at(uint64_t packets)
{
	struct traffic_counter traffic = {packets, packets * 100, packets, packets * 100};

	return (struct interface_counters){.traffic = {traffic, traffic}};
}

static struct compare_sample busy(uint64_t early, uint64_t before, uint64_t after, uint64_t late,
				  uint64_t kernel)
{
	return (struct compare_sample){
		.early = at(early),
		.before = at(before),
		.after = at(after),
		.late = at(late),
		.kernel = {.rx_packets = kernel,
			   .rx_bytes = kernel * 100,
			   .tx_packets = kernel,
			   .tx_bytes = kernel * 100},
	};
}

/*
 * From (100, 110, 120, 130) to (1000, 1010, 1020, 1030): sent, at least 1000 - 120 and at most 1020 - 100;
 * received, at least 1010 - 130 and at most 1030 - 110.
 */
static void bounds_what_the_probe_counted(void **state)
{
	static const struct {
		enum direction direction;
		uint64_t kernel;
		int64_t difference;
	} cases[] = {
		{TX, 880, 0}, {TX, 920, 0}, {TX, 879, -1}, {TX, 921, 1},
		{RX, 880, 0}, {RX, 920, 0}, {RX, 879, -1}, {RX, 930, 10},
	};
	struct compare_result results[COMPARE_COUNTERS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct compare_sample first = busy(100, 110, 120, 130, 5000);
		struct compare_sample last = busy(1000, 1010, 1020, 1030, 5000 + cases[i].kernel);
		struct compare_run run;

		compare_start(&run, "veth", false);
		compare_add(&run, &first);
		compare_add(&run, &last);
		judge(&run, cases[i].direction, NULL, results);
		expect_number("low", results[0].low, 880);
		expect_number("high", results[0].high, 920);
		expect_number("probe", results[0].probe, 900);
		expect_number("kernel", results[0].kernel, cases[i].kernel);
		expect_number("difference", (uint64_t)results[0].difference,
			      (uint64_t)cases[i].difference);
		expect_number("verdict", results[0].verdict,
			      cases[i].difference ? COMPARE_MISMATCH : COMPARE_MATCH);
	}
}

/*
 * The bounds of a short run may hold several bases; an interval in which only one fits decides, and then the run is
 * held to all of it.
 */
static void intervals_decide_between_bases(void **state)
{
	struct compare_sample first = busy(0, 0, 0, 0, 0), last = busy(80, 80, 120, 120, 100);
	struct counts then = {200, 20000, 200, 20000, 200, 17200};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_sample middle;
	struct compare_run run;

	(void)state;
	compare_start(&run, "", false);
	compare_add(&run, &first);
	compare_add(&run, &last);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[1].verdict, COMPARE_MATCH);
	assert_false(results[1].is_sole);

	/* 100 bytes a packet less 14, at rest; then as before, and some more at wide bounds. */
	compare_start(&run, "", false);
	compare_add(&run, &first);
	middle = quiet(1, &then, &then);
	compare_add(&run, &middle);
	last = busy(280, 280, 320, 320, 0);
	last.kernel = (struct rtnl_link_stats64){300, 300, 25800, 25800};
	compare_add(&run, &last);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[1].verdict, COMPARE_MATCH);
	assert_true(results[1].is_sole);
	assert_int_equal(results[1].basis.extra, -14);
}

struct cause_case {
	const char *what, *kind;
	enum direction direction;
	struct counts counts;
	uint64_t drops, multicast;
	struct compare_facts facts;
	enum compare_verdict verdict; /* of the packets; the bytes' is the same where they differ */
	enum compare_verdict bytes;
	enum compare_cause cause;
	uint64_t evidence;
	uint64_t waited, waited_bytes, waits, waits_bytes; /* at the beginning, at the end */
	uint64_t own_drops;
};

#define MATCH COMPARE_MATCH
#define EXPLAINED COMPARE_EXPLAINED
#define MISMATCH COMPARE_MISMATCH

static const struct cause_case cause_cases[] = {
	{"drops",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 7, 3500},
	 3,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_DROPPED,
	 3},
	{"more than was dropped",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 6, 3000},
	 3,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"less than was dropped",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 8, 4000},
	 3,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"drops of no bytes",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 7, 5000},
	 3,
	 0,
	 {0},
	 MISMATCH,
	 MATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"drops on the way in are none",
	 "tun",
	 RX,
	 {10, 5000, 10, 5000, 7, 3500},
	 3,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"GSO skbs dropped whole",
	 "tun",
	 TX,
	 {10, 50000, 50, 52000, 40, 41600},
	 2,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_DROPPED,
	 2},
	{"XDP",
	 "veth",
	 RX,
	 {10, 5000, 10, 5000, 15, 7500},
	 0,
	 0,
	 {.has_xdp = true},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_XDP,
	 5},
	{"no XDP",
	 "veth",
	 RX,
	 {10, 5000, 10, 5000, 15, 7500},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"XDP makes no packets",
	 "veth",
	 RX,
	 {10, 5000, 10, 5000, 9, 4500},
	 0,
	 0,
	 {.has_xdp = true},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"multicast",
	 "macvlan",
	 RX,
	 {10, 5000, 10, 5000, 10, 5028},
	 0,
	 3,
	 {0},
	 MATCH,
	 EXPLAINED,
	 COMPARE_MACVLAN_MULTICAST,
	 2},
	{"too little multicast",
	 "macvlan",
	 RX,
	 {10, 5000, 10, 5000, 10, 5028},
	 0,
	 1,
	 {0},
	 MATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"not by the header",
	 "macvlan",
	 RX,
	 {10, 5000, 10, 5000, 10, 5027},
	 0,
	 3,
	 {0},
	 MATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"multicast of a tap",
	 "tun",
	 RX,
	 {10, 5000, 10, 5000, 10, 5028},
	 0,
	 3,
	 {0},
	 MATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"what waits",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 7, 3500},
	 0,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_QUEUED,
	 3,
	 0,
	 0,
	 3,
	 1500},
	{"more than waits",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 6, 3000},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0,
	 0,
	 0,
	 3,
	 1500},
	{"more bytes than wait",
	 "tun",
	 TX,
	 {10, 5000, 10, 5000, 7, 3499},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0,
	 0,
	 0,
	 3,
	 1500},
	{"nothing waits to be received",
	 "veth",
	 RX,
	 {10, 5000, 10, 5000, 7, 3500},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0,
	 0,
	 0,
	 3,
	 1500},
	{"what had waited",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 12, 6000},
	 0,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_QUEUED,
	 2,
	 2,
	 1000},
	{"more than had waited",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 13, 6000},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0,
	 2,
	 1000},
	{"drops of what waits",
	 "veth",
	 TX,
	 {10, 5000, 10, 5000, 4, 2000},
	 4,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_SEVERAL,
	 0,
	 0,
	 0,
	 2,
	 1000},
	{"a card that puts some together",
	 "",
	 RX,
	 {10, 15000, 30, 16080, 20, 15540},
	 0,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_GSO_IN_PART,
	 10},
	{"headers that are none",
	 "",
	 RX,
	 {10, 15000, 30, 16080, 20, 15100},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"more than segments",
	 "",
	 RX,
	 {10, 15000, 30, 16080, 31, 16180},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"a veth does not",
	 "veth",
	 RX,
	 {10, 15000, 30, 16080, 20, 15540},
	 0,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0},
	{"drops of the device's own",
	 "macvlan",
	 TX,
	 {10, 5000, 10, 5000, 7, 3500},
	 0,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_DROPPED,
	 3,
	 0,
	 0,
	 0,
	 0,
	 3},
	{"the same drops told by both",
	 "tun",
	 TX,
	 {10, 5000, 10, 5000, 7, 3500},
	 3,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_DROPPED,
	 3,
	 0,
	 0,
	 0,
	 0,
	 3},
	{"drops told by either",
	 "tun",
	 TX,
	 {10, 5000, 10, 5000, 5, 2500},
	 2,
	 0,
	 {0},
	 EXPLAINED,
	 EXPLAINED,
	 COMPARE_DROPPED,
	 3,
	 0,
	 0,
	 0,
	 0,
	 3},
	{"one more than either can be",
	 "tun",
	 TX,
	 {10, 5000, 10, 5000, 8, 4000},
	 2,
	 0,
	 {0},
	 MISMATCH,
	 MISMATCH,
	 COMPARE_NO_CAUSE,
	 0,
	 0,
	 0,
	 0,
	 0,
	 3},
};

static void explains_by_evidence_alone(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cause_cases); i++) {
		const struct cause_case *at = &cause_cases[i];
		struct compare_run run = run_of(at->kind, at->direction, &at->counts);

		run.last.drops_early = run.last.drops_late = at->drops;
		run.last.kernel.multicast = at->multicast;
		run.last.kernel.tx_dropped = at->own_drops;
		run.first.queued[COMPARE_PACKETS] = at->waited;
		run.first.queued[COMPARE_BYTES] = at->waited_bytes;
		run.last.queued[COMPARE_PACKETS] = at->waits;
		run.last.queued[COMPARE_BYTES] = at->waits_bytes;
		judge(&run, at->direction, &at->facts, results);
		expect_number(at->what, results[0].verdict, at->verdict);
		expect_number(at->what, results[1].verdict, at->bytes);
		for (c = 0; c < COMPARE_COUNTERS; c++) {
			bool is_explained = results[c].verdict == EXPLAINED;

			expect_number(at->what, results[c].cause,
				      is_explained ? at->cause : COMPARE_NO_CAUSE);
			expect_number(at->what, results[c].evidence,
				      is_explained ? at->evidence : 0);
		}
	}
}

/* What goes out over lo comes in: where GSO skbs were cut in part, the other hook has the number. */
/* Some GSO skbs were cut for lo, the others not: the device counts what came to it. */
static void tells_what_was_cut_in_part(void **state)
{
	struct counts rx = {20, 6000, 30, 7000, 20, 5720}, tx = {10, 5000, 30, 7000, 20, 5720};
	struct compare_sample first = quiet(0, &nothing, &nothing), last = quiet(1, &rx, &tx);
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run;

	(void)state;
	last.waypoints_early.packets[WAYPOINT_DRIVER] = 20;
	last.waypoints_early.driver_bytes = 6000;
	last.waypoints_late = last.waypoints_early;
	compare_start(&run, "", true);
	compare_add(&run, &first);
	compare_add(&run, &last);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_EXPLAINED);
	assert_int_equal(results[0].cause, COMPARE_GSO_IN_PART);
	assert_int_equal(results[0].kernel, 20);
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MATCH);
	/* But not if the egress hook has missed one, or the device a byte. */
	run.last.waypoints_early.packets[WAYPOINT_QUEUE]++;
	judge(&run, TX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
	run.last.waypoints_early.packets[WAYPOINT_QUEUE]--;
	run.last.kernel.tx_bytes--;
	judge(&run, TX, NULL, results);
	assert_int_equal(results[1].verdict, COMPARE_MISMATCH);

	/* Without GSO there is nothing to cut: one that the egress hook missed is missed. */
	rx = (struct counts){20, 6000, 20, 6000, 20, 5720};
	tx = (struct counts){19, 5900, 19, 5900, 20, 5720};
	last = quiet(1, &rx, &tx);
	compare_start(&run, "", true);
	compare_add(&run, &first);
	compare_add(&run, &last);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
	assert_int_equal(results[0].difference, 1);
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MATCH);
}

/* A tun's queue, which holds 5. */
static void knows_what_a_reader_has_not_read(void **state)
{
	const struct compare_facts facts = {.txqlen = 5};
	struct counts counts = {20, 2000, 20, 2000, 15, 1500};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run = run_of("tun", TX, &counts);

	(void)state;
	judge(&run, TX, &facts, results);
	assert_int_equal(results[0].cause, COMPARE_UNREAD);
	run.last.kernel.tx_packets = 25;
	run.last.kernel.tx_bytes = 2500;
	judge(&run, TX, &facts, results);
	assert_int_equal(results[0].cause, COMPARE_UNREAD);
	run.last.kernel.tx_packets = 14;
	judge(&run, TX, &facts, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
	/* What the hook missed has not waited. */
	counts = (struct counts){20, 2000, 20, 2000, 21, 2100};
	run = run_of("tun", TX, &counts);
	run.last.waypoints_early.packets[WAYPOINT_QUEUE]++;
	run.last.waypoints_late.packets[WAYPOINT_QUEUE]++;
	judge(&run, TX, &facts, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
}

static void ifb_receives_what_it_sends(void **state)
{
	struct counts rx = {0, 0, 0, 0, 10, 5000}, tx = {10, 5000, 30, 7000, 10, 5000};
	struct compare_sample first = quiet(0, &nothing, &nothing), last = quiet(1, &rx, &tx);
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run;

	(void)state;
	compare_start(&run, "ifb", false);
	compare_add(&run, &first);
	compare_add(&run, &last);
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_EXPLAINED);
	assert_int_equal(results[0].cause, COMPARE_OTHER_HOOK);
	assert_int_equal(results[0].probe, 10);
	run.last.kernel.rx_packets++;
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
}

static void begins_anew_after_a_reset(void **state)
{
	struct counts all = {10, 1000, 10, 1000, 1010, 101000};
	struct counts fresh = {15, 1500, 15, 1500, 2, 200}, end = {25, 2500, 25, 2500, 12, 1200};
	struct compare_sample samples[] = {quiet(0, &nothing, &all), quiet(1000, &nothing, &fresh),
					   quiet(4000, &nothing, &end)};
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run;

	(void)state;
	compare_start(&run, "veth", false);
	compare_add(&run, &samples[0]);
	compare_add(&run, &samples[1]);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_EXPLAINED);
	assert_int_equal(results[0].cause, COMPARE_TOO_SHORT);
	assert_false(results[0].has_bounds);
	compare_add(&run, &samples[2]);
	assert_int_equal(compare_time_ns(&run), 3000);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_EXPLAINED);
	assert_int_equal(results[0].cause, COMPARE_RESET);
	assert_int_equal(results[0].kernel, 10);
	/* What came since is held to all the same. */
	run.last.kernel.tx_packets++;
	judge(&run, TX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
}

/*
 * Between samples pass 100 packets. The card is asked at every third, so in between the kernel is behind, as it is at
 * the beginning; `lost` are what it counts too many in the second half.
 */
static struct compare_run run_of_slow_card(const char *kind, unsigned int samples, uint64_t lost)
{
	struct compare_run run;
	unsigned int i;

	compare_start(&run, kind, false);
	for (i = 0; i < samples; i++) {
		uint64_t counted = (i + 1) * 100, told = (i + 1) / 3 * 300;
		struct compare_sample sample = busy(counted, counted, counted, counted, told);

		if (i > samples / 2)
			sample.kernel.rx_packets += lost;
		sample.at_ns = i;
		compare_add(&run, &sample);
	}
	return run;
}

static void waits_for_counters_that_are_refreshed_rarely(void **state)
{
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run = run_of_slow_card("", 12, 0);
	int c;

	(void)state;
	judge(&run, RX, NULL, results);
	for (c = 0; c < COMPARE_COUNTERS; c++) {
		assert_int_equal(results[c].verdict, COMPARE_EXPLAINED);
		assert_int_equal(results[c].cause, COMPARE_REFRESHED);
		assert_int_equal(results[c].difference, 0);
	}
	/* From the first change to the last, each since the sample before. */
	assert_int_equal(results[0].kernel, 900);
	assert_int_equal(results[0].low, 800);
	assert_int_equal(results[0].high, 1000);
	/* More than can have come between two samples is none of it. */
	run = run_of_slow_card("", 12, 200);
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
	/* Nor is a difference without a standstill. */
	run = run_of_slow_card("", 12, 0);
	run.refresh[RX].stood = 0;
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
	/* Software asks no card. */
	run = run_of_slow_card("veth", 12, 0);
	judge(&run, RX, NULL, results);
	assert_int_equal(results[0].verdict, COMPARE_MISMATCH);
}

static void one_sample_says_nothing(void **state)
{
	struct compare_sample only = quiet(5, &nothing, &nothing);
	struct compare_result results[COMPARE_COUNTERS];
	struct compare_run run;

	(void)state;
	compare_start(&run, "veth", false);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[1].cause, COMPARE_TOO_SHORT);
	compare_add(&run, &only);
	judge(&run, TX, NULL, results);
	assert_int_equal(results[1].counter, COMPARE_BYTES);
	assert_int_equal(results[1].direction, TX);
	assert_int_equal(results[1].cause, COMPARE_TOO_SHORT);
	assert_false(results[1].has_bounds);
	assert_int_equal(compare_time_ns(&run), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_device_counts),
		cmocka_unit_test(does_not_bend_the_rule),
		cmocka_unit_test(is_not_fooled_by_one_counter),
		cmocka_unit_test(sees_one_packet_in_a_million),
		cmocka_unit_test(bounds_what_the_probe_counted),
		cmocka_unit_test(intervals_decide_between_bases),
		cmocka_unit_test(explains_by_evidence_alone),
		cmocka_unit_test(tells_what_was_cut_in_part),
		cmocka_unit_test(knows_what_a_reader_has_not_read),
		cmocka_unit_test(ifb_receives_what_it_sends),
		cmocka_unit_test(begins_anew_after_a_reset),
		cmocka_unit_test(waits_for_counters_that_are_refreshed_rarely),
		cmocka_unit_test(one_sample_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
