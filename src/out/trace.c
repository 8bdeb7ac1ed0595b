// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/units.h"
#include "model/rate.h"
#include "out/place_name.h"
#include "out/writer.h"

/* A counter holds its value until the next event, so the end of what was busy is one, too. */
struct counter {
	uint64_t end_ns; /* of the last busy window; 0: the counter stands at zero */
	bool has_drops;  /* in that window */
};

struct trace {
	struct writer *writer;
	uint64_t from_ns, width_ns;
	struct counter *counters; /* by slot * N_DIRECTIONS + direction */
	size_t capacity;
	uint64_t *unknown_until_ns; /* by slot */
	size_t unknown_capacity;
};

enum thread { THREAD_RX, THREAD_TX, THREAD_UNKNOWN };

static const char *const rate_names[] = {"rx bit/s", "tx bit/s"};
static const char *const drop_names[] = {"rx drops", "tx drops"};
static const char *const thread_names[] = {"rx bursts", "tx bursts", "unknown"};

int trace_new(struct trace **out, struct sink *sink, uint64_t from_ns, uint64_t width_ns)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace || writer_new(&trace->writer, sink, WRITER_JSON_LONG_ARRAY)) {
		free(trace);
		return -ENOMEM;
	}
	trace->from_ns = from_ns;
	trace->width_ns = width_ns;
	*out = trace;
	return 0;
}

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	writer_free(trace->writer);
	free(trace->counters);
	free(trace->unknown_until_ns);
	free(trace);
}

void trace_open(struct trace *trace)
{
	writer_open(trace->writer);
}

/* What is before the beginning is brought there. */
static uint64_t since_us(const struct trace *trace, uint64_t at_ns)
{
	return at_ns > trace->from_ns ? (at_ns - trace->from_ns) / NSEC_PER_USEC : 0;
}

static void begin(struct trace *trace, const char *phase, const char *name, uint32_t slot)
{
	writer_begin(trace->writer);
	writer_text(trace->writer, "ph", phase);
	writer_text(trace->writer, "name", name);
	writer_unsigned(trace->writer, "pid", slot);
}

static void end(struct trace *trace)
{
	writer_end_object(trace->writer); /* args */
	writer_end(trace->writer);
}

static void put_name(struct trace *trace, const char *kind, uint32_t slot, int thread,
		     const char *name)
{
	begin(trace, "M", kind, slot);
	if (thread >= 0)
		writer_unsigned(trace->writer, "tid", (uint64_t)thread + 1);
	writer_begin_object(trace->writer, "args");
	writer_text(trace->writer, "name", name);
	end(trace);
}

void trace_interface(struct trace *trace, uint32_t slot, const char *netns, const char *ifname)
{
	char name[NETNS_NAME_SIZE + IF_NAMESIZE];
	int thread;

	snprintf(name, sizeof(name), PLACE_NAME_FORMAT, PLACE_NAME_ARGS(netns, ifname));
	put_name(trace, "process_name", slot, -1, name);
	for (thread = THREAD_RX; thread <= THREAD_UNKNOWN; thread++)
		put_name(trace, "thread_name", slot, thread, thread_names[thread]);
}

static void put_counter(struct trace *trace, const char *name, uint32_t slot, uint64_t at_ns,
			uint64_t value)
{
	begin(trace, "C", name, slot);
	writer_unsigned(trace->writer, "ts", since_us(trace, at_ns));
	writer_begin_object(trace->writer, "args");
	writer_unsigned(trace->writer, "value", value);
	end(trace);
}

/* What was busy is over. */
static void put_zero(struct trace *trace, struct counter *counter, uint32_t slot,
		     uint32_t direction)
{
	put_counter(trace, rate_names[direction], slot, counter->end_ns, 0);
	if (counter->has_drops)
		put_counter(trace, drop_names[direction], slot, counter->end_ns, 0);
	*counter = (struct counter){0};
}

int trace_window(struct trace *trace, const struct window *window)
{
	size_t at = (size_t)window->slot * N_DIRECTIONS + window->direction;
	struct counter *counter;
	uint64_t bps;

	if (array_reserve(&trace->counters, &trace->capacity, at + 1, sizeof(*trace->counters)))
		return -ENOMEM;
	counter = &trace->counters[at];
	if (counter->end_ns && counter->end_ns < window->start_ns)
		put_zero(trace, counter, window->slot, window->direction);
	bps = rate_per_second(8 * window->traffic.wire_bytes, trace->width_ns);
	put_counter(trace, rate_names[window->direction], window->slot, window->start_ns, bps);
	if (window->drops || counter->has_drops)
		put_counter(trace, drop_names[window->direction], window->slot, window->start_ns,
			    window->drops);
	counter->has_drops = window->drops;
	counter->end_ns = window->start_ns + trace->width_ns;
	return 0;
}

static void begin_slice(struct trace *trace, const char *name, uint32_t slot, enum thread thread,
			uint64_t from_ns, uint64_t to_ns)
{
	uint64_t from_us = since_us(trace, from_ns);

	begin(trace, "X", name, slot);
	writer_unsigned(trace->writer, "tid", (uint64_t)thread + 1);
	writer_unsigned(trace->writer, "ts", from_us);
	writer_unsigned(trace->writer, "dur", since_us(trace, to_ns) - from_us);
	writer_begin_object(trace->writer, "args");
}

void trace_burst(struct trace *trace, uint32_t slot, enum direction direction,
		 const struct burst *burst)
{
	char name[UNITS_TEXT_SIZE + 8], peak[UNITS_TEXT_SIZE];

	snprintf(name, sizeof(name), "peak %s", units_format_rate(peak, burst->peak_bps));
	begin_slice(trace, name, slot, direction == DIRECTION_INGRESS ? THREAD_RX : THREAD_TX,
		    burst->start_ns, burst->end_ns);
	writer_unsigned(trace->writer, "bytes", burst->traffic.bytes);
	writer_unsigned(trace->writer, "packets", burst->traffic.packets);
	writer_unsigned(trace->writer, "wire_bytes", burst->traffic.wire_bytes);
	writer_unsigned(trace->writer, "wire_packets", burst->traffic.wire_packets);
	writer_unsigned(trace->writer, "drops", burst->drops);
	writer_unsigned(trace->writer, "peak_bps", burst->peak_bps);
	writer_unsigned(trace->writer, "mean_bps", burst->mean_bps);
	writer_unsigned(trace->writer, "threshold_bps", burst->threshold_bps);
	end(trace);
}

/* Gaps of two CPUs may overlap, but slices of a thread must not: a viewer would leave one out. */
int trace_gap(struct trace *trace, uint32_t slot, const struct window_gap *gap)
{
	uint64_t from_ns = gap->from_ns, *until_ns;

	if (array_reserve(&trace->unknown_until_ns, &trace->unknown_capacity, (size_t)slot + 1,
			  sizeof(*trace->unknown_until_ns)))
		return -ENOMEM;
	until_ns = &trace->unknown_until_ns[slot];
	if (gap->to_ns <= *until_ns)
		return 0;
	if (from_ns < *until_ns)
		from_ns = *until_ns;
	*until_ns = gap->to_ns;
	begin_slice(trace, "unknown", slot, THREAD_UNKNOWN, from_ns, gap->to_ns);
	end(trace);
	return 0;
}

void trace_close(struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->capacity; i++)
		if (trace->counters[i].end_ns)
			put_zero(trace, &trace->counters[i], (uint32_t)(i / N_DIRECTIONS),
				 i % N_DIRECTIONS);
	writer_close(trace->writer);
}
