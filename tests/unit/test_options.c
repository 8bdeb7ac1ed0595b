// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "app/options.h"
#include "base/log.h"

#define MAX_WORDS 12
#define MANY_WORDS 200
#define RUNS (-1)

static int run_nothing(const struct options *options)
{
	(void)options;
	return EXIT_DONE;
}

static const enum option_id rate_ids[] = {
	'i', 'I',        'd',        'c', OPTION_TOTAL, OPTION_ATTACH, OPTION_MAX_INTERFACES,
	'j', OPTION_CSV, OPTION_END,
};
static const enum option_id list_ids[] = {'i', 'j', OPTION_END};
static const enum option_id health_ids[] = {
	'i',           'd', OPTION_ERRORS_OVER, OPTION_DROPS_OVER,
	OPTION_PERIOD, 'j', OPTION_LOSE_ONE_IN, OPTION_END,
};
static const enum option_id draw_ids[] = {'o', OPTION_FROM, OPTION_TO, OPTION_END};
static const struct command played[] = {
	{"list", "the played list summary", "the played list details", WRITER_JSON_ARRAY, list_ids,
	 run_nothing, NULL, NULL},
	{0},
};
static const struct command commands[] = {
	{"first", "the first summary", "the first details", WRITER_JSON_LINES, rate_ids,
	 run_nothing, NULL, NULL},
	{"list", "the list summary", "the list details", WRITER_JSON_ARRAY, list_ids, run_nothing,
	 NULL, NULL},
	{"health", "the health summary", "the health details", WRITER_JSON_ARRAY, health_ids,
	 run_nothing, NULL, NULL},
	{"draw", "the draw summary", "the draw details", WRITER_JSON_ARRAY, draw_ids, run_nothing,
	 "FILE", NULL},
	{"play", "the play summary", "the play details", WRITER_JSON_ARRAY, NULL, NULL, "FILE",
	 played},
	{0},
};

/* A run of options_parse(), and what it said. */
struct parsed {
	int status;
	const struct command *command;
	struct options options;
	char *out, *err;
};

/* `words` end with NULL; the name of the program is put before them. */
static struct parsed parse_words(const char *const *words)
{
	static char program[] = "ifpulse";
	char *argv[MANY_WORDS + 2] = {program};
	int out = memfd_create("out", 0), err = memfd_create("err", 0), argc = 1;
	int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
	struct parsed parsed = {0};

	for (; argc <= MANY_WORDS && words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	parsed.status = options_parse(&parsed.options, &parsed.command, commands, argc, argv);
	fflush(stdout);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	parsed.out = read_whole(out, NULL);
	parsed.err = read_whole(err, NULL);
	close(out);
	close(err);
	return parsed;
}

#define parse(...) parse_words((const char *const[MAX_WORDS + 1]){__VA_ARGS__})

static void release(struct parsed *parsed)
{
	options_release(&parsed->options);
	free(parsed->out);
	free(parsed->err);
	log_set_level(LOG_LEVEL_INFO);
}

/* It would run this command, and has said nothing. */
static void expect_command(const struct parsed *parsed, const char *name)
{
	assert_string_equal(parsed->err, "");
	assert_string_equal(parsed->out, "");
	assert_int_equal(parsed->status, RUNS);
	assert_non_null(parsed->command);
	assert_string_equal(parsed->command->name, name);
}

static void takes_the_first_command_by_default(void **state)
{
	struct parsed parsed = parse(NULL);

	(void)state;
	expect_command(&parsed, "first");
	assert_int_equal(parsed.options.selection.n, 0);
	assert_int_equal(parsed.options.interval_ns, 0);
	assert_int_equal(parsed.options.duration_ns, 0);
	assert_int_equal(parsed.options.count, 0);
	assert_int_equal(parsed.options.format, OUTPUT_TABLE);
	assert_false(parsed.options.no_colour);
	assert_false(parsed.options.total);
	assert_int_equal(parsed.options.attach_mode, PROBE_ATTACH_AUTO);
	assert_int_equal(parsed.options.max_interfaces, 0);
	assert_int_equal(parsed.options.health_limits.error_ppb, 100000);
	assert_int_equal(parsed.options.health_limits.drop_ppb, 1000000);
	assert_int_equal(parsed.options.health_period, PERIOD_DEFAULT);
	assert_int_equal(log_level(), LOG_LEVEL_INFO);
	release(&parsed);
}

static void holds_what_it_was_given(void **state)
{
	struct parsed parsed = parse("first", "-i", "eth*", "--interface=!eth1", "-I", "1.5ms",
				     "-d10s", "--count", "3", "--total", "-vj");

	(void)state;
	expect_command(&parsed, "first");
	assert_int_equal(parsed.options.selection.n, 2);
	assert_true(selection_matches(&parsed.options.selection, "eth0"));
	assert_false(selection_matches(&parsed.options.selection, "eth1"));
	assert_int_equal(parsed.options.interval_ns, 1500000);
	assert_int_equal(parsed.options.duration_ns, 10000000000);
	assert_int_equal(parsed.options.count, 3);
	assert_true(parsed.options.total);
	assert_int_equal(parsed.options.format, OUTPUT_JSON);
	assert_int_equal(log_level(), LOG_LEVEL_DEBUG);
	release(&parsed);
	parsed = parse("--attach", "clsact", "--max-interfaces", "65536", "--csv", "--no-color");
	expect_command(&parsed, "first");
	assert_int_equal(parsed.options.attach_mode, PROBE_ATTACH_CLSACT);
	assert_int_equal(parsed.options.max_interfaces, 65536);
	assert_int_equal(parsed.options.format, OUTPUT_CSV);
	assert_true(parsed.options.no_colour);
	assert_false(parsed.options.total);
	release(&parsed);
	parsed = parse("health", "--errors-over", "5%", "--drops-over=0", "--period", "both");
	expect_command(&parsed, "health");
	assert_int_equal(parsed.options.health_limits.error_ppb, 50000000);
	assert_int_equal(parsed.options.health_limits.drop_ppb, 0);
	assert_int_equal(parsed.options.health_period, PERIOD_BOTH);
	release(&parsed);
}

static void takes_each_choice(void **state)
{
	static const struct {
		const char *command, *option, *value;
		int mode, period;
	} cases[] = {
		{"first", "--attach", "auto", PROBE_ATTACH_AUTO, PERIOD_DEFAULT},
		{"first", "--attach", "tcx", PROBE_ATTACH_TCX, PERIOD_DEFAULT},
		{"first", "--attach", "clsact", PROBE_ATTACH_CLSACT, PERIOD_DEFAULT},
		{"health", "--period", "boot", PROBE_ATTACH_AUTO, PERIOD_BOOT},
		{"health", "--period", "interval", PROBE_ATTACH_AUTO, PERIOD_INTERVAL},
		{"health", "--period", "both", PROBE_ATTACH_AUTO, PERIOD_BOTH},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed parsed = parse(cases[i].command, cases[i].option, cases[i].value);

		expect_command(&parsed, cases[i].command);
		assert_int_equal(parsed.options.attach_mode, cases[i].mode);
		assert_int_equal(parsed.options.health_period, cases[i].period);
		release(&parsed);
	}
}

/* Options may stand on both sides of the command. */
static void takes_options_before_and_after(void **state)
{
	struct parsed parsed = parse("-j", "-i", "lo", "list", "-i", "eth0");

	(void)state;
	expect_command(&parsed, "list");
	assert_int_equal(parsed.options.format, OUTPUT_JSON);
	assert_int_equal(parsed.options.selection.n, 2);
	release(&parsed);
	/* A word that looks like a command is the value where one is due. */
	parsed = parse("-i", "list");
	expect_command(&parsed, "first");
	assert_string_equal(parsed.options.selection.patterns[0], "list");
	release(&parsed);
	parsed = parse("--", "list", "--", NULL);
	expect_command(&parsed, "list");
	release(&parsed);
	/* Unambiguous beginnings, as getopt_long(3) takes them. */
	parsed = parse("list", "--js", "--interf", "lo");
	expect_command(&parsed, "list");
	assert_int_equal(parsed.options.selection.n, 1);
	release(&parsed);
}

/* Words in their order, with options anywhere between them. */
static void takes_operands_and_subcommands(void **state)
{
	struct parsed parsed = parse("draw", "-o", "a.svg", "b", "--from", "2.5s", "--to",
				     "2026-01-31T12:34:56.5Z");

	(void)state;
	expect_command(&parsed, "draw");
	assert_string_equal(parsed.options.file, "b");
	assert_string_equal(parsed.options.output, "a.svg");
	assert_true(parsed.options.from.is_given && !parsed.options.from.is_wall);
	assert_int_equal(parsed.options.from.ns, 2500000000);
	assert_true(parsed.options.to.is_given && parsed.options.to.is_wall);
	assert_int_equal(parsed.options.to.ns, 1769862896500000000);
	release(&parsed);
	parsed = parse("-i", "a", "play", "-i", "b", "list", "-i", "c", "list", "-j");
	expect_command(&parsed, "list");
	assert_string_equal(parsed.command->summary, "the played list summary");
	assert_string_equal(parsed.options.file, "list");
	assert_int_equal(parsed.options.selection.n, 3);
	assert_int_equal(parsed.options.format, OUTPUT_JSON);
	release(&parsed);
	parsed = parse("draw", "--", "-o");
	expect_command(&parsed, "draw");
	assert_string_equal(parsed.options.file, "-o");
	release(&parsed);
}

static void takes_boundary_values(void **state)
{
	struct parsed parsed = parse("-I", "1ms", "-d", "1ns", "-c", "4294967295");

	(void)state;
	expect_command(&parsed, "first");
	assert_int_equal(parsed.options.interval_ns, 1000000);
	assert_int_equal(parsed.options.duration_ns, 1);
	assert_int_equal(parsed.options.count, UINT32_MAX);
	release(&parsed);
	parsed = parse("-c", "1", "--max-interfaces", "1", "-i", "abcdefghijklmno");
	expect_command(&parsed, "first");
	assert_int_equal(parsed.options.count, 1);
	assert_int_equal(parsed.options.max_interfaces, 1);
	release(&parsed);
	/* The last one holds. */
	parsed = parse("-I", "1s", "-I", "2s");
	expect_command(&parsed, "first");
	assert_int_equal(parsed.options.interval_ns, 2000000000);
	release(&parsed);
}

struct wrong_case {
	const char *words[MAX_WORDS];
	const char *says; /* what the message must name */
};

static void check_wrong(const struct wrong_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct parsed parsed = parse_words(cases[i].words);

		if (parsed.status != EXIT_USAGE || !strstr(parsed.err, cases[i].says))
			fail_msg("case %zu ('%s'): status %d, '%s'", i, cases[i].says,
				 parsed.status, parsed.err);
		/* One line on stderr, with what to do; nothing on stdout; no command. */
		assert_string_equal(parsed.out, "");
		assert_ptr_equal(strchr(parsed.err, '\n'), parsed.err + strlen(parsed.err) - 1);
		assert_non_null(strstr(parsed.err, "--help"));
		assert_null(parsed.command);
		release(&parsed);
	}
}

static void refuses_wrong_values(void **state)
{
	static const struct wrong_case cases[] = {
		{{"-I", "999us"}, "999us"},
		{{"-I", "0.999999ms"}, "0.999999ms"},
		{{"-I", "10"}, "'10' has no unit: give it one, for example 10us"},
		{{"-I", ""}, "''"},
		{{"-I", "-1s"}, "-1s"},
		{{"-I", "99999999999999999999s"}, "99999999999999999999s"},
		{{"-d", "0s"}, "0s"},
		{{"-d", "forever"}, "forever"},
		{{"-c", "0"}, "'0'"},
		{{"-c", "-1"}, "-1"},
		{{"-c", "4294967296"}, "4294967296"},
		{{"-c", "1.5"}, "1.5"},
		{{"--max-interfaces", "0"}, "'0'"},
		{{"--max-interfaces", "65537"}, "65537"},
		{{"-i", ""}, "''"},
		{{"-i", "abcdefghijklmnop"}, "abcdefghijklmnop"},
		{{"-i", "a b"}, "a b"},
		{{"-i", "eth0:1"}, "eth0:1"},
		{{"-i", "a\x1b/"}, "a\\x1b/"},
		{{"--attach", "xdp"}, "auto|tcx|clsact"},
		{{"--attach", ""}, "auto|tcx|clsact"},
		{{"--attach", "TCX"}, "auto|tcx|clsact"},
		{{"health", "--period", "never"}, "boot|interval|both"},
		{{"health", "--errors-over", "101%"}, "101%"},
		{{"health", "--errors-over", "-1%"}, "-1%"},
		{{"health", "--drops-over", ""}, "''"},
	};

	(void)state;
	check_wrong(cases, ARRAY_SIZE(cases));
}

static void refuses_wrong_words(void **state)
{
	static const struct wrong_case cases[] = {
		{{"lists"}, "'lists'"},
		{{""}, "''"},
		{{"LIST"}, "'LIST'"},
		{{"-x"}, "'-x'"},
		{{"list", "-x"}, "'-x'"},
		{{"-jx"}, "'-x'"},
		{{"list", "--nonsense"}, "--nonsense"},
		{{"--inter", "lo"}, "--inter"}, /* --interface or --interval */
		{{"--json=1"}, "--json"},
		{{"--csv=1"}, "--csv"},
		{{"-I"}, "-I"},
		{{"list", "-i"}, "-i"},
		{{"first", "--interval"}, "--interval"},
		{{"-ji"}, "-ji"},
		{{"list", "list"}, "'list'"},
		{{"list", "lo"}, "'lo'"},
		{{"list", "-j", "extra"}, "'extra'"},
		{{"list", "-j", "--", "-i"}, "'-i'"},
		{{"-h", "lists"}, "'lists'"},
		{{"-h", "-x"}, "'-x'"},
		{{"draw"}, "'draw' needs a FILE"},
		{{"draw", ""}, "'draw' needs a FILE, not ''"},
		{{"draw", "a", "b"}, "'draw' takes no argument 'b'"},
		{{"play", "a"}, "'play' needs a word for what to show"},
		{{"play"}, "'play' needs a FILE"},
		{{"play", "a", "first"}, "'play' cannot show 'first'; see 'ifpulse play --help'"},
		{{"play", "a", "list", "b"}, "see 'ifpulse play FILE list --help'"},
		{{"play", "a", "list", "--csv"}, "'list' does not take --csv"},
		{{"draw", "a", "-o", ""}, "''"},
		{{"draw", "a", "--from", "yesterday"}, "yesterday"},
		{{"draw", "a", "--from", "2026-01-31 12:34:56Z"}, "is not a UTC time"},
		{{"--csv", "-j"}, "--json and --csv exclude each other"},
		{{"-j", "first", "--csv"}, "--json and --csv exclude each other"},
	};

	(void)state;
	check_wrong(cases, ARRAY_SIZE(cases));
}

static void refuses_options_of_other_commands(void **state)
{
	static const struct wrong_case cases[] = {
		{{"list", "-I", "1s"}, "'list' does not take --interval"},
		{{"-I", "1s", "list"}, "'list' does not take --interval"},
		{{"list", "--csv"}, "'list' does not take --csv"},
		{{"list", "-j", "--total"}, "'list' does not take --total"},
		{{"health", "--attach", "tcx"}, "'health' does not take --attach"},
		{{"--period", "boot"}, "'first' does not take --period"},
	};

	(void)state;
	check_wrong(cases, ARRAY_SIZE(cases));
}

static void misses_no_option_however_many(void **state)
{
	const char *words[MANY_WORDS + 1] = {"list"};
	struct parsed parsed;

	(void)state;
	for (size_t i = 1; i < MANY_WORDS - 1; i++)
		words[i] = "-j";
	words[MANY_WORDS - 1] = "--total";
	parsed = parse_words(words);
	assert_int_equal(parsed.status, EXIT_USAGE);
	assert_non_null(strstr(parsed.err, "--total"));
	release(&parsed);
	/* And nothing is left of it for the next. */
	parsed = parse("list");
	expect_command(&parsed, "list");
	release(&parsed);
}

/* Nobody gets wrong counts who did not ask for them twice. */
static void spoils_the_probe_for_tests_alone(void **state)
{
	struct parsed parsed;

	(void)state;
	unsetenv("IFPULSE_TESTING");
	parsed = parse("health", "--lose-one-in", "10");
	assert_int_equal(parsed.status, EXIT_USAGE);
	assert_non_null(strstr(parsed.err, "is for tests alone"));
	release(&parsed);
	setenv("IFPULSE_TESTING", "1", 1);
	parsed = parse("health", "--lose-one-in", "10");
	expect_command(&parsed, "health");
	assert_int_equal(parsed.options.lose_one_in, 10);
	release(&parsed);
	parsed = parse("health", "--help");
	assert_null(strstr(parsed.out, "lose"));
	release(&parsed);
	unsetenv("IFPULSE_TESTING");
}

static void helps(void **state)
{
	struct parsed parsed = parse("--help");

	(void)state;
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_string_equal(parsed.err, "");
	for (const struct command *command = commands; command->name; command++) {
		assert_non_null(strstr(parsed.out, command->name));
		assert_non_null(strstr(parsed.out, command->summary));
	}
	assert_non_null(strstr(parsed.out, "--version"));
	assert_null(strstr(parsed.out, "--attach"));
	assert_null(strstr(parsed.out, "Sizes"));
	release(&parsed);
	parsed = parse("first", "-h");
	assert_non_null(strstr(parsed.out, "JSON: a line per object\n"));
	release(&parsed);
	parsed = parse("health", "-h");
	assert_non_null(strstr(parsed.out, "JSON: one array\n"));
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_string_equal(parsed.err, "");
	assert_non_null(strstr(parsed.out, "the health summary"));
	assert_non_null(strstr(parsed.out, "the health details"));
	assert_non_null(strstr(parsed.out, "--period boot|interval|both"));
	assert_non_null(strstr(parsed.out, "-d, --duration TIME"));
	assert_null(strstr(parsed.out, "--attach"));
	assert_null(strstr(parsed.out, "the list summary"));
	release(&parsed);
	parsed = parse("play", "--help");
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_non_null(strstr(parsed.out, "usage: ifpulse play FILE WHAT [options]"));
	assert_non_null(strstr(parsed.out, "the played list summary"));
	release(&parsed);
	parsed = parse("play", "a", "list", "--help");
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_non_null(strstr(parsed.out, "usage: ifpulse play FILE list [options]"));
	assert_non_null(strstr(parsed.out, "--interface"));
	release(&parsed);
	parsed = parse("-h", "list");
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_non_null(strstr(parsed.out, "the list details"));
	release(&parsed);
}

static void tells_its_version(void **state)
{
	struct parsed parsed = parse("--version");

	(void)state;
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_string_equal(parsed.out, "ifpulse " IFPULSE_VERSION "\n");
	assert_string_equal(parsed.err, "");
	release(&parsed);
	parsed = parse("list", "--version");
	assert_int_equal(parsed.status, EXIT_DONE);
	assert_string_equal(parsed.out, "ifpulse " IFPULSE_VERSION "\n");
	release(&parsed);
}

/* https://no-color.org: present and not empty, whatever it says. */
static void obeys_no_color(void **state)
{
	static const struct {
		const char *value;
		bool no_colour;
	} cases[] = {{"1", true}, {"0", true}, {"", false}, {NULL, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed parsed;

		if (cases[i].value)
			setenv("NO_COLOR", cases[i].value, 1);
		else
			unsetenv("NO_COLOR");
		parsed = parse("list");
		assert_int_equal(parsed.options.no_colour, cases[i].no_colour);
		release(&parsed);
	}
}

static int clear_environment(void **state)
{
	(void)state;
	/* They would change what is tested. */
	unsetenv("NO_COLOR");
	unsetenv("POSIXLY_CORRECT");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_first_command_by_default),
		cmocka_unit_test(holds_what_it_was_given),
		cmocka_unit_test(takes_each_choice),
		cmocka_unit_test(takes_options_before_and_after),
		cmocka_unit_test(takes_operands_and_subcommands),
		cmocka_unit_test(takes_boundary_values),
		cmocka_unit_test(refuses_wrong_values),
		cmocka_unit_test(refuses_wrong_words),
		cmocka_unit_test(refuses_options_of_other_commands),
		cmocka_unit_test(misses_no_option_however_many),
		cmocka_unit_test(spoils_the_probe_for_tests_alone),
		cmocka_unit_test(helps),
		cmocka_unit_test(tells_its_version),
		cmocka_unit_test(obeys_no_color),
	};

	return cmocka_run_group_tests_name("options", tests, clear_environment, NULL);
}
