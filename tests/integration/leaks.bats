#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A thousand times attached and detached in one process, under valgrind: it leaks neither memory nor files, and keeps
# nothing of what has gone. That valgrind knows only some of bpf(2) (it warns of the rest) matters little to that; what
# it calls uninitialised there, libbpf has left out on purpose, and so it does not look at values. tests/bench/soak.sh
# goes on for longer.

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

# What it has allocated, by whom ever it may still be reached.
heap_bytes() {
	vgdb --pid="$BG_PID" leak_check summary reachable any 2>/dev/null |
		sed -nE 's/.*(lost|reachable): ([0-9,]+) bytes.*/\2/p' | tr -d , |
		jq -se 'if length > 3 then add else error("valgrind does not tell") end'
}

# Ten pairs at a time, with the same indexes and names.
come_and_go() { # ROUNDS
	local round i files heap_before heap_after
	for ((round = 1; round <= $1; round++)); do
		for ((i = 0; i < 10; i++)); do
			echo "link add c$i index $((100 + i)) type veth peer name d$i index $((200 + i))"
		done | ip -n "$NS0" -batch -
		wait_until 30 has_log_lines $((20 * round)) 'attached to [cd][0-9]$'
		for ((i = 0; i < 10; i++)); do
			echo "link del c$i"
		done | ip -n "$NS0" -batch -
		wait_until 30 has_log_lines $((20 * round)) 'detached from [cd][0-9]$'
		((round > 1)) || {
			files=$(open_files)
			heap_before=$(heap_bytes)
		}
	done
	assert_equal "$(open_files)" "$files" "open files"
	heap_after=$(heap_bytes)
	# Arrays grow by half, once in a while.
	((heap_after < heap_before + 16384)) || {
		printf 'it holds %s bytes, and held %s after the first\n' "$heap_after" "$heap_before" >&2
		return 1
	}
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
