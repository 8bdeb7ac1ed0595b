// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT 0xfffd

/*
 * The skip functions return what follows, or NULL where there is no such thing. None reads at or
 * beyond `end`.
 */

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(end - at) >= length && !memcmp(at, word, length) ? at + length : NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at > from ? at : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
	if (at < end && *at == '-')
		at++;
	at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
	if (at && at < end && *at == '.')
		at = skip_digits(at + 1, end);
	if (at && at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		at = skip_digits(at, end);
	}
	return at;
}

/* Four of them: the number, or -1. */
static int hex_number(const char *at, const char *end)
{
	int number = 0;

	if (end - at < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		char digit = at[i];

		if (digit >= '0' && digit <= '9')
			number = number * 16 + (digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			number = number * 16 + (digit - 'a' + 10);
		else if (digit >= 'A' && digit <= 'F')
			number = number * 16 + (digit - 'A' + 10);
		else
			return -1;
	}
	return number;
}

static const char *skip_string(const char *at, const char *end)
{
	if (at >= end || *at != '"')
		return NULL;
	for (at++; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		if (++at >= end)
			return NULL;
		if (*at == 'u') {
			if (hex_number(at + 1, end) < 0)
				return NULL;
			at += 4;
		} else if (!*at || !strchr("\"\\/bfnrt", *at)) {
			return NULL;
		}
	}
	return NULL;
}

static const char *skip_value(const char *at, const char *end, unsigned int depth);

/* An array, or an object, whose items have names. */
static const char *skip_items(const char *at, const char *end, unsigned int depth)
{
	bool has_names = *at == '{';
	char closing = has_names ? '}' : ']';

	at = skip_space(at + 1, end);
	if (at < end && *at == closing)
		return at + 1;
	while (at < end) {
		if (has_names) {
			at = skip_string(at, end);
			at = at ? skip_space(at, end) : end;
			if (at >= end || *at != ':')
				return NULL;
			at = skip_space(at + 1, end);
		}
		at = skip_value(at, end, depth);
		at = at ? skip_space(at, end) : end;
		if (at >= end || (*at != ',' && *at != closing))
			return NULL;
		if (*at == closing)
			return at + 1;
		at = skip_space(at + 1, end);
	}
	return NULL;
}

/* `depth` is how many more may be within each other. */
static const char *skip_value(const char *at, const char *end, unsigned int depth)
{
	if (at >= end)
		return NULL;
	switch (*at) {
	case '{':
	case '[':
		return depth ? skip_items(at, end, depth - 1) : NULL;
	case '"':
		return skip_string(at, end);
	case 't':
		return skip_word(at, end, "true");
	case 'f':
		return skip_word(at, end, "false");
	case 'n':
		return skip_word(at, end, "null");
	default:
		return skip_number(at, end);
	}
}

bool json_read(struct json *out, const char *text, size_t size)
{
	const char *end = text + size, *at = skip_space(text, end);
	const char *behind = skip_value(at, end, JSON_DEPTH_MAX);

	if (!behind || skip_space(behind, end) != end)
		return false;
	*out = (struct json){at, behind};
	return true;
}

static size_t put_utf8(char *out, uint32_t code_point)
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xc0 | code_point >> 6);
		out[1] = (char)(0x80 | (code_point & 0x3f));
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xe0 | code_point >> 12);
		out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code_point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code_point >> 18);
	out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code_point & 0x3f));
	return 4;
}

/* The code point of an escape whose 'u' *at is behind of, both halves of a surrogate pair. */
static uint32_t take_code_point(const char **at, const char *end)
{
	uint32_t high = (uint32_t)hex_number(*at, end);
	int low;

	*at += 4;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return REPLACEMENT;
	low = hex_number(*at + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
}

/*
 * What comes next in a string: a byte, or what an escape stands for, into `out` (4 bytes), and how
 * many bytes; 0 at the closing quote. *at is within a string that was checked.
 */
static size_t take_bytes(const char **at, const char *end, char *out)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *letter;

	if (**at == '"')
		return 0;
	if (**at != '\\') {
		out[0] = *(*at)++;
		return 1;
	}
	*at += 2;
	if ((*at)[-1] == 'u')
		return put_utf8(out, take_code_point(at, end));
	letter = strchr(letters, (*at)[-1]);
	out[0] = letter ? meant[letter - letters] : (*at)[-1];
	return 1;
}

static bool text_equals(struct json string, const char *name)
{
	const char *at = string.at + 1;
	char bytes[4];
	size_t n;

	while ((n = take_bytes(&at, string.end, bytes))) {
		if (strnlen(name, n) < n || memcmp(name, bytes, n))
			return false;
		name += n;
	}
	return !*name;
}

/* Moves the value at `item` on to the next, behind the comma; NULL at the end. */
static const char *next_item(const char *behind, const char *end)
{
	const char *at = skip_space(behind, end);

	return at < end && *at == ',' ? skip_space(at + 1, end) : NULL;
}

static const char *first_item(struct json items)
{
	const char *at = skip_space(items.at + 1, items.end);

	return *at == '}' || *at == ']' ? NULL : at;
}

bool json_member(struct json object, const char *name, struct json *out)
{
	bool is_found = false;
	struct json member, value;

	if (*object.at != '{')
		return false;
	for (member.at = first_item(object); member.at;
	     member.at = next_item(value.end, object.end)) {
		member.end = skip_string(member.at, object.end);
		value.at = skip_space(skip_space(member.end, object.end) + 1, object.end);
		value.end = skip_value(value.at, object.end, JSON_DEPTH_MAX);
		if (!text_equals(member, name))
			continue;
		*out = value;
		is_found = true;
	}
	return is_found;
}

bool json_next(struct json array, struct json *item)
{
	if (*array.at != '[')
		return false;
	item->at = item->at ? next_item(item->end, array.end) : first_item(array);
	if (!item->at)
		return false;
	item->end = skip_value(item->at, array.end, JSON_DEPTH_MAX);
	return true;
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Without the last character, which may be there in part. */
static size_t cut_character(const char *text, size_t length)
{
	while (length && is_continuation(text[length - 1]))
		length--;
	return length && (unsigned char)text[length - 1] >= 0xc0 ? length - 1 : length;
}

bool json_text(struct json value, char *out, size_t size)
{
	const char *at = value.at + 1;
	char bytes[4];
	size_t n, used = 0;

	if (*value.at != '"')
		return false;
	while ((n = take_bytes(&at, value.end, bytes)))
		if (!bytes[0])
			return false;
	for (at = value.at + 1; (n = take_bytes(&at, value.end, bytes)); used += n) {
		if (used + n < size) {
			memcpy(out + used, bytes, n);
			continue;
		}
		if (is_continuation(bytes[0]))
			used = cut_character(out, used);
		break;
	}
	out[used] = '\0';
	return true;
}
