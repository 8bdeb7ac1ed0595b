/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * waypoints: how many packets of each slot were where, besides the hooks (enum waypoint of include/probe_abi.h), as far
 * as this kernel lets us see.
 */
#ifndef IFPULSE_KERNEL_WAYPOINTS_H
#define IFPULSE_KERNEL_WAYPOINTS_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"

struct waypoints;

/* Borrows the map's fd. 0 or -errno. */
int waypoints_new(struct waypoints **out, int map_fd, struct error *err);
void waypoints_free(struct waypoints *waypoints);

/* All CPUs added up. 0 or -errno. */
int waypoints_read(struct waypoints *waypoints, uint32_t slot, struct waypoint_counts *counts,
		   struct error *err);

/* Sets one slot to zero on every CPU. 0 or -errno. */
int waypoints_clear_slot(struct waypoints *waypoints, uint32_t slot, struct error *err);

/*
 * Whether the kernel has what the program's section names, "tp_btf/…" or "fentry/…", and lets us attach to such: that
 * is tried with a program that does nothing.
 */
bool waypoints_can_trace(const struct bpf_program *program, const struct btf *vmlinux);

#endif
