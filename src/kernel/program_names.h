/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * program_names: what BPF programs are called, without the right to open them by id (CAP_SYS_ADMIN): an iterator over
 * all programs (iter/bpf_prog, Linux 5.9) tells id and name of each. Loading it takes CAP_BPF and CAP_PERFMON,
 * reading it nothing.
 */
#ifndef IFPULSE_KERNEL_PROGRAM_NAMES_H
#define IFPULSE_KERNEL_PROGRAM_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct program_names;

/* NULL for want of memory. Loads nothing yet. */
struct program_names *program_names_new(void);
/* NULL-safe. */
void program_names_free(struct program_names *names);

/*
 * Looks at all programs there are now; the first time it loads the iterator. 0 or -errno, with an empty name:
 * -ENOENT when it is gone.
 */
int program_names_find(struct program_names *names, uint32_t prog_id, char *name, size_t size);

#endif
