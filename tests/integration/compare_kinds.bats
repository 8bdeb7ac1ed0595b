#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# compare, of kinds of devices that not every kernel has: on others, in virtual machines (tests/vm).

load lib
load probe
load compare

setup() {
	require_root_bpf
}

# A device on top of v0 and one on top of v1, or one alone; with an address of 198.51.100.0/24.
on_top() { # NS NAME HOST LINK-ARGUMENT…
	ip -n "$1" link add "$2" "${@:4}" || skip "the kernel has no such device: ${*:4}"
	ip -n "$1" address add "198.51.100.$3/24" dev "$2"
	ip -n "$1" link set "$2" up
	wait_up "$1" "$2"
}

both_on_top() { # NAME LINK-ARGUMENT…
	on_top "$NS0" "$1" 1 link v0 "${@:2}"
	on_top "$NS1" "$1" 2 link v1 "${@:2}"
	settle_all "$NS0" "$NS1"
}

# Two interfaces with addresses of 10.7.NUMBER.0/24, made by an earlier command.
join_up() { # NAME0 NAME1 NUMBER
	ip -n "$NS0" address add "10.7.$3.1/24" dev "$1"
	ip -n "$NS1" address add "10.7.$3.2/24" dev "$2"
	ip -n "$NS0" link set "$1" up
	ip -n "$NS1" link set "$2" up
	wait_up "$NS0" "$1"
	wait_up "$NS1" "$2"
	made+=("$1 $2 $3")
}

pair_of() { # NAME
	ip link add "${1}0" netns "$NS0" type veth peer name "${1}1" netns "$NS1"
}

# What the interface below asks its own routes for, in L3 mode.
l3_route() { # NS LOWER HOST PEER PEER-MAC
	ip -n "$1" address add "10.8.5.$3/24" dev "$2"
	ip -n "$1" neighbour replace "10.8.5.$4" lladdr "$5" dev "$2" nud permanent
	ip -n "$1" route add 10.7.5.0/24 via "10.8.5.$4" dev "$2" metric 9999
}

# VLAN 7 on top of a pair that does not put tags in itself.
vlan_in_software() {
	pair_of z
	features "$NS0" z0 tx-vlan-hw-insert off
	features "$NS1" z1 tx-vlan-hw-insert off
	up "$NS0" z0
	up "$NS1" z1
	ip -n "$NS0" link add z.7 link z0 type vlan id 7 || return
	ip -n "$NS1" link add z.7 link z1 type vlan id 7
	join_up z.7 z.7 6
}

# The tag is seen beside the packet by the hook of z0, and counted within it.
tags_are_accounted_for() {
	is_explained "$NS0" z0 tx bytes "made longer or shorter behind the egress hook"
	is_explained "$NS1" z1 rx bytes "a VLAN tag among the bytes"
	assert_equal "$(field "$NS0" z0 tx packets difference)" 0
	(($(field "$NS0" z0 tx bytes difference) % 4 == 0))
	assert_equal "$(field "$NS1" z1 rx packets difference)" 0
	(($(field "$NS1" z1 rx bytes difference) % 4 == 0))
}

up() { # NS NAME…
	local name
	for name in "${@:2}"; do
		ip -n "$1" link set "$name" up
	done
}

# Each of the tests below by itself takes long in a virtual machine.
# bats test_tags=vm
@test "whatever the kernel has of VLAN, bond, ipvlan and netkit counts skbs, at once" {
	local made=() one
	make_pair
	if ip -n "$NS0" link add v.7 link v0 type vlan id 7; then
		ip -n "$NS1" link add v.7 link v1 type vlan id 7
		join_up v.7 v.7 1
	fi
	pair_of w
	pair_of x
	if ip -n "$NS0" link add b0 type bond mode active-backup; then
		ip -n "$NS1" link add b1 type bond mode active-backup
		ip -n "$NS0" link set w0 master b0
		ip -n "$NS1" link set w1 master b1
		join_up b0 b1 2
	fi
	up "$NS0" x0
	up "$NS1" x1
	if ip -n "$NS0" link add i0 link x0 type ipvlan mode l2; then
		ip -n "$NS1" link add i1 link x1 type ipvlan mode l2
		join_up i0 i1 3
	fi
	pair_of y
	up "$NS0" y0
	up "$NS1" y1
	if ip -n "$NS0" link add j0 link y0 type ipvlan mode l3; then
		ip -n "$NS1" link add j1 link y1 type ipvlan mode l3
		l3_route "$NS0" y0 1 2 "$(mac_of "$NS1" y1)"
		l3_route "$NS1" y1 2 1 "$(mac_of "$NS0" y0)"
		join_up j0 j1 5
	fi
	vlan_in_software || true
	if ip -n "$NS0" link add k0 type netkit; then
		ip -n "$NS0" link set nk0 netns "$NS1" name k1
		join_up k0 k1 4
	fi
	((${#made[@]})) || skip "the kernel has none of them"
	settle_all "$NS0" "$NS1"
	begin "$NS0"
	begin "$NS1"
	for one in "${made[@]}"; do
		tcp "$NS0" "$NS1" "10.7.${one##* }.2" 4 2000000
	done
	settle_all "$NS0" "$NS1"
	finish "$NS0"
	finish "$NS1"
	for one in "${made[@]}"; do
		# shellcheck disable=SC2086
		set -- $one
		agrees "$NS0" "$1" tx skbs 0
		agrees "$NS1" "$2" rx skbs "$([[ $1 == ?.7 ]] && echo -14 || echo 0)"
		agrees "$NS0" "$1" rx either "$([[ $1 == ?.7 ]] && echo -14 || echo 0)"
	done
	[[ ${made[*]} != *z.7* ]] || tags_are_accounted_for
}

@test "dummy: skbs, with the header" {
	make_ns NS0 0
	on_top "$NS0" d0 1 type dummy
	ip -n "$NS0" neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev d0 nud permanent
	settle_all "$NS0"
	begin "$NS0"
	send "$NS0" traffic udp-send --to 198.51.100.2 --port 7009 --count 500 --size 300
	settle_all "$NS0"
	finish "$NS0"
	agrees "$NS0" d0 tx either 0
	assert_equal "$(field "$NS0" d0 rx packets reason)" "nothing passed"
}

@test "VLAN: sent, with the header and without the tag; received, without either" {
	make_pair
	both_on_top v.7 type vlan id 7
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" v.7 tx skbs 0
	agrees "$NS1" v.7 rx skbs -14
	agrees "$NS0" v0 tx skbs 0
	agrees "$NS1" v1 rx skbs 0
}

@test "VLAN without TSO: segments" {
	make_pair
	both_on_top v.7 type vlan id 7
	features "$NS0" v.7 tso off
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" v.7 tx segments 0
}

@test "bond: the sum of its ports" {
	local ns
	make_pair
	ip link add w0 netns "$NS0" type veth peer name w1 netns "$NS1"
	for ns in "$NS0" "$NS1"; do
		ip -n "$ns" link add b0 type bond mode active-backup miimon 100 ||
			skip "the kernel has no bond"
	done
	for ns in "$NS0 v0 w0 1" "$NS1 v1 w1 2"; do
		# shellcheck disable=SC2086
		set -- $ns
		ip -n "$1" address flush dev "$2"
		ip -n "$1" link set "$2" down
		ip -n "$1" link set "$2" master b0
		ip -n "$1" link set "$3" master b0
		ip -n "$1" address add "198.51.100.$4/24" dev b0
		ip -n "$1" link set b0 up
	done
	wait_up "$NS0" b0
	wait_up "$NS1" b0
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" b0 tx skbs 0
	agrees "$NS1" b0 rx skbs 0
}

ipvlan() { # MODE
	make_pair
	both_on_top i0 type ipvlan mode "$1"
	if [[ $1 == l3 ]]; then # the interface below asks its own routes
		ip -n "$NS0" route add 198.51.100.0/24 via 192.0.2.2 dev v0 metric 9999
		ip -n "$NS1" route add 198.51.100.0/24 via 192.0.2.1 dev v1 metric 9999
	fi
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" i0 tx skbs 0
	agrees "$NS1" i0 rx skbs 0
}

@test "ipvlan: skbs, with the header" {
	ipvlan l2
}

@test "ipvlan in L3 mode: the same" {
	ipvlan l3
}

# As it is made without saying how, which older versions of ip cannot: without a MAC header.
@test "netkit: skbs" {
	make_ns NS0 0
	make_ns NS1 1
	ip -n "$NS0" link add k0 type netkit || skip "the kernel has no netkit"
	ip -n "$NS0" link set nk0 netns "$NS1" name k1
	ip -n "$NS0" address add 198.51.100.1/24 dev k0
	ip -n "$NS1" address add 198.51.100.2/24 dev k1
	ip -n "$NS0" link set k0 up
	ip -n "$NS1" link set k1 up
	wait_up "$NS0" k0
	wait_up "$NS1" k1
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
	agrees "$NS0" k0 tx skbs 0
	agrees "$NS1" k1 rx skbs 0
}

# ARP is of the port alone.
@test "vrf: what its ports received for IP, from the header on, past every hook" {
	make_pair
	ip -n "$NS0" link add r0 type vrf table 10 || skip "the kernel has no vrf"
	ip -n "$NS0" link set r0 up
	ip -n "$NS0" link set v0 master r0
	settle_all "$NS0" "$NS1"
	begin "$NS0"
	send "$NS1" traffic udp-send --to 192.0.2.1 --port 7009 --count 200 --size 300
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" r0 rx packets "received by its ports"
	is_explained "$NS0" r0 rx bytes "received by its ports"
	(($(field "$NS0" r0 rx packets kernel) >= 200))
	assert_equal "$(field "$NS0" v0 rx packets verdict)" match
}

@test "bridge: what its VLAN filter drops is counted before, and dropped as of the port" {
	make_pair
	ip -n "$NS1" link add br0 type bridge vlan_filtering 1 ||
		skip "the kernel's bridge has no VLAN filter"
	ip -n "$NS1" link set v1 master br0
	ip -n "$NS1" link set br0 address "$(mac_of "$NS1" v1)" up
	in_ns "$NS1" bridge vlan del dev br0 vid 1 self
	settle_all "$NS0" "$NS1"
	begin "$NS1"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count 200 --size 300
	settle_all "$NS1"
	finish "$NS1"
	is_explained "$NS1" br0 rx packets "200 packets: dropped by netfilter or a VLAN filter"
	is_explained "$NS1" br0 rx bytes "dropped by netfilter or a VLAN filter"
}
