// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_basis.h"

#include <linux/if_ether.h>
#include <string.h>

#include "base/array.h"

#define WITHOUT_HEADER (-ETH_HLEN)

#define SKBS(extra)                 \
	{                           \
		false, false, extra \
	}
#define SEGMENTS(extra)            \
	{                          \
		true, false, extra \
	}

/* A GSO skb is cut on the way to a device that cannot take it: behind the egress hook. */
#define EITHER(extra)                        \
	true, 2,                             \
	{                                    \
		SKBS(extra), SEGMENTS(extra) \
	}

struct kind_rule {
	const char *kind;
	struct compare_rule direction[N_DIRECTIONS];
};

static const struct kind_rule kinds[] = {
	/*
	 * veth_xmit() counts what is sent, and the other end calls that received; unless the other end
	 * polls (GRO or XDP): then it counts itself, before GRO and with the Ethernet header off.
	 */
	{"veth",
	 {{true, 4, {SKBS(0), SEGMENTS(0), SEGMENTS(WITHOUT_HEADER), SKBS(WITHOUT_HEADER)}},
	  {true, 4, {SKBS(0), SEGMENTS(0), SEGMENTS(WITHOUT_HEADER), SKBS(WITHOUT_HEADER)}}}},
	/* br_pass_frame_up() has taken the header off, br_dev_xmit() has not yet. */
	{"bridge", {{EITHER(WITHOUT_HEADER)}, {EITHER(0)}}},
	/* macvlan_handle_frame() adds the header to the length. */
	{"macvlan", {{EITHER(0)}, {EITHER(0)}}},
	{"macvtap", {{EITHER(0)}, {EITHER(0)}}},
	/* Of a tun the data begins with the packet, for both; tap is of this kind, too. */
	{"tun", {{EITHER(0)}, {EITHER(0)}}},
	/* vxlan_rcv() and vxlan_xmit_one() count what is within the inner Ethernet header. */
	{"vxlan", {{EITHER(WITHOUT_HEADER)}, {EITHER(WITHOUT_HEADER)}}},
	/* vlan_dev_hard_start_xmit(), before the tag; vlan_do_receive(), behind the header. */
	{"vlan", {{true, 1, {SKBS(WITHOUT_HEADER)}}, {EITHER(0)}}},
	/* ipvlan_rcv_frame() adds the header to the length. */
	{"ipvlan", {{EITHER(0)}, {EITHER(0)}}},
	/* dummy_xmit() counts, and that is all. */
	{"dummy", {{EITHER(0)}, {EITHER(0)}}},
	/* Neither hook sees what it counts as received; what it sends itself is rare (vrf_xmit()). */
	{"vrf", {{EITHER(WITHOUT_HEADER)}, {EITHER(0)}}},
	/* netkit_xmit() counts for both ends. */
	{"netkit", {{EITHER(0)}, {EITHER(0)}}},
	/*
	 * What is redirected to an ifb passes its egress hook, is counted as received, and later as sent when
	 * it is handed back (drivers/net/ifb.c). Nothing ever passes the ingress hook.
	 */
	{"ifb", {{true, 2, {{false, true, 0}, {true, true, 0}}}, {EITHER(0)}}},
};

/*
 * loopback_xmit() counts once, for both directions, behind eth_type_trans(). What is too long for lo is cut
 * before that.
 */
static const struct compare_rule loopback[N_DIRECTIONS] = {
	{true, 1, {SKBS(WITHOUT_HEADER)}},
	{EITHER(WITHOUT_HEADER)},
};

/* Hardware counts segments, some of it with the frame check sequence. */
static const struct compare_rule unknown = {
	false,
	6,
	{SKBS(0), SEGMENTS(0), SEGMENTS(WITHOUT_HEADER), SKBS(WITHOUT_HEADER),
	 SEGMENTS(ETH_FCS_LEN), SKBS(ETH_FCS_LEN)},
};

struct compare_rule compare_rule_of(const char *kind, bool is_loopback, enum direction direction)
{
	size_t i;

	if (is_loopback)
		return loopback[direction];
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i].kind))
			return kinds[i].direction[direction];
	return unknown;
}

bool compare_is_macvlan(const char *kind)
{
	return !strcmp(kind, "macvlan") || !strcmp(kind, "macvtap");
}
