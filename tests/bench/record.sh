#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a recording at 100 us takes while one interface is sent all that it takes, in both directions: CPU, and what
# the file grows by. node_exporter and sar record, too (sar into its file), at 1 s.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

CPU="recording, one interface saturated both ways: CPU"
BYTES="recording, one interface saturated both ways: disk"
slices=$(or_quick 15 1)
add_ns "$NS"
add_pairs 2
start out "$TOOLS/spread" --prefix c --interfaces 1 --seconds 150
# The other end is c1: what it sends c0 receives.
ip -n "$NS" link set c1 name d0
start back "$TOOLS/spread" --prefix d --interfaces 1 --seconds 150
start_ifpulse record 1 record -o "$WORK/recording" -w 100us -i c0
RUNNING=("record=$PID")
if command -v sar >/dev/null; then
	start sar "$(command -v sar)" -n DEV -o "$WORK/sar" 1 100000
	sleep 0.5
	# It leaves the recording to a program of its own.
	RUNNING+=("sar=$(pgrep -P "$PID" | head -n 1 || true)")
	[[ ${RUNNING[1]} != sar= ]] || RUNNING[1]="sar=$PID"
else
	no_row "$CPU" "sar -o, each 1 s" "% of a core" "not installed (scripts/setup bench)"
fi

size_of() { # FILE
	cat "$1"* 2>/dev/null | wc -c
}

sleep 3
: >"$WORK/record.bytes"
: >"$WORK/sar.bytes"
for item in "${RUNNING[@]}"; do
	: >"$WORK/${item%=*}.all"
done
for ((i = 0; i < slices; i++)); do
	from=$(now_us)
	recording=$(size_of "$WORK/recording") sar=$(size_of "$WORK/sar")
	# Long enough that commits, one a second, even out.
	sample_cpu 1 3 "${RUNNING[@]}"
	took=$(($(now_us) - from))
	awk -v b="$(($(size_of "$WORK/recording") - recording))" -v us="$took" 'BEGIN {print b * 1000 / us}' >>"$WORK/record.bytes"
	awk -v b="$(($(size_of "$WORK/sar") - sar))" -v us="$took" 'BEGIN {print b * 1000 / us}' >>"$WORK/sar.bytes"
	for item in "${RUNNING[@]}"; do
		cat "$WORK/${item%=*}.cpu" >>"$WORK/${item%=*}.all"
	done
done
row "$CPU" "ifpulse record at 100 us" "% of a core" --at-most 2 <"$WORK/record.all"
[[ ! -e $WORK/sar.all ]] || row "$CPU" "sar -o, each 1 s" "% of a core" <"$WORK/sar.all"
row "$BYTES" "ifpulse record at 100 us" kB/s --at-most 200 <"$WORK/record.bytes"
[[ ! -e $WORK/sar.all ]] || row "$BYTES" "sar -o, each 1 s" kB/s <"$WORK/sar.bytes"
