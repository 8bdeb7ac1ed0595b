/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flows: which flows the packets of a hot window belong to. Layout and meaning: include/probe_abi.h.
 *
 * Whether a window is hot is two comparisons with what lies in its own cache line. Only the packets of one
 * that is are parsed, and each is a record of its own in the CPU's log: there is nothing to look up and
 * nothing that could be full of yesterday's flows; user space adds up. The log has one writer at a time,
 * as the window logs of traffic have.
 */
#ifndef IFPULSE_FLOWS_BPF_H
#define IFPULSE_FLOWS_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/senders.bpf.h"
#include "bpf/windows.bpf.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>

extern const volatile __u32 flow_log_records; /* a power of two; set before load, in maps.bpf.c */

#define FLOW_VLAN_TAGS 2
#define FLOW_EXTENSION_HEADERS 6
#define ETHERTYPE_AT 12
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define ECN_CE 3                   /* both bits of the field of RFC 3168 */
#define IPV6_ECN_CE (ECN_CE << 20) /* in the first word */

struct flow_vlan_tag {
	__u16 tci, ethertype;
};

struct flow_ipv4 {
	__u8 version_words, tos;
	__u16 length, id, fragment;
	__u8 ttl, protocol;
	__u16 checksum;
	__u8 source[4], destination[4];
};

struct flow_ipv6 {
	__u32 version;
	__u16 length;
	__u8 next_header, hop_limit;
	__u8 source[16], destination[16];
};

/* The beginning of every extension header; `word` is a fragment's offset. */
struct flow_extension {
	__u8 next_header, length;
	__u16 word;
};

struct flow_ports {
	__u16 source, destination;
};

static __always_inline bool is_hot(struct open_window *window, __u64 width_ns)
{
	/* hot_bytes is 0 where nothing is to be hot, and then this is true of no number. */
	if (window->traffic.wire_bytes > window->hot_bytes - 1) {
		window->hot_ns = window->start_ns;
		return true;
	}
	return window->start_ns - window->hot_ns <= width_ns;
}

static __always_inline void read_ports(struct __sk_buff *skb, __u32 at, struct flow_key *key)
{
	struct flow_ports ports;

	switch (key->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		if (bpf_skb_load_bytes(skb, at, &ports, sizeof(ports)))
			return;
		key->source_port = ports.source;
		key->destination_port = ports.destination;
	}
}

/* What the headers of a packet say. */
struct flow_packet {
	struct flow_key key;
	bool is_ce;
};

static __always_inline bool read_ipv4(struct __sk_buff *skb, __u32 at, struct flow_packet *packet)
{
	struct flow_key *key = &packet->key;
	struct flow_ipv4 ip;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version_words >> 4 != 4)
		return false;
	packet->is_ce = (ip.tos & ECN_CE) == ECN_CE;
	key->kind = FLOW_IPV4;
	key->protocol = ip.protocol;
	__builtin_memcpy(key->source, ip.source, sizeof(ip.source));
	__builtin_memcpy(key->destination, ip.destination, sizeof(ip.destination));
	if (ip.fragment & bpf_htons(IPV4_FRAGMENT_OFFSET))
		key->kind |= FLOW_FRAGMENT;
	else
		read_ports(skb, at + (ip.version_words & 15) * 4, key);
	return true;
}

/*
 * Goes past one extension header, and is false where there is none, or nothing behind it to be read. An AH's
 * length is in other units than the others'.
 */
static __always_inline bool skip_extension(struct __sk_buff *skb, __u32 *at, struct flow_key *key)
{
	struct flow_extension header;

	switch (key->protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
		break;
	default:
		return false;
	}
	if (bpf_skb_load_bytes(skb, *at, &header, sizeof(header)))
		return false;
	if (key->protocol == IPPROTO_FRAGMENT)
		*at += 8;
	else if (key->protocol == IPPROTO_AH)
		*at += (header.length + 2) * 4;
	else
		*at += (header.length + 1) * 8;
	if (key->protocol == IPPROTO_FRAGMENT && header.word & bpf_htons(IPV6_FRAGMENT_OFFSET))
		key->kind |= FLOW_FRAGMENT;
	key->protocol = header.next_header;
	return !(key->kind & FLOW_FRAGMENT);
}

static __always_inline bool read_ipv6(struct __sk_buff *skb, __u32 at, struct flow_packet *packet)
{
	struct flow_key *key = &packet->key;
	struct flow_ipv6 ip;
	int i;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) ||
	    (ip.version & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000))
		return false;
	packet->is_ce = (ip.version & bpf_htonl(IPV6_ECN_CE)) == bpf_htonl(IPV6_ECN_CE);
	key->kind = FLOW_IPV6;
	key->protocol = ip.next_header;
	__builtin_memcpy(key->source, ip.source, sizeof(ip.source));
	__builtin_memcpy(key->destination, ip.destination, sizeof(ip.destination));
	at += sizeof(ip);
#pragma unroll
	for (i = 0; i < FLOW_EXTENSION_HEADERS; i++)
		if (!skip_extension(skb, &at, key))
			break;
	if (!(key->kind & FLOW_FRAGMENT))
		read_ports(skb, at, key);
	return true;
}

/*
 * From the beginning of the data, which at both hooks is the MAC header where there is one. A tag that the skb
 * holds apart is not in the data, and the ethertype there is the one behind it.
 */
static __always_inline void read_flow(struct __sk_buff *skb, bool has_mac,
				      struct flow_packet *packet)
{
	__u16 ethertype = skb->protocol;
	struct flow_vlan_tag tag;
	__u32 at = 0;
	int i;

	if (has_mac && !bpf_skb_load_bytes(skb, ETHERTYPE_AT, &ethertype, sizeof(ethertype)))
		at = ETH_HLEN;
#pragma unroll
	for (i = 0; i < FLOW_VLAN_TAGS; i++) {
		if ((ethertype != bpf_htons(ETH_P_8021Q) && ethertype != bpf_htons(ETH_P_8021AD)) ||
		    bpf_skb_load_bytes(skb, at, &tag, sizeof(tag)))
			break;
		ethertype = tag.ethertype;
		at += sizeof(tag);
	}
	if (ethertype == bpf_htons(ETH_P_IP) && read_ipv4(skb, at, packet))
		return;
	if (ethertype == bpf_htons(ETH_P_IPV6) && read_ipv6(skb, at, packet))
		return;
	packet->key.ethertype = ethertype;
}

static __always_inline void log_flow(struct __sk_buff *skb, bool has_mac,
				     const struct open_window *window, __u32 slot,
				     enum direction direction, __u32 wire_packets, __u64 wire_bytes)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct flow_log *log = bpf_map_lookup_elem(&flow_logs, &cpu);
	struct flow_record *record;
	struct flow_packet packet = {0};
	__u64 head;

	if (!log)
		return;
	read_flow(skb, has_mac, &packet);
	head = log->head;
	record = &log->records[head & (flow_log_records - 1)];
	record->start_ns = window->start_ns;
	record->key = packet.key;
	record->slot = slot;
	record->direction = direction;
	record->is_ce = packet.is_ce;
	record->wire_bytes = wire_bytes < ~0U ? wire_bytes : ~0U;
	record->wire_packets = wire_packets;
	read_sender(skb, direction, &packet.key, record);
	count_records(&log->head, head + 1);
}

#endif
