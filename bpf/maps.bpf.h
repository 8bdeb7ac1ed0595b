/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps, and the helpers that every hook family shares. They are defined once, in maps.bpf.c;
 * `bpftool gen object` resolves the declarations here. Layouts: include/probe_abi.h.
 */
#ifndef IFPULSE_MAPS_BPF_H
#define IFPULSE_MAPS_BPF_H

#include <linux/bpf.h>

#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "include/probe_abi.h"

/* ifindex -> slot, 0 where the interface is not probed. Written by user space only. */
struct slot_by_ifindex_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOT_DIRECT_IFINDEXES);
	__type(key, __u32);
	__type(value, __u32);
};

/* The same for ifindexes that the array is too short for. */
struct slot_by_high_ifindex_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set at load */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
};

/*
 * The same for interfaces in other namespaces. A hash, whose look-up costs some 30 ns more: only packets
 * of those pay it, which programs of their own see.
 */
struct slot_by_netns_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set at load */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct netns_ifindex);
	__type(value, __u32);
};

struct traffic_totals_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* slots; set at load */
	__type(key, __u32);
	__type(value, struct traffic_totals);
};

/*
 * Apart from traffic_totals, since kfree_skb fires in any context, also on top of a TC program. It
 * cannot interrupt itself: the kernel skips a tracing program that is already running on the CPU
 * and counts that as recursion_misses.
 */
struct drop_totals_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* slots; set at load */
	__type(key, __u32);
	__type(value, struct drop_totals);
};

/* Preallocated: kfree_skb fires where nothing may be allocated. */
struct drop_kinds_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, DROP_KINDS_MAX);
	__type(key, struct drop_kind);
	__type(value, __u64);
};

struct waypoints_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* slots; set at load */
	__type(key, __u32);
	__type(value, struct waypoint_counts);
};

struct instance_state_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct instance_state);
};

/*
 * Mmapped by user space. Set at load: entries are writers * slots, and writers; a log's value has room for
 * its records.
 */
struct open_windows_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct open_windows);
};

struct window_logs_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window_log);
};

/* Mmapped by user space; entries are CPUs, a value has room for its records. Both are set at load. */
struct flow_logs_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_log);
};

/* Mmapped by user space; entries are writers, a value has room for its records. Both are set at load. */
struct retransmit_logs_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct retransmit_log);
};

/* Set before load; defined in maps.bpf.c. */
extern const volatile bool has_netns_cookies;
extern const volatile __u32 probed_netns_inum; /* our own namespace's inode number */
extern const volatile bool has_other_netns;    /* interfaces elsewhere are probed, too */

extern struct slot_by_ifindex_map slot_by_ifindex SEC(".maps");
extern struct slot_by_high_ifindex_map slot_by_high_if SEC(".maps");
extern struct slot_by_netns_map slot_by_netns SEC(".maps");
extern struct traffic_totals_map traffic_totals SEC(".maps");
extern struct drop_totals_map drop_totals SEC(".maps");
extern struct drop_kinds_map drop_kinds SEC(".maps");
extern struct waypoints_map waypoints SEC(".maps");
extern struct open_windows_map open_windows SEC(".maps");
extern struct window_logs_map window_logs SEC(".maps");
extern struct flow_logs_map flow_logs SEC(".maps");
extern struct retransmit_logs_map retransmit_logs SEC(".maps");

/*
 * Loads a tracepoint's argument where it stands: the verifier refuses those that the kernel does not pass.
 */
#define ARGUMENT(ctx, n) (*(volatile __u64 *)&(ctx)[n])

#define compiler_barrier() asm volatile("" ::: "memory")

/*
 * Counts a log's records: what is in them before the count, and the count before what comes after it. x86 keeps
 * stores in their order, which STORES_ARE_ORDERED says; elsewhere the exchange is a full barrier, for which the
 * kernel has to be 5.12 or later: those before refuse a program that has one even where it is never run.
 */
static __always_inline void count_records(__u64 *head, __u64 count)
{
#ifdef STORES_ARE_ORDERED
	compiler_barrier();
	*(volatile __u64 *)head = count;
	compiler_barrier();
#else
	__sync_lock_test_and_set(head, count);
#endif
}

static __always_inline __u32 slot_of(__u32 ifindex)
{
	__u32 *slot = bpf_map_lookup_elem(&slot_by_ifindex, &ifindex);

	if (!slot)
		slot = bpf_map_lookup_elem(&slot_by_high_if, &ifindex);
	return slot ? *slot : SLOT_NONE;
}

/* `netns` as struct netns_ifindex has it. */
static __always_inline __u32 slot_in_netns(__u64 netns, __u32 ifindex)
{
	struct netns_ifindex key = {.netns = netns, .ifindex = ifindex};
	__u32 *slot = bpf_map_lookup_elem(&slot_by_netns, &key);

	return slot ? *slot : SLOT_NONE;
}

#endif
