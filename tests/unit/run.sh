#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs cmocka test programs: run.sh PROGRAM… Prints their TAP, and as its last line how many tests
# passed, failed and were skipped. A program that crashes, or that a sanitizer or the time limit
# (UNIT_TIMEOUT seconds) ends, has failed, even where every test that it reported passed.
set -euo pipefail

export CMOCKA_MESSAGE_OUTPUT=TAP
limit=${UNIT_TIMEOUT:-300}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

count() { # PATTERN
	grep -aEc -e "$1" "$log" || true
}

run_program() { # PROGRAM
	local status=0 planned ok bad skip missing
	printf '# %s\n' "$1"
	timeout -k 5 "$limit" "$1" 2>&1 </dev/null | tee "$log" || status=$?
	planned=$(awk '/^1\.\.[0-9]+$/ { n += substr($0, 4) } END { print n + 0 }' "$log")
	skip=$(count '^(not )?ok .*# SKIP')
	bad=$(grep -aE '^not ok ' "$log" | grep -aEvc '# SKIP' || true)
	ok=$(($(count '^ok ') + $(count '^not ok ') - bad - skip))
	missing=$((planned - ok - bad - skip))
	if ((missing > 0)); then
		printf 'not ok - %s: %d tests did not run, status %d\n' "$1" "$missing" "$status"
		bad=$((bad + missing))
	elif ((planned == 0 || (status && !bad))); then
		printf 'not ok - %s: ran %d tests, status %d\n' "$1" "$planned" "$status"
		bad=$((bad + 1))
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

if (($# == 0)); then
	echo "run.sh: no test programs" >&2
	failed=1
fi
for program; do
	run_program "$program"
done
printf 'unit: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
exit $((failed > 0))
