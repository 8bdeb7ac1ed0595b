// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/plot_scale.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/array.h"

#define MINUTE_NS (60 * NSEC_PER_SEC)
#define HOUR_NS (60 * MINUTE_NS)
#define DAY_NS (24 * HOUR_NS)

uint64_t plot_scale_step(uint64_t span, uint64_t max_steps)
{
	static const unsigned int steps[] = {1, 2, 5};
	uint64_t power;

	for (power = 1;; power *= 10)
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			if (power > UINT64_MAX / 10)
				return UINT64_MAX;
			if (span / (steps[i] * power) <= max_steps)
				return steps[i] * power;
		}
}

uint64_t plot_scale_time_step(uint64_t span_ns, uint64_t max_steps)
{
	static const uint64_t steps[] = {
		NSEC_PER_SEC,      2 * NSEC_PER_SEC,  5 * NSEC_PER_SEC, 10 * NSEC_PER_SEC,
		15 * NSEC_PER_SEC, 30 * NSEC_PER_SEC, MINUTE_NS,        2 * MINUTE_NS,
		5 * MINUTE_NS,     10 * MINUTE_NS,    15 * MINUTE_NS,   30 * MINUTE_NS,
		HOUR_NS,           2 * HOUR_NS,       3 * HOUR_NS,      6 * HOUR_NS,
		12 * HOUR_NS,
	};
	uint64_t step = plot_scale_step(span_ns, max_steps);

	if (step < NSEC_PER_SEC)
		return step;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (span_ns / steps[i] <= max_steps)
			return steps[i];
	return DAY_NS * plot_scale_step(span_ns / DAY_NS, max_steps);
}

static struct plot_unit largest(const struct plot_unit *units, size_t n, uint64_t value)
{
	while (n > 1 && units[n - 1].factor > value)
		n--;
	return units[n - 1];
}

struct plot_unit plot_scale_rate_unit(uint64_t max_bps)
{
	static const struct plot_unit units[] = {
		{1, "bit/s"},
		{1000, "kbit/s"},
		{1000000, "Mbit/s"},
		{1000000000, "Gbit/s"},
		{1000000000000, "Tbit/s"},
		{1000000000000000, "Pbit/s"},
		{1000000000000000000, "Ebit/s"},
	};

	return largest(units, ARRAY_SIZE(units), max_bps);
}

struct plot_unit plot_scale_time_unit(uint64_t span_ns, uint64_t step_ns)
{
	static const struct plot_unit units[] = {
		{1, "ns"},           {NSEC_PER_USEC, "us"}, {NSEC_PER_MSEC, "ms"},
		{NSEC_PER_SEC, "s"}, {MINUTE_NS, "min"},    {HOUR_NS, "h"},
		{DAY_NS, "d"},
	};

	if (step_ns >= NSEC_PER_SEC)
		return largest(units, ARRAY_SIZE(units), step_ns);
	/* A larger one is worth it from some of them on: 2 ms in us, but 5 ms in ms. */
	return largest(units, ARRAY_SIZE(units), span_ns / 3);
}

/* To three significant digits. */
static uint64_t round_off(uint64_t value)
{
	uint64_t power = 1;

	while (value / power >= 1000)
		power *= 10;
	if (value > UINT64_MAX - power / 2)
		return value;
	return (value + power / 2) / power * power;
}

char *plot_scale_number(char *out, uint64_t value, const struct plot_unit *unit)
{
	snprintf(out, UNITS_TEXT_SIZE, "%.6g", (double)value / (double)unit->factor);
	return out;
}

char *plot_scale_rate(char *out, uint64_t rate_bps)
{
	char *end, *space;

	units_format_rate(out, rate_bps);
	space = strchr(out, ' ');
	if (!space || !memchr(out, '.', (size_t)(space - out)))
		return out;
	for (end = space; end[-1] == '0'; end--)
		;
	if (end[-1] == '.')
		end--;
	memmove(end, space, strlen(space) + 1);
	return out;
}

char *plot_scale_duration(char *out, uint64_t time_ns)
{
	static const struct plot_unit units[] = {
		{DAY_NS, "d"},
		{HOUR_NS, "h"},
		{MINUTE_NS, "min"},
		{NSEC_PER_SEC, "s"},
	};
	uint64_t rest;
	size_t i = 0;
	int used;

	if (time_ns < MINUTE_NS)
		time_ns = round_off(time_ns);
	if (time_ns < MINUTE_NS)
		return units_format_time(out, time_ns);
	while (units[i].factor > time_ns)
		i++;
	/* The smaller one to the nearest, which may make the larger one more. */
	time_ns += units[i + 1].factor / 2;
	if (i && time_ns >= units[i - 1].factor)
		i--;
	used = snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 " %s", time_ns / units[i].factor,
			units[i].name);
	rest = time_ns % units[i].factor / units[i + 1].factor;
	if (rest)
		snprintf(out + used, UNITS_TEXT_SIZE - (size_t)used, " %" PRIu64 " %s", rest,
			 units[i + 1].name);
	return out;
}

char *plot_scale_count(char *out, uint64_t count)
{
	static const struct plot_unit units[] = {
		{1000, "k"}, {1000000, "M"}, {1000000000, "G"}, {1000000000000, "T"}};
	struct plot_unit unit;

	if (count < 100000) {
		snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64, count);
		return out;
	}
	count = round_off(count);
	unit = largest(units, ARRAY_SIZE(units), count);
	snprintf(out, UNITS_TEXT_SIZE, "%.3g %s", (double)count / (double)unit.factor, unit.name);
	return out;
}

char *plot_scale_clock(char *out, uint64_t wall_ns, bool with_date)
{
	time_t seconds = (time_t)((wall_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(out, UNITS_TEXT_SIZE, with_date ? "%m-%d %H:%M" : "%H:%M:%S", &utc);
	return out;
}

bool plot_lane_place(struct plot_lane *lane, double at, double width, double *from)
{
	double start = at - width / 2;

	if (width > lane->until - lane->from || lane->n == ARRAY_SIZE(lane->taken))
		return false;
	if (start > lane->until - width)
		start = lane->until - width;
	if (start < lane->from)
		start = lane->from;
	for (size_t i = 0; i < lane->n; i++)
		if (start < lane->taken[i].until + lane->gap &&
		    start + width > lane->taken[i].from - lane->gap)
			return false;
	lane->taken[lane->n].from = start;
	lane->taken[lane->n].until = start + width;
	lane->n++;
	*from = start;
	return true;
}
