#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# compare: of every kind of device that can be had here, with its offloads on and off, the probe's counts and the
# kernel's agree, or what is between them has its cause.

load lib
load probe
load compare

setup() {
	require_root_bpf
}

# ---- veth ----

veth() { # ADDRESS FAMILY TX-COUNTS
	compare_both "$NS0" "$NS1" "$1" "$2"
	agrees "$NS0" v0 tx "$3" 0
	agrees "$NS1" v1 rx "$4" 0
	agrees "$NS0" v0 rx either 0
	agrees "$NS1" v1 tx either 0
}

@test "veth: skbs, as they are handed over" {
	make_pair
	veth 192.0.2.2 4 skbs skbs
}

@test "veth: the same for IPv6, with jumbo frames" {
	make_pair
	ip -n "$NS0" link set v0 mtu 9000
	ip -n "$NS1" link set v1 mtu 9000
	veth 2001:db8::2 6 skbs skbs
}

@test "veth without TSO: segments, which are the skbs of the other end" {
	make_pair
	features "$NS0" v0 tso off
	veth 192.0.2.2 4 segments either
}

@test "veth without TSO, but for UDP: some are cut, and that is known" {
	make_pair
	features "$NS0" v0 tso off
	begin "$NS0"
	tcp "$NS0" "$NS1" 192.0.2.2 4
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 100 --size 9000 --gso 1200
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" v0 tx packets "some GSO packets counted whole"
	is_explained "$NS0" v0 tx bytes "some GSO packets counted whole"
}

@test "veth without TSO and GSO, for IPv6 with jumbo frames" {
	make_pair
	ip -n "$NS0" link set v0 mtu 9000
	ip -n "$NS1" link set v1 mtu 9000
	features "$NS0" v0 tso off gso off
	veth 2001:db8::2 6 segments either
}

@test "veth with GRO: the receiver counts before it, and without the header" {
	local before
	make_pair
	features "$NS0" v0 tso off
	features "$NS1" v1 gro on
	settle
	before=$(stats64 "$NS0" v0 tx_dropped)
	compare_both "$NS0" "$NS1" 192.0.2.2 4
	agrees "$NS1" v1 rx segments -14
	# The queue between the ends is short, and a busy receiver lets it overflow.
	if (($(stats64 "$NS0" v0 tx_dropped) > before)); then
		is_explained "$NS0" v0 tx packets "dropped behind the egress hook"
	else
		agrees "$NS0" v0 tx segments -14
	fi
}

@test "veth with GRO, and a sender with TSO: still skbs" {
	make_pair
	features "$NS1" v1 gro on
	settle
	veth 192.0.2.2 4 skbs skbs
}

@test "while TCP runs at full speed on veth and lo, kernel and probe stay within bounds" {
	local name
	make_pair
	start_sink "$NS1" tcp-sink --port 7001 --timeout 60
	start_bg sink2 "$NS0" "$BUILD/tools/traffic" tcp-sink --port 7002 --timeout 60
	wait_for_line "$BG_ERR" '^ready$'
	start_bg send1 "$NS0" "$BUILD/tools/traffic" tcp-send --to 192.0.2.2 --port 7001 \
		--bytes 1000000000000 --timeout 30
	start_bg send2 "$NS0" "$BUILD/tools/traffic" tcp-send --to 127.0.0.1 --port 7002 \
		--bytes 1000000000000 --timeout 30
	begin "$NS1"
	run -0 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare -j -d 3s -I 300ms
	finish "$NS1"
	jq -e '[.[] | .verdict == "match"] | all' <<<"$output"
	jq -e '[.[] | select(.ifname != "v0" or .direction == "tx") | .kernel > 1000] | all' \
		<<<"$output"
	for name in send1 send2; do
		kill -TERM "$(<"$BATS_TEST_TMPDIR/$name.pid")"
	done
}

# ---- lo ----

lo_agrees() { # ADDRESS FAMILY
	make_ns NS0 0
	begin "$NS0"
	tcp "$NS0" "$NS0" "$1" "$2" 50000000
	udp "$NS0" "$NS0" "$1" "$2"
	settle "$NS0" lo
	finish "$NS0"
	agrees "$NS0" lo rx either -14
	agrees "$NS0" lo tx segments -14
}

@test "lo: 14 bytes a packet less; what is too long is cut behind the egress hook" {
	lo_agrees 127.0.0.1 4
}

@test "lo: the same for IPv6" {
	lo_agrees ::1 6
}

@test "lo: where some GSO packets are cut and others are not, that is said" {
	make_ns NS0 0
	begin "$NS0"
	tcp "$NS0" "$NS0" 127.0.0.1 4 50000000
	send "$NS0" traffic udp-send --to 127.0.0.1 --port 7009 --count 100 --size 9000 --gso 1200
	settle "$NS0" lo
	finish "$NS0"
	agrees "$NS0" lo rx skbs -14
	is_explained "$NS0" lo tx packets "some GSO packets counted whole"
	is_explained "$NS0" lo tx bytes "some GSO packets counted whole"
}

# ---- ifb ----

@test "ifb: sent is counted as received, too, and passes no ingress hook" {
	local direction
	make_pair
	ip -n "$NS1" link add ifb7 type ifb || skip "the kernel has no ifb"
	ip -n "$NS1" link set ifb7 up
	in_ns "$NS1" tc qdisc add dev v1 clsact
	for direction in ingress egress; do
		in_ns "$NS1" tc filter add dev v1 "$direction" protocol all pref 10 u32 match u32 0 0 \
			action mirred egress redirect dev ifb7 || skip "the kernel has no act_mirred"
	done
	settle
	compare_both "$NS0" "$NS1" 192.0.2.2 4
	agrees "$NS1" ifb7 tx skbs 0
	is_explained "$NS1" ifb7 rx packets "egress hook alone"
	is_explained "$NS1" ifb7 rx bytes "egress hook alone"
	assert_equal "$(field "$NS1" ifb7 rx bytes difference)" 0
	agrees "$NS1" v1 rx skbs 0
}

# As IPv6 sends it when it goes up.
@test "ifb: what nobody redirected to it is dropped, and not sent" {
	make_ns NS0 0
	ip -n "$NS0" link add ifb7 type ifb || skip "the kernel has no ifb"
	ip -n "$NS0" address add 198.51.100.1/24 dev ifb7
	ip -n "$NS0" link set ifb7 up
	settle_all "$NS0"
	begin "$NS0"
	send "$NS0" traffic udp-send --to 198.51.100.2 --port 7009 --count 50 --size 300
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" ifb7 tx packets "dropped behind the egress hook"
	is_explained "$NS0" ifb7 tx bytes "dropped behind the egress hook"
	(($(field "$NS0" ifb7 tx packets difference) <= -50))
	assert_equal "$(field "$NS0" ifb7 rx bytes difference)" 0
}

@test "ifb: segments where it has no TSO" {
	make_pair
	ip -n "$NS0" link add ifb7 type ifb || skip "the kernel has no ifb"
	ip -n "$NS0" link set ifb7 up
	features "$NS0" ifb7 tso off
	in_ns "$NS0" tc qdisc add dev v0 clsact
	in_ns "$NS0" tc filter add dev v0 egress protocol all pref 10 u32 match u32 0 0 \
		action mirred egress redirect dev ifb7 || skip "the kernel has no act_mirred"
	settle
	compare_both "$NS0" "$NS1" 192.0.2.2 4
	agrees "$NS0" ifb7 tx segments 0
	agrees "$NS0" v0 tx segments 0
}

# ---- tun and tap ----

cable() { # KIND [--offload]
	[[ -c /dev/net/tun ]] || skip "no /dev/net/tun"
	make_ns NS0 0
	make_ns NS1 1
	# Both begin here: it is the other one that moves.
	start_bg cable "$NS0" "$BUILD/tools/frames" cable --interface t0 --other t1 --kind "$1" \
		--timeout 60 "${@:2}"
	wait_for_line "$BG_ERR" '^ready$'
	ip -n "$NS0" link set t1 netns "$NS1"
	end_of_cable "$NS0" t0 1
	end_of_cable "$NS1" t1 2
	wait_up "$NS0" t0
	wait_up "$NS1" t1
	settle "$NS0" t0 "$NS1" t1
}

end_of_cable() { # NS IFNAME HOST
	ip -n "$1" -batch - <<-END
		link set $2 txqlen 10000
		address add 192.0.2.$3/24 dev $2
		address add 2001:db8::$3/64 dev $2 nodad
		link set $2 up
	END
}

@test "tun: segments, without a header" {
	cable tun
	compare_both "$NS0" "$NS1" 192.0.2.2 4
	agrees "$NS0" t0 tx segments 0
	agrees "$NS1" t1 rx either 0
}

@test "tun with offload: skbs" {
	cable tun --offload
	compare_both "$NS0" "$NS1" 2001:db8::2 6
	agrees "$NS0" t0 tx skbs 0
	agrees "$NS1" t1 rx skbs 0
}

@test "tap: segments" {
	cable tap
	compare_both "$NS0" "$NS1" 2001:db8::2 6
	agrees "$NS0" t0 tx segments 0
	agrees "$NS1" t1 rx either 0
}

@test "tap with offload: skbs" {
	cable tap --offload
	compare_both "$NS0" "$NS1" 192.0.2.2 4
	agrees "$NS0" t0 tx skbs 0
	agrees "$NS1" t1 rx skbs 0
}

@test "what nobody reads from a tun is still to be sent" {
	make_ns NS0 0
	start_bg hold "$NS0" "$BUILD/tools/frames" hold --interface t0 --kind tun
	wait_for_line "$BG_ERR" '^ready$'
	ip -n "$NS0" address add 192.0.2.1/24 dev t0
	ip -n "$NS0" link set t0 up
	begin "$NS0"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 100 --size 300
	settle "$NS0" t0
	finish "$NS0"
	is_explained "$NS0" t0 tx packets "in the queue of the program that reads"
}

@test "a tun whose queue is full drops behind the hook" {
	cable tun
	ip -n "$NS0" link set t0 txqlen 2
	begin "$NS0"
	udp "$NS0" "$NS1" 192.0.2.2 4
	settle "$NS0" t0 "$NS1" t1
	finish "$NS0"
	is_explained "$NS0" t0 tx packets "dropped behind the egress hook"
}

# ---- bridge ----

# v0 in NS0 and NS2, their other ends ports of br0 in NS1, which has 192.0.2.9.
bridge() {
	local host ns
	make_ns NS0 0
	make_ns NS1 1
	make_ns NS2 2
	ip -n "$NS1" link add br0 type bridge
	ip -n "$NS1" address add 192.0.2.9/24 dev br0
	ip -n "$NS1" link set br0 up
	for host in 1 2; do
		ns=$NS0
		((host == 1)) || ns=$NS2
		ip link add v0 index "1$host" netns "$ns" type veth peer name "p$host" \
			index "2$host" netns "$NS1"
		ip -n "$NS1" link set "p$host" master br0 up
		ip -n "$ns" address add "192.0.2.$host/24" dev v0
		ip -n "$ns" link set v0 up
		wait_up "$ns" v0
	done
	wait_up "$NS1" br0
	settle_all "$NS0" "$NS1" "$NS2"
}

@test "bridge: ports are veths; what it receives is without the header, what it sends is not" {
	bridge
	begin "$NS1"
	tcp "$NS0" "$NS2" 192.0.2.2 4
	tcp "$NS0" "$NS1" 192.0.2.9 4
	tcp "$NS1" "$NS0" 192.0.2.1 4
	settle_all "$NS1"
	finish "$NS1"
	agrees "$NS1" br0 rx skbs -14
	agrees "$NS1" br0 tx skbs 0
	agrees "$NS1" p1 rx skbs 0
	agrees "$NS1" p1 tx skbs 0
	agrees "$NS1" p2 tx skbs 0
}

@test "bridge: its own queries for multicast are heard by itself" {
	bridge
	begin "$NS1"
	ip -n "$NS1" link set br0 type bridge mcast_query_interval 20 \
		mcast_startup_query_interval 20 mcast_querier 1
	sleep 1
	ip -n "$NS1" link set br0 type bridge mcast_querier 0
	settle_all "$NS1"
	finish "$NS1"
	is_explained "$NS1" br0 rx packets "by the bridge itself"
	(($(field "$NS1" br0 rx packets difference) < 0))
}

@test "bridge: segments where neither it nor its ports have TSO" {
	local name
	bridge
	for name in br0 p1 p2; do
		features "$NS1" "$name" tso off
	done
	begin "$NS1"
	tcp "$NS1" "$NS2" 192.0.2.2 4
	settle_all "$NS1"
	finish "$NS1"
	agrees "$NS1" br0 tx segments 0
	agrees "$NS1" br0 rx either -14
	agrees "$NS1" p2 tx either 0
}

# ---- macvlan ----

# Else the interface below, or any other there, answers for its address as well.
macvlan() { # NS LOWER NAME ADDRESS [IN-NS]
	in_ns "${5:-$1}" sysctl -qw net.ipv4.conf.all.arp_ignore=1
	ip -n "$1" link add "$3" link "$2" ${5:+netns "$5"} type macvlan mode bridge
	ip -n "${5:-$1}" address add "$4/24" dev "$3"
	ip -n "${5:-$1}" link set "$3" up
	wait_up "${5:-$1}" "$3"
}

@test "macvlan: as the interface below, with the header" {
	make_pair
	macvlan "$NS0" v0 m0 198.51.100.1
	macvlan "$NS1" v1 m1 198.51.100.2
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" m0 tx skbs 0
	agrees "$NS1" m1 rx skbs 0
	agrees "$NS0" v0 tx skbs 0
}

@test "macvlan to macvlan: past the driver of the interface below, which is said" {
	make_pair
	macvlan "$NS0" v0 m0 198.51.100.1
	macvlan "$NS0" v0 m1 198.51.100.2 "$NS1"
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	is_explained "$NS0" v0 rx packets "or from macvlan to macvlan"
	is_explained "$NS0" v0 rx bytes "or from macvlan to macvlan"
	(($(field "$NS0" v0 rx packets difference) < -1000))
	agrees "$NS0" m0 tx skbs 0
	# The request for its address was for all.
	assert_equal "$(field "$NS1" m1 rx packets verdict)" match
	is_explained "$NS1" m1 rx bytes "whose header counts twice"
	assert_equal "$(($(field "$NS1" m1 rx bytes difference) % ETHERNET))" 0
}

@test "macvlan to macvlan, both in namespaces that nobody looks into" {
	make_ns NS0 0
	make_ns NS1 1
	make_ns NS2 2
	ip -n "$NS0" link add v0 type veth peer name w0
	ip -n "$NS0" link set v0 up
	ip -n "$NS0" link set w0 up
	wait_up "$NS0" v0
	macvlan "$NS0" v0 m0 198.51.100.1 "$NS1"
	macvlan "$NS0" v0 m1 198.51.100.2 "$NS2"
	settle_all "$NS0" "$NS1" "$NS2"
	begin "$NS0"
	udp "$NS1" "$NS2" 198.51.100.2 4
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" v0 rx packets "or from macvlan to macvlan"
	(($(field "$NS0" v0 rx packets difference) <= -3000))
}

# ---- vxlan ----

vxlan() { # COUNTS-OF-INNER COUNTS-OF-OUTER FEATURE…
	local end
	for end in "$NS0 v0 1 2" "$NS1 v1 2 1"; do
		# shellcheck disable=SC2086
		set -- $end "$@"
		ip -n "$1" link add vx0 type vxlan id 7 dev "$2" local "192.0.2.$3" \
			remote "192.0.2.$4" dstport 4789
		ip -n "$1" address add "198.51.100.$3/24" dev vx0
		ip -n "$1" link set vx0 up
		wait_up "$1" vx0
		shift 4
	done
	(($# == 2)) || features "$NS0" v0 "${@:3}"
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" vx0 tx "$1" -14
	agrees "$NS0" v0 tx "$2" 0
}

@test "vxlan: skbs without the inner header" {
	make_pair
	vxlan skbs skbs
	agrees "$NS1" vx0 rx skbs -14
}

@test "vxlan over what cannot cut tunnels: before GRO the receiver counts segments" {
	make_pair
	vxlan skbs segments tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off tso off
	agrees "$NS1" vx0 rx segments -14
}

@test "vxlan: what has no route to the remote is an error of its own, and not sent" {
	make_pair
	ip -n "$NS0" link add vx0 type vxlan id 7 remote 203.0.113.9 dstport 4789
	ip -n "$NS0" address add 198.51.100.1/24 dev vx0
	ip -n "$NS0" link set vx0 up
	ip -n "$NS0" neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev vx0 nud permanent
	settle_all "$NS0"
	begin "$NS0"
	send "$NS0" traffic udp-send --to 198.51.100.2 --port 7009 --count 50 --size 300
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" vx0 tx packets "dropped behind the egress hook"
	is_explained "$NS0" vx0 tx bytes "dropped behind the egress hook"
	(($(field "$NS0" vx0 tx packets difference) <= -50))
}

# ---- totals and saved counters ----

@test "a total has what passes bridge and ports once, and is held to the kernel's of the same" {
	local counter direction
	bridge
	begin "$NS1" --total
	tcp "$NS0" "$NS2" 192.0.2.2 4
	udp "$NS1" "$NS0" 192.0.2.1 4
	settle_all "$NS1"
	finish "$NS1"
	for direction in rx tx; do
		for counter in packets bytes; do
			assert_equal "$(field "$NS1" total "$direction" "$counter" verdict)" match
			assert_equal "$(field "$NS1" total "$direction" "$counter" kernel)" \
				"$((
					$(field "$NS1" p1 "$direction" "$counter" kernel) +
					$(field "$NS1" p2 "$direction" "$counter" kernel) +
					$(field "$NS1" lo "$direction" "$counter" kernel)
				))" "$direction $counter"
			assert_equal "$(field "$NS1" total "$direction" "$counter" difference)" 0
		done
	done
	(($(field "$NS1" total tx packets kernel) > 3000))
}

@test "with a saved /proc/net/dev, what passed before the probe was there is told apart" {
	make_pair
	in_ns "$NS0" cat /proc/net/dev >"$BATS_TEST_TMPDIR/saved"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 700 --size 300
	settle
	begin "$NS0" --proc "$BATS_TEST_TMPDIR/saved" --total
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 300 --size 300
	settle
	finish "$NS0"
	is_explained "$NS0" v0 tx packets "700 packets from before the probe was attached"
	is_explained "$NS0" v0 tx bytes "$((700 * (300 + UDP4))) bytes from before"
	assert_equal "$(field "$NS0" v0 tx packets kernel)" 1000
	assert_equal "$(field "$NS0" v0 tx packets probe)" 300
	assert_equal "$(field "$NS0" v0 tx packets difference)" 700
	assert_equal "$(field "$NS0" lo tx packets verdict)" match
	is_explained "$NS0" total tx packets "700 packets from before"
}

@test "a saved file that is none is refused, one of elsewhere is told" {
	make_ns NS0 0
	echo "root:x:0:0" >"$BATS_TEST_TMPDIR/passwd"
	run -3 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare -d 1s \
		--proc "$BATS_TEST_TMPDIR/passwd"
	[[ $stderr == *"is no saved /proc/net/dev: line 1"*"save one with"* ]]
	run -3 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare -d 1s --proc /nowhere
	[[ $stderr == *"cannot read /nowhere: No such file"* ]]
	in_ns "$NS0" cat /proc/net/dev >"$BATS_TEST_TMPDIR/saved"
	sed -i 's/lo:/eth7:/' "$BATS_TEST_TMPDIR/saved"
	run -0 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare -d 200ms -I 100ms \
		--proc "$BATS_TEST_TMPDIR/saved"
	[[ $stderr == *"none of the interfaces compared is in the saved /proc/net/dev"* ]]
}

@test "10 GB of iperf3 over a veth, exact to the byte" {
	make_pair
	start_bg iperf "$NS1" iperf3 -s -1 -p 7001 --forceflush
	wait_for_line "$BG_OUT" 'Server listening' 10
	begin "$NS0"
	begin "$NS1"
	in_ns "$NS0" iperf3 -c 192.0.2.2 -p 7001 -n 10G >&2
	wait_bg iperf
	settle
	finish "$NS0"
	finish "$NS1"
	agrees "$NS0" v0 tx skbs 0
	agrees "$NS0" v0 rx either 0
	agrees "$NS1" v1 rx skbs 0
	agrees "$NS1" v1 tx either 0
	(($(field "$NS0" v0 tx bytes kernel) > 10 * 1024 ** 3))
}

# ---- causes ----

@test "XDP that drops every third packet explains what the hook misses" {
	make_pair
	neighbour xdp "$NS1" --interface v1 --direction ingress --mode xdp --every 3
	settle
	begin "$NS1"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 3000 --size 300
	settle
	finish "$NS1"
	is_explained "$NS1" v1 rx packets "passed by the XDP program"
	is_explained "$NS1" v1 rx bytes "passed by the XDP program"
	(($(field "$NS1" v1 rx packets kernel) >= 3000))
	(($(field "$NS1" v1 rx packets difference) >= 990))
	(($(field "$NS1" v1 rx packets difference) <= 1010))
}

@test "drops of a queueing discipline explain what was not sent" {
	make_pair
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 1mbit burst 2000 limit 3000
	begin "$NS0"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 200 --size 1000 --rate-pps 2000
	settle
	finish "$NS0"
	is_explained "$NS0" v0 tx packets "dropped behind the egress hook"
	is_explained "$NS0" v0 tx bytes "dropped behind the egress hook"
	(($(field "$NS0" v0 tx packets difference) < -10))
}

@test "what the interface below a macvlan would not take is among its own drops" {
	make_pair
	macvlan "$NS0" v0 m0 198.51.100.1
	ip -n "$NS0" neighbour replace 198.51.100.2 lladdr "$(mac_of "$NS1" v1)" dev m0 nud permanent
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 1mbit burst 2000 limit 3000
	settle_all "$NS0"
	begin "$NS0"
	send "$NS0" traffic udp-send --to 198.51.100.2 --port 7009 --count 100 --size 1000
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" m0 tx packets "dropped behind the egress hook"
	is_explained "$NS0" m0 tx bytes "dropped behind the egress hook"
	assert_equal "$(field "$NS0" v0 tx packets verdict)" explained
}

@test "what waits in a queueing discipline when the run ends is said to" {
	make_pair
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 100kbit burst 2000 limit 1000000
	begin "$NS0"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 100 --size 1000
	finish "$NS0"
	is_explained "$NS0" v0 tx packets "waiting in the queueing discipline"
	is_explained "$NS0" v0 tx bytes "waiting in the queueing discipline"
	(($(field "$NS0" v0 tx packets difference) < 0))
}

@test "an interface that comes while it runs is compared from then on, one that goes up to then" {
	make_pair
	begin "$NS0"
	ip -n "$NS0" link add w0 type veth peer name w1
	ip -n "$NS0" link set w0 up
	ip -n "$NS0" link set w1 up
	send "$NS0" frames raw-send --interface w0 --count 500 --size 100
	ip -n "$NS0" link delete w0
	udp "$NS0" "$NS1" 192.0.2.2 4
	settle
	finish "$NS0"
	jq -e '[.[] | select(.ifname == "v0") | .verdict == "match"] | all' "${COMPARE_OUT[$NS0]}"
}

# ---- a probe that is wrong ----

# All but one packet in a million, which is one.
@test "one packet lost in a million is a mismatch, and status 1" {
	make_pair
	export IFPULSE_TESTING=1
	begin "$NS0" -i v0 --lose-one-in 1000000
	unset IFPULSE_TESTING
	begin "$NS1" -i v1
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 1100000 --size 100
	settle
	finish "$NS0" 1
	finish "$NS1" 0
	assert_equal "$(field "$NS0" v0 tx packets verdict)" mismatch
	assert_equal "$(field "$NS0" v0 tx bytes verdict)" mismatch
	assert_equal "$(field "$NS0" v0 tx packets difference)" 1
	assert_equal "$(field "$NS0" v0 tx bytes difference)" $((100 + UDP4))
	assert_equal "$(field "$NS0" v0 tx packets reason)" "nothing that is known accounts for it"
}

# Of both directions together: so many that some of them are sent, and no even number, as answers may take turns.
@test "GSO packets lost are a mismatch, too" {
	make_pair
	export IFPULSE_TESTING=1
	begin "$NS0" -i v0 --lose-one-in 37
	unset IFPULSE_TESTING
	tcp "$NS0" "$NS1" 192.0.2.2 4 20000000
	settle
	finish "$NS0" 1
	assert_equal "$(field "$NS0" v0 tx bytes verdict)" mismatch
	(($(field "$NS0" v0 tx bytes difference) > 0))
}

# ---- the command ----

@test "all of an object's fields, in JSON and CSV, and a table for people" {
	make_ns NS0 0
	run -0 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare -j -d 200ms -I 100ms
	jq -e 'length == 4 and (.[0] | keys_unsorted) == ["interval_us", "ifindex", "ifname", "netns",
		"direction", "counter", "probe", "kernel", "low", "high", "difference", "verdict",
		"reason", "counts", "extra_bytes"] and .[0].interval_us >= 200000' <<<"$output"
	run -0 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare --csv -d 200ms -I 100ms
	((${#lines[@]} == 5))
	run -0 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" compare -d 200ms -I 100ms
	[[ ${lines[0]} == INTERFACE*VERDICT*REASON ]]
	[[ ${lines[1]} == lo*match*"nothing passed" ]]
}

@test "interfaces of another namespace are compared from within it" {
	make_pair
	begin "$NS0" --netns "$NS1"
	tcp "$NS0" "$NS1" 192.0.2.2 4
	settle
	finish "$NS0"
	agrees "$NS0" v0 tx skbs 0
	agrees "$NS0" v1 rx skbs 0
}

@test "wrong usage is refused" {
	run -2 --separate-stderr "$BUILD/ifpulse" compare -I 50ms
	[[ $stderr == *"at least 100ms"* ]]
	run -2 --separate-stderr "$BUILD/ifpulse" compare --lose-one-in 5
	[[ $stderr == *"for tests alone"* ]]
}
