#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a veth pair carries with a probe on it, as a part of what it carries without: each round is one run without,
# one with ifpulse, one with a program on the hook that counts to one number and reads no clock, one with bpftrace
# counting the same packets, in turn and then the other way round.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

rounds=$(or_quick 10 1)
datagrams=$(or_quick 400000 20000)
bytes=$(or_quick 3000000000 100000000)
subjects=(none ifpulse hook bpftrace)
add_far_pair
command -v bpftrace >/dev/null || subjects=(none ifpulse hook)

on() { # SUBJECT
	case $1 in
	none) PID= ;;
	ifpulse) start_ifpulse ifpulse 1 rate -I 1s -w 100us -j -i a0 ;;
	hook)
		start hook "$TOOLS/neighbour" --interface a0 --direction egress --mode tcx --verdict next
		wait_for "$WORK/hook.err" ready "$PID"
		;;
	bpftrace)
		start_bpftrace 'tracepoint:net:net_dev_queue,tracepoint:net:netif_receive_skb
			{ @[probe, str(args->name)] = count(); @bytes[probe, str(args->name)] = sum(args->len); }'
		;;
	esac
}

# The far end: reads what comes, so that next to nothing is dropped.
start_sink() { # ARGUMENT…
	: >"$WORK/sink.err"
	ip netns exec "$NS-far" "$TOOLS/traffic" "$@" --port 7001 --timeout 60 >/dev/null 2>"$WORK/sink.err" &
	SINK=$!
	PIDS+=("$SINK")
	wait_for "$WORK/sink.err" ready "$SINK"
}

# How long it takes to send as much, us.
udp() {
	local from
	start_sink udp-sink --count 4000000000
	from=$(now_us)
	# 22 bytes are 64 with the headers.
	in_ns "$TOOLS/traffic" udp-send --to 198.51.100.2 --port 7001 --count "$datagrams" --size 22 >/dev/null
	echo $(($(now_us) - from))
	stop "$SINK" 2>/dev/null
}

tcp() {
	local from
	start_sink tcp-sink
	from=$(now_us)
	in_ns "$TOOLS/traffic" tcp-send --to 198.51.100.2 --port 7001 --bytes "$bytes" >/dev/null
	wait "$SINK"
	echo $(($(now_us) - from))
}

round() { # SUBJECT…
	local subject
	for subject; do
		on "$subject"
		for kind in udp tcp; do
			echo "$subject $kind $("$kind")" >>"$WORK/round"
		done
		[[ -z $PID ]] || stop "$PID"
	done
}

udp >/dev/null
for ((i = 0; i < rounds; i++)); do
	: >"$WORK/round"
	if ((i % 2)); then
		round "${subjects[@]}"
	else
		mapfile -t reversed < <(printf '%s\n' "${subjects[@]}" | tac)
		round "${reversed[@]}"
	fi
	awk '{us[$1, $2] = $3; seen[$1]} END {for (s in seen) for (k = 0; k < 2; k++) {
		kind = k ? "tcp" : "udp"; if (s != "none") print s, kind, us["none", kind] / us[s, kind]}}' \
		"$WORK/round" >>"$WORK/ratios"
done

ratios_of() { # SUBJECT KIND
	awk -v subject="$1" -v kind="$2" '$1 == subject && $2 == kind {print $3}' "$WORK/ratios"
}

rows_of() { # FIGURE KIND TARGET
	ratios_of ifpulse "$2" | row "$1" "ifpulse, windows of 100 us" x --at-least "$3"
	ratios_of hook "$2" | row "$1" "a packet counter on the egress hook alone" x
	if command -v bpftrace >/dev/null; then
		ratios_of bpftrace "$2" | row "$1" "bpftrace, counting the same by interface" x
	else
		no_row "$1" bpftrace x "not installed (scripts/setup bench)"
	fi
}

rows_of "throughput kept, flood of 64-byte UDP over a veth pair" udp 0.97
rows_of "throughput kept, TCP over a veth pair" tcp 0.99
