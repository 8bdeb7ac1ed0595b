#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Whose a burst is: the flows that were sent are named, with exactly what they sent; and what is named and what
# is not add up to the burst.

load lib
load probe
load flows

setup() {
	require_root_bpf
	make_pair
}

# bats test_tags=vm
@test "an elephant among mice is named first, with exactly what it sent" {
	local late
	watch_flows "$NS0" v0
	send "$NS0" frames flows-send --interface v0 --flows 300 --count 600 --size 100
	# 198.51.100.7:4711 > 192.0.2.2:80 tcp
	send_hex 500 1200 "0800 4500 0000 0000 4000 4006 0000 c6336407 c0000202 1267 0050"
	send "$NS0" frames flows-send --interface v0 --flows 300 --count 600 --size 100
	settle
	stop_ifpulse
	adds_up "$IFPULSE_OUT"
	late=$(late_flows)
	assert_equal "$(flows_of "$IFPULSE_OUT" tx | awk '{ packets += $NF } END { print packets }')" \
		$((1700 - late)) "packets of flows, with $late told as late"
	# A CPU that is taken away for milliseconds between two steps of ours, as a virtual machine's may be: few are late.
	((!late)) || {
		((late <= 10))
		return
	}
	assert_equal "$(flows_of "$IFPULSE_OUT" tx | head -n 1)" \
		"ipv4 tcp false 198.51.100.7 4711 192.0.2.2 80 600000 500" elephant
	assert_equal "$(total "$IFPULSE_OUT" tx flows_total)" 301 flows
	assert_equal "$(flows_of "$IFPULSE_OUT" tx | grep -c ' 400 4$')" 300 mice
	assert_equal "$(total "$IFPULSE_OUT" tx unattributed_bytes)" 0 unattributed
}

@test "an incast of 1,000 flows, both ends" {
	local tx
	watch_flows "$NS0" v0
	tx=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS1" v1 --attach clsact
	send "$NS0" frames flows-send --interface v0 --flows 1000 --count 5000 --size 400
	settle
	stop_ifpulse
	stop_ifpulse "${tx[0]}"
	adds_up "${tx[1]}"
	adds_up "$IFPULSE_OUT"
	assert_equal "$(total "${tx[1]}" tx flows_total)" 1000 "sent flows"
	assert_equal "$(total "$IFPULSE_OUT" rx flows_total)" 1000 "received flows"
	assert_equal "$(flows_of "$IFPULSE_OUT" rx | sort)" "$(flows_of "${tx[1]}" tx | sort)" flows
	assert_equal "$(flows_of "$IFPULSE_OUT" rx | grep -c ' 2000 5$')" 1000 "exact flows"
}

anonymous_kb() { # PID
	sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

@test "300,000 flows do not take more memory than there is room for, and totals are exact" {
	local before once
	watch_flows "$NS0" v0
	before=$(anonymous_kb "$IFPULSE_PID")
	send "$NS0" frames flows-send --interface v0 --flows 300000 --count 300000 --size 60
	once=$(anonymous_kb "$IFPULSE_PID")
	send "$NS0" frames flows-send --interface v0 --flows 300000 --first 300000 --count 300000 --size 60
	settle
	# 65,536 records from each of the CPUs, waiting and taken, and sorted: some 20 MB each.
	((once - before < 40000 * ($(nproc) + 1)))
	(($(anonymous_kb "$IFPULSE_PID") - before < 40000 * ($(nproc) + 1)))
	stop_ifpulse
	adds_up "$IFPULSE_OUT"
	assert_equal "$(total "$IFPULSE_OUT" tx packets)" 600000 packets
	assert_equal "$(total "$IFPULSE_OUT" tx wire_bytes)" 36000000 bytes
	bursts_of "$IFPULSE_OUT" tx |
		jq -e 'any(.flows_total == 4096 and (.flows_exact | not))' >/dev/null
}

@test "IPv6, with extension headers" {
	local from=20010db8000000000000000000000007 to=20010db8000000000000000000000008
	watch_flows "$NS0" v0
	# Behind each other: hop-by-hop, destination options (16 bytes), routing, AH (24 bytes), UDP.
	send_hex 10 200 "86dd 60000000 0000 00 40 $from $to
		3c00 000000000000 2b01 0000000000000000000000000000 3300 000000000000
		1104 0000 00000001 00000001 000000000000000000000000 1f90 0035"
	send_hex 9 200 "86dd 60000000 0000 06 40 $from $to 1f91 0050"
	# A first fragment has the ports, others have not.
	send_hex 8 200 "86dd 60000000 0000 2c 40 $from $to 1100 0001 00000001 1f92 0036"
	send_hex 7 200 "86dd 60000000 0000 2c 40 $from $to 1100 0021 00000001 1f92 0036"
	send_hex 6 200 "86dd 60000000 0000 3a 40 $from $to 8000"
	settle
	stop_ifpulse
	adds_up "$IFPULSE_OUT"
	assert_equal "$(flows_of "$IFPULSE_OUT" tx)" "$(cat <<-END
		ipv6 udp false 2001:db8::7 8080 2001:db8::8 53 2000 10
		ipv6 tcp false 2001:db8::7 8081 2001:db8::8 80 1800 9
		ipv6 udp false 2001:db8::7 8082 2001:db8::8 54 1600 8
		ipv6 udp true 2001:db8::7 - 2001:db8::8 - 1400 7
		ipv6 icmpv6 false 2001:db8::7 - 2001:db8::8 - 1200 6
	END
	)" flows
}

@test "IPv4 with options and in fragments, behind VLAN tags, what is no IP, and what is cut short" {
	local tx
	watch_flows "$NS0" v0
	tx=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS1" v1
	send_hex 20 200 "0800 4600 0000 0000 0000 4011 0000 0a000001 0a000002 01010101 0007 0008"
	send_hex 19 200 "0800 4500 0000 0001 2000 4011 0000 0a000001 0a000002 0009 000a"
	send_hex 18 200 "0800 4500 0000 0001 2001 4011 0000 0a000001 0a000002 0009 000a"
	# One tag, and two: the skb may hold the outer one apart, which is four bytes more or less of its data.
	send_hex 17 200 "8100 0005 0800 4500 0000 0001 0000 4006 0000 0a000001 0a000002 000b 000c"
	send_hex 16 200 "88a8 0005 8100 0006 0800 4500 0000 0001 0000 4084 0000 0a000001 0a000002 000d 000e"
	send_hex 15 200 "88b5"
	# Called IPv4, and is not.
	send_hex 14 200 "0800 6500"
	send_hex 13 20 "0800 4500"
	send_hex 12 34 "0800 4500 0000 0001 0000 4011 0000 0a000001 0a000003"
	settle
	stop_ifpulse
	stop_ifpulse "${tx[0]}"
	adds_up "${tx[1]}"
	assert_equal "$(flows_of "${tx[1]}" tx)" "$(cat <<-END
		ipv4 udp false 10.0.0.1 7 10.0.0.2 8 4000 20
		ipv4 udp false 10.0.0.1 9 10.0.0.2 10 3800 19
		ipv4 udp true 10.0.0.1 - 10.0.0.2 - 3600 18
		ipv4 tcp false 10.0.0.1 11 10.0.0.2 12 3400 17
		ipv4 sctp false 10.0.0.1 13 10.0.0.2 14 3200 16
		- ipv4 false - - - - 3060 27
		- 0x88b5 false - - - - 3000 15
		ipv4 udp false 10.0.0.1 0 10.0.0.3 0 408 12
	END
	)" sent
	adds_up "$IFPULSE_OUT"
	assert_equal "$(flows_of "$IFPULSE_OUT" rx | sort)" "$(flows_of "${tx[1]}" tx | sort)" received
}

# They are looked at where they lie, or else copied.
@test "headers that are not in one piece" {
	local to="20010db8000000000000000000000008" linear count=20 tx
	ip -n "$NS0" link set v0 mtu 9000
	ip -n "$NS1" link set v1 mtu 9000
	watch_flows "$NS0" v0
	tx=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS1" v1
	# Behind the MAC header; in the middle of a tag; of an address; before the ports; in the middle of them; and all of that in one piece.
	for linear in 14 16 30 34 36 38 60; do
		send_hex $((count--)) 5000 "8100 0005 0800 4503 0000 0001 0000 4011 0000 0a000001 0a000002
			0007 $(printf %04x "$linear")" --linear "$linear"
		send_hex $((count--)) 5000 "86dd 60300000 0000 00 40 20010db8000000000000000000000007 $to
			1100000000000000 0007 $(printf %04x "$linear")" --linear "$linear"
	done
	settle
	stop_ifpulse
	stop_ifpulse "${tx[0]}"
	count=20
	for linear in 14 16 30 34 36 38 60; do
		echo "ipv4 udp false 10.0.0.1 7 10.0.0.2 $linear $((count * 5000)) $((count--))"
		echo "ipv6 udp false 2001:db8::7 7 2001:db8::8 $linear $((count * 5000)) $((count--))"
	done >"$BATS_TEST_TMPDIR/sent"
	assert_equal "$(flows_of "${tx[1]}" tx)" "$(<"$BATS_TEST_TMPDIR/sent")" sent
	assert_equal "$(flows_of "$IFPULSE_OUT" rx)" "$(<"$BATS_TEST_TMPDIR/sent")" received
	assert_equal "$(bursts_of "$IFPULSE_OUT" rx | jq 'map(.ce_packets) | add')" \
		"$(bursts_of "$IFPULSE_OUT" rx | jq 'map(.wire_packets) | add')" marks
}

@test "TCP with segmentation offload is one flow each way, of what the wire carries" {
	local port
	watch_flows "$NS0" v0
	start_sink "$NS1" tcp-sink --port 7001 --family 4
	send "$NS0" traffic tcp-send --to 192.0.2.2 --port 7001 --bytes 20000000
	wait_bg sink
	settle
	stop_ifpulse
	adds_up "$IFPULSE_OUT"
	(($(total "$IFPULSE_OUT" tx packets) < $(total "$IFPULSE_OUT" tx wire_packets)))
	port=$(flows_of "$IFPULSE_OUT" tx | awk 'NR == 1 {print $5}')
	assert_equal "$(flows_of "$IFPULSE_OUT" tx)" \
		"ipv4 tcp false 192.0.2.1 $port 192.0.2.2 7001 $(total "$IFPULSE_OUT" tx wire_bytes) $(
			total "$IFPULSE_OUT" tx wire_packets)" sent
	assert_equal "$(flows_of "$IFPULSE_OUT" rx | cut -d ' ' -f -7)" \
		"ipv4 tcp false 192.0.2.2 7001 192.0.2.1 $port" received
}

# The marks of all flows, most bytes first, and of the bursts.
marks_of() { # FILE rx|tx
	bursts_of "$@" | jq -r '([.[].flows[].ce_packets] | map(tostring) | join(" "))
		+ " of " + (map(.ce_packets) | add | tostring)'
}

# The ECN field is the last two bits of the type of service: 3 is CE, 1 and 2 are not (RFC 3168).
@test "packets that are marked CE: IPv4, IPv6, fragments, behind VLAN tags" {
	local v4="0000 0001 0000 4011 0000 0a000001 0a000002" tx
	local v6="0000 3a 40 20010db8000000000000000000000007 20010db8000000000000000000000008 8000"
	watch_flows "$NS0" v0
	tx=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS1" v1
	# In a flow of 19 packets 10 have the mark; and the three bits above it are none.
	send_hex 10 300 "0800 4503 $v4 0007 0008"
	send_hex 5 300 "0800 4502 $v4 0007 0008"
	send_hex 4 300 "0800 4501 $v4 0007 0008"
	send_hex 18 300 "0800 45fc $v4 0007 0009"
	send_hex 17 300 "0800 45ff 0000 0001 2001 4011 0000 0a000001 0a000002"
	send_hex 16 300 "86dd 60300000 $v6"
	# The same flow: a field of 2; a flow label that ends in 3.
	send_hex 1 300 "86dd 60200003 $v6"
	send_hex 16 300 "8100 0005 86dd 6ff00000 ${v6/3a 40/3b 40}"
	send_hex 15 300 "88a8 0005 8100 0006 0800 4503 $v4 0007 000b"
	send_hex 14 300 "88b5 4503 $v4"
	settle
	stop_ifpulse
	stop_ifpulse "${tx[0]}"
	assert_equal "$(marks_of "${tx[1]}" tx)" "10 0 17 16 16 15 0 of 74" sent
	assert_equal "$(bursts_of "$IFPULSE_OUT" rx | jq 'map(.ce_packets) | add')" 74 received
}

# All segments of a GSO packet have its mark.
@test "datagrams with segmentation offload that are marked CE" {
	watch_flows "$NS0" v0
	in_ns "$NS0" nft -f - <<-END
		table ip marks {
			chain out {
				type filter hook output priority 0
				udp dport 7001 ip ecn set ce
			}
		}
	END
	in_ns "$NS0" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 --port 7001 --count 20 \
		--size 14000 --gso 1400
	in_ns "$NS0" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 --port 7002 --count 19 \
		--size 14000 --gso 1400
	settle
	stop_ifpulse
	assert_equal "$(marks_of "$IFPULSE_OUT" tx)" "200 0 of 200" marks
}

@test "two CPUs at once" {
	local cpu
	(($(nproc) > 1)) || skip "one CPU"
	watch_flows "$NS0" v0
	for cpu in 0 1; do
		start_bg "sender-$cpu" "$NS0" taskset -c "$cpu" "$BUILD/tools/frames" flows-send \
			--interface v0 --flows 1000 --first $((cpu * 500)) --count 20000 --size 300
	done
	wait_bg sender-0
	wait_bg sender-1
	settle
	stop_ifpulse
	adds_up "$IFPULSE_OUT"
	assert_equal "$(total "$IFPULSE_OUT" tx packets)" 40000 packets
	# Half of the flows were sent by both.
	assert_equal "$(total "$IFPULSE_OUT" tx flows_total)" 1500 flows
	assert_equal "$(total "$IFPULSE_OUT" tx unattributed_bytes)" 0 unattributed
	assert_equal "$(flows_of "$IFPULSE_OUT" tx | grep -c ' 12000 40$')" 500 "flows of both"
}

@test "an interface without Ethernet headers" {
	start_bg tun "$NS0" "$BUILD/tools/frames" hold --interface t0 --kind tun --drain
	wait_for_line "$BG_ERR" '^ready$'
	echo 1 | in_ns "$NS0" tee /proc/sys/net/ipv6/conf/t0/disable_ipv6 >/dev/null
	ip -n "$NS0" address add 203.0.113.1/24 dev t0
	ip -n "$NS0" link set t0 up
	wait_up "$NS0" t0
	watch_flows "$NS0" t0
	send "$NS0" traffic udp-send --to 203.0.113.2 --port 7000 --count 100 --size 972
	settle "$NS0" t0
	stop_ifpulse
	adds_up "$IFPULSE_OUT"
	assert_equal "$(flows_of "$IFPULSE_OUT" tx | sed 's/ [0-9]* 203.0.113.2/ PORT 203.0.113.2/')" \
		"ipv4 udp false 203.0.113.1 PORT 203.0.113.2 7000 100000 100" flows
}

# What passed before a window was hot is not known, and said to be so.
@test "of a burst that begins within a window the beginning is not attributed" {
	start_ifpulse "$NS0" bursts -j -v -i v0 --window 1s --threshold 800kbit --merge-gap 2s
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	# Hot from 12,501 bytes on: from the 13th frame on, or later where two windows have part.
	send "$NS0" frames raw-send --interface v0 --count 500 --size 1000
	wait_for_line "$IFPULSE_OUT" '"tx"'
	stop_ifpulse
	jq -se 'length == 1 and all(.wire_bytes == 500000 and .unattributed_bytes >= 12000
		and .unattributed_bytes <= 24000
		and .flows[0].wire_bytes + .unattributed_bytes == .wire_bytes)' "$IFPULSE_OUT" >/dev/null || {
		cat "$IFPULSE_OUT" >&2
		return 1
	}
}

@test "without flows there is nothing of them; and --flows says how many are named" {
	local maps
	start_ifpulse "$NS0" bursts -j -v -i v0 --threshold 1Mbit --flows 0
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	maps=$(grep -c bpf-map "/proc/$IFPULSE_PID/maps")
	send "$NS0" frames raw-send --interface v0 --count 100 --size 1000
	settle
	stop_ifpulse
	jq -se 'length > 0 and all(.flows == null and .flows_total == null and .flows_exact == null
		and .unattributed_bytes == null and .ce_packets == null
		and .tcp_retransmits == null)' "$IFPULSE_OUT" >/dev/null
	watch_flows "$NS0" v0 --flows 3
	assert_equal "$(grep -c bpf-map "/proc/$IFPULSE_PID/maps")" $((maps + 2)) "maps with flows"
	send "$NS0" frames flows-send --interface v0 --flows 10 --count 100 --size 1000
	settle
	stop_ifpulse
	jq -se 'all((.flows | length) == 3 and .flows_total == 10 and .unattributed_bytes == 0)' \
		"$IFPULSE_OUT" >/dev/null
	run -2 "$BUILD/ifpulse" bursts --flows 4097
}

@test "for people and as CSV" {
	local people
	start_ifpulse "$NS0" bursts -v -i v0 --threshold 1Mbit --merge-gap 2s
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	people=("$IFPULSE_PID" "$IFPULSE_OUT")
	start_ifpulse "$NS0" bursts --csv -v -i v0 --threshold 1Mbit --merge-gap 2s --flows 1
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	send_hex 75 1000 "0800 4500 0000 0000 4000 4006 0000 c6336407 c0000202 1267 0050"
	send_hex 25 1000 "88b5"
	settle
	stop_ifpulse
	stop_ifpulse "${people[0]}"
	grep -q ' v0 .* by 198.51.100.7:4711 > 192.0.2.2:80 tcp 75% and 1 more$' "${people[1]}"
	grep -q ',198.51.100.7:4711>192.0.2.2:80/tcp:75000,2,true,0,0,$' "$IFPULSE_OUT"
}

# Linux 5.10 refuses a program that has one, even where it is never run. Where stores keep their order none is needed.
@test "no program has an atomic exchange, on x86" {
	local ids id
	[[ $(uname -m) == x86_64 ]] || skip "not on $(uname -m)"
	require_tool bpftool
	watch_flows "$NS0" v0
	ids=$(awk '/^prog_id:/ { print $2 }' "/proc/$IFPULSE_PID"/fdinfo/* | sort -u)
	for id in $ids; do
		bpftool prog dump xlated id "$id" >"$BATS_TEST_TMPDIR/$id"
	done
	stop_ifpulse
	(($(wc -w <<<"$ids") >= 5))
	! grep xchg "$BATS_TEST_TMPDIR"/[0-9]*
}
