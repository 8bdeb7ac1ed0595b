#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# soak.sh [SECONDS], an hour by default: three commands run side by side, in a namespace of their own, while every CPU
# sends what it can, and interfaces and whole namespaces come and go. Prints from time to time what each takes, and
# fails if memory, open files or the flight recorder's file still grow after the first fifth of the time, or if one
# ends early or counts wrongly. RSS_SLACK_KIB (2048) is what memory may grow by. SOAK_SENDERS is how many send, one for
# each CPU by default; with 0 there are bursts instead, and to tell of a loss is a failure, too.
set -euo pipefail

seconds=${1:-3600}
BUILD=${BUILD:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/build}
slack=${RSS_SLACK_KIB:-2048}
senders=${SOAK_SENDERS:-$(nproc)}
ns=ifp-soak-$$
work=$(mktemp -d)
pids=()
names=(rate bursts record)
sent=0 guests=0

if [[ ! $seconds =~ ^[0-9]+$ ]] || ((seconds < 20)); then
	echo "usage: soak.sh [SECONDS], 20 at least" >&2
	exit 2
fi
((EUID == 0)) || {
	echo "soak: needs root" >&2
	exit 3
}

cleanup() {
	local pid
	touch "$work/stop"
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	ip netns delete "$ns" 2>/dev/null || true
	ip netns delete "$ns-guest" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

# Seconds that no step of the wall clock moves, as it does $SECONDS.
uptime_s() {
	local up
	read -r up _ </proc/uptime
	echo "${up%.*}"
}

fail() {
	echo "soak: $*" >&2
	exit 1
}

start() { # NAME ARGUMENT…
	ip netns exec "$ns" env --default-signal=INT "$BUILD/ifpulse" "${@:2}" -v \
		>"$work/$1.out" 2>"$work/$1.err" &
	pids+=("$!")
	until grep -qs 'attached to v0' "$work/$1.err"; do
		kill -0 "${pids[-1]}" 2>/dev/null || fail "$1 does not start: $(<"$work/$1.err")"
		sleep 0.1
	done
}

rss_kib() { # PID
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

open_files() { # PID
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

file_kib() {
	du -ck "$work"/flight* | awk 'END { print $1 }'
}

# A namespace with a veth, alive for a second or so: all of them look into it.
guest() {
	local host=w$((++guests))
	ip netns add "$ns-guest"
	ip link add "$host" netns "$ns" type veth peer name eth0 netns "$ns-guest"
	ip -n "$ns" link set "$host" addrgenmode none up
	ip -n "$ns-guest" link set eth0 addrgenmode none up
	burst "$host" 20
	sleep 0.7
	ip netns delete "$ns-guest"
}

# What is sent without end has its number in $work/sent.* at the end; $work/stop ends it.
flood() { # NUMBER
	local total=0
	while [[ ! -e $work/stop ]]; do
		burst v0 100000
		total=$((total + 100000))
	done
	echo "$total" >"$work/sent.$1"
}

burst() { # IFNAME COUNT
	ip netns exec "$ns" "$BUILD/tools/frames" raw-send --interface "$1" --count "$2" --size 1000 \
		>/dev/null
}

count_lines() { # PATTERN NAME
	grep -c "$1" "$work/$2.err" || true
}

# Until nothing but the two interfaces that stay is attached, so that samples are of the same.
settle() {
	local name tries
	for name in "${names[@]}"; do
		for ((tries = 0; $(count_lines 'attached to' "$name") - $(count_lines 'detached from' "$name") != 2; tries++)); do
			((tries < 100)) || fail "$name does not let go of what has gone"
			sleep 0.1
		done
	done
}

# One line: time, then resident KiB and open files of each, and the file's KiB; the numbers also in SAMPLE.
sample() {
	local i
	SAMPLE=()
	for i in "${!pids[@]}"; do
		kill -0 "${pids[i]}" 2>/dev/null || fail "${names[i]} has ended: $(tail -n 3 "$work/${names[i]}.err")"
		SAMPLE+=("$(rss_kib "${pids[i]}")" "$(open_files "${pids[i]}")")
	done
	SAMPLE+=("$(file_kib)")
	printf '%7d s' "$elapsed"
	for i in "${!pids[@]}"; do
		printf '   %s %6d KiB %3d files' "${names[i]}" "${SAMPLE[2 * i]}" "${SAMPLE[2 * i + 1]}"
	done
	printf '   recording %d KiB\n' "${SAMPLE[-1]}"
}

judge() {
	local i
	for i in "${!names[@]}"; do
		((LAST[2 * i] <= FIRST[2 * i] + slack)) ||
			fail "${names[i]} grew from ${FIRST[2 * i]} to ${LAST[2 * i]} KiB"
		((LAST[2 * i + 1] <= FIRST[2 * i + 1])) ||
			fail "${names[i]} had ${FIRST[2 * i + 1]} files open, and now ${LAST[2 * i + 1]}"
	done
	((LAST[-1] <= 3 * 1024)) || fail "the flight recorder's file has ${LAST[-1]} KiB"
}

# Keeps the lower numbers of SAMPLE and those before: what is in use varies with what there is to do.
lower() { # ARRAY
	local -n kept=$1
	local i
	for i in "${!SAMPLE[@]}"; do
		((i < ${#kept[@]} && kept[i] <= SAMPLE[i])) || kept[i]=${SAMPLE[i]}
	done
}

ip netns add "$ns"
ip -n "$ns" link add v0 type veth peer name v1
for ifname in v0 v1; do
	ip -n "$ns" link set "$ifname" addrgenmode none up
done
common=(-i 'v*' -i 'w*' -i 'eth*' --netns "$ns-*")
start rate rate -j -I 1s "${common[@]}"
start bursts bursts -j --threshold 100Mbit "${common[@]}"
start record record -o "$work/flight" --max-size 1M --keep 60s --threshold 100Mbit "${common[@]}"

floods=()
for ((i = 0; i < senders; i++)); do
	flood "$i" &
	floods+=("$!")
done
began=$(uptime_s)
FIRST=() LAST=()
next=0 elapsed=0 period=$((seconds / 60 > 2 ? seconds / 60 : 2))
while ((elapsed < seconds)); do
	guest
	((senders)) || {
		burst v0 50
		sent=$((sent + 50))
	}
	elapsed=$(($(uptime_s) - began))
	((elapsed >= next)) || continue
	next=$((elapsed + period))
	settle
	sample
	if ((elapsed >= seconds / 5 && elapsed < seconds * 2 / 5)); then
		lower FIRST
	elif ((elapsed >= seconds * 4 / 5)); then
		lower LAST
	fi
done
touch "$work/stop"
((senders == 0)) || wait "${floods[@]}" || fail "a sender failed"
for ((i = 0; i < senders; i++)); do
	sent=$((sent + $(<"$work/sent.$i")))
done
for i in "${!pids[@]}"; do
	kill -INT "${pids[i]}"
	wait "${pids[i]}" || fail "${names[i]} ended with status $?"
	grep -E 'warning|error' "$work/${names[i]}.err" || continue
	((senders)) || fail "${names[i]} told of a loss"
done
pids=()
counted=$(jq -n 'reduce (inputs | select(.ifname == "v0")) as $r (0; . + $r.tx_packets)' "$work/rate.out")
((counted == sent)) || fail "$sent packets were sent, and $counted counted"
((${#FIRST[@]} && ${#LAST[@]})) || fail "not enough samples"
judge
echo "soak: $seconds s, $sent packets, and none of it grew"
