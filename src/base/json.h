/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json: picks a few values out of a JSON text (RFC 8259) that somebody else wrote.
 *
 * Nothing is copied or allocated: a `struct json` is a span of the text, which must outlive it.
 * json_read() checks the whole text once, so that the others need not. What is not of the type that
 * was asked for counts as absent.
 */
#ifndef IFPULSE_BASE_JSON_H
#define IFPULSE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Arrays and objects within each other: deeper ones are refused. */
#define JSON_DEPTH_MAX 64

struct json {
	const char *at, *end;
};

/* One value, and nothing but white space around it; the text need not end in a NUL. */
bool json_read(struct json *out, const char *text, size_t size);

/* A member of an object; of several with that name the last, as Go's encoding/json has it. */
bool json_member(struct json object, const char *name, struct json *out);

/* The items of an array: `item` is {NULL, NULL} before the first, and otherwise one of them. */
bool json_next(struct json array, struct json *item);

/*
 * A string as UTF-8, NUL-terminated, cut to `size` (at least 1) between characters. \u escapes that
 * are no code point become U+FFFD; bytes that are not UTF-8 stay. False, with `out` untouched, for
 * what is no string, and where it holds a NUL.
 */
bool json_text(struct json value, char *out, size_t size);

#endif
