/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * clsact: attachment by cls_bpf filters, for kernels before 6.6 (or where asked for).
 *
 * Unlike a tcx link a filter outlives its process, so each instance marks its filters with a handle
 * of its own, CLSACT_HANDLE_BASE plus an instance number, and holds that number by an abstract unix
 * socket of that name: abstract names belong to the network namespace, as filters do, and vanish
 * with the process. A filter with such a handle and one of our program names, whose socket nobody
 * holds, is an orphan. Nothing else is ever removed: no other filter, and no clsact qdisc, not even
 * one made here, since another program may have come to rely on it.
 */
#ifndef IFPULSE_KERNEL_CLSACT_H
#define IFPULSE_KERNEL_CLSACT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"

#define CLSACT_HANDLE_BASE 0x1f500000U
#define CLSACT_INSTANCES_MAX 64

/* The names of the programs in bpf/traffic.bpf.c: how orphans are told from others' filters. */
#define CLSACT_INGRESS_NAME "ifpulse_ingress"
#define CLSACT_EGRESS_NAME "ifpulse_egress"

struct clsact;

/* Takes an instance number in this network namespace. 0 or -errno. */
int clsact_new(struct clsact **out, struct error *err);
/* Gives it back; filters still attached become orphans. NULL-safe. */
void clsact_free(struct clsact *clsact);

/*
 * Puts the program in front of the hook's filters: at priority 1, or at the first later one where
 * another kind of filter sits on 1. Makes the clsact qdisc where there is none. Returns the priority
 * (above 0) or -errno.
 */
int clsact_attach(struct clsact *clsact, int prog_fd, uint32_t ifindex, enum direction direction,
		  struct error *err);

/* Removes our filter if `prog_id` is still what it runs. 0 also where it is gone; or -errno. */
int clsact_detach(struct clsact *clsact, uint32_t prog_id, uint32_t ifindex,
		  enum direction direction, int priority);

/* Whether our filter with that program is on the hook. */
bool clsact_is_attached(const struct clsact *clsact, uint32_t prog_id, uint32_t ifindex,
			enum direction direction, int priority);

struct clsact_filter {
	uint32_t ifindex;
	enum direction direction;
	char kind[IF_NAMESIZE]; /* "bpf", "u32", "flower", … */
	char name[64];          /* of a bpf filter, as tc shows it; else empty */
	uint32_t handle;
	uint16_t priority;
	uint16_t protocol; /* ETH_P_*, host order */
	uint32_t prog_id;  /* of a bpf filter; else 0 */
	bool is_orphan;    /* left by an ifpulse that is no more */
};

typedef int (*clsact_filter_fn)(void *context, const struct clsact_filter *filter);

/*
 * Every filter on the clsact (or ingress) hooks of one interface, or with ifindex 0 of all. A
 * filter without handle is only the head of its priority and is not reported. The callback ends the
 * walk with a non-zero value, which is returned. 0 or -errno.
 */
int clsact_walk(uint32_t ifindex, clsact_filter_fn fn, void *context, struct error *err);

/* Removes orphans on every interface of the namespace; returns how many, or -errno. */
int clsact_remove_orphans(struct error *err);

#endif
