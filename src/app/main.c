// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/confine.h"
#include "app/options.h"
#include "base/log.h"
#include "kernel/host.h"

#define LARGE_BYTES (512 * 1024)

/*
 * What is opened while a standard descriptor is closed takes its number, and what is meant for
 * people would go there. So all three are there before anything else is, and a closed output is
 * refused: nobody could read it.
 */
static int open_standard(struct error *err)
{
	bool is_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return error_errno(err, -errno, "cannot open /dev/null");
	if (is_open)
		return 0;
	error_set(err, -EBADF, "standard output is closed");
	error_hint(err, "let it go somewhere, to /dev/null if need be");
	return -EBADF;
}

/* Help and version go through stdio; everything else has written for itself. */
static int end_stdio(int status)
{
	struct error err = {0};

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	error_errno(&err, errno ? -errno : -EIO, "cannot write to standard output");
	error_hint(&err, "make room, or write elsewhere");
	log_error(&err);
	return EXIT_CANNOT;
}

/*
 * Who may read what others did on the network is for its owner to say: what we make is his to read and write, his
 * group's to read unless the umask is against it, and nobody else's (0640, 0600), whatever the umask is.
 */
static void restrict_files(void)
{
	mode_t given = umask(S_IRWXO);

	umask((given & S_IRWXG) | S_IRWXO);
}

static int run(const struct command *command, const struct options *options)
{
	struct error err = {0};

	if (command->privilege == PRIVILEGE_TO_PROBE || !confine_other(options, command, &err))
		return command->run(options);
	log_error(&err);
	return EXIT_CANNOT;
}

int main(int argc, char **argv)
{
	/* The first is what runs without a command. */
	const struct command commands[] = {
		cmd_rate, cmd_windows, cmd_bursts, cmd_drops,  cmd_record,  cmd_replay, cmd_export,
		cmd_plot, cmd_list,    cmd_watch,  cmd_health, cmd_compare, cmd_doctor, {0},
	};
	const struct command *command;
	struct options options;
	struct error err = {0};
	int status;

	if (open_standard(&err)) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	/* A file that may not grow (ulimit -f) is an error to be told like a full disk, and no end without a word. */
	signal(SIGXFSZ, SIG_IGN);
	restrict_files();
	/* Where it is fixed, what grew large is given back as soon as it is freed, and grows without being copied. */
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	setlocale(LC_CTYPE, "");
	host_prepare();
	status = options_parse(&options, &command, commands, argc, argv);
	if (status < 0)
		status = run(command, &options);
	options_release(&options);
	return end_stdio(status);
}
