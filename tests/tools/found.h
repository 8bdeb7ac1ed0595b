/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * found: the bursts that `ifpulse bursts --csv` told of one direction, in windows since 1970.
 */
#ifndef IFPULSE_TESTS_FOUND_H
#define IFPULSE_TESTS_FOUND_H

#include "truth.h"

#define FOUND_NSEC_PER_USEC 1000
#define FOUND_FIELDS_MAX 32
#define FOUND_LINE_SIZE 1024

struct burst {
	uint64_t start, end; /* the window behind its last */
	struct counts counts;
	uint64_t peak_bps, mean_bps;
	bool is_cut, is_right;
};

struct found {
	uint64_t width_ns, threshold_bps; /* expected of every burst */
	struct burst *bursts;             /* owned; by time */
	size_t n;
};

/* A line's fields beside their names. */
struct found_row {
	char *const *names, *const *fields;
	size_t n;
};

/* "2026-01-31T12:00:00.123456Z" */
static inline bool found_time(const char *text, uint64_t *ns)
{
	struct tm tm = {0};
	unsigned int us;

	if (sscanf(text, "%d-%d-%dT%d:%d:%d.%6uZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &us) != 7)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ns = timegm(&tm) * TOOL_NSEC_PER_SEC + us * FOUND_NSEC_PER_USEC;
	return true;
}

/* Cuts a line in place. None of the fields is ever quoted. */
static inline size_t found_split(char *line, char **fields)
{
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (n < FOUND_FIELDS_MAX && line)
		fields[n++] = strsep(&line, ",");
	return n;
}

static inline const char *found_text(const struct found_row *row, const char *name)
{
	for (size_t i = 0; i < row->n; i++)
		if (!strcmp(row->names[i], name))
			return row->fields[i];
	fprintf(stderr, "%s: no column %s\n", tool_name, name);
	exit(TOOL_INCOMPLETE);
}

static inline uint64_t found_number(const struct found_row *row, const char *name)
{
	const char *text = found_text(row, name);
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text && !*end)
		return value;
	fprintf(stderr, "%s: %s: not a number: %s\n", tool_name, name, text);
	exit(TOOL_INCOMPLETE);
}

static inline bool found_parse(const struct found *found, const struct found_row *row,
			       struct burst *burst)
{
	uint64_t duration_ns = found_number(row, "duration_us") * FOUND_NSEC_PER_USEC, start_ns;

	if (!found_time(found_text(row, "time"), &start_ns) || start_ns % found->width_ns ||
	    duration_ns % found->width_ns || !duration_ns ||
	    found_number(row, "window_us") * FOUND_NSEC_PER_USEC != found->width_ns ||
	    found_number(row, "windows") != duration_ns / found->width_ns ||
	    found_number(row, "threshold_bps") != found->threshold_bps) {
		fprintf(stderr, "%s: at %s: not the windows or the threshold asked for\n",
			tool_name, found_text(row, "time"));
		return false;
	}
	*burst = (struct burst){
		.start = start_ns / found->width_ns,
		.end = (start_ns + duration_ns) / found->width_ns,
		.counts = {found_number(row, "packets"), found_number(row, "bytes"),
			   found_number(row, "wire_packets"), found_number(row, "wire_bytes")},
		.peak_bps = found_number(row, "peak_bps"),
		.mean_bps = found_number(row, "mean_bps"),
		.is_cut = strcmp(found_text(row, "cut"), "false"),
	};
	return true;
}

static inline int found_by_start(const void *a, const void *b)
{
	const struct burst *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static inline int found_read(struct found *found, const char *path, const char *direction)
{
	char head[FOUND_LINE_SIZE], line[FOUND_LINE_SIZE];
	char *names[FOUND_FIELDS_MAX], *fields[FOUND_FIELDS_MAX];
	struct found_row row = {names, fields, 0};
	FILE *file = fopen(path, "r");
	bool is_good = true;

	if (!file || !fgets(head, sizeof(head), file))
		return tool_fail("read", path);
	row.n = found_split(head, names);
	while (is_good && fgets(line, sizeof(line), file)) {
		is_good = found_split(line, fields) == row.n;
		if (!is_good)
			fprintf(stderr, "%s: %s: a line of another length\n", tool_name, path);
		if (!is_good || strcmp(found_text(&row, "direction"), direction))
			continue;
		found->bursts = truth_grow(found->bursts, found->n, sizeof(*found->bursts));
		is_good = found_parse(found, &row, &found->bursts[found->n]);
		found->n += is_good;
	}
	fclose(file);
	if (found->n)
		qsort(found->bursts, found->n, sizeof(*found->bursts), found_by_start);
	return is_good ? EXIT_SUCCESS : TOOL_INCOMPLETE;
}

#endif
