// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/windows: what it maps, and what it chooses by the numbers of writers and records. */
#include "tests/unit/windows_writer.h"

#include <errno.h>

#include "base/units.h"

static void refuses_what_cannot_be_mapped(void **state)
{
	struct windows *windows = NULL;
	struct bpf bpf = {.n_slots = 2, .log_records = 8, .width_ns = 100};
	struct windows_setup setup;
	struct error err = {0};

	(void)state;
	bpf_start(&bpf);
	setup = bpf_setup(&bpf);
	setup.open_fd = -1;
	assert_int_equal(windows_new(&windows, &setup, &err), -EBADF);
	setup = bpf_setup(&bpf);
	setup.logs_fd = -1;
	assert_int_equal(windows_new(&windows, &setup, &err), -EBADF);
	assert_null(windows);
	assert_int_equal(err.code, -EBADF);
	bpf_end(&bpf);
	windows_free(NULL);
}

static void chooses_how_long_logs_are(void **state)
{
	static const struct {
		const char *what;
		size_t n_writers;
		uint32_t records;
	} cases[] = {
		{"one CPU", 2, 32768},       {"just 64 MiB", 32, 32768}, {"more", 33, 16384},
		{"again 64 MiB", 64, 16384}, {"256 CPUs", 512, 2048},    {"least", 1024, 1024},
		{"not less", 1025, 1024},    {"many", 16384, 1024},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		expect_number(cases[i].what, windows_log_records(cases[i].n_writers),
			      cases[i].records);
}

static void chooses_how_often_to_take(void **state)
{
	static const struct {
		const char *what;
		uint32_t log_records;
		uint64_t width_ns, period_ns;
	} cases[] = {
		{"10 us, long log", 32768, 10000, 20480000},
		{"10 us, short log", 1024, 10000, 5000000},
		{"just 5 ms", 8000, 10000, 5000000},
		{"little more", 8016, 10000, 5010000},
		{"100 us", 8192, 100000, 51200000},
		{"just 100 ms", 16000, 100000, 100000000},
		{"more", 16016, 100000, 100000000},
		{"1 s, long log", 32768, NSEC_PER_SEC, 100000000},
		{"1 s, shorter than 16", 8, NSEC_PER_SEC, 5000000},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf bpf = {.n_slots = 2,
				  .log_records = cases[i].log_records,
				  .width_ns = cases[i].width_ns};
		bpf_start(&bpf);
		expect_number(cases[i].what, windows_take_period_ns(bpf.windows),
			      cases[i].period_ns);
		bpf_end(&bpf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_cannot_be_mapped),
		cmocka_unit_test(chooses_how_long_logs_are),
		cmocka_unit_test(chooses_how_often_to_take),
	};

	return cmocka_run_group_tests_name("setting up windows", tests, NULL, NULL);
}
