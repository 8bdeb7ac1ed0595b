#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every event of `watch`, from what really happened to an interface.

load lib

setup() {
	require_root
	make_ns NS0 0
	start_ifpulse "$NS0" watch -j -v
	wait_for_line "$IFPULSE_ERR" 'watching'
}

ip0() {
	ip -n "$NS0" "$@"
}

# Waits for an event; previous and current as JSON.
happened() { # IFNAME EVENT PREVIOUS CURRENT
	wait_until 5 event_is_there "$@" && return
	printf 'missing: %s\n' "$*" >&2
	tail -n 40 "$IFPULSE_OUT" >&2
	return 1
}

event_is_there() {
	jq -se --arg ifname "$1" --arg event "$2" --argjson previous "$3" --argjson current "$4" \
		'any(.ifname == $ifname and .event == $event and .previous == $previous and
		.current == $current)' "$IFPULSE_OUT" >/dev/null
}

@test "added and removed" {
	ip0 link add e0 type veth peer name e1
	happened e0 added null '"DOWN"'
	happened e1 added null '"DOWN"'
	ip0 link del e0
	happened e0 removed '"DOWN"' null
	happened e1 removed '"DOWN"' null
	stop_ifpulse
	jq -se 'all(.time | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{6}Z$"))' "$IFPULSE_OUT"
}

@test "up and down, by the other end's carrier" {
	ip0 link add e0 type veth peer name e1
	ip0 link set e0 up
	ip0 link set e1 up
	happened e0 up '"LOWERLAYERDOWN"' '"UP"'
	ip0 link set e1 down
	happened e0 down '"UP"' '"LOWERLAYERDOWN"'
	happened e1 down '"UP"' '"DOWN"'
}

@test "lo, whose state is unknown, goes down and up" {
	ip0 link set lo down
	happened lo down '"UNKNOWN"' '"DOWN"'
	ip0 link set lo up
	happened lo up '"DOWN"' '"UNKNOWN"'
}

@test "renamed" {
	ip0 link add e0 type veth peer name e1
	ip0 link set e0 name uplink
	happened uplink renamed '"e0"' '"uplink"'
}

@test "addresses of both families, and of the hardware" {
	ip0 link add e0 address 02:00:00:00:00:aa type veth peer name e1
	ip0 address add 192.0.2.7/24 dev e0
	happened e0 address-added null '"192.0.2.7/24"'
	ip0 address add 2001:db8::7/64 dev e0
	happened e0 address-added null '"2001:db8::7/64"'
	ip0 address del 192.0.2.7/24 dev e0
	happened e0 address-removed '"192.0.2.7/24"' null
	ip0 address del 2001:db8::7/64 dev e0
	happened e0 address-removed '"2001:db8::7/64"' null
	ip0 link set e0 address 02:00:00:00:00:bb
	happened e0 address-removed '"02:00:00:00:00:aa"' null
	happened e0 address-added null '"02:00:00:00:00:bb"'
}

@test "MTU" {
	ip0 link add e0 type veth peer name e1
	ip0 link set e0 mtu 9000
	happened e0 mtu '"1500"' '"9000"'
}

@test "speed" {
	require_tool ethtool
	start_bg tap "$NS0" "$BUILD/tools/frames" hold --interface tap0 --kind tap
	wait_for_line "$BG_ERR" '^ready$'
	happened tap0 added null '"DOWN"'
	in_ns "$NS0" ethtool -s tap0 speed 2500 duplex full
	in_ns "$NS0" ethtool -s tap0 speed 100
	happened tap0 speed '"2500"' '"100"'
}

@test "master" {
	ip0 link add br0 type bridge
	ip0 link add br1 type bridge
	ip0 link add e0 type veth peer name e1
	ip0 link set e0 master br0
	happened e0 master null '"br0"'
	ip0 link set e0 master br1
	# The kernel takes it out of the one before it puts it into the other.
	happened e0 master '"br0"' null
	happened e0 master null '"br1"'
	ip0 link set e0 nomaster
	happened e0 master '"br1"' null
}

@test "an interface that moves to another namespace is removed here and added there" {
	make_ns NS1 1
	local here=$IFPULSE_OUT there
	start_ifpulse "$NS1" watch -j -v
	there=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'watching'
	ip0 link add e0 type veth peer name e1
	ip0 link set e0 netns "$NS1"
	happened e0 added null '"DOWN"'
	IFPULSE_OUT=$here
	happened e0 removed '"DOWN"' null
	assert_equal "$(jq -s 'length' "$there")" 1 "events in the other namespace"
}

@test "the same ifindex again is another interface" {
	local round
	for round in 1 2 3; do
		ip0 link add "w$round" index 700 type veth peer name x index 701
		ip0 link del "w$round"
		happened "w$round" removed '"DOWN"' null
	done
	stop_ifpulse
	assert_equal "$(jq -s 'map(select(.ifindex == 700 and .event == "added")) | length' \
		"$IFPULSE_OUT")" 3
	assert_equal "$(jq -s 'map(select(.event == "renamed")) | length' "$IFPULSE_OUT")" 0
}

@test "a thousand changes are all told, in order" {
	local i
	ip0 link add e0 type veth peer name e1
	for ((i = 0; i < 1000; i++)); do
		echo "link set e0 mtu $((2000 + i))"
	done | ip0 -batch -
	happened e0 mtu '"2998"' '"2999"'
	stop_ifpulse
	jq -se '[.[] | select(.event == "mtu") | .current | tonumber] | length == 1000 and . == sort' \
		"$IFPULSE_OUT"
}

@test "--interface selects, --count ends, and lines are for people" {
	local status=0
	stop_ifpulse
	start_ifpulse "$NS0" watch -i e0 -c 2 -v
	wait_for_line "$IFPULSE_ERR" "there is no interface 'e0' yet"
	wait_for_line "$IFPULSE_ERR" 'watching'
	ip0 link add e0 type veth peer name e1
	ip0 link set e1 mtu 1400
	ip0 link set e0 mtu 1300
	wait_pid "$IFPULSE_PID" || status=$?
	assert_equal "$status" 0
	assert_equal "$(wc -l <"$IFPULSE_OUT")" 2
	grep -qE '^[0-9T:.Z-]+  e0 +added +DOWN$' "$IFPULSE_OUT"
	grep -qE '^[0-9T:.Z-]+  e0 +mtu +1500 -> 1300$' "$IFPULSE_OUT"
}

# Without privilege the socket's buffer is small (net.core.rmem_max), and while it is stopped more
# happens than that holds; then the whole state is read afresh.
@test "an overflow of events is told, and the state is right again" {
	local i
	stop_ifpulse
	start_bg nobody "$NS0" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		"$BUILD/ifpulse" watch -j -v
	IFPULSE_OUT=$BG_OUT
	wait_for_line "$BG_ERR" 'watching'
	ip0 link add e0 type veth peer name e1
	happened e0 added null '"DOWN"'
	kill -STOP "$BG_PID"
	for ((i = 0; i < 4000; i++)); do
		echo "link set e0 mtu $((1000 + i))"
	done | ip0 -batch -
	ip0 link del e0
	ip0 link add e0 mtu 1234 type veth peer name e2
	ip0 address add 192.0.2.77/24 dev e0
	kill -CONT "$BG_PID"
	happened e0 address-added null '"192.0.2.77/24"'
	happened e2 added null '"DOWN"'
	happened e1 removed '"DOWN"' null
	kill -INT "$BG_PID"
	wait_bg nobody
	grep -q 'interface events overflowed' "$BG_ERR"
	# What it says last of its MTU is what is.
	jq -se '[.[] | select(.ifname == "e0" and .event == "mtu" and .current == "4999")] | length == 0' \
		"$IFPULSE_OUT" >/dev/null
}
