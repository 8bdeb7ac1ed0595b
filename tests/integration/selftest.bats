#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The harness itself, without ifpulse: what the generators say they sent is what the kernel counted.

load lib

ETHERNET=14
UDP4=$((ETHERNET + 20 + 8))
UDP6=$((ETHERNET + 40 + 8))

setup() {
	require_root
	make_pair
	mark
}

# Remembers the counters, for counted().
mark() {
	local end ns ifname field
	declare -gA before=()
	for end in "$NS0 v0" "$NS1 v1"; do
		read -r ns ifname <<<"$end"
		for field in {rx,tx}_{packets,bytes,dropped}; do
			before[$ifname:$field]=$(stats64 "$ns" "$ifname" "$field")
		done
	done
}

# Expects v0 to have sent, and v1 to have received, this much since the mark.
counted() { # PACKETS BYTES
	local field now
	for field in packets bytes; do
		now=$(stats64 "$NS0" v0 "tx_$field")
		assert_equal $((now - ${before[v0:tx_$field]})) "$1" "v0 tx_$field"
		now=$(stats64 "$NS1" v1 "rx_$field")
		assert_equal $((now - ${before[v1:rx_$field]})) "$1" "v1 rx_$field"
		shift
	done
}

# Expects v1 to have sent nothing back.
silent() {
	assert_equal "$(stats64 "$NS1" v1 tx_packets)" "${before[v1:tx_packets]}" "v1 tx_packets"
}

start_sink() { # MODE ARGUMENT…
	start_bg sink "$NS1" "$BUILD/tools/traffic" "$@"
	SINK_OUT=$BG_OUT
	wait_for_line "$BG_ERR" '^ready$'
}

# Sends, and puts the sender's JSON into SENT.
send() { # TOOL ARGUMENT…
	local tool=$1 status=0
	shift
	SENT=$BATS_TEST_TMPDIR/sent.json
	in_ns "$NS0" "$BUILD/tools/$tool" "$@" >"$SENT" || status=$?
	cat "$SENT"
	return "$status"
}

@test "a settled pair is silent" {
	settle
	counted 0 0
	silent
}

@test "udp over IPv4: datagrams and bytes are exact" {
	start_sink udp-sink --port 9000 --count 5000
	send traffic udp-send --to 192.0.2.2 --port 9000 --count 5000 --size 700
	wait_bg sink
	assert_equal "$(json_field "$SENT" sent_datagrams)" 5000
	assert_equal "$(json_field "$SENT" payload_bytes)" $((5000 * 700))
	assert_equal "$(json_field "$SENT" failed_sends)" 0
	assert_equal "$(json_field "$SINK_OUT" received_datagrams)" 5000
	assert_equal "$(json_field "$SINK_OUT" payload_bytes)" $((5000 * 700))
	counted 5000 $((5000 * (700 + UDP4)))
	silent
}

@test "udp over IPv6: datagrams and bytes are exact, on a chosen CPU and at a rate" {
	start_sink udp-sink --port 9000 --family 6 --count 2000
	send traffic udp-send --to 2001:db8::2 --port 9000 --count 2000 --size 1 --bind-cpu 0 \
		--rate-pps 20000
	wait_bg sink
	assert_equal "$(json_field "$SENT" sent_datagrams)" 2000
	assert_equal "$(json_field "$SINK_OUT" received_datagrams)" 2000
	assert_equal "$(json_field "$SINK_OUT" payload_bytes)" 2000
	counted 2000 $((2000 * (1 + UDP6)))
	silent
}

@test "udp with GSO: one packet per send for the kernel, all datagrams for the sink" {
	start_sink udp-sink --port 9000 --count 700
	send traffic udp-send --to 192.0.2.2 --port 9000 --count 100 --size 6500 --gso 1000
	wait_bg sink
	assert_equal "$(json_field "$SENT" sent_sends)" 100
	assert_equal "$(json_field "$SENT" sent_datagrams)" 700
	assert_equal "$(json_field "$SENT" payload_bytes)" 650000
	assert_equal "$(json_field "$SINK_OUT" payload_bytes)" 650000
	counted 100 $((100 * (6500 + UDP4)))
	silent
}

@test "udp with GSO where the device segments in software: one packet per datagram" {
	require_tool ethtool
	in_ns "$NS0" ethtool -K v0 tx-udp-segmentation off >/dev/null
	start_sink udp-sink --port 9000 --family 6 --count 700
	send traffic udp-send --to 2001:db8::2 --port 9000 --count 100 --size 6500 --gso 1000
	wait_bg sink
	counted 700 $((650000 + 700 * UDP6))
	silent
}

@test "udp to a closed port: a refused send is counted and sent again" {
	send traffic udp-send --to 192.0.2.2 --port 9001 --count 100 --size 100
	assert_equal "$(json_field "$SENT" sent_datagrams)" 100
	((0 < $(json_field "$SENT" refused)))
	counted 100 $((100 * (100 + UDP4)))
}

@test "udp that does not fit the MTU fails rather than being fragmented" {
	local status=0
	send traffic udp-send --to 192.0.2.2 --port 9000 --count 1 --size 1473 || status=$?
	assert_equal "$status" 1
	assert_equal "$(json_field "$SENT" sent_datagrams)" 0
	counted 0 0
}

@test "udp through a queue that drops: what is dropped is reported, and sent again" {
	require_tool tc
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 20mbit burst 3000 limit 4000 ||
		skip "no tbf"
	start_sink udp-sink --port 9000 --count 400
	send traffic udp-send --to 192.0.2.2 --port 9000 --count 400 --size 1000
	wait_bg sink
	((0 < $(json_field "$SENT" no_buffer)))
	assert_equal "$(json_field "$SINK_OUT" received_datagrams)" 400
	counted 400 $((400 * (1000 + UDP4)))
}

@test "tcp: the payload is exact, and so are the bytes of its segments" {
	local segments=0 bytes
	start_sink tcp-sink --port 9000
	send traffic tcp-send --to 192.0.2.2 --port 9000 --bytes 3000001 --chunk 5000
	wait_bg sink
	assert_equal "$(json_field "$SENT" payload_bytes)" 3000001
	assert_equal "$(json_field "$SINK_OUT" payload_bytes)" 3000001
	settle
	segments=$(($(stats64 "$NS0" v0 tx_packets) - ${before[v0:tx_packets]}))
	# Timestamps make each TCP header 32 bytes; that of the SYN has 8 more.
	bytes=$((3000001 + $(json_field "$SENT" retransmitted_bytes)))
	counted "$segments" $((bytes + segments * (ETHERNET + 20 + 32) + 8))
}

@test "tcp over IPv6 arrives whole" {
	start_sink tcp-sink --port 9000 --family 6
	send traffic tcp-send --to 2001:db8::2 --port 9000 --bytes 100000
	wait_bg sink
	assert_equal "$(json_field "$SINK_OUT" payload_bytes)" 100000
}

@test "raw frames: the size is that of the whole frame, and nobody takes them" {
	local dropped
	send frames raw-send --interface v0 --count 1000 --size 60
	assert_equal "$(json_field "$SENT" frame_bytes)" 60000
	counted 1000 60000
	dropped=$(stats64 "$NS1" v1 rx_dropped)
	assert_equal $((dropped - ${before[v1:rx_dropped]})) 1000 "v1 rx_dropped"
	silent
}

@test "raw frames with a tag: the size is that of the whole frame" {
	send frames raw-send --interface v0 --count 10 --size 64 --vlan 42
	counted 10 640
	send frames raw-send --interface v0 --count 10 --size 1518 --vlan 42
	counted 20 $((640 + 15180))
}

@test "a held tap has a speed to set and goes away with its holder" {
	require_tool ethtool
	[[ -c /dev/net/tun ]] || skip "no /dev/net/tun"
	start_bg hold "$NS0" "$BUILD/tools/frames" hold --interface tap0 --kind tap --drain
	wait_for_line "$BG_ERR" '^ready$'
	ip -n "$NS0" link set tap0 up
	wait_up "$NS0" tap0
	in_ns "$NS0" ethtool -s tap0 speed 1000 duplex full
	in_ns "$NS0" ethtool tap0 | grep -q 'Speed: 1000Mb/s'
	settle "$NS0" tap0
	local sent
	sent=$(stats64 "$NS0" tap0 tx_packets)
	send frames raw-send --interface tap0 --count 200 --size 60
	settle "$NS0" tap0
	assert_equal $(($(stats64 "$NS0" tap0 tx_packets) - sent)) 200 "tap0 tx_packets"
	kill -TERM "$BG_PID"
	wait_bg hold 5
	run ! ip -n "$NS0" link show dev tap0
}

@test "a sink that gets too little says so and ends by itself" {
	local status=0
	start_bg sink "$NS1" "$BUILD/tools/traffic" udp-sink --port 9000 --count 2 --timeout 1
	wait_for_line "$BG_ERR" '^ready$'
	send traffic udp-send --to 192.0.2.2 --port 9000 --count 1 --size 10
	wait_bg sink 10 || status=$?
	assert_equal "$status" 1
	assert_equal "$(json_field "$BG_OUT" received_datagrams)" 1
	grep -q 'out of time' "$BG_ERR"
}

@test "wrong options are a usage error" {
	run -2 "$BUILD/tools/traffic"
	run -2 "$BUILD/tools/traffic" nonsense
	run -2 "$BUILD/tools/traffic" udp-send --to 192.0.2.2
	run -2 "$BUILD/tools/traffic" udp-sink --port 70000 --count 1
	run -2 "$BUILD/tools/traffic" udp-send --to nowhere --port 1 --count 1 --size 1
	run -2 "$BUILD/tools/frames" raw-send --interface v0 --count 1 --size 17 --vlan 1
	run -0 "$BUILD/tools/traffic" --help
	run -0 "$BUILD/tools/frames" hold --help
}

@test "a background process takes SIGINT, and the cleanup leaves nothing" {
	local pid status=0
	start_bg interrupted "$NS0" sleep 60
	kill -INT "$BG_PID"
	wait_bg interrupted 5 || status=$?
	assert_equal "$status" 130
	start_bg left "$NS0" sleep 60
	pid=$BG_PID
	harness_cleanup
	has_ended "$pid"
	[[ ! -e /run/netns/$NS0 && ! -e /run/netns/$NS1 ]]
}
