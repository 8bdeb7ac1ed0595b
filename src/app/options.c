// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/option_specs.h"
#include "base/log.h"

struct parser {
	struct options *options;
	const struct command *commands;
	const struct command *command; /* NULL until named */
	const struct command *parent;  /* whose subcommand that is */
	bool seen[OPTION_SPECS];
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
	if (!command->ids)
		return false;
	for (at = command->ids; *at != OPTION_END; at++)
		if ((int)*at == id)
			return true;
	return false;
}

static void print_options(const struct command *command)
{
	size_t i;

	for (i = 0; i < OPTION_SPECS; i++) {
		const struct option_spec *spec = &option_specs[i];
		char left[64], letter[8] = "    ";

		/* What every command takes stands in the general help, but for -h. */
		if (!spec->help || (command ? !takes(command, spec->id) : !is_global(spec->id)))
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

static void print_commands(const struct command *commands)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		printf("  %-8s %s\n", command->name, command->summary);
}

/* "replay FILE bursts": what stands between the options. */
static void print_usage(const struct command *parent, const struct command *command)
{
	printf("usage: ifpulse");
	if (parent)
		printf(" %s %s", parent->name, parent->operand);
	printf(" %s", command->name);
	if (command->operand)
		printf(" %s", command->operand);
	if (command->subcommands)
		printf(" WHAT");
	printf(" [options]\n\n%s\n%s\n", command->summary, command->details);
}

static void print_help(const struct parser *parser)
{
	const struct command *command = parser->command;

	if (command) {
		print_usage(parser->parent, command);
		if (command->subcommands) {
			printf("WHAT is one of\n");
			print_commands(command->subcommands);
			printf("\n'ifpulse %s %s WHAT --help' shows the options of one.\n\n",
			       command->name, command->operand);
		}
		printf("options:\n");
		print_options(command);
		return;
	}
	printf("usage: ifpulse [options] [COMMAND] [options]\n\n"
	       "ifpulse %s, a high-resolution traffic probe for Linux.\n\ncommands:\n",
	       IFPULSE_VERSION);
	print_commands(parser->commands);
	printf("\nWithout a command: %s. 'ifpulse COMMAND --help' shows the options of one.\n\n"
	       "options of every command:\n",
	       parser->commands->name);
	print_options(NULL);
	printf("\nTimes: 10us 1ms 2s 5m.\n"
	       "Exit status: 0 done; 1 found what was asked; 2 wrong usage; "
	       "3 could not run.\n");
}

/* What getopt_long() is given: every option, so that one of another command can be named as such. */
static void fill_getopt(char *letters, struct option *longs)
{
	size_t i;

	*letters++ = '+'; /* stop at the first word that is no option: the command */
	*letters++ = ':'; /* errors are ours to word */
	for (i = 0; i < OPTION_SPECS; i++) {
		const struct option_spec *spec = &option_specs[i];

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

static const struct command *find_command(const struct command *commands, const char *name)
{
	for (; commands->name; commands++)
		if (!strcmp(commands->name, name))
			return commands;
	return NULL;
}

static int usage_error(const struct parser *parser, struct error *err)
{
	if (parser->parent)
		error_hint(err, "see 'ifpulse %s %s %s --help'", parser->parent->name,
			   parser->parent->operand, parser->command->name);
	else if (parser->command)
		error_hint(err, "see 'ifpulse %s --help'", parser->command->name);
	else
		error_hint(err, "see 'ifpulse --help'");
	log_error(err);
	return EXIT_USAGE;
}

static int take(struct parser *parser, const struct option_spec *spec, struct error *err)
{
	int ret = spec->take(spec, (char *)parser->options + spec->at, optarg, err);

	if (!ret)
		parser->seen[spec - option_specs] = true;
	return ret;
}

/* One run of getopt_long() over the words up to the first that is no option. */
static int parse_options(struct parser *parser, int argc, char **argv, bool *want_help)
{
	char letters[2 + 2 * OPTION_SPECS + 1];
	struct option longs[OPTION_SPECS + 1];
	struct error err = {0};
	int id;

	fill_getopt(letters, longs);
	while ((id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (id == '?') {
			/* The letter, or the id of a long option that came with "=value". */
			if (optopt && option_spec_of(optopt))
				error_set(&err, -EINVAL, "option '--%s' takes no value",
					  option_spec_of(optopt)->name);
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
		if (take(parser, option_spec_of(id), &err))
			return usage_error(parser, &err);
	}
	return -1;
}

static bool is_given(const struct parser *parser, int id)
{
	return parser->seen[option_spec_of(id) - option_specs];
}

static int check_taken(const struct parser *parser)
{
	struct error err = {0};
	size_t i;

	for (i = 0; i < OPTION_SPECS; i++) {
		if (!parser->seen[i] || takes(parser->command, option_specs[i].id))
			continue;
		error_set(&err, -EINVAL, "'%s' does not take --%s", parser->command->name,
			  option_specs[i].name);
		return usage_error(parser, &err);
	}
	if (is_given(parser, 'j') && is_given(parser, OPTION_CSV)) {
		error_set(&err, -EINVAL, "--json and --csv exclude each other");
		return usage_error(parser, &err);
	}
	return -1;
}

/* A word that is no option: a command, then its operand, then its subcommand. -1 or an exit status. */
static int take_word(struct parser *parser, const char *word)
{
	const struct command *command = parser->command;
	struct error err = {0};

	if (!command) {
		parser->command = find_command(parser->commands, word);
		if (parser->command)
			return -1;
		error_set(&err, -EINVAL, "there is no command '%s'", word);
	} else if (command->operand && !parser->options->file && *word) {
		parser->options->file = word;
		return -1;
	} else if (command->operand && !parser->options->file) {
		error_set(&err, -EINVAL, "'%s' needs a %s, not ''", command->name,
			  command->operand);
	} else if (command->subcommands) {
		const struct command *subcommand = find_command(command->subcommands, word);

		if (subcommand) {
			parser->parent = command;
			parser->command = subcommand;
			return -1;
		}
		error_set(&err, -EINVAL, "'%s' cannot show '%s'", command->name, word);
	} else {
		error_set(&err, -EINVAL, "'%s' takes no argument '%s'", command->name, word);
	}
	return usage_error(parser, &err);
}

/* -1 where the command has all the words that it needs. */
static int check_words(const struct parser *parser)
{
	const struct command *command = parser->command;
	struct error err = {0};

	if (command->operand && !parser->options->file)
		error_set(&err, -EINVAL, "'%s' needs a %s", command->name, command->operand);
	else if (command->subcommands)
		error_set(&err, -EINVAL, "'%s' needs a word for what to show", command->name);
	else
		return -1;
	return usage_error(parser, &err);
}

int options_parse(struct options *options, const struct command **command,
		  const struct command *commands, int argc, char **argv)
{
	struct parser parser = {.options = options, .commands = commands};
	bool want_help = false;
	int status;

	*options = (struct options){
		.no_colour = getenv("NO_COLOR") && *getenv("NO_COLOR"),
		.health_limits = {HEALTH_ERROR_LIMIT_PPB, HEALTH_DROP_LIMIT_PPB},
		.bursts = {.flows = BURST_FLOWS},
		.capture = {.pre_ns = CAPTURE_PRE_NS,
			    .post_ns = CAPTURE_POST_NS,
			    .max = CAPTURE_MAX},
	};
	for (;;) {
		optind = 0; /* getopt(3): start afresh, with the word in the program's place */
		status = parse_options(&parser, argc, argv, &want_help);
		if (status < 0 && optind < argc)
			status = take_word(&parser, argv[optind]);
		else if (status < 0)
			break;
		if (status >= 0)
			return status;
		argc -= optind;
		argv += optind;
	}
	if (want_help) {
		print_help(&parser);
		return EXIT_DONE;
	}
	if (!parser.command)
		parser.command = commands;
	status = check_words(&parser);
	if (status < 0)
		status = check_taken(&parser);
	if (status < 0)
		*command = parser.command;
	return status;
}

void options_release(struct options *options)
{
	selection_release(&options->selection);
	selection_release(&options->netns);
	selection_release(&options->containers);
}
