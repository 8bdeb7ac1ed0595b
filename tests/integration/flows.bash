#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What tests of the flows of bursts share; `load lib` and `load probe` first.

# Starts `bursts` in NS on IFNAME and returns once it looks out for flows. All that is sent is one burst, and
# every packet is hot.
watch_flows() { # NS IFNAME ARGUMENT…
	local ns=$1 ifname=$2
	shift 2
	start_ifpulse "$ns" bursts -j -v -i "$ifname" --threshold 1Mbit --merge-gap 2s \
		--flows 4096 "$@"
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
}

# Its bursts of one direction, as an array.
bursts_of() { # FILE rx|tx
	jq -s --arg direction "$2" '[.[] | select(.direction == $direction)]' "$1"
}

adds_up() { # FILE
	jq -se 'all((.flows | map(.wire_bytes) | add // 0) as $named
		| (.wire_bytes as $all | (.flows | map(.share) | add // 0) - $named / $all | fabs < 1e-6)
		and .flows == (.flows | sort_by(-.wire_bytes))
		and (.flows_exact | not) == (.unattributed_bytes > 0
			or $named < .wire_bytes)
		and (.flows_total >= 4096 or (.flows_total == (.flows | length)
			and $named + .unattributed_bytes == .wire_bytes)))' "$1" >/dev/null && return
	cat "$1" >&2
	return 1
}

# The flows of all bursts of a direction, with no number in them but the addresses, ports, bytes and packets.
flows_of() { # FILE rx|tx
	bursts_of "$@" | jq -r '.[].flows[] | [.family, .protocol, .fragment, .source, .source_port,
		.destination, .destination_port, .wire_bytes, .wire_packets]
		| map(if . == null then "-" else tostring end) | join(" ")'
}

total() { # FILE rx|tx FIELD
	bursts_of "$1" "$2" | jq --arg field "$3" 'map(.[$field]) | add // 0'
}

# Packets whose flows were written after their windows were told, as the last run said.
late_flows() {
	sed -n 's/.*the flows of \([0-9]*\) packets came too late.*/\1/p' "$IFPULSE_ERR" | grep . || echo 0
}

# A frame to nobody, from the ethertype on.
send_hex() { # COUNT SIZE HEX ARGUMENT…
	send "$NS0" frames hex-send --interface v0 --count "$1" --size "$2" \
		--frame "020000000001020000000002${3//[[:space:]]/}" "${@:4}"
}
