// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/units.h"
#include "model/window.h"

#define INTERVAL_MIN_NS NSEC_PER_MSEC
#define INTERFACES_MAX 65536

struct option_spec {
	int id;
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;
};

/* In the order in which --help shows them. */
static const struct option_spec specs[] = {
	{'i', "interface", "NAME|GLOB", "these interfaces; repeatable, '!' excludes"},
	{'I', "interval", "TIME", "between reports, at least 1ms (default 1s)"},
	{'w', "window", "TIME|off", "width of windows, 10us to 1s (default 100us)"},
	{OPTION_BUSY, "busy", NULL, "leave out windows in which nothing passed"},
	{'d', "duration", "TIME", "end after this time"},
	{'c', "count", "N", "end after N reports"},
	{OPTION_TOTAL, "total", NULL, "add a total that counts no packet twice"},
	{OPTION_ERRORS_OVER, "errors-over", "PERCENT", "errors to report (default 0.01%)"},
	{OPTION_DROPS_OVER, "drops-over", "PERCENT", "drops to report (default 0.1%)"},
	{OPTION_PERIOD, "period", "boot|interval|both", "what to judge (default: all there is)"},
	{OPTION_ATTACH, "attach", "auto|tcx|clsact", "how (default auto: see the man page)"},
	{OPTION_MAX_INTERFACES, "max-interfaces", "N", "room for N (default: twice what is there)"},
	{OPTION_RULE, "rule", "share|hysteresis|baseline", "what a burst is: see the man page"},
	{OPTION_THRESHOLD, "threshold", "SHARE|RATE", "hot above: 50% of line rate, or 5Gbit"},
	{OPTION_LOW, "low", "SHARE|RATE", "hysteresis: ends below (default half)"},
	{OPTION_SPEED, "speed", "RATE", "the line rate, where netlink is wrong"},
	{OPTION_FACTOR, "factor", "N", "baseline: times the median (default 10)"},
	{OPTION_FLOOR, "floor", "RATE", "baseline: never below (default 10Mbit)"},
	{OPTION_MIN_DURATION, "min-duration", "TIME", "leave out shorter bursts"},
	{OPTION_MERGE_GAP, "merge-gap", "TIME", "bursts this close are one"},
	{'j', "json", NULL, "JSON: one array"},
	{OPTION_CSV, "csv", NULL, "CSV with a header line"},
	{OPTION_NO_COLOUR, "no-color", NULL, "no colour (also: NO_COLOR set)"},
	{'v', "verbose", NULL, "say more on stderr, also what the kernel says"},
	{'h', "help", NULL, "this help"},
	{OPTION_VERSION, "version", NULL, "the version"},
};

/* Options that every command takes. */
static bool is_global(int id)
{
	return id == 'v' || id == 'h' || id == OPTION_VERSION || id == OPTION_NO_COLOUR;
}

static bool takes(const struct command *command, int id)
{
	const enum option_id *at;

	if (is_global(id))
		return true;
	for (at = command->ids; *at != OPTION_END; at++)
		if ((int)*at == id)
			return true;
	return false;
}

static const struct option_spec *spec_of(int id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(specs); i++)
		if (specs[i].id == id)
			return &specs[i];
	return NULL;
}

static void print_options(const struct command *command)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		const struct option_spec *spec = &specs[i];
		char left[64], letter[8] = "    ";

		/* What every command takes stands in the general help, but for -h. */
		if (command ? !takes(command, spec->id) : !is_global(spec->id))
			continue;
		if (spec->id < 256)
			snprintf(letter, sizeof(letter), "-%c, ", spec->id);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, spec->name,
			 spec->argument ? " " : "", spec->argument ? spec->argument : "");
		printf("  %-32s %s\n", left,
		       spec->id == 'j' && command->json == WRITER_JSON_LINES
			       ? "JSON: a line per object"
			       : spec->help);
	}
}

static void print_help(const struct command *command, const struct command *commands)
{
	if (command) {
		printf("usage: ifpulse %s [options]\n\n%s\n%s\noptions:\n", command->name,
		       command->summary, command->details);
		print_options(command);
		return;
	}
	printf("usage: ifpulse [options] [COMMAND] [options]\n\n"
	       "ifpulse %s, a high-resolution traffic probe for Linux.\n\ncommands:\n",
	       IFPULSE_VERSION);
	for (command = commands; command->name; command++)
		printf("  %-8s %s\n", command->name, command->summary);
	printf("\nWithout a command: %s. 'ifpulse COMMAND --help' shows the options of one.\n\n"
	       "options of every command:\n",
	       commands->name);
	print_options(NULL);
	printf("\nTimes: 10us 1ms 2s 5m.\n"
	       "Exit status: 0 done; 1 found what was asked; 2 wrong usage; "
	       "3 could not run.\n");
}

static int choice_of(const char *text, const char *const *choices, int n, int id, int *choice,
		     struct error *err)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(text, choices[i])) {
			*choice = i;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "'%s' is none of the values of --%s: %s", text,
			 spec_of(id)->name, spec_of(id)->argument);
}

static int take_interval(const char *text, uint64_t *interval_ns, struct error *err)
{
	uint64_t value;
	int ret = units_parse_time(text, &value, err);

	if (!ret && value < INTERVAL_MIN_NS)
		return error_set(err, -ERANGE, "interval '%s' is shorter than 1ms", text);
	if (!ret)
		*interval_ns = value;
	return ret;
}

static int take_window(const char *text, uint64_t *window_ns, struct error *err)
{
	uint64_t value;
	int ret = units_parse_time(text, &value, err);

	if (!ret && (value < WINDOW_WIDTH_MIN_NS || value > WINDOW_WIDTH_MAX_NS))
		return error_set(err, -ERANGE, "window '%s' is not between 10us and 1s", text);
	if (!ret && value % NSEC_PER_USEC)
		return error_set(err, -ERANGE, "window '%s' is not a whole number of microseconds",
				 text);
	if (!ret)
		*window_ns = value;
	return ret;
}

static int take_duration(const char *text, uint64_t *duration_ns, struct error *err)
{
	uint64_t value;
	int ret = units_parse_time(text, &value, err);

	if (!ret && !value)
		return error_set(err, -ERANGE, "duration '%s' is no time at all", text);
	if (!ret)
		*duration_ns = value;
	return ret;
}

static int take_interface(struct selection *selection, const char *text, struct error *err)
{
	int ret = selection_add(selection, text);

	if (ret == -EINVAL)
		return error_set(err, ret,
				 "'%s' cannot be an interface: names have 1 to 15 bytes, without "
				 "'/', ':' and white space",
				 text);
	return ret ? error_errno(err, ret, "cannot take interface '%s'", text) : 0;
}

static int take_number(const char *text, uint64_t max, uint64_t *value, struct error *err)
{
	uint64_t parsed;
	int ret = units_parse_count(text, max, &parsed, err);

	if (!ret && !parsed)
		return error_set(err, -ERANGE, "count '%s' must be at least 1", text);
	if (!ret)
		*value = parsed;
	return ret;
}

static int take_speed(const char *text, uint64_t *rate_bps, struct error *err)
{
	uint64_t value;
	int ret = units_parse_rate(text, &value, err);

	if (!ret && !value)
		return error_set(err, -ERANGE, "rate '%s' must be more than nothing", text);
	if (!ret)
		*rate_bps = value;
	return ret;
}

static int take_mark(const char *text, struct mark *mark, struct error *err)
{
	struct mark taken = {0};
	int ret;

	if (!strchr(text, '%')) {
		ret = take_speed(text, &taken.rate_bps, err);
	} else {
		ret = units_parse_percent(text, &taken.share_ppb, err);
		if (!ret && !taken.share_ppb)
			ret = error_set(err, -ERANGE, "share '%s' must be more than nothing", text);
	}
	if (!ret)
		*mark = taken;
	return ret;
}

static int take(struct options *options, int id, const char *text, struct error *err)
{
	static const char *const modes[] = {"auto", "tcx", "clsact"};
	static const char *const rules[] = {"share", "hysteresis", "baseline"};
	static const char *const periods[] = {"boot", "interval", "both"};
	uint64_t number = 0;
	int choice, ret;

	switch (id) {
	case 'i':
		return take_interface(&options->selection, text, err);
	case 'I':
		return take_interval(text, &options->interval_ns, err);
	case 'd':
		return take_duration(text, &options->duration_ns, err);
	case 'c':
		return take_number(text, UINT32_MAX, &options->count, err);
	case 'w':
		options->no_windows = !strcmp(text, "off");
		return options->no_windows ? 0 : take_window(text, &options->window_ns, err);
	case OPTION_BUSY:
		options->busy = true;
		return 0;
	case 'j':
		options->format = OUTPUT_JSON;
		return 0;
	case 'v':
		log_set_level(LOG_LEVEL_DEBUG);
		return 0;
	case OPTION_CSV:
		options->format = OUTPUT_CSV;
		return 0;
	case OPTION_NO_COLOUR:
		options->no_colour = true;
		return 0;
	case OPTION_RULE:
		ret = choice_of(text, rules, ARRAY_SIZE(rules), id, &choice, err);
		options->has_rule = true;
		if (!ret)
			options->rule = (enum burst_rule)choice;
		return ret;
	case OPTION_THRESHOLD:
		return take_mark(text, &options->high, err);
	case OPTION_LOW:
		return take_mark(text, &options->low, err);
	case OPTION_SPEED:
		return take_speed(text, &options->speed_bps, err);
	case OPTION_FACTOR:
		return take_number(text, 1000000, &options->factor, err);
	case OPTION_FLOOR:
		return take_speed(text, &options->floor_bps, err);
	case OPTION_MIN_DURATION:
		return take_duration(text, &options->min_duration_ns, err);
	case OPTION_MERGE_GAP:
		return take_duration(text, &options->merge_gap_ns, err);
	case OPTION_TOTAL:
		options->total = true;
		return 0;
	case OPTION_ERRORS_OVER:
		return units_parse_percent(text, &options->health_limits.error_ppb, err);
	case OPTION_DROPS_OVER:
		return units_parse_percent(text, &options->health_limits.drop_ppb, err);
	case OPTION_MAX_INTERFACES:
		ret = take_number(text, INTERFACES_MAX, &number, err);
		options->max_interfaces = (uint32_t)number;
		return ret;
	case OPTION_ATTACH:
		ret = choice_of(text, modes, ARRAY_SIZE(modes), id, &choice, err);
		if (!ret)
			options->attach_mode = (enum probe_attach_mode)choice;
		return ret;
	case OPTION_PERIOD:
		ret = choice_of(text, periods, ARRAY_SIZE(periods), id, &choice, err);
		if (!ret)
			options->health_period = (enum health_period)(PERIOD_BOOT + choice);
		return ret;
	}
	return error_set(err, -EINVAL, "option %d is not taken", id);
}

/* What getopt_long() is given: every option, so that one of another command can be named as such. */
static void fill_getopt(char *letters, struct option *longs)
{
	size_t i;

	*letters++ = '+'; /* stop at the first word that is no option: the command */
	*letters++ = ':'; /* errors are ours to word */
	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		const struct option_spec *spec = &specs[i];

		longs[i] = (struct option){spec->name,
					   spec->argument ? required_argument : no_argument, NULL,
					   spec->id};
		if (spec->id < 256) {
			*letters++ = (char)spec->id;
			if (spec->argument)
				*letters++ = ':';
		}
	}
	longs[i] = (struct option){0};
	*letters = '\0';
}

struct parser {
	struct options *options;
	const struct command *commands;
	const struct command *command; /* NULL until named */
	bool seen[ARRAY_SIZE(specs)];
};

static const struct command *find_command(const struct command *commands, const char *name)
{
	for (; commands->name; commands++)
		if (!strcmp(commands->name, name))
			return commands;
	return NULL;
}

static int usage_error(const struct parser *parser, struct error *err)
{
	if (parser->command)
		error_hint(err, "see 'ifpulse %s --help'", parser->command->name);
	else
		error_hint(err, "see 'ifpulse --help'");
	log_error(err);
	return EXIT_USAGE;
}

/* One run of getopt_long() over the words up to the first that is no option. */
static int parse_options(struct parser *parser, int argc, char **argv, bool *want_help)
{
	char letters[2 + 2 * ARRAY_SIZE(specs) + 1];
	struct option longs[ARRAY_SIZE(specs) + 1];
	struct error err = {0};
	int id;

	fill_getopt(letters, longs);
	while ((id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (id == '?') {
			/* The letter, or the id of a long option that came with "=value". */
			if (optopt && spec_of(optopt))
				error_set(&err, -EINVAL, "option '--%s' takes no value",
					  spec_of(optopt)->name);
			else if (optopt)
				error_set(&err, -EINVAL, "unknown option '-%c'", optopt);
			else
				error_set(&err, -EINVAL, "unknown or ambiguous option '%s'", word);
			return usage_error(parser, &err);
		}
		if (id == ':') {
			error_set(&err, -EINVAL, "option '%s' needs a value", word);
			return usage_error(parser, &err);
		}
		if (id == 'h') {
			*want_help = true;
			continue;
		}
		if (id == OPTION_VERSION) {
			printf("ifpulse %s\n", IFPULSE_VERSION);
			return EXIT_DONE;
		}
		if (take(parser->options, id, optarg, &err))
			return usage_error(parser, &err);
		parser->seen[spec_of(id) - specs] = true;
	}
	return -1;
}

static bool is_given(const struct parser *parser, int id)
{
	return parser->seen[spec_of(id) - specs];
}

static int check_taken(const struct parser *parser)
{
	struct error err = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		if (!parser->seen[i] || takes(parser->command, specs[i].id))
			continue;
		error_set(&err, -EINVAL, "'%s' does not take --%s", parser->command->name,
			  specs[i].name);
		return usage_error(parser, &err);
	}
	if (is_given(parser, 'j') && is_given(parser, OPTION_CSV)) {
		error_set(&err, -EINVAL, "--json and --csv exclude each other");
		return usage_error(parser, &err);
	}
	return -1;
}

int options_parse(struct options *options, const struct command **command,
		  const struct command *commands, int argc, char **argv)
{
	struct parser parser = {.options = options, .commands = commands};
	struct error err = {0};
	bool want_help = false;
	int status;

	*options = (struct options){
		.no_colour = getenv("NO_COLOR") && *getenv("NO_COLOR"),
		.health_limits = {HEALTH_ERROR_LIMIT_PPB, HEALTH_DROP_LIMIT_PPB},
	};
	optind = 0; /* getopt(3): start afresh, whoever has used it before */
	status = parse_options(&parser, argc, argv, &want_help);
	if (status >= 0)
		return status;
	if (optind < argc) {
		parser.command = find_command(commands, argv[optind]);
		if (!parser.command) {
			error_set(&err, -EINVAL, "there is no command '%s'", argv[optind]);
			return usage_error(&parser, &err);
		}
		argc -= optind;
		argv += optind;
		optind = 0; /* getopt(3): start afresh, with the command in the program's place */
		status = parse_options(&parser, argc, argv, &want_help);
		if (status >= 0)
			return status;
		if (optind < argc) {
			error_set(&err, -EINVAL, "'%s' takes no argument '%s'",
				  parser.command->name, argv[optind]);
			return usage_error(&parser, &err);
		}
	}
	if (want_help) {
		print_help(parser.command, commands);
		return EXIT_DONE;
	}
	if (!parser.command)
		parser.command = commands;
	status = check_taken(&parser);
	if (status < 0)
		*command = parser.command;
	return status;
}

void options_release(struct options *options)
{
	selection_release(&options->selection);
}
