/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcx: attachment by BPF links (Linux 6.6 and later). A link is a file descriptor: whatever ends the
 * process, kill -9 too, detaches the program.
 */
#ifndef IFPULSE_KERNEL_TCX_H
#define IFPULSE_KERNEL_TCX_H

#include <stdbool.h>
#include <stdint.h>

#include "include/probe_abi.h"

/* From enum bpf_attach_type (linux/bpf.h since 6.6; Debian 12's header is older). */
#define TCX_ATTACH_INGRESS 46
#define TCX_ATTACH_EGRESS 47

#define TCX_PROGRAMS_MAX 64 /* on one hook; BPF_MPROG_MAX in the kernel */

/* Whether this kernel has tcx: asks it to attach to an ifindex that cannot exist. 1, 0 or -errno. */
int tcx_supported(int prog_fd);

/*
 * Attaches at the head of the interface's chain. Returns the link's file descriptor, which the
 * caller owns and whose close() detaches and waits until the program runs no more; or -errno.
 */
int tcx_attach(int prog_fd, uint32_t ifindex, enum direction direction);

/*
 * Whether the link is on this hook: no longer once the interface was deleted. An interface that moves to another
 * network namespace takes its links along (Linux 6.18; dev_change_net_namespace() in net/core/dev.c leaves tcx
 * alone), and its index may change.
 */
bool tcx_is_on(int link_fd, uint32_t ifindex, enum direction direction);

/*
 * Program ids on one hook, in the order in which they run, at most `max`; returns how many there
 * are, or -errno. -EINVAL: no tcx.
 */
int tcx_query(uint32_t ifindex, enum direction direction, uint32_t *prog_ids, uint32_t max);

#endif
