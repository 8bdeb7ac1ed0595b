/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe: the BPF programs, loaded and attached, and the counters they keep.
 *
 * One probe serves the network namespace it was made in and, if that was asked for, all others. It gives every attached interface a slot,
 * by which the caller names it from then on; who the interface is, the caller knows. Everything is
 * one thread's. probe_free() detaches all; after a kill -9 the kernel closes what is held by file
 * descriptors (tcx links, the tracepoint), and filters of the clsact mode are taken away by the
 * next probe_new() in that namespace, or its next probe_enter_netns().
 *
 * What concerns an interface in another namespace is to be called from within that (kernel/netns_visit.h):
 * probe_attach(), probe_detach(), probe_is_attached(), probe_is_hidden().
 */
#ifndef IFPULSE_KERNEL_PROBE_H
#define IFPULSE_KERNEL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/counters.h"
#include "model/drop.h"

enum probe_attach_mode {
	PROBE_ATTACH_AUTO, /* as kernel/attachment.h says; clsact before Linux 6.6 */
	PROBE_ATTACH_TCX,
	PROBE_ATTACH_CLSACT,
	PROBE_ATTACH_NONE, /* no hooks: drops are counted, traffic is not */
};

/* More interfaces than this are a crowd. */
#define PROBE_CROWD 32

struct probe_options {
	enum probe_attach_mode attach_mode;
	uint32_t max_interfaces; /* slots to make room for, above 0 */
	uint64_t window_ns;      /* width of the time windows; 0: none, and no clock is read */
	bool drop_kinds;         /* count drops by reason */
	bool drop_locations;     /* and by where in the kernel */
	bool flows;              /* tell the flows of windows that are hot */
	bool other_netns;        /* interfaces in other network namespaces can be attached, too */
	bool waypoints;          /* count packets between hook and driver, too */
	uint32_t lose_one_in;    /* for tests: one of so many packets is not counted; 0: all are */
	bool tell_costs;         /* what the programs cost the kernel's verifier: probe_costs() */
};

struct probe;
struct flows;
struct retransmits;
struct verifier_costs;
struct windows;

/*
 * Checks kernel and BTF, loads the programs, attaches the drop tracepoint, removes orphaned filters.
 * No interface is attached yet. 0 or -errno: -EPERM without CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON,
 * -ENOTSUP where the kernel lacks something.
 */
int probe_new(struct probe **out, const struct probe_options *options, struct error *err);
void probe_free(struct probe *probe);

/*
 * Counts from now on. `netns` is that of the interface, as netns_key() gives it, 0 for our own. `in_crowd`
 * matters to PROBE_ATTACH_AUTO. 0 and the slot, whose counters start at zero; -ENOSPC when every slot is taken;
 * -ENODEV when the interface is gone already; or another -errno, with nothing attached.
 */
int probe_attach(struct probe *probe, uint64_t netns, uint32_t ifindex, bool in_crowd,
		 uint32_t *slot, struct error *err);

/* In another namespace for the first time: takes filters of dead instances away. 0 or -errno. */
int probe_enter_netns(struct probe *probe, struct error *err);

/*
 * Detaches, whether the interface still exists or not, and stores what it counted to the end in `last`
 * (may be NULL). 0 or -errno: it is detached in any case. The slot stays taken until
 * probe_release(), so that windows not yet taken go to no other interface.
 */
int probe_detach(struct probe *probe, uint32_t slot, struct interface_counters *last,
		 struct error *err);
/* After that the slot's counts and drops are nobody's. */
void probe_release(struct probe *probe, uint32_t slot);

/*
 * Whether both hooks still hold: an interface deleted and made again with its old ifindex, while
 * netlink events were lost, does not have them.
 */
bool probe_is_attached(const struct probe *probe, uint32_t slot);

/* Reads every slot in use; then probe_counters() gives each as of that moment. 0 or -errno. */
int probe_read(struct probe *probe, struct error *err);
const struct interface_counters *probe_counters(const struct probe *probe, uint32_t slot);

/* Whether it is attached by clsact rather than tcx. */
bool probe_is_by_clsact(const struct probe *probe, uint32_t slot);

/*
 * Whether somebody else's program hides packets from an interface attached by clsact, or has thrown
 * ours out; `by_tcx_only` and the rest as attachment_is_hidden() has it. Attaching it anew, not as one of a
 * crowd, mends that.
 */
bool probe_is_hidden(const struct probe *probe, uint32_t slot, bool by_tcx_only);

/*
 * Takes the time windows that ended by until_ns; see kernel/windows.h, which is where they are then:
 * probe_windows(). NULL without windows.
 */
int probe_take_windows(struct probe *probe, uint64_t until_ns, struct error *err);
const struct windows *probe_windows(const struct probe *probe);

/*
 * Only with options.flows: what is hot, see windows_set_hot(), and of whom it was: taken with the windows. NULL
 * without flows.
 */
void probe_set_hot(struct probe *probe, uint32_t slot, uint32_t direction, uint64_t bytes);
const struct flows *probe_flows(const struct probe *probe);
/* Taken with them, see kernel/retransmits.h; NULL where this kernel does not tell, too. */
const struct retransmits *probe_retransmits(const struct probe *probe);

/*
 * Reads what is logged of them and of flows between takes, see windows_drain(); and how often, as the load is: 0
 * where to take them is enough. Nothing, and never, without windows.
 */
int probe_drain_windows(struct probe *probe, struct error *err);
uint64_t probe_drain_period_ns(const struct probe *probe);

/* How often to take them so that the logs do not overrun; see windows_take_period_ns(). */
uint64_t probe_take_period_ns(const struct probe *probe);

/*
 * Only with options.drop_kinds: every kind of drop and its count, sorted; *sums are the probe's until the
 * next call and may be changed. Those of SLOT_NONE name no interface. 0 or -errno.
 */
int probe_read_drops(struct probe *probe, struct drop_sum **sums, size_t *n, struct error *err);

/* Only with options.waypoints: what of the slot was where, as far as this kernel can tell. 0 or -errno. */
int probe_read_waypoints(struct probe *probe, uint32_t slot, struct waypoint_counts *counts,
			 struct error *err);
/* Whether what XDP outside drivers sends back is among it. */
bool probe_sees_generic_xdp(const struct probe *probe);

/* CLOCK_REALTIME - CLOCK_MONOTONIC as windows are aligned by: what it was at the start. */
uint64_t probe_wall_offset_ns(const struct probe *probe);

struct probe_losses {
	uint64_t unassigned_packets; /* came through a hook whose interface had no slot */
	uint64_t unattributed_drops; /* drops that name no interface and no namespace */
	uint64_t untold_drops;       /* in the totals, but there was no room for their kind */
	uint64_t missed_drops;       /* the drop program was already running on that CPU */
};

/* As of the last probe_read(). */
struct probe_losses probe_losses(const struct probe *probe);

/* See kernel/verifier.h; NULL without options.tell_costs. */
const struct verifier_costs *probe_costs(const struct probe *probe);

/* Filters of dead instances that were taken away. */
unsigned int probe_orphans_removed(const struct probe *probe);

/* Programs of dead instances on hooks in other network namespaces, as of the last look for filters. */
size_t probe_orphans_elsewhere(const struct probe *probe);

/* Shows `state` to other instances; the probe fills in what it knows itself. */
void probe_publish(struct probe *probe, const struct instance_state *state);

#endif
