// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/options.h"
#include "app/output.h"

int main(int argc, char **argv)
{
	/* The first is what runs without a command. */
	const struct command commands[] = {
		cmd_rate, cmd_windows, cmd_list, cmd_watch, cmd_health, cmd_doctor, {0},
	};
	const struct command *command;
	struct options options;
	int status;

	setlocale(LC_CTYPE, "");
	status = options_parse(&options, &command, commands, argc, argv);
	if (status < 0)
		status = command->run(&options);
	options_release(&options);
	/* Help and version go through stdio; everything else has written for itself. */
	if (fflush(stdout) || ferror(stdout))
		status = output_failed(-errno);
	return status;
}
