/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * options: the command line. One table describes every option; a command names those it takes, and
 * parsing, --help and the error messages follow from that.
 */
#ifndef IFPULSE_APP_OPTIONS_H
#define IFPULSE_APP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/units.h"
#include "kernel/probe.h"
#include "model/burst.h"
#include "model/health.h"
#include "model/select.h"
#include "out/writer.h"

/* Exit status of every command. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FOUND = 1, /* ran, and found what was asked about */
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3, /* could not run, or could not go on */
};

/* Letters of short options stand for themselves. */
enum option_id {
	OPTION_END = 0,
	OPTION_NO_COLOUR = 256,
	OPTION_CSV,
	OPTION_TOTAL,
	OPTION_BUSY,
	OPTION_ATTACH,
	OPTION_MAX_INTERFACES,
	OPTION_NETNS,
	OPTION_ERRORS_OVER,
	OPTION_DROPS_OVER,
	OPTION_PERIOD,
	OPTION_RULE,
	OPTION_THRESHOLD,
	OPTION_LOW,
	OPTION_SPEED,
	OPTION_FACTOR,
	OPTION_FLOOR,
	OPTION_MIN_DURATION,
	OPTION_MERGE_GAP,
	OPTION_FORMAT,
	OPTION_FROM,
	OPTION_TO,
	OPTION_SUMMARY,
	OPTION_FLOWS,
	OPTION_WHERE,
	OPTION_CAPTURE,
	OPTION_PRE,
	OPTION_POST,
	OPTION_ONCE,
	OPTION_MAX,
	OPTION_MAX_SIZE,
	OPTION_KEEP,
	OPTION_VERSION,
	OPTION_CONTAINER,
	OPTION_LOSE_ONE_IN,
	OPTION_PROC,
};

/* What every command takes that judges bursts, for its list of ids. */
#define OPTIONS_OF_BURSTS                                                                     \
	OPTION_RULE, OPTION_THRESHOLD, OPTION_LOW, OPTION_SPEED, OPTION_FACTOR, OPTION_FLOOR, \
		OPTION_MIN_DURATION, OPTION_MERGE_GAP

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

enum health_period { PERIOD_DEFAULT, PERIOD_BOOT, PERIOD_INTERVAL, PERIOD_BOTH };

enum rule_choice { RULE_DEFAULT, RULE_SHARE, RULE_HYSTERESIS, RULE_BASELINE };

enum export_format { EXPORT_NONE, EXPORT_CSV, EXPORT_JSONL, EXPORT_PERFETTO };

/* A share of the line rate, or a rate. */
struct mark {
	uint64_t share_ppb; /* 0: it is a rate */
	uint64_t rate_bps;
};

/* A point of time in a recording. */
struct moment {
	bool is_given;
	bool is_wall; /* ns since 1970; else since the recording's beginning */
	uint64_t ns;
};

/* What a burst is; what is 0 is left to the default. */
struct burst_options {
	enum rule_choice rule; /* RULE_DEFAULT: by what is known of the interface */
	struct mark high, low;
	uint64_t speed_bps; /* 0: as netlink says */
	uint64_t factor;
	uint64_t floor_bps;
	uint64_t min_duration_ns, merge_gap_ns;
	uint64_t flows; /* how many of its flows a burst names; 0: none is looked for */
};

#define BURST_FLOWS 5

/* The trigger of `bursts`. */
struct capture_options {
	const char *directory; /* NULL: nothing is captured */
	uint64_t pre_ns, post_ns;
	bool once;
	uint64_t max;
};

#define CAPTURE_PRE_NS (5 * NSEC_PER_MSEC)
#define CAPTURE_POST_NS (20 * NSEC_PER_MSEC)
#define CAPTURE_SIDE_MAX_NS (10 * NSEC_PER_SEC)
#define CAPTURE_MAX 100

/* The default width of windows. */
#define OPTIONS_WINDOW_NS (100 * NSEC_PER_USEC)

struct options {
	struct selection selection;
	uint64_t interval_ns; /* 0: the command's default */
	uint64_t duration_ns; /* 0: no end */
	uint64_t count;       /* reports; 0: no end */
	uint64_t window_ns;   /* 0: the command's default */
	bool no_windows;      /* --window off */
	bool busy;
	enum output_format format;
	bool no_colour;
	bool total;
	enum probe_attach_mode attach_mode;
	uint64_t max_interfaces; /* 0: by what there is */
	struct health_limits health_limits;
	enum health_period health_period;
	struct burst_options bursts;
	bool summary;
	bool reads_rates; /* by the command: it calls engine_read() */
	bool drop_kinds;  /* by the command: count drops by reason */
	bool waypoints;   /* by the command: count packets between hook and driver, too */
	bool drop_locations;
	bool flows; /* by the command: tell the flows of what is hot */
	struct capture_options capture;
	const char *file;   /* the operand; NULL: the command takes none */
	const char *output; /* NULL: none was named */
	enum export_format format_to;
	struct moment from, to;
	uint64_t max_size, keep_ns; /* of a recording; 0: no limit */
	struct selection netns;     /* other network namespaces, too; empty: only our own */
	struct selection containers;
	const char *proc;     /* a saved /proc/net/dev; NULL: none was named */
	uint64_t lose_one_in; /* for tests: the probe counts wrongly; see take_fault() */
};

/* What a command needs its privileges for, and so when it gives up those beyond; see app/confine.h. */
enum command_privilege {
	PRIVILEGE_NONE,    /* before it runs */
	PRIVILEGE_TO_LOOK, /* the same, but for what it takes to look at all programs on the host */
	PRIVILEGE_TO_PROBE, /* when the probe is attached */
};

struct command {
	const char *name;
	const char *summary;                       /* one line */
	const char *details;                       /* what --help says besides the options */
	enum writer_format json;                   /* what --json is here: one array, or lines */
	const enum option_id *ids;                 /* those it takes, OPTION_END last */
	int (*run)(const struct options *options); /* returns an exit status */
	const char *operand;                       /* "FILE"; NULL: takes none */
	/* What the word behind the operand says, ended by a NULL name; then `run` is not. */
	const struct command *subcommands;
	enum command_privilege privilege;
};

/*
 * Parses `argv` as [options] [COMMAND [OPERAND] [SUBCOMMAND]], with options between any of them,
 * against `commands` (ended by a NULL name; the first is the default). Returns -1 and the command to run, or the exit status to end with: help and
 * version have been printed then, an error has been logged. Text of options is borrowed from argv.
 */
int options_parse(struct options *options, const struct command **command,
		  const struct command *commands, int argc, char **argv);

void options_release(struct options *options);

#endif
