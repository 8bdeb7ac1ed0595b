#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# How many of so many bursts of 200 us at 1 Gbit/s, 20 ms apart, are found: by ifpulse at 100 us, held against what
# was sent by tests/tools/judge, and by tools that read counters, each as often as it can. To these a burst is found
# if one of their readings that meets it shows half of its rate or more: ifpulse has to find it with its start, end
# and every byte.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

FIGURE="found of bursts of 200 us"
bursts=$(or_quick 1000 50)
add_far_pair
start_ifpulse bursts 1 bursts --csv -w 100us -i a0 --threshold 100kbit --merge-gap 2ms
ours=$PID

peers=()
peer() { # NAME LABEL NEEDS COMMAND…
	local name=$1 label=$2
	if ! sh -c "$3" >/dev/null 2>&1; then
		no_row "$FIGURE" "$label" % "not installed (scripts/setup bench)"
		return
	fi
	start "$name" "${@:4}"
	peers+=("$name=$PID=$label")
}

# Each prints a time and the bytes sent since the last, or its rate; see rates().
peer psutil-1ms "psutil, each 1 ms" "/usr/bin/python3 -c 'import psutil'" /usr/bin/python3 -c "$PSUTIL" 0.001
peer psutil-1s "psutil, each 1 s" "/usr/bin/python3 -c 'import psutil'" /usr/bin/python3 -c "$PSUTIL" 1
peer bwm-ng "bwm-ng, each 1 ms" "command -v bwm-ng" bwm-ng -i proc -a -t 1 -o csv
# shellcheck disable=SC2016 # for bmon
peer bmon "bmon, each 1 ms" "command -v bmon" bmon -p a0 -r 0.001 -R 0.001 -s 0.001 -o 'format:fmt=$(attr:txrate:bytes)\n;quitafter=1000000'
peer sar "sar, each 1 s" "command -v sar" env LC_ALL=C sar -n DEV 1 100000
peer node_exporter "node_exporter, scraped without end" "command -v prometheus-node-exporter && command -v curl" \
	prometheus-node-exporter --collector.disable-defaults --collector.netdev --web.listen-address=127.0.0.1:9100
if [[ " ${peers[*]}" == *" node_exporter="* ]]; then
	sleep 0.3
	# shellcheck disable=SC2016 # for the shell in there
	start scraped bash -c 'while :; do curl -s http://127.0.0.1:9100/metrics |
		sed -n "s/^node_network_transmit_bytes_total{device=\"a0\"}/$EPOCHREALTIME/p"; done'
fi
sleep 1

in_ns "$TOOLS/schedule" udp --to 198.51.100.2 --port 9 --receive-in "/run/netns/$NS-far" --truth "$WORK/truth" \
	--bursts "$bursts" --period-us 20000 --length-us 200 --rate-mbit 1000 --size 1208 --timeout 100 >/dev/null
sleep 2
stop "$ours"
for item in "${peers[@]}"; do
	pid=${item#*=}
	stop "${pid%%=*}" >/dev/null 2>&1
done

# judge fails where too few were right: that is a figure, too.
"$TOOLS/judge" bursts --truth "$WORK/truth" --found "$WORK/bursts.out" --direction tx --window-us 100 \
	--threshold-kbit 100 --merge-gap-us 2000 >"$WORK/verdict" || true
jq -e '.truth_bursts > 0' "$WORK/verdict" >/dev/null || fail "judge could not tell: $(<"$WORK/verdict")"
jq .recall_pct "$WORK/verdict" | row "$FIGURE" "ifpulse bursts at 100 us" % --at-least 99.9

# What each tool printed, as "seconds rate" (bit/s) of a0; the time is that of the reading.
rates() { # NAME
	case $1 in
	psutil*) awk '$2 == "a0" {if (last) print $1, $3 * 8 / ($1 - last); last = $1}' "$WORK/$1.out" ;;
	bwm-ng) awk -F ';' '$2 == "a0" {print $1, $3 * 8}' "$WORK/$1.out" ;;
	bmon) awk '{print 0, $1 * 8}' "$WORK/$1.out" ;;
	sar) awk '$2 == "a0" {print 0, $6 * 8192}' "$WORK/$1.out" ;;
	node_exporter) awk '{sub(",", ".", $1); if (t && $1 > t) print $1, ($2 - n) * 8 / ($1 - t); t = $1; n = $2}' \
		"$WORK/scraped.out" ;;
	esac
}

# A reading shows one burst at most, as they are 20 ms apart and it takes 500 Mbit/s.
for item in "${peers[@]}"; do
	name=${item%%=*}
	seen=$(rates "$name" | awk '$2 >= 500e6' | wc -l)
	((seen <= bursts)) || seen=$bursts
	highest=$(rates "$name" | awk '$2 > most {most = $2} END {printf "%.1f\n", most / 1e6}')
	awk -v seen="$seen" -v all="$bursts" 'BEGIN {print 100 * seen / all}' |
		row "$FIGURE" "${item##*=}" % --note "at most $highest Mbit/s in a reading"
done
