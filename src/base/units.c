// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/array.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* More digits than this cannot be exact in 64 bits whatever the unit. */
#define MAX_DIGITS 19

/* digits[.digits]suffix, where the value times the unit's factor is a whole number. */
static int parse_exact(const char *text, const struct unit *units, const char *what,
		       const char *expected, uint64_t *value, struct error *err)
{
	const char *at = text, *dot = NULL;
	unsigned __int128 mantissa = 0, divisor = 1;
	const struct unit *unit;
	int digits = 0;

	for (; isdigit((unsigned char)*at) || (*at == '.' && !dot); at++) {
		if (*at == '.') {
			dot = at;
			continue;
		}
		if (++digits > MAX_DIGITS)
			return error_set(err, -ERANGE, "%s '%s' has too many digits", what, text);
		mantissa = mantissa * 10 + (unsigned)(*at - '0');
		if (dot)
			divisor *= 10;
	}
	if (!digits || (dot && dot + 1 == at))
		return error_set(err, -EINVAL, "'%s' is not a %s: expected %s", text, what,
				 expected);
	for (unit = units; unit->suffix; unit++)
		if (!strcasecmp(at, unit->suffix))
			break;
	if (!unit->suffix && !*at)
		return error_set(err, -EINVAL, "%s '%s' has no unit: give it one, %s", what, text,
				 expected);
	if (!unit->suffix)
		return error_set(err, -EINVAL, "%s '%s' has an unknown unit '%s': expected %s",
				 what, text, at, expected);
	mantissa *= unit->factor;
	if (mantissa % divisor)
		return error_set(err, -EINVAL,
				 "%s '%s' is finer than the smallest unit: expected %s", what, text,
				 expected);
	mantissa /= divisor;
	if (mantissa > INT64_MAX)
		return error_set(err, -ERANGE, "%s '%s' is too large", what, text);
	*value = (uint64_t)mantissa;
	return 0;
}

int units_parse_time(const char *text, uint64_t *time_ns, struct error *err)
{
	static const struct unit units[] = {
		{"ns", 1},           {"us", NSEC_PER_USEC},    {"ms", NSEC_PER_MSEC},
		{"s", NSEC_PER_SEC}, {"m", 60 * NSEC_PER_SEC}, {"h", 3600 * NSEC_PER_SEC},
		{NULL, 0},
	};

	return parse_exact(text, units, "time", "for example 10us, 1.5ms, 2s, 5m or 1h", time_ns,
			   err);
}

int units_parse_rate(const char *text, uint64_t *rate_bps, struct error *err)
{
	static const struct unit units[] = {
		{"bit", 1},
		{"kbit", 1000},
		{"Mbit", 1000000},
		{"Gbit", 1000000000},
		{"Tbit", 1000000000000},
		{"bit/s", 1},
		{"kbit/s", 1000},
		{"Mbit/s", 1000000},
		{"Gbit/s", 1000000000},
		{"Tbit/s", 1000000000000},
		{NULL, 0},
	};

	return parse_exact(text, units, "rate", "for example 500Mbit or 1.5Gbit", rate_bps, err);
}

int units_parse_size(const char *text, uint64_t *bytes, struct error *err)
{
	static const struct unit units[] = {
		{"B", 1},
		{"K", UINT64_C(1) << 10},
		{"M", UINT64_C(1) << 20},
		{"G", UINT64_C(1) << 30},
		{"T", UINT64_C(1) << 40},
		{"KiB", UINT64_C(1) << 10},
		{"MiB", UINT64_C(1) << 20},
		{"GiB", UINT64_C(1) << 30},
		{"TiB", UINT64_C(1) << 40},
		{NULL, 0},
	};

	return parse_exact(text, units, "size", "for example 64K, 1.5M or 512B", bytes, err);
}

int units_parse_percent(const char *text, uint64_t *parts_per_billion, struct error *err)
{
	static const struct unit units[] = {
		{"%", 10000000},
		{"", 10000000},
		{NULL, 0},
	};
	uint64_t value;
	int ret;

	ret = parse_exact(text, units, "percentage", "for example 0.01%", &value, err);
	if (ret)
		return ret;
	if (value > NSEC_PER_SEC)
		return error_set(err, -ERANGE, "percentage '%s' is more than 100%%", text);
	*parts_per_billion = value;
	return 0;
}

int units_parse_count(const char *text, uint64_t max, uint64_t *count, struct error *err)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};
	uint64_t value;
	int ret;

	ret = parse_exact(text, units, "count", "a whole number", &value, err);
	if (ret)
		return ret;
	if (value > max)
		return error_set(err, -ERANGE, "count '%s' is more than %" PRIu64, text, max);
	*count = value;
	return 0;
}

/* `value` in the largest unit that keeps it at or above one, with four significant digits. */
int units_parse_wall(const char *text, uint64_t *wall_ns, struct error *err)
{
	uint64_t fraction_ns = 0, digit = NSEC_PER_SEC / 10;
	struct tm utc = {0};
	/* strptime(3) lets numbers be shorter: "2026-1-31T1:2:3". */
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	time_t seconds = timegm(&utc);

	if (at && *at == '.' && at[1] != 'Z')
		for (at++; digit && *at >= '0' && *at <= '9'; at++, digit /= 10)
			fraction_ns += (uint64_t)(*at - '0') * digit;
	if (!at || strcmp(at, "Z") || seconds < 0 || seconds > (time_t)(INT64_MAX / NSEC_PER_SEC))
		return error_set(err, -EINVAL,
				 "'%s' is not a UTC time like 2026-01-31T12:34:56.123456Z", text);
	*wall_ns = (uint64_t)seconds * NSEC_PER_SEC + fraction_ns;
	return 0;
}

static char *format_scaled(char *out, uint64_t value, unsigned step, const char *const *suffixes,
			   size_t n_suffixes)
{
	double scaled = (double)value;
	size_t i = 0;

	if (value < step) {
		snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 " %s", value, suffixes[0]);
		return out;
	}
	while (scaled >= step && i + 1 < n_suffixes) {
		scaled /= step;
		i++;
	}
	/* 999.99 would print as 1000.0: one unit further is what a reader expects. */
	if (scaled >= step - 0.05 && i + 1 < n_suffixes) {
		scaled /= step;
		i++;
	}
	snprintf(out, UNITS_TEXT_SIZE, "%.*f %s", scaled < 99.995 ? 2 : 1, scaled, suffixes[i]);
	return out;
}

char *units_format_rate(char *out, uint64_t rate_bps)
{
	static const char *const suffixes[] = {"bit/s",  "kbit/s", "Mbit/s", "Gbit/s",
					       "Tbit/s", "Pbit/s", "Ebit/s"};

	return format_scaled(out, rate_bps, 1000, suffixes, ARRAY_SIZE(suffixes));
}

char *units_format_size(char *out, uint64_t bytes)
{
	static const char *const suffixes[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

	return format_scaled(out, bytes, 1024, suffixes, ARRAY_SIZE(suffixes));
}

char *units_format_time(char *out, uint64_t time_ns)
{
	static const struct unit units[] = {
		{"ns", 1},
		{"us", NSEC_PER_USEC},
		{"ms", NSEC_PER_MSEC},
		{"s", NSEC_PER_SEC},
	};
	double scaled;
	size_t i = 3;

	while (i && time_ns < units[i].factor)
		i--;
	scaled = (double)time_ns / (double)units[i].factor;
	/* From a million seconds on %g would take to exponents. */
	snprintf(out, UNITS_TEXT_SIZE, scaled < 999999.5 ? "%.6g %s" : "%.0f %s", scaled,
		 units[i].suffix);
	return out;
}

char *units_format_wall(char *out, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NSEC_PER_SEC);
	struct tm utc;
	size_t used;

	gmtime_r(&seconds, &utc);
	used = strftime(out, UNITS_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(out + used, UNITS_TEXT_SIZE - used, ".%06" PRIu64 "Z",
		 wall_ns % NSEC_PER_SEC / NSEC_PER_USEC);
	return out;
}
