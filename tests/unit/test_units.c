// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

#include "base/units.h"

#define UNTOUCHED UINT64_C(0xdeadbeef)
#define THIRTY_DIGITS "100000000000000000000000000000"

struct parse_case {
	const char *text;
	int ret;
	uint64_t value; /* where ret is 0 */
};

typedef int (*parser)(const char *text, uint64_t *value, struct error *err);

static void check_parse(parser parse, const struct parse_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct parse_case *at = &cases[i];
		struct error err = {0};
		uint64_t value = UNTOUCHED;

		expect_number(at->text, (uint64_t)parse(at->text, &value, &err), (uint64_t)at->ret);
		expect_number(at->text, value, at->ret ? UNTOUCHED : at->value);
		expect_number(at->text, (uint64_t)err.code, (uint64_t)at->ret);
		expect_number(at->text, !!err.what[0], !!at->ret);
		/* The words are optional. */
		value = UNTOUCHED;
		expect_number(at->text, (uint64_t)parse(at->text, &value, NULL), (uint64_t)at->ret);
	}
}

static void parses_times(void **state)
{
	static const struct parse_case cases[] = {
		{"0ns", 0, 0},
		{"0h", 0, 0},
		{"1ns", 0, 1},
		{"10us", 0, 10000},
		{"1.5us", 0, 1500},
		{"0.001us", 0, 1},
		{"0.5ms", 0, 500000},
		{"2s", 0, 2000000000},
		{"1.000000001s", 0, 1000000001},
		{"1.0ns", 0, 1},
		{"5m", 0, 300000000000},
		{"0.5m", 0, 30000000000},
		{"1h", 0, 3600000000000},
		{"007us", 0, 7000},
		{"2562047h", 0, 9223369200000000000},
		{"9223372036854775807ns", 0, INT64_MAX},
		{"9223372036.854775807s", 0, INT64_MAX},
		{"9223372036.854775808s", -ERANGE, 0},
		{"9223372036854775808ns", -ERANGE, 0},
		{"18446744073709551615ns", -ERANGE, 0},
		{"18446744073709551617ns", -ERANGE, 0},
		{"2562048h", -ERANGE, 0},
		{"9999999999999999999h", -ERANGE, 0},
		{THIRTY_DIGITS "ns", -ERANGE, 0},
		{"0.1ns", -EINVAL, 0},
		{"1.5ns", -EINVAL, 0},
		{"0.0001us", -EINVAL, 0},
		{"1.0000000001s", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"10", -EINVAL, 0},
		{"0", -EINVAL, 0},
		{"us", -EINVAL, 0},
		{".", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{"1..5s", -EINVAL, 0},
		{"1.5.5s", -EINVAL, 0},
		{"1,5s", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"+1s", -EINVAL, 0},
		{" 1s", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1s\n", -EINVAL, 0},
		{"1e3s", -EINVAL, 0},
		{"0x1s", -EINVAL, 0},
		{"1d", -EINVAL, 0},
		{"1ss", -EINVAL, 0},
		{"1sec", -EINVAL, 0},
		{"1%", -EINVAL, 0},
		{"\u0661s", -EINVAL, 0},
		{"\xff", -EINVAL, 0},
	};

	(void)state;
	check_parse(units_parse_time, cases, ARRAY_SIZE(cases));
}

static void parses_rates(void **state)
{
	static const struct parse_case cases[] = {
		{"0bit", 0, 0},
		{"9600bit", 0, 9600},
		{"64kbit", 0, 64000},
		{"0.001kbit", 0, 1},
		{"500Mbit", 0, 500000000},
		{"1.5Gbit", 0, 1500000000},
		{"10Gbit/s", 0, 10000000000},
		{"9600bit/s", 0, 9600},
		{"1.2Tbit/s", 0, 1200000000000},
		{"9223372.036854775807Tbit", 0, INT64_MAX},
		{"9223372.036854775808Tbit", -ERANGE, 0},
		{"9223373Tbit", -ERANGE, 0},
		{"1.5bit", -EINVAL, 0},
		{"0.0001kbit", -EINVAL, 0},
		{"500", -EINVAL, 0},
		{"500M", -EINVAL, 0},
		{"500Mbps", -EINVAL, 0},
		{"500Mbit/", -EINVAL, 0},
		{"500Mbit/ss", -EINVAL, 0},
		{"500 Mbit", -EINVAL, 0},
		{"-1bit", -EINVAL, 0},
		{"Mbit", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	check_parse(units_parse_rate, cases, ARRAY_SIZE(cases));
}

static void parses_sizes(void **state)
{
	static const struct parse_case cases[] = {
		{"0B", 0, 0},
		{"512B", 0, 512},
		{"64K", 0, 65536},
		{"0.5K", 0, 512},
		{"1.5M", 0, 1572864},
		{"2G", 0, 2147483648},
		{"1T", 0, 1099511627776},
		{"8388607T", 0, 9223370937343148032},
		{"8388608T", -ERANGE, 0},
		{"1.5B", -EINVAL, 0},
		{"0.3K", -EINVAL, 0}, /* 307.2 bytes */
		{"64", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"64KB", -EINVAL, 0},
		{"-1K", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	check_parse(units_parse_size, cases, ARRAY_SIZE(cases));
}

static void parses_percents(void **state)
{
	static const struct parse_case cases[] = {
		{"0", 0, 0},
		{"0%", 0, 0},
		{"0.01%", 0, 100000},
		{"0.01", 0, 100000},
		{"0.1%", 0, 1000000},
		{"50%", 0, 500000000},
		{"33.3333333%", 0, 333333333},
		{"0.0000001%", 0, 1},
		{"99.9999999", 0, 999999999},
		{"100%", 0, 1000000000},
		{"100.000", 0, 1000000000},
		{"100.0000001%", -ERANGE, 0},
		{"101", -ERANGE, 0},
		{"9223372036854775807", -ERANGE, 0},
		{THIRTY_DIGITS "%", -ERANGE, 0},
		{"0.00000001%", -EINVAL, 0},
		{"0.00000015%", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"%", -EINVAL, 0},
		{"1%%", -EINVAL, 0},
		{"1 %", -EINVAL, 0},
		{" 1%", -EINVAL, 0},
		{"-1%", -EINVAL, 0},
		{"+1%", -EINVAL, 0},
		{"1e-2", -EINVAL, 0},
		{"nan", -EINVAL, 0},
		{"inf%", -EINVAL, 0},
		{"0,01%", -EINVAL, 0},
	};

	(void)state;
	check_parse(units_parse_percent, cases, ARRAY_SIZE(cases));
}

static int parse_up_to_ten(const char *text, uint64_t *value, struct error *err)
{
	return units_parse_count(text, 10, value, err);
}

static int parse_any_count(const char *text, uint64_t *value, struct error *err)
{
	return units_parse_count(text, UINT64_MAX, value, err);
}

static void parses_counts(void **state)
{
	static const struct parse_case up_to_ten[] = {
		{"0", 0, 0},
		{"1", 0, 1},
		{"007", 0, 7},
		{"10", 0, 10},
		{"11", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1.", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1K", -EINVAL, 0},
		{"0x1", -EINVAL, 0},
		{"1e0", -EINVAL, 0},
		{"one", -EINVAL, 0},
		{THIRTY_DIGITS, -ERANGE, 0},
	};
	static const struct parse_case any[] = {
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"18446744073709551617", -ERANGE, 0}, /* 1 in 64 bits */
	};

	(void)state;
	check_parse(parse_up_to_ten, up_to_ten, ARRAY_SIZE(up_to_ten));
	check_parse(parse_any_count, any, ARRAY_SIZE(any));
}

static void tells_what_it_expected(void **state)
{
	struct error err = {0};
	uint64_t value;

	(void)state;
	units_parse_time("10", &value, &err);
	assert_non_null(strstr(err.what, "'10'"));
	assert_non_null(strstr(err.what, "unit"));
	units_parse_rate("5Mbps", &value, &err);
	assert_non_null(strstr(err.what, "'Mbps'"));
	units_parse_count("11", 10, &value, &err);
	assert_non_null(strstr(err.what, "10"));
}

struct format_case {
	uint64_t value;
	const char *text;
};

static void check_format(char *(*format)(char *out, uint64_t value),
			 const struct format_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char out[UNITS_TEXT_SIZE];

		assert_ptr_equal(format(out, cases[i].value), out);
		assert_string_equal(out, cases[i].text);
	}
}

static void formats_rates(void **state)
{
	static const struct format_case cases[] = {
		{0, "0 bit/s"},
		{999, "999 bit/s"},
		{1000, "1.00 kbit/s"},
		{1234, "1.23 kbit/s"},
		{99990, "99.99 kbit/s"},
		{99996, "100.0 kbit/s"},
		{999900, "999.9 kbit/s"},
		{999949, "999.9 kbit/s"},
		{999960, "1.00 Mbit/s"},
		{12340000, "12.34 Mbit/s"},
		{999999999, "1.00 Gbit/s"},
		{10000000000, "10.00 Gbit/s"},
		{400000000000, "400.0 Gbit/s"},
		{1000000000000, "1.00 Tbit/s"},
		{1000000000000000, "1.00 Pbit/s"},
		{UINT64_MAX, "18.45 Ebit/s"},
	};

	(void)state;
	check_format(units_format_rate, cases, ARRAY_SIZE(cases));
}

static void formats_sizes(void **state)
{
	static const struct format_case cases[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.00 KiB"},
		{1536, "1.50 KiB"},
		{1048575, "1.00 MiB"},
		{1048576, "1.00 MiB"},
		{104857600, "100.0 MiB"},
		{5368709120, "5.00 GiB"},
		{UINT64_MAX, "16.00 EiB"},
	};

	(void)state;
	check_format(units_format_size, cases, ARRAY_SIZE(cases));
}

static void formats_times(void **state)
{
	static const struct format_case cases[] = {
		{0, "0 ns"},
		{1, "1 ns"},
		{999, "999 ns"},
		{1000, "1 us"},
		{1001, "1.001 us"},
		{1500000, "1.5 ms"},
		{1234567, "1.23457 ms"},
		{100000000, "100 ms"},
		{1000000000, "1 s"},
		{1000010000, "1.00001 s"},
		{3600000000000, "3600 s"},
		{999999000000000, "999999 s"},
		{999999600000000, "1000000 s"},
		{1234567000000000, "1234567 s"},
		{UINT64_MAX, "18446744074 s"},
	};

	(void)state;
	check_format(units_format_time, cases, ARRAY_SIZE(cases));
}

static void formats_wall_times(void **state)
{
	static const struct format_case cases[] = {
		{0, "1970-01-01T00:00:00.000000Z"},
		{999, "1970-01-01T00:00:00.000000Z"},
		{1999, "1970-01-01T00:00:00.000001Z"},
		{951782400000000000, "2000-02-29T00:00:00.000000Z"},
		{1769862896123456789, "2026-01-31T12:34:56.123456Z"},
		{4107542399999999999, "2100-02-28T23:59:59.999999Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.709551Z"},
	};

	(void)state;
	check_format(units_format_wall, cases, ARRAY_SIZE(cases));
	/* UTC, whatever the zone. */
	setenv("TZ", "XYZ-05:45", 1);
	check_format(units_format_wall, cases, ARRAY_SIZE(cases));
	unsetenv("TZ");
}

static void parses_wall_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t wall_ns; /* 0: refused */
	} cases[] = {
		{"1970-01-01T00:00:00.000000001Z", 1},
		{"2026-01-31T12:34:56Z", 1769862896000000000},
		{"2026-01-31T12:34:56.5Z", 1769862896500000000},
		{"2026-01-31T12:34:56.123456Z", 1769862896123456000},
		{"2026-01-31T12:34:56.123456789Z", 1769862896123456789},
		{"2026-01-31T12:34:56.1234567891Z", 0},
		{"2026-01-31T12:34:56.Z", 0},
		{"2026-01-31T12:34:56", 0},
		{"2026-01-31T12:34:56+01:00", 0},
		{"2026-01-31T12:34:56Zx", 0},
		{"2026-13-31T12:34:56Z", 0},
		{"1969-12-31T23:59:59Z", 0},
		{"9999-12-31T23:59:59Z", 0},
		{"", 0},
		{"T", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t wall_ns = 7;
		struct error err = {0};
		int ret = units_parse_wall(cases[i].text, &wall_ns, &err);

		if (cases[i].wall_ns ? ret || wall_ns != cases[i].wall_ns
				     : ret != -EINVAL || wall_ns != 7 || !err.what[0])
			fail_msg("'%s': %d", cases[i].text, ret);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_wall_times),      cmocka_unit_test(parses_times),
		cmocka_unit_test(parses_rates),           cmocka_unit_test(parses_sizes),
		cmocka_unit_test(parses_percents),        cmocka_unit_test(parses_counts),
		cmocka_unit_test(tells_what_it_expected), cmocka_unit_test(formats_rates),
		cmocka_unit_test(formats_sizes),          cmocka_unit_test(formats_times),
		cmocka_unit_test(formats_wall_times),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
