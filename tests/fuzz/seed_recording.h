/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A small recording that has some of everything, for fuzz_recording to spoil. */
#ifndef IFPULSE_TESTS_FUZZ_SEED_RECORDING_H
#define IFPULSE_TESTS_FUZZ_SEED_RECORDING_H

#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "store/recorder.h"

#define SEED_WIDTH_NS (100 * NSEC_PER_USEC)
#define SEED_START_NS (1000 * NSEC_PER_SEC) /* CLOCK_MONOTONIC */
#define SEED_SPANS 3
#define SEED_FLOWS                                                                        \
	"{\"flows\":[{\"protocol\":\"udp\",\"source\":\"192.0.2.1\",\"wire_bytes\":1500," \
	"\"cgroup\":\"/a\"}],\"unattributed_bytes\":0,\"retransmits\":3}"

static inline void seed_do(int ret, const struct error *err)
{
	if (!ret)
		return;
	fprintf(stderr, "no recording: %s\n", err->what);
	abort();
}

static inline void seed_windows(struct recorder *recorder, const struct series_member *members,
				size_t n_members, uint64_t from_ns)
{
	struct window windows[20];
	struct window_gap gap = {from_ns + 50 * SEED_WIDTH_NS, from_ns + 60 * SEED_WIDTH_NS};
	struct series_span span = {.from_ns = from_ns,
				   .until_ns = from_ns + 100 * SEED_WIDTH_NS,
				   .width_ns = SEED_WIDTH_NS,
				   .members = members,
				   .n_members = n_members,
				   .windows = windows,
				   .n_windows = 20,
				   .gaps = &gap,
				   .n_gaps = 1};
	struct error err = {0};
	size_t i;

	for (i = 0; i < 20; i++)
		windows[i] = (struct window){from_ns + i / 4 * 3 * SEED_WIDTH_NS,
					     (uint32_t)(1 + i / 2 % 2),
					     i % 2,
					     {7, 700, 9, 900},
					     i % 3};
	seed_do(recorder_add_span(recorder, &span, &err), &err);
}

static inline void seed_rows(struct recorder *recorder, uint64_t time_ns)
{
	struct recording_counters counters = {1, time_ns, {.drops = {1, 2}}, true, {.rx_bytes = 5}};
	struct recording_change change = {time_ns,        5,  "eth0", "address-added", NULL,
					  "192.0.2.1/24", "", 1};
	struct recording_burst burst = {
		.slot = 1,
		.speed_bps = 1000000000,
		.speed_source = "netlink",
		.drop_reasons = "QDISC_DROP:12 other:1",
		.container = "web",
		.flows = SEED_FLOWS,
		.burst = {.start_ns = time_ns,
			  .end_ns = time_ns + 3 * SEED_WIDTH_NS,
			  .windows = 3,
			  .traffic = {7, 700, 9, 900},
			  .drops = 13,
			  .peak_bps = 900000000,
			  .mean_bps = 600000000},
	};
	struct error err = {0};

	seed_do(recorder_add_counters(recorder, &counters, &err), &err);
	seed_do(recorder_add_change(recorder, &change, &err), &err);
	seed_do(recorder_add_burst(recorder, &burst, &err), &err);
	seed_do(recorder_commit(recorder, &err), &err);
}

/* Makes it at `path`. */
static inline void seed_recording(const char *path)
{
	const struct recording_meta meta = {.width_ns = SEED_WIDTH_NS,
					    .wall_offset_ns = UINT64_C(1800000000000000000),
					    .host = "host",
					    .version = "0.1.0"};
	const struct series_member members[] = {
		{1, 5, "eth0", SEED_START_NS, SERIES_STAYS},
		{2, 6, "eth1", SEED_START_NS, SERIES_STAYS},
	};
	struct link link = {.ifindex = 5, .ifname = "eth0", .kind = "veth", .mtu = 1500};
	struct recorder *recorder;
	struct error err = {0};
	uint64_t i, time_ns;

	seed_do(recorder_new(&recorder, path, &meta, NULL, SEED_START_NS, &err), &err);
	seed_do(recorder_add_interface(recorder, &members[0], &link, &err), &err);
	seed_do(recorder_add_interface(recorder, &members[1], NULL, &err), &err);
	seed_do(recorder_name_container(recorder, 1, "", 5, "web", &err), &err);
	for (i = 0; i < SEED_SPANS; i++) {
		time_ns = SEED_START_NS + i * 100 * SEED_WIDTH_NS;
		seed_windows(recorder, members, 2, time_ns);
		seed_rows(recorder, time_ns);
	}
	seed_do(recorder_close(recorder, &err), &err);
	recorder_free(recorder);
}

#endif
