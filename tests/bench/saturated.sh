#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# CPU time in user space and for it, at 100 us, while one interface is sent all that it takes; and of the tools that
# people use, all of them looking at the same traffic at the same time.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

FIGURE="CPU, one interface saturated"
slices=$(or_quick 15 1)
add_ns "$NS"
add_pairs 2
start spread "$TOOLS/spread" --prefix c --interfaces 1 --seconds 120
start_pollers "$FIGURE" "% of a core"
start_ifpulse bursts 1 bursts -j -w 100us -i c0 --threshold 100Gbit
ours=("bursts=$PID")
start_ifpulse rate 1 rate -j -I 1s -w 100us -i c0
ours+=("rate=$PID")
sleep 2
sample_cpu "$slices" 1 "${ours[@]}" "${RUNNING[@]}"
row "$FIGURE" "ifpulse bursts at 100 us" "% of a core" --at-most 0.5 <"$WORK/bursts.cpu"
row "$FIGURE" "ifpulse rate at 100 us" "% of a core" --at-most 0.5 <"$WORK/rate.cpu"
poller_rows "$FIGURE"
