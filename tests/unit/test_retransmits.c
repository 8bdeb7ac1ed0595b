// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/retransmits on a memfd that stands for BPF's map. */
#include "tests/unit/support.h"

#include <errno.h>

#include "base/clock.h"
#include "kernel/retransmits.h"

#define N_LOGS 4
#define LOG_RECORDS 256

static struct {
	int fd;
	size_t size;
	char *logs;
	struct retransmits *retransmits;
	uint64_t missed;
} bpf;

static void start(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct error err;

	bpf.missed = 0;
	bpf.size = (N_LOGS * retransmit_log_size(LOG_RECORDS) + page - 1) / page * page;
	bpf.fd = memfd_create("map", MFD_CLOEXEC);
	assert_true(bpf.fd >= 0);
	assert_int_equal(ftruncate(bpf.fd, (off_t)bpf.size), 0);
	bpf.logs = mmap(NULL, bpf.size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf.fd, 0);
	assert_ptr_not_equal(bpf.logs, MAP_FAILED);
	assert_int_equal(retransmits_new(&bpf.retransmits, bpf.fd, N_LOGS, LOG_RECORDS, &err), 0);
}

static void end(void)
{
	retransmits_free(bpf.retransmits);
	munmap(bpf.logs, bpf.size);
	close(bpf.fd);
}

/* As log_retransmit() in bpf/retransmits.bpf.c. */
static void retransmit(size_t writer, uint64_t time_ns, uint64_t socket, uint32_t segments)
{
	struct retransmit_log *log =
		(struct retransmit_log *)(bpf.logs + writer * retransmit_log_size(LOG_RECORDS));

	log->records[log->head % LOG_RECORDS] =
		(struct retransmit_record){time_ns, socket, segments, 0};
	__atomic_exchange_n(&log->head, log->head + 1, __ATOMIC_SEQ_CST);
}

static size_t take(const struct retransmit **items)
{
	size_t n;

	retransmits_take(bpf.retransmits, clock_monotonic_ns(), bpf.missed);
	*items = retransmits_taken(bpf.retransmits, &n);
	return n;
}

static bool has_gap(void)
{
	struct window_gap gap = retransmits_gap(bpf.retransmits);

	return gap.from_ns < gap.to_ns;
}

static void tells_all_logs_by_time_once(void **state)
{
	const struct retransmit *items;

	(void)state;
	start();
	assert_int_equal(take(&items), 0);
	retransmit(3, 500, 7, 1);
	retransmit(0, 300, 8, 45);
	retransmit(0, 600, 8, 2);
	retransmit(1, 400, 9, 3);
	assert_int_equal(take(&items), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(items[i].time_ns, 300 + 100 * i);
	assert_int_equal(items[0].socket, 8);
	assert_int_equal(items[0].segments, 45);
	assert_int_equal(items[2].socket, 7);
	assert_int_equal(take(&items), 0);
	retransmit(0, 700, 8, 2);
	assert_int_equal(take(&items), 1);
	assert_false(has_gap());
	assert_int_equal(retransmits_lost(bpf.retransmits), 0);
	end();
}

/* What was lost was so between the beginning of the last take and the end of this. */
static void says_when_some_were_lost(void **state)
{
	uint64_t before_ns, between_ns;
	const struct retransmit *items;
	struct window_gap gap;

	(void)state;
	start();
	take(&items);
	before_ns = clock_monotonic_ns();
	retransmits_take(bpf.retransmits, before_ns, 0);
	between_ns = clock_monotonic_ns();
	/* The oldest place is the next to be written, and may be written already. */
	for (uint64_t i = 0; i < LOG_RECORDS + 9; i++)
		retransmit(2, i, 7, 1);
	retransmit(1, 5000, 8, 1);
	assert_int_equal(take(&items), LOG_RECORDS - 1 + 1);
	assert_int_equal(items[0].time_ns, 10);
	assert_int_equal(retransmits_lost(bpf.retransmits), 10);
	gap = retransmits_gap(bpf.retransmits);
	assert_int_equal(gap.from_ns, before_ns);
	assert_true(gap.to_ns > between_ns);
	take(&items);
	assert_false(has_gap());
	bpf.missed = 2;
	take(&items);
	assert_true(has_gap());
	take(&items);
	assert_false(has_gap());
	assert_int_equal(retransmits_lost(bpf.retransmits), 12);
	end();
}

/* All of a storm on few CPUs; and on many no more memory than that, as long as there is something in each. */
static void sizes_the_logs(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(retransmits_log_records(4), 16384);
	for (n = 1; n <= 4096; n *= 2) {
		uint32_t records = retransmits_log_records(n);

		assert_int_equal(records & (records - 1), 0);
		assert_true(records == 1024 || n * retransmit_log_size(records) <= 16 << 20);
	}
	assert_int_equal(retransmits_log_records(100000), 1024);
}

static void refuses_what_cannot_be_mapped(void **state)
{
	struct retransmits *retransmits = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(retransmits_new(&retransmits, -1, N_LOGS, LOG_RECORDS, &err), -EBADF);
	assert_null(retransmits);
	retransmits_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_all_logs_by_time_once),
		cmocka_unit_test(says_when_some_were_lost),
		cmocka_unit_test(sizes_the_logs),
		cmocka_unit_test(refuses_what_cannot_be_mapped),
	};

	return cmocka_run_group_tests_name("retransmits", tests, NULL, NULL);
}
