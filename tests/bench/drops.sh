#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a drop costs, in situ, as the kernel tells of each program: see tests/tools/drop_cost.c. bpftrace counts the
# same tracepoint by reason at the same drops.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

FIGURE="drop tracepoint, each drop, without what taking the time costs"
add_ns "$NS"

# Ids of the programs of a kind and name that were not there before. A kernel thread may hold none.
program_ids() { # NAME
	bpftool prog show -j | jq -r --arg name "$1" '.[] | select((.name // "") | startswith($name)) | .id' | sort -n
}

declare -A LABEL=()
watch() { # LABEL NAME COMMAND…
	local label=$1 name=$2 before new tries
	shift 2
	before=$(program_ids "$name")
	"$@"
	for ((tries = 0; tries < 200; tries++)); do
		new=$(comm -13 <(sort <<<"$before") <(program_ids "$name" | sort) | sort -n | tail -n 1)
		[[ -z $new ]] || break
		sleep 0.05
	done
	[[ -n $new ]] || fail "there is no program $name"
	LABEL[$new]=$label
}

watch "ifpulse rate (totals, windows)" ifpulse_drop start_ifpulse rate 1 rate -I 1s -j -i lo
watch "ifpulse drops (by reason)" ifpulse_drop start_ifpulse drops 0 drops -I 1s -j -i lo
if command -v bpftrace >/dev/null; then
	watch "bpftrace, counting by reason" kfree_skb start_bpftrace \
		'tracepoint:skb:kfree_skb { @[args->reason] = count(); }'
else
	no_row "$FIGURE" bpftrace ns "not installed (scripts/setup bench)"
fi
sleep 1

ids=$(IFS=,; echo "${!LABEL[*]}")
in_ns "$TOOLS/drop_cost" --programs "$ids" --rounds "$(or_quick 501 9)" >"$WORK/cost"
for id in $(tr , '\n' <<<"$ids" | sort -n); do
	target=null
	[[ ${LABEL[$id]} == bpftrace* ]] || target=80
	jq -c --arg bench "$BENCH" --arg figure "$FIGURE" --arg subject "${LABEL[$id]}" --argjson id "$id" \
		--argjson target "$target" 'select(.id == $id) | {bench: $bench, figure: $figure,
		subject: $subject, unit: "ns", target: (if $target then {at_most: $target} else null end),
		median, lower, upper, runs, reached: (if $target then .median <= $target else null end),
		note: null}' "$WORK/cost"
done
