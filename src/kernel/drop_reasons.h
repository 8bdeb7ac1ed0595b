/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * drop_reasons: the names of the reasons for which the running kernel drops packets.
 *
 * The numbers change with almost every release (NOT_SPECIFIED is 0 in Linux 5.17 and 2 in 6.18), so
 * nothing is known here: the names come from the enums in the kernel's own BTF.
 *
 * Core reasons: enum skb_drop_reason, since Linux 5.17 (include/linux/skbuff.h; in 6.4 it is in
 * include/net/dropreason-core.h). Since 6.4 the high 16 bits of a reason are its subsystem, 0 for
 * the core (include/net/dropreason.h, enum skb_drop_reason_subsys). Subsystems keep their reasons in
 * enums of their own, all named …_drop_reason so far: ovs_drop_reason (net/openvswitch/drop.h),
 * mac80211_drop_reason (net/mac80211/drop.h), qdisc_drop_reason (include/net/dropreason-qdisc.h).
 * They are in the BTF of vmlinux or of their module. Other enums hold the same numbers: 65538,
 * reason 2 of subsystem 1, is also IP_DEFRAG_CONNTRACK_OUT. So the name of the enum counts, too.
 */
#ifndef IFPULSE_KERNEL_DROP_REASONS_H
#define IFPULSE_KERNEL_DROP_REASONS_H

#include <stdint.h>

#include "base/error.h"

struct drop_reasons;

/*
 * `directory` holds the raw BTF of the kernel as `vmlinux` and that of modules by their names; NULL
 * for /sys/kernel/btf. It is read when the first name is asked for. 0 or -ENOMEM.
 */
int drop_reasons_new(struct drop_reasons **out, const char *directory, struct error *err);
void drop_reasons_free(struct drop_reasons *reasons);

/*
 * For the core "NO_SOCKET", without the prefix SKB_DROP_REASON_; "SKB_CONSUMED", which has none, as
 * it is. For a subsystem "OVS_DROP_METER", as it tells the kernel's drop monitor: the prefix tells
 * OVS_DROP_RECURSION_LIMIT from the core's RECURSION_LIMIT; leading underscores are left out.
 * A reason that no enum names is "REASON_123", "OPENVSWITCH_REASON_7", or "SUBSYS_9_REASON_7" where
 * not even the subsystem has a name. Always an identifier of letters, digits and underscores.
 *
 * NULL, unknown: the kernel has no reasons (before 5.17), its BTF cannot be read, or no memory.
 *
 * Valid, and the same for the same reason, until drop_reasons_free(). The first call reads the BTF
 * of the kernel (11 ms, 12 MB for that time), the first for an unnamed reason of each subsystem that
 * of the kernel and of all modules.
 */
const char *drop_reasons_name(struct drop_reasons *reasons, uint32_t reason);

#endif
