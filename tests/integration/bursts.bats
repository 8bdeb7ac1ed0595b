#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Bursts that were sent are found, whole, by each rule; and nothing else is.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
}

# Starts `bursts` in $NS0 on v0 and returns once it is attached.
watch_bursts() { # ARGUMENT…
	start_ifpulse "$NS0" bursts -j -v -i v0 "$@"
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
}

train() { # BURSTS FRAMES-EACH
	local i
	for ((i = 0; i < $1; i++)); do
		send "$NS0" frames raw-send --interface v0 --count "$2" --size 1500
		sleep 0.05
	done
}

# Every byte sent is in some burst of v0 tx: each train's frames are far above the threshold, at its
# borders, too, since a window with a single frame has 120 Mbit/s.
found_whole() { # BURSTS BYTES
	assert_equal "$(jq -s '[.[] | select(.direction == "tx") | .bytes] | add' "$IFPULSE_OUT")" "$2" bytes
	assert_equal "$(jq -s 'all(.direction == "tx" and .ifname == "v0" and (.cut | not))' \
		"$IFPULSE_OUT")" true "only what was sent, and whole"
	(($(jq -s length "$IFPULSE_OUT") == $1))
}

@test "a train is found whole by a threshold as a rate" {
	watch_bursts --threshold 100Mbit --merge-gap 20ms
	train 10 200
	settle
	stop_ifpulse
	found_whole 10 $((10 * 200 * 1500))
	jq -se 'all(.rule == "share" and .threshold_bps == 100000000 and .window_us == 100
		and .peak_bps > .mean_bps / 2 and .duration_us % 100 == 0
		and .windows * .window_us == .duration_us)' "$IFPULSE_OUT" >/dev/null
}

@test "a train is found whole by hysteresis" {
	watch_bursts --rule hysteresis --threshold 150Mbit --low 50Mbit --merge-gap 20ms
	train 5 200
	settle
	stop_ifpulse
	jq -se 'length == 5 and all(.rule == "hysteresis")' "$IFPULSE_OUT" >/dev/null
}

@test "a share is one of the speed that the user gives, or that netlink names" {
	watch_bursts --speed 200Mbit --merge-gap 20ms
	train 2 200
	settle
	stop_ifpulse
	found_whole 2 $((2 * 200 * 1500))
	jq -se 'all(.speed_mbps == 200 and .speed_source == "user" and .threshold_bps == 100000000)' \
		"$IFPULSE_OUT" >/dev/null
	watch_bursts --threshold 1% --merge-gap 20ms
	train 2 200
	settle
	stop_ifpulse
	found_whole 2 $((2 * 200 * 1500))
	jq -se 'all(.speed_mbps == 10000 and .speed_source == "netlink" and .rule == "share")' \
		"$IFPULSE_OUT" >/dev/null
}

# A veth's speed is nominal, so it is judged by its own baseline: an idle one by the floor.
@test "without a word of the speed a veth is judged by its baseline" {
	local since
	watch_bursts --merge-gap 20ms
	# Before it has seen a second nothing is hot.
	since=$(microseconds)
	wait_until 10 has_passed "$since" 1500000
	train 4 200
	settle
	stop_ifpulse
	found_whole 4 $((4 * 200 * 1500))
	jq -se 'all(.rule == "baseline" and .threshold_bps == 10000000)' "$IFPULSE_OUT" >/dev/null
}

has_passed() { # SINCE MICROSECONDS
	(($(microseconds) - $1 > $2))
}

@test "steady traffic below the threshold is no burst" {
	watch_bursts --threshold 500Mbit
	send "$NS0" frames raw-send --interface v0 --count 2000 --size 200 --rate-pps 4000
	settle
	stop_ifpulse
	assert_equal "$(wc -l <"$IFPULSE_OUT")" 0 "bursts"
}

@test "shorter ones are left out on request, and --count ends" {
	watch_bursts --threshold 100Mbit --merge-gap 20ms --min-duration 1s
	train 2 100
	settle
	stop_ifpulse
	assert_equal "$(wc -l <"$IFPULSE_OUT")" 0 "bursts"
	watch_bursts --threshold 100Mbit --merge-gap 20ms -c 2
	train 4 100
	wait_pid "$IFPULSE_PID" 10
	assert_equal "$(wc -l <"$IFPULSE_OUT")" 2 "bursts"
}

# A queue of ten packets, emptied at 1 Mbit/s: what the sender sends at once does not fit.
# bats test_tags=vm
@test "a burst says what was dropped within it" {
	local dropped
	in_ns "$NS0" tc qdisc replace dev v0 root tbf rate 1mbit burst 2kb limit 10kb
	# Wide windows: a packet may be dropped in the one after that in which it was counted.
	watch_bursts -w 100ms --threshold 10kbit --merge-gap 200ms
	send "$NS0" frames raw-send --interface v0 --count 20 --size 1000
	settle
	stop_ifpulse
	dropped=$(in_ns "$NS0" tc -s -j qdisc show dev v0 root | jq '.[0].drops')
	((dropped > 0))
	assert_equal "$(jq -s '[.[] | select(.direction == "tx") | .drops] | add' "$IFPULSE_OUT")" \
		"$dropped" drops
	assert_equal "$(jq -s '[.[] | select(.direction == "tx") | .packets] | add' "$IFPULSE_OUT")" \
		"$(jq -n "20 + $dropped")" packets
}

# One line: which container, which flow, how fast, and what was dropped why. Here the container is a named
# namespace; tests of real ones are in containers.bats.
@test "a burst says who made it and what it cost" {
	in_ns "$NS0" tc qdisc replace dev v0 root tbf rate 1mbit burst 2kb limit 10kb
	watch_bursts --threshold 10Mbit --merge-gap 20ms
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7000 --count 100 --size 1000
	settle
	stop_ifpulse
	jq -se --arg container "$NS1" 'map(select(.direction == "tx")) | length > 0 and
		all(.container == $container and (.drops == (.drop_reasons | map(.packets) | add // 0)) and
			.flows[0].destination == "192.0.2.2" and .flows[0].destination_port == 7000) and
		any(.drop_reasons[].reason == "QDISC_DROP")' "$IFPULSE_OUT"
	start_ifpulse "$NS0" bursts -v -i v0 --threshold 10Mbit --merge-gap 20ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7000 --count 100 --size 1000
	settle
	stop_ifpulse
	grep -qE "dropped \(QDISC_DROP [0-9]+\) .* to $NS1 by 192.0.2.1:[0-9]+ > 192.0.2.2:7000 udp" "$IFPULSE_OUT"
}

# The same ifindex and name again, at once, but with another namespace behind it. With a long merge gap each
# burst goes on until its interface has gone, and is told when the other one is there.
@test "a burst of an interface that has gone is laid to no other container" {
	local round
	make_ns OTHER c
	watch_bursts -i 'w*' --threshold 10Mbit --merge-gap 10s --flows 0
	for ((round = 0; round < 5; round++)); do
		ip link add w0 index 500 netns "$NS0" type veth peer name x index 501 netns "$NS1"
		ip -n "$NS1" link set x up
		ip -n "$NS0" link set w0 up
		wait_up "$NS0" w0
		settle "$NS0" w0
		send "$NS0" frames raw-send --interface w0 --count 50 --size 1500
		ip -n "$NS0" link del w0
		ip link add w0 index 500 netns "$NS0" type veth peer name x index 501 netns "$OTHER"
		settle
		ip -n "$NS0" link del w0
	done
	stop_ifpulse
	jq -se --arg container "$NS1" 'map(select(.ifname == "w0" and .direction == "tx")) |
		length >= 5 and all(.container == $container or .container == null)' "$IFPULSE_OUT"
}

@test "for people: a line each, and a summary that adds up" {
	start_ifpulse "$NS0" bursts -v -i v0 --threshold 100Mbit --merge-gap 20ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	train 3 100
	settle
	stop_ifpulse
	assert_equal "$(grep -c ' v0 .* tx .* peak .*100 packets (share, above 100.00\? Mbit/s in 100 us, speed 10.00 Gbit/s by netlink)' "$IFPULSE_OUT")" 3 lines
	grep -qE '^v0 +tx +3 +[0-9.e-]+% +100% ' "$IFPULSE_OUT"
	grep -qE '^v0 +rx +0 +0% +0% ' "$IFPULSE_OUT"
}

@test "bad settings are refused" {
	run -2 "$BUILD/ifpulse" bursts -w off
	run -2 "$BUILD/ifpulse" bursts --threshold 0%
	run -2 "$BUILD/ifpulse" bursts --threshold 101%
	run -2 "$BUILD/ifpulse" bursts --threshold fast
	run -2 "$BUILD/ifpulse" bursts --rule sometimes
	run -2 --separate-stderr "$BUILD/ifpulse" bursts -i lo --rule hysteresis --threshold 10Mbit --low 20Mbit
	[[ $stderr == *"--low is above --threshold"* ]]
}
