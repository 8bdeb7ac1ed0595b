#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Counts are exact, to the packet and the byte: against what was sent and against stats64.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
}

begin() { # ARGUMENT… of rate
	probe "$NS0" v0 "$@"
	probe "$NS1" v1 "$@"
	note_kernel "$NS0" v0 "$NS1" v1
}

finish() {
	settle
	end_probe "$NS0"
	end_probe "$NS1"
}

udp_is_exact() { # ATTACH-MODE ADDRESS HEADERS
	local count=20000 size=300
	begin --attach "$1"
	start_sink "$NS1" udp-sink --port 7000 --count "$count" --family "$4"
	send "$NS0" traffic udp-send --to "$2" --port 7000 --count "$count" --size "$size"
	wait_bg sink
	finish
	assert_equal "$(json_field "$SENT" sent_datagrams)" "$count"
	probed_is "$NS0" v0 tx "$count" $((count * (size + $3)))
	probed_is "$NS1" v1 rx "$count" $((count * (size + $3)))
	skbs_equal_kernel "$NS0" v0
	skbs_equal_kernel "$NS1" v1
	probed_is "$NS1" v1 tx 0 0
}

@test "UDP over IPv4 is exact, by tcx" {
	udp_is_exact tcx 192.0.2.2 "$UDP4" 4
}

@test "UDP over IPv4 is exact, by clsact" {
	udp_is_exact clsact 192.0.2.2 "$UDP4" 4
}

@test "UDP over IPv6 is exact, by tcx" {
	udp_is_exact tcx 2001:db8::2 "$UDP6" 6
}

@test "UDP over IPv6 is exact, by clsact" {
	udp_is_exact clsact 2001:db8::2 "$UDP6" 6
}

tcp() { # ADDRESS FAMILY BYTES
	start_sink "$NS1" tcp-sink --port 7001 --family "$2"
	send "$NS0" traffic tcp-send --to "$1" --port 7001 --bytes "$3"
	wait_bg sink
	assert_equal "$(json_field "$SENT" payload_bytes)" "$3"
}

# With GSO on, a veth carries and counts whole GSO skbs.
tcp_gso_is_exact() { # ATTACH-MODE ADDRESS FAMILY
	begin --attach "$1"
	tcp "$2" "$3" 20000000
	finish
	skbs_equal_kernel "$NS0" v0
	skbs_equal_kernel "$NS1" v1
	# What one end sends the other receives, on the wire too.
	assert_equal "$(probed "$NS0" v0 tx_wire_bytes)" "$(probed "$NS1" v1 rx_wire_bytes)"
	assert_equal "$(probed "$NS0" v0 tx_wire_packets)" "$(probed "$NS1" v1 rx_wire_packets)"
	# There was GSO: more segments than skbs, and at least one for each 1460 bytes.
	(($(probed "$NS0" v0 tx_wire_packets) > 20000000 / 1460))
	(($(probed "$NS0" v0 tx_wire_packets) > 2 * $(probed "$NS0" v0 tx_packets)))
}

# bats test_tags=vm
@test "TCP over IPv4 with GSO is exact, by tcx" {
	tcp_gso_is_exact tcx 192.0.2.2 4
}

@test "TCP over IPv6 with GSO is exact, by clsact" {
	tcp_gso_is_exact clsact 2001:db8::2 6
}

# With segmentation offload off, the stack cuts GSO skbs behind the hook and before the device: the
# device's counters are an independent truth for what the probe reckons the wire carries.
tcp_wire_is_exact() { # ADDRESS FAMILY
	in_ns "$NS0" ethtool -K v0 tso off
	begin
	tcp "$1" "$2" 20000000
	finish
	wire_equals_kernel "$NS0" v0 tx
	skbs_equal_kernel "$NS1" v1
	(($(probed "$NS0" v0 tx_packets) < $(kernel "$NS0" v0 tx_packets)))
}

@test "wire counts of TCP over IPv4 are the segments the device sends" {
	tcp_wire_is_exact 192.0.2.2 4
}

@test "wire counts of TCP over IPv6 are the segments the device sends" {
	tcp_wire_is_exact 2001:db8::2 6
}

# TCP makes GSO skbs even for a device without GSO (since Linux 4.17); they are cut on the way to it,
# so the receiver gets every segment by itself.
tcp_without_gso_is_exact() { # ATTACH-MODE ADDRESS FAMILY
	in_ns "$NS0" ethtool -K v0 tso off gso off
	begin --attach "$1"
	tcp "$2" "$3" 5000000
	finish
	skbs_equal_kernel "$NS1" v1
	wire_equals_kernel "$NS0" v0 tx
	wire_equals_kernel "$NS1" v1 rx
}

@test "TCP over IPv4 without GSO is exact, by tcx" {
	tcp_without_gso_is_exact tcx 192.0.2.2 4
}

# bats test_tags=vm
@test "TCP over IPv6 without GSO is exact, by clsact" {
	tcp_without_gso_is_exact clsact 2001:db8::2 6
}

@test "UDP GSO counts one skb per send and each datagram on the wire" {
	local sends=3000 size=9000 segment=1200 datagrams=$((3000 * 8))
	local skb_bytes=$((sends * (size + UDP4))) wire_bytes=$((sends * size + datagrams * UDP4))
	begin
	start_sink "$NS1" udp-sink --port 7000 --count "$datagrams"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7000 --count "$sends" --size "$size" \
		--gso "$segment"
	wait_bg sink
	finish
	assert_equal "$(json_field "$SENT" sent_datagrams)" "$datagrams"
	probed_is "$NS0" v0 tx "$sends" "$skb_bytes" "$datagrams" "$wire_bytes"
	probed_is "$NS1" v1 rx "$sends" "$skb_bytes" "$datagrams" "$wire_bytes"
	skbs_equal_kernel "$NS0" v0
}

@test "a VXLAN tunnel's segments are exact below it, outer headers included" {
	local ns
	for ns in "$NS0 v0 1 2" "$NS1 v1 2 1"; do
		# shellcheck disable=SC2086
		set -- $ns
		ip -n "$1" link add vx0 type vxlan id 7 dev "$2" local "192.0.2.$3" \
			remote "192.0.2.$4" dstport 4789
		ip -n "$1" address add "198.51.100.$3/24" dev vx0
		ip -n "$1" link set vx0 up
	done
	in_ns "$NS0" ethtool -K v0 tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off tso off
	settle
	begin
	start_sink "$NS1" tcp-sink --port 7001
	send "$NS0" traffic tcp-send --to 198.51.100.2 --port 7001 --bytes 10000000
	wait_bg sink
	finish
	wire_equals_kernel "$NS0" v0 tx
	(($(probed "$NS0" v0 tx_packets) < $(kernel "$NS0" v0 tx_packets)))
	# The tunnel device itself sees the inner frames: 50 bytes less a segment.
	assert_equal "$(($(probed "$NS0" vx0 tx_wire_bytes) + 50 * $(probed "$NS0" vx0 tx_wire_packets)))" \
		"$(probed "$NS0" v0 tx_wire_bytes)" "inner and outer wire bytes"
}

@test "a VLAN tag counts on the wire though the skb holds it apart" {
	begin
	send "$NS0" frames raw-send --interface v0 --count 500 --size 200 --vlan 5
	finish
	# The sender's skb has the tag in its data; on receive the stack takes it out.
	probed_is "$NS0" v0 tx 500 $((500 * 200))
	probed_is "$NS1" v1 rx 500 $((500 * 196)) 500 $((500 * 200))
	wire_equals_kernel "$NS1" v1 rx
}

@test "non-IP frames of every length are exact" {
	local size total=0
	begin
	for size in 14 15 60 61 64 127 128 1000 1513 1514; do
		send "$NS0" frames raw-send --interface v0 --count 100 --size "$size"
		total=$((total + 100 * size))
	done
	finish
	probed_is "$NS0" v0 tx 1000 "$total"
	probed_is "$NS1" v1 rx 1000 "$total"
	skbs_equal_kernel "$NS0" v0
	skbs_equal_kernel "$NS1" v1
}

# lo counts its bytes after the Ethernet header has been taken off (loopback_xmit() in
# drivers/net/loopback.c): 14 less a packet than what passes the hooks.
lo_equals_kernel() { # NS DIRECTION…
	local ns=$1 direction
	shift
	for direction; do
		assert_equal "$(probed "$ns" lo "${direction}_packets")" \
			"$(kernel "$ns" lo "${direction}_packets")" "lo ${direction}_packets"
		assert_equal "$(probed "$ns" lo "${direction}_bytes")" \
			"$(($(kernel "$ns" lo "${direction}_bytes") + ETHERNET *
				$(kernel "$ns" lo "${direction}_packets")))" "lo ${direction}_bytes"
	done
}

lo_is_exact() { # ATTACH-MODE ADDRESS FAMILY HEADERS
	local count=20000 size=200
	probe "$NS0" lo --attach "$1"
	note_kernel "$NS0" lo
	start_bg sink "$NS0" "$BUILD/tools/traffic" udp-sink --port 7000 --count "$count" --family "$3"
	wait_for_line "$BG_ERR" '^ready$'
	send "$NS0" traffic udp-send --to "$2" --port 7000 --count "$count" --size "$size"
	wait_bg sink
	settle "$NS0" lo
	end_probe "$NS0"
	probed_is "$NS0" lo tx "$count" $((count * (size + $4)))
	probed_is "$NS0" lo rx "$count" $((count * (size + $4)))
	lo_equals_kernel "$NS0" rx tx
}

@test "lo is exact for IPv4, by tcx" {
	lo_is_exact tcx 127.0.0.1 4 "$UDP4"
}

@test "lo is exact for IPv6, by clsact" {
	lo_is_exact clsact ::1 6 "$UDP6"
}

@test "TCP over lo is exact, both directions" {
	probe "$NS0" lo
	note_kernel "$NS0" lo
	start_sink "$NS0" tcp-sink --port 7001
	send "$NS0" traffic tcp-send --to 127.0.0.1 --port 7001 --bytes 50000000
	wait_bg sink
	settle "$NS0" lo
	end_probe "$NS0"
	# A GSO skb of 64 KiB is too long for lo (gso_features_check() in net/core/dev.c) and is cut
	# behind the egress hook, so skbs equal the kernel's on receive, and the wire on both sides.
	lo_equals_kernel "$NS0" rx
	assert_equal "$(probed "$NS0" lo tx_wire_bytes)" "$(probed "$NS0" lo rx_wire_bytes)" bytes
	assert_equal "$(probed "$NS0" lo tx_wire_packets)" "$(probed "$NS0" lo rx_wire_packets)" packets
}

@test "two CPUs that send at once are both counted" {
	local count=20000 size=100 cpu
	(($(nproc) >= 2)) || skip "needs two CPUs"
	begin
	for cpu in 0 1; do
		start_bg "sender-$cpu" "$NS0" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 \
			--port 7009 --count "$count" --size "$size" --bind-cpu "$cpu"
	done
	wait_bg sender-0
	wait_bg sender-1
	finish
	probed_is "$NS0" v0 tx $((2 * count)) $((2 * count * (size + UDP4)))
	skbs_equal_kernel "$NS1" v1
}

@test "1 ms intervals add up to the same, each with its real length" {
	local count=20000 size=100 elapsed start
	begin -I 1ms
	start=$(microseconds)
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count "$count" --size "$size"
	elapsed=$(($(microseconds) - start))
	finish
	probed_is "$NS0" v0 tx "$count" $((count * (size + UDP4)))
	# Intervals cover the run without gap or overlap: each begins where the one before ended.
	jq -se '[.[] | select(.ifname == "v0")] | length > 10 and all(.[]; .interval_us > 0)' \
		"${PROBE_OUT[$NS0]}" >/dev/null
	(($(probed "$NS0" v0 interval_us) >= elapsed))
}

@test "drops on receive are counted to the interface that received" {
	begin
	# Nobody wants this ethertype: the stack frees each as dropped, and the kernel says rx_dropped.
	send "$NS0" frames raw-send --interface v0 --count 700 --size 100
	finish
	assert_equal "$(kernel "$NS1" v1 rx_dropped)" 700 "kernel's rx_dropped"
	assert_equal "$(probed "$NS1" v1 rx_drops)" 700 "v1 rx_drops"
	assert_equal "$(probed "$NS1" v1 tx_drops)" 0 "v1 tx_drops"
	assert_equal "$(probed "$NS0" v0 rx_drops)" 0 "v0 rx_drops"
	assert_equal "$(probed "$NS0" v0 tx_drops)" 0 "v0 tx_drops"
}

@test "drops by a full qdisc are counted to the interface that sends" {
	local dropped
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 1mbit burst 2000 limit 3000
	begin
	# The sender tries again what the qdisc refused: each try passes the hook and is a drop.
	send "$NS0" frames raw-send --interface v0 --count 20 --size 1000
	finish
	dropped=$(in_ns "$NS0" tc -s -j qdisc show dev v0 root | jq '.[0].drops')
	((dropped > 0))
	assert_equal "$(json_field "$SENT" no_buffer)" "$dropped" "refused by the qdisc"
	assert_equal "$(probed "$NS0" v0 tx_drops)" "$dropped" "v0 tx_drops"
	assert_equal "$(probed "$NS0" v0 tx_packets)" $((20 + dropped)) "v0 tx_packets"
	assert_equal "$(probed "$NS0" v0 rx_drops)" 0 "v0 rx_drops"
}

@test "drops by XDP in the driver are counted as received" {
	start_bg xdp "$NS1" "$BUILD/tools/neighbour" --interface v1 --direction ingress --mode xdp
	wait_for_line "$BG_ERR" '^ready$'
	settle
	begin
	send "$NS0" frames raw-send --interface v0 --count 40 --size 100
	finish
	assert_equal "$(probed "$NS1" v1 rx_drops)" 40 "v1 rx_drops"
	assert_equal "$(probed "$NS1" v1 tx_drops)" 0 "v1 tx_drops"
	# They never were packets of the stack.
	probed_is "$NS1" v1 rx 0 0
}

@test "drops by TC are counted to the side of their hook" {
	start_bg in "$NS1" "$BUILD/tools/neighbour" --interface v1 --direction ingress --mode tcx \
		--verdict drop
	wait_for_line "$BG_ERR" '^ready$'
	begin
	send "$NS0" frames raw-send --interface v0 --count 30 --size 100
	send "$NS1" frames raw-send --interface v1 --count 5 --size 100
	finish
	assert_equal "$(probed "$NS1" v1 rx_drops)" 30 "v1 rx_drops"
	assert_equal "$(probed "$NS1" v1 tx_drops)" 0 "v1 tx_drops"
	assert_equal "$(probed "$NS0" v0 rx_drops)" 5 "v0 rx_drops: nobody takes them"
	probed_is "$NS1" v1 rx 30 3000
}

# A router with one arm: what it sends back by the interface it came in by, and the qdisc drops, is lost
# on the way out.
@test "drops of what is routed out again are counted as sent" {
	local dropped
	in_ns "$NS1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.v1.send_redirects=0
	ip -n "$NS1" neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev v1 nud permanent
	ip -n "$NS0" neighbour replace 192.0.2.9 lladdr "$(mac_of "$NS1" v1)" dev v0 nud permanent
	in_ns "$NS1" tc qdisc add dev v1 root tbf rate 1mbit burst 2000 limit 3000
	begin
	send "$NS0" traffic udp-send --to 192.0.2.9 --port 7009 --count 100 --size 1000
	finish
	dropped=$(in_ns "$NS1" tc -s -j qdisc show dev v1 root | jq '.[0].drops')
	((dropped > 50))
	assert_equal "$(probed "$NS1" v1 tx_drops)" "$dropped" "v1 tx_drops"
	assert_equal "$(probed "$NS1" v1 rx_drops)" 0 "v1 rx_drops"
}

@test "what ifb hands back is not counted again" {
	in_ns "$NS0" modprobe ifb 2>/dev/null || true
	ip -n "$NS0" link add ifb7 type ifb || skip "the kernel has no ifb"
	ip -n "$NS0" link set ifb7 up
	in_ns "$NS0" tc qdisc add dev v0 clsact
	in_ns "$NS0" tc filter add dev v0 egress protocol all pref 10 u32 match u32 0 0 \
		action mirred egress redirect dev ifb7 || skip "the kernel has no act_mirred"
	begin
	send "$NS0" frames raw-send --interface v0 --count 100 --size 200
	finish
	probed_is "$NS0" v0 tx 100 20000
	skbs_equal_kernel "$NS0" v0
}

@test "wire counts of IPv6 BIG TCP are the segments the device sends" {
	ip -n "$NS0" link set v0 gso_max_size 150000 || skip "the kernel has no BIG TCP"
	ip -n "$NS1" link set v1 gro_max_size 150000
	in_ns "$NS0" ethtool -K v0 tso off
	begin
	tcp 2001:db8::2 6 20000000
	finish
	wire_equals_kernel "$NS0" v0 tx
}

@test "a total counts no packet twice over a bridge and its ports" {
	local count=5000 size=200
	ip -n "$NS1" link add br0 type bridge
	ip -n "$NS1" address flush dev v1
	ip -n "$NS1" link set v1 master br0
	ip -n "$NS1" address add 192.0.2.2/24 dev br0
	ip -n "$NS1" link set br0 address "$(mac_of "$NS1" v1)" up
	wait_up "$NS1" br0
	settle
	probe "$NS1" v1 --total -i v1 -i br0
	note_kernel "$NS1" v1
	start_sink "$NS1" udp-sink --port 7000 --count "$count"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7000 --count "$count" --size "$size"
	wait_bg sink
	finish_one "$NS1"
	probed_is "$NS1" v1 rx "$count" $((count * (size + UDP4)))
	(($(probed "$NS1" br0 rx_packets) >= count))
	assert_equal "$(probed "$NS1" total rx_packets)" "$(probed "$NS1" v1 rx_packets)" "total"
}

finish_one() { # NS
	settle
	end_probe "$1"
}

attached_again() { # IFNAME
	(($(grep -c "attached to $1\$" "$IFPULSE_ERR") == 2))
}

@test "a total stays right when an upper interface is attached anew" {
	local count=3000 size=200
	ip -n "$NS1" link add br0 type bridge
	ip -n "$NS1" link set v1 master br0
	ip -n "$NS1" link set br0 address "$(mac_of "$NS1" v1)" up
	wait_up "$NS1" br0
	settle
	probe "$NS1" v1 --total --attach clsact -i v1 -i br0 -v
	in_ns "$NS1" tc qdisc del dev br0 clsact
	wait_for_line "$IFPULSE_ERR" 'br0: another program came before our filter or threw it out'
	wait_until 5 attached_again br0
	# The bridge takes what is for its own address: these frames pass both.
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count "$count" --size "$size"
	settle
	end_probe "$NS1"
	(($(probed "$NS1" br0 rx_packets) >= count))
	assert_equal "$(probed "$NS1" total rx_packets)" "$(probed "$NS1" v1 rx_packets)" "total"
}

@test "iperf3 over a veth pair: rate sums equal stats64 deltas to the byte" {
	require_tool iperf3
	begin -I 100ms
	start_bg server "$NS1" iperf3 --server --one-off --forceflush --bind 192.0.2.2
	wait_for_line "$BG_OUT" 'Server listening'
	in_ns "$NS0" iperf3 --client 192.0.2.2 --bytes 500M >"$BATS_TEST_TMPDIR/iperf3.out"
	wait_bg server
	finish
	(($(probed "$NS0" v0 tx_bytes) > 500000000))
	skbs_equal_kernel "$NS0" v0
	skbs_equal_kernel "$NS1" v1
}
