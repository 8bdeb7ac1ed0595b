/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace: rates and bursts for a trace viewer, as events of the Trace Event Format in its JSON array
 * form, which ui.perfetto.dev and chrome://tracing open.
 *
 * An interface is a process; its rate and its drops in each direction are counter tracks, its bursts
 * slices on a thread for each direction, and what is unknown a slice on a third. Times are whole microseconds
 * since the beginning of the trace.
 */
#ifndef IFPULSE_OUT_TRACE_H
#define IFPULSE_OUT_TRACE_H

#include "model/burst.h"
#include "model/window.h"
#include "out/sink.h"

struct trace;

/* Borrows the sink. `from_ns`: where the trace begins, on the clock of everything else. 0 or -ENOMEM. */
int trace_new(struct trace **out, struct sink *sink, uint64_t from_ns, uint64_t width_ns);
void trace_free(struct trace *trace);

/* The events are one array: before the first, and after the last. */
void trace_open(struct trace *trace);
void trace_close(struct trace *trace);

/* Names the tracks of a slot: "web/eth0", or "eth0" where `netns` is empty (model/netns_name.h). */
void trace_interface(struct trace *trace, uint32_t slot, const char *netns, const char *ifname);

/* Busy windows, in order of time for each slot and direction. 0 or -ENOMEM. */
int trace_window(struct trace *trace, const struct window *window);

void trace_burst(struct trace *trace, uint32_t slot, enum direction direction,
		 const struct burst *burst);

/* In order of their beginnings for each slot; they may overlap. 0 or -ENOMEM. */
int trace_gap(struct trace *trace, uint32_t slot, const struct window_gap *gap);

#endif
