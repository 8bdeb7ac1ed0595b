/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* plot_file: a file that is there as a whole or not at all. */
#ifndef IFPULSE_OUT_PLOT_FILE_H
#define IFPULSE_OUT_PLOT_FILE_H

#include <stdio.h>

#include "base/error.h"

struct plot_file {
	const char *path; /* borrowed */
	char *temporary;  /* in the same directory */
	FILE *stream;     /* write here; its error indicator decides about the rest */
	int failure;      /* the first -errno of plot_file_put() */
};

/*
 * 0, or -errno with the words in `err`. What replaces a file has its mode; a new one is 0640, less the umask. Anything
 * under that name that is no regular file is refused.
 */
int plot_file_open(struct plot_file *file, const char *path, struct error *err);

/* 0 or -errno, the words for which come from plot_file_finish(). */
int plot_file_put(struct plot_file *file, const void *bytes, size_t n);

/* All is written: puts it in its place. On failure nothing is left behind. */
int plot_file_finish(struct plot_file *file, struct error *err);

/* Instead of plot_file_finish(). */
void plot_file_abandon(struct plot_file *file);

#endif
