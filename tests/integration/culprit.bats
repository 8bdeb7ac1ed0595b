#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Who made a burst, and what it cost: on a host with three containers one line of `bursts` tells it.

load lib
load podman

setup() {
	require_root_bpf
	CGROUP="" PODMAN=""
}

teardown() {
	podman_cleanup
}

# The path of a container's network namespace, as the holder has it; its address; its veth on the host.
netns_of() { # NAME
	in_holder podman inspect -f '{{.NetworkSettings.SandboxKey}}' "$1"
}

address_of() { # NAME
	in_holder podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

veth_of() { # NAME
	in_holder "$BUILD/ifpulse" list -j | jq -er --arg name "$1" '.[] | select(.container == $name) | .ifname'
}

in_container() { # NAME COMMAND…
	local name=$1
	shift
	in_holder nsenter --net="$(netns_of "$name")" "$@"
}

# Of what comes in by VETH: behind the hook, which counts it all.
drop_every_fourth() { # VETH
	in_holder nft -f - <<-END || skip "the kernel has no nf_tables for devices, or no numgen"
		table netdev loss {
			chain in {
				type filter hook ingress device $1 priority 0
				udp dport 7000 numgen inc mod 4 0 counter drop
			}
		}
	END
}

dropped() {
	in_holder nft -j list table netdev loss | jq '[.. | .counter? | objects | .packets] | add'
}

# 120 packets of 1042 bytes in 2 ms, some 500 Mbit/s.
send_burst() { # FROM TO
	in_container "$1" "$BUILD/tools/traffic" udp-send --to "$(address_of "$2")" --port 7000 \
		--count 120 --size 1000 --rate-pps 60000 >"$BATS_TEST_TMPDIR/sent"
}

# Before the burst it has to be known who is whose neighbour.
greet() { # FROM TO
	in_container "$1" "$BUILD/tools/traffic" udp-send --to "$(address_of "$2")" --port 7001 \
		--count 1 --size 100 >/dev/null
}

bursts_in_holder() { # NAME ARGUMENT…
	start_here "$1" nsenter -t "$HOLDER" -m -n -- env --default-signal=INT \
		"$BUILD/ifpulse" bursts -v --rule hysteresis --threshold 60Mbit --low 1Mbit --merge-gap 100ms "${@:2}"
	IFPULSE_PID=$BG_PID IFPULSE_OUT=$BATS_TEST_TMPDIR/$1.out IFPULSE_ERR=$BATS_TEST_TMPDIR/$1.err
}

@test "on a host with three containers, one line tells whose burst it was, its flow, its peak and its drops" {
	local veth address line
	start_podman web
	run_podman db
	run_podman batch
	veth=$(veth_of batch)
	address=$(address_of batch)
	drop_every_fourth "$veth"
	greet batch db
	bursts_in_holder record -j
	wait_for_line "$IFPULSE_ERR" "attached to $veth\$"
	bursts_in_holder line
	wait_for_line "$IFPULSE_ERR" "attached to $veth\$"
	send_burst batch db
	wait_for_line "$BATS_TEST_TMPDIR/record.out" "\"ifname\":\"$veth\""
	wait_for_line "$BATS_TEST_TMPDIR/line.out" " $veth "
	assert_equal "$(dropped)" 30 "packets dropped"
	# Somebody may ask for a neighbour meanwhile, but nobody else sends that much.
	run -0 jq -c --arg ifname "$veth" 'select(.ifname == $ifname) | [.direction, .container,
		.drops, .drop_reasons, .unattributed_bytes, .flows[0].source,
		.flows[0].destination_port, .flows[0].protocol, .flows[0].wire_packets,
		.flows[0].wire_bytes]' "$BATS_TEST_TMPDIR/record.out"
	assert_equal "$output" "[\"rx\",\"batch\",30,[{\"reason\":\"NETFILTER_DROP\",\"packets\":30}],0,\"$address\",7000,\"udp\",120,125040]"
	run -0 jq -e --arg ifname "$veth" 'select(.ifname == $ifname) | .duration_us >= 1900 and
		.peak_bps >= .mean_bps and .flows[0].share > 0.9' "$BATS_TEST_TMPDIR/record.out"
	line=$(grep " $veth " "$BATS_TEST_TMPDIR/line.out")
	printf '%s\n' "$line"
	[[ $line == *" $veth "*" rx "*" peak "*"bit/s"*", 30 dropped (NETFILTER_DROP 30)"*" from batch by $address:"*" udp "*"%"* ]]
}
