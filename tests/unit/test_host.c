// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

#include "kernel/host.h"

static void parses_releases(void **state)
{
	static const struct {
		const char *release;
		int major, minor;
	} cases[] = {
		{"5.10.0-28-amd64", 5, 10},
		{"6.1", 6, 1},
		{"6.18.0", 6, 18},
		{"6.12-rc3", 6, 12},
		{"5.4.0-1045-aws", 5, 4},
		{"10.0.1", 10, 0},
		{"6.6+", 6, 6},
		{"5.010", 5, 10},
		{"0.99", 0, 99},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int major = -7, minor = -7;

		expect_number(cases[i].release,
			      (uint64_t)host_parse_release(cases[i].release, &major, &minor), 0);
		expect_number(cases[i].release, (uint64_t)major, (uint64_t)cases[i].major);
		expect_number(cases[i].release, (uint64_t)minor, (uint64_t)cases[i].minor);
	}
}

static void refuses_what_is_no_release(void **state)
{
	static const char *const wrong[] = {
		"",
		"6",
		"6.",
		".6",
		"6.x",
		"x6.1",
		"v6.1",
		"-5.10",
		"5.-1",
		"+5.10",
		"5.+10",
		" 5.10",
		"5. 10",
		"5,10",
		"6..1",
		"99999999999.1",
		"6.99999999999",
		"4294967301.10",
		"0x5.10",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int major = -7, minor = -7;

		expect_number(wrong[i], (uint64_t)host_parse_release(wrong[i], &major, &minor),
			      (uint64_t)-EINVAL);
		assert_int_equal(major, -7);
		assert_int_equal(minor, -7);
	}
}

static void wants_a_new_enough_kernel(void **state)
{
	static const struct {
		int major, minor;
		bool ok;
	} cases[] = {
		{5, 10, true},  {5, 9, false},  {5, 11, true}, {6, 0, true},  {6, 9, true},
		{4, 19, false}, {4, 10, false}, {5, 0, false}, {0, 0, false}, {10, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host_facts facts = {.major = cases[i].major, .minor = cases[i].minor};
		struct error err = {0};
		int ret;

		snprintf(facts.release, sizeof(facts.release), "%d.%d.3-test", facts.major,
			 facts.minor);
		ret = host_check_kernel(&facts, &err);
		expect_number(facts.release, (uint64_t)ret, (uint64_t)(cases[i].ok ? 0 : -ENOTSUP));
		expect_number(facts.release, (uint64_t)err.code, (uint64_t)ret);
		if (ret) {
			assert_non_null(strstr(err.what, facts.release));
			assert_non_null(strstr(err.hint, "5.10"));
		}
		assert_int_equal(host_check_kernel(&facts, NULL), ret);
	}
}

static void wants_btf(void **state)
{
	struct host_facts facts = {.major = 6, .minor = 1, .has_btf = true};
	struct error err = {0};

	(void)state;
	assert_int_equal(host_check_btf(&facts, &err), 0);
	assert_int_equal(err.code, 0);
	facts.has_btf = false;
	assert_int_equal(host_check_btf(&facts, &err), -ENOTSUP);
	assert_int_equal(err.code, -ENOTSUP);
	assert_non_null(strstr(err.what, "/sys/kernel/btf/vmlinux"));
	assert_non_null(strstr(err.hint, "CONFIG_DEBUG_INFO_BTF"));
	assert_int_equal(host_check_btf(&facts, NULL), -ENOTSUP);
}

static const struct {
	bool bpf, net_admin, perfmon;
	const char *missing;
} capabilities[] = {
	{true, true, true, ""},
	{false, true, true, "CAP_BPF"},
	{true, false, true, "CAP_NET_ADMIN"},
	{true, true, false, "CAP_PERFMON"},
	{false, false, true, "CAP_BPF, CAP_NET_ADMIN"},
	{false, true, false, "CAP_BPF, CAP_PERFMON"},
	{true, false, false, "CAP_NET_ADMIN, CAP_PERFMON"},
	{false, false, false, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON"},
};

static void names_missing_capabilities(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct host_facts facts = {
			.has_cap_bpf = capabilities[i].bpf,
			.has_cap_net_admin = capabilities[i].net_admin,
			.has_cap_perfmon = capabilities[i].perfmon,
		};
		const char *missing = capabilities[i].missing;
		struct error err = {0};
		char out[64];
		int ret;

		assert_ptr_equal(host_missing_capabilities(out, sizeof(out), &facts), out);
		assert_string_equal(out, missing);
		ret = host_check_privileges(&facts, &err);
		expect_number(missing, (uint64_t)ret, (uint64_t)(missing[0] ? -EPERM : 0));
		expect_number(missing, (uint64_t)err.code, (uint64_t)ret);
		if (ret) {
			assert_non_null(strstr(err.what, missing));
			assert_non_null(strstr(err.hint, "root"));
		}
		assert_int_equal(host_check_privileges(&facts, NULL), ret);
	}
}

static void keeps_within_small_buffers(void **state)
{
	const struct host_facts none = {0};
	const char *all = "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON";

	(void)state;
	for (size_t size = 1; size <= strlen(all) + 1; size++) {
		/* From the heap, where a sanitizer sees each byte too many. */
		char *out = malloc(size);

		assert_non_null(out);
		host_missing_capabilities(out, size, &none);
		assert_int_equal(strlen(out), size - 1);
		assert_memory_equal(out, all, size - 1);
		free(out);
	}
}

/* Whatever host this is. */
static void looks_at_this_host(void **state)
{
	struct host_facts facts;
	int major = 0, minor = 0;

	(void)state;
	memset(&facts, 0xff, sizeof(facts));
	host_look(&facts);
	assert_true(strlen(facts.release) > 0 && strlen(facts.release) < sizeof(facts.release));
	if (!host_parse_release(facts.release, &major, &minor)) {
		assert_int_equal(facts.major, major);
		assert_int_equal(facts.minor, minor);
	}
	assert_int_equal(facts.has_btf, !access("/sys/kernel/btf/vmlinux", R_OK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_releases),
		cmocka_unit_test(refuses_what_is_no_release),
		cmocka_unit_test(wants_a_new_enough_kernel),
		cmocka_unit_test(wants_btf),
		cmocka_unit_test(names_missing_capabilities),
		cmocka_unit_test(keeps_within_small_buffers),
		cmocka_unit_test(looks_at_this_host),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
