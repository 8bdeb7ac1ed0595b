#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [-q] [-o FILE] [BENCH]…: measures what ifpulse costs here, and prints a table as the README has it.
#
#   -q       a few samples of everything: tells whether it works, and no figure
#   -o FILE  the results as JSON, too: {kernel, cpu, cpus, clocksource, seconds, rows}
#
# BENCH is one of the scripts beside this one, without .sh; by default all. Nothing here can fail for being slow: a
# target that is missed is a row that says so. The exit status is 1 if something could not be measured. Each
# has BENCH_TIMEOUT seconds (240).
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
all=(packet worst drops throughput saturated scale idle start record detection)
out=
BENCH_QUICK=${BENCH_QUICK:-0}

usage() {
	echo "usage: run.sh [-q] [-o FILE] [BENCH]...; BENCH: ${all[*]}" >&2
	exit 2
}

while getopts qo: option; do
	case $option in
	q) BENCH_QUICK=1 ;;
	o) out=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
export BENCH_QUICK
names=("$@")
(($#)) || names=("${all[@]}")
for name in "${names[@]}"; do
	[[ " ${all[*]} " == *" $name "* ]] || usage
done
((EUID == 0)) || {
	echo "bench: needs root" >&2
	exit 3
}

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
status=0
began=$SECONDS
for name in "${names[@]}"; do
	printf 'bench: %s ...\n' "$name" >&2
	from=$SECONDS
	timeout -k 20 "${BENCH_TIMEOUT:-240}" "$here/$name.sh" >>"$rows" || {
		echo "bench: $name could not be measured" >&2
		status=1
	}
	printf 'bench: %s took %d s\n' "$name" "$((SECONDS - from))" >&2
done

clocksource=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource 2>/dev/null || true)
cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
result=$(jq -s --arg kernel "$(uname -r)" --arg cpu "$cpu" --argjson cpus "$(nproc)" \
	--arg clocksource "$clocksource" --argjson seconds "$((SECONDS - began))" --argjson quick "$BENCH_QUICK" \
	'{kernel: $kernel, cpu: $cpu, cpus: $cpus, clocksource: $clocksource, seconds: $seconds,
		quick: ($quick == 1), rows: [to_entries[] | .value + {order: .key}]}' "$rows")
[[ -z $out ]] || printf '%s\n' "$result" >"$out"
printf '%s\n' "$result" | jq -r -f "$here/table.jq"
exit "$status"
