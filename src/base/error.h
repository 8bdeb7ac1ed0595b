/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * error: what failed, why, and what to do about it.
 *
 * A function that can fail for a reason worth a sentence takes a `struct error *` as its last
 * argument, fills it, and returns a negative errno. It never prints: app/ prints the error once.
 * The pointer may be NULL where the caller does not want the words. Nothing here allocates.
 */
#ifndef IFPULSE_BASE_ERROR_H
#define IFPULSE_BASE_ERROR_H

#define ERROR_TEXT_SIZE 320

struct error {
	int code;                   /* negative errno, 0 while unset */
	char what[ERROR_TEXT_SIZE]; /* "cannot attach to eth0: Operation not permitted" */
	char hint[ERROR_TEXT_SIZE]; /* "run as root, or …"; empty where there is no remedy */
};

/* Sets code and the sentence, clears the hint; returns `code`, so that a caller can return it. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set(), with ": <strerror(code)>" appended to the sentence. */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the remedy of an error set before. */
void error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
