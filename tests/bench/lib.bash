#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the benchmarks share: each sources it first. One is a script that prints its rows, JSON objects, a line each,
# on standard output, and fails only for being unable to measure. BENCH_QUICK=1 has it take a few samples of
# everything, which tells that it works and nothing else.
#
# A row is {bench, figure, subject, unit, target, median, lower, upper, runs, reached, note}: lower and upper are
# the quartiles; target is {"at_most": N}, {"at_least": N} or null; median is null where nothing could be
# measured, and note says why.

set -euo pipefail

BUILD=${BUILD:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/build}
BENCH=$(basename "$0" .sh)
IFPULSE=$BUILD/ifpulse
# shellcheck disable=SC2034 # for the benchmarks
TOOLS=$BUILD/tools
QUICK=${BENCH_QUICK:-0}
NS=ifp-bench-$$
WORK=$(mktemp -d)
PIDS=()
NAMESPACES=()

((EUID == 0)) || {
	echo "bench: needs root" >&2
	exit 3
}

bench_cleanup() {
	local pid ns
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	for ns in "${NAMESPACES[@]}"; do
		ip netns delete "$ns" 2>/dev/null || true
	done
	rm -rf "$WORK"
}
trap bench_cleanup EXIT
trap 'exit 143' TERM INT HUP

fail() {
	echo "bench: $BENCH: $*" >&2
	exit 1
}

# The first where all is to be measured, the second where only that it works.
or_quick() { # FULL QUICK
	((QUICK)) && echo "$2" || echo "$1"
}

now_us() {
	printf %s "${EPOCHREALTIME/[.,]/}"
}

# ---- rows ----

# Numbers on standard input become a row.
row() { # FIGURE SUBJECT UNIT [--at-most N | --at-least N] [--note TEXT]
	local figure=$1 subject=$2 unit=$3 target=null note=
	shift 3
	while (($#)); do
		case $1 in
		--at-most) target="{\"at_most\":$2}" ;;
		--at-least) target="{\"at_least\":$2}" ;;
		--note) note=$2 ;;
		esac
		shift 2
	done
	jq -nc --arg bench "$BENCH" --arg figure "$figure" --arg subject "$subject" --arg unit "$unit" \
		--argjson target "$target" --arg note "$note" '
		def at($part): .[((length - 1) * $part) | round];
		[inputs] | sort | {bench: $bench, figure: $figure, subject: $subject, unit: $unit,
			target: $target, median: at(0.5), lower: at(0.25), upper: at(0.75), runs: length}
		| .reached = (if .target == null or .median == null then null
			elif .target.at_most then .median <= .target.at_most
			else .median >= .target.at_least end)
		| .note = (if $note == "" then null else $note end)'
}

# What could not be measured is a row, too.
no_row() { # FIGURE SUBJECT UNIT WHY
	row "$1" "$2" "$3" --note "$4" </dev/null
}

# ---- namespaces and traffic ----

add_ns() { # NS
	ip netns add "$1"
	NAMESPACES+=("$1")
	# Nothing is to be sent but what we send.
	# shellcheck disable=SC2016 # for the shell in there
	ip netns exec "$1" sh -c 'for file in /proc/sys/net/ipv6/conf/all /proc/sys/net/ipv6/conf/default; do
		[ ! -e "$file" ] || echo 1 >"$file/disable_ipv6"; done'
	ip -n "$1" link set lo up
}

in_ns() { # COMMAND…
	ip netns exec "$NS" "$@"
}

# a0 here and b0 in the other namespace, with 198.51.100.1 and .2.
add_far_pair() {
	add_ns "$NS"
	add_ns "$NS-far"
	ip link add a0 address 02:00:00:00:00:01 netns "$NS" type veth \
		peer name b0 address 02:00:00:00:00:02 netns "$NS-far"
	set_far_end "$NS" a0 1 2
	set_far_end "$NS-far" b0 2 1
}

set_far_end() { # NS IFNAME HOST PEER-HOST
	ip -n "$1" address add "198.51.100.$3/24" dev "$2"
	ip -n "$1" link set "$2" up
	ip -n "$1" neighbour replace "198.51.100.$4" lladdr "02:00:00:00:00:0$4" dev "$2" nud permanent
}

# c0 to c<N-1> in pairs, so that what one of each two sends the other receives.
add_pairs() { # N
	local i
	for ((i = 0; i < $1; i += 2)); do
		echo "link add c$i type veth peer name c$((i + 1))"
		echo "link set c$i up"
		echo "link set c$((i + 1)) up"
	done | ip -n "$NS" -batch -
}

# ---- processes ----

wait_for() { # FILE PATTERN [PID]
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		grep -qs "$2" "$1" && return
		[[ -z ${3:-} ]] || kill -0 "$3" 2>/dev/null || break
		sleep 0.05
	done
	fail "there is no '$2' in what it says: $(tail -n 3 "$1")"
}

# Runs it in the namespace; its process id is PID. Without a shell between, so that the id is the command's.
start() { # NAME COMMAND…
	local name=$1
	shift
	# There before it is looked for.
	: >"$WORK/$name.err"
	ip netns exec "$NS" "$@" >"$WORK/$name.out" 2>"$WORK/$name.err" &
	PID=$!
	PIDS+=("$PID")
}

# Until as many interfaces are attached, and what they counted then is taken.
start_ifpulse() { # NAME INTERFACES ARGUMENT…
	local name=$1 n=$2 tries
	shift 2
	start "$name" "$IFPULSE" "$@" -v
	for ((tries = 0; $(grep -c 'attached to' "$WORK/$name.err" || true) < n; tries++)); do
		if ((tries >= 600)) || ! kill -0 "$PID" 2>/dev/null; then
			fail "ifpulse does not attach: $(tail -n 3 "$WORK/$name.err")"
		fi
		sleep 0.05
	done
}

stop() { # PID
	kill -TERM "$1" 2>/dev/null || true
	wait "$1" || true
}

# CPU time of all threads there are, ns: /proc/PID/stat has hundredths of a second.
cpu_ns() { # PID
	cat /proc/"$1"/task/*/schedstat 2>/dev/null | awk '{ns += $1} END {printf "%.0f\n", ns}'
}

rss_mib() { # PID
	awk '/^VmRSS:/ {printf "%.1f\n", $2 / 1024}' "/proc/$1/status"
}

# What its BPF maps take of the kernel's memory, MiB.
maps_mib() { # PID
	cat /proc/"$1"/fdinfo/* 2>/dev/null | awk '/^map_id:/ {is_map = 1} /^pos:/ {is_map = 0}
		/^memlock:/ {bytes = $2} /^map_id:/ {all += bytes} END {printf "%.1f\n", all / 1048576}'
}

# CPU time of processes side by side, percent of a core, SLICES times: into $WORK/NAME.cpu.
sample_cpu() { # SLICES SECONDS NAME=PID…
	local slices=$1 seconds=$2 i item before=() started ns
	shift 2
	for item; do
		: >"$WORK/${item%=*}.cpu"
	done
	for ((i = 0; i < slices; i++)); do
		before=()
		started=$(now_us)
		for item; do
			before+=("$(cpu_ns "${item#*=}")")
		done
		sleep "$seconds"
		for item; do
			ns=$(cpu_ns "${item#*=}")
			kill -0 "${item#*=}" 2>/dev/null || fail "${item%=*} has ended: $(tail -n 3 "$WORK/${item%=*}.err")"
			awk -v ns="$((ns - before[0]))" -v us="$(($(now_us) - started))" \
				'BEGIN {printf "%.4f\n", ns / us / 10}' >>"$WORK/${item%=*}.cpu"
			before=("${before[@]:1}")
		done
	done
}

# ---- the tools that people use today ----

# shellcheck disable=SC2034 # whoever sources this goes through them
POLLERS=(bmon bwm-ng sar node_exporter psutil-1s psutil-1ms)

poller_label() { # POLLER
	case $1 in
	psutil-1s) echo "psutil, each 1 s" ;;
	psutil-1ms) echo "psutil, each 1 ms" ;;
	node_exporter) echo "node_exporter, scraped each 1 s" ;;
	*) echo "$1, each 1 s" ;;
	esac
}

has_poller() { # POLLER
	case $1 in
	psutil*) /usr/bin/python3 -c 'import psutil' 2>/dev/null ;;
	node_exporter) command -v prometheus-node-exporter >/dev/null && command -v curl >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

PSUTIL='
import psutil, sys, time
wait, last = float(sys.argv[1]), None
while True:
    now = psutil.net_io_counters(pernic=True)
    if last:
        for name, c in now.items():
            if name in last and c.bytes_sent != last[name].bytes_sent:
                print("%.6f %s %d" % (time.time(), name, c.bytes_sent - last[name].bytes_sent))
        sys.stdout.flush()
    last = now
    time.sleep(wait)
'

# PID is what does the work; nobody else reads what it prints.
start_poller() { # POLLER
	case $1 in
	bmon) start "$1" bmon -p '*' -a -r 1 -o ascii ;;
	bwm-ng) start "$1" bwm-ng -i proc -a -t 1000 -o csv ;;
	sar) start "$1" env S_TIME_FORMAT=ISO "$(command -v sar)" -n DEV 1 100000 ;;
	psutil-1s) start "$1" /usr/bin/python3 -c "$PSUTIL" 1 ;;
	psutil-1ms) start "$1" /usr/bin/python3 -c "$PSUTIL" 0.001 ;;
	node_exporter)
		start scrape bash -c 'while sleep 1; do curl -s http://127.0.0.1:9100/metrics | wc -c; done'
		start "$1" prometheus-node-exporter --collector.disable-defaults --collector.netdev \
			--web.listen-address=127.0.0.1:9100
		;;
	esac
	# What sar prints is made by a child of its own, which it becomes.
	sleep 0.3
	kill -0 "$PID" 2>/dev/null || fail "$1 does not start: $(tail -n 3 "$WORK/$1.err")"
}

# All that are installed, as NAME=PID in RUNNING; a row of FIGURE for each that is not.
start_pollers() { # FIGURE UNIT
	local poller
	RUNNING=()
	for poller in "${POLLERS[@]}"; do
		if has_poller "$poller"; then
			start_poller "$poller"
			RUNNING+=("$poller=$PID")
		else
			no_row "$1" "$(poller_label "$poller")" "$2" "not installed (scripts/setup bench)"
		fi
	done
}

# The rows of sample_cpu(), of those in RUNNING.
poller_rows() { # FIGURE
	local item
	for item in "${RUNNING[@]}"; do
		row "$1" "$(poller_label "${item%=*}")" "% of a core" <"$WORK/${item%=*}.cpu"
	done
}

# It needs tracefs, which is mounted where nobody else sees it. Returns once it counts.
start_bpftrace() { # PROGRAM
	# shellcheck disable=SC2016 # for the shell in there
	start bpftrace sh -c 'mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -B line -e "$1"' sh \
		"BEGIN { printf(\"ready\\n\"); } $1"
	wait_for "$WORK/bpftrace.out" ready "$PID"
}
