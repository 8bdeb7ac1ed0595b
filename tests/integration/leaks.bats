#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A thousand times attached and detached in one process, under valgrind: it leaks neither memory nor files. That
# valgrind knows only some of bpf(2) (it warns of the rest) matters little to that; what it calls uninitialised
# there, libbpf has left out on purpose, and so it does not look at values. tests/bench/soak.sh goes on for longer.

load lib

setup() {
	require_root_bpf
	require_tool valgrind
	! grep -q __asan_init "$BUILD/ifpulse" || skip "valgrind takes no build with sanitizers"
}

log_lines() { # PATTERN
	grep -cE "$1" "$BG_ERR" || true
}

has_log_lines() { # COUNT PATTERN
	(($(log_lines "$2") >= $1))
}

open_files() {
	local files=("/proc/$BG_PID/fd/"*)
	echo "${#files[@]}"
}

# Ten pairs at a time, with the same indexes and names.
come_and_go() { # ROUNDS
	local round i files
	for ((round = 1; round <= $1; round++)); do
		for ((i = 0; i < 10; i++)); do
			echo "link add c$i index $((100 + i)) type veth peer name d$i index $((200 + i))"
		done | ip -n "$NS0" -batch -
		wait_until 30 has_log_lines $((20 * round)) 'attached to [cd][0-9]$'
		for ((i = 0; i < 10; i++)); do
			echo "link del c$i"
		done | ip -n "$NS0" -batch -
		wait_until 30 has_log_lines $((20 * round)) 'detached from [cd][0-9]$'
		((round > 1)) || files=$(open_files)
	done
	assert_equal "$(open_files)" "$files" "open files"
}

leaks_nothing() { # MODE ROUNDS
	local status=0
	make_ns NS0 0
	start_bg valgrind "$NS0" valgrind --leak-check=full --undef-value-errors=no \
		--show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
		--log-file="$BATS_TEST_TMPDIR/valgrind" "$BUILD/ifpulse" \
		bursts -j -v --attach "$1" -i 'c*' -i 'd*' --threshold 1Mbit
	wait_for_line "$BG_ERR" 'no interface matches yet' 60
	come_and_go "$2"
	kill -INT "$BG_PID"
	wait_bg valgrind 60 || status=$?
	if ((status)); then
		grep -v 'unhandled eBPF command' "$BATS_TEST_TMPDIR/valgrind"
		return 1
	fi
	grep -qE 'ERROR SUMMARY: 0 errors' "$BATS_TEST_TMPDIR/valgrind"
}

@test "a thousand times attached and detached by clsact: neither memory nor files leak" {
	leaks_nothing clsact 50
}

@test "the same by tcx, sixty times" {
	leaks_nothing tcx 3
}
