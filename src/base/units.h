/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * units: times, rates, sizes and shares, from and to text.
 *
 * Parsing is exact integer arithmetic: "1.5us" is 1500 ns, and "0.1ns" is refused rather than
 * rounded. A number without a unit is refused too, since "10" could mean anything. On failure every
 * parser returns -EINVAL (malformed) or -ERANGE (above INT64_MAX or another limit, or of more than 19
 * digits), leaves the output alone, and says in `err` what it expected.
 */
#ifndef IFPULSE_BASE_UNITS_H
#define IFPULSE_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC UINT64_C(1000000000)

/* "10us" "1.5ms" "2s" "5m" "1h", into nanoseconds. */
int units_parse_time(const char *text, uint64_t *time_ns, struct error *err);

/* "500Mbit" "1.5Gbit" "64kbit" "9600bit", also with "/s": decimal multiples, bits per second. */
int units_parse_rate(const char *text, uint64_t *rate_bps, struct error *err);

/* "64K" "1.5M" "2G" "512B": binary multiples, bytes. */
int units_parse_size(const char *text, uint64_t *bytes, struct error *err);

/* "0.01%" or "0.01": percent, into parts per billion (10^9 is the whole), at most 100 %. */
int units_parse_percent(const char *text, uint64_t *parts_per_billion, struct error *err);

/*
 * "2026-01-31T12:34:56Z", with up to nine digits behind the second (RFC 3339, UTC alone), into
 * nanoseconds since 1970.
 */
int units_parse_wall(const char *text, uint64_t *wall_ns, struct error *err);

/* "12" : a whole number without sign, at most `max`. */
int units_parse_count(const char *text, uint64_t max, uint64_t *count, struct error *err);

/* Room that any of the formatters below needs, with the NUL. */
#define UNITS_TEXT_SIZE 40

/* The formatters write into `out` (UNITS_TEXT_SIZE bytes) and return it. */

/* 12340000 -> "12.34 Mbit/s": four significant digits at most, decimal multiples. */
char *units_format_rate(char *out, uint64_t rate_bps);

/* 1536 -> "1.50 KiB" */
char *units_format_size(char *out, uint64_t bytes);

/* 1500000 -> "1.5 ms"; nothing is rounded away below six significant digits. */
char *units_format_time(char *out, uint64_t time_ns);

/* Nanoseconds since 1970 -> "2026-01-31T12:34:56.123456Z" (RFC 3339, UTC). */
char *units_format_wall(char *out, uint64_t wall_ns);

#endif
