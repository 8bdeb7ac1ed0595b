// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* drop and drop_tally: what came since the last look, and drops by reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "model/drop.h"
#include "model/drop_device.h"
#include "model/drop_tally.h"

#define N_KINDS 24

static struct drop_sum sum(uint32_t slot, uint32_t direction, uint32_t reason, uint64_t location,
			   uint64_t packets)
{
	return (struct drop_sum){
		{.slot = slot, .direction = direction, .reason = reason, .location = location},
		packets};
}

static void tells_what_is_more(void **state)
{
	struct drop_sum first[] = {sum(1, 0, 5, 0, 10), sum(1, 0, 5, 9, 3), sum(2, 1, 5, 0, 7)};
	struct drop_sum second[] = {sum(1, 0, 4, 0, 2), sum(1, 0, 5, 0, 10), sum(1, 0, 5, 9, 4),
				    sum(2, 1, 5, 0, 17)};
	struct drop_sum third[] = {sum(2, 1, 5, 0, 1)};
	struct drop_sum fourth[] = {sum(2, 1, 5, 0, 18), sum(2, 1, 5, 0, 30)};
	struct drop_sum fifth[] = {sum(2, 1, 5, 0, 24)};
	struct drop_book *book = NULL;

	(void)state;
	assert_int_equal(drop_book_new(&book), 0);
	assert_int_equal(drop_book_take(book, NULL, 0), 0);
	assert_int_equal(drop_book_take(book, first, ARRAY_SIZE(first)), 0);
	assert_int_equal(first[0].packets, 10);
	assert_int_equal(first[2].packets, 7);
	assert_int_equal(drop_book_take(book, second, ARRAY_SIZE(second)), 0);
	assert_int_equal(second[0].packets, 2);
	assert_int_equal(second[1].packets, 0);
	assert_int_equal(second[2].packets, 1);
	assert_int_equal(second[3].packets, 10);
	/* What is unwanted is a kind of its own. */
	fourth[1].kind.is_unwanted = 1;
	assert_int_equal(drop_book_take(book, fourth, ARRAY_SIZE(fourth)), 0);
	assert_int_equal(fourth[0].packets, 1);
	assert_int_equal(fourth[1].packets, 30);
	assert_int_equal(drop_book_take(book, fifth, ARRAY_SIZE(fifth)), 0);
	assert_int_equal(fifth[0].packets, 6);
	/* The slot's new owner begins at zero. */
	drop_book_forget(book, 2);
	assert_int_equal(drop_book_take(book, third, ARRAY_SIZE(third)), 0);
	assert_int_equal(third[0].packets, 1);
	drop_book_free(book);
	drop_book_free(NULL);
}

/* Whatever comes and goes, what was told adds up to what was counted. */
static void adds_up(void **state)
{
	uint64_t counted[N_KINDS] = {0}, told[N_KINDS] = {0};
	struct drop_sum sums[N_KINDS];
	struct drop_book *book = NULL;
	size_t look, i, n;

	(void)state;
	assert_int_equal(drop_book_new(&book), 0);
	srand(7);
	for (look = 0; look < 5000; look++) {
		n = 0;
		for (i = 0; i < N_KINDS; i++) {
			if (rand() % 3 == 0)
				counted[i] += (uint64_t)rand() % 100;
			if (counted[i])
				sums[n++] =
					sum(1 + i % 3, i / 3 % 2, (uint32_t)i / 6, 0, counted[i]);
		}
		drop_sort(sums, n);
		assert_int_equal(drop_book_take(book, sums, n), 0);
		for (i = 0; i < n; i++)
			told[sums[i].kind.slot - 1 + 3 * sums[i].kind.direction +
			     6 * sums[i].kind.reason] += sums[i].packets;
	}
	assert_memory_equal(told, counted, sizeof(told));
	drop_book_free(book);
}

static void tallies_as_many_reasons_as_there_is_room(void **state)
{
	struct drop_tally tally = {0}, other = {0};
	uint32_t i;

	(void)state;
	for (i = 0; i < DROP_TALLY_REASONS + 3; i++) {
		drop_tally_add(&tally, 100 + i, i + 1);
		drop_tally_add(&tally, 100 + i, 10);
	}
	assert_int_equal(tally.n, DROP_TALLY_REASONS);
	for (i = 0; i < DROP_TALLY_REASONS; i++) {
		assert_int_equal(tally.counts[i].reason, 100 + i);
		assert_int_equal(tally.counts[i].packets, i + 11);
	}
	drop_tally_add(&other, 101, 1000);
	drop_tally_add(&other, 7, 1000);
	drop_tally_join(&tally, &other);
	assert_int_equal(tally.n, DROP_TALLY_REASONS);
	assert_int_equal(tally.counts[1].packets, 1012);
	drop_tally_join(&other, &tally);
	assert_int_equal(other.counts[0].packets, 2012);
	assert_int_equal(other.n, DROP_TALLY_REASONS);
}

static uint64_t packets_of(const struct drop_device_row *rows, unsigned int n, const char *counter)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(rows[i].counter, counter))
			return rows[i].packets;
	return 0;
}

static void tells_what_the_probe_has_not_seen(void **state)
{
	struct rtnl_link_stats64 stats = {.rx_dropped = 1000, .rx_missed_errors = 5};
	struct drop_device_row rows[DROP_DEVICE_COUNTERS];
	struct drop_device device = {0};

	(void)state;
	/* The first call only notes what is, and so does one after the counters began anew. */
	assert_int_equal(drop_device_take(&device, &stats, rows), 0);
	assert_int_equal(drop_device_take(&device, &stats, rows), 0);
	stats.rx_missed_errors += 7;
	stats.rx_dropped += 10;
	device.seen[DIRECTION_INGRESS] += 8;
	device.seen[DIRECTION_EGRESS] += 100;
	assert_int_equal(drop_device_take(&device, &stats, rows), 2);
	assert_int_equal(packets_of(rows, 2, "rx_missed_errors"), 7);
	assert_int_equal(packets_of(rows, 2, "rx_dropped"), 2);
	assert_int_equal(rows[0].direction, DIRECTION_INGRESS);
	assert_int_equal(drop_device_take(&device, &stats, rows), 0);
	/* What the probe sees later than the counter has it is not told again, nor taken back. */
	device.seen[DIRECTION_INGRESS] += 50;
	stats.rx_dropped += 50;
	assert_int_equal(drop_device_take(&device, &stats, rows), 0);
	stats.tx_dropped = 101;
	stats.tx_fifo_errors = 3;
	assert_int_equal(drop_device_take(&device, &stats, rows), 2);
	assert_int_equal(packets_of(rows, 2, "tx_dropped"), 1);
	assert_int_equal(packets_of(rows, 2, "tx_fifo_errors"), 3);
	stats.rx_dropped = 0;
	stats.rx_over_errors = 9;
	assert_int_equal(drop_device_take(&device, &stats, rows), 0);
	stats.rx_over_errors++;
	assert_int_equal(drop_device_take(&device, &stats, rows), 1);
	assert_int_equal(packets_of(rows, 1, "rx_over_errors"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_more),
		cmocka_unit_test(adds_up),
		cmocka_unit_test(tells_what_the_probe_has_not_seen),
		cmocka_unit_test(tallies_as_many_reasons_as_there_is_room),
	};

	return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
