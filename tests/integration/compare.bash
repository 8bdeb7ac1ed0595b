#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What tests of `compare` share; after lib and probe.

declare -gA COMPARE_PID=() COMPARE_OUT=()

# Returns once the first sample of every interface there has been taken.
begin() { # NS ARGUMENT…
	local ns=$1
	shift
	start_ifpulse "$ns" compare -v -j -I 200ms -d 60s "$@"
	COMPARE_PID[$ns]=$IFPULSE_PID
	COMPARE_OUT[$ns]=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'comparing from here on' 20
}

# Ends it; its exit status has to be STATUS (0).
finish() { # NS [STATUS]
	local status=0
	stop_ifpulse "${COMPARE_PID[$1]}" || status=$?
	assert_equal "$status" "${2:-0}" "exit status in $1" && return
	cat "${COMPARE_OUT[$1]}" >&2
	return 1
}

# One field of one object.
field() { # NS IFNAME DIRECTION COUNTER FIELD
	jq -r --arg i "$2" --arg d "$3" --arg c "$4" --arg f "$5" '[.[] | select(.ifname == $i and
		.direction == $d and .counter == $c) | .[$f]] | if length == 1 then .[0] else
		error("\(length) rows of \($i) \($d) \($c)") end' "${COMPARE_OUT[$1]}"
}

# Both counters of a direction agree, at rest to the byte, and the device counts as it is said to.
agrees() { # NS IFNAME DIRECTION skbs|segments|either EXTRA-BYTES
	local counter
	for counter in packets bytes; do
		assert_equal "$(field "$1" "$2" "$3" "$counter" verdict)" match "$2 $3 $counter"
		assert_equal "$(field "$1" "$2" "$3" "$counter" difference)" 0 "$2 $3 $counter"
		assert_equal "$(field "$1" "$2" "$3" "$counter" low)" \
			"$(field "$1" "$2" "$3" "$counter" high)" "bounds of $2 $3 $counter"
		assert_equal "$(field "$1" "$2" "$3" "$counter" counts)" "$4" "$2 $3 $counter"
		assert_equal "$(field "$1" "$2" "$3" "$counter" extra_bytes)" "$5" "$2 $3 $counter"
	done
	(($(field "$1" "$2" "$3" packets kernel) > 0))
}

is_explained() { # NS IFNAME DIRECTION COUNTER REASON
	assert_equal "$(field "$1" "$2" "$3" "$4" verdict)" explained "$2 $3 $4"
	[[ $(field "$1" "$2" "$3" "$4" reason) == *"$5"* ]] && return
	printf '%s\n' "$(field "$1" "$2" "$3" "$4" reason)" >&2
	return 1
}

tcp() { # NS TO-NS ADDRESS FAMILY [BYTES]
	start_sink "$2" tcp-sink --port 7001 --family "$4"
	send "$1" traffic tcp-send --to "$3" --port 7001 --bytes "${5:-10000000}"
	wait_bg sink
}

udp() { # NS TO-NS ADDRESS FAMILY
	send "$1" traffic udp-send --to "$3" --port 7009 --count 3000 --size 300
}

# Both, from NS to TO-NS, with everything compared on both sides; ends when all of it has been counted.
compare_both() { # NS TO-NS ADDRESS FAMILY
	begin "$1"
	begin "$2"
	tcp "$@"
	udp "$@"
	settle_all "$1" "$2"
	finish "$1"
	finish "$2"
}

settle_all() { # NS…
	local ns name arguments=()
	for ns; do
		while read -r name; do
			arguments+=("$ns" "$name")
		done < <(ip -n "$ns" -j link | jq -r '.[].ifname')
	done
	settle "${arguments[@]}"
}

features() { # NS IFNAME FEATURE…
	in_ns "$1" ethtool -K "${@:2}"
}
