// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_kind.h"

#include <linux/if_ether.h>
#include <string.h>

static bool is_kind(const struct compare_evidence *e, const char *kind)
{
	return !strcmp(e->run->kind, kind);
}

/* A tun counts what has been read; what has not waits in a queue of txqlen packets. */
static struct compare_share of_reader(const struct compare_evidence *e)
{
	uint64_t waiting = e->facts->txqlen;

	if (!is_kind(e, "tun") || e->hook != DIRECTION_EGRESS || !compare_has_seen_all(e))
		return (struct compare_share){0};
	return (struct compare_share){
		.fewer_most = waiting,
		.fewer_bytes = compare_as_bytes(waiting),
		.more_most = waiting,
		.more_bytes = compare_as_bytes(waiting),
		.may_be_cut = waiting > 0,
	};
}

/*
 * Sent: nobody here tells for how many the other end polled, so that it may have been for any, and the packets are
 * exact. Received: the others came by the backlog, so it was for all that the kernel counts but those.
 */
static struct compare_share polled_in_part(const struct compare_evidence *e)
{
	uint64_t packets = e->spans.kernel[COMPARE_PACKETS], least = 0, most = packets;

	if (e->direction == DIRECTION_INGRESS) {
		most = compare_less(packets, compare_least_at(e).packets[WAYPOINT_BACKLOG_ENTRY]);
		least = compare_less(packets, compare_most_at(e).packets[WAYPOINT_BACKLOG_ENTRY]);
	}
	return (struct compare_share){
		.fewer_bytes = most * ETH_HLEN,
		.fewer_bytes_least = least * ETH_HLEN,
		.bytes_step = ETH_HLEN,
	};
}

/*
 * Whether the other end of a veth polls is decided for each packet (veth_xmit() in drivers/net/veth.c): with an XDP
 * program for all, with GRO for those of a sender without TSO or, if UDP is forwarded, of sockets other than
 * TCP's. Of a receiving side only those it polled for are put together behind the count, so that the others may be
 * GSO skbs, counted whole.
 */
static struct compare_share of_polled(const struct compare_evidence *e)
{
	const struct compare_basis segments = {.is_wire = true};
	const struct waypoint_counts most = compare_most_at(e);
	struct compare_share share;
	struct compare_spans more;

	if (!is_kind(e, "veth") || e->basis.extra)
		return (struct compare_share){0};
	if (e->direction == DIRECTION_INGRESS && !most.packets[WAYPOINT_BACKLOG_ENTRY])
		return (struct compare_share){0};
	share = polled_in_part(e);
	if (!share.fewer_bytes)
		return (struct compare_share){0};
	if (e->direction == DIRECTION_EGRESS || e->basis.is_wire || !compare_has_seen_all(e))
		return share;
	compare_spans_between(&more, &e->run->first, &e->run->last, e->direction, &segments);
	share.more_most =
		compare_less(more.of[COMPARE_PACKETS].high, e->spans.of[COMPARE_PACKETS].low);
	share.more_bytes =
		compare_less(more.of[COMPARE_BYTES].high, e->spans.of[COMPARE_BYTES].low);
	if (share.more_most)
		share.bytes_step = 0;
	return share;
}

/*
 * A broadcast, a group or an address that is known nowhere goes to every remote of the entry that it finds, and each
 * copy is sent and counted by itself (vxlan_xmit() in drivers/net/vxlan). The hook has seen one.
 */
static struct compare_share of_copies(const struct compare_evidence *e)
{
	struct compare_share share = {0};
	uint64_t more = e->facts->remotes > 1 ? e->facts->remotes - 1 : 0;

	if (!more || !is_kind(e, "vxlan") || e->hook != DIRECTION_EGRESS ||
	    !compare_has_seen_all(e))
		return share;
	share.more_most = e->spans.of[COMPARE_PACKETS].high * more;
	share.more_bytes = e->spans.of[COMPARE_BYTES].high * more;
	share.packets =
		compare_less(e->spans.kernel[COMPARE_PACKETS], e->spans.of[COMPARE_PACKETS].probe);
	return share;
}

/*
 * A vxlan that is a proxy takes all ARP and all that asks for an IPv6 neighbour, and sends none of it
 * (arp_reduce() and neigh_reduce()). Where it knows the answer it puts that into its own receive side.
 */
static struct compare_share of_answers(const struct compare_evidence *e)
{
	const struct waypoint_counts least = compare_least_at(e), most = compare_most_at(e);
	uint64_t asked = most.packets[WAYPOINT_ASKED];
	uint64_t entered = most.packets[WAYPOINT_BACKLOG_ENTRY];

	if (!is_kind(e, "vxlan") || !e->facts->answers_neighbours)
		return (struct compare_share){0};
	if (e->direction == DIRECTION_EGRESS)
		return compare_fewer(least.packets[WAYPOINT_ASKED], asked);
	return compare_fewer(0, entered < asked ? entered : asked);
}

/*
 * A bridge counts what is for itself before its filters see it (br_pass_frame_up() in net/bridge), that of VLANs,
 * which drops it as of the port, and netfilter's; the ingress hook is behind. Which chain dropped it is not
 * known: those of IP have had it past the hook.
 */
static struct compare_share of_filters(const struct compare_evidence *e)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	struct compare_share share;
	uint64_t more;

	if (!is_kind(e, "bridge") || e->direction != DIRECTION_INGRESS || !compare_has_seen_all(e))
		return (struct compare_share){0};
	share = compare_more(0, compare_less(last->filtered_late, first->filtered_early));
	more = compare_less(e->spans.kernel[COMPARE_PACKETS], e->spans.of[COMPARE_PACKETS].probe);
	if (more < share.packets)
		share.packets = more;
	return share;
}

/*
 * What its ports received for one address of IP is counted as a vrf's (vrf_ip_rcv() in drivers/net/vrf.c), from the IP
 * header on, and passes the hook of the port alone. ARP and multicast are not.
 */
static struct compare_share of_ports(const struct compare_evidence *e)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	struct compare_share share = {0};

	if (!is_kind(e, "vrf") || e->direction != DIRECTION_INGRESS)
		return share;
	share.more_most = compare_less(last->ports_late[COMPARE_PACKETS],
				       first->ports_early[COMPARE_PACKETS]);
	share.more_bytes =
		compare_less(last->ports_late[COMPARE_BYTES], first->ports_early[COMPARE_BYTES]);
	share.packets =
		compare_less(e->spans.kernel[COMPARE_PACKETS], e->spans.of[COMPARE_PACKETS].probe);
	return share;
}

struct compare_share compare_kind_share_of(const struct compare_evidence *e,
					   enum compare_cause cause)
{
	switch (cause) {
	case COMPARE_UNREAD:
		return of_reader(e);
	case COMPARE_POLLED:
		return of_polled(e);
	case COMPARE_COPIED:
		return of_copies(e);
	case COMPARE_ANSWERED:
		return of_answers(e);
	case COMPARE_FILTERED:
		return of_filters(e);
	case COMPARE_BY_PORTS:
		return of_ports(e);
	default:
		return (struct compare_share){0};
	}
}
