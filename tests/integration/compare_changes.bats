#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# compare, where what a device counts changes while it runs, or packets change between hook and count: how many is
# known, and a packet that the probe lost in the same run is a mismatch all the same.

load lib
load probe
load compare

setup() {
	require_root_bpf
}

udp_of() { # COUNT
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count "$1" --size 300
}

difference() { # NS IFNAME DIRECTION COUNTER
	field "$1" "$2" "$3" "$4" difference
}

# ---- a veth whose other end begins to poll, or ends ----

# The packets agree, and of so many the header is missing.
polled_for() { # NS IFNAME DIRECTION PACKETS
	assert_equal "$(difference "$1" "$2" "$3" packets)" 0 "$2 $3"
	is_explained "$1" "$2" "$3" bytes "the other end polled for"
	assert_equal "$(difference "$1" "$2" "$3" bytes)" "-$(($4 * ETHERNET))" "$2 $3"
}

@test "GRO switched on at the other end while it runs: so many headers fewer, on both sides" {
	make_pair
	features "$NS0" v0 tso off
	settle
	begin "$NS0"
	begin "$NS1"
	udp_of 700
	settle
	features "$NS1" v1 gro on
	udp_of 300
	settle
	finish "$NS0"
	finish "$NS1"
	polled_for "$NS0" v0 tx 300
	polled_for "$NS1" v1 rx 300
	agrees "$NS0" v0 rx either 0
}

# At a rate that leaves room in the queue between the ends: what is in it when the polling ends is lost.
@test "GRO switched off and on again while packets pass: none more or less, on both sides" {
	local i state=off before
	make_pair
	features "$NS0" v0 tso off
	features "$NS1" v1 gro on
	settle
	before=$(stats64 "$NS0" v0 tx_dropped)
	begin "$NS0"
	begin "$NS1"
	start_bg sender "$NS0" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 --port 7009 \
		--count 3000 --size 300 --rate-pps 3000
	for ((i = 0; i < 5; i++)); do
		sleep "$POLL_SECONDS"
		features "$NS1" v1 gro "$state"
		[[ $state == on ]] && state=off || state=on
	done
	wait_bg sender
	settle
	finish "$NS0"
	finish "$NS1"
	assert_equal "$(difference "$NS1" v1 rx packets)" 0
	is_explained "$NS1" v1 rx bytes "the other end polled for"
	if (($(stats64 "$NS0" v0 tx_dropped) > before)); then
		is_explained "$NS0" v0 tx packets "dropped behind the egress hook"
	else
		is_explained "$NS0" v0 tx bytes "the other end polled for"
	fi
	assert_equal "$(difference "$NS0" v0 tx packets)" \
		"$((before - $(stats64 "$NS0" v0 tx_dropped)))"
}

@test "GRO for UDP at the other end of a sender with TSO: TCP's are whole, the others polled for" {
	make_pair
	features "$NS1" v1 gro on rx-udp-gro-forwarding on
	settle
	begin "$NS0"
	begin "$NS1"
	tcp "$NS0" "$NS1" 192.0.2.2 4
	udp_of 1000
	settle
	finish "$NS0"
	finish "$NS1"
	polled_for "$NS0" v0 tx 1000
	is_explained "$NS1" v1 rx bytes "the other end polled for"
}

@test "XDP that comes to the other end and goes: what is sent is cut, and without its header" {
	local gso=(traffic udp-send --to 192.0.2.2 --port 7009 --count 20 --size 9000 --gso 1000)
	make_pair
	begin "$NS0"
	begin "$NS1"
	send "$NS0" "${gso[@]}"
	neighbour xdp "$NS1" --interface v1 --direction ingress --mode xdp --every 1000000
	send "$NS0" "${gso[@]}"
	kill -TERM "$(<"$BATS_TEST_TMPDIR/xdp.pid")"
	wait_bg xdp
	send "$NS0" "${gso[@]}"
	settle
	finish "$NS0"
	finish "$NS1"
	is_explained "$NS0" v0 tx packets "some GSO packets counted whole"
	is_explained "$NS0" v0 tx bytes "the other end polled for"
	assert_equal "$(field "$NS0" v0 tx packets kernel)" $((20 + 20 * 9 + 20))
	[[ $(field "$NS1" v1 rx bytes verdict) != mismatch ]]
}

@test "one packet that the probe loses meanwhile is a mismatch all the same" {
	make_pair
	features "$NS0" v0 tso off
	settle
	export IFPULSE_TESTING=1
	begin "$NS0" -i v0 --lose-one-in 900
	begin "$NS1" -i v1 --lose-one-in 900
	unset IFPULSE_TESTING
	udp_of 500
	settle
	features "$NS1" v1 gro on
	udp_of 500
	settle
	finish "$NS0" 1
	finish "$NS1" 1
	assert_equal "$(field "$NS0" v0 tx packets verdict)" mismatch
	assert_equal "$(field "$NS1" v1 rx packets verdict)" mismatch
	assert_equal "$(difference "$NS0" v0 tx packets)" 1
	assert_equal "$(difference "$NS1" v1 rx packets)" 1
}

# ---- packets that become longer ----

@test "a VLAN tag that the device will not put in itself, and tc's own" {
	make_pair
	features "$NS0" v0 tx-vlan-hw-insert off
	require_tcx
	neighbour tag "$NS0" --interface v0 --direction egress --verdict tag
	begin "$NS0"
	begin "$NS1"
	udp_of 500
	settle
	finish "$NS0"
	finish "$NS1"
	assert_equal "$(difference "$NS0" v0 tx packets)" 0
	is_explained "$NS0" v0 tx bytes "made longer or shorter behind the egress hook"
	assert_equal "$(difference "$NS0" v0 tx bytes)" $((500 * 4))
	agrees "$NS1" v1 rx segments 0
}

@test "the same for GSO packets, which the receiver counts with their tag" {
	make_pair
	features "$NS0" v0 tx-vlan-hw-insert off
	require_tcx
	begin "$NS0"
	begin "$NS1"
	neighbour tag "$NS0" --interface v0 --direction egress --verdict tag
	neighbour untag "$NS1" --interface v1 --direction ingress --verdict untag
	tcp "$NS0" "$NS1" 192.0.2.2 4
	settle
	finish "$NS0"
	finish "$NS1"
	is_explained "$NS0" v0 tx bytes "made longer or shorter behind the egress hook"
	is_explained "$NS1" v1 rx bytes "a VLAN tag among the bytes"
	assert_equal "$(difference "$NS1" v1 rx packets)" 0
	assert_equal "$(difference "$NS1" v1 rx bytes)" "$(difference "$NS0" v0 tx bytes)"
}

@test "XDP that puts bytes before a packet, which the hook finds longer" {
	make_pair
	neighbour xdp "$NS1" --interface v1 --direction ingress --mode xdp --verdict grow
	settle
	begin "$NS1"
	udp_of 500
	settle
	finish "$NS1"
	assert_equal "$(difference "$NS1" v1 rx packets)" 0
	is_explained "$NS1" v1 rx bytes "the XDP program"
	assert_equal "$(difference "$NS1" v1 rx bytes)" $((-500 * 8))
}

# Without GRO or XDP at its other end a veth takes no frames.
@test "XDP that redirects to where nobody polls: nothing is sent, and nothing missing" {
	make_pair
	make_ns NS2 2
	ip link add p0 netns "$NS0" type veth peer name p1 netns "$NS2"
	ip -n "$NS0" link set p0 up
	ip -n "$NS2" link set p1 up
	wait_up "$NS0" p0
	neighbour xdp "$NS0" --interface v0 --direction ingress --mode xdp --verdict redirect --to p0
	settle_all "$NS0" "$NS1" "$NS2"
	begin "$NS0"
	send "$NS1" traffic udp-send --to 192.0.2.1 --port 7009 --count 300 --size 300
	settle_all "$NS0"
	finish "$NS0"
	assert_equal "$(field "$NS0" p0 tx packets kernel)" 0
	assert_equal "$(field "$NS0" p0 tx packets verdict)" match
	is_explained "$NS0" v0 rx packets "300 packets: passed by the XDP program"
}

# ---- many at once ----

# 150 veths and their other ends, in one namespace, with nothing of their own to say.
crowd() {
	local i
	make_ns NS0 0
	in_ns "$NS0" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	for ((i = 0; i < 150; i++)); do
		printf 'link add a%d type veth peer name b%d\n' "$i" "$i"
		printf 'link set a%d up\nlink set b%d up\n' "$i" "$i"
	done | ip -n "$NS0" -batch -
	wait_up "$NS0" a149
}

packets_of_all() { # DIRECTION
	jq --arg d "$1" '[.[] | select(.direction == $d and .counter == "packets") | .kernel] | add' \
		"${COMPARE_OUT[$NS0]}"
}

@test "300 interfaces under traffic at once: all of them match, within 64 MiB" {
	local i high
	crowd
	begin "$NS0"
	for ((i = 0; i < 150; i++)); do
		send "$NS0" frames raw-send --interface "a$i" --count 40 --size 300
		((i % 3)) || send "$NS0" frames raw-send --interface "b$i" --count 60 --size 900
	done
	sleep "$POLL_SECONDS"
	high=$(awk '/^VmHWM/ { print $2 }' "/proc/${COMPARE_PID[$NS0]}/status")
	finish "$NS0"
	assert_equal "$(jq 'length' "${COMPARE_OUT[$NS0]}")" $((301 * 4))
	jq -e 'all(.verdict == "match" and .difference == 0)' "${COMPARE_OUT[$NS0]}" >/dev/null
	assert_equal "$(packets_of_all tx)" $((150 * 40 + 50 * 60))
	assert_equal "$(packets_of_all rx)" $((150 * 40 + 50 * 60))
	# Sanitizers take memory of their own.
	! grep -q __asan_init "$BUILD/ifpulse" || return 0
	((high < 64 * 1024))
}
