// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/compare_drops.h"

#include <stdbool.h>
#include <string.h>

#include "base/array.h"

/*
 * Reasons that only what has passed the egress hook is dropped for, without their prefix; where the kernel has no reasons,
 * it may have been.
 */
static bool is_behind_hook(const char *reason)
{
	static const char *const reasons[] = {
		"TC_EGRESS", "FULL_RING", "DEV_HDR",    "DEV_READY",   "NOMEM",
		"SKB_CSUM",  "HDR_TRUNC", "TAP_FILTER", "SKB_GSO_SEG", "SKB_UCOPY_FAULT",
	};
	size_t i;

	if (!reason || !strncmp(reason, "QDISC_", 6) || !strncmp(reason, "TAP_TXFILTER", 12))
		return true;
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (!strcmp(reason, reasons[i]))
			return true;
	return false;
}

/*
 * What a bridge's filter drops is of the bridge, but did not come in by it, so that its direction says nothing. Where the
 * kernel has no reasons, it may have been a filter.
 */
void compare_drops_sum(struct drop_reasons *drop_reasons, uint32_t slot,
		       const struct drop_sum *sums, size_t n, uint64_t *behind_hook,
		       uint64_t *filtered)
{
	size_t i;

	*behind_hook = *filtered = 0;
	for (i = 0; i < n; i++) {
		const char *reason;

		if (sums[i].kind.slot != slot)
			continue;
		reason = drop_reasons_name(drop_reasons, sums[i].kind.reason);
		if (sums[i].kind.direction == DIRECTION_EGRESS && is_behind_hook(reason))
			*behind_hook += sums[i].packets;
		if (!reason || !strcmp(reason, "NETFILTER_DROP"))
			*filtered += sums[i].packets;
	}
}

uint64_t compare_drops_received(struct drop_reasons *drop_reasons, uint32_t slot,
				const struct drop_sum *sums, size_t n)
{
	uint64_t packets = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		const char *reason;

		if (sums[i].kind.slot != slot || sums[i].kind.direction != DIRECTION_INGRESS)
			continue;
		reason = drop_reasons_name(drop_reasons, sums[i].kind.reason);
		if (!reason || !strcmp(reason, "NOT_SPECIFIED"))
			packets += sums[i].packets;
	}
	return packets;
}
