// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_cause.h"

#include <linux/if_ether.h>
#include <string.h>

#include "base/array.h"

#define SKB_BYTES_MAX (8 * 65535) /* GSO_MAX_SIZE of linux/netdevice.h, BIG TCP */
#define HEADERS_MIN 28            /* of a segment: IPv4 and UDP */
#define HEADERS_MAX 256           /* two of each, with options, and a tunnel's */

static bool is_between(uint64_t value, uint64_t low, uint64_t high)
{
	return value >= low && value <= high;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* How many segments more than skbs the probe counted: as many can GSO skbs have that were dropped whole. */
static uint64_t more_segments(const struct compare_evidence *e)
{
	const struct compare_basis skbs = {0}, segments = {.is_wire = true};
	struct compare_spans fewer, more;

	if (!e->basis.is_wire)
		return 0;
	compare_spans_between(&fewer, &e->run->first, &e->run->last, e->direction, &skbs);
	compare_spans_between(&more, &e->run->first, &e->run->last, e->direction, &segments);
	return less(more.of[COMPARE_PACKETS].high, fewer.of[COMPARE_PACKETS].low);
}

/*
 * Each drop is an skb less, so packets are held to that exactly; of bytes it is only known what an skb can have.
 * With segments counted, a GSO skb may have been dropped whole or one segment at a time. What waits in the
 * queueing discipline has passed the hook; what waited when the run began had passed it before.
 */
static bool is_behind_hook(const struct compare_evidence *e, uint64_t least, uint64_t most)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	const struct compare_span *skbs = &e->spans.of[COMPARE_PACKETS];
	const struct compare_span *bytes = &e->spans.of[COMPARE_BYTES];
	uint64_t header = e->basis.extra < 0 ? 0 : 1;
	uint64_t missing = most + last->queued[COMPARE_PACKETS] + more_segments(e);

	return e->direction == DIRECTION_EGRESS &&
	       is_between(e->spans.kernel[COMPARE_PACKETS], less(skbs->low, missing),
			  less(skbs->high, least) + first->queued[COMPARE_PACKETS] +
				  (first->queued[COMPARE_PACKETS] ? more_segments(e) : 0)) &&
	       is_between(e->spans.kernel[COMPARE_BYTES],
			  less(bytes->low, most * SKB_BYTES_MAX + last->queued[COMPARE_BYTES]),
			  less(bytes->high, least * header) + first->queued[COMPARE_BYTES]);
}

/*
 * The probe's drops and the device's own tx_dropped may be the same ones: there are as many as the more of both, and
 * no more than their sum. A macvlan, for one, counts what the interface below would not take.
 */
static bool is_dropped(const struct compare_evidence *e, uint64_t *packets)
{
	const struct compare_sample *first = &e->run->first, *last = &e->run->last;
	uint64_t own = less(last->kernel.tx_dropped, first->kernel.tx_dropped);
	uint64_t most = last->drops_late - first->drops_early;
	uint64_t least = less(last->drops_early, first->drops_late);

	*packets = own > most ? own : most;
	return *packets && is_behind_hook(e, own > least ? own : least, own + most);
}

static bool is_queued(const struct compare_evidence *e, uint64_t *packets)
{
	uint64_t before = e->run->first.queued[COMPARE_PACKETS];
	uint64_t now = e->run->last.queued[COMPARE_PACKETS];

	*packets = now > before ? now : before;
	return *packets && is_behind_hook(e, 0, 0);
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
	*packets = less(count, fewer.of[COMPARE_PACKETS].probe);
	return !e->is_rule && more.of[COMPARE_PACKETS].low > fewer.of[COMPARE_PACKETS].low &&
	       is_between(count, fewer.of[COMPARE_PACKETS].low, more.of[COMPARE_PACKETS].high) &&
	       is_between(e->spans.kernel[COMPARE_BYTES],
			  fewer.of[COMPARE_BYTES].low +
				  HEADERS_MIN * less(count, fewer.of[COMPARE_PACKETS].high),
			  fewer.of[COMPARE_BYTES].high +
				  HEADERS_MAX * less(count, fewer.of[COMPARE_PACKETS].low));
}

/*
 * In the driver XDP comes before the stack, and what it sends goes past it, so the kernel counts more. Counts that
 * are less than the probe's it cannot explain.
 */
static bool is_by_xdp(const struct compare_evidence *e, uint64_t *packets)
{
	*packets = less(e->spans.kernel[COMPARE_PACKETS], e->spans.of[COMPARE_PACKETS].probe);
	return e->facts->has_xdp && *packets &&
	       e->spans.kernel[COMPARE_PACKETS] >= e->spans.of[COMPARE_PACKETS].low &&
	       e->spans.kernel[COMPARE_BYTES] >= e->spans.of[COMPARE_BYTES].low;
}

/*
 * A macvlan in bridge mode hands what is for another one to the receive side of the interface below
 * (dev_forward_skb() in macvlan_queue_xmit()): it passes the ingress hook there, and no driver counts it.
 */
static bool is_passed_by_macvlan(const struct compare_evidence *e, uint64_t *packets)
{
	const struct compare_span *skbs = &e->spans.of[COMPARE_PACKETS];
	uint64_t passed = e->facts->macvlan_passed;

	*packets = less(skbs->probe, e->spans.kernel[COMPARE_PACKETS]);
	return e->direction == DIRECTION_INGRESS && passed &&
	       is_between(e->spans.kernel[COMPARE_PACKETS], less(skbs->low, passed), skbs->high) &&
	       is_between(e->spans.kernel[COMPARE_BYTES],
			  less(e->spans.of[COMPARE_BYTES].low, passed * SKB_BYTES_MAX),
			  e->spans.of[COMPARE_BYTES].high);
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

	*packets = less(e->spans.kernel[COMPARE_BYTES], bytes->probe) / ETH_HLEN;
	return e->direction == DIRECTION_INGRESS && compare_is_macvlan(e->run->kind) &&
	       is_between(e->spans.kernel[COMPARE_PACKETS], skbs->low, skbs->high) &&
	       is_between(e->spans.kernel[COMPARE_BYTES], bytes->low,
			  bytes->high + most * ETH_HLEN) &&
	       (bytes->low != bytes->high ||
		(e->spans.kernel[COMPARE_BYTES] - bytes->high) % ETH_HLEN == 0);
}

enum compare_cause compare_cause_of(const struct compare_evidence *evidence, uint64_t *packets)
{
	static const struct {
		enum compare_cause cause;
		bool (*is_it)(const struct compare_evidence *evidence, uint64_t *packets);
	} causes[] = {
		{COMPARE_QUEUED, is_queued},
		{COMPARE_DROPPED, is_dropped},
		{COMPARE_MACVLAN_PASSED, is_passed_by_macvlan},
		{COMPARE_MACVLAN_MULTICAST, is_macvlan_multicast},
		{COMPARE_GSO_IN_PART, is_gso_in_part},
		{COMPARE_XDP, is_by_xdp},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		uint64_t about = 0;

		if (!causes[i].is_it(evidence, &about))
			continue;
		if (packets)
			*packets = about;
		return causes[i].cause;
	}
	return COMPARE_NO_CAUSE;
}
