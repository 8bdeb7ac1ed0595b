/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs and the userspace program share: map layouts and nothing else.
 *
 * Fixed widths, no padding, checked by _Static_assert, so that both compilers agree. Another ifpulse
 * may read these maps too (`doctor` looks at running instances), so a change here raises
 * PROBE_ABI_VERSION.
 */
#ifndef IFPULSE_PROBE_ABI_H
#define IFPULSE_PROBE_ABI_H

#include <linux/types.h>

#define PROBE_ABI_VERSION 13

enum direction { DIRECTION_INGRESS, DIRECTION_EGRESS, N_DIRECTIONS };

/*
 * Every probed interface has a slot, a small dense number that indexes the per-CPU maps. Slot 0 is
 * nobody's: traffic counted there came from a hook whose interface had no slot, drops counted there
 * could not be ascribed to an interface. Both are losses of the probe and shown as such.
 */
#define SLOT_NONE 0

/* ifindexes below this find their slot by an array lookup, the others by a hash. */
#define SLOT_DIRECT_IFINDEXES 16384

/*
 * An interface in a network namespace other than the instance's own, the key of the map slot_by_netns.
 * `netns` is the cookie, which no other namespace ever has, or before Linux 5.14, where user space
 * cannot ask for that, the inode number.
 */
struct netns_ifindex {
	__u64 netns;
	__u32 ifindex;
	__u32 padding; /* 0 */
};

/*
 * packets, bytes: skbs, and the sum of skb->len from the MAC header on, as the stack sees them.
 * wire_packets, wire_bytes: what the wire carries: each GSO or GRO segment with its own headers, and
 * a VLAN tag that the skb holds outside its data; no preamble, FCS or inter-frame gap.
 */
struct traffic_counter {
	__u64 packets;
	__u64 bytes;
	__u64 wire_packets;
	__u64 wire_bytes;
};

/* One slot on one CPU, in the map traffic_totals: one cache line. */
struct traffic_totals {
	struct traffic_counter direction[N_DIRECTIONS];
};

/* One slot on one CPU, in the map drop_totals: skbs freed as dropped (tracepoint skb:kfree_skb). */
struct drop_totals {
	__u64 packets[N_DIRECTIONS];
};

/*
 * What drops are counted by, the key of the map drop_kinds; its value is the number of packets on each
 * CPU. Only in it while the instance asks for it, and as far as there is room: drop_totals has all.
 */
struct drop_kind {
	__u32 slot;
	__u32 direction;
	__u32 reason;      /* enum skb_drop_reason; 0 before Linux 5.17, which has none */
	__u32 is_unwanted; /* 1: received, and nobody here was to get it; see drops.bpf.c */
	__u64 location;    /* the instruction that freed it; 0 where nobody asks */
};

#define DROP_KINDS_MAX 8192

/*
 * Where packets are counted besides the hooks, for an instance that asks for it: between hook and driver, or past one
 * of them.
 */
enum waypoint {
	WAYPOINT_QUEUE,         /* sent: behind the egress hook, before the queueing discipline */
	WAYPOINT_RECEIVE,       /* received: before the ingress hook */
	WAYPOINT_REDIRECTED,    /* of those, by the action mirred; more than that, perhaps */
	WAYPOINT_BACKLOG_ENTRY, /* put into a backlog by drivers */
	WAYPOINT_BACKLOG,       /* by anybody */
	WAYPOINT_XDP_SENT,      /* given to the driver by XDP, past the egress hook */
	WAYPOINT_DIRECT,        /* by a packet socket */
	WAYPOINT_DRIVER, /* given to the driver: what was GSO and too much for it has been cut */
	WAYPOINT_LOOPED, /* of those received: multicast or broadcast that this host itself has sent */
	WAYPOINT_TAGGED, /* of those received: with a VLAN tag in the data, which the hook finds outside of it */
	WAYPOINT_ASKED, /* of those at WAYPOINT_QUEUE: ARP, and what asks for an IPv6 neighbour */
	N_WAYPOINTS
};

/* One slot on one CPU, in the map waypoints. Only in it while the instance asks for it. */
struct waypoint_counts {
	__u64 packets[N_WAYPOINTS]; /* skbs, or frames of XDP */
	__u64 driver_bytes;         /* of WAYPOINT_DRIVER, from the MAC header on */
};

/*
 * Time windows. A writer has, for each slot and direction, one open window that packets add to, and one
 * log to which a window goes when a packet past its end comes. Both lie in mmapped memory, so user space
 * reads without system calls. Windows begin at multiples of their width on the wall clock, as it was
 * when the probe started: a step of that clock moves nothing.
 *
 * Each CPU has two writers, since kfree_skb fires in any context, also on top of a TC program: of `n`
 * CPUs, writer `cpu` counts traffic and writer `n + cpu` counts drops.
 */
#define WINDOW_WRITERS_PER_CPU 2

/* The first reasons in a window that it has room for. What more there are is in its drops alone. */
#define WINDOW_REASONS 4

struct window_reason {
	__u32 reason;
	__u32 packets; /* 0: free */
};

struct open_window {
	__u64 start_ns; /* CLOCK_MONOTONIC; 0: never opened */
	__u64 drops;
	__u64 hot_bytes; /* written by user space: see flow_record; 0: never hot */
	__u64 hot_ns;    /* start of the last window that was; 0: none was */
	union {
		struct traffic_counter traffic;               /* of a writer of traffic */
		struct window_reason reasons[WINDOW_REASONS]; /* of a writer of drops */
	};
};

/* One slot of one writer, in the map open_windows at index writer * slots + slot. */
struct open_windows {
	struct open_window direction[N_DIRECTIONS];
};

struct window_record {
	__u64 start_ns;
	__u64 closed_ns; /* when the packet came that closed it */
	__u32 slot;
	__u32 direction;
	__u64 drops;
	union {
		struct traffic_counter traffic;
		struct window_reason reasons[WINDOW_REASONS];
	};
};

/*
 * One writer's log, in the map window_logs. `head` counts the records ever written; of `n` records, a
 * power of two that is set at load, record number i is at i % n and stays until head passes i + n. A
 * record is complete before head counts it.
 *
 * Every window that opens has changed either count before: the one that it follows is logged, or there was none.
 */
struct window_log {
	__u64 head;
	__u64 first_windows; /* opened where there had been none */
	__u64 padding[6];
	struct window_record records[];
};

/* Bytes of a log, the value of the map window_logs. */
static inline __u64 window_log_size(__u32 records)
{
	return sizeof(struct window_log) + (__u64)records * sizeof(struct window_record);
}

/*
 * Which flows a window's packets belong to. Only what is hot is told: a window of a writer is from the packet
 * on with which its wire_bytes reach hot_bytes, and from its beginning if the one before it was.
 */
enum flow_kind {
	FLOW_OTHER, /* all that is known is the ethertype */
	FLOW_IPV4,
	FLOW_IPV6,
};

/* Part of flow_key.kind: a fragment but the first one, so that the ports are not in it, and 0 here. */
#define FLOW_FRAGMENT 0x80

/* Ports and ethertype are in network byte order. */
struct flow_key {
	__u8 source[16], destination[16]; /* IPv4: the first four, then zeros */
	__u16 source_port, destination_port;
	__u16 ethertype; /* of FLOW_OTHER; else 0 */
	__u8 kind;
	__u8 protocol; /* IPPROTO_*, behind extension headers */
};

/* One skb. */
struct flow_record {
	__u64 start_ns; /* of the window that it was counted in */
	struct flow_key key;
	__u32 slot;
	__u16 direction;
	__u16 is_ce;      /* its IP header says "congestion experienced" (RFC 3168) */
	__u32 wire_bytes; /* as the window counts it, but for what 32 bits do not hold */
	__u32 wire_packets;
	__u64 cgroup; /* egress: id of the sender's, of cgroup v2; 0: not known */
	__u64 socket; /* cookie of the TCP socket of this host that sent it; 0: none is known */
};

/*
 * One CPU's log, in the map flow_logs: of the same making as struct window_log. Written by the TC programs
 * alone.
 */
struct flow_log {
	__u64 head;
	__u64 padding[7];
	struct flow_record records[];
};

static inline __u64 flow_log_size(__u32 records)
{
	return sizeof(struct flow_log) + (__u64)records * sizeof(struct flow_record);
}

/*
 * What TCP sockets of this host, in any namespace, sent again. A connection has one cookie from its first packet
 * to its last (struct sock_common's skc_cookie), which no other ever has.
 */
struct retransmit_record {
	__u64 time_ns; /* CLOCK_MONOTONIC, right after it was sent */
	__u64 socket;
	__u32 segments;
	__u32 padding;
};

/*
 * In the map retransmit_logs: of the same making as struct window_log. Of `n` CPUs, writer `cpu` tells of sockets,
 * writer `n + cpu` of the answers to requests for a connection.
 */
struct retransmit_log {
	__u64 head;
	__u64 padding[7];
	struct retransmit_record records[];
};

static inline __u64 retransmit_log_size(__u32 records)
{
	return sizeof(struct retransmit_log) + (__u64)records * sizeof(struct retransmit_record);
}

#define RETRANSMIT_WRITERS_PER_CPU 2

/*
 * What an instance says of itself, in the map ifpulse_state (one element), written by its
 * userspace and read by `doctor` of another. Zero where nothing was lost.
 */
struct instance_state {
	__u32 abi_version;
	__u32 pid;                 /* in the pid namespace of the instance */
	__u32 netns_inum;          /* inode number of the probed network namespace */
	__u32 clsact_interfaces;   /* those of `interfaces` attached by clsact, not by tcx */
	__u64 interfaces;          /* attached now */
	__u64 attach_failures;     /* interfaces that should be attached and could not be */
	__u64 slots_exhausted;     /* interfaces not probed for want of a slot */
	__u64 netlink_overflows;   /* event sockets that lost messages; each was resynced */
	__u64 hidden;              /* times that another program hid packets from a filter */
	__u64 overrun_windows;     /* overwritten before they were read */
	__u64 late_packets;        /* counted into a window after it had been delivered */
	__u64 started_realtime_ns; /* since 1970 */
};

_Static_assert(sizeof(struct traffic_counter) == 32, "ABI");
_Static_assert(sizeof(struct traffic_totals) == 64, "ABI");
_Static_assert(sizeof(struct drop_totals) == 16, "ABI");
_Static_assert(sizeof(struct drop_kind) == 24, "ABI");
_Static_assert(sizeof(struct waypoint_counts) == 96, "ABI");
_Static_assert(sizeof(struct netns_ifindex) == 16, "ABI");
_Static_assert(sizeof(struct window_reason) * WINDOW_REASONS == sizeof(struct traffic_counter),
	       "ABI");
_Static_assert(sizeof(struct instance_state) == 80, "ABI");
_Static_assert(sizeof(struct open_windows) == 128, "ABI");
_Static_assert(sizeof(struct window_record) == 64, "ABI");
_Static_assert(sizeof(struct window_log) == 64, "ABI");
_Static_assert(sizeof(struct flow_key) == 40, "ABI");
_Static_assert(sizeof(struct flow_record) == 80, "ABI");
_Static_assert(sizeof(struct flow_log) == 64, "ABI");
_Static_assert(sizeof(struct retransmit_record) == 24, "ABI");
_Static_assert(sizeof(struct retransmit_log) == 64, "ABI");

#endif
