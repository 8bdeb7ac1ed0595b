/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * truth: what was really sent, as `schedule` writes it and `judge` reads it. One line for each send, in
 * order, times in CLOCK_MONOTONIC nanoseconds:
 *
 *   before after packets bytes wire_packets wire_bytes burst
 *
 * Everything of a send passed TC egress of the one end and TC ingress of the other between its two stamps.
 * packets and bytes are skbs, wire_* what the wire carries (Ethernet header on, no FCS). The first line,
 * "offset LOW HIGH", bounds CLOCK_REALTIME - CLOCK_MONOTONIC.
 */
#ifndef IFPULSE_TESTS_TRUTH_H
#define IFPULSE_TESTS_TRUTH_H

#include "tool.h"

struct counts {
	uint64_t packets, bytes, wire_packets, wire_bytes;
};

struct truth_send {
	uint64_t before_ns, after_ns;
	struct counts counts;
	uint64_t burst; /* from 1 on; 0: a handshake */
};

struct truth {
	uint64_t offset_min_ns, offset_max_ns;
	struct truth_send *sends; /* owned */
	size_t n;
};

static inline void counts_add(struct counts *sum, const struct counts *c)
{
	sum->packets += c->packets;
	sum->bytes += c->bytes;
	sum->wire_packets += c->wire_packets;
	sum->wire_bytes += c->wire_bytes;
}

static inline void counts_take(struct counts *sum, const struct counts *c)
{
	sum->packets -= c->packets;
	sum->bytes -= c->bytes;
	sum->wire_packets -= c->wire_packets;
	sum->wire_bytes -= c->wire_bytes;
}

static inline bool counts_equal(const struct counts *a, const struct counts *b)
{
	return a->packets == b->packets && a->bytes == b->bytes &&
	       a->wire_packets == b->wire_packets && a->wire_bytes == b->wire_bytes;
}

/* Room for one more, by doubling at powers of two. There is nothing to do for a tool without memory. */
static inline void *truth_grow(void *items, size_t n, size_t size)
{
	if (n & (n - 1))
		return items;
	items = realloc(items, (n ? 2 * n : 1) * size);
	if (items)
		return items;
	tool_fail("realloc", NULL);
	exit(TOOL_INCOMPLETE);
}

static inline void truth_add(struct truth *truth, const struct truth_send *send)
{
	truth->sends = truth_grow(truth->sends, truth->n, sizeof(*truth->sends));
	truth->sends[truth->n++] = *send;
}

static inline struct counts truth_sum(const struct truth *truth)
{
	struct counts sum = {0};

	for (size_t i = 0; i < truth->n; i++)
		counts_add(&sum, &truth->sends[i].counts);
	return sum;
}

/* 0, or an exit status with the message printed. */
static inline int truth_write(const struct truth *truth, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return tool_fail("open", path);
	fprintf(file, "offset %" PRIu64 " %" PRIu64 "\n", truth->offset_min_ns,
		truth->offset_max_ns);
	for (size_t i = 0; i < truth->n; i++) {
		const struct truth_send *s = &truth->sends[i];

		fprintf(file,
			"%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			" %" PRIu64 "\n",
			s->before_ns, s->after_ns, s->counts.packets, s->counts.bytes,
			s->counts.wire_packets, s->counts.wire_bytes, s->burst);
	}
	return fclose(file) ? tool_fail("write", path) : EXIT_SUCCESS;
}

static inline int truth_read(struct truth *truth, const char *path)
{
	FILE *file = fopen(path, "r");
	struct truth_send s;
	int n;

	if (!file)
		return tool_fail("open", path);
	n = fscanf(file, "offset %" SCNu64 " %" SCNu64, &truth->offset_min_ns,
		   &truth->offset_max_ns) == 2
		    ? 7
		    : 0;
	while (n == 7) {
		n = fscanf(file,
			   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64,
			   &s.before_ns, &s.after_ns, &s.counts.packets, &s.counts.bytes,
			   &s.counts.wire_packets, &s.counts.wire_bytes, &s.burst);
		if (n == 7)
			truth_add(truth, &s);
	}
	fclose(file);
	if (n == EOF && truth->n)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s: %s: not a truth, or not whole\n", tool_name, path);
	return TOOL_INCOMPLETE;
}

#endif
