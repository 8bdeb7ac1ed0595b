// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/text.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"

size_t text_decode_utf8(const char *text, uint32_t *code_point)
{
	/* Smallest code point that needs this many bytes: less is an overlong form. */
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)text;
	size_t length, i;
	uint32_t value;

	if (byte[0] == 0)
		return 0;
	if (byte[0] < 0x80) {
		*code_point = byte[0];
		return 1;
	}
	if ((byte[0] & 0xe0) == 0xc0)
		length = 2;
	else if ((byte[0] & 0xf0) == 0xe0)
		length = 3;
	else if ((byte[0] & 0xf8) == 0xf0)
		length = 4;
	else
		return 0;
	value = byte[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte[i] & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code_point = value;
	return length;
}

/*
 * C0, DEL and C1 controls, line and paragraph separators, bidirectional controls (UAX #9), and what is not to be
 * seen: Default_Ignorable_Code_Point of DerivedCoreProperties.txt, and the interlinear annotations.
 */
bool text_is_unsafe(uint32_t code_point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
		{0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
		{0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
		{0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (code_point <= ranges[i].last)
			return code_point >= ranges[i].first;
	return false;
}

char *text_escape(char *out, size_t size, const char *text)
{
	size_t used = 0;

	while (*text && size) {
		uint32_t code_point = 0;
		size_t length = text_decode_utf8(text, &code_point);
		char escaped[TEXT_ESCAPE_GROWTH * 4 + 1];
		size_t i, need;

		if (length && !text_is_unsafe(code_point)) {
			memcpy(escaped, text, length);
			need = length;
		} else {
			length = length ? length : 1;
			for (i = 0; i < length; i++)
				snprintf(escaped + 4 * i, 5, "\\x%02x", (unsigned char)text[i]);
			need = 4 * length;
		}
		if (used + need >= size)
			break;
		memcpy(out + used, escaped, need);
		used += need;
		text += length;
	}
	if (size)
		out[used] = '\0';
	return out;
}

/* Its columns, and in *length its bytes. */
static size_t measure_character(const char *text, size_t *length)
{
	uint32_t code_point = 0;
	int columns;

	*length = text_decode_utf8(text, &code_point);
	columns = *length ? wcwidth((wchar_t)code_point) : 1;
	if (!*length)
		*length = 1;
	/* -1: not printable in this locale, so one replacement character. */
	return columns < 0 ? 1 : (size_t)columns;
}

size_t text_width(const char *text)
{
	size_t width = 0, length;

	while (*text) {
		width += measure_character(text, &length);
		text += length;
	}
	return width;
}

int text_padding(const char *text, size_t columns)
{
	size_t width = text_width(text);

	return width < columns ? (int)(columns - width) : 0;
}

char *text_cut(char *out, size_t size, const char *text, size_t columns)
{
	bool has_ellipsis = !strcmp(nl_langinfo(CODESET), "UTF-8");
	size_t head = columns / 2, tail = columns - head - (columns > 0);
	size_t used, length, left, width;
	const char *at = text;

	for (used = 0; *at; at += length) {
		used += measure_character(at, &length);
		if (used > head)
			break;
	}
	used = (size_t)(at - text);
	/* What combines is left out with what it belongs to. */
	for (left = text_width(at); *at; at += length) {
		width = measure_character(at, &length);
		if (width && left <= tail)
			break;
		left -= width;
	}
	snprintf(out, size, "%.*s%s%s", (int)used, text, has_ellipsis ? "…" : "~", at);
	return out;
}
