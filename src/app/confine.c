// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/confine.h"

#include "kernel/privileges.h"

/* Root owns much, but what is another user's takes more; only where it was asked for. */
static uint64_t for_files(const struct options *options)
{
	uint64_t kept = 0;

	if (options->file)
		kept |= privileges_for_file(options->file, false);
	if (options->proc)
		kept |= privileges_for_file(options->proc, false);
	if (options->output)
		kept |= privileges_for_file(options->output, true);
	if (options->capture.directory)
		kept |= privileges_for_file(options->capture.directory, true);
	return kept;
}

int confine_probing(const struct options *options, struct error *err)
{
	uint64_t kept = PRIVILEGES_PROBE | for_files(options);

	if (options->netns.n)
		kept |= PRIVILEGES_NETNS;
	return privileges_keep(kept, err);
}

int confine_other(const struct options *options, const struct command *command, struct error *err)
{
	uint64_t kept = for_files(options);

	if (options->netns.n)
		kept |= PRIVILEGES_NETNS_START;
	if (command->privilege == PRIVILEGE_TO_LOOK)
		kept |= PRIVILEGES_PROBE | PRIVILEGES_LOOK;
	return privileges_keep(kept, err);
}
