#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Real drops: interface, direction, reason and number are those that the generator and the kernel's own
# counters know. Where the interface cannot be proven it is unknown; it is never a wrong one.

load lib
load probe

setup_file() {
	require_root_bpf
	# The reasons that the running kernel has: a test takes the name by which this one knows it.
	bpftool btf dump file /sys/kernel/btf/vmlinux format c |
		sed -nE 's/^\tSKB_DROP_REASON_([A-Z0-9_]+) = .*/\1/p' >"$BATS_FILE_TMPDIR/reasons"
}

setup() {
	[[ -s $BATS_FILE_TMPDIR/reasons ]] || skip "the kernel gives no reasons"
	make_pair
}

# The first of these names that the running kernel has, newest name first.
reason() { # NAME…
	local name
	for name; do
		grep -qx "$name" "$BATS_FILE_TMPDIR/reasons" || continue
		echo "$name"
		return
	done
	skip "the kernel has no reason $*"
}

has_reason() { # NAME
	grep -qx "$1" "$BATS_FILE_TMPDIR/reasons" || skip "the kernel has no reason $1"
}

# Its interval runs: it has set up all there is to.
is_counting() { # PID
	grep -qs '^it_interval: (0, 100000000)' /proc/"$1"/fdinfo/*
}

# Starts `drops` in NS, of all interfaces, and returns once it counts.
watch_drops() { # NS ARGUMENT…
	local ns=$1
	shift
	start_ifpulse "$ns" drops -v -I 100ms "$@"
	wait_until 10 is_counting "$IFPULSE_PID" && return
	cat "$IFPULSE_ERR" >&2
	return 1
}

end_drops() {
	settle
	stop_ifpulse
}

# What was told of interfaces, added up: "v1 rx XDP 40", sorted; of stats64 the source comes before.
told() { # [FILE]
	jq -sr '[.[] | select(.ifname)] | group_by([.ifname, .direction, .source, .reason])[] |
		"\(.[0].ifname) \(.[0].direction) \(if .[0].source == "stats64" then "stats64 " else "" end)\(.[0].reason) \(
			map(.packets) | add)"' "${1:-$IFPULSE_OUT}" | LC_ALL=C sort
}

# All that was told of interfaces, and nothing else.
told_is() { # LINE…
	assert_equal "$(told)" "$( (($#)) && printf '%s\n' "$@" | LC_ALL=C sort)" drops
}

frames() { # NS IFNAME COUNT [SIZE [ARGUMENT…]]
	send "$1" frames raw-send --interface "$2" --count "$3" --size "${4:-100}" "${@:5}"
}

# Datagrams that the stack did not make, from v0 to v1.
craft() { # MODE ARGUMENT…
	local mode=$1
	shift
	send "$NS0" craft "$mode" --interface v0 --to-mac "$(mac_of "$NS1" v1)" --from 192.0.2.1 "$@"
}

datagrams() { # NS TO PORT COUNT [SIZE]
	send "$1" traffic udp-send --to "$2" --port "$3" --count "$4" --size "${5:-100}"
}

# A counter of NS since it was made: UdpNoPorts, TcpExtTCPOFOQueue, …
snmp() { # NS NAME
	in_ns "$1" nstat -asz --json "$2" | jq -e --arg name "$2" '.kernel[$name]'
}

qdisc_drops() { # NS IFNAME
	in_ns "$1" tc -s -j qdisc show dev "$2" root | jq -e '.[0].drops'
}

neighbour() { # NS ARGUMENT…
	local ns=$1
	shift
	NEIGHBOURS=$((${NEIGHBOURS:-0} + 1))
	start_bg "neighbour-$NEIGHBOURS" "$ns" "$BUILD/tools/neighbour" "$@"
	wait_for_line "$BG_ERR" '^ready$'
}

# ---- sockets ----

@test "a full UDP receive buffer" {
	local dropped
	has_reason SOCKET_RCVBUFF
	start_bg idle "$NS1" "$BUILD/tools/traffic" udp-idle --port 7000 --receive-buffer 10000
	wait_for_line "$BG_ERR" '^ready$'
	watch_drops "$NS1" -j
	datagrams "$NS0" 192.0.2.2 7000 300 500
	end_drops
	dropped=$(socket_drops idle)
	((dropped > 200))
	assert_equal "$(snmp "$NS1" UdpRcvbufErrors)" "$dropped" UdpRcvbufErrors
	told_is "v1 rx SOCKET_RCVBUFF $dropped"
}

@test "a UDP port that nobody listens on" {
	has_reason NO_SOCKET
	watch_drops "$NS1" -j
	craft udp --to 192.0.2.2 --port 7009 --count 250
	end_drops
	assert_equal "$(snmp "$NS1" UdpNoPorts)" 250 UdpNoPorts
	told_is "v1 rx NO_SOCKET 250"
}

# A listener in $NS1 at port 7000, and the way back to a host that has no stack of its own.
listen_tcp() {
	start_bg sink "$NS1" "$BUILD/tools/traffic" tcp-sink --port 7000
	wait_for_line "$BG_ERR" '^ready$'
	ip -n "$NS1" neighbour replace 192.0.2.77 lladdr "$(mac_of "$NS0" v0)" dev v1 nud permanent
}

@test "TCP segments of old data" {
	require_kernel 6.11 "sockets of drops"
	has_reason TCP_OLD_DATA
	listen_tcp
	watch_drops "$NS1" -j
	craft tcp --from 192.0.2.77 --to 192.0.2.2 --port 7000 --kind old --count 40
	end_drops
	told_is "v1 rx TCP_OLD_DATA 40"
}

@test "TCP segments that wait behind a hole already" {
	require_kernel 6.11 "sockets of drops"
	has_reason TCP_OFOMERGE
	listen_tcp
	watch_drops "$NS1" -j
	craft tcp --from 192.0.2.77 --to 192.0.2.2 --port 7000 --kind ahead --count 40
	end_drops
	told_is "v1 rx TCP_OFOMERGE 40"
}

# Their skb->dev is the tree's link then. None of them ever gets out of the queue: each is dropped, for
# want of memory when it comes or later, or with the connection.
@test "TCP's out-of-order queue without memory" {
	require_kernel 6.11 "sockets of drops"
	local pruned unaccepted refused=()
	has_reason TCP_OFO_QUEUE_PRUNE
	in_ns "$NS1" sysctl -qw net.ipv4.tcp_rmem="4096 16384 16384"
	listen_tcp
	watch_drops "$NS1" -j
	craft tcp --from 192.0.2.77 --to 192.0.2.2 --port 7000 --kind holes --count 100 --size 60 --reset
	end_drops
	unaccepted=$(snmp "$NS1" TcpExtTCPOFODrop)
	pruned=$(told | sed -n 's/^v1 rx TCP_OFO_QUEUE_PRUNE //p')
	((pruned > 0))
	((unaccepted == 0)) || refused=("v1 rx PROTO_MEM $unaccepted")
	# Those that the reset finds in the queue have no reason of their own.
	told_is "v1 rx TCP_OFO_QUEUE_PRUNE $pruned" "v1 rx NOT_SPECIFIED $((100 - pruned - unaccepted))" \
		"${refused[@]}"
}

# ---- queueing disciplines and filters ----

@test "a queue that is full, by --csv and in the table as well" {
	local dropped
	has_reason QDISC_DROP
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 1mbit burst 2000 limit 3000
	watch_drops "$NS0" -j
	start_ifpulse_csv_and_table
	frames "$NS0" v0 20 1000
	end_drops
	dropped=$(qdisc_drops "$NS0" v0)
	((dropped > 100))
	assert_equal "$(json_field "$SENT" no_buffer)" "$dropped" "refused by the qdisc"
	told_is "v0 tx QDISC_DROP $dropped"
	stop_ifpulse "$CSV_PID"
	assert_equal "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["ifname"] == "v0" && $at["direction"] == "tx" && $at["reason"] == "QDISC_DROP" {
			n += $at["packets"] } END { print n }' "$CSV_OUT")" "$dropped" "by --csv"
	stop_ifpulse "$TABLE_PID"
	# Its last lines are the summary.
	assert_equal "$(awk '$1 == "v0" && $2 == "tx" { $1 = $1; print }' "$TABLE_OUT" | tail -n 1)" \
		"v0 tx $dropped kfree_skb QDISC_DROP $NS1" "the table's row"
}

# The same for programs and for people, besides the one that watch_drops started.
start_ifpulse_csv_and_table() {
	local pid=$IFPULSE_PID out=$IFPULSE_OUT err=$IFPULSE_ERR
	watch_drops "$NS0" --csv
	CSV_PID=$IFPULSE_PID CSV_OUT=$IFPULSE_OUT
	watch_drops "$NS0"
	TABLE_PID=$IFPULSE_PID TABLE_OUT=$IFPULSE_OUT
	IFPULSE_PID=$pid IFPULSE_OUT=$out IFPULSE_ERR=$err
}

@test "a FIFO below another queue that is full" {
	local dropped
	has_reason QDISC_DROP
	in_ns "$NS0" tc qdisc add dev v0 root handle 1: tbf rate 1mbit burst 2000 limit 100000
	in_ns "$NS0" tc qdisc add dev v0 parent 1:1 handle 2: pfifo limit 5
	watch_drops "$NS0" -j
	frames "$NS0" v0 20 1000
	end_drops
	dropped=$(qdisc_drops "$NS0" v0)
	((dropped > 100))
	told_is "v0 tx QDISC_DROP $dropped"
}

@test "TC programs, on both hooks" {
	local refused
	has_reason TC_EGRESS
	neighbour "$NS1" --interface v1 --direction ingress --mode tcx --verdict drop
	neighbour "$NS1" --interface v1 --direction egress --mode tcx --verdict drop
	watch_drops "$NS1" -j
	frames "$NS0" v0 30
	# It is told of each drop and tries again, to no avail.
	frames "$NS1" v1 1 100 --timeout 1 || true
	end_drops
	refused=$(json_field "$SENT" no_buffer)
	((refused > 10))
	told_is "v1 rx TC_INGRESS 30" "v1 tx TC_EGRESS $refused"
}


# veth frees what XDP drops without a reason until some kernel after 6.18.
@test "XDP in the driver and before the stack" {
	neighbour "$NS1" --interface v1 --direction ingress --mode xdp
	neighbour "$NS0" --interface v0 --direction ingress --mode xdp-skb
	settle
	watch_drops "$NS1" -j
	frames "$NS0" v0 40
	end_drops
	by_xdp v1 40
	watch_drops "$NS0" -j
	frames "$NS1" v1 30
	end_drops
	by_xdp v0 30
}

# Up to Linux 6.18 at least, what a program drops is freed without a reason; the reason is there for
# what fails on its way out of it.
by_xdp() { # IFNAME PACKETS
	told >&2
	told | grep -qxE "$1 rx (XDP|NOT_SPECIFIED) $2"
	assert_equal "$(told | wc -l)" 1 rows
}

# ---- netfilter ----

# What OUTPUT drops has no device yet, but a route.
# bats test_tags=vm
@test "netfilter, at each of its hooks" {
	local i
	require_tool nft
	has_reason NETFILTER_DROP
	in_ns "$NS1" nft -f - <<-END || skip "the kernel has no nf_tables"
		table ip t {
			chain a { type filter hook prerouting priority 0; udp dport 7001 drop; }
			chain b { type filter hook input priority 0; udp dport 7002 drop; }
			chain c { type filter hook output priority 0; udp dport 7003 drop; }
			chain d { type filter hook postrouting priority 0; udp dport 7004 drop; }
			chain e { type filter hook forward priority 0; udp dport 7005 drop; }
		}
	END
	other_way
	watch_drops "$NS1" -j --where
	craft udp --to 192.0.2.2 --port 7001 --count 11
	craft udp --to 192.0.2.2 --port 7002 --count 12
	craft udp --to 198.51.100.2 --port 7004 --count 13
	craft udp --to 198.51.100.2 --port 7005 --count 14
	for i in 1 2 3; do
		# A local sender is told.
		! datagrams "$NS1" 192.0.2.1 7003 1
		! datagrams "$NS1" 198.51.100.2 7004 1
	done
	end_drops
	told_is "v1 rx NETFILTER_DROP $((11 + 12 + 14))" "v1 tx NETFILTER_DROP 3" \
		"w1 tx NETFILTER_DROP $((13 + 3))"
	names_functions '^(nf_|nft_|ip)'
}

# Every row says where, and that is a function of the kernel's, with a name like PATTERN.
names_functions() { # PATTERN
	jq -r '.where // "nowhere"' "$IFPULSE_OUT" | sed -E 's/\+0x[0-9a-f]+( \[.*])?$//' | sort -u \
		>"$BATS_TEST_TMPDIR/functions"
	[[ -s $BATS_TEST_TMPDIR/functions ]]
	! grep -vE "$1" "$BATS_TEST_TMPDIR/functions" >&2
	awk '$2 ~ /^[tTwW]$/ { print $3 }' /proc/kallsyms | sort -u |
		comm -13 - "$BATS_TEST_TMPDIR/functions" >"$BATS_TEST_TMPDIR/unknown"
	assert_equal "$(<"$BATS_TEST_TMPDIR/unknown")" "" "no functions"
}

# From $NS1 there is w1 to 198.51.100.0/24, an MTU of 1000 away; nobody is there.
other_way() {
	ip -n "$NS1" link add w1 index 21 mtu 1000 type veth peer name w0 index 20
	ip -n "$NS1" address add 198.51.100.1/24 dev w1
	ip -n "$NS1" link set w1 up
	ip -n "$NS1" link set w0 up
	ip -n "$NS1" neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev w1 nud permanent
	in_ns "$NS1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.v1.rp_filter=0
	wait_up "$NS1" w1
	wait_up "$NS1" w0
	settle "$NS1" w0 "$NS1" w1
}

# ---- IP ----

@test "bad checksums, no route, no time to live, too big to forward" {
	local size=1200
	has_reason IP_INNOROUTES
	other_way
	watch_drops "$NS1" -j --where
	craft udp --to 192.0.2.2 --port 7009 --count 11 --bad-ip-checksum
	craft udp --to 192.0.2.2 --port 7009 --count 12 --bad-checksum
	craft udp --to 203.0.113.2 --port 7009 --count 13
	craft udp --to 198.51.100.2 --port 7009 --count 14 --ttl 1
	craft udp --to 198.51.100.2 --port 7009 --count 15 --size "$size"
	end_drops
	assert_equal "$(snmp "$NS1" IpExtInCsumErrors)" 11 InCsumErrors
	assert_equal "$(snmp "$NS1" UdpInCsumErrors)" 12 UdpInCsumErrors
	assert_equal "$(snmp "$NS1" IpExtInNoRoutes)" 13 InNoRoutes
	assert_equal "$(snmp "$NS1" IpInHdrErrors)" $((11 + 14)) InHdrErrors
	assert_equal "$(snmp "$NS1" IpFragFails)" 15 FragFails
	told_is "v1 rx IP_CSUM 11" "v1 rx UDP_CSUM 12" "v1 rx IP_INNOROUTES 13" "v1 rx IP_INHDR 14" \
		"v1 rx PKT_TOO_BIG 15"
	names_functions '^_*(ip|udp)'
}

# The reason since Linux 6.14; before it is not told from others.
@test "the reverse path" {
	has_reason IP_RPFILTER
	in_ns "$NS1" sysctl -qw net.ipv4.conf.v1.rp_filter=1
	watch_drops "$NS1" -j
	craft udp --from 203.0.113.1 --to 192.0.2.2 --port 7009 --count 14
	end_drops
	assert_equal "$(snmp "$NS1" TcpExtIPReversePathFilter)" 14 IPReversePathFilter
	told_is "v1 rx IP_RPFILTER 14"
}

@test "neighbours that do not answer" {
	has_reason NEIGH_FAILED
	in_ns "$NS1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.v1.send_redirects=0 net.ipv4.neigh.v1.retrans_time_ms=50
	watch_drops "$NS1" -j
	datagrams "$NS1" 192.0.2.98 7009 20
	# Back by the interface that they came in by.
	craft udp --to 192.0.2.99 --port 7009 --count 30
	end_drops
	told_is "v1 tx NEIGH_FAILED 50"
}

@test "frames of a type that nobody takes are told once" {
	local type
	type=$(reason UNHANDLED_PROTO PTYPE_ABSENT)
	watch_drops "$NS1" -j
	note_kernel "$NS1" v1
	frames "$NS0" v0 300
	end_drops
	assert_equal "$(kernel "$NS1" v1 rx_dropped)" 300 rx_dropped
	told_is "v1 rx $type 300"
}

@test "a packet socket that nobody reads" {
	local dropped
	has_reason PACKET_SOCK_ERROR
	start_bg idle "$NS1" "$BUILD/tools/frames" idle --interface v1 --receive-buffer 10000
	wait_for_line "$BG_ERR" '^ready$'
	start_bg idle-all "$NS0" "$BUILD/tools/frames" idle --interface v0 --receive-buffer 10000 --all
	wait_for_line "$BG_ERR" '^ready$'
	watch_drops "$NS1" -j
	local pid=$IFPULSE_PID out=$IFPULSE_OUT
	watch_drops "$NS0" -j
	frames "$NS0" v0 100
	end_drops
	stop_ifpulse "$pid"
	dropped=$(socket_drops idle-all)
	((dropped > 50))
	told_is "v0 tx PACKET_SOCK_ERROR $dropped"
	IFPULSE_OUT=$out
	dropped=$(socket_drops idle)
	((dropped > 50))
	told_is "v1 rx PACKET_SOCK_ERROR $dropped"
}

# Ends a process of start_bg that says so.
socket_drops() { # NAME
	kill -INT "$(<"$BATS_TEST_TMPDIR/$1.pid")"
	wait_until 10 has_ended "$(<"$BATS_TEST_TMPDIR/$1.pid")"
	json_field "$BATS_TEST_TMPDIR/$1.out" socket_drops
}

# ---- devices ----


# veth frees them as the sender's, and both of its ends count them.
@test "what the other end of a veth cannot take" {
	local dropped pid out
	ip -n "$NS1" link set v1 mtu 1000
	settle
	note_kernel "$NS0" v0 "$NS1" v1
	watch_drops "$NS1" -j
	pid=$IFPULSE_PID out=$IFPULSE_OUT
	watch_drops "$NS0" -j
	# The sender is told of each, on newer kernels, and tries again.
	frames "$NS0" v0 60 1400 --timeout 1 || true
	end_drops
	stop_ifpulse "$pid"
	dropped=$(($(json_field "$SENT" sent_sends) + $(json_field "$SENT" no_buffer)))
	((dropped >= 60))
	assert_equal "$(kernel "$NS0" v0 tx_dropped)" "$dropped" tx_dropped
	assert_equal "$(kernel "$NS1" v1 rx_dropped)" "$dropped" rx_dropped
	told_is "v0 tx NOT_SPECIFIED $dropped"
	IFPULSE_OUT=$out
	told_is "v1 rx stats64 rx_dropped $dropped"
}

@test "a veth whose other end is down" {
	has_reason QDISC_DROP
	ip -n "$NS1" link set v1 down
	settle
	watch_drops "$NS0" -j
	frames "$NS0" v0 60
	end_drops
	told_is "v0 tx QDISC_DROP 60"
}

@test "a tap that nobody reads" {
	local dropped
	has_reason FULL_RING
	start_bg hold "$NS0" "$BUILD/tools/frames" hold --interface t0 --kind tap
	wait_for_line "$BG_ERR" '^ready$'
	ip -n "$NS0" link set t0 up txqueuelen 100
	settle "$NS0" t0
	watch_drops "$NS0" -j
	note_kernel "$NS0" t0
	frames "$NS0" t0 500
	end_drops
	dropped=$(kernel "$NS0" t0 tx_dropped)
	((dropped >= 400))
	told_is "t0 tx FULL_RING $dropped"
}

@test "a macvtap that nobody reads" {
	local device
	has_reason FULL_RING
	ip -n "$NS1" link add m0 link v1 type macvtap mode bridge || skip "the kernel has no macvtap"
	ip -n "$NS1" link set m0 txqueuelen 10
	ip -n "$NS1" link set m0 up
	device=/dev/tap$(ip -n "$NS1" -j link show dev m0 | jq '.[0].ifindex')
	[[ -c $device ]] || skip "there is no $device"
	# shellcheck disable=SC2016
	start_bg hold "$NS1" bash -c 'exec <"$1" && echo ready && exec sleep 20' hold "$device"
	wait_for_line "$BG_OUT" '^ready$'
	settle "$NS1" m0
	watch_drops "$NS1" -j
	send "$NS0" craft udp --interface v0 --to-mac "$(mac_of "$NS1" m0)" --from 192.0.2.1 \
		--to 192.0.2.77 --port 7009 --count 30
	end_drops
	told_is "m0 rx FULL_RING 20"
}

# w0 in $NS0 to w1 in $NS1: what is to leave by v0 goes that way, 32 times, and each as 64 segments. All that
# within one call, in which this CPU's receiving side cannot run.
make_flood() {
	local i actions=()
	ip link add w0 index 20 netns "$NS0" type veth peer name w1 index 21 netns "$NS1"
	ip -n "$NS0" link set w0 up
	ip -n "$NS1" link set w1 up
	in_ns "$NS0" ethtool -K w0 tx-udp-segmentation off >"$BATS_TEST_TMPDIR/ethtool"
	in_ns "$NS0" tc qdisc add dev v0 clsact
	for ((i = 0; i < 31; i++)); do
		actions+=(action mirred egress mirror dev w0)
	done
	actions+=(action mirred egress redirect dev w0)
	in_ns "$NS0" tc filter add dev v0 egress protocol ip pref 10 u32 match u32 0 0 "${actions[@]}" ||
		skip "the kernel has no act_mirred"
	wait_up "$NS0" w0
	wait_up "$NS1" w1
	settle "$NS0" w0 "$NS1" w1
}

FLOOD=$((32 * 64))

# Drops as w1 has them are in IFPULSE_OUT, as w0 has them in W0_OUT.
flood() {
	local pid
	watch_drops "$NS0" -j -i w0
	pid=$IFPULSE_PID W0_OUT=$IFPULSE_OUT
	watch_drops "$NS1" -j -i w1
	note_kernel "$NS0" w0 "$NS1" w1
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 1 --size 6400 --gso 100
	end_drops
	stop_ifpulse "$pid"
}

# netif_rx() refuses, so the sender's end counts them as well.
@test "a CPU's backlog that is full" {
	local dropped
	require_tool ethtool
	has_reason CPU_BACKLOG
	has_reason OTHERHOST
	(($(</proc/sys/net/core/netdev_max_backlog) <= 1500)) || skip "netdev_max_backlog is too high"
	make_flood
	flood
	dropped=$(kernel "$NS1" w1 rx_dropped)
	((dropped > 0))
	assert_equal "$(kernel "$NS1" w1 rx_packets)" $((FLOOD - dropped)) "received"
	# Those that fit are for v1's address.
	told_is "w1 rx CPU_BACKLOG $dropped" "w1 rx OTHERHOST $((FLOOD - dropped))"
	IFPULSE_OUT=$W0_OUT
	told_is "w0 tx stats64 tx_dropped $dropped"
}

# They are freed as the receiver's, like those that XDP drops behind the ring; the sender counts them.
@test "a veth's ring that is full" {
	local dropped
	require_tool ethtool
	make_flood
	neighbour "$NS1" --interface w1 --direction ingress --mode xdp
	flood
	dropped=$(kernel "$NS0" w0 tx_dropped)
	((dropped > 0))
	by_xdp w1 "$FLOOD"
	IFPULSE_OUT=$W0_OUT
	told_is "w0 tx stats64 tx_dropped $dropped"
}

# ---- bridges ----

@test "a bridge: what it forwards, and what it sends by its ports" {
	require_tool nft
	has_reason NETFILTER_DROP
	ip -n "$NS1" link add br0 index 30 type bridge
	ip -n "$NS1" link add w1 index 21 type veth peer name w0 index 20 netns "$NS0"
	ip -n "$NS1" link set v1 master br0
	ip -n "$NS1" link set w1 master br0
	ip -n "$NS1" link set br0 up
	ip -n "$NS1" link set w1 up
	ip -n "$NS0" link set w0 up
	wait_up "$NS1" br0
	wait_up "$NS1" w1
	settle "$NS1" br0 "$NS1" v1 "$NS1" w1
	in_ns "$NS1" nft -f - <<-END || skip "the kernel has no nf_tables for bridges"
		table bridge t {
			chain f { type filter hook forward priority 0; ether type 0x88b5 drop; }
			chain o { type filter hook output priority 0; ether type 0x88b5 drop; }
		}
	END
	watch_drops "$NS1" -j
	frames "$NS0" v0 9
	# Nobody has been heard by that address: it goes to both ports.
	frames "$NS1" br0 4
	end_drops
	told_is "w1 tx NETFILTER_DROP $((9 + 4))" "v1 tx NETFILTER_DROP 4"
}

@test "a bridge: what it sends to nobody, and what it hands up" {
	has_reason NO_TX_TARGET
	require_tool nft
	ip -n "$NS1" link add br0 index 30 type bridge
	ip -n "$NS1" link set v1 master br0
	ip -n "$NS1" link set br0 up
	ip -n "$NS1" link set v1 type bridge_slave flood off
	wait_up "$NS1" br0
	in_ns "$NS1" nft -f - <<-END || skip "the kernel has no nf_tables for bridges"
		table bridge t {
			chain i { type filter hook input priority 0; ether type 0x88b5 drop; }
		}
	END
	settle "$NS1" br0 "$NS1" v1
	watch_drops "$NS1" -j
	frames "$NS1" br0 17
	# That is where the frames go: to the bridge itself.
	ip -n "$NS1" link set br0 address 02:00:00:00:00:01
	frames "$NS0" v0 13
	end_drops
	told_is "br0 tx NO_TX_TARGET 17" "br0 rx NETFILTER_DROP 13"
}

# ---- time ----

@test "an interface that goes takes none of its drops with it, and leaves none to its successor" {
	local type
	type=$(reason UNHANDLED_PROTO PTYPE_ABSENT)
	# No reports of multicast.
	in_ns "$NS1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	watch_drops "$NS1" -j
	come x 30
	ip -n "$NS1" link delete x1
	come y 0
	ip -n "$NS1" link delete y1
	come z 5
	end_drops
	told_is "x1 rx $type 30" "z1 rx $type 5"
	assert_equal "$(jq -s '[.[] | select(.ifname == "x1" or .ifname == "z1") | .ifindex] | unique == [501]' \
		"$IFPULSE_OUT")" true "the same index"
}

# NAME1 with index 501 receives FRAMES that nobody takes.
come() { # NAME FRAMES
	ip -n "$NS1" link add "${1}0" index 500 type veth peer name "${1}1" index 501
	ip -n "$NS1" link set "${1}0" up
	ip -n "$NS1" link set "${1}1" up
	wait_for_line "$IFPULSE_ERR" "attached to ${1}1"
	wait_up "$NS1" "${1}1"
	wait_up "$NS1" "${1}0"
	frames "$NS1" "${1}0" "$2"
}

# So many that an interval has many of them, twice 200,000 a second.
@test "200,000 drops a second are counted to the last one" {
	local type
	type=$(reason UNHANDLED_PROTO PTYPE_ABSENT)
	watch_drops "$NS1" -j -i v1
	note_kernel "$NS1" v1
	frames "$NS0" v0 400000 60 --rate-pps 200000
	end_drops
	assert_equal "$(kernel "$NS1" v1 rx_dropped)" 400000 rx_dropped
	told_is "v1 rx $type 400000"
	assert_equal "$(grep -v debug: "$IFPULSE_ERR")" "" "said"
}

# Ten million packets on the wire, most of them in segments.
# Ten million packets on the wire, as segments, which $NS1 takes off the hook: not many a socket would.
# The map of kinds of a running probe, by its size and type (a per-CPU hash).
kinds_map() { # PID
	awk '/^map_type/ { type = $2 } /^max_entries/ { entries = $2 }
		/^map_id/ && type == 5 && entries == 8192 { print $2 }' /proc/"$1"/fdinfo/*
}

@test "kinds of drops for which there is no room are counted and told" {
	local map
	has_reason NO_SOCKET
	watch_drops "$NS1" -j
	craft udp --to 192.0.2.2 --port 7009 --count 20
	wait_for_line "$IFPULSE_OUT" NO_SOCKET
	map=$(kinds_map "$IFPULSE_PID")
	# All places but those taken already, by reasons that are none, with nothing dropped for them.
	awk -v map="$map" 'BEGIN { for (i = 0; i < 8192; i++)
		printf "map update id %d key hex 00 00 00 00 00 00 00 00 %02x %02x 00 70 00 00 00 00 00 00 00 00 00 00 00 00" \
			" value hex 00 00 00 00 00 00 00 00\n", map, i % 256, i / 256 }' >"$BATS_TEST_TMPDIR/batch"
	! bpftool batch file "$BATS_TEST_TMPDIR/batch" 2>"$BATS_TEST_TMPDIR/full"
	grep -q 'Argument list too long' "$BATS_TEST_TMPDIR/full"
	# What has its place goes on, what has none does not get lost.
	craft udp --to 192.0.2.2 --port 7009 --count 30
	frames "$NS0" v0 40
	end_drops
	told_is "v1 rx NO_SOCKET 50"
	grep -q ' 40 drops are not among those told' "$IFPULSE_ERR"
}

@test "traffic without drops has none" {
	local pid out
	neighbour "$NS1" --interface v1 --direction ingress --mode clsact --verdict steal
	watch_drops "$NS0" -j
	pid=$IFPULSE_PID out=$IFPULSE_OUT
	watch_drops "$NS1" -j
	NS1_PID=$IFPULSE_PID NS1_OUT=$IFPULSE_OUT
	probe "$NS0" v0
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 160000 --size 6400 --gso 100
	settle
	end_probe "$NS0"
	(($(probed "$NS0" v0 tx_wire_packets) >= 160000 * 64))
	stop_ifpulse "$pid"
	IFPULSE_OUT=$out
	told_is
	stop_ifpulse "$NS1_PID"
	IFPULSE_OUT=$NS1_OUT
	told_is
}

# A segment that TCP sends again for nothing is dropped as old: no others are.
@test "a TCP connection has no drops but of what is sent again" {
	local again
	start_sink "$NS1" tcp-sink --port 7000
	watch_drops "$NS1" -j
	send "$NS0" traffic tcp-send --to 192.0.2.2 --port 7000 --bytes 300000000
	wait_bg sink
	end_drops
	again=$(json_field "$SENT" retransmitted_segments)
	told | awk -v again="$again" '$3 !~ /^TCP_OLD_/ { wrong = 1 } { n += $4 } END { exit wrong || n > again }'
}

@test "windows and bursts have the drops, with their reason" {
	local dropped bursts windows
	has_reason QDISC_DROP
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 1mbit burst 2kb limit 10kb
	start_bg windows "$NS0" "$BUILD/ifpulse" windows -v -j --busy -i v0
	wait_for_line "$BG_ERR" 'attached to v0'
	start_bg bursts "$NS0" "$BUILD/ifpulse" bursts -v -j -i v0 --threshold 10Mbit --merge-gap 20ms
	wait_for_line "$BG_ERR" 'attached to v0'
	frames "$NS0" v0 20 1000
	settle
	bursts=$BATS_TEST_TMPDIR/bursts windows=$BATS_TEST_TMPDIR/windows
	stop_ifpulse "$(<"$bursts.pid")"
	stop_ifpulse "$(<"$windows.pid")"
	dropped=$(qdisc_drops "$NS0" v0)
	((dropped > 100))
	assert_equal "$(jq -s '[.[] | select(.direction == "tx") | .drops] | add' "$windows.out")" "$dropped" \
		"in windows"
	assert_equal "$(jq -s '[.[] | select(.direction == "tx") | .drops] | add' "$bursts.out")" "$dropped" \
		"in bursts"
	assert_equal "$(jq -sc '[.[] | .drop_reasons[]] | group_by(.reason) |
		map([.[0].reason, (map(.packets) | add)])' "$bursts.out")" "[[\"QDISC_DROP\",$dropped]]" reasons
	jq -se 'all(.drops == ([.drop_reasons[].packets] | add // 0))' "$bursts.out"
}
