#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Attaching: beside other programs, to what comes and goes, and what is left behind.

load lib
load probe

setup() {
	require_root_bpf
}

# Our filters on a hook.
our_filters() { # NS IFNAME ingress|egress
	in_ns "$1" tc filter show dev "$2" "$3" | grep -c 'ifpulse_' || true
}

no_filters_of_ours() { # NS IFNAME
	assert_equal "$(our_filters "$1" "$2" ingress)" 0 "filters left on $2 ingress"
	assert_equal "$(our_filters "$1" "$2" egress)" 0 "filters left on $2 egress"
}

# Programs on v0's tcx hooks, by the program that ifpulse is not.
tcx_programs() { # NS IFNAME ingress|egress
	in_ns "$1" "$BUILD/ifpulse" doctor -j -i "$2" |
		jq --arg text "tcx $3" '[.[] | select(.check == "hook" and
			(.detail | startswith($text)))] | length'
}

frames() { # NS IFNAME COUNT
	send "$1" frames raw-send --interface "$2" --count "$3" --size 100
}

# 40 veth pairs in $NS0: a crowd.
make_crowd() {
	local i
	make_ns NS0 0
	for ((i = 0; i < 40; i++)); do
		echo "link add a$i index $((100 + i)) type veth peer name b$i index $((200 + i))"
	done | ip -n "$NS0" -batch -
}

among_others() { # THEIR-MODE OUR-MODE
	[[ $* != *tcx* ]] || require_tcx
	make_pair
	neighbour before-in "$NS1" --interface v1 --direction ingress --mode "$1"
	neighbour before-out "$NS0" --interface v0 --direction egress --mode "$1"
	probe "$NS0" v0 --attach "$2"
	probe "$NS1" v1 --attach "$2"
	if [[ $1 == tcx ]]; then
		neighbour after-in "$NS1" --interface v1 --direction ingress --mode tcx
		neighbour after-out "$NS0" --interface v0 --direction egress --mode tcx
	fi
	frames "$NS0" v0 1000
	settle
	if [[ $1 == tcx ]]; then
		neighbour_counted after-in 1000
		neighbour_counted after-out 1000
	fi
	end_probe "$NS0"
	end_probe "$NS1"
	frames "$NS0" v0 500
	settle
	neighbour_counted before-in 1500
	neighbour_counted before-out 1500
	probed_is "$NS0" v0 tx 1000 100000
	probed_is "$NS1" v1 rx 1000 100000
	no_filters_of_ours "$NS0" v0
	no_filters_of_ours "$NS1" v1
}

@test "other tcx programs before and after ours keep their packets, and ours is gone after" {
	among_others tcx tcx
	assert_equal "$(tcx_programs "$NS0" v0 egress)" 0
	assert_equal "$(tcx_programs "$NS1" v1 ingress)" 0
}

@test "another tc filter keeps its packets beside ours, both by clsact" {
	among_others clsact clsact
}

@test "another tc filter keeps its packets beside ours by tcx" {
	among_others clsact tcx
}

@test "other tcx programs keep their packets beside our filter" {
	among_others tcx clsact
}

# As Cilium does: whoever comes after a program that returns TC_ACT_OK sees nothing.
ends_the_chain() { # MODE
	make_pair
	neighbour cilium-in "$NS1" --interface v1 --direction ingress --mode "$1" --verdict ok
	neighbour cilium-out "$NS0" --interface v0 --direction egress --mode "$1" --verdict ok
	probe "$NS0" v0 --attach "$1"
	probe "$NS1" v1 --attach "$1"
	frames "$NS0" v0 800
	settle
	end_probe "$NS0"
	end_probe "$NS1"
	probed_is "$NS0" v0 tx 800 80000
	probed_is "$NS1" v1 rx 800 80000
	neighbour_counted cilium-in 800
	neighbour_counted cilium-out 800
}

# bats test_tags=vm
@test "a tcx program that ends the chain hides nothing from us" {
	ends_the_chain tcx
}

@test "a tc filter that ends the chain hides nothing from us" {
	ends_the_chain clsact
}

# `ingress` has one hook only: what is put on its egress lands on its ingress.
@test "an ingress qdisc is not taken for clsact" {
	make_pair
	in_ns "$NS0" tc qdisc add dev v0 ingress
	local status=0
	in_ns "$NS0" "$BUILD/ifpulse" rate -j -i v0 -I 10ms -c 1 --attach clsact \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	assert_equal "$status" 3
	grep -q "an 'ingress' qdisc is in the place of clsact" "$BATS_TEST_TMPDIR/err"
	in_ns "$NS0" tc qdisc show dev v0 ingress | grep -q 'qdisc ingress'
	probe "$NS0" v0
	frames "$NS0" v0 100
	send "$NS1" frames raw-send --interface v1 --count 70 --size 100
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 100 10000
	probed_is "$NS0" v0 rx 70 7000
}

# bats test_tags=vm
@test "a filter that is thrown out is noticed, and we come back" {
	make_pair
	probe "$NS0" v0 --attach clsact
	frames "$NS0" v0 100
	settle
	in_ns "$NS0" tc qdisc del dev v0 clsact
	wait_for_line "$IFPULSE_ERR" 'v0: another program came before our filter or threw it out'
	wait_until 5 is_filtered "$NS0" v0
	frames "$NS0" v0 200
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 300 30000
	grep -q 'times another program hid packets' "$IFPULSE_ERR"
}

is_filtered() { # NS IFNAME
	(($(our_filters "$1" "$2" ingress) == 1 && $(our_filters "$1" "$2" egress) == 1))
}

@test "a filter that comes in front of ours is noticed, and we go before it" {
	make_pair
	probe "$NS0" v0 --attach clsact
	neighbour ends "$NS0" --interface v0 --direction egress --mode clsact --verdict ok
	wait_for_line "$IFPULSE_ERR" 'v0: another program came before our filter'
	wait_until 5 is_filtered "$NS0" v0
	frames "$NS0" v0 200
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 200 20000
	neighbour_counted ends 200
}

# cls_u32 cannot share a priority with cls_bpf, so no filter of ours can come before it.
@test "a filter of another kind on the first priority: auto goes before it by tcx" {
	make_crowd
	ip -n "$NS0" link set a3 up
	ip -n "$NS0" link set b3 up
	wait_up "$NS0" a3
	settle "$NS0" a3
	in_ns "$NS0" tc qdisc add dev a3 clsact
	in_ns "$NS0" tc filter add dev a3 egress protocol all prio 1 u32 match u32 0 0 classid 1:1
	probe "$NS0" a3
	assert_equal "$(our_filters "$NS0" a2 egress)" 1 "filters on a2"
	no_filters_of_ours "$NS0" a3
	frames "$NS0" a3 300
	settle "$NS0" a3
	end_probe "$NS0"
	probed_is "$NS0" a3 tx 300 30000
	in_ns "$NS0" tc filter show dev a3 egress | grep -q u32
}

appears_and_goes() { # MODE
	make_pair
	probe "$NS0" v0 --attach "$1"
	local round
	for round in 1 2 3; do
		ip link add "w$round" index 500 netns "$NS0" type veth peer name x index 501 netns "$NS1"
		ip -n "$NS0" link set "w$round" up
		ip -n "$NS1" link set x up
		wait_up "$NS0" "w$round"
		wait_for_line "$IFPULSE_OUT" "\"ifname\":\"w$round\""
		settle "$NS0" "w$round" "$NS1" x
		note_kernel "$NS0" "w$round"
		# What passed before we were attached, the kernel has counted, too.
		frames "$NS0" "w$round" $((round * 1000))
		settle "$NS0" "w$round" "$NS1" x
		counted[round]=$(kernel "$NS0" "w$round" tx_packets)
		ip -n "$NS0" link del "w$round"
	done
	frames "$NS0" v0 10
	settle
	end_probe "$NS0"
	for round in 1 2 3; do
		assert_equal "${counted[round]}" $((round * 1000))
		(($(probed "$NS0" "w$round" tx_packets) >= round * 1000))
		# MLD reports may have passed before note_kernel; they are of another length.
		(($(probed "$NS0" "w$round" tx_packets) <= round * 1000 + 8))
		assert_equal "$(jq -s --arg ifname "w$round" '[.[] | select(.ifname == $ifname)] |
			map(.ifindex) | unique | tostring' "$IFPULSE_OUT")" '"[500]"'
	done
	probed_is "$NS0" v0 tx 10 1000
}

@test "an interface created, deleted and made again with the same ifindex, by tcx" {
	appears_and_goes tcx
}

@test "an interface created, deleted and made again with the same ifindex, by clsact" {
	appears_and_goes clsact
}

@test "what passed an interface until it was deleted is still told" {
	make_pair
	# One report at the end only: the deletion falls within the interval.
	start_ifpulse "$NS0" rate -j -I 1h -v
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	frames "$NS0" v0 1234
	settle
	ip -n "$NS0" link del v0
	wait_for_line "$IFPULSE_ERR" 'detached from v0'
	stop_ifpulse
	probed_is "$NS0" v0 tx 1234 123400
}

@test "a renamed interface goes on under its new name, and no packet is lost" {
	make_pair
	probe "$NS0" v0
	frames "$NS0" v0 400
	settle
	rename_up "$NS0" v0 uplink
	wait_for_line "$IFPULSE_OUT" '"ifname":"uplink"'
	send "$NS0" frames raw-send --interface uplink --count 600 --size 100
	settle "$NS0" uplink "$NS1" v1
	end_probe "$NS0"
	assert_equal $(($(probed "$NS0" v0 tx_packets) + $(probed "$NS0" uplink tx_packets))) 1000
	(($(probed "$NS0" uplink tx_packets) >= 600))
}

@test "a selection follows names: renamed into it and out of it" {
	make_pair
	start_ifpulse "$NS0" rate -j -I 50ms -i 'up*'
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'no interface matches yet'
	rename_up "$NS0" v0 uplink
	wait_for_line "$IFPULSE_OUT" '"ifname":"uplink"'
	send "$NS0" frames raw-send --interface uplink --count 300 --size 100
	settle "$NS0" uplink "$NS1" v1
	rename_up "$NS0" uplink v0
	wait_until 5 no_tcx "$NS0" v0
	frames "$NS0" v0 500
	settle
	stop_ifpulse
	assert_equal "$(probed "$NS0" uplink tx_packets)" 300
	! grep -q '"ifname":"v0"' "$IFPULSE_OUT"
}

no_tcx() { # NS IFNAME
	assert_equal "$(tcx_programs "$1" "$2" egress)" 0 2>/dev/null
}

@test "an interface moved to another namespace is let go" {
	make_pair
	probe "$NS0" v0
	frames "$NS0" v0 100
	settle
	ip -n "$NS0" link set v0 netns "$NS1" name away
	wait_until 5 no_tcx "$NS1" away
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 100 10000
}

@test "kill -9 by tcx leaves nothing" {
	make_pair
	probe "$NS0" v0 --attach tcx
	assert_equal "$(tcx_programs "$NS0" v0 egress)" 1
	kill -KILL "$IFPULSE_PID"
	wait_pid "$IFPULSE_PID" || true
	assert_equal "$(tcx_programs "$NS0" v0 egress)" 0
	assert_equal "$(tcx_programs "$NS0" v0 ingress)" 0
}

orphans() { # NS IFNAME
	in_ns "$1" "$BUILD/ifpulse" doctor -j -i "$2" |
		jq '[.[] | select(.check == "orphan" and .status == "warning")] | length'
}

killed_by_clsact() {
	make_pair
	neighbour other "$NS0" --interface v0 --direction egress --mode clsact
	probe "$NS0" v0 --attach clsact
	kill -KILL "$IFPULSE_PID"
	wait_pid "$IFPULSE_PID" || true
	assert_equal "$(our_filters "$NS0" v0 egress)" 1 "orphans before the next start"
	assert_equal "$(our_filters "$NS0" v0 ingress)" 1 "orphans before the next start"
}

# bats test_tags=vm
@test "kill -9 by clsact: the next start finds its orphans, replaces them, and counts once" {
	killed_by_clsact
	probe "$NS0" v0 --attach clsact
	assert_equal "$(our_filters "$NS0" v0 egress)" 1 "filters while it runs"
	assert_equal "$(our_filters "$NS0" v0 ingress)" 1 "filters while it runs"
	frames "$NS0" v0 250
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 250 25000
	no_filters_of_ours "$NS0" v0
	neighbour_counted other 250
}

@test "kill -9 by clsact: a start by tcx removes the orphans, too" {
	killed_by_clsact
	probe "$NS0" v0 --attach tcx
	no_filters_of_ours "$NS0" v0
	grep -q 'removed .* filters that an ifpulse killed earlier had left' "$IFPULSE_ERR"
	end_probe "$NS0"
	neighbour_counted other 0
}

@test "doctor names orphans" {
	killed_by_clsact
	assert_equal "$(orphans "$NS0" v0)" 2 "orphans that doctor names"
	assert_equal "$(orphans "$NS0" v0)" 0 "orphans after doctor"
}

two_at_once() { # MODE
	make_pair
	start_ifpulse "$NS0" rate -j -I 50ms --attach "$1"
	local first=$IFPULSE_PID first_out=$IFPULSE_OUT
	wait_for_line "$first_out" '"ifname":"v0"'
	probe "$NS0" v0 --attach "$1"
	frames "$NS0" v0 300
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 300 30000
	# The second has gone and has taken only its own.
	frames "$NS0" v0 200
	settle
	stop_ifpulse "$first"
	PROBE_OUT[$NS0]=$first_out
	probed_is "$NS0" v0 tx 500 50000
	no_filters_of_ours "$NS0" v0
}

@test "two instances at once count both, by tcx" {
	two_at_once tcx
}

@test "two instances at once count both, by clsact" {
	two_at_once clsact
}

@test "a crowd is attached by clsact, but behind nobody's tcx program" {
	make_crowd
	ip -n "$NS0" link set a3 up
	ip -n "$NS0" link set b3 up
	wait_up "$NS0" a3
	settle "$NS0" a3
	neighbour ends "$NS0" --interface a3 --direction egress --mode tcx --verdict ok
	probe "$NS0" a3
	assert_equal "$(our_filters "$NS0" a2 egress)" 1 "filters on a2"
	no_filters_of_ours "$NS0" a3
	frames "$NS0" a3 321
	settle "$NS0" a3
	end_probe "$NS0"
	probed_is "$NS0" a3 tx 321 32100
	neighbour_counted ends 321
	no_filters_of_ours "$NS0" a2
}

@test "doctor tries a few of a crowd by tcx and leaves no qdisc behind" {
	require_tcx
	make_crowd
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j >"$BATS_TEST_TMPDIR/doctor"
	jq -e 'any(.check == "attach" and .status == "ok" and
		(.detail | contains("by tcx to 32, by clsact to 0 of 81 interfaces")))' "$BATS_TEST_TMPDIR/doctor"
	assert_equal "$(in_ns "$NS0" tc qdisc show | grep -c clsact || true)" 0 "clsact qdiscs"
}

@test "a tcx program that comes before our filter is noticed, and we go before it" {
	make_crowd
	ip -n "$NS0" link set a3 up
	ip -n "$NS0" link set b3 up
	wait_up "$NS0" a3
	settle "$NS0" a3
	probe "$NS0" a3
	assert_equal "$(our_filters "$NS0" a3 egress)" 1 "filters on a3"
	frames "$NS0" a3 100
	settle "$NS0" a3
	neighbour ends "$NS0" --interface a3 --direction egress --mode tcx --verdict ok
	wait_for_line "$IFPULSE_ERR" 'a3: another program came before our filter' 20
	wait_until 5 no_filters_of_ours "$NS0" a3 2>/dev/null
	frames "$NS0" a3 200
	settle "$NS0" a3
	end_probe "$NS0"
	probed_is "$NS0" a3 tx 300 30000
	neighbour_counted ends 200
}

@test "200 veths are attached at once, and all let go" {
	local i
	make_ns NS0 0
	for ((i = 0; i < 100; i++)); do
		echo "link add a$i type veth peer name b$i"
	done | ip -n "$NS0" -batch -
	start_ifpulse "$NS0" rate -j -c 1 -I 100ms -i 'a*' -i 'b*'
	wait_pid "$IFPULSE_PID"
	assert_equal "$(jq -s 'map(.ifname) | unique | length' "$IFPULSE_OUT")" 200
	assert_equal "$(tcx_programs "$NS0" 'a7' egress)" 0
}

@test "more interfaces than slots: the others are probed, and the loss is told" {
	local i
	make_ns NS0 0
	for ((i = 0; i < 5; i++)); do
		ip -n "$NS0" link add "a$i" type veth peer name "b$i"
	done
	start_ifpulse "$NS0" rate -j -I 50ms --max-interfaces 4
	wait_for_line "$IFPULSE_OUT" '"ifname"'
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j -i lo >"$BATS_TEST_TMPDIR/doctor"
	stop_ifpulse
	assert_equal "$(jq -s 'map(.ifname) | unique | length' "$IFPULSE_OUT")" 4
	grep -q 'every one of the 4 slots is taken' "$IFPULSE_ERR"
	grep -q '7 interfaces could not be probed' "$IFPULSE_ERR"
	jq -e --arg pid "pid $IFPULSE_PID " '.[] | select(.check == "instance" and
		(.detail | startswith($pid))) | .status == "warning" and
		(.detail | contains("7 interfaces found no slot"))' "$BATS_TEST_TMPDIR/doctor"
}

@test "an interface that found no slot is told once and tried again when one is free" {
	make_ns NS0 0
	ip -n "$NS0" link add a0 index 20 type veth peer name b0 index 21
	start_ifpulse "$NS0" rate -j -I 20ms -i 'a0' -i b0 --max-interfaces 1
	wait_for_line "$IFPULSE_OUT" '"ifname":"a0"'
	local mtu
	for mtu in 1400 1401 1402; do
		ip -n "$NS0" link set b0 mtu "$mtu"
	done
	ip -n "$NS0" link set a0 name other
	wait_for_line "$IFPULSE_OUT" '"ifname":"b0"'
	stop_ifpulse
	assert_equal "$(grep -c 'b0 is not probed' "$IFPULSE_ERR")" 1
	! grep -q 'could not be probed' "$IFPULSE_ERR"
}

@test "drops are counted of an interface that finds a slot later, too" {
	make_ns NS0 0
	ip -n "$NS0" link add a0 index 20 type veth peer name a1 index 30
	ip -n "$NS0" link add b0 index 21 type veth peer name b1 index 31
	start_ifpulse "$NS0" drops -j -v -I 20ms -i a0 -i b0 --max-interfaces 1
	wait_for_line "$IFPULSE_ERR" 'b0 is not probed'
	ip -n "$NS0" link delete a0
	wait_for_line "$IFPULSE_ERR" 'attached to b0'
	stop_ifpulse
}

@test "an ifindex above the array finds its slot by the hash" {
	make_ns NS0 0
	ip -n "$NS0" link add h0 index 70000 type veth peer name h1 index 70001
	ip -n "$NS0" link set h0 up
	ip -n "$NS0" link set h1 up
	wait_up "$NS0" h0
	settle "$NS0" h0
	probe "$NS0" h0
	frames "$NS0" h0 900
	settle "$NS0" h0
	end_probe "$NS0"
	probed_is "$NS0" h0 tx 900 90000
	probed_is "$NS0" h1 rx 900 90000
}

@test "SIGTERM, a deadline and a closed pipe all leave nothing attached" {
	make_pair
	probe "$NS0" v0 --attach clsact
	kill -TERM "$IFPULSE_PID"
	wait_pid "$IFPULSE_PID"
	no_filters_of_ours "$NS0" v0
	in_ns "$NS0" "$BUILD/ifpulse" rate --attach clsact -I 20ms -d 100ms -j >/dev/null
	no_filters_of_ours "$NS0" v0
	in_ns "$NS0" "$BUILD/ifpulse" rate --attach clsact -I 20ms -d 10s -j | head -n 1 >/dev/null
	no_filters_of_ours "$NS0" v0
	in_ns "$NS0" "$BUILD/ifpulse" rate --attach clsact -I 20ms -j >/dev/full || true
	no_filters_of_ours "$NS0" v0
}
