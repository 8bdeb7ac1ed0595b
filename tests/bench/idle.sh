#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# CPU with 1,000 interfaces of which none moves. `rate` prints a thousand lines a second, the others none.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

FIGURE="CPU, 1,000 idle interfaces"
slices=$(or_quick 10 1)
add_ns "$NS"
add_pairs 1000
start_pollers "$FIGURE" "% of a core"
start_ifpulse bursts 1000 bursts -j -w 100us -i 'c*'
ours=("bursts=$PID")
start_ifpulse record 1000 record -o "$WORK/recording" -w 100us -i 'c*'
ours+=("record=$PID")
start_ifpulse rate 1000 rate -j -I 1s -i 'c*'
ours+=("rate=$PID")
sleep "$(or_quick 5 1)"
sample_cpu "$slices" 3 "${ours[@]}" "${RUNNING[@]}"
row "$FIGURE" "ifpulse bursts at 100 us" "% of a core" --at-most 0.1 <"$WORK/bursts.cpu"
row "$FIGURE" "ifpulse record at 100 us" "% of a core" --at-most 0.1 <"$WORK/record.cpu"
row "$FIGURE" "ifpulse rate, 1,000 lines each 1 s" "% of a core" <"$WORK/rate.cpu"
poller_rows "$FIGURE"
