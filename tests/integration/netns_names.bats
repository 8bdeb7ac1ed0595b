#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Which namespace is which: names, ids and inode numbers that one has after another, while ifpulse looks on, looks
# away, or loses the kernel's word.

load lib
load probe

setup() {
	require_root_bpf
}

is_stopped() { # PID
	[[ $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status") == T ]]
}

# More events than a socket holds: some 2 KiB each, and twice 32 MiB at most.
flood() { # NS
	local i
	for ((i = 0; i < 35000; i++)); do
		echo "link set lo mtu $((1500 + i % 100))"
	done | ip -n "$1" -batch -
}

id_of() { # NS IN-NS
	ip -n "$2" -j netns list-id | jq -er --arg name "$1" '.[] | select(.name == $name) | .nsid'
}

inode_of() { # NS
	stat -L -c %i "/run/netns/$1"
}

again() { # NS: another under its name
	ip netns delete "$1"
	ip netns add "$1"
	ip -n "$1" link set lo up
}

was_attached_twice() { # NETNS/IFNAME
	(($(grep -c "attached to $1\$" "$IFPULSE_ERR") == 2))
}

@test "a namespace whose end was not heard of is gone all the same, and the next with its id is probed" {
	local home a b busy id
	make_ns home home
	make_ns a a
	make_ns busy busy
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$NS_PREFIX-*"
	wait_for_line "$IFPULSE_ERR" "attached to $a/lo\$"
	wait_for_line "$IFPULSE_ERR" "attached to $busy/lo\$"
	id=$(id_of "$a" "$home")
	kill -STOP "$IFPULSE_PID"
	wait_until 5 is_stopped "$IFPULSE_PID"
	flood "$busy"
	ip netns delete "$a"
	make_ns b b
	# It cannot have it before the end of the other.
	wait_until 10 ip -n "$home" netns set "$b" "$id" 2>/dev/null
	kill -CONT "$IFPULSE_PID"
	wait_for_line "$IFPULSE_ERR" "attached to $b/lo\$"
	wait_for_line "$IFPULSE_ERR" "network namespace $a is gone"
	# What happens in it is heard of.
	ip -n "$b" link add v0 type veth peer name v1
	wait_for_line "$IFPULSE_ERR" "attached to $b/v0\$"
	stop_ifpulse
	run -0 grep -o 'interface events overflowed' "$IFPULSE_ERR"
}

@test "a name is the one's to which it leads: of another the process goes on under its own" {
	local home a
	make_ns home home
	make_ns a a
	start_bg there "$a" sleep 300
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$a" --netns "$BG_PID" -i "$a/lo"
	wait_for_line "$IFPULSE_ERR" "attached to $a/lo\$"
	again "$a"
	wait_for_line "$IFPULSE_ERR" "detached from pid $(<"$BATS_TEST_TMPDIR/there.pid") [(]sleep[)]/lo"
	wait_until 10 was_attached_twice "$a/lo"
	stop_ifpulse
}

@test "somebody who holds a namespace open keeps its name from nobody" {
	local home a inode held
	make_ns home home
	make_ns a a
	inode=$(inode_of "$a")
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$NS_PREFIX-*" -i '*/lo'
	wait_for_line "$IFPULSE_ERR" "attached to $a/lo\$"
	exec {held}<"/run/netns/$a"
	again "$a"
	wait_until 10 was_attached_twice "$a/lo"
	exec {held}<&-
	wait_for_line "$IFPULSE_ERR" "network namespace $a net:\[$inode\] is gone"
	stop_ifpulse
}

@test "a PID means the namespace that it was in, not the next with the same inode number" {
	local home a b seen inode i
	make_ns home home
	make_ns a a
	inode=$(inode_of "$a")
	start_bg there "$a" sleep 300
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$BG_PID" --netns "$NS_PREFIX-se?n" -i '*/lo'
	wait_for_line "$IFPULSE_ERR" "attached to $a/lo\$"
	kill "$(<"$BATS_TEST_TMPDIR/there.pid")"
	ip netns delete "$a"
	wait_for_line "$IFPULSE_ERR" "network namespace $a is gone"
	# The kernel gives out the lowest that is free.
	for ((i = 0; i < 50; i++)); do
		make_ns b "b$i"
		[[ $(inode_of "$b") != "$inode" ]] || break
	done
	[[ $(inode_of "$b") == "$inode" ]] || skip "no namespace got the inode number again"
	make_ns seen seen
	wait_for_line "$IFPULSE_ERR" "found network namespace $seen"
	stop_ifpulse
	run grep -c "found network namespace" "$IFPULSE_ERR"
	assert_equal "$output" 2
}

@test "a namespace is selected by whatever it is called" {
	local home pid
	make_ns home home
	start_bg there "$home" unshare --net bash -c \
		'printf "a[b] c" >/proc/$$/comm; exec {none}<> <(:); read -r -t 300 -u "$none"'
	pid=$BG_PID
	wait_until 5 grep -qF 'a[b] c' "/proc/$pid/comm"
	run -0 --separate-stderr in_ns "$home" "$BUILD/ifpulse" list -j --netns "pid $pid (a[b] c)" \
		-i "pid $pid (a[b] c)/lo"
	assert_equal "$(jq -c '[.[] | [.netns, .ifname]]' <<<"$output")" "[[\"pid $pid (a[b] c)\",\"lo\"]]"
}
