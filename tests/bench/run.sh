#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Measures what ifpulse costs here; `make bench` runs it. Nothing in it can fail for being slow.
# Everything happens in a network namespace of its own.
set -euo pipefail

BUILD=${BUILD:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/build}
ns=ifp-bench-$$
pid=
PACKET_COST=() # what the tool is told

((EUID == 0)) || {
	echo "bench: needs root" >&2
	exit 3
}

cleanup() {
	[[ -z $pid ]] || kill "$pid" 2>/dev/null || true
	ip netns delete "$ns" 2>/dev/null || true
	ip netns delete "$ns-home" 2>/dev/null || true
}
trap cleanup EXIT

now_us() {
	printf %s "${EPOCHREALTIME/[.,]/}"
}

in_ns() {
	ip netns exec "$ns" "$@"
}

# Median, minimum and maximum, in ms, of how long a command takes; it is run ROUNDS times.
time_of() { # ROUNDS COMMAND…
	local rounds=$1 i start
	shift
	for ((i = 0; i < rounds; i++)); do
		start=$(now_us)
		"$@" >/dev/null
		echo $(($(now_us) - start))
	done | sort -n | awk '{a[NR] = $1 / 1000} END {
		printf "%9.1f  (%.1f to %.1f, %d runs)\n", a[int((NR + 1) / 2)], a[1], a[NR], NR}'
}

ip netns add "$ns"
ip -n "$ns" link set lo up

echo "kernel $(uname -r), $(nproc) CPUs"
echo
# What the programs add per packet while this runs.
packet_cost() { # COMMAND ARGUMENT…
	ip netns exec "${HOME_NS:-$ns}" "$BUILD/ifpulse" "$@" -j -i lo -v >/dev/null 2>"/tmp/$ns.err" &
	pid=$!
	# `bursts` says later what is hot.
	until grep -q "${READY:-attached to lo}" "/tmp/$ns.err"; do sleep 0.05; done
	in_ns "$BUILD/tools/packet_cost" "${PACKET_COST[@]}"
	kill -TERM "$pid"
	wait "$pid" || true
	pid=
	rm -f "/tmp/$ns.err"
}

echo "Added ns per packet over an empty program (BPF_PROG_TEST_RUN, 1 kB, interleaved):"
echo "counters only (--window off)"
packet_cost rate -I 1h --window off
echo "with windows of 100 us"
packet_cost rate -I 1h --window 100us
echo "the same, looking for bursts and their flows, and none is hot"
READY='looking for bursts' packet_cost bursts --threshold 100000Gbit
echo "with windows of 100 us, in another namespace than its own (--netns)"
ip netns add "$ns-home"
in_other_ns() {
	local home=$ns-home
	PACKET_COST=(15 2000000 ifpulse_ns_in ifpulse_ns_out)
	HOME_NS=$home READY="attached to $ns/lo" packet_cost rate -I 1h --window 100us --netns "$ns"
	PACKET_COST=()
}
in_other_ns
echo "each packet in a hot window: its flow is told"
READY='looking for bursts' packet_cost bursts --threshold 10Mbit
echo
echo "Start, attach, one report, detach, in ms:"
printf '%-34s' "1 interface (lo), auto"
time_of 9 in_ns "$BUILD/ifpulse" rate -j -I 1ms -c 1
for ((i = 0; i < 100; i++)); do
	echo "link add a$i type veth peer name b$i"
done | ip -n "$ns" -batch -
for mode in auto clsact tcx; do
	printf '%-34s' "200 veths and lo, --attach $mode"
	time_of "$([[ $mode == tcx ]] && echo 3 || echo 9)" \
		in_ns "$BUILD/ifpulse" rate -j -I 1ms -c 1 --attach "$mode"
done
