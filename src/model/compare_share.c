// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_share.h"

#include <string.h>

#include "model/compare_kind.h"

#define SKB_BYTES_MAX (8 * 65535) /* GSO_MAX_SIZE of linux/netdevice.h, BIG TCP */
#define UNLIMITED UINT64_MAX
#define VLAN_TAG_BYTES 4
/* A packet that XDP may write to lies in a page of this size, or begins in one. */
#define XDP_GROWTH_MAX 4096

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a > UNLIMITED - b ? UNLIMITED : a + b;
}

/* How many segments more than skbs the probe counted: as many can GSO skbs have that were dropped whole. */
static uint64_t more_segments(const struct compare_evidence *e)
{
	const struct compare_basis skbs = {0}, segments = {.is_wire = true};
	struct compare_spans fewer, more;

	if (!e->basis.is_wire)
		return 0;
	compare_spans_between(&fewer, &e->run->first, &e->run->last, e->hook, &skbs);
	compare_spans_between(&more, &e->run->first, &e->run->last, e->hook, &segments);
	return compare_less(more.of[COMPARE_PACKETS].high, fewer.of[COMPARE_PACKETS].low);
}

uint64_t compare_as_bytes(uint64_t packets)
{
	return packets > UNLIMITED / SKB_BYTES_MAX ? UNLIMITED : packets * SKB_BYTES_MAX;
}

struct compare_share compare_fewer(uint64_t least, uint64_t most)
{
	return (struct compare_share){
		.fewer_least = least,
		.fewer_most = most,
		.fewer_bytes = compare_as_bytes(most),
		.packets = most,
	};
}

struct compare_share compare_more(uint64_t least, uint64_t most)
{
	return (struct compare_share){
		.more_least = least,
		.more_most = most,
		.more_bytes = compare_as_bytes(most),
		.packets = most,
	};
}

/* At rest it can be told. */
static bool is_multiple(const struct compare_evidence *e, unsigned int step)
{
	const struct compare_span *bytes = &e->spans.of[COMPARE_BYTES];
	uint64_t kernel = e->spans.kernel[COMPARE_BYTES];

	if (!step || bytes->low != bytes->high)
		return true;
	return (kernel > bytes->low ? kernel - bytes->low : bytes->low - kernel) % step == 0;
}

/*
 * Packets are held to the shares exactly. With segments counted, a GSO skb may have been dropped whole or one
 * segment at a time, and what the kernel counts more be cut, but for the frames of XDP.
 */
bool compare_share_covers(const struct compare_evidence *e, const struct compare_share *share)
{
	const struct compare_span *skbs = &e->spans.of[COMPARE_PACKETS];
	const struct compare_span *bytes = &e->spans.of[COMPARE_BYTES];
	uint64_t header = e->basis.extra < 0 ? 0 : 1, slack = more_segments(e);
	uint64_t most = plus(share->more_most, share->may_be_cut ? slack : 0);

	return compare_is_between(e->spans.kernel[COMPARE_PACKETS],
				  compare_less(skbs->low + share->more_least,
					       share->fewer_most + (share->fewer_most ? slack : 0)),
				  plus(compare_less(skbs->high, share->fewer_least), most)) &&
	       compare_is_between(
		       e->spans.kernel[COMPARE_BYTES],
		       compare_less(bytes->low + share->more_least * header, share->fewer_bytes),
		       plus(compare_less(bytes->high,
					 share->fewer_least * header + share->fewer_bytes_least),
			    share->more_bytes)) &&
	       is_multiple(e, share->bytes_step);
}

/* What waits in the queueing discipline has passed the hook; what waited when the run began had passed it before. */
static struct compare_share of_queue(const struct compare_evidence *e)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	uint64_t before = first->queued[COMPARE_PACKETS], now = last->queued[COMPARE_PACKETS];

	if (e->hook != DIRECTION_EGRESS)
		return (struct compare_share){0};
	return (struct compare_share){
		.fewer_most = now,
		.fewer_bytes = last->queued[COMPARE_BYTES],
		.more_most = before,
		.more_bytes = first->queued[COMPARE_BYTES],
		.packets = now > before ? now : before,
		.may_be_cut = before > 0,
	};
}

/*
 * What a device says itself that it has not sent. A vxlan without a route to its remote calls that tx_errors
 * (vxlan_xmit_one()), an ifb rx_dropped what nobody has redirected to it (ifb_xmit()), as the IPv6 of an ifb that goes
 * up. Of hardware nobody knows whether an error has been counted as sent as well.
 */
static uint64_t drops_of_device(const struct compare_evidence *e)
{
	const struct rtnl_link_stats64 *first = &e->run->first.kernel, *last = &e->run->last.kernel;
	uint64_t drops = compare_less(last->tx_dropped, first->tx_dropped);

	if (!strcmp(e->run->kind, "vxlan"))
		drops += compare_less(last->tx_errors, first->tx_errors);
	if (!strcmp(e->run->kind, "ifb") && e->direction == DIRECTION_EGRESS)
		drops += compare_less(last->rx_dropped, first->rx_dropped);
	return drops;
}

/*
 * The probe's drops and the device's own may be the same ones: there are as many as the more of both, and
 * no more than their sum. A macvlan, for one, counts what the interface below would not take.
 */
static struct compare_share of_drops(const struct compare_evidence *e)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	uint64_t own = drops_of_device(e);
	uint64_t most = last->drops_late - first->drops_early;
	uint64_t least = compare_less(last->drops_early, first->drops_late);
	bool has_xdp = compare_most_at(e).packets[WAYPOINT_XDP_SENT] > 0;
	struct compare_share share;

	if (e->hook != DIRECTION_EGRESS)
		return (struct compare_share){0};
	if (e->is_at_driver) /* what the stack dropped before is not in it, nor in all of the device's */
		return compare_fewer(0, own);
	/* Of XDP's frames those that a driver calls dropped were never called sent (veth_xdp_xmit()). */
	share = compare_fewer(own > least && !has_xdp ? own : least, own + most);
	share.packets = own > most ? own : most;
	return share;
}

static struct waypoint_counts waypoints_between(const struct waypoint_counts *from,
						const struct waypoint_counts *to)
{
	struct waypoint_counts between = {
		.driver_bytes = compare_less(to->driver_bytes, from->driver_bytes)};
	int i;

	for (i = 0; i < N_WAYPOINTS; i++)
		between.packets[i] = compare_less(to->packets[i], from->packets[i]);
	return between;
}

struct waypoint_counts compare_least_at(const struct compare_evidence *e)
{
	return waypoints_between(&e->run->first.waypoints_late, &e->run->last.waypoints_early);
}

struct waypoint_counts compare_most_at(const struct compare_evidence *e)
{
	return waypoints_between(&e->run->first.waypoints_early, &e->run->last.waypoints_late);
}

static struct compare_share more_at(const struct compare_evidence *e, enum waypoint waypoint)
{
	if (e->hook != DIRECTION_EGRESS)
		return (struct compare_share){0};
	return compare_more(compare_least_at(e).packets[waypoint],
			    compare_most_at(e).packets[waypoint]);
}

static struct compare_share of_xdp_sent(const struct compare_evidence *e)
{
	return more_at(e, WAYPOINT_XDP_SENT);
}

static struct compare_share of_direct(const struct compare_evidence *e)
{
	struct compare_share share = more_at(e, WAYPOINT_DIRECT);

	share.may_be_cut = share.more_most > 0;
	return share;
}

/*
 * How many passed the hook and not the waypoint next to it. While packets pass the two cannot be held against each
 * other exactly: it is evidence if some are certain.
 */
static struct compare_share missed_at(const struct compare_evidence *e, enum waypoint waypoint)
{
	const struct compare_basis skbs = {0};
	struct compare_spans hook;
	uint64_t least, most;

	compare_spans_between(&hook, &e->run->first, &e->run->last, e->hook, &skbs);
	least = compare_less(hook.of[COMPARE_PACKETS].low, compare_most_at(e).packets[waypoint]);
	most = compare_less(hook.of[COMPARE_PACKETS].high, compare_least_at(e).packets[waypoint]);
	return least ? compare_fewer(least, most) : (struct compare_share){0};
}

/* What comes back from an ifb does not pass the hook again, and is at the waypoint. */
static struct compare_share of_taken(const struct compare_evidence *e)
{
	return e->hook == DIRECTION_EGRESS ? missed_at(e, WAYPOINT_QUEUE)
					   : (struct compare_share){0};
}

/*
 * bpf_redirect_peer() leads behind the waypoint. Since Linux 6.7 the kernel counts it (dev_sw_netstats_rx_add() in
 * skb_do_redirect()), and there is nothing to explain. What is on top of other devices is received there, too,
 * and they have drivers that count it.
 */
static struct compare_share of_peered(const struct compare_evidence *e)
{
	if (e->hook != DIRECTION_INGRESS ||
	    (strcmp(e->run->kind, "veth") && strcmp(e->run->kind, "netkit")))
		return (struct compare_share){0};
	return missed_at(e, WAYPOINT_RECEIVE);
}

/*
 * Put into the backlog by others than drivers; the entry comes first. A bridge receives without: what comes by the
 * entry is its own, queries for members of multicast groups (__br_multicast_send_query()) or answers to ARP, unless
 * it is a copy of what the host has sent.
 */
static uint64_t handed(const struct compare_evidence *e, const struct waypoint_counts *counts)
{
	if (!strcmp(e->run->kind, "bridge"))
		return compare_less(counts->packets[WAYPOINT_BACKLOG],
				    counts->packets[WAYPOINT_LOOPED]);
	return compare_less(counts->packets[WAYPOINT_BACKLOG],
			    counts->packets[WAYPOINT_BACKLOG_ENTRY]);
}

/*
 * dev_forward_skb() is what bpf_redirect() uses, into a receive side, and bpf_clone_redirect(); and a macvlan in
 * bridge mode for what another one is to get, which it hands to the interface below first (macvlan_queue_xmit()).
 * An ipvlan uses it as a driver would. A full backlog drops.
 */
static struct compare_share of_handed(const struct compare_evidence *e)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	uint64_t dropped = compare_less(last->kernel.rx_dropped, first->kernel.rx_dropped);
	uint64_t least = compare_less(handed(e, &last->waypoints_early),
				      handed(e, &first->waypoints_late) + dropped);

	if (e->hook != DIRECTION_INGRESS)
		return (struct compare_share){0};
	return compare_fewer(
		strcmp(e->run->kind, "ipvlan") ? least : 0,
		compare_less(handed(e, &last->waypoints_late), handed(e, &first->waypoints_early)));
}

/* The action mirred uses what drivers use; that a packet has been redirected may be from an earlier device. */
static struct compare_share of_mirred(const struct compare_evidence *e)
{
	if (e->hook != DIRECTION_INGRESS)
		return (struct compare_share){0};
	return compare_fewer(0, compare_most_at(e).packets[WAYPOINT_REDIRECTED]);
}

/*
 * A host that has joined the group it sends to, or sends a broadcast, gets a copy by the device's receive side
 * (dev_loopback_xmit() in net/core/dev.c), where XDP outside drivers may still take it.
 */
static struct compare_share of_looped(const struct compare_evidence *e)
{
	uint64_t least = compare_least_at(e).packets[WAYPOINT_LOOPED];

	if (e->hook != DIRECTION_INGRESS)
		return (struct compare_share){0};
	return compare_fewer(e->facts->has_xdp ? 0 : least,
			     compare_most_at(e).packets[WAYPOINT_LOOPED]);
}

/*
 * A tag in the data, not beside it, is taken out between the driver's count and the hook (skb_vlan_untag()).
 */
static struct compare_share of_tags(const struct compare_evidence *e)
{
	if (e->hook != DIRECTION_INGRESS || e->basis.is_wire)
		return (struct compare_share){0};
	return (struct compare_share){
		.more_bytes = compare_most_at(e).packets[WAYPOINT_TAGGED] * VLAN_TAG_BYTES,
		.bytes_step = VLAN_TAG_BYTES,
	};
}

/*
 * In the driver XDP comes before the stack, so the kernel counts more: how many it took there nobody tells, nor what it
 * put before those it let pass. What it sends from there is known (of_xdp_sent()), but of hardware, or where not
 * all of it can be seen.
 */
static struct compare_share of_xdp(const struct compare_evidence *e)
{
	struct compare_share share = compare_more(0, UNLIMITED);

	if (!e->facts->has_xdp ||
	    (e->hook == DIRECTION_EGRESS && e->is_rule && e->facts->sees_generic_xdp))
		return (struct compare_share){0};
	share.packets =
		compare_less(e->spans.kernel[COMPARE_PACKETS], e->spans.of[COMPARE_PACKETS].probe);
	if (e->hook == DIRECTION_INGRESS)
		share.fewer_bytes = e->spans.of[COMPARE_PACKETS].high * XDP_GROWTH_MAX;
	return share;
}

bool compare_has_seen_all(const struct compare_evidence *e)
{
	const struct compare_basis skbs = {0};
	enum waypoint next = e->hook == DIRECTION_EGRESS ? WAYPOINT_QUEUE : WAYPOINT_RECEIVE;
	struct compare_spans hook;

	compare_spans_between(&hook, &e->run->first, &e->run->last, e->hook, &skbs);
	return hook.of[COMPARE_PACKETS].low <= compare_most_at(e).packets[next] &&
	       hook.of[COMPARE_PACKETS].high >= compare_least_at(e).packets[next];
}

bool compare_share_is_any(const struct compare_share *share)
{
	return share->fewer_most || share->more_most || share->fewer_bytes || share->more_bytes;
}

void compare_share_add(struct compare_share *sum, const struct compare_share *add)
{
	/* One packet may be in two of them, redirected and then dropped, say. */
	if (add->fewer_least > sum->fewer_least)
		sum->fewer_least = add->fewer_least;
	if (add->more_least > sum->more_least)
		sum->more_least = add->more_least;
	sum->fewer_most = plus(sum->fewer_most, add->fewer_most);
	sum->fewer_bytes = plus(sum->fewer_bytes, add->fewer_bytes);
	sum->more_most = plus(sum->more_most, add->more_most);
	sum->more_bytes = plus(sum->more_bytes, add->more_bytes);
	sum->may_be_cut |= add->may_be_cut;
	/* Those of one kind of packets alone: with others among them nobody knows. */
	sum->fewer_bytes_least = 0;
}

struct compare_share compare_share_of(const struct compare_evidence *e, enum compare_cause cause)
{
	switch (cause) {
	case COMPARE_QUEUED:
		return of_queue(e);
	case COMPARE_DROPPED:
		return of_drops(e);
	case COMPARE_TAKEN:
		return of_taken(e);
	case COMPARE_HANDED:
		return of_handed(e);
	case COMPARE_MIRRED:
		return of_mirred(e);
	case COMPARE_PEERED:
		return of_peered(e);
	case COMPARE_XDP_SENT:
		return of_xdp_sent(e);
	case COMPARE_DIRECT:
		return of_direct(e);
	case COMPARE_LOOPED:
		return of_looped(e);
	case COMPARE_XDP:
		return of_xdp(e);
	case COMPARE_TAGGED:
		return of_tags(e);
	default:
		return compare_kind_share_of(e, cause);
	}
}
