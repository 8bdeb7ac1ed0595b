/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log: messages to people, on stderr, one line each. Data never goes through here.
 *
 * The level is the program's only global. Modules below app/ use LOG_DEBUG and LOG_WARNING for what
 * a caller could not act upon; failures travel as `struct error` and are printed once, by app/.
 */
#ifndef IFPULSE_BASE_LOG_H
#define IFPULSE_BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above this level are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);
enum log_level log_level(void);

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The error and, on a second line, its remedy. */
void log_error(const struct error *err);

#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
