/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare: the probe's counts held against the kernel's own of the same interface, and what is between them
 * explained, from evidence alone.
 *
 * The two cannot be read at once while packets pass, and they count a packet at different places of its way:
 * on the way out the hook comes first, on the way in mostly the driver. So each reading of the kernel's
 * counters lies between readings of the probe's, some time before and some time after; over a run from
 * one such sample to another the probe's count of what the kernel counted lies in [low, high]. What is outside
 * is a real difference.
 */
#ifndef IFPULSE_MODEL_COMPARE_H
#define IFPULSE_MODEL_COMPARE_H

#include <linux/if_link.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/compare_basis.h"
#include "model/counters.h"
#include "model/link.h"

enum compare_counter { COMPARE_PACKETS, COMPARE_BYTES, COMPARE_COUNTERS };

/*
 * One reading of the kernel's counters, `before` and `after` as close to it as can be. `early` and `late` leave
 * time for packets that are under way between hook and driver.
 */
struct compare_sample {
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	struct interface_counters early, before, after, late;
	/* Of the probe, read before `early` and after `late`: what was dropped behind the egress hook, and waypoints. */
	uint64_t drops_early, drops_late;
	struct waypoint_counts waypoints_early, waypoints_late;
	struct rtnl_link_stats64 kernel;
	/* What waited in the queueing discipline, read between `early` and `kernel`. */
	uint64_t queued[COMPARE_COUNTERS];
	/*
	 * Dropped by netfilter, and, of a bridge's ports as they received it, for no given reason; read with
	 * `drops_early` and `drops_late`.
	 */
	uint64_t filtered_early, filtered_late;
	/* What its ports have received, without Ethernet headers, read with `early` and `late`. */
	uint64_t ports_early[COMPARE_COUNTERS], ports_late[COMPARE_COUNTERS];
};

/*
 * Of one direction: a driver may ask its card now and then, so that what it counts was so some time after the sample
 * before. `first` and `last` are such, with the bounds of both.
 */
struct compare_refresh {
	unsigned int
		stood; /* samples at which it was as before, though packets had passed the hook */
	unsigned int moved; /* those at which it was not */
	struct compare_sample first, last;
};

/* One interface. */
struct compare_run {
	char kind[LINK_KIND_SIZE];
	bool is_loopback;
	unsigned int n; /* samples since `first` */
	struct compare_sample first, last;
	unsigned int resets;        /* times that the kernel's counters went backwards */
	uint8_t fits[N_DIRECTIONS]; /* bases that every interval between samples fits, a bit each */
	struct compare_refresh refresh[N_DIRECTIONS];
};

/* What else is known of the interface over the run: where a difference may come from. */
struct compare_facts {
	bool has_xdp;          /* an XDP program was there for some of the time */
	uint32_t txqlen;       /* IFLA_TXQLEN */
	bool sees_generic_xdp; /* what XDP outside drivers sends back is among the waypoints */
	bool has_saved;        /* somebody saved the kernel's counters before the run */
	struct rtnl_link_stats64 saved;
	uint32_t remotes;        /* of a vxlan: the most that it has sent one packet to; else 0 */
	bool answers_neighbours; /* of a vxlan: it is a proxy */
};

enum compare_verdict { COMPARE_MATCH, COMPARE_EXPLAINED, COMPARE_MISMATCH };

enum compare_cause {
	COMPARE_NO_CAUSE,
	COMPARE_TOO_SHORT,   /* there are no two samples: no bounds */
	COMPARE_RESET,       /* compared since the kernel's counters began anew */
	COMPARE_OTHER_HOOK,  /* an ifb: only what it sends passes a hook */
	COMPARE_DROPPED,     /* dropped behind the egress hook */
	COMPARE_QUEUED,      /* waits behind the egress hook, or did when the run began */
	COMPARE_GSO_IN_PART, /* some GSO skbs counted whole, the others by segments */
	COMPARE_XDP,         /* XDP takes packets, or sends some, that no hook sees */
	COMPARE_REFRESHED, /* the device's counters stood still at times: compared from change to change */
	COMPARE_MACVLAN_MULTICAST, /* the header of multicast between macvlans counts twice */
	COMPARE_EARLIER,           /* between the saved counters and the beginning of the run */
	COMPARE_TAKEN,             /* tc redirected or stole it behind the egress hook */
	COMPARE_HANDED, /* put into the receive side past the driver, by tc, a macvlan, or a bridge itself */
	COMPARE_MIRRED,   /* the same by the action mirred */
	COMPARE_PEERED,   /* the same by bpf_redirect_peer() */
	COMPARE_XDP_SENT, /* XDP gave it to the driver, past the egress hook */
	COMPARE_DIRECT,   /* a packet socket did */
	COMPARE_UNREAD,   /* waits for the program that reads a tun, or did when it began */
	COMPARE_LOOPED,   /* multicast or broadcast of this host, which hears it, too */
	COMPARE_POLLED,   /* a veth's other end polled for some: those are counted without header */
	COMPARE_RESIZED,  /* behind the egress hook they became longer or shorter */
	COMPARE_TAGGED,   /* their VLAN tag was in the data, but not at the ingress hook */
	COMPARE_COPIED,   /* a vxlan counts a packet for each of several remotes */
	COMPARE_ANSWERED, /* a vxlan answers what asks for neighbours itself */
	COMPARE_FILTERED, /* a bridge's filter dropped it between count and ingress hook */
	COMPARE_BY_PORTS, /* a vrf counts what its ports received, behind every hook */
	COMPARE_SEVERAL,  /* it takes more than one of them: `causes` */
};

struct compare_result {
	enum direction direction;
	enum compare_counter counter;
	enum compare_verdict verdict;
	enum compare_cause cause;
	uint64_t evidence; /* how many packets the cause is known to be about; 0: not known */
	bool has_bounds; /* false: of the rest only `kernel` says anything, and that not with TOO_SHORT */
	struct compare_basis basis;
	bool is_rule;   /* of this kind of device; else the run has told, if is_sole */
	bool is_sole;   /* no other basis that gives other counts fits as well */
	bool is_either; /* segments and skbs were the same: none was GSO */
	uint64_t kernel, probe, low, high;
	int64_t difference; /* how far the kernel is outside of [low, high]; below: negative */
	uint64_t earlier; /* of `kernel`: between the saved counters and the beginning of the run */
	uint32_t causes;  /* with COMPARE_SEVERAL: a bit for each, 1 << enum compare_cause */
};

void compare_start(struct compare_run *run, const char *kind, bool is_loopback);

/* The first one begins the run; one in which the kernel's counters are less than before begins it anew. */
void compare_add(struct compare_run *run, const struct compare_sample *sample);

/* How long it is, first sample to last. */
uint64_t compare_time_ns(const struct compare_run *run);

/* The verdicts on packets and bytes of one direction. */
void compare_judge(const struct compare_run *run, enum direction direction,
		   const struct compare_facts *facts,
		   struct compare_result results[COMPARE_COUNTERS]);

/* "match" "explained" "mismatch" */
const char *compare_verdict_name(enum compare_verdict verdict);
const char *compare_counter_name(enum compare_counter counter);

#endif
