#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# That the benchmarks still measure: the harness, and the cheapest of them on a few samples. No figure is looked at.

load lib
load probe

RUN=$BATS_TEST_DIRNAME/../bench/run.sh

@test "a benchmark gives rows with their targets, as JSON and as a table" {
	require_root_bpf
	"$RUN" -q -o "$BATS_TEST_TMPDIR/out.json" packet >"$BATS_TEST_TMPDIR/table"
	jq -e '.quick and (.rows | length) > 15 and (.rows | all(
		.bench == "packet" and (.figure | length) > 0 and (.subject | length) > 0 and .unit == "ns"
		and (.median | type) == "number" and .lower <= .median and .median <= .upper and .runs > 0
		and (.target == null) == (.reached == null)
		and (.target == null or .reached == (.median <= .target.at_most))))' \
		"$BATS_TEST_TMPDIR/out.json"
	# A line each behind the head, with five cells.
	local rows
	rows=$(jq '.rows | length' "$BATS_TEST_TMPDIR/out.json")
	[ "$(grep -c '^| .* ns (.* to .*) | .* | .* |$' "$BATS_TEST_TMPDIR/table")" -eq "$rows" ]
}

# What lib.bash makes of the numbers 3 1 2 10 for `row ARGUMENT…`.
row_of() { # ARGUMENT…
	require_root_bpf
	# shellcheck disable=SC2016 # for the shell in there
	printf '3\n1\n2\n10\n4\n' |
		bash -c '. "$1/lib.bash"; shift; row "$@"' bench.sh "$BATS_TEST_DIRNAME/../bench" "$@"
}

@test "a row has the median, the quartiles, and whether the target was reached" {
	row_of figure ifpulse ns --at-most 3 | jq -e '.median == 3 and .lower == 2 and .upper == 4
		and .runs == 5 and .reached and .target == {at_most: 3}'
	row_of figure ifpulse ns --at-most 2.5 | jq -e '.reached == false'
	row_of figure ifpulse x --at-least 3 | jq -e '.reached'
	row_of figure ifpulse x --at-least 3.5 | jq -e '.reached == false'
	row_of figure other x --note why | jq -e '.reached == null and .target == null and .note == "why"'
}

@test "a tool that is not there is a row that says so" {
	require_root_bpf
	# shellcheck disable=SC2016
	run -0 bash -c '. "$1/lib.bash"; POLLERS=(no-such-tool); start_pollers figure %; echo "${#RUNNING[@]}"' \
		bench.sh "$BATS_TEST_DIRNAME/../bench"
	[ "${lines[1]}" = 0 ]
	jq -e '.median == null and .subject == "no-such-tool, each 1 s" and (.note | test("not installed"))' \
		<<<"${lines[0]}"
}

@test "what is no benchmark is a usage error" {
	require_root_bpf
	run -2 "$RUN" no-such-bench
	[[ $output == usage* ]]
}
