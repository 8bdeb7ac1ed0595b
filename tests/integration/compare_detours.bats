#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# compare, where packets go past a hook or past a driver: what was redirected, by whom, is known to the packet, and
# a packet more or less is a mismatch all the same.

load lib
load probe
load compare

setup() {
	require_root_bpf
}

# Another pair, p0 in NS0 and p1 in NS2.
make_third() {
	make_ns NS2 2
	ip link add p0 netns "$NS0" type veth peer name p1 netns "$NS2"
	ip -n "$NS0" link set p0 up
	ip -n "$NS2" link set p1 up
	wait_up "$NS0" p0
	wait_up "$NS2" p1
	settle_all "$NS0" "$NS1" "$NS2"
}

# Of tc by tcx, if not by XDP.
other() { # NS ARGUMENT…
	[[ $* == *xdp* ]] || kernel_is 6.6 || skip "the kernel has no tcx"
	neighbour other "$@"
}

end_other() {
	kill -TERM "$(<"$BATS_TEST_TMPDIR/other.pid")"
	wait_bg other
}

udp_of() { # COUNT
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7009 --count "$1" --size 300
}

# That is all of the difference: so many packets more than we saw, or fewer.
differs_by() { # NS IFNAME DIRECTION PACKETS REASON
	is_explained "$1" "$2" "$3" packets "$5"
	is_explained "$1" "$2" "$3" bytes "$5"
	assert_equal "$(field "$1" "$2" "$3" packets difference)" "$4" "$2 $3"
}

@test "tc redirect behind the egress hook: known to the packet, and matched where it went" {
	make_pair
	make_third
	other "$NS0" --interface v0 --direction egress --verdict redirect --to p0 --every 3
	begin "$NS0"
	begin "$NS2"
	udp_of 3000
	settle_all "$NS0" "$NS2"
	finish "$NS0"
	finish "$NS2"
	differs_by "$NS0" v0 tx "-$(field "$NS0" p0 tx packets kernel)" "taken by tc behind"
	(($(field "$NS0" p0 tx packets kernel) >= 990))
	agrees "$NS0" p0 tx either 0
	agrees "$NS2" p1 rx either 0
}

@test "tc redirect into a receive side: past the driver, and that is said" {
	local by
	make_pair
	make_third
	for by in receive clone; do
		other "$NS0" --interface v0 --direction egress --verdict redirect --to p0 --by $by \
			--every 3
		begin "$NS0"
		udp_of 900
		settle_all "$NS0"
		finish "$NS0"
		end_other
		(($(field "$NS0" p0 rx packets difference) <= -290))
		differs_by "$NS0" p0 rx "-$(field "$NS0" p0 rx packets probe)" "past the driver, by tc"
		if [[ $by == clone ]]; then
			agrees "$NS0" v0 tx either 0
		else
			differs_by "$NS0" v0 tx "$(field "$NS0" p0 rx packets difference)" \
				"taken by tc behind"
		fi
	done
}

@test "bpf_redirect_peer: the packet is where it went, counted by the kernel or not" {
	make_pair
	make_third
	other "$NS1" --interface v1 --direction ingress --verdict next
	ip link add q0 netns "$NS1" type veth peer name q1 netns "$NS2"
	ip -n "$NS1" link set q0 up
	ip -n "$NS2" link set q1 up
	wait_up "$NS2" q1
	settle_all "$NS0" "$NS1" "$NS2"
	other "$NS1" --interface v1 --direction ingress --verdict redirect --to q0 --by peer \
		--every 2
	begin "$NS1"
	begin "$NS2"
	udp_of 1000
	settle_all "$NS1" "$NS2"
	finish "$NS1"
	finish "$NS2"
	agrees "$NS1" v1 rx either 0
	(($(field "$NS2" q1 rx packets probe) >= 490))
	assert_equal "$(field "$NS2" q1 rx packets kernel)" "$(field "$NS2" q1 rx packets probe)"
	[[ $(field "$NS2" q1 rx packets verdict) != mismatch ]]
	[[ $(field "$NS1" q0 tx packets verdict) != mismatch ]]
}

@test "mirred: redirect to another interface, and to an ifb that keeps some" {
	make_pair
	make_third
	in_ns "$NS0" tc qdisc add dev v0 clsact
	in_ns "$NS0" tc filter add dev v0 egress protocol ip pref 10 u32 match ip protocol 17 0xff \
		action mirred egress redirect dev p0 || skip "the kernel has no act_mirred"
	settle_all "$NS0" "$NS2"
	begin "$NS0"
	udp_of 500
	settle_all "$NS0"
	finish "$NS0"
	(($(field "$NS0" v0 tx packets difference) <= -500))
	differs_by "$NS0" v0 tx "-$(field "$NS0" p0 tx packets kernel)" "taken by tc behind"
	in_ns "$NS0" tc filter del dev v0 egress
	ip -n "$NS0" link add ifb7 type ifb || skip "the kernel has no ifb"
	ip -n "$NS0" link set ifb7 up
	in_ns "$NS0" tc qdisc add dev ifb7 root tbf rate 1mbit burst 2000 limit 3000
	in_ns "$NS0" tc filter add dev v0 egress protocol ip pref 10 u32 match ip protocol 17 0xff \
		action mirred egress redirect dev ifb7
	settle_all "$NS0"
	begin "$NS0"
	udp_of 500
	settle_all "$NS0"
	finish "$NS0"
	differs_by "$NS0" v0 tx "-$(($(field "$NS0" v0 tx packets probe) -
		$(field "$NS0" ifb7 tx packets kernel)))" "taken by tc behind"
	is_explained "$NS0" ifb7 tx packets "dropped behind the egress hook"
	(($(field "$NS0" ifb7 tx packets kernel) > 0))
}

@test "XDP that redirects: the target sends what no egress hook saw" {
	local mode
	make_pair
	make_third
	features "$NS2" p1 gro on
	for mode in xdp xdp-skb; do
		settle_all "$NS0" "$NS1" "$NS2"
		other "$NS0" --interface v0 --direction ingress --mode "$mode" --verdict redirect \
			--to p0 --every 3
		begin "$NS0"
		begin "$NS2"
		send "$NS1" traffic udp-send --to 192.0.2.1 --port 7009 --count 3000 --size 300
		settle_all "$NS0" "$NS2"
		finish "$NS0"
		finish "$NS2"
		(($(field "$NS0" p0 tx packets difference) >= 990))
		differs_by "$NS0" p0 tx "$(field "$NS0" p0 tx packets kernel)" "sent by an XDP program"
		is_explained "$NS0" v0 rx packets "passed by the XDP program"
		agrees "$NS2" p1 rx either 0
		end_other
	done
}

# What can be seen at functions alone; where the kernel refuses that, XDP that is there is all that is known.
sees_functions() {
	! grep -q "cannot be seen here: .*$1" "$IFPULSE_ERR"
}

# A veth polls for what XDP sends back if there is XDP on its other end, too.
takes_frames() {
	neighbour taker "$NS1" --interface v1 --direction ingress --mode xdp --every 1000000
}

@test "XDP that sends back: what is sent passes no egress hook either" {
	local mode
	make_pair
	takes_frames
	for mode in xdp xdp-skb; do
		settle_all "$NS0" "$NS1"
		other "$NS0" --interface v0 --direction ingress --mode "$mode" --verdict tx --every 3
		begin "$NS0"
		begin "$NS1"
		send "$NS1" traffic udp-send --to 192.0.2.1 --port 7009 --count 3000 --size 300
		settle_all "$NS0" "$NS1"
		finish "$NS0"
		finish "$NS1"
		if [[ $mode == xdp ]] || sees_functions generic_xdp_tx; then
			is_explained "$NS0" v0 tx packets "sent by an XDP program"
		else
			is_explained "$NS0" v0 tx packets "passed by the XDP program"
		fi
		(($(field "$NS0" v0 tx packets difference) >= 900))
		[[ $(field "$NS1" v1 rx packets verdict) == match ]]
		end_other
	done
}

@test "a packet socket that bypasses the queueing discipline bypasses the hook" {
	make_pair
	begin "$NS0"
	sees_functions __dev_direct_xmit || skip "the kernel lets nothing attach to functions"
	send "$NS0" frames raw-send --interface v0 --count 400 --size 100 --bypass
	settle
	finish "$NS0"
	differs_by "$NS0" v0 tx 400 "past queueing discipline and egress hook"
}

# All hosts are in 224.0.0.1 at all times.
@test "multicast that we send and hear comes back past the driver, and that is said" {
	make_pair
	ip -n "$NS0" route add 224.0.0.0/4 dev v0
	begin "$NS0"
	send "$NS0" traffic udp-send --to 224.0.0.1 --port 7009 --count 300 --size 300
	settle
	finish "$NS0"
	differs_by "$NS0" v0 rx -300 "300 packets: multicast or broadcast sent from here"
	agrees "$NS0" v0 tx either 0
}

@test "several at once are accounted for together" {
	make_pair
	make_third
	other "$NS0" --interface v0 --direction egress --verdict redirect --to p0 --every 3
	takes_frames
	neighbour back "$NS0" --interface v0 --direction ingress --mode xdp --verdict tx
	settle_all "$NS0" "$NS1"
	begin "$NS0"
	udp_of 900
	send "$NS1" traffic udp-send --to 192.0.2.1 --port 7009 --count 500 --size 300
	settle_all "$NS0"
	finish "$NS0"
	is_explained "$NS0" v0 tx packets "several at once: taken by tc behind the egress hook"
	is_explained "$NS0" v0 tx packets "; sent by an XDP program"
}
