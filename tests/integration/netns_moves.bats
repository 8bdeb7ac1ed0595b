#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Interfaces that move from one network namespace to another while ifpulse cannot look: it is stopped meanwhile, so
# that all it ever hears is what is there when it goes on.

load lib
load probe

setup() {
	require_root_bpf
}

is_stopped() { # PID
	[[ $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status") == T ]]
}

stop_looking() {
	kill -STOP "$IFPULSE_PID"
	wait_until 5 is_stopped "$IFPULSE_PID"
}

look_again() {
	kill -CONT "$IFPULSE_PID"
}

# Sends nothing by itself; its other end stays at home.
make_link() { # NS IFNAME INDEX PEER-NS PEER PEER-INDEX
	ip link add "$2" index "$3" netns "$1" type veth peer name "$5" index "$6" netns "$4"
	ip -n "$4" link set "$5" addrgenmode none up
}

# Not before ifpulse has heard of it: what an interface is told again may come late.
send_by() { # NS IFNAME COUNT
	ip -n "$1" -batch - <<-END
		link set $2 addrgenmode none
		link set $2 up
		address replace 192.0.2.1/24 dev $2
		neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev $2 nud permanent
	END
	in_ns "$1" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 --port 7000 --count "$3" --size 100 \
		>/dev/null
}

sent_of() { # NETNS IFNAME; "-" is the namespace that ifpulse runs in
	jq -s --arg netns "${1#-}" --arg ifname "$2" \
		'[.[] | select((.netns // "") == $netns and .ifname == $ifname) | .tx_packets] | add' \
		"$IFPULSE_OUT"
}

attached_times() { # COUNT NETNS/IFNAME
	(($(grep -c "attached to $2\$" "$IFPULSE_ERR") == $1))
}

move_between_probed() { # tcx|clsact
	local home a b
	make_ns home "home-$1"
	make_ns a "a-$1"
	make_ns b "b-$1"
	make_link "$a" x0 10 "$home" p0 30
	start_ifpulse "$home" rate -j -I 50ms -v --attach "$1" --netns "$a" --netns "$b" -i '*/x0'
	wait_for_line "$IFPULSE_ERR" "attached to $a/x0\$"
	stop_looking
	ip -n "$a" link set x0 netns "$b"
	# Of the same kind, and under the same index.
	make_link "$a" x0 10 "$home" p1 31
	look_again
	wait_until 10 attached_times 2 "$a/x0"
	wait_until 10 attached_times 1 "$b/x0"
	send_by "$a" x0 30
	send_by "$b" x0 50
	stop_ifpulse
	assert_equal "$(sent_of "$a" x0)" 30 "$1: that of a"
	assert_equal "$(sent_of "$b" x0)" 50 "$1: that of b"
	run grep -E 'had no slot|not probed' "$IFPULSE_ERR"
	assert_equal "$output" ""
}

@test "one that moves from a probed namespace to another is counted there, and the next under its index" {
	move_between_probed tcx
	move_between_probed clsact
}

@test "what an interface carries after it has left is not counted to the one that has its new index here" {
	local home b
	make_ns home home
	make_ns b b
	make_link "$home" x0 10 "$home" p0 30
	make_link "$home" y0 2 "$home" p1 31
	make_link "$b" z0 10 "$b" z1 11
	start_ifpulse "$home" rate -j -I 50ms -v --attach tcx -i x0 -i y0
	wait_for_line "$IFPULSE_ERR" 'attached to x0$'
	wait_for_line "$IFPULSE_ERR" 'attached to y0$'
	stop_looking
	ip -n "$home" link set x0 netns "$b"
	assert_equal "$(ip -n "$b" -j link show x0 | jq '.[0].ifindex')" 2
	send_by "$b" x0 50
	look_again
	wait_for_line "$IFPULSE_ERR" 'detached from x0$'
	stop_ifpulse
	assert_equal "$(sent_of - y0)" 0
	assert_equal "$(sent_of - x0)" 0
	run -0 grep -o '[0-9]* packets came by an interface that had no slot' "$IFPULSE_ERR"
	assert_equal "$output" "50 packets came by an interface that had no slot"
}
