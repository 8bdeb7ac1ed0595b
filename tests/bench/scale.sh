#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# CPU and memory with 1 to 1,000 busy interfaces: as many frames as one CPU can send, evenly by all of them, at
# 100 us.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

slices=$(or_quick 8 1)
add_ns "$NS"
add_pairs 1000

declare -A CPU=()

# What it says at its end, or does not.
lost() {
	local n
	n=$(sed -n 's/.* \([0-9]*\) windows were overwritten .*/\1/p' "$WORK/bursts.err")
	echo "${n:-no} windows lost"
}

measure() { # N
	local n=$1 pairs=$((($1 + 1) / 2)) i only=() figure="at $1 busy interfaces"
	local cpu=() rss=()
	((n < 1000)) || cpu=(--at-most 5) rss=(--at-most 64)
	for ((i = 0; n < 1000 && i < n; i++)); do
		only+=(-i "c$i")
	done
	start spread "$TOOLS/spread" --prefix c --step 2 --interfaces "$pairs" --seconds 100
	local sender=$PID
	start_ifpulse bursts "$n" bursts -j -w 100us --threshold 100Gbit "${only[@]}"
	local probe=$PID
	sleep 2
	sample_cpu "$slices" 1 "bursts=$probe"
	rss_mib "$probe" | row "$figure: resident memory" "ifpulse bursts at 100 us" MiB "${rss[@]}"
	maps_mib "$probe" | row "$figure: BPF maps" "ifpulse bursts at 100 us" MiB
	CPU[$n]=$(sort -g "$WORK/bursts.cpu" | sed -n "$(((slices + 1) / 2))p")
	stop "$probe"
	row "$figure: CPU" "ifpulse bursts at 100 us" "% of a core" "${cpu[@]}" --note "$(lost)" <"$WORK/bursts.cpu"
	if ((n == 1000)); then
		start_pollers "$figure: CPU" "% of a core"
		sleep 2
		sample_cpu "$slices" 1 "${RUNNING[@]}"
		poller_rows "$figure: CPU"
		for item in "${RUNNING[@]}"; do
			rss_mib "${item#*=}" | row "$figure: resident memory" "$(poller_label "${item%=*}")" MiB
		done
	fi
	stop "$sender"
}

for n in 1 10 100 1000; do
	measure "$n"
done
awk -v few="${CPU[100]}" -v many="${CPU[1000]}" 'BEGIN {print many / few}' |
	row "growth of CPU from 100 to 1,000 busy interfaces" "ifpulse bursts at 100 us" x --at-most 10
