#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The worst a packet can meet: one at a time, each by another of 1,000 interfaces and in a new window; and with
# nothing in the caches of the CPU. (That every packet closes a window is in packet.sh.)
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

add_ns "$NS"
add_pairs 1000
in_ns "$TOOLS/packet_cost" turns --interfaces 1000 --rounds "$(or_quick 20000 1000)" >"$WORK/turns"
in_ns "$TOOLS/packet_cost" cold --rounds "$(or_quick 301 9)" >"$WORK/cold"

cost() { # FILE FIGURE
	jq -c --arg bench "$BENCH" --arg figure "$2" 'select(.over == "clock") | {bench: $bench,
		figure: $figure, subject: "ifpulse, \(.direction)", unit: "ns", target: {at_most: 25},
		median, lower, upper, runs, reached: (.median <= 25), note: null}' "$WORK/$1"
}

cost turns "by 1,000 interfaces in turn, over the clock"
cost cold "nothing in any cache, over the clock"
