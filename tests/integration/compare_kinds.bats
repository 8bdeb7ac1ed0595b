#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bats file_tags=vm
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

@test "dummy: skbs, with the header" {
	make_ns NS0 0
	on_top "$NS0" d0 1 type dummy
	ip -n "$NS0" neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev d0 nud permanent
	settle_all "$NS0"
	begin "$NS0"
	send "$NS0" traffic udp-send --to 198.51.100.2 --port 7009 --count 500 --size 300
	send "$NS0" traffic udp-send --to 198.51.100.2 --port 7009 --count 50 --size 9000 --gso 1200
	settle_all "$NS0"
	finish "$NS0"
	agrees "$NS0" d0 tx skbs 0
	agrees "$NS0" d0 rx either 0 || assert_equal "$(field "$NS0" d0 rx packets kernel)" 0
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
	ip -n "$NS0" address flush dev v0
	ip -n "$NS1" address flush dev v1
	both_on_top i0 type ipvlan mode "$1"
	if [[ $1 == l3 ]]; then # the interface below asks its own routes
		ip -n "$NS0" route add 198.51.100.2/32 dev v0 metric 9999
		ip -n "$NS1" route add 198.51.100.1/32 dev v1 metric 9999
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

netkit() { # MODE
	make_ns NS0 0
	make_ns NS1 1
	ip -n "$NS0" link add k0 type netkit mode "$1" peer name k1 netns "$NS1" ||
		skip "the kernel has no netkit"
	ip -n "$NS0" address add 198.51.100.1/24 dev k0
	ip -n "$NS1" address add 198.51.100.2/24 dev k1
	ip -n "$NS0" link set k0 up
	ip -n "$NS1" link set k1 up
	wait_up "$NS0" k0
	wait_up "$NS1" k1
	settle_all "$NS0" "$NS1"
	compare_both "$NS0" "$NS1" 198.51.100.2 4
}

@test "netkit: skbs" {
	netkit l2
	agrees "$NS0" k0 tx skbs 0
	agrees "$NS1" k1 rx skbs 0
}

@test "netkit without a MAC header: the same" {
	netkit l3
	agrees "$NS0" k0 tx skbs 0
	agrees "$NS1" k1 rx skbs 0
}
