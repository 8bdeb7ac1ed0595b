/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * windows_writer: what stands for BPF in tests of kernel/windows: memfds for its two maps, and its
 * writers step by step as in bpf/windows.bpf.h, with the time given by the test.
 */
#ifndef IFPULSE_TESTS_UNIT_WINDOWS_WRITER_H
#define IFPULSE_TESTS_UNIT_WINDOWS_WRITER_H

#include "tests/unit/support.h"

#include <bpf/libbpf.h>

#include "include/probe_abi.h"
#include "kernel/windows.h"

struct bpf {
	/* Set by the test. */
	uint32_t n_slots, log_records;
	uint64_t width_ns, wall_offset_ns, start_ns;
	/* Set by bpf_start(). */
	uint32_t n_cpus;
	int open_fd, logs_fd;
	size_t open_size, logs_size;
	struct open_windows *open;
	char *logs;
	struct windows *windows;
};

static inline void *bpf_map(int *fd, size_t *size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;

	*size = (*size + page - 1) / page * page;
	*fd = memfd_create("map", MFD_CLOEXEC);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, (off_t)*size), 0);
	map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

static inline struct windows_setup bpf_setup(const struct bpf *bpf)
{
	return (struct windows_setup){.open_fd = bpf->open_fd,
				      .logs_fd = bpf->logs_fd,
				      .n_slots = bpf->n_slots,
				      .log_records = bpf->log_records,
				      .width_ns = bpf->width_ns,
				      .start_ns = bpf->start_ns};
}

static inline void bpf_start(struct bpf *bpf)
{
	struct windows_setup setup;
	struct error err;
	size_t writers;

	bpf->n_cpus = (uint32_t)libbpf_num_possible_cpus();
	writers = bpf->n_cpus * WINDOW_WRITERS_PER_CPU;
	bpf->open_size = writers * bpf->n_slots * sizeof(*bpf->open);
	bpf->logs_size = writers * window_log_size(bpf->log_records);
	bpf->open = bpf_map(&bpf->open_fd, &bpf->open_size);
	bpf->logs = bpf_map(&bpf->logs_fd, &bpf->logs_size);
	setup = bpf_setup(bpf);
	assert_int_equal(windows_new(&bpf->windows, &setup, &err), 0);
}

static inline void bpf_end(struct bpf *bpf)
{
	windows_free(bpf->windows);
	munmap(bpf->open, bpf->open_size);
	munmap(bpf->logs, bpf->logs_size);
	close(bpf->open_fd);
	close(bpf->logs_fd);
}

static inline uint64_t bpf_align(const struct bpf *bpf, uint64_t now_ns)
{
	return now_ns - (now_ns + bpf->wall_offset_ns) % bpf->width_ns;
}

static inline uint32_t bpf_traffic_writer(const struct bpf *bpf, uint32_t cpu)
{
	return cpu % bpf->n_cpus;
}

static inline uint32_t bpf_drop_writer(const struct bpf *bpf, uint32_t cpu)
{
	return bpf->n_cpus + cpu % bpf->n_cpus;
}

/* Stores as a program's are: one by one and in this order, also where a thread looks on. */
#define BPF_STORE(to, value) (*(volatile typeof(to) *)&(to) = (value))

static inline void bpf_log_window(struct bpf *bpf, const struct open_window *window,
				  uint64_t now_ns, uint32_t writer, uint32_t slot,
				  uint32_t direction)
{
	struct window_log *log =
		(struct window_log *)(bpf->logs + writer * window_log_size(bpf->log_records));
	uint64_t head = log->head;
	struct window_record *record = &log->records[head & (bpf->log_records - 1)];

	BPF_STORE(record->start_ns, window->start_ns);
	BPF_STORE(record->closed_ns, now_ns);
	BPF_STORE(record->slot, slot);
	BPF_STORE(record->direction, direction);
	BPF_STORE(record->drops, window->drops);
	BPF_STORE(record->traffic.packets, window->traffic.packets);
	BPF_STORE(record->traffic.bytes, window->traffic.bytes);
	BPF_STORE(record->traffic.wire_packets, window->traffic.wire_packets);
	BPF_STORE(record->traffic.wire_bytes, window->traffic.wire_bytes);
	/* BPF_XCHG is a full barrier, which the exchange alone is not on every architecture. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_exchange_n(&log->head, head + 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline struct window_log *bpf_log(struct bpf *bpf, uint32_t writer)
{
	return (struct window_log *)(bpf->logs + writer * window_log_size(bpf->log_records));
}

static inline void bpf_count_first_window(struct bpf *bpf, uint32_t writer)
{
	struct window_log *log = bpf_log(bpf, writer);

	BPF_STORE(log->first_windows, log->first_windows + 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline struct open_window *bpf_window_now(struct bpf *bpf, uint32_t writer, uint32_t slot,
						 uint32_t direction, uint64_t now_ns)
{
	struct open_window *window = &bpf->open[writer * bpf->n_slots + slot].direction[direction];

	if (now_ns - window->start_ns >= bpf->width_ns) {
		if (window->start_ns)
			bpf_log_window(bpf, window, now_ns, writer, slot, direction);
		else
			bpf_count_first_window(bpf, writer);
		BPF_STORE(window->drops, 0);
		BPF_STORE(window->traffic.packets, 0);
		BPF_STORE(window->traffic.bytes, 0);
		BPF_STORE(window->traffic.wire_packets, 0);
		BPF_STORE(window->traffic.wire_bytes, 0);
		BPF_STORE(window->start_ns, bpf_align(bpf, now_ns));
	}
	return window;
}

/* At once what a program counts packet by packet; a writer counts either traffic or drops. */
static inline void bpf_count(struct bpf *bpf, uint32_t writer, uint32_t slot, uint32_t direction,
			     uint64_t now_ns, const struct traffic_counter *traffic, uint64_t drops)
{
	struct open_window *window = bpf_window_now(bpf, writer, slot, direction, now_ns);

	if (traffic) {
		BPF_STORE(window->traffic.packets, window->traffic.packets + traffic->packets);
		BPF_STORE(window->traffic.bytes, window->traffic.bytes + traffic->bytes);
		BPF_STORE(window->traffic.wire_packets,
			  window->traffic.wire_packets + traffic->wire_packets);
		BPF_STORE(window->traffic.wire_bytes,
			  window->traffic.wire_bytes + traffic->wire_bytes);
	}
	if (drops)
		BPF_STORE(window->drops, window->drops + drops);
}

/* Traffic in which each of the four counts can be told from the others. */
static inline void bpf_pass(struct bpf *bpf, uint32_t cpu, uint32_t slot, uint32_t direction,
			    uint64_t now_ns, uint64_t packets)
{
	const struct traffic_counter traffic = {packets, 1000 * packets, 2 * packets,
						1100 * packets};

	bpf_count(bpf, bpf_traffic_writer(bpf, cpu), slot, direction, now_ns, &traffic, 0);
}

static inline void bpf_drop(struct bpf *bpf, uint32_t cpu, uint32_t slot, uint32_t direction,
			    uint64_t now_ns)
{
	bpf_count(bpf, bpf_drop_writer(bpf, cpu), slot, direction, now_ns, NULL, 1);
}

#endif
