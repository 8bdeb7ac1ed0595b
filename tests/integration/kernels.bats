#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What hangs on the kernel: what its verifier makes of the programs, and what doctor says is missing.

load lib

setup() {
	require_root_bpf
}

examine() {
	make_ns NS0 0
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j -i lo >"$BATS_TEST_TMPDIR/doctor"
}

detail_of() { # CHECK
	jq -er --arg check "$1" '.[] | select(.check == $check) | .detail' "$BATS_TEST_TMPDIR/doctor"
}

# Each kernel walks differently: of 5.10 to 7.2 the most was 6.5 thousand. A program that has come
# near its limit here is to be looked at long before a verifier refuses it.
# bats test_tags=vm
@test "every program costs the verifier little" {
	local -A limits=([ifpulse_drop]=10000 [ifpulse_ingress]=15000 [ifpulse_egress]=15000
		[ifpulse_ns_in]=15000 [ifpulse_ns_out]=15000 [ifpulse_retransmit]=500
		[ifpulse_retransmit_synack]=500)
	local text program cost seen=0 waypoints=0 expected=7
	# Two are of retransmissions.
	kernel_is 5.12 || expected=5
	examine
	text=$(detail_of programs)
	echo "# Linux $(uname -r): $text" >&3
	while read -r program cost; do
		echo "$program: $cost, at most ${limits[$program]:-1000}"
		((cost > 0 && cost <= ${limits[$program]:-1000}))
		# Those of waypoints are small, and there are as many as the kernel allows.
		if [[ ${limits[$program]:-} ]]; then
			seen=$((seen + 1))
		else
			waypoints=$((waypoints + 1))
		fi
	done < <(sed 's/.*: //; s/, /\n/g' <<<"$text")
	assert_equal "$seen" "$expected" programs
	((waypoints >= 8 && waypoints <= 10))
}

# What the kernel itself shows, or does, is held against what doctor read of its types.
# bats test_tags=vm
@test "doctor says what this kernel lacks, and of what it has nothing" {
	local format lacking=()
	format=$(unshare -m bash -ec 'mount -t tracefs none "$1"; cat "$1/events/skb/kfree_skb/format"' \
		- "$BATS_TEST_TMPDIR") || skip "no tracefs"
	examine
	in_ns "$NS0" "$BUILD/ifpulse" rate --attach tcx -c 1 -I 10ms -i lo >/dev/null || lacking+=(tcx)
	grep -q reason <<<"$format" || lacking+=(drop-reasons)
	grep -q rx_sk <<<"$format" || lacking+=(drop-sockets)
	kernel_is 5.12 || lacking+=(retransmits)
	kernel_is 6.1 || lacking+=(drops-on-top)
	assert_equal "$(jq -r '.[] | select(.check | IN("tcx", "drop-reasons", "drop-sockets", "retransmits",
		"senders", "drops-on-top")) | "\(.check) \(.status)"' "$BATS_TEST_TMPDIR/doctor")" \
		"$(printf '%s info\n' "${lacking[@]}" | sed '/^ info$/d')"
	jq -e 'all(.status != "failed")' "$BATS_TEST_TMPDIR/doctor"
}
