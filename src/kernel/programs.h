/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * programs: the BPF programs and their maps, fitted to this kernel and to what is asked for, and loaded.
 * Nothing is attached here; see kernel/probe.h for that.
 *
 * Nothing else knows the skeleton. What this gives, descriptors and programs, is borrowed and lasts until
 * programs_free().
 */
#ifndef IFPULSE_KERNEL_PROGRAMS_H
#define IFPULSE_KERNEL_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"
#include "kernel/clsact.h"

struct bpf_program;
struct probe_options;
struct programs;
struct verifier_costs;

struct programs_setup {
	const struct probe_options *options; /* no longer needed after programs_new() */
	uint32_t n_slots;                    /* with SLOT_NONE */
	uint64_t wall_offset_ns;             /* see probe_wall_offset_ns() */
};

/* To be called from within the network namespace that is probed. 0 or -errno, as probe_new() has it. */
int programs_new(struct programs **out, const struct programs_setup *setup, struct error *err);
void programs_free(struct programs *programs);

/*
 * The two for the hooks of an interface, by direction; `elsewhere`: of one that is not in the probed namespace, only
 * with options.other_netns.
 */
void programs_hooks(const struct programs *programs, bool elsewhere,
		    struct clsact_program hooks[N_DIRECTIONS]);

/* Those on tracepoints and functions of the kernel. */
enum programs_tracer {
	PROGRAMS_DROP,
	PROGRAMS_RETRANSMIT,
	PROGRAMS_RETRANSMIT_SYNACK,
	PROGRAMS_FIRST_WAYPOINT, /* from here on those of options.waypoints, of functions last */
	PROGRAMS_QUEUE = PROGRAMS_FIRST_WAYPOINT,
	PROGRAMS_DRIVER,
	PROGRAMS_RECEIVE,
	PROGRAMS_BACKLOG_ENTRY,
	PROGRAMS_BACKLOG,
	PROGRAMS_XDP_REDIRECT,
	PROGRAMS_XDP_TX,
	PROGRAMS_XDP_GENERIC_REDIRECT,
	PROGRAMS_XDP_GENERIC,
	PROGRAMS_DIRECT,
	N_PROGRAMS_TRACERS,
};

/* NULL: it is not loaded, as it was not asked for or this kernel has no place for it. */
const struct bpf_program *programs_tracer(const struct programs *programs,
					  enum programs_tracer which);

/*
 * How often one that is loaded was not run, for it was running on that CPU; 0 before Linux 6.1, where a program on a
 * tracepoint can interrupt itself.
 */
uint64_t programs_misses(const struct programs *programs, enum programs_tracer which);

enum programs_map {
	PROGRAMS_TRAFFIC_TOTALS,
	PROGRAMS_DROP_TOTALS,
	PROGRAMS_DROP_KINDS,   /* only with options.drop_kinds */
	PROGRAMS_WAYPOINTS,    /* only with options.waypoints */
	PROGRAMS_OPEN_WINDOWS, /* only with options.window_ns */
};

int programs_map_fd(const struct programs *programs, enum programs_map which);

/* Each only where it has a reader: with windows, flows, PROGRAMS_RETRANSMIT. */
enum programs_log {
	PROGRAMS_WINDOW_LOGS,
	PROGRAMS_FLOW_LOGS,
	PROGRAMS_RETRANSMIT_LOGS,
};

/* A map of logs: one for each writer. */
struct programs_logs {
	int fd;
	uint32_t n;
	uint32_t records; /* in each */
};

struct programs_logs programs_logs(const struct programs *programs, enum programs_log which);

/*
 * What is on the interface counts to the slot from now on; SLOT_NONE takes its slot away. `netns` as probe_attach()
 * has it. 0 or -errno.
 */
int programs_set_slot(struct programs *programs, uint64_t netns, uint32_t ifindex, uint32_t slot);

/* Shows `state` to other instances, which find it by the programs. 0 or -errno. */
int programs_publish(struct programs *programs, const struct instance_state *state);

/* Drops for whose kind there was no room. */
uint64_t programs_untold_drops(const struct programs *programs);

/* See kernel/verifier.h; the programs'. NULL without options.tell_costs. */
const struct verifier_costs *programs_costs(const struct programs *programs);

#endif
