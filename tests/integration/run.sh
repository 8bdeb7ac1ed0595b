#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs the integration tests: run.sh [FILE.bats]…, by default all of them. Prints TAP, and as its
# last line how many passed, failed and were skipped. BUILD is the build to test. With TAG only the
# tests with this tag are run. Of a build with sanitizers (make SANITIZE=1 itest) each report of theirs is
# printed and a failure, also of a process whose status no test looks at.
set -euo pipefail
shopt -s nullglob

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$(realpath -m "${BUILD:-$here/../../build}")
is_sanitized=
if grep -qs __asan_init "$BUILD/ifpulse"; then
	is_sanitized=yes
	PATIENCE=${PATIENCE:-10} BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-600}
fi
PATIENCE=${PATIENCE:-1} BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-120}
export BUILD PATIENCE BATS_TEST_TIMEOUT

files=("$@")
((${#files[@]})) || files=("$here"/*.bats)

finish() { # PASSED FAILED SKIPPED
	printf 'integration: %d passed, %d failed, %d skipped\n' "$@"
	exit $(($2 > 0))
}

# Prints every test as having RESULT without running it.
mark_all() { # RESULT REASON
	local file line
	for file in "${files[@]}"; do
		while read -r line; do
			[[ $line =~ ^@test[[:blank:]]+(.*[^[:blank:]])[[:blank:]]+\{ ]] || continue
			marked=$((marked + 1))
			printf '%s %d %s # %s\n' "$1" "$marked" "${BASH_REMATCH[1]//[\'\"]/}" "$2"
		done <"$file"
	done
}

marked=0
if ((${#files[@]} == 0)); then
	echo "run.sh: no tests in $here" >&2
	finish 0 1 0
elif ((EUID != 0)); then
	mark_all ok "skip needs root"
	finish 0 0 "$marked"
elif ! command -v bats >/dev/null; then
	mark_all "not ok" "bats is not installed"
	finish 0 $((marked > 0 ? marked : 1)) 0
fi

log=$(mktemp)
reports=$(mktemp -d)
trap 'rm -rf "$log" "$reports"' EXIT
if [[ $is_sanitized ]]; then
	chmod 1777 "$reports"
	export ASAN_OPTIONS=log_path=$reports/asan:exitcode=99
	export UBSAN_OPTIONS=log_path=$reports/ubsan:print_stacktrace=1
	export LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
fi
status=0
bats --formatter tap ${TAG:+--filter-tags "$TAG"} "${files[@]}" | tee "$log" || status=$?

count() { # PATTERN
	grep -Ec -e "$1" "$log" || true
}

planned=$(sed -n '1s/^1\.\.\([0-9][0-9]*\)$/\1/p' "$log")
planned=${planned:-0}
skipped=$(count '^ok .* # skip')
passed=$(($(count '^ok ') - skipped))
failed=$(count '^not ok ')
# Tests that a crash kept from running have not passed.
missing=$((planned - passed - failed - skipped))
if ((missing > 0)); then
	failed=$((failed + missing))
elif (((status || !planned) && !failed)); then
	failed=1
fi
for report in "$reports"/*; do
	failed=$((failed + 1))
	echo "not ok - a report of a sanitizer"
	sed 's/^/# /' "$report"
done
finish "$passed" "$failed" "$skipped"
