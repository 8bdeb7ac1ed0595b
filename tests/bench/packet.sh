#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the TC programs add to each packet: see tests/tools/packet_cost.c.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

add_ns "$NS"
in_ns "$TOOLS/packet_cost" warm --rounds "$(or_quick 301 5)" >"$WORK/cost"

# The tool has made the medians.
cost() { # FIGURE CASE PACKET empty|clock TARGET|null
	jq -c --arg bench "$BENCH" --arg figure "$1" --arg case "$2" --arg packet "$3" --arg over "$4" \
		--argjson target "$5" 'select(.case == $case and .packet == $packet and .over == $over)
		| {bench: $bench, figure: $figure,
			subject: (if .direction == "" then "bpf_ktime_get_ns()" else "ifpulse, \(.direction)" end),
			unit: "ns", target: (if $target then {at_most: $target} else null end),
			median, lower, upper, runs,
			reached: (if $target then .median <= $target else null end), note: null}' "$WORK/cost"
}

cost "the clock alone, over an empty program" clock plain empty null
cost "added to a packet, counters only, over an empty program" counters plain empty 6
cost "the same of a GSO skb, over an empty program" counters gso empty null
cost "added with windows of 100 us, over an empty program" windows plain empty null
cost "the same, over one that reads the clock" windows plain clock 6
cost "the same of a GSO skb, over the clock" windows gso clock null
cost "the same, looking for bursts, nothing hot" "flows, nothing hot" plain clock null
cost "in a hot window, with its flow, over the clock" "hot window" plain clock 80
cost "of a packet in another namespace (--netns), over the clock" "other namespace" plain clock null
cost "every packet closes a window, over the clock" "every packet closes a window" plain clock 25
