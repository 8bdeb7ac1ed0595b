#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The bursts that are found against those that were sent: `schedule` sends them and writes down when each
# send began and was done; `judge` applies the rule to that, by itself, and allows for nothing that the
# stamps do not leave open. At 100 us and at 1 ms, each on at least 1,000 bursts of 50 us to 20 ms.
#
# TRUTH_SEED=N sends another schedule.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
	TRUTH=$BATS_TEST_TMPDIR/truth
	WATCHES=()
	echo 0 | in_ns "$NS0" tee /proc/sys/net/ipv4/tcp_slow_start_after_idle >/dev/null
}

# With these any window with a packet is hot, so that all that was sent is in bursts.
ANY=(--threshold-kbit 100)
# And with these many windows are not, also within bursts.
MIDDLE=(--threshold-kbit 600000 --in-part)
LOW=(--low-kbit 300000)

# Starts `bursts` on one end of the pair. What comes behind the width are options of judge.
watch() { # tx|rx WIDTH-US JUDGE-OPTION…
	local direction=$1 width=$2 ns=$NS0 ifname=v0 gap rule=(--rule share) i
	shift 2
	[[ $direction == tx ]] || ns=$NS1 ifname=v1
	gap=${MERGE_GAP_US:-$((width == 100 ? 500 : 2000))}
	for ((i = 1; i <= $#; i++)); do
		[[ ${!i} != --low-kbit ]] || rule=(--rule hysteresis --low "${*:i+1:1}kbit")
	done
	start_ifpulse "$ns" bursts --csv -v -i "$ifname" -w "${width}us" "${rule[@]}" \
		--threshold "${*:2:1}kbit" --merge-gap "${gap}us"
	WATCHES+=("$IFPULSE_PID $IFPULSE_OUT --direction $direction --window-us $width \
		--merge-gap-us $gap $*")
	wait_for_line "$IFPULSE_ERR" "attached to $ifname"
}

watch_all() { # [JUDGE-OPTION-FOR-TX]…
	local width
	for width in 100 1000; do
		watch tx "$width" "${ANY[@]}" "$@"
		watch rx "$width" "${ANY[@]}"
		watch tx "$width" "${MIDDLE[@]}" "${LOW[@]}" "$@"
	done
}

schedule() { # udp|tcp OPTION…
	local protocol=$1
	shift
	send "$NS0" schedule "$protocol" --to 192.0.2.2 --port 7100 --receive-in "/run/netns/$NS1" \
		--truth "$TRUTH" --timeout 60 --seed "${TRUTH_SEED:-1}" "$@"
	cat "$SENT"
}

burst_schedule() { # udp|tcp OPTION…
	schedule "$@" --bursts 260 --length-us 50:20000 --gap-us 5000:8000
}

judge() { # OPTION…
	"$BUILD/tools/judge" bursts --truth "$TRUTH" "$@"
}

# Ends all watches and judges each; the verdicts are in $VERDICTS, one a line.
all_right() {
	local watch out failed=0
	VERDICTS=$BATS_TEST_TMPDIR/verdicts
	settle
	for watch in "${WATCHES[@]}"; do
		stop_ifpulse "${watch%% *}"
	done
	for watch in "${WATCHES[@]}"; do
		read -ra watch <<<"${watch//$'\n'/ }"
		out=${watch[1]}
		judge --found "$out" "${watch[@]:2}" >>"$VERDICTS" || {
			failed=1
			printf 'wrong: %s\n' "${watch[*]:2}" >&2
			cat "${out%.out}.err" >&2
		}
	done
	cat "$VERDICTS"
	((!failed))
}

# So many bursts were there by each of the first N watches.
enough_bursts() { # N BURSTS
	jq -se --argjson n "$1" --argjson bursts "$2" \
		'.[:$n] | length == $n and all(.truth_bursts >= $bursts)' "$VERDICTS" >/dev/null
}

@test "bursts of UDP are found: times, bytes and packets exact, both ends" {
	watch_all
	burst_schedule udp --size 800:1472 --rate-mbit 200:1500
	all_right
	enough_bursts 2 250
}

@test "bursts of UDP with segmentation offload are found, both ends" {
	watch_all
	burst_schedule udp --size 800:1472 --segments 2:30 --rate-mbit 500:2500
	all_right
	enough_bursts 2 250
}

@test "bursts of TCP are found, both ends" {
	watch_all
	burst_schedule tcp --interface v0 --size 800:65536 --rate-mbit 300:2500
	all_right
	enough_bursts 2 250
}

# TCP builds large skbs all the same, and the stack cuts them up between the send hook and the device.
@test "bursts of TCP without segmentation offload are found, both ends" {
	in_ns "$NS0" ethtool -K v0 gso off tso off >/dev/null
	watch_all --segment-headers 66
	burst_schedule tcp --interface v0 --size 500:6000 --rate-mbit 200:1000
	all_right
	enough_bursts 2 250
}

@test "a threshold amid the traffic: bursts end and merge where windows fall below it" {
	watch tx 100 "${MIDDLE[@]}"
	watch rx 100 "${MIDDLE[@]}"
	watch tx 1000 "${MIDDLE[@]}"
	watch tx 1000 "${MIDDLE[@]}" "${LOW[@]}"
	burst_schedule udp --size 300:1472 --rate-mbit 400:1000
	all_right
	enough_bursts 2 150
	# Some of the traffic was in no burst, or the threshold was not amid it.
	jq -se 'all(.found_bytes < .sent_bytes)' "$VERDICTS" >/dev/null
}

# The oscilloscope's case: 200 us at 1 Gbit/s, 20 times a second.
@test "a train of 200 us bursts is found whole, where rate sees its average" {
	local bursts=80 burst_bytes=25000
	# Where the sender loses its CPU within a burst for some milliseconds, it is still one.
	local MERGE_GAP_US=20000
	watch tx 100 "${ANY[@]}"
	local found=$IFPULSE_OUT
	start_ifpulse "$NS0" rate -j -I 1s -v -i v0
	local rate_pid=$IFPULSE_PID rate_out=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	# 1208 bytes in UDP over IPv4 are 1250 on the wire: 10 us at 1 Gbit/s.
	schedule udp --bursts "$bursts" --period-us 50000 --length-us 200 --rate-mbit 1000 --size 1208
	all_right
	stop_ifpulse "$rate_pid"
	assert_equal "$(grep -c ',tx,.*,25000,20,25000,20,' "$found")" "$bursts" "whole bursts"
	assert_equal "$(wc -l <"$found")" $((bursts + 1)) "bursts and the head"
	assert_equal "$(jq -s '[.[].tx_bytes] | add' "$rate_out")" $((bursts * burst_bytes)) "bytes of rate"
	assert_equal "$(jq -s '[.[].tx_wire_packets] | add' "$rate_out")" $((bursts * 20)) "packets of rate"
	# Within the train an interval has 20 bursts, one more or less at its borders: 4 Mbit/s. That is
	# below 1% of what the bursts have, and what a window of 100 us shows.
	jq -se '[.[] | select(.tx_bytes > 0)][1:-1] | length >= 2 and
		all(.tx_bps > 3500000 and .tx_bps < 4500000 and .tx_peak_bps > 100 * .tx_bps)' "$rate_out"
}

# The clock is an hour ahead for half a second, then an hour behind, and right again.
@test "a wall clock that steps shifts nothing and tears no hole" {
	has_capability 25 || skip "needs CAP_SYS_TIME"
	local bursts=60 packets unknown broken
	watch tx 100 "${ANY[@]}"
	local found=$IFPULSE_OUT
	start_ifpulse "$NS0" windows --csv -v -w 1ms -i v0
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	local windows_pid=$IFPULSE_PID windows_out=$IFPULSE_OUT
	start_ifpulse "$NS0" rate -j -I 100ms -v -i v0
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	local rate_pid=$IFPULSE_PID rate_out=$IFPULSE_OUT
	start_bg schedule "$NS0" "$BUILD/tools/schedule" udp --to 192.0.2.2 --port 7100 \
		--receive-in "/run/netns/$NS1" --truth "$TRUTH" --bursts "$bursts" --period-us 50000 \
		--length-us 200 --rate-mbit 1000 --size 1208
	# It reads the clocks' difference before it sends.
	wait_for_line "$found" ',v0,,tx,'
	# Nothing between them asks for the time, or waits.
	"$BUILD/tools/clockstep" step --seconds 3600 --hold-ms 500
	"$BUILD/tools/clockstep" step --seconds 3600 --hold-ms 500 --back
	wait_bg schedule
	all_right
	enough_bursts 1 "$bursts"
	stop_ifpulse "$windows_pid"
	stop_ifpulse "$rate_pid"
	read -r packets unknown broken < <(add_up "$windows_out" tx 1000)
	assert_equal "$packets $unknown $broken" "$((bursts * 20)) 0 0" "packets, unknown and broken windows"
	assert_equal "$(jq -s '[.[].tx_packets] | add' "$rate_out")" $((bursts * 20)) "packets of rate"
	assert_equal "$(jq -s '[.[].tx_bytes] | add' "$rate_out")" $((bursts * 25000)) "bytes of rate"
	jq -se '.[:-1] | all(.interval_us > 50000 and .interval_us < 1000000)' "$rate_out" >/dev/null
}

@test "scripts/demo finds every burst, and its numbers agree" {
	local out=$BATS_TEST_TMPDIR/demo
	BUILD=$BUILD timeout 60 "$BATS_TEST_DIRNAME/../../scripts/demo" >"$out"
	cat "$out"
	assert_equal "$(grep -cE '^ +[0-9.]+ s \|' "$out")" 20 "rows"
	assert_equal "$(grep -cE '\| +[0-9]+ us +20 +25000 \| +[0-9]+ us +20 +25000 ' "$out")" 20 \
		"rows with the same on both sides"
	grep -qE '^sent +20 +400 +500000 ' "$out"
	grep -qE '^ifpulse +20 +400 +500000 ' "$out"
	# A second has four bursts, one more or less at its borders.
	grep -qE '^/proc/net/dev +- +400 +500000 +(0\.[6-9]|1\.0) Mbit/s$' "$out"
	assert_equal "$(ip netns list | grep -c ifpulse-demo)" 0 "namespaces left behind"
	run -2 "$BATS_TEST_DIRNAME/../../scripts/demo" --fast
	run -0 "$BATS_TEST_DIRNAME/../../scripts/demo" --help
}

# What judge takes for right has to be what was sent, or the tests above say nothing.
@test "judge is not fooled by a wrong burst, nor by a wrong truth" {
	local found=$BATS_TEST_TMPDIR/found.csv options=(--direction tx --window-us 100
		--merge-gap-us 500 "${ANY[@]}")
	watch tx 100 "${ANY[@]}"
	local good=$IFPULSE_OUT
	schedule udp --bursts 40 --length-us 50:20000 --gap-us 5000:8000 --size 800:1472 \
		--rate-mbit 200:1500
	all_right
	cp "$TRUTH" "$TRUTH.good"
	judge_sees() { # WHAT AWK-PROGRAM-FOR-THE-BURSTS [FOR-THE-TRUTH]
		awk -F, -v OFS=, "$2" "$good" >"$found"
		awk "${3:-1}" "$TRUTH.good" >"$TRUTH"
		if cmp -s "$good" "$found" && cmp -s "$TRUTH" "$TRUTH.good"; then
			echo "$1: nothing changed" >&2
			return 1
		elif judge --found "$found" "${options[@]}"; then
			echo "judge does not see: $1" >&2
			return 1
		fi
	}
	judge --found "$good" "${options[@]}"
	# Columns: 1 time, 6 duration_us, 8 windows, 9 bytes, 10 packets, 11 and 12 on the wire, 15 peak_bps,
	# 16 mean_bps.
	judge_sees "a burst missing" 'NR != 20'
	judge_sees "a burst twice" '{ print } NR == 20'
	judge_sees "a byte more" 'NR == 20 { $9++ } 1'
	judge_sees "a byte less on the wire" 'NR == 20 { $11-- } 1'
	judge_sees "a packet more" 'NR == 20 { $10++ } 1'
	judge_sees "a packet more on the wire" 'NR == 20 { $12++ } 1'
	judge_sees "a byte of one burst in the next" 'NR == 20 { $9++; $11++ } NR == 21 { $9--; $11-- } 1'
	judge_sees "another peak" 'NR == 20 { $15 += 80000 } 1'
	judge_sees "another mean" 'NR == 20 { $16++ } 1'
	judge_sees "a window too long" 'NR == 20 { $6 += 100; $8++ } 1'
	judge_sees "all a window late" 'NR > 1 { $1 = sprintf("%s%06dZ", substr($1, 1, 20),
		(substr($1, 21, 6) + 100) % 1000000) } 1'
	judge_sees "a burst cut" 'NR == 20 { sub(/false/, "true") } 1'
	judge_sees "a send missing in the truth" 1 'NR != 500'
	judge_sees "a send of another size" 1 'NR == 500 { $4++; $6++ } 1'
	judge_sees "a send elsewhere" 1 'NR == 2 { $1 -= 3000000; $2 -= 3000000 } 1'
	judge_sees "a burst that was not there" 1 '$7 != 20'
	judge_sees "another offset of the clocks" 1 'NR == 1 { $2 += 50000; $3 += 50000 } 1'
}
