#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What TCP sent again in a burst, held against what the kernel of the sender's namespace counted
# (TcpRetransSegs). Packets are dropped behind the hooks of the receiver.

load lib
load probe
load flows

setup() {
	require_root_bpf
	require_kernel 5.12 "cookies of sockets for tracing programs"
	require_tool nft
	make_pair
}

# Drops what the rule says of what comes in by IFNAME.
drop_in() { # NS IFNAME RULE
	in_ns "$1" nft -f - <<-END
		table netdev loss {
			chain in {
				type filter hook ingress device $2 priority 0
				$3 counter drop
			}
		}
	END
}

# A counter of TCP's: its number in the line that has the names.
tcp_counter() { # NS NAME
	in_ns "$1" awk -v name="$2" '/^Tcp:/ {
		if (!at) { for (i = 2; i <= NF; i++) if ($i == name) at = i; next }
		print $at }' /proc/net/snmp
}

# BURSTS NUMBER, and of each flow that has a socket of this host PORT NUMBER, most bytes first.
retransmits_of() { # FILE rx|tx
	bursts_of "$@" | jq -r '"bursts \(map(.tcp_retransmits | tostring) | join(" "))",
		(.[].flows[] | select(.tcp_retransmits != null)
			| "\(.destination_port) \(.tcp_retransmits)")'
}

# The container, in $NS1, sends through a path that loses a part: the same is told there as it is sent, and on the
# host as it comes in by the veth.
transfer() { # FAMILY ADDRESS BYTES RULE
	local sent
	watch_flows "$NS1" v1
	TX=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_flows "$NS0" v0
	drop_in "$NS0" v0 "tcp dport 7001 $4"
	start_sink "$NS0" tcp-sink --port 7001 --family "$1"
	send "$NS1" traffic tcp-send --to "$2" --port 7001 --bytes "$3"
	wait_bg sink
	settle
	stop_ifpulse
	stop_ifpulse "${TX[0]}"
	RETRANSMITTED=$(tcp_counter "$NS1" RetransSegs)
	((RETRANSMITTED > 10))
	assert_equal "$(retransmits_of "${TX[1]}" tx)" "$(printf '%s\n' "bursts $RETRANSMITTED" \
		"7001 $RETRANSMITTED")" sent
	assert_equal "$(retransmits_of "$IFPULSE_OUT" rx)" "$(printf '%s\n' "bursts $RETRANSMITTED" \
		"7001 $RETRANSMITTED")" "received from the container"
	# Nothing of the other direction is known where it comes from another host, but here it is one.
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq 'map(.tcp_retransmits) | add')" \
		"$(tcp_counter "$NS0" RetransSegs)" answers
}

# bats test_tags=vm
@test "a transfer through a path that loses packets, as it is sent and from the container's veth" {
	transfer 4 192.0.2.1 20000000 "numgen inc mod 20 == 7"
}

@test "the same over IPv6, with what is lost at random" {
	transfer 6 2001:db8::1 20000000 "numgen random mod 30 == 7"
}

# Sends through loss from a port that is the same for all.
send_from_one_port() { # NS
	in_ns "$1" tee /proc/sys/net/ipv4/ip_local_port_range <<<"4711 4711" >/dev/null
	send "$1" traffic tcp-send --to 192.0.2.1 --port 7001 --bytes 5000000
}

# Another pair of namespaces has the same addresses and ports at the same time.
@test "of two connections with the same addresses and ports each has its own" {
	local ns=$NS_PREFIX-2 other=$NS_PREFIX-3
	watch_flows "$NS0" v0
	drop_in "$NS0" v0 "tcp dport 7001 numgen inc mod 20 == 7"
	start_sink "$NS0" tcp-sink --port 7001 --family 4
	SINK=$BG_PID
	(
		make_ns NS0 2
		make_ns NS1 3
		ip link add v0 index 10 netns "$NS0" type veth peer name v1 index 11 netns "$NS1"
		configure_end "$NS0" v0 1 2 "$(mac_of "$NS1" v1)"
		configure_end "$NS1" v1 2 1 "$(mac_of "$NS0" v0)"
		wait_up "$NS0" v0
		wait_up "$NS1" v1
		drop_in "$NS0" v0 "tcp dport 7001 numgen inc mod 10 == 7"
	)
	start_bg sink-2 "$ns" "$BUILD/tools/traffic" tcp-sink --port 7001 --family 4
	wait_for_line "$BG_ERR" '^ready$'
	send_from_one_port "$other" &
	send_from_one_port "$NS1"
	wait_pid "$!"
	wait_pid "$SINK"
	wait_bg sink-2
	settle
	stop_ifpulse
	(($(tcp_counter "$NS1" RetransSegs) > 0 && $(tcp_counter "$other" RetransSegs) > 0))
	assert_equal "$(bursts_of "$IFPULSE_OUT" rx | jq -r '.[].flows[] |
		"\(.source_port) \(.tcp_retransmits)"')" "4711 $(tcp_counter "$NS1" RetransSegs)" received
}

# SYNs into a black hole, which are sent again after a second each.
@test "the request of a connection that nobody answers" {
	watch_flows "$NS0" v0
	drop_in "$NS1" v1 "tcp dport 7001"
	run -1 in_ns "$NS0" "$BUILD/tools/traffic" tcp-send --to 192.0.2.2 --port 7001 --bytes 1 \
		--timeout 3
	settle
	stop_ifpulse
	(($(tcp_counter "$NS0" RetransSegs) > 0))
	assert_equal "$(retransmits_of "$IFPULSE_OUT" tx)" "$(printf '%s\n' \
		"bursts $(tcp_counter "$NS0" RetransSegs)" "7001 $(tcp_counter "$NS0" RetransSegs)")" sent
}

# What its own netfilter drops never comes to a device: the kernel counts it, and as failed.
@test "a retransmission that fails is none, and for people those that do not are told" {
	local failed
	start_ifpulse "$NS0" bursts -v -i v0 --threshold 1Mbit --merge-gap 2s
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	in_ns "$NS0" nft -f - <<-END
		table ip loss {
			chain out {
				type filter hook output priority 0
				tcp dport 7001 numgen inc mod 15 == 7 drop
			}
		}
	END
	drop_in "$NS1" v1 "tcp dport 7001 numgen inc mod 20 == 7"
	start_sink "$NS1" tcp-sink --port 7001 --family 4
	send "$NS0" traffic tcp-send --to 192.0.2.2 --port 7001 --bytes 20000000
	wait_bg sink
	settle
	stop_ifpulse
	failed=$(in_ns "$NS0" nstat -asz TcpExtTCPRetransFail | awk '/RetransFail/ {print $2}')
	((failed > 0))
	assert_equal "$(sed -n 's/.* tx .* tcp .*, \([0-9]*\) retransmitted$/\1/p' "$IFPULSE_OUT" |
		awk '{sum += $1} END {print sum + 0}')" \
		$(($(tcp_counter "$NS0" RetransSegs) - failed)) retransmitted
}

# The request has a socket of its own until the connection is made.
@test "the answer to the request of a connection" {
	watch_flows "$NS0" v0
	drop_in "$NS1" v1 "tcp sport 7001"
	start_sink "$NS0" tcp-sink --port 7001 --family 4 --timeout 5
	run -1 in_ns "$NS1" "$BUILD/tools/traffic" tcp-send --to 192.0.2.1 --port 7001 --bytes 1 \
		--timeout 3
	settle
	stop_ifpulse
	(($(tcp_counter "$NS0" RetransSegs) > 0))
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq 'map(.tcp_retransmits) | add')" \
		"$(tcp_counter "$NS0" RetransSegs)" answers
}

# The addresses that the socket knows are not those on the wire.
@test "behind NAT" {
	watch_flows "$NS0" v0
	in_ns "$NS0" nft -f - <<-END
		table ip nat {
			chain out {
				type nat hook postrouting priority srcnat
				tcp dport 7001 snat to 192.0.2.1:4711
			}
		}
	END
	drop_in "$NS1" v1 "tcp dport 7001 numgen inc mod 20 == 7"
	start_sink "$NS1" tcp-sink --port 7001 --family 4
	send "$NS0" traffic tcp-send --to 192.0.2.2 --port 7001 --bytes 5000000
	wait_bg sink
	settle
	stop_ifpulse
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -r '.[].flows[] |
		"\(.source_port) \(.tcp_retransmits)"')" "4711 $(tcp_counter "$NS0" RetransSegs)" sent
}

@test "of what no socket here sent nothing is known, and of what is no TCP there is nothing" {
	watch_flows "$NS0" v0
	send_hex 10 500 "0800 4500 0000 0000 4000 4006 0000 c6336407 c0000202 1267 0050"
	settle
	stop_ifpulse
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -c 'map([.tcp_retransmits,
		.flows[].tcp_retransmits])')" "[[null,null]]" TCP
	watch_flows "$NS0" v0
	send_hex 10 500 "0800 4500 0000 0000 4000 4011 0000 c6336407 c0000202 1267 0050"
	settle
	stop_ifpulse
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -c 'map([.tcp_retransmits,
		.flows[].tcp_retransmits])')" "[[0,null]]" UDP
}

# With what it carries from a socket of this host, too: it is the outer packet that is told.
@test "of what a tunnel sends again nothing is known" {
	local n ns
	for n in 0 1; do
		ns=NS$n
		ip -n "${!ns}" link add vx type vxlan id 5 remote "192.0.2.$((2 - n))" dstport 4789 dev "v$n"
		ip -n "${!ns}" address add "10.9.0.$((1 + n))/24" dev vx
		ip -n "${!ns}" link set vx up
	done
	watch_flows "$NS0" v0
	drop_in "$NS1" v1 "meta length > 1000 numgen inc mod 50 == 0"
	start_sink "$NS1" tcp-sink --port 7001 --family 4
	send "$NS0" traffic tcp-send --to 10.9.0.2 --port 7001 --bytes 5000000
	wait_bg sink
	settle
	stop_ifpulse
	(($(tcp_counter "$NS0" RetransSegs) > 10))
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -c 'map(.tcp_retransmits) | unique')" "[null]" VXLAN
	watch_flows "$NS0" v0
	send_hex 10 500 "0800 4500 0000 0000 402f 0000 0000 c6336407 c0000202"
	send_hex 10 500 "8847 4500"
	settle
	stop_ifpulse
	assert_equal "$(bursts_of "$IFPULSE_OUT" tx | jq -c 'map(.tcp_retransmits) | unique')" "[null]" "GRE and MPLS"
}
