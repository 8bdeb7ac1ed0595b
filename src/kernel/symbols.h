/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * symbols: which function of the kernel an address is in, by /proc/kallsyms (proc(5)).
 *
 * The file has addresses but no sizes: an address belongs to the nearest symbol below it, unless
 * that is farther away than any function is long, or the last of its module and on another page.
 * Only text (t, T, w, W) is kept. Of several symbols with one address the first in the file counts.
 *
 * To who opens it without CAP_SYSLOG, or by kernel.kptr_restrict, the kernel shows all addresses as zero
 * (kallsyms_show_value() in kernel/ksyms_common.c). Then nothing is known, and an address is shown as such. So the
 * file is opened at the start, and read by that descriptor however little we may do by then.
 */
#ifndef IFPULSE_KERNEL_SYMBOLS_H
#define IFPULSE_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* So far above a symbol no address is in it: the longest function of Linux 6.18 has 20 KiB (x86). */
#define SYMBOLS_DISTANCE_MAX (64U * 1024)

/*
 * Modules come and go: at an unknown address the file is read again, this long after the last time.
 * The wait doubles each time that this did not help, up to the longer.
 */
#define SYMBOLS_WAIT_MIN_NS (5ULL * 1000 * 1000 * 1000)
#define SYMBOLS_WAIT_MAX_NS (3600ULL * 1000 * 1000 * 1000)

/* Enough for any name of the kernel's (KSYM_NAME_LEN 512 since 6.1), offset and module. */
#define SYMBOLS_TEXT_SIZE 640

struct symbols;

/*
 * `path` is a file like /proc/kallsyms, which NULL stands for. It is opened now, and read when the first address
 * is asked for. 0 or -ENOMEM.
 */
int symbols_new(struct symbols **out, const char *path, struct error *err);
void symbols_free(struct symbols *symbols);

/*
 * "kfree_skb_reason+0x1f", "ovs_dp_process_packet+0x0 [openvswitch]", or "0xffffffff81000000" where
 * it is unknown, cut to `size`. Printable ASCII, NUL-terminated. Returns `out`.
 *
 * `now_ns` is of any clock that does not go backwards. Reading the file takes tens of milliseconds.
 * Where a module or BPF program took the place of another, the old name stands until then.
 */
char *symbols_format(struct symbols *symbols, uint64_t address, uint64_t now_ns, char *out,
		     size_t size);

/* Whether the file has been read, and had no address for us. */
bool symbols_are_hidden(const struct symbols *symbols);

#endif
