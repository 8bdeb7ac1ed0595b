// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/windows while a writer goes on at full speed; nothing depends on the speed. */
#include "tests/unit/windows_writer.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/units.h"
#include "tests/unit/merging.h"

#define N_SLOTS 5
#define N_MAX 150000U /* windows that are written, at most */
#define RUN_NS (100 * NSEC_PER_MSEC)

struct race {
	struct bpf bpf;
	bool is_hasty; /* takes windows that are being written */
	pthread_t thread;
	struct window *written; /* by the thread until it has ended */
	bool was_slow;          /* whether the thread stood still while it counted */
	size_t n_written;
	int has_ended;
	struct window *told;
	size_t n_told;
	struct window_gap *gaps; /* in order, apart from one another */
	size_t n_gaps, gaps_capacity;
};

/* What is in a window follows from its start, slot and direction; no number in it is 0. */
static struct window content(uint64_t start_ns, uint32_t slot, uint32_t direction)
{
	uint64_t mixed = (start_ns * N_SLOTS + slot) * N_DIRECTIONS + direction;
	struct window window = {.start_ns = start_ns, .slot = slot, .direction = direction};

	mixed *= 0x9e3779b97f4a7c15;
	window.traffic.packets = 1 + mixed % 1000003;
	window.traffic.bytes = 1 + (mixed >> 8);
	window.traffic.wire_packets = 1 + (mixed >> 16);
	window.traffic.wire_bytes = 1 + (mixed >> 24);
	window.drops = 1 + (mixed >> 32) % 1009;
	return window;
}

static void *write_windows(void *context)
{
	struct race *race = context;
	uint64_t last[N_SLOTS][N_DIRECTIONS] = {0}, now_ns;
	uint32_t turn = 0;

	do {
		uint32_t slot = 1 + turn / N_DIRECTIONS % (N_SLOTS - 1);
		uint32_t direction = turn % N_DIRECTIONS;
		struct window window;

		turn++;
		now_ns = clock_monotonic_ns();
		window = content(bpf_align(&race->bpf, now_ns), slot, direction);
		if (window.start_ns == last[slot][direction])
			continue;
		last[slot][direction] = window.start_ns;
		bpf_count(&race->bpf, 0, slot, direction, now_ns, &window.traffic, window.drops);
		if (clock_monotonic_ns() - now_ns > WINDOWS_GUARD_NS / 2)
			race->was_slow = true;
		race->written[race->n_written++] = window;
	} while (race->n_written < N_MAX && now_ns < race->bpf.start_ns + RUN_NS);
	__atomic_store_n(&race->has_ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void keep_gaps(struct race *race)
{
	const struct window_gap *gaps;
	size_t i, n;

	gaps = windows_gaps(race->bpf.windows, &n);
	for (i = 0; i < n; i++) {
		struct window_gap *last = race->n_gaps ? &race->gaps[race->n_gaps - 1] : NULL;

		if (last && gaps[i].from_ns <= last->to_ns) {
			if (gaps[i].to_ns > last->to_ns)
				last->to_ns = gaps[i].to_ns;
			continue;
		}
		assert_int_equal(array_reserve(&race->gaps, &race->gaps_capacity, race->n_gaps + 1,
					       sizeof(*gaps)),
				 0);
		race->gaps[race->n_gaps++] = gaps[i];
	}
}

static void drain(struct race *race)
{
	struct error err;

	assert_int_equal(windows_drain(race->bpf.windows, &err), 0);
}

static void take(struct race *race, uint64_t until_ns)
{
	const struct window *taken;
	struct error err;
	size_t n;

	assert_int_equal(
		windows_take(race->bpf.windows, N_SLOTS, bpf_align(&race->bpf, until_ns), &err), 0);
	taken = windows_taken(race->bpf.windows, &n);
	assert_true(n <= N_MAX - race->n_told);
	if (n)
		memcpy(race->told + race->n_told, taken, n * sizeof(*taken));
	race->n_told += n;
	keep_gaps(race);
}

static int64_t order(const struct window *a, const struct window *b)
{
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	if (a->slot != b->slot)
		return (int64_t)a->slot - b->slot;
	return (int64_t)a->direction - b->direction;
}

/* One that was told while it was open had perhaps not all in it, but nothing else. */
static bool is_part_of(uint64_t told, uint64_t written)
{
	return !told || told == written;
}

static void check_content(const struct race *race, const struct window *told, bool is_whole)
{
	struct window written = content(told->start_ns, told->slot, told->direction);

	if (is_whole ? memcmp(told, &written, sizeof(written))
		     : !is_part_of(told->traffic.packets, written.traffic.packets) ||
			       !is_part_of(told->traffic.bytes, written.traffic.bytes) ||
			       !is_part_of(told->traffic.wire_packets,
					   written.traffic.wire_packets) ||
			       !is_part_of(told->traffic.wire_bytes, written.traffic.wire_bytes) ||
			       !is_part_of(told->drops, written.drops))
		fail_msg("%u records: a torn window: %" PRIu64 " instead of %" PRIu64 " packets",
			 race->bpf.log_records, told->traffic.packets, written.traffic.packets);
}

static bool is_in_gap(const struct race *race, size_t *at, uint64_t start_ns)
{
	while (*at < race->n_gaps && race->gaps[*at].to_ns <= start_ns)
		(*at)++;
	return *at < race->n_gaps &&
	       window_is_in_gap(start_ns, race->bpf.width_ns, &race->gaps[*at], 1);
}

static void check(struct race *race)
{
	struct windows_losses losses = windows_losses(race->bpf.windows);
	uint64_t told = 0, written = 0;
	size_t i, at = 0, gap_at = 0, n_told = race->n_told, n_written;

	n_written = merge(race->written, race->n_written);
	assert_int_equal(n_written, race->n_written);
	race->n_told = merge(race->told, n_told);
	if (race->n_told != n_told)
		fail_msg("%zu windows were told twice", n_told - race->n_told);
	for (i = 0; i < n_written; i++) {
		const struct window *window = &race->written[i];
		bool in_gap = is_in_gap(race, &gap_at, window->start_ns);

		written += window->traffic.packets + window->drops;
		if (at < n_told && !order(&race->told[at], window)) {
			check_content(race, &race->told[at], !race->is_hasty && !in_gap);
			told += race->told[at].traffic.packets + race->told[at].drops;
			at++;
		} else if (!race->is_hasty && !in_gap) {
			fail_msg("%u records: a lost window is in no gap", race->bpf.log_records);
		}
	}
	if (at != n_told)
		fail_msg("%u records: a window was told that was never written",
			 race->bpf.log_records);
	if (told > written || losses.late_packets > written - told)
		fail_msg("more was told than was written");
	if (!losses.overrun_records)
		assert_int_equal(told + losses.late_packets, written);
}

static void run_race(uint32_t log_records, uint64_t width_ns, bool is_hasty)
{
	struct race race = {.bpf = {.n_slots = N_SLOTS,
				    .log_records = log_records,
				    .width_ns = width_ns,
				    .wall_offset_ns = 1800000000123456789,
				    .start_ns = clock_monotonic_ns()},
			    .is_hasty = is_hasty};
	uint64_t end_ns;
	size_t i;

	race.written = calloc(N_MAX, sizeof(*race.written));
	race.told = calloc(N_MAX, sizeof(*race.told));
	assert_true(race.written && race.told);
	bpf_start(&race.bpf);
	assert_int_equal(pthread_create(&race.thread, NULL, write_windows, &race), 0);
	while (!__atomic_load_n(&race.has_ended, __ATOMIC_ACQUIRE)) {
		uint64_t now_ns = clock_monotonic_ns();

		drain(&race);
		take(&race, is_hasty ? now_ns + width_ns : now_ns - WINDOWS_GUARD_NS);
	}
	pthread_join(race.thread, NULL);
	/* What stood still for longer than the guard came late, which is no fault here. */
	race.is_hasty |= race.was_slow;
	/* The windows that are still open are logged, so that all that was late is known. */
	end_ns = bpf_align(&race.bpf, clock_monotonic_ns() + 2 * width_ns);
	for (i = 0; i < (N_SLOTS - 1) * N_DIRECTIONS; i++)
		bpf_window_now(&race.bpf, 0, 1 + i / N_DIRECTIONS, i % N_DIRECTIONS, end_ns);
	take(&race, end_ns);
	check(&race);
	bpf_end(&race.bpf);
	free(race.written);
	free(race.told);
	free(race.gaps);
}

static void takes_no_torn_record(void **state)
{
	(void)state;
	run_race(8, 400, false);
	run_race(64, 400, false);
	run_race(1024, 400, false);
	run_race(32768, 400, false);
}

static void takes_open_windows_as_they_are_written(void **state)
{
	(void)state;
	run_race(64, 400, true);
	run_race(32768, 400, true);
	run_race(32768, 10000, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_torn_record),
		cmocka_unit_test(takes_open_windows_as_they_are_written),
	};

	return cmocka_run_group_tests_name("windows and a running writer", tests, NULL, NULL);
}
