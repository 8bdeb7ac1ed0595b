/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * output: a command's standard output, in the format that was asked for.
 */
#ifndef IFPULSE_APP_OUTPUT_H
#define IFPULSE_APP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "app/options.h"
#include "out/sink.h"
#include "out/writer.h"

struct output {
	struct sink *sink;
	struct writer *writer; /* NULL for a table */
	bool is_screen;        /* a terminal, and not a dumb one: it takes escape sequences */
	bool colour;
};

/*
 * `format` is what JSON is for this command (array or lines); CSV and tables follow the options.
 * `stop_fd` as for sink_new(). 0 or -errno, which is logged.
 */
int output_new(struct output *output, const struct options *options, enum writer_format format,
	       int stop_fd);
void output_release(struct output *output);

/* The size of the screen as it is now; SIZE_MAX where the output is none. */
size_t output_columns(const struct output *output);
size_t output_rows(const struct output *output);

/* Writes what is whole. 0 or -errno. */
int output_flush(struct output *output);

/* Says on stderr why output_flush() failed, and gives the exit status for it. */
int output_failed(int error);

#endif
