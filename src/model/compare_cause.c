// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_cause.h"

#include <linux/if_ether.h>
#include <string.h>

#include "base/array.h"
#include "model/compare_share.h"

#define HEADERS_MIN 28  /* of a segment: IPv4 and UDP */
#define HEADERS_MAX 256 /* two of each, with options, and a tunnel's */

static uint64_t with_extra(uint64_t bytes, uint64_t packets, int extra)
{
	return bytes + (uint64_t)((int64_t)packets * extra);
}

/*
 * Of what a veth's other end polled for nothing is known on the sending side but what is missing, so it is
 * named only where the others alone are not enough.
 */
static bool sum_covers(const struct compare_evidence *e, struct compare_share *sum,
		       uint32_t *causes)
{
	struct compare_share polled = compare_share_of(e, COMPARE_POLLED);

	if (!*causes)
		return false;
	if (compare_share_covers(e, sum))
		return true;
	if (!compare_share_is_any(&polled))
		return false;
	compare_share_add(sum, &polled);
	*causes |= UINT32_C(1) << COMPARE_POLLED;
	return compare_share_covers(e, sum);
}

/* By what was given to the driver, which is behind the queueing discipline. False: there is no such evidence. */
static bool look_at_driver(const struct compare_evidence *e, struct compare_evidence *at)
{
	const struct waypoint_counts least = compare_least_at(e), most = compare_most_at(e);
	uint64_t fewest = least.packets[WAYPOINT_DRIVER], all = most.packets[WAYPOINT_DRIVER];

	if (e->hook != DIRECTION_EGRESS || !compare_has_seen_all(e))
		return false;
	*at = *e;
	at->is_at_driver = true;
	at->basis.is_wire = false;
	at->spans.of[COMPARE_PACKETS].low = fewest;
	at->spans.of[COMPARE_PACKETS].high = all;
	at->spans.of[COMPARE_BYTES].low = with_extra(least.driver_bytes, fewest, e->basis.extra);
	at->spans.of[COMPARE_BYTES].high = with_extra(most.driver_bytes, all, e->basis.extra);
	return true;
}

/*
 * What is cut or made longer behind the hook, by a program of tc or with a tag that the device will not put in
 * itself, has been by the time it comes to the driver. COMPARE_NO_CAUSE: nothing was.
 */
static enum compare_cause changed_before(const struct compare_evidence *e,
					 const struct compare_evidence *at)
{
	const struct compare_span *driver = at->spans.of;
	const struct compare_basis skbs = {.extra = e->basis.extra};
	struct compare_spans hook;

	if (driver[COMPARE_PACKETS].high > compare_least_at(e).packets[WAYPOINT_QUEUE])
		return COMPARE_GSO_IN_PART;
	compare_spans_between(&hook, &e->run->first, &e->run->last, e->direction, &skbs);
	if (driver[COMPARE_PACKETS].high < hook.of[COMPARE_PACKETS].low ||
	    !compare_outside(driver[COMPARE_BYTES].low, 0, hook.of[COMPARE_BYTES].high))
		return COMPARE_NO_CAUSE;
	return COMPARE_RESIZED;
}

/* Between driver and count. */
static const enum compare_cause behind_driver[] = {
	COMPARE_POLLED,
	COMPARE_DROPPED,
	COMPARE_XDP_SENT,
	COMPARE_DIRECT,
};

/*
 * If the hook has seen what went to the queueing discipline and the device has counted what came to the driver, but for
 * what is known to be between those, the difference is what happened to packets on the way.
 */
static struct compare_account account_at_driver(const struct compare_evidence *e)
{
	struct compare_share sum = {0};
	struct compare_evidence at;
	enum compare_cause cause;
	uint32_t causes;
	size_t i;

	if (!look_at_driver(e, &at))
		return (struct compare_account){0};
	cause = changed_before(e, &at);
	if (!cause || compare_spans_fit(&at.spans))
		return (struct compare_account){.cause = cause};
	causes = UINT32_C(1) << cause;
	for (i = 0; i < ARRAY_SIZE(behind_driver); i++) {
		struct compare_share share = compare_share_of(&at, behind_driver[i]);
		uint32_t bit = UINT32_C(1) << behind_driver[i];

		if (!compare_share_is_any(&share))
			continue;
		if (compare_share_covers(&at, &share))
			return (struct compare_account){.cause = COMPARE_SEVERAL,
							.causes = UINT32_C(1) << cause | bit};
		if (behind_driver[i] == COMPARE_POLLED)
			continue;
		compare_share_add(&sum, &share);
		causes |= bit;
	}
	return sum_covers(&at, &sum, &causes)
		       ? (struct compare_account){.cause = COMPARE_SEVERAL, .causes = causes}
		       : (struct compare_account){0};
}

/*
 * A card may put received segments together and leave the rest to GRO, or cut some kinds of GSO skbs itself and others
 * not. Then its count is between that of skbs and that of segments, and for each packet more there is one more
 * header. Software devices are held to their rule, which is one or the other.
 */
static bool is_gso_in_part(const struct compare_evidence *e, uint64_t *packets)
{
	struct compare_basis skbs = e->basis, segments = e->basis;
	uint64_t count = e->spans.kernel[COMPARE_PACKETS];
	struct compare_spans fewer, more;

	skbs.is_wire = false;
	segments.is_wire = true;
	compare_spans_between(&fewer, &e->run->first, &e->run->last, e->direction, &skbs);
	compare_spans_between(&more, &e->run->first, &e->run->last, e->direction, &segments);
	*packets = compare_less(count, fewer.of[COMPARE_PACKETS].probe);
	return !e->is_rule && more.of[COMPARE_PACKETS].low > fewer.of[COMPARE_PACKETS].low &&
	       compare_is_between(count, fewer.of[COMPARE_PACKETS].low,
				  more.of[COMPARE_PACKETS].high) &&
	       compare_is_between(
		       e->spans.kernel[COMPARE_BYTES],
		       fewer.of[COMPARE_BYTES].low +
			       HEADERS_MIN * compare_less(count, fewer.of[COMPARE_PACKETS].high),
		       fewer.of[COMPARE_BYTES].high +
			       HEADERS_MAX * compare_less(count, fewer.of[COMPARE_PACKETS].low));
}

/*
 * Broadcast and multicast from one macvlan to another is counted with its header, to which macvlan_broadcast_one()
 * adds one. The device counts how many packets were multicast.
 */
static bool is_macvlan_multicast(const struct compare_evidence *e, uint64_t *packets)
{
	const struct compare_span *bytes = &e->spans.of[COMPARE_BYTES];
	uint64_t most = e->run->last.kernel.multicast - e->run->first.kernel.multicast;
	const struct compare_span *skbs = &e->spans.of[COMPARE_PACKETS];

	*packets = compare_less(e->spans.kernel[COMPARE_BYTES], bytes->probe) / ETH_HLEN;
	return e->direction == DIRECTION_INGRESS && compare_is_macvlan(e->run->kind) &&
	       compare_is_between(e->spans.kernel[COMPARE_PACKETS], skbs->low, skbs->high) &&
	       compare_is_between(e->spans.kernel[COMPARE_BYTES], bytes->low,
				  bytes->high + most * ETH_HLEN) &&
	       (bytes->low != bytes->high ||
		(e->spans.kernel[COMPARE_BYTES] - bytes->high) % ETH_HLEN == 0);
}

/* Known in number; the likelier ones first. */
static const enum compare_cause counted[] = {
	COMPARE_QUEUED, COMPARE_DROPPED,  COMPARE_TAKEN,    COMPARE_HANDED,
	COMPARE_MIRRED, COMPARE_PEERED,   COMPARE_XDP_SENT, COMPARE_DIRECT,
	COMPARE_UNREAD, COMPARE_LOOPED,   COMPARE_POLLED,   COMPARE_TAGGED,
	COMPARE_COPIED, COMPARE_ANSWERED, COMPARE_FILTERED, COMPARE_BY_PORTS,
};

/* The first that is enough by itself; `sum` is then of no interest. */
static struct compare_account account_by_shares(const struct compare_evidence *evidence,
						struct compare_share *sum, uint32_t *causes)
{
	size_t i;

	*sum = (struct compare_share){0};
	*causes = 0;
	for (i = 0; i < ARRAY_SIZE(counted); i++) {
		struct compare_share share = compare_share_of(evidence, counted[i]);

		if (!compare_share_is_any(&share))
			continue;
		if (compare_share_covers(evidence, &share))
			return (struct compare_account){.cause = counted[i],
							.packets = share.packets};
		if (counted[i] == COMPARE_POLLED)
			continue;
		compare_share_add(sum, &share);
		*causes |= UINT32_C(1) << counted[i];
	}
	return (struct compare_account){0};
}

/* What is known in number goes before what is only known to be there. */
struct compare_account compare_account_for(const struct compare_evidence *evidence)
{
	struct compare_account account;
	struct compare_share sum, xdp = compare_share_of(evidence, COMPARE_XDP);
	uint32_t causes;
	uint64_t packets;

	account = account_by_shares(evidence, &sum, &causes);
	if (account.cause)
		return account;
	if (is_macvlan_multicast(evidence, &packets))
		return (struct compare_account){COMPARE_MACVLAN_MULTICAST, .packets = packets};
	account = account_at_driver(evidence);
	if (account.cause)
		return account;
	if (is_gso_in_part(evidence, &packets))
		return (struct compare_account){COMPARE_GSO_IN_PART, .packets = packets};
	if (sum_covers(evidence, &sum, &causes))
		return (struct compare_account){COMPARE_SEVERAL, .causes = causes};
	if (!xdp.more_most)
		return account;
	if (compare_share_covers(evidence, &xdp))
		return (struct compare_account){COMPARE_XDP, .packets = xdp.packets};
	compare_share_add(&sum, &xdp);
	if (causes && compare_share_covers(evidence, &sum))
		return (struct compare_account){COMPARE_SEVERAL,
						.causes = causes | UINT32_C(1) << COMPARE_XDP};
	return account;
}
