/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * host: whether this kernel and this process can run the probe, and what to do if not.
 */
#ifndef IFPULSE_KERNEL_HOST_H
#define IFPULSE_KERNEL_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define HOST_PRIVILEGE_HINT \
	"run as root (sudo ifpulse …), or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
#define HOST_OLDEST_MAJOR 5
#define HOST_OLDEST_MINOR 10

struct host_facts {
	char release[65];       /* uname -r */
	int major, minor;       /* 0.0 where the release is not of the form N.N… */
	bool has_btf;           /* /sys/kernel/btf/vmlinux is readable */
	bool has_jit;           /* net.core.bpf_jit_enable, or a kernel that always has it */
	bool is_rt;             /* PREEMPT_RT */
	bool in_user_namespace; /* capabilities are worth nothing to BPF then */
	bool has_cap_bpf, has_cap_net_admin, has_cap_perfmon; /* effective, or by CAP_SYS_ADMIN */
};

/*
 * Once, before anything else of kernel/: libbpf's messages go to the debug log, and the limit of open
 * files is raised as far as it may be (a tcx attachment takes two).
 */
void host_prepare(void);

/* Never fails: what cannot be told is false. */
void host_look(struct host_facts *facts);

/* "5.10.0-28-amd64" -> 5, 10. 0, or -EINVAL with the outputs untouched. */
int host_parse_release(const char *release, int *major, int *minor);

/* The capabilities that are missing, as "CAP_BPF, CAP_PERFMON"; empty when none is. Returns `out`. */
char *host_missing_capabilities(char *out, size_t size, const struct host_facts *facts);

/* 0, -ENOTSUP (kernel too old, no BTF) or -EPERM, with the reason and the remedy. */
int host_check(struct error *err);

/* The three parts of host_check(), for whoever wants each verdict (`doctor`). */
int host_check_kernel(const struct host_facts *facts, struct error *err);
int host_check_btf(const struct host_facts *facts, struct error *err);
int host_check_privileges(const struct host_facts *facts, struct error *err);

#endif
