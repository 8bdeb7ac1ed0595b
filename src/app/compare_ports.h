/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare_ports: what of a port's counts says something of the bridge or vrf that it belongs to, added up in the
 * sample of that, where it is compared.
 */
#ifndef IFPULSE_APP_COMPARE_PORTS_H
#define IFPULSE_APP_COMPARE_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/compare_tracks.h"
#include "kernel/drop_reasons.h"
#include "model/drop.h"

/* What a bridge's VLAN filter drops is of the port. Behind what is the bridge's own. */
void compare_ports_add_drops(struct compare_track *items, size_t n, struct drop_reasons *reasons,
			     const struct drop_sum *sums, size_t n_sums, bool is_late);

/* What the ports have received. Behind the reading `early` of the probe, or `late`. */
void compare_ports_add_counts(struct compare_track *items, size_t n, bool is_late);

#endif
