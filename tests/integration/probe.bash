#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What tests of the counters share; `load lib` first. A measurement is: probe both ends of the pair, note
# the kernel's counters, send, then hold three things against one another: what the generator says
# it sent, what the kernel counted since, and the sum of all that ifpulse printed.

ETHERNET=14
# shellcheck disable=SC2034 # the tests use them
UDP4=$((ETHERNET + 20 + 8)) UDP6=$((ETHERNET + 40 + 8))

declare -gA KERNEL_BEFORE=() PROBE_OUT=() PROBE_PID=()

# Starts `rate` in NS and returns once IFNAME is attached there.
probe() { # NS IFNAME ARGUMENT…
	local ns=$1 ifname=$2
	shift 2
	start_ifpulse "$ns" rate -j -I 50ms "$@"
	PROBE_OUT[$ns]=$IFPULSE_OUT
	PROBE_PID[$ns]=$IFPULSE_PID
	wait_for_line "$IFPULSE_OUT" "\"ifname\":\"$ifname\"" || {
		cat "$IFPULSE_ERR" >&2
		return 1
	}
}

# Ends the probe in NS, which prints what it has counted to the end.
end_probe() { # NS
	stop_ifpulse "${PROBE_PID[$1]}"
}

# Sum of a field over every row of IFNAME that the probe in NS printed.
probed() { # NS IFNAME FIELD
	jq -s --arg ifname "$2" --arg field "$3" \
		'[.[] | select(.ifname == $ifname) | .[$field]] | add // error("no rows of " + $ifname)' \
		"${PROBE_OUT[$1]}"
}

# The same of several fields, in one line.
probed_all() { # NS IFNAME FIELD…
	jq -rs --arg ifname "$2" 'map(select(.ifname == $ifname)) as $rows |
		if $rows == [] then error("no rows of " + $ifname) else . end |
		[$ARGS.positional[] | . as $field | $rows | map(.[$field]) | add | tostring] | join(" ")' \
		"${PROBE_OUT[$1]}" --args "${@:3}"
}

# Notes the kernel's counters of interfaces, for kernel().
note_kernel() { # [NS IFNAME]…
	local fields=({rx,tx}_{packets,bytes,dropped}) values all i
	while (($#)); do
		all=$(stats64 "$1" "$2" "${fields[@]}")
		read -ra values <<<"$all"
		for i in "${!fields[@]}"; do
			KERNEL_BEFORE[$1:$2:${fields[i]}]=${values[i]}
		done
		shift 2
	done
}

# What the kernel has counted since note_kernel.
kernel() { # NS IFNAME FIELD
	echo $(($(stats64 "$@") - ${KERNEL_BEFORE[$1:$2:$3]}))
}

# packets and bytes as the stack counts them, of the probe and of stats64, agree in both directions.
skbs_equal_kernel() { # NS IFNAME
	local fields=({rx,tx}_{packets,bytes}) now values expected=() i
	now=$(stats64 "$1" "$2" "${fields[@]}")
	read -ra values <<<"$now"
	for i in "${!fields[@]}"; do
		expected+=($((values[i] - ${KERNEL_BEFORE[$1:$2:${fields[i]}]})))
	done
	assert_equal "$(probed_all "$1" "$2" "${fields[@]}")" "${expected[*]}" "$2 ${fields[*]}"
}

# The same of the wire counters: where the device gets every GSO segment by itself.
wire_equals_kernel() { # NS IFNAME DIRECTION
	assert_equal "$(probed "$1" "$2" "$3_wire_packets")" "$(kernel "$1" "$2" "$3_packets")" \
		"$2 $3_wire_packets"
	assert_equal "$(probed "$1" "$2" "$3_wire_bytes")" "$(kernel "$1" "$2" "$3_bytes")" \
		"$2 $3_wire_bytes"
}

# All four counters of a direction.
probed_is() { # NS IFNAME DIRECTION PACKETS BYTES [WIRE_PACKETS WIRE_BYTES]
	local fields=("$3"_{packets,bytes,wire_packets,wire_bytes})
	assert_equal "$(probed_all "$1" "$2" "${fields[@]}")" "$4 $5 ${6:-$4} ${7:-$5}" \
		"$2 ${fields[*]}"
}

start_sink() { # NS MODE ARGUMENT…
	local ns=$1
	shift
	start_bg sink "$ns" "$BUILD/tools/traffic" "$@"
	wait_for_line "$BG_ERR" '^ready$'
}

# Sends from NS, with the sender's own account in SENT.
send() { # NS TOOL ARGUMENT…
	local ns=$1 tool=$2
	shift 2
	SENT=$BATS_TEST_TMPDIR/sent.json
	in_ns "$ns" "$BUILD/tools/$tool" "$@" >"$SENT"
}

# Of windows as CSV, since there are many: the packets of a direction, how many of its windows are unknown,
# and how many do not begin where the one before ended.
add_up() { # CSV DIRECTION WIDTH-US
	awk -F, -v direction="$2" -v width="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["direction"] != direction { next }
		{
			split($at["time"], t, /[T:.Z]/)
			now = (t[2] * 3600 + t[3] * 60 + t[4]) * 1000000 + t[5]
			broken += n++ && (now - previous + 86400000000) % 86400000000 != width
			previous = now
			packets += $at["packets"]
			unknown += $at["packets"] == ""
		}
		END { print packets + 0, unknown + 0, broken + 0 }' "$1"
}

# Starts somebody else's program; its name for neighbour_counted is the one of the background process.
neighbour() { # NAME NS ARGUMENT…
	local name=$1 ns=$2
	shift 2
	start_bg "$name" "$ns" "$BUILD/tools/neighbour" "$@"
	wait_for_line "$BG_ERR" '^ready$'
}

# Ends it; it fails itself if its filter was taken away.
neighbour_counted() { # NAME PACKETS
	kill -INT "$(<"$BATS_TEST_TMPDIR/$1.pid")"
	wait_bg "$1"
	assert_equal "$(json_field "$BATS_TEST_TMPDIR/$1.out" packets)" "$2" "packets of neighbour $1"
}
