/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * link: what is known of one interface at one moment. A value type; kernel/links fills it in.
 *
 * Numbers and names are the kernel's own (linux/if_link.h, linux/if_addr.h); what the kernel did not
 * say is "unknown" in the way each field states, never a guess.
 */
#ifndef IFPULSE_MODEL_LINK_H
#define IFPULSE_MODEL_LINK_H

#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_KIND_SIZE 16
#define LINK_ADDRESS_MAX 32 /* MAX_ADDR_LEN in the kernel */
#define LINK_NETNSID_NONE (-1)

struct link_addr {
	uint8_t family;    /* AF_INET or AF_INET6 */
	uint8_t prefixlen; /* bits */
	uint8_t scope;     /* RT_SCOPE_* */
	uint8_t has_peer;
	uint32_t flags;    /* IFA_F_* */
	uint8_t local[16]; /* network byte order; 4 bytes for AF_INET */
	uint8_t peer[16];  /* the other end of a point-to-point address, where has_peer */
};

struct link {
	uint32_t ifindex;
	char ifname[IF_NAMESIZE];
	char kind[LINK_KIND_SIZE]; /* "veth", "bridge", …; empty for hardware and lo */
	char qdisc
		[IF_NAMESIZE]; /* root qdisc, as of the last link event: replacing it makes none */
	uint32_t flags;        /* IFF_* */
	uint16_t type;         /* ARPHRD_* */
	uint8_t operstate;     /* IF_OPER_* */
	uint8_t carrier;       /* IFLA_CARRIER */
	uint32_t mtu;          /* bytes */
	uint32_t txqlen;       /* packets */
	uint32_t master;       /* ifindex of the bridge, bond, vrf …; 0: none */
	uint32_t lower;        /* IFLA_LINK: ifindex below, or a veth's peer; 0: none */
	int32_t lower_netnsid; /* namespace id that `lower` is in; LINK_NETNSID_NONE: this one */
	uint32_t speed_mbps;   /* 0: unknown */
	uint8_t duplex;        /* DUPLEX_* of linux/ethtool.h; DUPLEX_UNKNOWN */
	uint8_t address_len;   /* 0: the interface has no hardware address */
	uint8_t address[LINK_ADDRESS_MAX];
	uint8_t broadcast[LINK_ADDRESS_MAX];
	uint32_t xdp_prog_id;    /* 0: no XDP program */
	struct link_addr *addrs; /* owned by whoever owns the struct; in the kernel's order */
	size_t n_addrs;
	struct rtnl_link_stats64 stats; /* as of the last event or stats refresh */
	bool answers_neighbours;        /* IFLA_VXLAN_PROXY */
};

/*
 * Whether the interface carries traffic: administratively up, with carrier, and not held back by
 * what is below it or by authentication. IF_OPER_UNKNOWN counts as up: drivers that do not set the
 * state (lo, tun, many virtual ones) must be taken for working
 * (Documentation/networking/operstates.rst).
 */
bool link_is_up(const struct link *link);

/* "UP" "DOWN" "UNKNOWN" "LOWERLAYERDOWN" "DORMANT" "TESTING" "NOTPRESENT", as `ip` spells them. */
const char *link_operstate_name(uint8_t operstate);

/* "half" "full", NULL for unknown. */
const char *link_duplex_name(uint8_t duplex);

/* Deep copy; `to` needs no initialisation. 0 or -ENOMEM. */
int link_copy(struct link *to, const struct link *from);

/* Frees what the struct owns, not the struct; NULL-safe, and safe on a zeroed one. */
void link_release(struct link *link);

/*
 * Whether both are the same in everything but `stats`. The order of addresses does not count: it
 * follows from when each was added, and a missed event must not look like a change of all.
 */
bool link_equal(const struct link *a, const struct link *b);

/* Room for an address as text: IPv6 with prefix, or a 32-byte hardware address. */
#define LINK_TEXT_SIZE 100

/* "192.0.2.1" (no prefix). Returns `out`. */
char *link_addr_text(char *out, const struct link_addr *addr);

/* "02:00:00:00:00:01" or, where there is none, "". Returns `out`. */
char *link_hardware_text(char *out, const uint8_t *address, uint8_t length);

/* RT_SCOPE_* as `ip` spells it: "global" "link" "host" "site" "nowhere", else the number. */
char *link_scope_text(char *out, uint8_t scope);

#endif
