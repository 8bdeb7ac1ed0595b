// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/flows on a memfd that stands for BPF's map; the width is 100 ns throughout. */
#include "tests/unit/support.h"

#include <errno.h>

#include "kernel/flows.h"

#define WIDTH_NS 100
#define N_SLOTS 4
#define N_CPUS 2

static struct {
	int fd;
	uint32_t log_records;
	size_t size;
	char *logs;
	struct flows *flows;
} bpf;

static struct flows_setup setup_of(void)
{
	return (struct flows_setup){.logs_fd = bpf.fd,
				    .n_cpus = N_CPUS,
				    .n_slots = N_SLOTS,
				    .log_records = bpf.log_records,
				    .width_ns = WIDTH_NS,
				    .start_ns = 1000};
}

static void start(uint32_t log_records)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct flows_setup setup;
	struct error err;

	bpf.log_records = log_records;
	bpf.size = (N_CPUS * flow_log_size(log_records) + page - 1) / page * page;
	bpf.fd = memfd_create("map", MFD_CLOEXEC);
	assert_true(bpf.fd >= 0);
	assert_int_equal(ftruncate(bpf.fd, (off_t)bpf.size), 0);
	bpf.logs = mmap(NULL, bpf.size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf.fd, 0);
	assert_ptr_not_equal(bpf.logs, MAP_FAILED);
	setup = setup_of();
	assert_int_equal(flows_new(&bpf.flows, &setup, &err), 0);
}

static void end(void)
{
	flows_free(bpf.flows);
	munmap(bpf.logs, bpf.size);
	close(bpf.fd);
}

/* As log_flow() in bpf/flows.bpf.h; packets of two segments are marked. */
static void pass_segments(uint32_t cpu, uint64_t start_ns, uint32_t slot, uint32_t direction,
			  uint8_t flow, uint32_t bytes, uint32_t segments)
{
	struct flow_log *log = (struct flow_log *)(bpf.logs + cpu * flow_log_size(bpf.log_records));
	struct flow_record *record = &log->records[log->head % bpf.log_records];

	*record = (struct flow_record){.start_ns = start_ns,
				       .key = {.kind = FLOW_IPV4, .source = {flow}},
				       .slot = slot,
				       .direction = (uint16_t)direction,
				       .is_ce = segments == 2,
				       .wire_bytes = bytes,
				       .wire_packets = segments};
	__atomic_exchange_n(&log->head, log->head + 1, __ATOMIC_SEQ_CST);
}

static void pass(uint32_t cpu, uint64_t start_ns, uint32_t slot, uint32_t direction, uint8_t flow,
		 uint32_t bytes)
{
	pass_segments(cpu, start_ns, slot, direction, flow, bytes, 1);
}

struct told {
	uint64_t start_ns;
	uint32_t slot, direction;
	uint64_t wire_bytes, wire_packets;
};

static void takes(int line, uint64_t until_ns, const struct told *expected, size_t n_expected)
{
	const struct window_flow *taken;
	size_t i, n;

	flows_take(bpf.flows, until_ns);
	taken = flows_taken(bpf.flows, &n);
	for (i = 0; i < n && i < n_expected; i++)
		if (taken[i].start_ns != expected[i].start_ns ||
		    taken[i].slot != expected[i].slot ||
		    taken[i].direction != expected[i].direction ||
		    taken[i].wire_bytes != expected[i].wire_bytes ||
		    taken[i].wire_packets != expected[i].wire_packets)
			fail_msg("line %d, flow %zu: start %" PRIu64 ", slot %u, direction %u, "
				 "%" PRIu64 " bytes, %" PRIu64 " packets",
				 line, i, taken[i].start_ns, taken[i].slot, taken[i].direction,
				 taken[i].wire_bytes, taken[i].wire_packets);
	if (n != n_expected)
		fail_msg("line %d: %zu flows, not %zu", line, n, n_expected);
}

#define TAKES(until_ns, ...)                                       \
	do {                                                       \
		const struct told told[] = {__VA_ARGS__};          \
		takes(__LINE__, until_ns, told, ARRAY_SIZE(told)); \
	} while (0)

#define TAKES_NOTHING(until_ns) takes(__LINE__, until_ns, NULL, 0)

static void tells_flows_with_their_windows(void **state)
{
	(void)state;
	start(16);
	TAKES_NOTHING(1000);
	pass(0, 1100, 1, 0, 7, 100);
	pass(0, 1200, 1, 0, 7, 200);
	TAKES_NOTHING(1199);
	TAKES(1200, {1100, 1, 0, 100, 1});
	TAKES_NOTHING(1200);
	TAKES_NOTHING(1100);
	/* More of one that waits. */
	pass(0, 1200, 1, 0, 7, 300);
	TAKES(1300, {1200, 1, 0, 500, 2});
	TAKES_NOTHING(1400);
	assert_int_equal(flows_losses(bpf.flows).unread_packets, 0);
	end();
}

static void sorts_what_several_cpus_had(void **state)
{
	(void)state;
	start(16);
	pass(1, 1000, 3, 1, 7, 1);
	pass(0, 1100, 1, 0, 7, 2);
	pass(1, 1000, 3, 0, 7, 3);
	pass(0, 1100, 2, 0, 7, 4);
	pass(1, 1100, 1, 1, 7, 5);
	pass(0, 1000, 1, 0, 7, 6);
	TAKES(1200, {1000, 1, 0, 6, 1}, {1000, 3, 0, 3, 1}, {1000, 3, 1, 1, 1}, {1100, 1, 0, 2, 1},
	      {1100, 1, 1, 5, 1}, {1100, 2, 0, 4, 1});
	end();
}

/* Of one flow, one behind the other, and their sum is more than a record holds. */
static void adds_up_neighbours(void **state)
{
	(void)state;
	start(16);
	pass(0, 1000, 1, 0, 7, UINT32_MAX);
	pass(0, 1000, 1, 0, 7, UINT32_MAX);
	pass(0, 1000, 1, 1, 7, 4);
	pass(0, 1000, 1, 1, 8, 5);
	flows_take(bpf.flows, 1100);
	TAKES_NOTHING(1100);
	pass(0, 1100, 1, 0, 7, UINT32_MAX);
	pass(0, 1100, 1, 0, 7, UINT32_MAX);
	pass(0, 1100, 1, 1, 7, 5);
	pass(0, 1100, 1, 1, 7, 6);
	TAKES(1200, {1100, 1, 0, 2 * (uint64_t)UINT32_MAX, 2}, {1100, 1, 1, 11, 2});
	end();
}

/* Of several flows in turn: two that share a place among the recent ones take more room, and lose nothing. */
static void adds_up_what_others_come_between(void **state)
{
	uint64_t packets[2][2][5] = {0};
	const struct window_flow *taken;
	size_t i, n;

	(void)state;
	start(512);
	for (i = 0; i < 500; i++)
		pass(0, 1000 + i / 250 * 100, 1 + i % 2, 0, (uint8_t)(i % 5), 10);
	flows_take(bpf.flows, 1200);
	taken = flows_taken(bpf.flows, &n);
	assert_in_range(n, 2 * 2 * 5, 250);
	for (i = 0; i < n; i++) {
		assert_int_equal(taken[i].wire_bytes, 10 * taken[i].wire_packets);
		packets[(taken[i].start_ns - 1000) / 100][taken[i].slot - 1]
		       [taken[i].key.source[0]] += taken[i].wire_packets;
	}
	for (i = 0; i < 2 * 2 * 5; i++)
		assert_int_equal(packets[i / 10][i / 5 % 2][i % 5], 25);
	end();
}

/* What is read between takes is told by the next, and makes room for more than a log holds. */
static void reads_logs_between_takes(void **state)
{
	size_t i;

	(void)state;
	start(16);
	for (i = 0; i < 60; i++) {
		pass(0, 1000 + 100 * (i / 30), 1, 0, 7, 10);
		if (i % 10 == 9)
			flows_drain(bpf.flows);
	}
	TAKES(1100, {1000, 1, 0, 300, 30});
	/* Too late for its window. */
	pass(0, 1000, 1, 0, 7, 10);
	flows_drain(bpf.flows);
	pass(0, 1100, 1, 0, 7, 10);
	TAKES(1200, {1100, 1, 0, 310, 31});
	assert_int_equal(flows_losses(bpf.flows).unread_packets, 0);
	assert_int_equal(flows_losses(bpf.flows).late_packets, 1);
	end();
}

static void tells_how_often_to_drain(void **state)
{
	size_t i;

	(void)state;
	start(65536);
	flows_take(bpf.flows, 1100);
	assert_true(flows_drain_period_ns(bpf.flows) > FLOWS_TAKE_PERIOD_NS);
	for (i = 0; i < 60000; i++)
		pass(0, 1100, 1, 0, 7, 10);
	flows_drain(bpf.flows);
	assert_in_range(flows_drain_period_ns(bpf.flows), 1000000, FLOWS_TAKE_PERIOD_NS);
	end();
}

static void counts_the_packets_that_are_marked(void **state)
{
	const struct window_flow *taken;
	size_t n;

	(void)state;
	start(16);
	pass_segments(0, 1000, 1, 0, 7, 10, 3);
	pass_segments(0, 1000, 1, 0, 7, 10, 2);
	pass_segments(0, 1000, 1, 0, 7, 10, 2);
	pass_segments(0, 1000, 1, 1, 7, 10, 2);
	flows_take(bpf.flows, 1100);
	taken = flows_taken(bpf.flows, &n);
	assert_int_equal(n, 2);
	assert_int_equal(taken[0].wire_packets, 7);
	assert_int_equal(taken[0].ce_packets, 4);
	assert_int_equal(taken[1].ce_packets, 2);
	end();
}

/* Neighbours of one flow are not one where their senders differ. */
static void tells_senders_apart(void **state)
{
	const struct window_flow *taken;
	struct flow_log *log;
	size_t n;

	(void)state;
	start(16);
	log = (struct flow_log *)bpf.logs;
	for (uint32_t i = 0; i < 6; i++) {
		pass(0, 1000, 1, 0, 7, 10);
		log->records[(log->head - 1) % bpf.log_records].cgroup = 1 + i / 3;
	}
	flows_take(bpf.flows, 1100);
	taken = flows_taken(bpf.flows, &n);
	assert_int_equal(n, 2);
	assert_int_equal(taken[0].cgroup, 1);
	assert_int_equal(taken[1].cgroup, 2);
	assert_int_equal(taken[1].wire_bytes, 30);
	end();
}

static void leaves_out_what_is_nobodys_or_late(void **state)
{
	(void)state;
	start(16);
	pass(0, 1000, N_SLOTS, 0, 7, 1);
	pass(0, 1000, 1, N_DIRECTIONS, 7, 1);
	TAKES_NOTHING(1100);
	pass(0, 1000, 1, 0, 7, 1);
	/* Before the probe was there. */
	pass(0, 900, 1, 0, 7, 1);
	pass(0, 1100, 1, 0, 7, 2);
	TAKES(1200, {1100, 1, 0, 2, 1});
	assert_int_equal(flows_losses(bpf.flows).unread_packets, 0);
	assert_int_equal(flows_losses(bpf.flows).late_packets, 1);
	end();
}

static void counts_what_was_overwritten(void **state)
{
	uint32_t i;

	(void)state;
	start(8);
	/* The oldest place is the next to be written, and may be written already. */
	for (i = 0; i < 8; i++)
		pass(0, 1000, 1, 0, (uint8_t)i, i);
	TAKES(1100, {1000, 1, 0, 1, 1}, {1000, 1, 0, 2, 1}, {1000, 1, 0, 3, 1}, {1000, 1, 0, 4, 1},
	      {1000, 1, 0, 5, 1}, {1000, 1, 0, 6, 1}, {1000, 1, 0, 7, 1});
	assert_int_equal(flows_losses(bpf.flows).unread_packets, 1);
	for (i = 0; i < 1000; i++)
		pass(0, 1100, 1, 0, 7, 1);
	for (i = 0; i < 5; i++)
		pass(1, 1100, 2, 0, 7, 1);
	TAKES(1200, {1100, 1, 0, 7, 7}, {1100, 2, 0, 5, 5});
	assert_int_equal(flows_losses(bpf.flows).unread_packets, 994);
	end();
}

static void chooses_how_long_logs_are(void **state)
{
	(void)state;
	expect_number("one CPU", flows_log_records(1), 65536);
	expect_number("just 80 MiB", flows_log_records(16), 65536);
	expect_number("more", flows_log_records(17), 32768);
	expect_number("least", flows_log_records(100000), 1024);
}

static void refuses_what_cannot_be_mapped(void **state)
{
	struct flows *flows = NULL;
	struct flows_setup setup;
	struct error err = {0};

	(void)state;
	start(8);
	setup = setup_of();
	setup.logs_fd = -1;
	assert_int_equal(flows_new(&flows, &setup, &err), -EBADF);
	assert_null(flows);
	flows_free(NULL);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_flows_with_their_windows),
		cmocka_unit_test(sorts_what_several_cpus_had),
		cmocka_unit_test(adds_up_neighbours),
		cmocka_unit_test(adds_up_what_others_come_between),
		cmocka_unit_test(reads_logs_between_takes),
		cmocka_unit_test(tells_how_often_to_drain),
		cmocka_unit_test(counts_the_packets_that_are_marked),
		cmocka_unit_test(tells_senders_apart),
		cmocka_unit_test(leaves_out_what_is_nobodys_or_late),
		cmocka_unit_test(counts_what_was_overwritten),
		cmocka_unit_test(chooses_how_long_logs_are),
		cmocka_unit_test(refuses_what_cannot_be_mapped),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
