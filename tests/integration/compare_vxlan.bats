#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# compare, of a vxlan that sends a packet to several remotes or takes it for itself, and of what a bridge drops: so many
# as are known to be, and one that the probe lost besides is a mismatch.

load lib
load probe
load compare

setup() {
	require_root_bpf
}

# vx0 in NS0, whose addresses 198.51.100.2 and .3 are to be sent to .2 and nowhere at all.
vxlan() { # LINK-ARGUMENT…
	make_pair
	ip -n "$NS0" link add vx0 type vxlan id 7 dev v0 local 192.0.2.1 dstport 4789 "$@"
	ip -n "$NS0" address add 198.51.100.1/24 dev vx0
	ip -n "$NS0" link set vx0 up
	wait_up "$NS0" vx0
	neighbour_is 198.51.100.2 02:00:00:00:00:02
	neighbour_is 198.51.100.3 02:00:00:00:00:03
}

neighbour_is() { # ADDRESS MAC
	ip -n "$NS0" neighbour replace "$1" lladdr "$2" dev vx0 nud permanent
}

fdb() { # MAC REMOTE
	in_ns "$NS0" bridge fdb append "$1" dev vx0 dst "$2"
}

several_remotes() {
	local host
	vxlan
	for host in 2 3 4; do
		ip -n "$NS0" neighbour replace "192.0.2.$host" lladdr "$(mac_of "$NS1" v1)" \
			dev v0 nud permanent
		fdb 00:00:00:00:00:00 "192.0.2.$host"
	done
	fdb 02:00:00:00:00:02 192.0.2.2
	settle_all "$NS0" "$NS1"
}

udp_to() { # ADDRESS COUNT
	send "$NS0" traffic udp-send --to "$1" --port 7009 --count "$2" --size 300
}

@test "vxlan: what goes to every remote counts for each, what goes to one does once" {
	several_remotes
	begin "$NS0"
	udp_to 198.51.100.2 500
	udp_to 198.51.100.3 100
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" vx0 tx packets "200 packets: sent to more than one remote"
	is_explained "$NS0" vx0 tx bytes "sent to more than one remote"
	assert_equal "$(field "$NS0" vx0 tx packets difference)" 200
	assert_equal "$(field "$NS0" vx0 tx packets kernel)" 800
	agrees "$NS0" v0 tx either 0
}

@test "vxlan: of several remotes, one that the probe lost is a mismatch" {
	several_remotes
	export IFPULSE_TESTING=1
	begin "$NS0" -i vx0 --lose-one-in 500
	unset IFPULSE_TESTING
	udp_to 198.51.100.2 500
	udp_to 198.51.100.3 100
	settle_all "$NS0"
	finish "$NS0" 1
	assert_equal "$(field "$NS0" vx0 tx packets verdict)" mismatch
	assert_equal "$(field "$NS0" vx0 tx packets difference)" 201
}

@test "vxlan: a remote that cannot be reached is an error for each copy" {
	several_remotes
	fdb 00:00:00:00:00:00 203.0.113.9
	begin "$NS0"
	udp_to 198.51.100.3 100
	settle_all "$NS0"
	finish "$NS0"
	[[ $(field "$NS0" vx0 tx packets verdict) == explained ]]
	assert_equal "$(field "$NS0" vx0 tx packets difference)" 200
}

@test "vxlan that knows no remote and asks for it (l2miss): dropped, and said to be" {
	vxlan l2miss
	settle_all "$NS0" "$NS1"
	begin "$NS0"
	udp_to 198.51.100.3 100
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" vx0 tx packets "100 packets: dropped behind the egress hook"
	assert_equal "$(field "$NS0" vx0 tx packets difference)" -100
}

@test "vxlan that is a proxy takes ARP and neighbour solicitations, and answers what it knows" {
	local i
	vxlan proxy l2miss l3miss remote 192.0.2.2
	ip -n "$NS0" address add 2001:db8:7::1/64 dev vx0 nodad
	settle_all "$NS0" "$NS1"
	begin "$NS0"
	# What nobody knows, three times each; what is known it answers itself.
	for i in 198.51.100.9 2001:db8:7::9; do
		send "$NS0" traffic udp-send --to "$i" --port 7009 --count 1 --size 300
	done
	udp_to 198.51.100.2 50
	settle_all "$NS0"
	finish "$NS0"
	jq -c '.[]|select(.ifname=="vx0")' "${COMPARE_OUT[$NS0]}" >&2
	is_explained "$NS0" vx0 tx packets "taken or answered by the vxlan itself"
	is_explained "$NS0" vx0 tx bytes "taken or answered by the vxlan itself"
	(($(field "$NS0" vx0 tx packets difference) <= -2))
}

# ---- bridge ----

@test "bridge: what its filter drops after the count, before the ingress hook" {
	local table
	make_pair
	ip -n "$NS1" link add br0 type bridge
	ip -n "$NS1" address flush dev v1
	ip -n "$NS1" link set v1 master br0
	ip -n "$NS1" link set br0 address "$(mac_of "$NS1" v1)"
	ip -n "$NS1" address add 192.0.2.2/24 dev br0
	ip -n "$NS1" link set br0 up
	ip -n "$NS1" neighbour replace 192.0.2.1 lladdr "$(mac_of "$NS0" v0)" dev br0 nud permanent
	wait_up "$NS1" br0
	require_tool nft
	for table in bridge ip; do
		in_ns "$NS1" nft "add table $table t; add chain $table t c { type filter hook input priority 0; }" ||
			skip "the kernel has no netfilter for $table"
	done
	in_ns "$NS1" nft add rule bridge t c numgen inc mod 3 0 drop || skip "no numgen"
	in_ns "$NS1" nft add rule ip t c numgen inc mod 2 0 drop
	settle_all "$NS0" "$NS1"
	begin "$NS1"
	udp_to 192.0.2.2 300
	settle_all "$NS1"
	finish "$NS1"
	jq -c '.[]|select(.ifname=="br0")' "${COMPARE_OUT[$NS1]}" >&2
	is_explained "$NS1" br0 rx packets "100 packets: dropped by netfilter or a VLAN filter"
	is_explained "$NS1" br0 rx bytes "dropped by netfilter"
	assert_equal "$(field "$NS1" br0 rx packets difference)" 100
}
