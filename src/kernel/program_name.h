/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * program_name: what a BPF program on a hook is called, and whether an ifpulse put it there. By name alone, which
 * anybody may use: enough to tell who is there, not to remove anything (kernel/clsact.h knows more of a filter).
 */
#ifndef IFPULSE_KERNEL_PROGRAM_NAME_H
#define IFPULSE_KERNEL_PROGRAM_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -errno, with an empty name: -ENOENT when it is gone, -EPERM without CAP_SYS_ADMIN. */
int program_name_of(uint32_t prog_id, char *name, size_t size);

/* The kernel's name for it, or a filter's, which has more behind it. */
bool program_name_is_ours(const char *name);

#endif
