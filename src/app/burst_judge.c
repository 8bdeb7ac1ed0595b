// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/burst_judge.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

#define SHARE_DEFAULT_PPB 500000000U /* 50 %: Zhang et al., IMC 2017 */
#define FACTOR_DEFAULT 10
#define FLOOR_DEFAULT_BPS 10000000U
#define PPB 1000000000U

/* Drivers of pairs and of memory name a speed that nothing holds them to. */
static bool has_real_speed(const struct link *link)
{
	static const char *const nominal[] = {"veth", "netkit", "tun", "bridge", "dummy", "ifb"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nominal); i++)
		if (!strcmp(link->kind, nominal[i]))
			return false;
	return link->speed_mbps;
}

static uint64_t mark_bps(const struct mark *mark, uint64_t speed_bps, uint64_t otherwise_ppb)
{
	uint64_t share_ppb = mark->share_ppb ? mark->share_ppb : otherwise_ppb;

	if (mark->rate_bps)
		return mark->rate_bps;
	return (uint64_t)((unsigned __int128)speed_bps * share_ppb / PPB);
}

/* The rule that was asked for, or share where there is something to take a share of. */
int burst_judge(const struct burst_options *options, uint64_t width_ns, const struct link *link,
		struct burst_place *place, struct burst_config *config)
{
	/* Who names a share takes the speed for what it says. */
	bool has_mark =
		options->speed_bps || options->high.rate_bps ||
		(link && (has_real_speed(link) || (options->high.share_ppb && link->speed_mbps)));

	if (options->speed_bps) {
		place->speed_bps = options->speed_bps;
		place->speed_source = "user";
	} else if (link && link->speed_mbps) {
		place->speed_bps = (uint64_t)link->speed_mbps * 1000000;
		place->speed_source = "netlink";
	}
	place->rule = has_mark ? BURST_SHARE : BURST_BASELINE;
	if (options->rule != RULE_DEFAULT)
		place->rule = (enum burst_rule)(options->rule - RULE_SHARE);
	*config = (struct burst_config){
		.rule = place->rule,
		.width_ns = width_ns,
		.high_bps = mark_bps(&options->high, place->speed_bps, SHARE_DEFAULT_PPB),
		.factor = (uint32_t)(options->factor ? options->factor : FACTOR_DEFAULT),
		.floor_bps = options->floor_bps ? options->floor_bps : FLOOR_DEFAULT_BPS,
		.min_duration_ns = options->min_duration_ns,
		.merge_gap_ns = options->merge_gap_ns,
	};
	config->low_bps = options->low.share_ppb || options->low.rate_bps
				  ? mark_bps(&options->low, place->speed_bps, 0)
				  : config->high_bps / 2;
	if (config->low_bps > config->high_bps)
		config->low_bps = config->high_bps;
	if (place->rule == BURST_BASELINE || config->high_bps)
		return 0;
	place->rule = config->rule = BURST_BASELINE;
	return -ENODATA;
}

/* Where both are of one kind; else it depends on the interface's speed. */
static bool is_above(const struct mark *low, const struct mark *high)
{
	if (low->rate_bps && high->rate_bps)
		return low->rate_bps > high->rate_bps;
	return low->share_ppb > (high->share_ppb ? high->share_ppb : SHARE_DEFAULT_PPB) &&
	       !high->rate_bps;
}

int burst_judge_check(const struct burst_options *options, struct error *err)
{
	if (!is_above(&options->low, &options->high))
		return 0;
	error_set(err, -EINVAL, "--low is above --threshold");
	error_hint(err, "a burst begins above the threshold and ends below the low mark");
	return -EINVAL;
}
