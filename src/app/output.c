// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/output.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"

/* Where the terminal does not tell, as on a serial line. */
#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT 24

static bool takes_escapes(const struct sink *sink)
{
	const char *type = getenv("TERM");

	return sink_is_terminal(sink) && type && *type && strcmp(type, "dumb");
}

int output_new(struct output *output, const struct options *options, enum writer_format format,
	       int stop_fd)
{
	struct error err = {0};
	int ret;

	*output = (struct output){0};
	ret = sink_new(&output->sink, STDOUT_FILENO, stop_fd);
	if (!ret && options->format != OUTPUT_TABLE)
		ret = writer_new(&output->writer, output->sink,
				 options->format == OUTPUT_CSV ? WRITER_CSV : format);
	if (ret) {
		output_release(output);
		error_errno(&err, ret, "cannot prepare the output");
		log_error(&err);
		return ret;
	}
	output->is_screen = takes_escapes(output->sink);
	output->colour = !options->no_colour && output->is_screen;
	return 0;
}

void output_release(struct output *output)
{
	writer_free(output->writer);
	sink_free(output->sink);
	*output = (struct output){0};
}

static struct winsize screen_size(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size = (struct winsize){.ws_row = ROWS_DEFAULT, .ws_col = COLUMNS_DEFAULT};
	return size;
}

size_t output_columns(const struct output *output)
{
	return output->is_screen ? screen_size().ws_col : SIZE_MAX;
}

size_t output_rows(const struct output *output)
{
	return output->is_screen ? screen_size().ws_row : SIZE_MAX;
}

int output_flush(struct output *output)
{
	return sink_flush(output->sink);
}

int output_failed(int error)
{
	struct error err = {0};

	/* As with `| head`: the reader has what it wanted. */
	if (error == -EPIPE) {
		log_info("standard output was closed by its reader; stopped");
		return EXIT_DONE;
	}
	if (error == -EINTR) {
		error_set(&err, error, "stopped while nobody read the standard output");
		error_hint(&err, "the last report is incomplete: let its reader go on");
	} else {
		error_errno(&err, error, "cannot write to standard output");
		error_hint(&err, "%s",
			   error == -ENOSPC || error == -EDQUOT || error == -EFBIG
				   ? "make room, or write elsewhere; what was written ends with a "
				     "whole report"
				   : "check where the output goes");
	}
	log_error(&err);
	return EXIT_CANNOT;
}
