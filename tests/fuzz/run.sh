#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs every fuzz target in BUILD, beginning with its corpus in corpus/<target>, for FUZZ_SECONDS (10) or FUZZ_RUNS
# (200,000) inputs, whichever ends first. An input that broke something stays in BUILD/found; to see it again, give
# it to the target as an argument. FUZZ_SEED (1) makes another way through.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$(realpath -m "${BUILD:-$here/../../build/fuzz}")
log=$(mktemp)
work=$(mktemp -d)
trap 'rm -rf "$log" "$work"' EXIT
mkdir -p "$BUILD/found"
export TMPDIR=$work
status=0

run_target() { # TARGET
	local name=${1##*/}
	mkdir -p "$work/$name"
	# What it prints goes nowhere: 1 standard output, 2 standard error but for libFuzzer's own.
	timeout -k 10 $((${FUZZ_SECONDS:-10} + 60)) "$1" -seed="${FUZZ_SEED:-1}" \
		-max_total_time="${FUZZ_SECONDS:-10}" -runs="${FUZZ_RUNS:-200000}" -timeout=20 \
		-max_len=8192 -close_fd_mask=3 -print_final_stats=1 \
		-artifact_prefix="$BUILD/found/$name-" \
		"$work/$name" "$here/corpus/${name#fuzz_}" >"$log" 2>&1
}

for source in "$here"/fuzz_*.c; do
	target=$BUILD/$(basename "$source" .c)
	if run_target "$target"; then
		printf 'ok - %s: %s inputs\n' "${target##*/}" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
	else
		tail -n 60 "$log"
		printf 'not ok - %s: the input is in %s\n' "${target##*/}" "$BUILD/found"
		status=1
	fi
done
exit "$status"
