/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * clsact: attachment by cls_bpf filters, for kernels before 6.6 (or where asked for).
 *
 * Unlike a tcx link a filter outlives its process. Its handle is made of the id of its program, which no
 * other loaded program has, so that a filter is known for ours and is never mistaken for that of another
 * instance; one whose instance is no more (kernel/instances) is an orphan. Nothing else is ever
 * removed: no other filter, and no clsact qdisc, not even one made here, since another program may
 * have come to rely on it.
 */
#ifndef IFPULSE_KERNEL_CLSACT_H
#define IFPULSE_KERNEL_CLSACT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"

/* Above what people and programs number by hand. */
#define CLSACT_HANDLE_BASE 0x1f000000U

/* What is put on a hook. */
struct clsact_program {
	int fd;
	uint32_t id;
};

/*
 * Puts the program in front of the hook's filters: at priority 1, or at the first later one where
 * another kind of filter sits on 1. Makes the clsact qdisc where there is none. Returns the priority
 * (above 0) or -errno: -EEXIST where an `ingress` qdisc, which has only one hook, is in the place of
 * clsact.
 */
int clsact_attach(const struct clsact_program *program, uint32_t ifindex, enum direction direction,
		  struct error *err);

/* Removes our filter if it is still there. 0 or -errno. */
int clsact_detach(const struct clsact_program *program, uint32_t ifindex, enum direction direction,
		  int priority);

enum clsact_place {
	CLSACT_ABSENT,
	CLSACT_BEHIND, /* a filter of somebody else's comes first: what it ends is not counted */
	CLSACT_FIRST,  /* but for those of other instances, which end nothing */
};

/*
 * Where our filters are among those of their hooks. Where that cannot be told now it is CLSACT_FIRST: no reason to do
 * anything.
 */
void clsact_places(const struct clsact_program programs[N_DIRECTIONS], uint32_t ifindex,
		   enum clsact_place places[N_DIRECTIONS]);

struct clsact_filter {
	uint32_t ifindex;
	enum direction direction;
	char kind[IF_NAMESIZE]; /* "bpf", "u32", "flower", … */
	char name[64];          /* of a bpf filter, as tc shows it; else empty */
	uint32_t handle;
	uint16_t priority;
	uint16_t protocol; /* ETH_P_*, host order */
	uint32_t prog_id;  /* of a bpf filter; else 0 */
	bool is_ours;      /* an ifpulse's, of this or another instance */
};

typedef int (*clsact_filter_fn)(void *context, const struct clsact_filter *filter);

/*
 * Every filter on the clsact (or ingress) hooks of one interface, or with ifindex 0 of all, in the order
 * in which they run. A filter without handle is only the head of its priority and is not reported.
 * The callback ends the walk with a non-zero value, which is returned. 0 or -errno.
 */
int clsact_walk(uint32_t ifindex, clsact_filter_fn fn, void *context, struct error *err);

struct nlmsghdr;

/*
 * The interface on whose hooks something has changed that may have put our filters out of their place, as an event
 * of RTNLGRP_TC tells it; 0: none has.
 */
uint32_t clsact_concerned(const struct nlmsghdr *message);

struct instances;

/* Removes orphans on every interface of the namespace, and notes them; returns how many, or -errno. */
int clsact_remove_orphans(struct instances *instances, struct error *err);

#endif
