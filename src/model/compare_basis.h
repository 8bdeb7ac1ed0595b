/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compare_basis: which of the probe's counts a device's own counters (rtnl_link_stats64) are the same as.
 *
 * A device counts skbs or GSO segments, with the Ethernet header or without, by what its driver does and where
 * it does it. What a kind of device is known to do is from its driver and was measured (Linux 6.18); of
 * others all that is common is tried. More than one is possible of most kinds: offloads decide.
 */
#ifndef IFPULSE_MODEL_COMPARE_BASIS_H
#define IFPULSE_MODEL_COMPARE_BASIS_H

#include <stdbool.h>
#include <stdint.h>

#include "include/probe_abi.h"

struct compare_basis {
	bool is_wire;      /* wire_packets and wire_bytes; else packets and bytes */
	bool is_other_way; /* those of the other direction's hook */
	int8_t extra;      /* bytes of a packet that the device counts and the probe does not */
};

#define COMPARE_BASES_MAX 6

/* The possible ones, the likeliest first. */
struct compare_rule {
	bool is_known; /* of this kind of device; else they are guesses, and the run has to tell */
	unsigned int n;
	struct compare_basis bases[COMPARE_BASES_MAX];
};

/* `kind` as of struct link. */
struct compare_rule compare_rule_of(const char *kind, bool is_loopback, enum direction direction);

/* Whether the device sends what it is handed on to other interfaces' receive side, past their drivers. */
bool compare_is_macvlan(const char *kind);

#endif
