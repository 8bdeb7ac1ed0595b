#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Time windows: the sum over windows is what was sent, always, to the byte; the sequence has no holes; what is
# lost is a gap and not a zero.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
}

# Starts `windows` in NS and returns once IFNAME is attached there.
watch_windows() { # NS IFNAME ARGUMENT…
	local ns=$1 ifname=$2
	shift 2
	start_ifpulse "$ns" windows -j -v -i "$ifname" "$@"
	PROBE_OUT[$ns]=$IFPULSE_OUT
	PROBE_PID[$ns]=$IFPULSE_PID
	wait_for_line "$IFPULSE_ERR" "attached to $ifname"
}

# Sum of a field over all windows of a direction.
windowed() { # NS DIRECTION FIELD
	jq -n --arg direction "$2" --arg field "$3" \
		'reduce (inputs | select(.direction == $direction)) as $w (0; . + $w[$field])' \
		"${PROBE_OUT[$1]}"
}

windowed_is() { # NS DIRECTION PACKETS BYTES
	assert_equal "$(windowed "$1" "$2" packets)" "$3" "$2 packets over windows"
	assert_equal "$(windowed "$1" "$2" bytes)" "$4" "$2 bytes over windows"
	assert_equal "$(windowed "$1" "$2" wire_packets)" "$3" "$2 wire_packets over windows"
	assert_equal "$(windowed "$1" "$2" wire_bytes)" "$4" "$2 wire_bytes over windows"
}

# Every window begins where the one before ended, and at a multiple of the width on the wall clock.
is_unbroken() { # NS DIRECTION WIDTH-US
	jq -r --arg direction "$2" 'select(.direction == $direction) | .time' "${PROBE_OUT[$1]}" |
		awk -F '[T:.Z]' -v width="$3" '
		{ now = ($2 * 3600 + $3 * 60 + $4) * 1000000 + $5 }
		now % width { print "not aligned: " $0; bad = 1; exit }
		NR > 1 && (now - previous + 86400000000) % 86400000000 != width {
			print "hole before " $0; bad = 1; exit }
		{ previous = now }
		END { exit bad || NR < 2 }'
}

# Enough windows to see that they follow one another.
has_windows() { # NS
	(($(wc -l <"${PROBE_OUT[$1]}") >= 6))
}

sum_is_exact() { # WIDTH WIDTH-US
	local count=20000 size=300
	watch_windows "$NS0" v0 -w "$1"
	watch_windows "$NS1" v1 -w "$1"
	send "$NS0" frames raw-send --interface v0 --count "$count" --size "$size"
	settle
	wait_until 10 has_windows "$NS0"
	wait_until 10 has_windows "$NS1"
	end_probe "$NS0"
	end_probe "$NS1"
	windowed_is "$NS0" tx "$count" $((count * size))
	windowed_is "$NS1" rx "$count" $((count * size))
	is_unbroken "$NS0" tx "$2"
	is_unbroken "$NS1" rx "$2"
}

@test "windows of 10 us add up to what was sent, without a hole" {
	sum_is_exact 10us 10
}

@test "windows of 100 us add up to what was sent, without a hole" {
	sum_is_exact 100us 100
}

# bats test_tags=vm
@test "windows of 1 ms add up to what was sent, without a hole" {
	sum_is_exact 1ms 1000
}

@test "windows of 10 ms add up to what was sent, without a hole" {
	sum_is_exact 10ms 10000
}

@test "windows of 1 s add up to what was sent, without a hole" {
	sum_is_exact 1s 1000000
}

@test "two CPUs that send at once share windows, and each packet is in one" {
	local count=30000 size=100 cpu
	(($(nproc) >= 2)) || skip "needs two CPUs"
	watch_windows "$NS0" v0 -w 100us --busy
	for cpu in 0 1; do
		start_bg "sender-$cpu" "$NS0" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 \
			--port 7009 --count "$count" --size "$size" --bind-cpu "$cpu"
	done
	wait_bg sender-0
	wait_bg sender-1
	settle
	end_probe "$NS0"
	windowed_is "$NS0" tx $((2 * count)) $((2 * count * (size + UDP4)))
	# One line per window and direction, whichever CPUs it came from.
	jq -r 'select(.direction == "tx") | .time' "$IFPULSE_OUT" | sort | uniq -d >"$BATS_TEST_TMPDIR/twice"
	[[ ! -s $BATS_TEST_TMPDIR/twice ]]
}

@test "a packet is in the window of its time, between the sender's clock before and after" {
	local before after
	watch_windows "$NS0" v0 -w 1ms --busy
	before=$(microseconds)
	send "$NS0" frames raw-send --interface v0 --count 1 --size 777
	after=$(microseconds)
	settle
	end_probe "$NS0"
	jq -se --argjson before "$before" --argjson after "$after" '
		[.[] | select(.direction == "tx")] | length == 1 and (.[0] |
		.packets == 1 and .bytes == 777 and
		(((.time[0:19] + "Z") | fromdate) * 1000000 + (.time[20:26] | tonumber)) as $start |
		$start + .window_us >= $before and $start <= $after)' "$IFPULSE_OUT"
}

# Nobody wants this ethertype: the stack frees each as dropped, in softirq, on the CPU of its sender.
@test "drops fall into the windows of their time, on two CPUs at once, and add up" {
	local count=3000 cpu
	(($(nproc) >= 2)) || skip "needs two CPUs"
	watch_windows "$NS1" v1 -w 100us --busy
	note_kernel "$NS1" v1
	for cpu in 0 1; do
		start_bg "sender-$cpu" "$NS0" taskset -c "$cpu" "$BUILD/tools/frames" raw-send \
			--interface v0 --count "$count" --size 100 --rate-pps 20000
	done
	wait_bg sender-0
	wait_bg sender-1
	settle
	end_probe "$NS1"
	assert_equal "$(kernel "$NS1" v1 rx_dropped)" $((2 * count)) "kernel's rx_dropped"
	assert_equal "$(windowed "$NS1" rx drops)" $((2 * count)) "rx drops over windows"
	assert_equal "$(windowed "$NS1" tx drops)" 0 "tx drops over windows"
	windowed_is "$NS1" rx $((2 * count)) $((2 * count * 100))
	# A frame is dropped where it is received: there are no windows of drops alone but at their borders.
	jq -se '[.[] | select(.drops > 0 and .packets == 0)] | length < 20' "$IFPULSE_OUT"
	jq -se '[.[] | select(.drops > 0)] | length > 100' "$IFPULSE_OUT"
}

# Stops the reader while more windows are filled than the logs hold, which are 32,768 for each CPU.
reader_stopped() { # SECONDS WIDTH-US PACKETS [--rate-pps N]
	local width=$2 count=$3 end packets unknown broken
	start_ifpulse "$NS0" rate -j -I 50ms -i v0
	local rate_pid=$IFPULSE_PID rate_out=$IFPULSE_OUT
	wait_for_line "$rate_out" v0
	start_ifpulse "$NS0" windows --csv -v -i v0 -w "${width}us"
	wait_for_line "$IFPULSE_ERR" "attached to v0"
	note_kernel "$NS0" v0
	kill -STOP "$IFPULSE_PID"
	end=$(($(microseconds) + $1 * 1000000))
	# On one CPU, or the log of each would have to overrun.
	start_bg sender "$NS0" taskset -c 0 "$BUILD/tools/frames" raw-send --interface v0 \
		--count "$count" --size 100 --timeout 60 "${@:4}"
	while (($(microseconds) < end)); do sleep 0.1; done
	kill -CONT "$IFPULSE_PID"
	wait_bg sender 60
	settle
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j -i lo >"$BATS_TEST_TMPDIR/doctor"
	jq -e --arg pid "pid $IFPULSE_PID " 'any(.check == "instance" and .status == "warning" and
		(.detail | startswith($pid) and contains("windows were overwritten unread")))' \
		"$BATS_TEST_TMPDIR/doctor"
	stop_ifpulse
	stop_ifpulse "$rate_pid"
	# Totals are exact, whatever the windows missed.
	assert_equal "$(kernel "$NS0" v0 tx_packets)" "$count" "sent"
	assert_equal "$(jq -s '[.[].tx_packets] | add' "$rate_out")" "$count" "tx_packets of rate"
	# The windows say that something is missing, and nothing that was not sent.
	grep -qE 'windows were overwritten before they were read' "$IFPULSE_ERR"
	read -r packets unknown broken < <(add_up "$IFPULSE_OUT" tx "$width")
	((packets > 0 && packets < count))
	((unknown > 0))
	assert_equal "$broken" 0 "windows that do not follow the one before"
}

# Without a pause: a third of a second of it fills the log.
@test "a reader stopped for 1 s finds a counted gap, and totals stay exact" {
	reader_stopped 1 10 1000000
}

# 9 s, in which 3.3 s worth of windows fill the log.
@test "a reader stopped for 10 s finds a counted gap, and totals stay exact" {
	reader_stopped 10 100 180000 --rate-pps 20000
}

@test "a reader stopped while little happens misses nothing" {
	watch_windows "$NS0" v0 -w 10us --busy
	kill -STOP "$IFPULSE_PID"
	send "$NS0" frames raw-send --interface v0 --count 3000 --size 100
	settle
	kill -CONT "$IFPULSE_PID"
	end_probe "$NS0"
	windowed_is "$NS0" tx 3000 300000
}

@test "an interface that is deleted and made again with its ifindex keeps its own windows" {
	local round
	watch_windows "$NS0" v0 -w 100us --busy -i 'w*'
	for round in 1 2 3; do
		ip link add "w$round" index 500 netns "$NS0" type veth peer name x index 501 netns "$NS1"
		ip -n "$NS0" link set "w$round" up
		ip -n "$NS1" link set x up
		wait_up "$NS0" "w$round"
		wait_for_line "$IFPULSE_ERR" "attached to w$round"
		settle "$NS0" "w$round" "$NS1" x
		send "$NS0" frames raw-send --interface "w$round" --count $((round * 100)) --size 1000
		ip -n "$NS0" link del "w$round"
	done
	wait_for_line "$IFPULSE_ERR" "detached from w3"
	end_probe "$NS0"
	for round in 1 2 3; do
		assert_equal "$(jq -s --arg ifname "w$round" '[.[] | select(.ifname == $ifname and
			.direction == "tx" and .bytes % 1000 == 0) | .packets] | add' "$IFPULSE_OUT")" \
			$((round * 100)) "packets of w$round"
	done
}

# 200 frames of 1500 bytes in one go are far less than 100 ms; a second later comes the next train.
@test "rate's peak is the busiest window, where the average hides it" {
	local peak
	start_ifpulse "$NS0" rate -j -v -I 500ms -w 100us -i v0
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	start_ifpulse "$NS0" windows -j -v -w 100us -i v0 --busy
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	send "$NS0" frames raw-send --interface v0 --count 200 --size 1500
	settle
	stop_ifpulse
	kill -INT "$(<"$BATS_TEST_TMPDIR/ifpulse-1.pid")"
	wait_bg ifpulse-1
	# Two instances read the clock one after the other, so a frame at either border of a window may be
	# in another one: their busiest windows differ by two frames at most.
	peak=$(jq -s '[.[] | select(.direction == "tx") | .wire_bytes] | max * 8 * 10000' \
		"$IFPULSE_OUT")
	local rate_peak frames=$((2 * 1500 * 8 * 10000))
	rate_peak=$(jq -s '[.[].tx_peak_bps] | max' "${PROBE_OUT[$NS0]}")
	((rate_peak >= peak - frames && rate_peak <= peak + frames))
	((rate_peak > 10 * $(jq -s '[.[].tx_bps] | max' "${PROBE_OUT[$NS0]}")))
	probed_is "$NS0" v0 tx 200 300000
}

@test "--window off costs no peak but the peak" {
	in_ns "$NS0" "$BUILD/ifpulse" rate -j -I 10ms -c 2 -i v0 -w off |
		jq -se 'length == 2 and all(.tx_peak_bps == null and .tx_bps == 0)'
	in_ns "$NS0" "$BUILD/ifpulse" rate -j -I 10ms -c 2 -i v0 |
		jq -se 'length == 2 and all(.tx_peak_bps == 0)'
	run -2 "$BUILD/ifpulse" rate -I 1ms -w 2ms
	run -2 "$BUILD/ifpulse" windows -w off
}

@test "--count ends after so many windows, and bad widths are refused" {
	assert_equal "$(in_ns "$NS0" "$BUILD/ifpulse" windows -j -i v0 -w 10us -c 25 | wc -l)" 50
	local width
	for width in 9us 2s 10500ns; do
		run -2 "$BUILD/ifpulse" windows -w "$width"
	done
}
