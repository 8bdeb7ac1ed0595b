#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Who sent what a burst is made of: the control group of the sender, where it is one of this host.

load lib
load probe
load flows

setup() {
	require_root_bpf
	make_pair
	CGROUPS=$(awk '$(NF - 2) == "cgroup2" && $4 == "/" {print $5; exit}' /proc/self/mountinfo)
	[[ $CGROUPS ]] || skip "cgroup v2 is not mounted"
	CGROUP=ifp-test-$$
	OWN_CGROUP=$(sed -n 's/^0:://p' /proc/self/cgroup)
	mkdir -p "$CGROUPS/$CGROUP/a b" "$CGROUPS/$CGROUP/other"
}

teardown() {
	harness_cleanup
	[[ -z ${CGROUP-} ]] || wait_until 5 remove_cgroups
}

remove_cgroups() {
	rmdir "$CGROUPS/$CGROUP/a b" "$CGROUPS/$CGROUP/other" "$CGROUPS/$CGROUP" 2>/dev/null || true
	[[ ! -d $CGROUPS/$CGROUP ]]
}

# Runs COMMAND in a control group: a socket is of the one that its maker is in then.
in_cgroup() { # CGROUP COMMAND…
	local status=0
	echo "$BASHPID" >"$CGROUPS/$CGROUP/$1/cgroup.procs"
	shift
	"$@" || status=$?
	echo "$BASHPID" >"$CGROUPS/$OWN_CGROUP/cgroup.procs"
	return "$status"
}

send_udp() { # PORT COUNT [ADDRESS]
	in_ns "$NS0" "$BUILD/tools/traffic" udp-send --to "${3:-192.0.2.2}" --port "$1" --count "$2" \
		--size 1000 >/dev/null
}

# PORT CGROUP of the flows of a direction.
cgroups_of() { # FILE rx|tx
	bursts_of "$@" | jq -r '.[].flows[] | "\(.destination_port) \(.cgroup)"'
}

# bats test_tags=vm
@test "each flow has the path of its sender's cgroup, on egress" {
	local tx
	watch_flows "$NS0" v0
	tx=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS1" v1
	in_cgroup "a b" send_udp 7001 30
	in_cgroup other send_udp 7002 20
	# What is sent past IP has a sender, too.
	in_cgroup "a b" send_hex 10 500 \
		"0800 4500 0000 0000 4000 4006 0000 c6336407 c0000202 1267 0050"
	settle
	stop_ifpulse
	stop_ifpulse "${tx[0]}"
	assert_equal "$(cgroups_of "${tx[1]}" tx)" "$(printf '%s\n' "7001 /$CGROUP/a b" \
		"7002 /$CGROUP/other" "80 /$CGROUP/a b")" sent
	assert_equal "$(cgroups_of "$IFPULSE_OUT" rx)" "$(printf '%s\n' "7001 null" "7002 null" \
		"80 null")" received
}

# What answers the first packet is of no socket yet, but of the listener's making.
@test "the flow of a connection that was accepted has its listener's cgroup" {
	watch_flows "$NS1" v1
	in_cgroup other start_sink "$NS1" tcp-sink --port 7001 --family 4
	in_cgroup "a b" send "$NS0" traffic tcp-send --to 192.0.2.2 --port 7001 --bytes 1000000
	wait_bg sink
	settle
	stop_ifpulse
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -r '.[].flows[] | "\(.source_port) \(.cgroup)"')" \
		"7001 /$CGROUP/other" acknowledged
}

# Resets and the like are sent by sockets of the kernel's, which are in the cgroup of whoever made the namespace.
@test "what the kernel sends for nobody has no cgroup" {
	watch_flows "$NS1" v1
	send_udp 9 10
	send_udp 9 10 2001:db8::2
	run ! in_ns "$NS0" "$BUILD/tools/traffic" tcp-send --to 192.0.2.2 --port 9 --bytes 1
	run ! in_ns "$NS0" "$BUILD/tools/traffic" tcp-send --to 2001:db8::2 --port 9 --bytes 1
	settle
	stop_ifpulse
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -r '.[].flows[] | "\(.protocol) \(.cgroup)"' | sort)" \
		"$(printf '%s\n' "icmp null" "icmpv6 null" "tcp null" "tcp null")" answers
}

@test "a cgroup that has gone by then is not named; for people the name is short" {
	start_ifpulse "$NS0" bursts -v -i v0 --threshold 1Mbit --merge-gap 2s
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	people=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS0" v0
	in_cgroup "a b" send_udp 7001 30
	in_cgroup other send_udp 7002 20
	rmdir "$CGROUPS/$CGROUP/other"
	settle
	stop_ifpulse
	stop_ifpulse "${people[0]}"
	assert_equal "$(cgroups_of "$IFPULSE_OUT" tx)" "$(printf '%s\n' "7001 /$CGROUP/a b" "7002 null")" cgroups
	grep -q ' > 192.0.2.2:7001 udp 60% (a b) and 1 more$' "${people[1]}"
}
