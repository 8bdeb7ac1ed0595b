/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fdb: the forwarding entries of a vxlan, as far as they say how often it sends one packet.
 *
 * Kernel facts: RTM_GETNEIGH of AF_BRIDGE (rtnetlink(7), `bridge fdb show dev NAME self`); an entry with several
 * remotes makes a message for each, one after the other (vxlan_fdb_dump() in drivers/net/vxlan).
 */
#ifndef IFPULSE_KERNEL_FDB_H
#define IFPULSE_KERNEL_FDB_H

#include <stdint.h>

#include "base/error.h"

/*
 * The most remotes that an entry of the vxlan has, 0 if it has none; of the namespace that the caller is in. 0 or
 * -errno.
 */
int fdb_remotes(uint32_t ifindex, uint32_t *most, struct error *err);

#endif
