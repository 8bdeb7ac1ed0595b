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

/* Headers that are looked at where they lie begin before this: a power of two. */
#define FLOW_AT_MAX 4096
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
	__u32 source, destination;
};

struct flow_ipv6 {
	__u32 version;
	__u16 length;
	__u8 next_header, hop_limit;
	__u32 source[4], destination[4];
};

struct flow_ports {
	__u16 source, destination;
};

/* The beginning of every extension header; `word` is a fragment's offset. */
struct flow_extension {
	__u8 next_header, length;
	__u16 word;
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

/* `size` bytes of the packet from `at` on; NULL where it ends before. */
static __always_inline const void *copy_of(struct __sk_buff *skb, __u32 at, void *room, __u32 size)
{
	return bpf_skb_load_bytes(skb, at, room, size) ? NULL : room;
}

/*
 * The same, where they lie if they are in one piece there, as headers nearly always are: that takes a fraction of
 * a call.
 */
static __always_inline const void *look_at(struct __sk_buff *skb, __u32 at, void *room, __u32 size)
{
	const char *here = (const char *)(long)skb->data + (at & (FLOW_AT_MAX - 1));

	if (at < FLOW_AT_MAX && here + size <= (const char *)(long)skb->data_end)
		return here;
	return copy_of(skb, at, room, size);
}

/* Those behind headers of whatever length are copied: the verifier goes through every place where they may be. */
static __always_inline void read_ports(struct __sk_buff *skb, __u32 at, bool in_place,
				       struct flow_key *key)
{
	const struct flow_ports *ports;
	struct flow_ports room;

	switch (key->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = in_place ? look_at(skb, at, &room, sizeof(room))
				 : copy_of(skb, at, &room, sizeof(room));
		if (!ports)
			return;
		key->source_port = ports->source;
		key->destination_port = ports->destination;
	}
}

/* The words of an address in a key, which it is aligned for. */
static __always_inline __u32 *words_of(__u8 address[16])
{
	return (__u32 *)address;
}

static __always_inline bool read_ipv4(struct __sk_buff *skb, __u32 at, struct flow_record *record)
{
	struct flow_key *key = &record->key;
	const struct flow_ipv4 *ip;
	struct flow_ipv4 room;

	ip = look_at(skb, at, &room, sizeof(room));
	if (!ip || ip->version_words >> 4 != 4)
		return false;
	record->is_ce = (ip->tos & ECN_CE) == ECN_CE;
	key->kind = FLOW_IPV4;
	key->protocol = ip->protocol;
	words_of(key->source)[0] = ip->source;
	words_of(key->destination)[0] = ip->destination;
	if (ip->fragment & bpf_htons(IPV4_FRAGMENT_OFFSET))
		key->kind |= FLOW_FRAGMENT;
	else
		read_ports(skb, at + (ip->version_words & 15) * 4, true, key);
	return true;
}

/*
 * Goes past one extension header, and is false where there is none, or nothing behind it to be read. An AH's
 * length is in other units than the others'.
 */
static __always_inline bool skip_extension(struct __sk_buff *skb, __u32 *at, __u8 *protocol,
					   __u8 *kind)
{
	struct flow_extension header;

	switch (*protocol) {
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
	if (*protocol == IPPROTO_FRAGMENT)
		*at += 8;
	else if (*protocol == IPPROTO_AH)
		*at += (header.length + 2) * 4;
	else
		*at += (header.length + 1) * 8;
	if (*protocol == IPPROTO_FRAGMENT && header.word & bpf_htons(IPV6_FRAGMENT_OFFSET))
		*kind |= FLOW_FRAGMENT;
	*protocol = header.next_header;
	return !(*kind & FLOW_FRAGMENT);
}

static __always_inline bool read_ipv6(struct __sk_buff *skb, __u32 at, struct flow_record *record)
{
	struct flow_key *key = &record->key;
	const struct flow_ipv6 *ip;
	__u8 kind = FLOW_IPV6, protocol;
	struct flow_ipv6 room;
	int i;

	ip = look_at(skb, at, &room, sizeof(room));
	if (!ip || (ip->version & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000))
		return false;
	record->is_ce = (ip->version & bpf_htonl(IPV6_ECN_CE)) == bpf_htonl(IPV6_ECN_CE);
	protocol = ip->next_header;
#pragma unroll
	for (i = 0; i < 4; i++) {
		words_of(key->source)[i] = ip->source[i];
		words_of(key->destination)[i] = ip->destination[i];
	}
	at += sizeof(*ip);
#pragma unroll
	for (i = 0; i < FLOW_EXTENSION_HEADERS; i++)
		if (!skip_extension(skb, &at, &protocol, &kind))
			break;
	key->kind = kind;
	key->protocol = protocol;
	if (!(kind & FLOW_FRAGMENT))
		read_ports(skb, at, !i, key);
	return true;
}

/*
 * From the beginning of the data, which at both hooks is the MAC header where there is one. A tag that the skb
 * holds apart is not in the data, and the ethertype there is the one behind it.
 */
static __always_inline void read_flow(struct __sk_buff *skb, bool has_mac,
				      struct flow_record *record)
{
	__u16 ethertype = skb->protocol;
	const __u16 *in_mac;
	struct flow_vlan_tag tag;
	__u16 room;
	__u32 at = 0;
	int i;

	in_mac = has_mac ? look_at(skb, ETHERTYPE_AT, &room, sizeof(room)) : NULL;
	if (in_mac) {
		ethertype = *in_mac;
		at = ETH_HLEN;
	}
#pragma unroll
	for (i = 0; i < FLOW_VLAN_TAGS; i++) {
		if ((ethertype != bpf_htons(ETH_P_8021Q) && ethertype != bpf_htons(ETH_P_8021AD)) ||
		    bpf_skb_load_bytes(skb, at, &tag, sizeof(tag)))
			break;
		ethertype = tag.ethertype;
		at += sizeof(tag);
	}
	if (ethertype == bpf_htons(ETH_P_IP) && read_ipv4(skb, at, record))
		return;
	if (ethertype == bpf_htons(ETH_P_IPV6) && read_ipv6(skb, at, record))
		return;
	record->key.ethertype = ethertype;
}

static __always_inline void log_flow(struct __sk_buff *skb, bool has_mac,
				     const struct open_window *window, __u32 slot,
				     enum direction direction, __u32 wire_packets, __u64 wire_bytes)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct flow_log *log = bpf_map_lookup_elem(&flow_logs, &cpu);
	struct flow_record *record;
	__u64 head;

	if (!log)
		return;
	head = log->head;
	record = &log->records[head & (flow_log_records - 1)];
	record->start_ns = window->start_ns;
	record->key = (struct flow_key){0};
	record->slot = slot;
	record->direction = direction;
	record->is_ce = false;
	record->wire_bytes = wire_bytes < ~0U ? wire_bytes : ~0U;
	record->wire_packets = wire_packets;
	read_flow(skb, has_mac, record);
	read_sender(skb, direction, &record->key, record);
	count_records(&log->head, head + 1);
}

#endif
