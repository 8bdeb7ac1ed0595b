#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What happens to interfaces: storms of them, more than there is room for, names and indexes that change hands, more
# packets than can be read. What is counted stays exact, and what is lost is told.

load lib
load probe

setup() {
	require_root_bpf
}

frames() { # NS IFNAME COUNT [ARGUMENT…]
	send "$1" frames raw-send --interface "$2" --size 100 --count "$3" "${@:4}"
}

# ---- storms of news ----

# Of each pair both ends are given an address six times and lose it five times, and one is given so many MTUs; ten
# pairs go again.
storm() { # NS PAIRS MTUS
	local i round pairs=$2
	{
		for ((i = 0; i < pairs; i++)); do
			echo "link add s$i type veth peer name t$i"
		done
		for round in 1 2 3 4 5 6; do
			for ((i = 0; i < pairs; i++)); do
				echo "address add 10.$round.$((i / 250)).$((i % 250))/32 dev s$i"
				echo "address add 10.1$round.$((i / 250)).$((i % 250))/32 dev t$i"
			done
			((round == 6)) && break
			for ((i = 0; i < pairs; i++)); do
				echo "address del 10.$round.$((i / 250)).$((i % 250))/32 dev s$i"
				echo "address del 10.1$round.$((i / 250)).$((i % 250))/32 dev t$i"
			done
		done
		for ((i = 0; i < pairs * $3; i++)); do
			echo "link set s$((i % pairs)) mtu $((1000 + i / pairs))"
		done
		for ((i = 0; i < pairs; i += pairs / 10)); do
			echo "link del s$i"
		done
	} | ip -n "$1" -batch -
}

# Name, index, MTU, addresses, of `ip -j` or `list -j`.
state_of() { # <JSON
	jq -S '[.[] | {ifname, ifindex, mtu, addresses: ([.addr_info[].local] | sort)}] | sort_by(.ifindex)'
}

# The state to which changes that `watch -j` told lead, of interfaces that were not there at its start.
state_from_changes() { # <JSON lines
	jq -sS 'reduce .[] as $c ({};
		if $c.event == "removed" then del(.[$c.ifname])
		elif $c.event == "added" then .[$c.ifname] = []
		elif $c.event == "address-added" then .[$c.ifname] += [$c.current]
		elif $c.event == "address-removed" then .[$c.ifname] -= [$c.previous]
		else . end) | map_values(sort)'
}

state_to_compare() { # NS
	in_ns "$1" ip -j addr | jq -S '[.[] | select(.ifname | test("^[st][0-9]|^last"))] |
		map({key: .ifname, value: ([.addr_info[] | "\(.local)/\(.prefixlen)"] | sort)}) | from_entries'
}

same() { # FILE FILE
	diff "$@" >"$BATS_TEST_TMPDIR/difference" && return
	head -n 20 "$BATS_TEST_TMPDIR/difference"
	return 1
}

# Root's socket has room for 32 MiB of news, other people's for some hundred KiB: both overflow while nobody reads.
@test "2,000 interfaces and 22,000 changes of addresses while nobody reads: told, and the state is right again" {
	local probe_pid probe_err watch_pid watch_out watch_err
	make_pair
	echo 1 | in_ns "$NS0" tee /proc/sys/net/ipv6/conf/default/disable_ipv6 >/dev/null
	start_bg nobody "$NS0" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		"$BUILD/ifpulse" watch -j -v
	watch_pid=$BG_PID watch_out=$BG_OUT watch_err=$BG_ERR
	wait_for_line "$watch_err" 'watching'
	probe "$NS0" v0 -i v0 -i 'last*'
	probe_pid=$IFPULSE_PID probe_err=$IFPULSE_ERR
	kill -STOP "$watch_pid" "$probe_pid"
	storm "$NS0" 1000 30
	in_ns "$NS0" "$BUILD/ifpulse" list -j >"$BATS_TEST_TMPDIR/list"
	same <(state_of <"$BATS_TEST_TMPDIR/list") <(in_ns "$NS0" ip -j addr | state_of)
	frames "$NS0" v0 2000
	kill -CONT "$watch_pid" "$probe_pid"
	ip -n "$NS0" link add last type veth peer name last1
	wait_for_line "$watch_out" '"ifname":"last"' 30
	wait_for_line "$IFPULSE_OUT" '"ifname":"last"' 30
	settle
	kill -INT "$watch_pid"
	wait_bg nobody
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 2000 200000
	grep -q 'interface events overflowed' "$watch_err"
	grep -q 'interface events overflowed' "$probe_err"
	same <(state_from_changes <"$watch_out") <(state_to_compare "$NS0")
}

@test "a list that is read amid a storm is whole, whatever it shows" {
	local n=0
	make_ns NS0 0
	storm "$NS0" 200 50 3>&- &
	local storm_pid=$!
	while kill -0 "$storm_pid" 2>/dev/null; do
		in_ns "$NS0" "$BUILD/ifpulse" list -j >"$BATS_TEST_TMPDIR/list"
		jq -e '(map(.ifindex) | length == (unique | length)) and .[0].ifname == "lo"' \
			"$BATS_TEST_TMPDIR/list" >/dev/null
		n=$((n + 1))
	done
	wait "$storm_pid"
	((n > 3))
	same <(in_ns "$NS0" "$BUILD/ifpulse" list -j | state_of) <(in_ns "$NS0" ip -j addr | state_of)
}

# ---- names and indexes that change hands ----

@test "a thousand names within seconds: no packet is lost, and no two rows have one interface" {
	local i
	make_pair
	probe "$NS0" v0 -I 1ms -i '*'
	start_bg sender "$NS0" "$BUILD/tools/frames" raw-send --interface v0 --count 20000 --size 100 \
		--rate-pps 10000
	for ((i = 1; i <= 1000; i++)); do
		echo "link set dev $([[ $i == 1 ]] && echo v0 || echo "n$((i - 1))") name n$i"
	done | ip -n "$NS0" -batch -
	wait_bg sender
	settle "$NS0" n1000 "$NS1" v1
	wait_for_line "$IFPULSE_OUT" '"ifname":"n1000"'
	end_probe "$NS0"
	assert_equal "$(jq -n 'reduce (inputs | select(.ifindex == 10)) as $r (0; . + $r.tx_packets)' \
		"$IFPULSE_OUT")" 20000 "packets under all names"
	assert_equal "$(jq -rn 'reduce (inputs | select(.ifindex == 10)) as $r ({}; .[$r.time] += 1) |
		map(select(. > 1)) | length' "$IFPULSE_OUT")" 0 "intervals with two rows of it"
}

# Deleted while its windows are being read, and at once made again: each has what was sent by it.
@test "an interface that goes amid traffic, again and again, with one index: no packet is another's" {
	local round rounds=12
	make_pair
	start_ifpulse "$NS0" rate -j -I 1ms -w 10us -v -i 'w*'
	wait_for_line "$IFPULSE_ERR" 'no interface matches yet'
	for ((round = 1; round <= rounds; round++)); do
		ip link add "w$round" index 500 netns "$NS0" type veth peer name x index 501 netns "$NS1"
		ip -n "$NS1" link set x addrgenmode none up
		ip -n "$NS0" link set "w$round" addrgenmode none up
		wait_up "$NS0" "w$round"
		wait_for_line "$IFPULSE_ERR" "attached to w$round\$"
		frames "$NS0" "w$round" $((100 * round))
		# It goes amid these, so nobody knows how many there will have been.
		start_bg "sender-$round" "$NS0" "$BUILD/tools/frames" raw-send --interface "w$round" \
			--count 100000 --size 200 --rate-pps 20000 --timeout 2
		wait_until 5 has_sent "$NS0" "w$round" $((100 * round + 100))
		ip -n "$NS0" link del "w$round"
	done
	wait_until 10 has_detached $rounds
	stop_ifpulse
	for ((round = 1; round <= rounds; round++)); do
		jq -sc --arg ifname "w$round" '[.[] | select(.ifname == $ifname)] |
			[(map(.tx_packets) | add), (map(.tx_bytes) | add)]' "$IFPULSE_OUT" \
			>"$BATS_TEST_TMPDIR/sums"
		# All of the first kind: so many of the second make up the rest, to the byte.
		jq -e --argjson first $((100 * round)) '(.[0] - $first) as $second | $second >= 100 and
			.[1] == 100 * $first + 200 * $second' "$BATS_TEST_TMPDIR/sums" >/dev/null || {
			echo "w$round: $(<"$BATS_TEST_TMPDIR/sums") packets and bytes"
			return 1
		}
	done
	for ((round = 1; round <= rounds; round++)); do
		wait_bg "sender-$round" || true
	done
}

has_sent() { # NS IFNAME PACKETS
	(($(stats64 "$1" "$2" tx_packets) >= $3))
}

has_detached() { # COUNT
	(($(grep -c 'detached from w' "$IFPULSE_ERR") >= $1))
}

# ---- no room ----

@test "more interfaces than slots: those that have one are exact, and of the others nothing is counted" {
	local i
	make_pair
	for ((i = 0; i < 3; i++)); do
		ip -n "$NS0" link add "a$i" index $((20 + i)) type veth peer name "b$i" index $((30 + i))
		ip -n "$NS0" link set "a$i" up
		ip -n "$NS0" link set "b$i" up
		wait_up "$NS0" "a$i"
	done
	settle "$NS0" a0 "$NS0" a1 "$NS0" a2
	probe "$NS0" v0 -i v0 -i 'a*' --max-interfaces 2
	frames "$NS0" v0 3000
	for ((i = 0; i < 3; i++)); do
		frames "$NS0" "a$i" $((100 * (i + 1)))
	done
	settle "$NS0" v0 "$NS0" a2
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j -i lo >"$BATS_TEST_TMPDIR/doctor"
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 3000 300000
	probed_is "$NS0" a0 tx 100 10000
	assert_equal "$(jq -s 'map(.ifname) | unique | tostring' "$IFPULSE_OUT")" '"[\"a0\",\"v0\"]"' \
		"interfaces that are shown"
	grep -q '2 interfaces could not be probed' "$IFPULSE_ERR"
	jq -e --arg pid "pid $IFPULSE_PID " 'any(.check == "instance" and .status == "warning" and
		(.detail | startswith($pid) and contains("2 interfaces found no slot")))' \
		"$BATS_TEST_TMPDIR/doctor"
}

# Whatever the machine can do: windows that are known hold all that was sent, or some are unknown, and that is told.
@test "windows at full load, on all CPUs: none is lost but is told, and totals are exact" {
	local count=300000 packets unknown broken pid out windows_err
	make_pair
	start_ifpulse "$NS0" windows --csv --busy -v -i v0 -w 10us
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	pid=$IFPULSE_PID out=$IFPULSE_OUT windows_err=$IFPULSE_ERR
	probe "$NS0" v0 -i v0
	start_bg first "$NS0" taskset -c 0 "$BUILD/tools/frames" raw-send --interface v0 \
		--count "$count" --size 100 --timeout 60
	start_bg second "$NS0" taskset -c $(($(nproc) - 1)) "$BUILD/tools/frames" raw-send \
		--interface v0 --count "$count" --size 100 --timeout 60
	wait_bg first 60
	wait_bg second 60
	settle
	stop_ifpulse "$pid"
	end_probe "$NS0"
	probed_is "$NS0" v0 tx $((2 * count)) $((2 * count * 100))
	read -r packets unknown broken < <(add_up "$out" tx 10)
	if ((unknown)); then
		((packets < 2 * count))
		grep -q 'windows were overwritten before they were read' "$windows_err"
	else
		assert_equal "$packets" $((2 * count)) "packets over windows ($broken breaks)"
		run ! grep -q 'were overwritten' "$windows_err"
	fi
}
