/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text: names that others chose, made safe to show.
 *
 * An interface name may hold any byte but '/', ':' and white space (dev_valid_name() in
 * net/core/dev.c), so also escape sequences and invalid UTF-8. Whoever can create an interface must
 * not be able to steer the terminal of whoever looks at it.
 */
#ifndef IFPULSE_BASE_TEXT_H
#define IFPULSE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One input byte becomes at most this many: "\xff". */
#define TEXT_ESCAPE_GROWTH 4

/*
 * Decodes one UTF-8 sequence (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) from the
 * NUL-terminated `text`. Returns its length, 1 to 4, and the code point; 0 where the bytes are not
 * valid UTF-8 (then skip one byte) and at the end of the string.
 */
size_t text_decode_utf8(const char *text, uint32_t *code_point);

/*
 * Control characters, line separators and bidirectional controls: what may steer a terminal. And what is not to be
 * seen, by which one name can pass for another.
 */
bool text_is_unsafe(uint32_t code_point);

/*
 * Copies `text`, with what is unsafe and bytes that are not UTF-8 as \xNN, always NUL-terminated, cut at a whole character. Returns `out`.
 */
char *text_escape(char *out, size_t size, const char *text);

/*
 * Columns that an escaped text takes on a terminal: one per code point, two for wide ones, none for
 * combining ones, as far as the locale knows them.
 */
size_t text_width(const char *text);

/* Columns that are left of so many behind an escaped text: `%*s` with an empty string. */
int text_padding(const char *text, size_t columns);

/*
 * Copies an escaped text that is wider than `columns`, of which there are some, with a mark instead of its middle,
 * so that it is at most as wide: names that people and runtimes make differ at either end. Cut at whole
 * characters, NUL-terminated. Returns `out`.
 */
char *text_cut(char *out, size_t size, const char *text, size_t columns);

#endif
