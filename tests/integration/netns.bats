#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Interfaces inside other network namespaces, counted by one process in another.

load lib
load probe

setup() {
	require_root_bpf
}

# Both ends have the index 500, each in its namespace. IPv4 alone, so that nothing is sent but by the test.
make_far_pair() { # NS NS [IFNAME of the second]: v0, .1 and v1, .2
	local mac0 mac1 ns other=${3:-v1}
	for ns in "$1" "$2"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	ip link add v0 index 500 netns "$1" type veth peer name "$other" index 500 netns "$2"
	mac0=$(mac_of "$1" v0)
	mac1=$(mac_of "$2" "$other")
	configure_ipv4 "$1" v0 1 2 "$mac1"
	configure_ipv4 "$2" "$other" 2 1 "$mac0"
	wait_up "$1" v0
	wait_up "$2" "$other"
}

configure_ipv4() { # NS IFNAME HOST PEER-HOST PEER-MAC
	ip -n "$1" -batch - <<-END
		address add 192.0.2.$3/24 dev $2
		link set $2 up
		neighbour replace 192.0.2.$4 lladdr $5 dev $2 nud permanent
	END
}

send() { # NS COUNT SIZE
	in_ns "$1" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 --port 7000 --count "$2" --size "$3" \
		>/dev/null
}

# Sum of FIELD over the rows of NETNS/IFNAME; "-" is the namespace that ifpulse runs in.
counted() { # NETNS IFNAME FIELD [FILE]
	jq -s --arg netns "${1#-}" --arg ifname "$2" --arg field "$3" \
		'[.[] | select((.netns // "") == $netns and .ifname == $ifname) | .[$field]]
			| add // error("no rows of " + $netns + "/" + $ifname)' "${4:-$IFPULSE_OUT}"
}

counts_nothing_of() { # NETNS
	[[ $(jq -s --arg netns "$1" '[.[] | select(.netns == $netns)] | length' "$IFPULSE_OUT") == 0 ]]
}

wait_attached() { # NETNS/IFNAME
	wait_for_line "$IFPULSE_ERR" "attached to $1\$"
}

was_attached_twice() { # NETNS/IFNAME
	(($(grep -c "attached to $1\$" "$IFPULSE_ERR") == 2))
}

gone() { # NS IFNAME
	! ip -n "$1" link show dev "$2" &>/dev/null
}

# bats test_tags=vm
@test "the same index in many namespaces: each has its own counts" {
	local home a b c
	make_ns home home
	make_ns a a
	make_ns b b
	make_ns c c
	make_far_pair "$a" "$b"
	ip link add w0 index 501 netns "$c" type veth peer name w1 index 500 netns "$home"
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$NS_PREFIX-*"
	wait_attached "$a/v0"
	wait_attached "$b/v1"
	wait_attached "$c/w0"
	wait_attached w1
	settle "$a" v0 "$b" v1
	note_kernel "$a" v0 "$b" v1
	send "$a" 300 1000
	settle "$a" v0 "$b" v1
	stop_ifpulse
	assert_equal "$(counted "$a" v0 tx_wire_packets)" 300
	assert_equal "$(counted "$a" v0 tx_wire_bytes)" $((300 * (UDP4 + 1000)))
	assert_equal "$(counted "$b" v1 rx_wire_packets)" "$(kernel "$b" v1 rx_packets)"
	assert_equal "$(counted "$b" v1 rx_wire_packets)" 300
	assert_equal "$(counted "$b" v1 rx_wire_bytes)" $((300 * (UDP4 + 1000)))
	assert_equal "$(counted "$c" w0 tx_bytes)" 0
	assert_equal "$(counted - w1 rx_bytes)" 0
	assert_equal "$(jq -s '[.[] | select(.ifindex == 500) | .netns] | unique | length' "$IFPULSE_OUT")" 3
}

# bats test_tags=vm
@test "drops in another namespace have its name, their reason and side" {
	local home
	require_kernel 5.17 "reasons of drops"
	make_ns home home
	make_pair
	start_ifpulse "$home" drops -j -v --netns "$NS1" -i "$NS1/v1"
	wait_attached "$NS1/v1"
	send "$NS0" 70 100
	# Nobody listens there.
	wait_for_line "$IFPULSE_OUT" NO_SOCKET
	stop_ifpulse
	run -0 jq -c -s '[.[] | select(.netns)] | group_by(.reason) | map({netns: .[0].netns,
		ifname: .[0].ifname, ifindex: .[0].ifindex, direction: .[0].direction,
		reason: .[0].reason, packets: ([.[].packets] | add)}) | map(select(.reason == "NO_SOCKET"))' \
		"$IFPULSE_OUT"
	assert_equal "$output" "[{\"netns\":\"$NS1\",\"ifname\":\"v1\",\"ifindex\":11,\"direction\":\"rx\",\"reason\":\"NO_SOCKET\",\"packets\":70}]"
}

@test "a burst in another namespace is told with its flow" {
	local home
	make_ns home home
	make_pair
	start_ifpulse "$home" bursts -j -v --netns "$NS0" -i "$NS0/v0" --rule hysteresis \
		--threshold 10Mbit --merge-gap 100ms
	wait_attached "$NS0/v0"
	send "$NS0" 200 1000
	wait_for_line "$IFPULSE_OUT" '"direction":"tx"'
	stop_ifpulse
	run -0 jq -c -s '[.[] | select(.direction == "tx")] | [.[0].netns, .[0].ifname,
		([.[].wire_packets] | add), .[0].flows[0].destination]' "$IFPULSE_OUT"
	assert_equal "$output" "[\"$NS0\",\"v0\",200,\"192.0.2.2\"]"
}

@test "namespaces and their interfaces come and go while it runs" {
	local home a b
	make_ns home home
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$NS_PREFIX-*"
	wait_attached lo
	make_ns a a
	make_ns b b
	make_far_pair "$a" "$b"
	wait_attached "$a/v0"
	wait_attached "$b/v1"
	settle "$a" v0 "$b" v1
	send "$a" 10 100
	settle "$a" v0 "$b" v1
	ip -n "$a" link delete v0
	wait_for_line "$IFPULSE_ERR" "detached from $a/v0"
	wait_for_line "$IFPULSE_ERR" "detached from $b/v1"
	# A new one under the same index.
	make_far_pair "$a" "$b"
	wait_until 10 was_attached_twice "$a/v0"
	wait_until 10 was_attached_twice "$b/v1"
	settle "$a" v0 "$b" v1
	send "$a" 7 100
	settle "$a" v0 "$b" v1
	ip netns delete "$b"
	wait_for_line "$IFPULSE_ERR" "network namespace $b is gone"
	wait_for_line "$IFPULSE_ERR" "detached from $a/v0"
	stop_ifpulse
	assert_equal "$(counted "$a" v0 tx_wire_packets)" 17
	assert_equal "$(counted "$b" v1 rx_wire_packets)" 17
}

@test "nothing is kept alive: a namespace goes, and its veths with it, as if nobody looked" {
	make_pair
	start_ifpulse "$NS0" windows --busy -v --netns "$NS1"
	wait_attached "$NS1/v1"
	ip netns delete "$NS1"
	wait_until 5 gone "$NS0" v0
	wait_for_line "$IFPULSE_ERR" "network namespace $NS1 is gone"
	stop_ifpulse
}

@test "by PID, by glob, all but some; -i NETNS/NAME" {
	local home
	make_ns home home
	make_pair
	start_bg there "$NS1" sleep 300
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$BG_PID" -i v1
	wait_attached "$NS1/v1"
	stop_ifpulse
	run -0 jq -r -s '[.[] | .netns] | unique[]' "$IFPULSE_OUT"
	assert_equal "$output" "$NS1"
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$NS_PREFIX-*" --netns "!$NS1" -i '*/lo' -i 'v1*'
	wait_attached "$NS0/lo"
	wait_attached lo
	stop_ifpulse
	run -0 jq -r -s '[.[] | [.netns, .ifname]] | unique | tojson' "$IFPULSE_OUT"
	assert_equal "$output" "[[null,\"lo\"],[\"$NS0\",\"lo\"]]"
	start_ifpulse "$home" rate -j -I 50ms -v --netns "$NS_PREFIX-*" -i "$NS0/*" -i '!*/lo'
	wait_attached "$NS0/v0"
	stop_ifpulse
	run -0 jq -r -s '[.[] | [.netns, .ifname]] | unique | tojson' "$IFPULSE_OUT"
	assert_equal "$output" "[[\"$NS0\",\"v0\"]]"
}

@test "a namespace or an interface that is not there is told, with what to do" {
	make_ns NS0 0
	run -3 in_ns "$NS0" "$BUILD/ifpulse" rate --netns "$NS_PREFIX-nosuch"
	[[ $output == *"there is no network namespace '$NS_PREFIX-nosuch'"*"'ip netns' lists"* ]]
	run -3 in_ns "$NS0" "$BUILD/ifpulse" rate --netns 99999999
	[[ $output == *"there is no network namespace '99999999'"* ]]
	run -3 in_ns "$NS0" "$BUILD/ifpulse" rate --netns "$NS_PREFIX-*" -i nosuch
	[[ $output == *"there is no interface 'nosuch'"* ]]
	run -0 in_ns "$NS0" "$BUILD/ifpulse" list -j --netns "$NS0"
	assert_equal "$(jq -c '[.[] | [.netns, .ifname]]' <<<"$output")" '[[null,"lo"]]'
	run -2 in_ns "$NS0" "$BUILD/ifpulse" rate --netns ''
	[[ $output == *"--netns needs a name, a PID or 'all'"* ]]
}

our_filters() { # NS IFNAME
	tc -n "$1" filter show dev "$2" "$3" | grep -c ifpulse_ns
}

start_by_clsact() { # NS: what probes v0 in NS0 from there
	start_ifpulse "$1" rate -j -I 50ms -v --attach clsact --netns "$NS0"
	wait_attached "$NS0/v0"
}

# Of those the kernel does not tell us.
@test "a filter that is thrown out in another namespace is noticed, and we come back" {
	require_tool tc
	local home
	make_ns home home
	make_pair
	start_by_clsact "$home"
	in_ns "$NS0" tc qdisc del dev v0 clsact
	wait_for_line "$IFPULSE_ERR" "$NS0/v0: another program came before our filter or threw it out"
	wait_until 5 was_attached_twice "$NS0/v0"
	send "$NS0" 200 100
	settle
	stop_ifpulse
	assert_equal "$(counted "$NS0" v0 tx_packets)" 200
}

@test "clsact filters in other namespaces go at the end, and a dead instance's with the next start" {
	require_tool tc
	local home
	make_ns home home
	make_pair
	start_by_clsact "$home"
	assert_equal "$(our_filters "$NS0" v0 ingress)" 1
	stop_ifpulse
	run our_filters "$NS0" v0 ingress
	assert_equal "$output" 0
	start_by_clsact "$home"
	kill -KILL "$IFPULSE_PID"
	wait_until 5 has_ended "$IFPULSE_PID"
	assert_equal "$(our_filters "$NS0" v0 egress)" 1
	start_by_clsact "$home"
	assert_equal "$(our_filters "$NS0" v0 egress)" 1
	assert_equal "$(our_filters "$NS0" v0 ingress)" 1
	settle
	send "$NS0" 5 100
	settle
	stop_ifpulse
	assert_equal "$(counted "$NS0" v0 tx_wire_packets)" 5
	run our_filters "$NS0" v0 egress
	assert_equal "$output" 0
}

@test "list, watch and health of other namespaces" {
	local home
	make_ns home home
	make_pair
	run -0 in_ns "$home" "$BUILD/ifpulse" list -j --netns "$NS1" -i v1
	assert_equal "$(jq -c '[.[] | [.netns, .ifname, .ifindex, .container, .addr_info[0].local]]' <<<"$output")" \
		"[[\"$NS1\",\"v1\",11,\"$NS1\",\"192.0.2.2\"]]"
	run -0 in_ns "$home" "$BUILD/ifpulse" list --netns "$NS1"
	[[ $output == *" $NS1/v1 "*"192.0.2.2/24"* ]]
	start_ifpulse "$home" watch -j -v --netns "$NS_PREFIX-*" -i 'v*'
	wait_for_line "$IFPULSE_ERR" "watching 2 interfaces"
	ip -n "$NS1" link set v1 mtu 1400
	wait_for_line "$IFPULSE_OUT" '"event":"mtu"'
	ip netns delete "$NS1"
	wait_for_line "$IFPULSE_OUT" "\"ifname\":\"v1\",\"netns\":\"$NS1\",\"event\":\"removed\""
	stop_ifpulse
	run -0 jq -c 'select(.event == "mtu") | [.netns, .ifname, .previous, .current]' "$IFPULSE_OUT"
	assert_equal "$output" "[\"$NS1\",\"v1\",\"1500\",\"1400\"]"
}

@test "health in another namespace says which drops there were" {
	local home
	make_ns home home
	make_pair
	start_ifpulse "$home" health -j -v -d 2s --period interval --netns "$NS1" -i "$NS1/v1"
	wait_for_line "$IFPULSE_ERR" "judging from here on"
	send "$NS0" 90 100
	run wait_pid "$IFPULSE_PID" 20
	run -0 jq -c '.[] | [.netns, .ifname, .drops, .verdict, .drop_reasons[0].reason]' "$IFPULSE_OUT"
	assert_equal "$output" "[\"$NS1\",\"v1\",90,\"drops\",\"NO_SOCKET\"]"
}

frames() { # NS COUNT SIZE
	in_ns "$1" "$BUILD/tools/frames" raw-send --interface v0 --count "$2" --size "$3" >/dev/null
}

replay() { # ARGUMENT…
	"$BUILD/ifpulse" replay "$FILE" "$@"
}

query() { # SQL
	sqlite3 -readonly "$FILE" "$1"
}

# Of a CSV of windows: packets of NETNS in a direction.
csv_packets() { # NETNS DIRECTION
	"$BUILD/ifpulse" export "$FILE" --format csv | awk -F, -v netns="$1" -v direction="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["netns"] == netns && $at["direction"] == direction { n += $at["packets"] }
		END { print n + 0 }'
}

@test "a recording keeps namespaces apart in which the interface has the same index and name" {
	require_tool sqlite3
	local home a b
	FILE=$BATS_TEST_TMPDIR/run.ifpulse
	make_ns home home
	make_ns a a
	make_ns b b
	make_far_pair "$a" "$b" v0
	start_ifpulse "$home" record -o "$FILE" -v --netns "$NS_PREFIX-*" --threshold 1Mbit --merge-gap 50ms
	wait_for_line "$IFPULSE_ERR" 'recording to'
	settle "$a" v0 "$b" v0
	note_kernel "$a" v0 "$b" v0
	frames "$a" 300 1000
	frames "$b" 70 500
	ip -n "$b" address add 198.51.100.1/24 dev v0
	settle "$a" v0 "$b" v0
	stop_ifpulse
	assert_equal "$(kernel "$a" v0 tx_packets)" 300 "the kernel's"
	replay rate -j -I 10ms >"$BATS_TEST_TMPDIR/rates"
	assert_equal "$(counted "$a" v0 tx_packets "$BATS_TEST_TMPDIR/rates")" 300
	assert_equal "$(counted "$a" v0 rx_packets "$BATS_TEST_TMPDIR/rates")" 70
	assert_equal "$(counted "$b" v0 tx_packets "$BATS_TEST_TMPDIR/rates")" 70
	assert_equal "$(counted "$b" v0 rx_wire_bytes "$BATS_TEST_TMPDIR/rates")" $((300 * 1000))
	assert_equal "$(csv_packets "$a" tx) $(csv_packets "$a" rx)" "300 70" "in CSV"
	assert_equal "$(csv_packets "$b" tx) $(csv_packets "$b" rx)" "70 300" "in CSV"
	# Our own first, then by name, as a live command has them.
	assert_equal "$(replay rate -j -I 100s | jq -r '"\(.netns // "")/\(.ifname)"' | tr '\n' ' ')" \
		"/lo $a/lo $a/v0 $b/lo $b/v0 "
	"$BUILD/ifpulse" export "$FILE" --format jsonl >"$BATS_TEST_TMPDIR/lines"
	jq -se --arg a "$a" --arg b "$b" '
		def of(type; netns): map(select(.type == type and .netns == netns and .ifindex == 500));
		def grown: map(.kernel.tx_packets) | max - min;
		(of("interface"; $a) | length == 1) and (of("interface"; $b) | length == 1) and
		(of("counters"; $a) | grown == 300) and (of("counters"; $b) | grown == 70) and
		(of("change"; $b) | any(.event == "address-added" and .current == "198.51.100.1/24")) and
		(of("change"; $a) | all(.event != "address-added")) and
		(of("burst"; $a) | map(select(.direction == "tx") | .packets) | add == 300) and
		(of("window"; $b) | map(select(.direction == "tx") | .packets) | add == 70)' \
		"$BATS_TEST_TMPDIR/lines"
	assert_equal "$(query "SELECT group_concat(address) FROM (SELECT address FROM addresses JOIN interfaces
		ON id = interface WHERE netns = '$b' AND ifname = 'v0' ORDER BY 1)")" \
		192.0.2.2/24,198.51.100.1/24 "its addresses"
	assert_equal "$(query "SELECT count(*) FROM interfaces WHERE netns IS NULL")" 1 "our own"
}

@test "a replay selects by namespace, and names it" {
	local home a b
	FILE=$BATS_TEST_TMPDIR/run.ifpulse
	make_ns home home
	make_ns a a
	make_ns b b
	make_far_pair "$a" "$b" v0
	start_ifpulse "$home" record -o "$FILE" -v --netns "$NS_PREFIX-*" --threshold 1Mbit --merge-gap 50ms
	wait_for_line "$IFPULSE_ERR" 'recording to'
	frames "$a" 300 1000
	settle "$a" v0 "$b" v0
	stop_ifpulse
	assert_equal "$(replay rate -j -i "$a/v0" | jq -r .netns | sort -u)" "$a"
	assert_equal "$(replay windows -j --busy -i '*/v0' -i "!$b/*" | jq -r .netns | sort -u)" "$a"
	assert_equal "$(replay bursts -j --threshold 1Mbit -i v0 | jq -r .netns | sort -u | tr '\n' ' ')" "$a $b "
	"$BUILD/ifpulse" export "$FILE" --format jsonl -i "$b/v0" | jq -se --arg b "$b" \
		'map(select(.ifindex)) | length > 0 and all(.netns == $b)'
	run -3 replay rate -i "$home/v0"
	[[ $output == *"no interface that is selected"* ]]
	replay health -j -i "$a/v0" --period interval | jq -e --arg a "$a" 'length == 1 and
		.[0].netns == $a and .[0].tx_packets >= 300'
	replay rate | grep -q "^$a/v0 "
	replay windows --busy | grep -q " $b/v0 *rx"
	replay bursts --threshold 1Mbit | grep -q "$a/v0 "
	"$BUILD/ifpulse" export "$FILE" --format perfetto | jq -e --arg a "$a" --arg b "$b" '
		map(select(.name == "process_name") | .args.name) | contains([$a + "/v0", $b + "/v0", "lo"])'
	"$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/plot.svg"
}

is_captured() { # PATTERN
	grep -q "captured .*$1" "$IFPULSE_ERR"
}

# The other ends are in a namespace that is not looked at: a burst has one side.
@test "captures of interfaces that are called the same go to files of their own" {
	local home a b far dir=$BATS_TEST_TMPDIR/captures
	make_ns home home
	make_ns a a
	make_ns b b
	make_ns far far
	in_ns "$far" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	for ns in "$a" "$b"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
		ip link add v0 index 500 netns "$ns" type veth peer netns "$far" name "to-${ns##*-}"
		ip -n "$ns" link set v0 up
		ip -n "$far" link set "to-${ns##*-}" up
		wait_up "$ns" v0
	done
	start_ifpulse "$home" bursts -j -v --netns "$a" --netns "$b" -i '*/v0' --threshold 1Mbit \
		--merge-gap 5ms --capture "$dir" --pre 5ms --post 1ms
	wait_attached "$a/v0"
	wait_attached "$b/v0"
	frames "$a" 20 1000
	wait_until 10 is_captured "Z-$a-v0-tx.ifpulse"
	frames "$b" 30 1000
	wait_until 10 is_captured "Z-$b-v0-tx.ifpulse"
	stop_ifpulse
	assert_equal "$(find "$dir" -mindepth 1 | wc -l)" 2 files
	FILE=$(echo "$dir"/*Z-"$a"-v0-tx.ifpulse)
	assert_equal "$(csv_packets "$a" tx) $(csv_packets "$b" tx)" "20 0"
	FILE=$(echo "$dir"/*Z-"$b"-v0-tx.ifpulse)
	assert_equal "$(csv_packets "$a" tx) $(csv_packets "$b" tx)" "0 30"
}

total_of() { # FIELD
	jq -s --arg field "$1" '[.[] | select(.ifname == "total") | .[$field]] | add' "$IFPULSE_OUT"
}

@test "a total has what is probed once, whichever ends of a pair that are" {
	local home a b
	make_ns home home
	make_ns a a
	make_ns b b
	make_far_pair "$a" "$b"
	# What is sent is frames of nobody: datagrams ICMP would answer now and then.
	# One end alone.
	start_ifpulse "$home" rate -j -I 50ms -v --total --netns "$a" -i "$a/v0"
	wait_attached "$a/v0"
	frames "$a" 20 100
	stop_ifpulse
	assert_equal "$(total_of tx_wire_packets)" 20 "sent by the one end"
	# Both ends, elsewhere.
	start_ifpulse "$home" rate -j -I 50ms -v --total --netns "$a" --netns "$b" -i '*/v?'
	wait_attached "$a/v0"
	wait_attached "$b/v1"
	frames "$a" 30 100
	stop_ifpulse
	assert_equal "$(($(total_of rx_wire_packets) + $(total_of tx_wire_packets)))" 30 "between two"
	# One of them here: this is the one.
	start_ifpulse "$b" rate -j -I 50ms -v --total --netns "$a" -i v1 -i "$a/v0"
	wait_attached "$a/v0"
	frames "$a" 40 100
	stop_ifpulse
	assert_equal "$(total_of rx_wire_packets) $(total_of tx_wire_packets)" "40 0" "here"
}

@test "a total has a macvlan in another namespace by what it rests on, or itself where that is not probed" {
	local home a b
	make_ns home home
	make_ns a a
	make_ns b b
	make_far_pair "$a" "$b"
	ip -n "$a" link add link v0 name m0 netns "$home" type macvlan mode bridge
	ip -n "$home" link set m0 name m0 up
	ip -n "$home" address add 192.0.2.9/24 dev m0
	ip -n "$home" neighbour replace 192.0.2.2 lladdr "$(mac_of "$b" v1)" dev m0 nud permanent
	start_ifpulse "$home" rate -j -I 50ms -v --total --netns "$a" -i m0 -i "$a/v0"
	wait_attached "$a/v0"
	wait_attached m0
	settle "$home" m0 "$a" v0
	send "$home" 20 100
	settle "$home" m0 "$a" v0
	stop_ifpulse
	assert_equal "$(total_of tx_wire_packets)" "$(counted "$a" v0 tx_wire_packets)" "with what is below"
	start_ifpulse "$home" rate -j -I 50ms -v --total --netns "$a" -i m0
	wait_attached m0
	send "$home" 20 100
	stop_ifpulse
	assert_equal "$(total_of tx_wire_packets)" "$(counted - m0 tx_wire_packets)" "without"
	assert_equal "$(total_of tx_wire_packets)" 20
}
