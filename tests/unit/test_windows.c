// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/windows case by case; the width is 100 ns throughout, so windows begin at hundreds. */
#include "tests/unit/windows_writer.h"

#include <errno.h>

#include "base/units.h"

#define WIDTH_NS 100
#define N_SLOTS 4
#define LAST_CPU UINT32_MAX /* modulo the number of CPUs, any but the first where there are two */

/* How many allocations succeed before one fails; negative: all. */
static int allocations_left = -1;

/* Stands before the C library's, for the growth of arrays to fail at will. */
void *reallocarray(void *old, size_t n, size_t size)
{
	if (!allocations_left) {
		allocations_left = -1;
		errno = ENOMEM;
		return NULL;
	}
	if (allocations_left > 0)
		allocations_left--;
	return realloc(old, n * size);
}

static struct bpf bpf;

static void start(uint32_t log_records)
{
	bpf = (struct bpf){.n_slots = N_SLOTS,
			   .log_records = log_records,
			   .width_ns = WIDTH_NS,
			   .start_ns = 1000};
	bpf_start(&bpf);
}

struct told {
	uint64_t start_ns;
	uint32_t slot, direction;
	uint64_t packets, drops;
};

static void expect(int line, const struct told *expected, size_t n_expected)
{
	const struct window *taken;
	size_t i, n;

	taken = windows_taken(bpf.windows, &n);
	for (i = 0; i < n && i < n_expected; i++) {
		const struct traffic_counter *traffic = &taken[i].traffic;

		if (taken[i].start_ns != expected[i].start_ns ||
		    taken[i].slot != expected[i].slot ||
		    taken[i].direction != expected[i].direction ||
		    traffic->packets != expected[i].packets ||
		    traffic->bytes != 1000 * traffic->packets ||
		    traffic->wire_packets != 2 * traffic->packets ||
		    traffic->wire_bytes != 1100 * traffic->packets ||
		    taken[i].drops != expected[i].drops)
			fail_msg("line %d, window %zu: start %" PRIu64 ", slot %u, direction %u, "
				 "%" PRIu64 " packets, %" PRIu64 " drops",
				 line, i, taken[i].start_ns, taken[i].slot, taken[i].direction,
				 traffic->packets, taken[i].drops);
	}
	if (n != n_expected)
		fail_msg("line %d: %zu windows, not %zu", line, n, n_expected);
}

static void take(uint32_t end_slot, uint64_t until_ns)
{
	struct error err;

	assert_int_equal(windows_take(bpf.windows, end_slot, until_ns, &err), 0);
}

#define TAKES(until_ns, ...)                              \
	do {                                              \
		const struct told told[] = {__VA_ARGS__}; \
		take(N_SLOTS, until_ns);                  \
		expect(__LINE__, told, ARRAY_SIZE(told)); \
	} while (0)

#define TAKES_NOTHING(until_ns)            \
	do {                               \
		take(N_SLOTS, until_ns);   \
		expect(__LINE__, NULL, 0); \
	} while (0)

/* All gaps told last, which begin together; to 0: there is none. */
static void expect_gap(int line, uint64_t from_ns, uint64_t to_ns)
{
	const struct window_gap *gaps;
	uint64_t told_to_ns = 0;
	size_t i, n;

	gaps = windows_gaps(bpf.windows, &n);
	for (i = 0; i < n; i++) {
		if (gaps[i].from_ns != from_ns || gaps[i].to_ns <= from_ns)
			fail_msg("line %d: gap [%" PRIu64 ", %" PRIu64 ")", line, gaps[i].from_ns,
				 gaps[i].to_ns);
		if (gaps[i].to_ns > told_to_ns)
			told_to_ns = gaps[i].to_ns;
	}
	if (told_to_ns != to_ns)
		fail_msg("line %d: a gap up to %" PRIu64, line, told_to_ns);
}

#define HAS_GAP(from_ns, to_ns) expect_gap(__LINE__, from_ns, to_ns)
#define HAS_NO_GAP() expect_gap(__LINE__, 0, 0)

static void expect_losses(uint64_t overrun_records, uint64_t late_packets)
{
	struct windows_losses losses = windows_losses(bpf.windows);

	expect_number("overrun", losses.overrun_records, overrun_records);
	expect_number("late", losses.late_packets, late_packets);
}

static void tells_a_window_when_it_is_over(void **state)
{
	(void)state;
	start(8);
	TAKES_NOTHING(1000);
	bpf_pass(&bpf, 0, 1, 0, 1500, 3);
	bpf_pass(&bpf, 0, 1, 0, 1599, 4);
	TAKES_NOTHING(1599);
	TAKES(1600, {1500, 1, 0, 7, 0});
	TAKES_NOTHING(1600);
	TAKES_NOTHING(1500);
	/* Its record comes long after. */
	bpf_pass(&bpf, 0, 1, 0, 90 * NSEC_PER_SEC, 1);
	TAKES_NOTHING(90 * NSEC_PER_SEC);
	TAKES(91 * NSEC_PER_SEC, {90 * NSEC_PER_SEC, 1, 0, 1, 0});
	TAKES_NOTHING(92 * NSEC_PER_SEC);
	HAS_NO_GAP();
	expect_losses(0, 0);
	bpf_end(&bpf);
}

static void keeps_records_until_their_time(void **state)
{
	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 1, 0, 1000, 1);
	bpf_pass(&bpf, 0, 1, 0, 1100, 2);
	bpf_pass(&bpf, 0, 2, 1, 1150, 3);
	bpf_pass(&bpf, 0, 1, 0, 1200, 4);
	bpf_pass(&bpf, 0, 1, 0, 1300, 5);
	TAKES_NOTHING(1000);
	TAKES(1100, {1000, 1, 0, 1, 0});
	TAKES_NOTHING(1000);
	TAKES(1300, {1100, 1, 0, 2, 0}, {1100, 2, 1, 3, 0}, {1200, 1, 0, 4, 0});
	TAKES(1500, {1300, 1, 0, 5, 0});
	bpf_end(&bpf);
}

static void adds_up_all_writers(void **state)
{
	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 1, 0, 1000, 1);
	bpf_pass(&bpf, LAST_CPU, 1, 0, 1010, 2);
	bpf_drop(&bpf, 0, 1, 0, 1020);
	bpf_drop(&bpf, LAST_CPU, 1, 0, 1030);
	bpf_drop(&bpf, 0, 3, 1, 1030);
	/* One is logged, the others stand open. */
	bpf_pass(&bpf, 0, 1, 0, 1100, 8);
	TAKES(1100, {1000, 1, 0, 3, 2}, {1000, 3, 1, 0, 1});
	bpf_drop(&bpf, LAST_CPU, 1, 0, 1110);
	bpf_drop(&bpf, LAST_CPU, 1, 0, 1210);
	TAKES(1200, {1100, 1, 0, 8, 1});
	TAKES(1300, {1200, 1, 0, 0, 1});
	expect_losses(0, 0);
	bpf_end(&bpf);
}

static void counts_what_comes_late(void **state)
{
	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 1, 0, 1000, 5);
	bpf_drop(&bpf, 0, 1, 0, 1000);
	TAKES(1100, {1000, 1, 0, 5, 1});
	bpf_pass(&bpf, 0, 1, 0, 1010, 7);
	bpf_drop(&bpf, 0, 1, 0, 1010);
	TAKES_NOTHING(1200);
	expect_losses(0, 0);
	bpf_pass(&bpf, 0, 1, 0, 1200, 1);
	bpf_drop(&bpf, 0, 1, 0, 1200);
	TAKES_NOTHING(1200);
	expect_losses(0, 8);
	TAKES(1300, {1200, 1, 0, 1, 1});
	/* Windows that only began after their time had been told: one logged, one open. */
	bpf_pass(&bpf, 0, 2, 0, 1000, 10);
	bpf_pass(&bpf, 0, 2, 0, 1100, 20);
	TAKES_NOTHING(1400);
	expect_losses(0, 38);
	bpf_pass(&bpf, 0, 2, 0, 1110, 40);
	bpf_pass(&bpf, 0, 2, 0, 1500, 80);
	TAKES(1600, {1500, 2, 0, 80, 0});
	expect_losses(0, 78);
	bpf_end(&bpf);
}

static void counts_what_was_overwritten(void **state)
{
	/* Of 8 records 7 can be read, since the next may be in the making. */
	static const struct {
		uint64_t n_logged, n_lost;
	} cases[] = {{1, 0},  {6, 0},   {7, 0},   {8, 1},   {9, 2},     {15, 8},
		     {16, 9}, {17, 10}, {23, 16}, {80, 73}, {1000, 993}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t n_logged = cases[i].n_logged, n_lost = cases[i].n_lost, round, first = 10;
		const struct window *taken;
		size_t n, at;

		start(8);
		/* Again with a log that has wrapped, which must not remember what was lost before. */
		for (round = 1; round <= 3; round++) {
			for (at = 0; at < n_logged + 1; at++)
				bpf_pass(&bpf, 0, 1, 0, 100 * (first + at), 1 + at);
			take(N_SLOTS, 100 * (first + at));
			expect_losses(round * n_lost, 0);
			/* Up to when the first that was not lost was closed. */
			expect_gap((int)n_logged, 100 * first,
				   n_lost ? 100 * (first + n_lost + 1) : 0);
			taken = windows_taken(bpf.windows, &n);
			expect_number("windows", n, n_logged + 1 - n_lost);
			for (at = 0; at < n; at++) {
				expect_number("start", taken[at].start_ns,
					      100 * (first + n_lost + at));
				expect_number("packets", taken[at].traffic.packets,
					      1 + n_lost + at);
			}
			/* The open one is known, and takes one record of the next round. */
			first += n_logged + 1;
			bpf_pass(&bpf, 0, 1, 0, 100 * first, 0);
			take(N_SLOTS, 100 * first);
			HAS_NO_GAP();
		}
		bpf_end(&bpf);
	}
}

static void tells_a_gap_piece_by_piece(void **state)
{
	uint64_t i;

	(void)state;
	start(4);
	bpf_pass(&bpf, 0, 2, 0, 1000, 1);
	for (i = 0; i <= 10; i++)
		bpf_drop(&bpf, 0, 1, 0, 1000 + 100 * i);
	/* Kept are 1700 to 1900, and 2000 is open; 1600 was lost when it was closed at 1700. */
	TAKES(1200, {1000, 2, 0, 1, 0});
	HAS_GAP(1000, 1200);
	expect_losses(7, 0);
	TAKES_NOTHING(1200);
	HAS_NO_GAP();
	TAKES_NOTHING(1100);
	HAS_NO_GAP();
	TAKES_NOTHING(1500);
	HAS_GAP(1200, 1500);
	TAKES(2100, {1700, 1, 0, 0, 1}, {1800, 1, 0, 0, 1}, {1900, 1, 0, 0, 1}, {2000, 1, 0, 0, 1});
	HAS_GAP(1500, 1800);
	TAKES_NOTHING(2200);
	HAS_NO_GAP();
	expect_losses(7, 0);
	bpf_end(&bpf);
}

static void tells_gaps_of_several_writers(void **state)
{
	uint64_t i;

	(void)state;
	start(4);
	for (i = 0; i <= 4; i++)
		bpf_pass(&bpf, 0, 1, 0, 1000 + 100 * i, 1);
	for (i = 0; i <= 6; i++)
		bpf_drop(&bpf, LAST_CPU, 2, 0, 1000 + 100 * i);
	TAKES(1400, {1100, 1, 0, 1, 0}, {1200, 1, 0, 1, 0}, {1300, 1, 0, 1, 0}, {1300, 2, 0, 0, 1});
	HAS_GAP(1000, 1400);
	expect_losses(1 + 3, 0);
	/* What is found while the time does not go on is told when it does. */
	for (i = 7; i <= 11; i++)
		bpf_drop(&bpf, LAST_CPU, 2, 0, 1000 + 100 * i);
	TAKES_NOTHING(1400);
	HAS_NO_GAP();
	expect_losses(1 + 3 + 2, 0);
	TAKES(1500, {1400, 1, 0, 1, 0}, {1400, 2, 0, 0, 1});
	HAS_GAP(1400, 1500);
	take(N_SLOTS, 2200);
	HAS_GAP(1500, 1900);
	bpf_end(&bpf);
}

/* Such a log never has a record to show; only the clock says until when windows were lost. */
static void knows_nothing_from_a_log_of_one(void **state)
{
	(void)state;
	start(1);
	bpf_pass(&bpf, 0, 1, 0, 1000, 1);
	bpf_pass(&bpf, 0, 1, 0, 1100, 2);
	TAKES(1200, {1100, 1, 0, 2, 0});
	HAS_GAP(1000, 1200);
	expect_losses(1, 0);
	TAKES_NOTHING(1300);
	HAS_GAP(1200, 1300);
	expect_losses(1, 0);
	bpf_end(&bpf);
}

static void starts_afresh_with_a_new_owner(void **state)
{
	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 1, 0, 1000, 1);
	bpf_pass(&bpf, 0, 1, 0, 1100, 2);
	bpf_pass(&bpf, LAST_CPU, 1, 1, 1100, 4);
	bpf_drop(&bpf, 0, 1, 1, 1100);
	bpf_pass(&bpf, 0, 2, 1, 1100, 8);
	TAKES(1200, {1000, 1, 0, 1, 0}, {1100, 1, 0, 2, 0}, {1100, 1, 1, 4, 1}, {1100, 2, 1, 8, 0});
	windows_clear_slot(bpf.windows, 1);
	TAKES_NOTHING(1300);
	bpf_pass(&bpf, 0, 1, 0, 1300, 16);
	bpf_drop(&bpf, 0, 1, 1, 1300);
	bpf_pass(&bpf, 0, 2, 1, 1300, 32);
	TAKES(1400, {1300, 1, 0, 16, 0}, {1300, 1, 1, 0, 1}, {1300, 2, 1, 32, 0});
	bpf_pass(&bpf, 0, 1, 0, 1400, 64);
	TAKES(1500, {1400, 1, 0, 64, 0});
	HAS_NO_GAP();
	expect_losses(0, 0);
	bpf_end(&bpf);
}

static void leaves_slots_beyond_the_end(void **state)
{
	const struct told told[] = {{1000, 1, 0, 1, 0}};

	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 1, 0, 1000, 1);
	bpf_pass(&bpf, 0, 3, 0, 1050, 2);
	take(0, 1000);
	expect(__LINE__, NULL, 0);
	take(3, 1100);
	expect(__LINE__, told, 1);
	bpf_end(&bpf);
}

/* Windows of slot 1 with a drop each, one after the other, behind those of other slots. */
static void expect_drops(uint64_t from_ns, uint64_t until_ns, size_t n_others)
{
	const struct window *taken;
	size_t i, n;

	taken = windows_taken(bpf.windows, &n);
	assert_int_equal(n, n_others + (until_ns - from_ns) / WIDTH_NS);
	for (i = n_others; i < n; i++) {
		assert_int_equal(taken[i].start_ns, from_ns + (i - n_others) * WIDTH_NS);
		assert_int_equal(taken[i].drops, 1);
	}
}

/* Whichever allocation fails: the next call has all that there is without a failure. */
static void loses_nothing_for_want_of_memory(void **state)
{
	const struct window_gap *gaps;
	bool has_failed = true;
	struct error err;
	int n_allocations;
	uint64_t i;
	size_t n;

	(void)state;
	for (n_allocations = 0; has_failed; n_allocations++) {
		start(32);
		bpf_pass(&bpf, 0, 2, 1, 1000, 7);
		/* Logged up to 4900: 9 are lost, 15 are due, 16 are not. */
		for (i = 0; i <= 40; i++)
			bpf_drop(&bpf, 0, 1, 0, 1000 + 100 * i);
		allocations_left = n_allocations;
		has_failed = windows_drain(bpf.windows, &err);
		if (has_failed)
			assert_int_equal(err.code, -ENOMEM);
		if (windows_take(bpf.windows, N_SLOTS, 3400, &err)) {
			has_failed = true;
			assert_int_equal(err.code, -ENOMEM);
			take(N_SLOTS, 3400);
		}
		allocations_left = -1;
		expect_losses(9, 0);
		gaps = windows_gaps(bpf.windows, &n);
		assert_int_equal(n, 1);
		assert_int_equal(gaps->from_ns, 1000);
		assert_int_equal(gaps->to_ns, 2000);
		expect_drops(1900, 3400, 1);
		take(N_SLOTS, 5100);
		expect_drops(3400, 5100, 0);
		HAS_NO_GAP();
		expect_losses(9, 0);
		bpf_end(&bpf);
	}
	/* Windows, gaps, what merging takes and gaps told: each has grown at least once. */
	assert_true(n_allocations > 4);
}

/* What is read between takes is told by the next, and makes room for more than a log holds. */
static void reads_logs_between_takes(void **state)
{
	struct error err;
	uint64_t i;

	(void)state;
	start(8);
	for (i = 0; i < 20; i++) {
		bpf_pass(&bpf, 0, 1, 0, 1000 + 100 * i, 1 + i);
		bpf_drop(&bpf, 0, 1, 0, 1000 + 100 * i);
		if (i % 4 == 3)
			assert_int_equal(windows_drain(bpf.windows, &err), 0);
	}
	TAKES(1300, {1000, 1, 0, 1, 1}, {1100, 1, 0, 2, 1}, {1200, 1, 0, 3, 1});
	assert_int_equal(windows_drain(bpf.windows, &err), 0);
	TAKES(1400, {1300, 1, 0, 4, 1});
	take(N_SLOTS, 2900);
	expect_drops(1400, 2900, 0);
	TAKES(3000, {2900, 1, 0, 20, 1});
	HAS_NO_GAP();
	expect_losses(0, 0);
	bpf_end(&bpf);
}

/* What overran before it was read is in no window, however it is read. */
static void finds_gaps_between_takes(void **state)
{
	struct error err;
	uint64_t i;

	(void)state;
	start(8);
	for (i = 0; i < 20; i++)
		bpf_pass(&bpf, 0, 1, 0, 1000 + 100 * i, 1);
	assert_int_equal(windows_drain(bpf.windows, &err), 0);
	bpf_pass(&bpf, 0, 1, 0, 3000, 1);
	take(N_SLOTS, 2500);
	expect_gap(__LINE__, 1000, 2300);
	TAKES(3000, {2500, 1, 0, 1, 0}, {2600, 1, 0, 1, 0}, {2700, 1, 0, 1, 0}, {2800, 1, 0, 1, 0},
	      {2900, 1, 0, 1, 0});
	HAS_NO_GAP();
	expect_losses(12, 0);
	bpf_end(&bpf);
}

/* By what may come, and what has. */
static void tells_how_often_to_drain(void **state)
{
	struct error err;
	uint64_t period_ns, i;

	(void)state;
	bpf = (struct bpf){.n_slots = 1000, .log_records = 32768, .width_ns = 100000};
	bpf_start(&bpf);
	take(3, 1000000);
	assert_true(windows_drain_period_ns(bpf.windows) > windows_take_period_ns(bpf.windows));
	take(1000, 1000000);
	period_ns = windows_drain_period_ns(bpf.windows);
	assert_in_range(period_ns, 2 * NSEC_PER_MSEC, windows_take_period_ns(bpf.windows) - 1);
	/* As many as fit, at once: not more seldom, and not without end. */
	for (i = 0; i < 30000; i++)
		bpf_pass(&bpf, 0, 1, 0, 1000000 + 100000 * i, 1);
	assert_int_equal(windows_drain(bpf.windows, &err), 0);
	assert_in_range(windows_drain_period_ns(bpf.windows), 2 * NSEC_PER_MSEC, period_ns);
	bpf_end(&bpf);
}

/* What nothing tells of is not found once all is at rest: so it does rest. */
static void rests_until_a_window_opens(void **state)
{
	const uint64_t later_ns = 3 * WINDOWS_GUARD_NS;
	struct open_window *untold;

	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 1, 0, 1010, 7);
	TAKES(1100, {1000, 1, 0, 7, 0});
	TAKES_NOTHING(later_ns);
	untold = &bpf.open[2].direction[0];
	untold->start_ns = later_ns;
	TAKES_NOTHING(2 * later_ns);
	untold->start_ns = 0;
	/* Where there had been none, and where there had. */
	bpf_pass(&bpf, 0, 3, 1, 2 * later_ns, 8);
	TAKES(2 * later_ns + WIDTH_NS, {2 * later_ns, 3, 1, 8, 0});
	TAKES_NOTHING(4 * later_ns);
	bpf_pass(&bpf, 0, 1, 0, 4 * later_ns, 9);
	TAKES_NOTHING(4 * later_ns);
	TAKES(6 * later_ns, {4 * later_ns, 1, 0, 9, 0});
	expect_losses(0, 0);
	bpf_end(&bpf);
}

/* Opened while the slot was beyond the end. */
static void looks_again_where_the_end_moves(void **state)
{
	(void)state;
	start(8);
	bpf_pass(&bpf, 0, 3, 0, 5 * WINDOWS_GUARD_NS, 7);
	take(2, WINDOWS_GUARD_NS);
	take(2, 3 * WINDOWS_GUARD_NS);
	take(2, 5 * WINDOWS_GUARD_NS);
	TAKES(6 * WINDOWS_GUARD_NS, {5 * WINDOWS_GUARD_NS, 3, 0, 7, 0});
	bpf_end(&bpf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_window_when_it_is_over),
		cmocka_unit_test(keeps_records_until_their_time),
		cmocka_unit_test(adds_up_all_writers),
		cmocka_unit_test(counts_what_comes_late),
		cmocka_unit_test(counts_what_was_overwritten),
		cmocka_unit_test(tells_a_gap_piece_by_piece),
		cmocka_unit_test(tells_gaps_of_several_writers),
		cmocka_unit_test(knows_nothing_from_a_log_of_one),
		cmocka_unit_test(starts_afresh_with_a_new_owner),
		cmocka_unit_test(leaves_slots_beyond_the_end),
		cmocka_unit_test(reads_logs_between_takes),
		cmocka_unit_test(finds_gaps_between_takes),
		cmocka_unit_test(tells_how_often_to_drain),
		cmocka_unit_test(rests_until_a_window_opens),
		cmocka_unit_test(looks_again_where_the_end_moves),
		cmocka_unit_test(loses_nothing_for_want_of_memory),
	};

	return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
