/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * abilities: what the running kernel offers the BPF programs, as its BTF (/sys/kernel/btf/vmlinux) says, and not
 * its version: distributions carry over what came later.
 */
#ifndef IFPULSE_KERNEL_ABILITIES_H
#define IFPULSE_KERNEL_ABILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct abilities {
	/* What the tracepoints pass. skb, location; reason since 5.17, rx_sk since 6.11. */
	uint32_t kfree_skb_arguments;
	uint32_t retransmit_arguments;   /* sk, skb; err since 6.15 */
	uint32_t xdp_redirect_arguments; /* 6; the map is two of them since 5.13 */
	bool has_tcx;                    /* 6.6 */
	bool has_casts;                  /* bpf_cast_to_kern_ctx() and bpf_rdonly_cast(), 6.2 */
	bool has_cgroup_ids;             /* bpf_skb_cgroup_id(): CONFIG_SOCK_CGROUP_DATA */
	bool has_drop_reasons;           /* 5.17 */
	bool has_drop_sockets; /* rx_sk: by it a drop without a device has an interface, 6.11 */
	bool has_retransmits;  /* tracing programs get the cookie of a socket, 5.12 */
	/*
	 * A program on a tracepoint is not started while it runs on that CPU, and that is counted, as of
	 * others before: since it is, the function that counts has a name for all to use (6.1).
	 */
	bool counts_recursion;
};

/* 0 or -errno: the BTF cannot be read, or does not describe the tracepoint of drops. */
int abilities_look(struct abilities *out, struct error *err);

#endif
