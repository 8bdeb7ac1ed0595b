// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/option_specs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/units.h"
#include "model/flow_table.h"
#include "model/window.h"
#include "store/recorder.h"

#define INTERFACES_MAX 65536
#define FACTOR_MAX 1000000

static int take_flag(const struct option_spec *spec, void *value, const char *text,
		     struct error *err)
{
	(void)spec;
	(void)text;
	(void)err;
	*(bool *)value = true;
	return 0;
}

static int take_text(const struct option_spec *spec, void *value, const char *text,
		     struct error *err)
{
	if (!*text)
		return error_set(err, -EINVAL, "--%s needs a name, not ''", spec->name);
	*(const char **)value = text;
	return 0;
}

static int take_verbose(const struct option_spec *spec, void *value, const char *text,
			struct error *err)
{
	(void)spec;
	(void)value;
	(void)text;
	(void)err;
	log_set_level(LOG_LEVEL_DEBUG);
	return 0;
}

/* A flag that stands for one value of an enum, in `min`. */
static int take_format(const struct option_spec *spec, void *value, const char *text,
		       struct error *err)
{
	(void)text;
	(void)err;
	*(enum output_format *)value = (enum output_format)spec->min;
	return 0;
}

/* min and max in nanoseconds; 0: no limit. */
static int take_time(const struct option_spec *spec, void *value, const char *text,
		     struct error *err)
{
	char limit[UNITS_TEXT_SIZE];
	uint64_t time_ns;
	int ret = units_parse_time(text, &time_ns, err);

	if (ret)
		return ret;
	if (!time_ns && spec->min)
		return error_set(err, -ERANGE, "%s '%s' is no time at all", spec->name, text);
	if (time_ns < spec->min)
		return error_set(err, -ERANGE, "%s '%s' is shorter than %s", spec->name, text,
				 units_format_time(limit, spec->min));
	if (spec->max && time_ns > spec->max)
		return error_set(err, -ERANGE, "%s '%s' is longer than %s", spec->name, text,
				 units_format_time(limit, spec->max));
	*(uint64_t *)value = time_ns;
	return 0;
}

static int take_size(const struct option_spec *spec, void *value, const char *text,
		     struct error *err)
{
	char limit[UNITS_TEXT_SIZE];
	uint64_t bytes;
	int ret = units_parse_size(text, &bytes, err);

	if (!ret && bytes < spec->min)
		return error_set(err, -ERANGE, "size '%s' is less than %s", text,
				 units_format_size(limit, spec->min));
	if (!ret)
		*(uint64_t *)value = bytes;
	return ret;
}

static int take_count(const struct option_spec *spec, void *value, const char *text,
		      struct error *err)
{
	uint64_t count;
	int ret = units_parse_count(text, spec->max, &count, err);

	if (!ret && count < spec->min)
		return error_set(err, -ERANGE, "count '%s' must be at least %u", text,
				 (unsigned int)spec->min);
	if (!ret)
		*(uint64_t *)value = count;
	return ret;
}

/* Whoever asks for wrong counts must have meant to. */
static int take_fault(const struct option_spec *spec, void *value, const char *text,
		      struct error *err)
{
	if (!getenv("IFPULSE_TESTING"))
		return error_set(err, -EINVAL,
				 "--%s makes the probe count wrongly, and is for tests alone",
				 spec->name);
	return take_count(spec, value, text, err);
}

static int take_rate(const struct option_spec *spec, void *value, const char *text,
		     struct error *err)
{
	uint64_t rate_bps;
	int ret = units_parse_rate(text, &rate_bps, err);

	(void)spec;
	if (!ret && !rate_bps)
		return error_set(err, -ERANGE, "rate '%s' must be more than nothing", text);
	if (!ret)
		*(uint64_t *)value = rate_bps;
	return ret;
}

static int take_percent(const struct option_spec *spec, void *value, const char *text,
			struct error *err)
{
	(void)spec;
	return units_parse_percent(text, value, err);
}

static int take_mark(const struct option_spec *spec, void *value, const char *text,
		     struct error *err)
{
	struct mark mark = {0};
	int ret;

	if (!strchr(text, '%')) {
		ret = take_rate(spec, &mark.rate_bps, text, err);
	} else {
		ret = units_parse_percent(text, &mark.share_ppb, err);
		if (!ret && !mark.share_ppb)
			ret = error_set(err, -ERANGE, "share '%s' must be more than nothing", text);
	}
	if (!ret)
		*(struct mark *)value = mark;
	return ret;
}

/* A point in time, or how far it is from the beginning. */
static int take_moment(const struct option_spec *spec, void *value, const char *text,
		       struct error *err)
{
	struct moment moment = {.is_given = true};
	int ret;

	(void)spec;
	moment.is_wall = strpbrk(text, "T-:");
	ret = moment.is_wall ? units_parse_wall(text, &moment.ns, err)
			     : units_parse_time(text, &moment.ns, err);
	if (!ret)
		*(struct moment *)value = moment;
	return ret;
}

static int take_interface(const struct option_spec *spec, void *value, const char *text,
			  struct error *err)
{
	int ret = selection_add(value, text);

	(void)spec;
	if (ret == -EINVAL)
		return error_set(err, ret,
				 "'%s' cannot be an interface: names have 1 to 15 bytes, without "
				 "'/', ':' and white space",
				 text);
	return ret ? error_errno(err, ret, "cannot take interface '%s'", text) : 0;
}

static int take_netns(const struct option_spec *spec, void *value, const char *text,
		      struct error *err)
{
	int ret = selection_add_any(value, text);

	(void)spec;
	if (ret == -EINVAL)
		return error_set(err, ret, "--netns needs a name, a PID or 'all', not '%s'", text);
	return ret ? error_errno(err, ret, "cannot take namespace '%s'", text) : 0;
}

static int take_container(const struct option_spec *spec, void *value, const char *text,
			  struct error *err)
{
	int ret = selection_add_any(value, text);

	if (ret == -EINVAL)
		return error_set(err, ret, "--%s needs a name, not '%s'", spec->name, text);
	return ret ? error_errno(err, ret, "cannot take container '%s'", text) : 0;
}

/* Of the options as a whole: off is no width. */
static int take_window(const struct option_spec *spec, void *value, const char *text,
		       struct error *err)
{
	struct options *options = value;
	uint64_t ns;
	int ret;

	(void)spec;
	options->no_windows = !strcmp(text, "off");
	if (options->no_windows) {
		options->window_ns = 0;
		return 0;
	}
	ret = units_parse_time(text, &ns, err);
	if (!ret && (ns < WINDOW_WIDTH_MIN_NS || ns > WINDOW_WIDTH_MAX_NS))
		return error_set(err, -ERANGE, "window '%s' is not between 10us and 1s", text);
	if (!ret && ns % NSEC_PER_USEC)
		return error_set(err, -ERANGE, "window '%s' is not a whole number of microseconds",
				 text);
	if (!ret)
		options->window_ns = ns;
	return ret;
}

/* The values of a choice are those of its argument, "a|b|c", numbered from `min` on. */
static int take_choice(const struct option_spec *spec, void *value, const char *text,
		       struct error *err)
{
	size_t length = strlen(text);
	const char *at = spec->argument;
	int choice = (int)spec->min;

	for (; at; at = strchr(at, '|'), at = at ? at + 1 : NULL, choice++) {
		if (length != strcspn(at, "|") || strncmp(at, text, length))
			continue;
		*(int *)value = choice;
		return 0;
	}
	return error_set(err, -EINVAL, "'%s' is none of the values of --%s: %s", text, spec->name,
			 spec->argument);
}

_Static_assert(sizeof(enum probe_attach_mode) == sizeof(int) &&
		       sizeof(enum rule_choice) == sizeof(int) &&
		       sizeof(enum health_period) == sizeof(int) &&
		       sizeof(enum export_format) == sizeof(int),
	       "take_choice() writes an int");

#define AT(member) offsetof(struct options, member)

const struct option_spec option_specs[] = {
	{'i', "interface", "NAME|GLOB", "these interfaces; repeatable, '!' excludes",
	 take_interface, AT(selection), 0, 0},
	{OPTION_NETNS, "netns", "NAME|PID|all", "in these network namespaces, too; repeatable",
	 take_netns, AT(netns), 0, 0},
	{OPTION_CONTAINER, "container", "NAME|GLOB", "those of these containers; likewise",
	 take_container, AT(containers), 0, 0},
	{'I', "interval", "TIME", "between reports, at least 1ms (default 1s)", take_time,
	 AT(interval_ns), NSEC_PER_MSEC, 0},
	{'w', "window", "TIME|off", "width of windows, 10us to 1s (default 100us)", take_window, 0,
	 0, 0},
	{OPTION_BUSY, "busy", NULL, "leave out windows in which nothing passed", take_flag,
	 AT(busy), 0, 0},
	{'o', "output", "FILE", "the file to write", take_text, AT(output), 0, 0},
	{OPTION_FORMAT, "format", "csv|jsonl|perfetto", "what to make of it", take_choice,
	 AT(format_to), EXPORT_CSV, 0},
	{OPTION_FROM, "from", "TIME", "from 2.5s after its beginning, or a UTC time", take_moment,
	 AT(from), 0, 0},
	{OPTION_TO, "to", "TIME", "up to then", take_moment, AT(to), 0, 0},
	{'d', "duration", "TIME", "end after this time", take_time, AT(duration_ns), 1, 0},
	{'c', "count", "N", "end after N reports", take_count, AT(count), 1, UINT32_MAX},
	{OPTION_TOTAL, "total", NULL, "add a total that counts no packet twice", take_flag,
	 AT(total), 0, 0},
	{OPTION_PROC, "proc", "FILE", "count since this saved /proc/net/dev", take_text, AT(proc),
	 0, 0},
	{OPTION_ERRORS_OVER, "errors-over", "PERCENT", "errors to report (default 0.01%)",
	 take_percent, AT(health_limits.error_ppb), 0, 0},
	{OPTION_DROPS_OVER, "drops-over", "PERCENT", "drops to report (default 0.1%)", take_percent,
	 AT(health_limits.drop_ppb), 0, 0},
	{OPTION_PERIOD, "period", "boot|interval|both", "what to judge (default: all there is)",
	 take_choice, AT(health_period), PERIOD_BOOT, 0},
	{OPTION_ATTACH, "attach", "auto|tcx|clsact", "how (default auto: see the man page)",
	 take_choice, AT(attach_mode), PROBE_ATTACH_AUTO, 0},
	{OPTION_MAX_INTERFACES, "max-interfaces", "N", "room for N (default: twice what is there)",
	 take_count, AT(max_interfaces), 1, INTERFACES_MAX},
	{OPTION_RULE, "rule", "share|hysteresis|baseline", "what a burst is: see the man page",
	 take_choice, AT(bursts.rule), RULE_SHARE, 0},
	{OPTION_THRESHOLD, "threshold", "SHARE|RATE", "hot above: 50% of line rate, or 5Gbit",
	 take_mark, AT(bursts.high), 0, 0},
	{OPTION_LOW, "low", "SHARE|RATE", "hysteresis: ends below (default half)", take_mark,
	 AT(bursts.low), 0, 0},
	{OPTION_SPEED, "speed", "RATE", "the line rate, where netlink is wrong", take_rate,
	 AT(bursts.speed_bps), 0, 0},
	{OPTION_FACTOR, "factor", "N", "baseline: times the median (default 10)", take_count,
	 AT(bursts.factor), 1, FACTOR_MAX},
	{OPTION_FLOOR, "floor", "RATE", "baseline: never below (default 10Mbit)", take_rate,
	 AT(bursts.floor_bps), 0, 0},
	{OPTION_MIN_DURATION, "min-duration", "TIME", "leave out shorter bursts", take_time,
	 AT(bursts.min_duration_ns), 1, 0},
	{OPTION_MERGE_GAP, "merge-gap", "TIME", "bursts this close are one", take_time,
	 AT(bursts.merge_gap_ns), 1, 0},
	{OPTION_SUMMARY, "summary", NULL, "only the summary at the end", take_flag, AT(summary), 0,
	 0},
	{OPTION_FLOWS, "flows", "N", "name the top N flows (default 5; 0: none)", take_count,
	 AT(bursts.flows), 0, FLOW_TABLE_MAX},
	{OPTION_WHERE, "where", NULL, "also by the function that freed them", take_flag,
	 AT(drop_locations), 0, 0},
	{OPTION_CAPTURE, "capture", "DIR", "keep the windows around each burst there", take_text,
	 AT(capture.directory), 0, 0},
	{OPTION_PRE, "pre", "TIME", "so much before it (default 5ms)", take_time,
	 AT(capture.pre_ns), 0, CAPTURE_SIDE_MAX_NS},
	{OPTION_POST, "post", "TIME", "so much after it (default 20ms)", take_time,
	 AT(capture.post_ns), 0, CAPTURE_SIDE_MAX_NS},
	{OPTION_ONCE, "once", NULL, "end when the first has been captured", take_flag,
	 AT(capture.once), 0, 0},
	{OPTION_MAX, "max", "N", "capture at most N (default 100)", take_count, AT(capture.max), 1,
	 UINT32_MAX},
	{OPTION_MAX_SIZE, "max-size", "SIZE", "drop the oldest beyond this, at least 1M", take_size,
	 AT(max_size), RECORDER_BYTES_MIN, 0},
	{OPTION_KEEP, "keep", "TIME", "drop what is older", take_time, AT(keep_ns), NSEC_PER_SEC,
	 0},
	{OPTION_LOSE_ONE_IN, "lose-one-in", "N", NULL, take_fault, AT(lose_one_in), 1, UINT32_MAX},
	{'j', "json", NULL, "JSON: one array", take_format, AT(format), OUTPUT_JSON, 0},
	{OPTION_CSV, "csv", NULL, "CSV with a header line", take_format, AT(format), OUTPUT_CSV, 0},
	{OPTION_NO_COLOUR, "no-color", NULL, "no colour (also: NO_COLOR set)", take_flag,
	 AT(no_colour), 0, 0},
	{'v', "verbose", NULL, "say more on stderr, also what the kernel says", take_verbose, 0, 0,
	 0},
	{'h', "help", NULL, "this help", NULL, 0, 0, 0},
	{OPTION_VERSION, "version", NULL, "the version", NULL, 0, 0, 0},
};

_Static_assert(ARRAY_SIZE(option_specs) == OPTION_SPECS, "OPTION_SPECS counts them");

const struct option_spec *option_spec_of(int id)
{
	size_t i;

	for (i = 0; i < OPTION_SPECS; i++)
		if (option_specs[i].id == id)
			return &option_specs[i];
	return NULL;
}
