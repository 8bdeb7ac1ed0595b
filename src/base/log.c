// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

static enum log_level current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_level(void)
{
	return current_level;
}

void log_message(enum log_level level, const char *format, ...)
{
	static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
	char line[2 * ERROR_TEXT_SIZE + 64], safe[sizeof(line) * TEXT_ESCAPE_GROWTH];
	va_list args;

	if (level > current_level)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* One write per line: messages of two processes do not mix within a line. */
	text_escape(safe, sizeof(safe), line);
	fprintf(stderr, "ifpulse: %s%s\n", prefix[level], safe);
}

void log_error(const struct error *err)
{
	if (err->hint[0])
		log_message(LOG_LEVEL_ERROR, "%s; %s", err->what, err->hint);
	else
		log_message(LOG_LEVEL_ERROR, "%s", err->what);
}
