// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* model/proc_net_dev: what was saved is what was there, and what is no such file is refused. */
#include "tests/unit/support.h"

#include <errno.h>

#include "model/proc_net_dev.h"

#define TITLES                                                                           \
	"Inter-|   Receive                                                |  Transmit\n" \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"

static int parse(const char *text, struct proc_net_dev_row **rows, size_t *n, struct error *err)
{
	char *copy = strdup(text);
	int ret;

	assert_non_null(copy);
	ret = proc_net_dev_parse("FILE", copy, rows, n, err);
	free(copy);
	return ret;
}

static void takes_what_the_kernel_prints(void **state)
{
	/* The second as the kernel sets a name and a number that fill their columns. */
	static const char text[] =
		TITLES "    lo:  112400    1124    0    0    0     0          0         0   "
		       "112400    1124    0    0    0     0       0          0\n"
		       "veth0123456789a:18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		       "a\x1b[31m: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0";
	struct proc_net_dev_row *rows;
	const struct proc_net_dev_row *row;
	struct error err = {0};
	size_t n;

	(void)state;
	if (parse(text, &rows, &n, &err))
		fail_msg("%s", err.what);
	assert_int_equal(n, 3);
	row = proc_net_dev_find(rows, n, "veth0123456789a");
	assert_non_null(row);
	assert_true(row->stats.rx_bytes == UINT64_MAX);
	assert_int_equal(row->stats.rx_packets, 2);
	assert_int_equal(row->stats.tx_bytes, 9);
	assert_int_equal(row->stats.tx_packets, 10);
	row = proc_net_dev_find(rows, n, "lo");
	assert_non_null(row);
	assert_int_equal(row->stats.tx_packets, 1124);
	assert_non_null(proc_net_dev_find(rows, n, "a\x1b[31m"));
	assert_null(proc_net_dev_find(rows, n, "eth0"));
	free(rows);
}

static void refuses_what_is_none(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"", "line 1 is not there"},
		{"Inter-|", "line 2 is not there"},
		{TITLES, "line 3 is not there"}, /* every namespace has a lo */
		{"root:x:0:0\n", "line 1 has none"},
		{"Inter-|\nlo: 1 2\n", "line 2 has none"},
		{TITLES "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n", "line 3 is no name"},
		{TITLES "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n", "line 3"},
		{TITLES "lo: -1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "lo: 0x1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "lo: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		 "line 3"},
		{TITLES ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "a b: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "sixteenletters16: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "lo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "\nlo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "line 3"},
		{TITLES "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
			"lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		 "line 4 names"},
	};
	struct proc_net_dev_row *rows = NULL;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = {0};

		expect_number(cases[i].text, (uint64_t)-parse(cases[i].text, &rows, &n, &err),
			      EINVAL);
		if (!strstr(err.what, cases[i].line))
			fail_msg("no \"%s\" in \"%s\"", cases[i].line, err.what);
		assert_true(err.hint[0]);
	}
	assert_null(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_kernel_prints),
		cmocka_unit_test(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
