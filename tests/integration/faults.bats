#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What happens to the process: killed at any moment, stopped, held up by who reads it, beside another of its
# kind, with less memory or a CPU less. What is counted stays exact, what is lost is told, nothing stays behind.
#
# FAULTS_KILLS (100) and FAULTS_STOP_SECONDS (3) make the tests longer.

load lib
load probe

setup() {
	require_root_bpf
}

teardown() {
	[[ ! ${CPU_TAKEN:-} ]] || echo 1 >"$CPU_TAKEN"
	harness_cleanup
	[[ ! ${CGROUP:-} ]] || wait_until 5 rmdir "$CGROUP"
}

# ---- killed ----

# Programs of ours on both hooks of v0, by whichever way they are there.
ours_on() { # NS
	local filters tcx
	filters=$(for hook in ingress egress; do tc -n "$1" filter show dev v0 "$hook"; done |
		grep -c ifpulse_ || true)
	tcx=0
	if [[ $2 == tcx ]]; then
		tcx=$(in_ns "$1" "$BUILD/ifpulse" doctor -j -i v0 | jq '[.[] | select(.check == "hook" and
			(.detail | test("^tcx .*an ifpulse")))] | length')
	fi
	echo $((filters + tcx))
}

# Within the first quarter of a second it loads, attaches and begins to report: each of these is interrupted.
killed_at_any_moment() { # MODE TIMES
	local round pid out=$BATS_TEST_TMPDIR/after
	make_pair
	neighbour theirs-in "$NS0" --interface v0 --direction ingress --mode "$1"
	neighbour theirs-out "$NS0" --interface v0 --direction egress --mode "$1"
	for ((round = 0; round < $2; round++)); do
		ip netns exec "$NS0" "$BUILD/ifpulse" rate -j -I 10ms --attach "$1" >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.$(printf %03d $((RANDOM % 250)))"
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
		start_ifpulse "$NS0" rate -j -I 10ms --attach "$1"
		wait_for_line "$IFPULSE_OUT" v0
		assert_equal "$(ours_on "$NS0" "$1")" 2 "programs after kill $round"
		stop_ifpulse
	done
	assert_equal "$(ours_on "$NS0" "$1")" 0 "programs in the end"
	probe "$NS0" v0 --attach "$1"
	send "$NS0" frames raw-send --interface v0 --count 500 --size 100
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 500 50000
	neighbour_counted theirs-in 0
	neighbour_counted theirs-out 500
}

@test "kill -9 at any moment, by clsact: the next start is alone, and others' filters stay" {
	killed_at_any_moment clsact $((${FAULTS_KILLS:-100} * 7 / 10))
}

@test "kill -9 at any moment, by tcx: the next start is alone, and others' programs stay" {
	killed_at_any_moment tcx $((${FAULTS_KILLS:-100} * 3 / 10))
}

# Those of the namespace that it started in, and of another that it looked into.
filters_in_both() {
	local ns hook n=0
	for ns in "$NS0" "$NS1"; do
		for hook in ingress egress; do
			n=$((n + $(tc -n "$ns" filter show dev "${ns/*-/v}" "$hook" | grep -c ifpulse_ || true)))
		done
	done
	echo "$n"
}

orphans_told() { # <JSON of doctor
	jq -r '[.[] | select(.check == "orphan" and .status == "warning" and .ifname) |
		"\(.netns)/\(.ifname)"] | sort | join(" ")'
}

# Nobody will start there again, perhaps, and so nobody would take them away.
@test "kill -9 by clsact: who starts elsewhere is told of filters, and doctor --netns removes them" {
	local home
	make_pair
	make_ns home home
	start_ifpulse "$NS0" rate -j -I 50ms -v --attach clsact --netns "$NS1" -i 'v*'
	wait_for_line "$IFPULSE_ERR" "attached to $NS1/v1"
	assert_equal "$(filters_in_both)" 4 "filters while it runs"
	kill -KILL "$IFPULSE_PID"
	wait_pid "$IFPULSE_PID" || true
	wait_until 10 are_elsewhere "$home"
	start_ifpulse "$home" rate -j -I 20ms
	wait_for_line "$IFPULSE_ERR" "in other network namespaces; 'ifpulse doctor --netns all' removes them"
	stop_ifpulse
	assert_equal "$(filters_in_both)" 4 "filters of which it was told"
	in_ns "$home" "$BUILD/ifpulse" doctor -j --netns "$NS0" --netns "$NS1" >"$BATS_TEST_TMPDIR/doctor"
	assert_equal "$(orphans_told <"$BATS_TEST_TMPDIR/doctor")" "$NS0/v0 $NS0/v0 $NS1/v1 $NS1/v1"
	jq -e 'any(.check == "orphan" and .status == "info" and (.detail | startswith("4 orphaned")))' \
		"$BATS_TEST_TMPDIR/doctor"
	assert_equal "$(filters_in_both)" 0 "filters in the end"
}

# As soon as the kernel has let go of what the process alone held.
are_elsewhere() { # NS
	in_ns "$1" "$BUILD/ifpulse" doctor -j | jq -e 'any(.check == "orphan" and .status == "warning" and
		(.ifname | not) and .remedy == "\u0027ifpulse doctor --netns all\u0027 removes them")' >/dev/null
}

# ---- stopped, and held up by a reader ----

@test "stopped for a while amid traffic: rate's totals are exact, and no peak is told of what was overwritten" {
	local seconds=${FAULTS_STOP_SECONDS:-3} end count
	make_pair
	probe "$NS0" v0 -i v0 -w 10us
	count=$((seconds * 20000))
	kill -STOP "$IFPULSE_PID"
	end=$(($(microseconds) + seconds * 1000000))
	start_bg sender "$NS0" taskset -c 0 "$BUILD/tools/frames" raw-send --interface v0 \
		--count "$count" --size 100 --rate-pps 20000 --timeout $((3 * seconds + 60))
	while (($(microseconds) < end)); do sleep 0.1; done
	# More windows than a CPU's log holds, which is 32,768.
	wait_until 60 has_sent "$NS0" v0 40000
	kill -CONT "$IFPULSE_PID"
	wait_bg sender $((3 * seconds + 60))
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx "$count" $((count * 100))
	jq -se 'any(.tx_peak_bps == null and .tx_packets > 0)' "$IFPULSE_OUT" >/dev/null
	grep -q 'windows were overwritten before they were read' "$IFPULSE_ERR"
}

has_sent() { # NS IFNAME PACKETS
	(($(stats64 "$1" "$2" tx_packets) >= $3))
}

# It blocks in the write; what passes meanwhile is counted in the kernel and is in the rows to come.
@test "a reader that takes nothing for a while: later rows are right, and the sum is exact" {
	local pipe=$BATS_TEST_TMPDIR/pipe pid status=0
	make_pair
	mkfifo "$pipe"
	exec 7<>"$pipe"
	start_bg slow "$NS0" bash -c 'exec "$0" rate -j -I 1ms -i v0 >"$1" 7>&-' "$BUILD/ifpulse" "$pipe"
	pid=$BG_PID
	wait_until 10 is_held_up "$pid"
	send "$NS0" frames raw-send --interface v0 --count 40000 --size 100 --rate-pps 20000
	settle
	cat <"$pipe" 7>&- >"$BATS_TEST_TMPDIR/read" 3>&- &
	exec 7>&-
	send "$NS0" frames raw-send --interface v0 --count 3000 --size 100
	settle
	kill -INT "$pid"
	wait_bg slow 10 || status=$?
	wait "$!" || true
	assert_equal "$status" 0 status
	PROBE_OUT[$NS0]=$BATS_TEST_TMPDIR/read
	probed_is "$NS0" v0 tx 43000 4300000
}

# In poll(2) for the writing, not in epoll_wait(2): twice, with a while in between.
is_held_up() { # PID
	local call again
	{ read -r call _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
	sleep 0.2
	read -r again _ <"/proc/$1/syscall"
	[[ $call == "$again" && ($call == 7 || $call == 73) ]]
}

@test "standard output that closes: it ends at once, cleanly, and takes its filters along" {
	local pipe=$BATS_TEST_TMPDIR/pipe
	make_pair
	mkfifo "$pipe"
	exec 7<>"$pipe"
	start_bg closed "$NS0" bash -c 'exec "$0" rate -j -I 20ms -v --attach clsact >"$1" 7>&-' \
		"$BUILD/ifpulse" "$pipe"
	wait_for_line "$BG_ERR" 'attached to v0'
	exec 7>&-
	wait_bg closed 10
	grep -q 'closed by its reader' "$BG_ERR"
	assert_equal "$(ours_on "$NS0" clsact)" 0 "filters left"
}

# ---- two at once ----

# Both are counted exactly as long as both run, and what one takes away is its own.
two_beside_each_other() { # MODE MODE
	local first first_out
	make_pair
	start_ifpulse "$NS0" rate -j -I 50ms --attach "$1"
	first=$IFPULSE_PID first_out=$IFPULSE_OUT
	wait_for_line "$first_out" '"ifname":"v0"'
	probe "$NS0" v0 --attach "$2"
	send "$NS0" frames raw-send --interface v0 --count 3000 --size 100
	send "$NS1" frames raw-send --interface v1 --count 700 --size 100
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 3000 300000
	probed_is "$NS0" v0 rx 700 70000
	send "$NS0" frames raw-send --interface v0 --count 200 --size 100
	settle
	stop_ifpulse "$first"
	PROBE_OUT[$NS0]=$first_out
	probed_is "$NS0" v0 tx 3200 320000
	probed_is "$NS0" v0 rx 700 70000
	assert_equal "$(ours_on "$NS0" tcx)" 0 "programs left"
}

@test "two at once, one by tcx and the other by clsact: each is exact" {
	two_beside_each_other tcx clsact
	harness_cleanup
	two_beside_each_other clsact tcx
}

is_told_of() { # IFNAME
	grep -q "$1: another program came before our filter" "$IFPULSE_ERR"
}

# A filter behind somebody's tcx program is put before it, as that may end the chain. Another ifpulse never does.
# All 11 interfaces are looked at in turn: who is told of m9 and m8, one after the other, has seen m3 in between.
@test "another ifpulse's tcx program is not taken for one that hides packets" {
	local i other
	make_ns NS0 0
	for ((i = 0; i < 20; i++)); do
		echo "link add m$i index $((100 + i)) type veth peer name n$i index $((200 + i))"
		echo "link set m$i up"
		echo "link set n$i up"
	done | ip -n "$NS0" -batch -
	wait_up "$NS0" m3
	settle "$NS0" m3
	probe "$NS0" m3
	tc -n "$NS0" filter show dev m3 egress | grep -q ifpulse_
	local out=$IFPULSE_OUT err=$IFPULSE_ERR pid=$IFPULSE_PID
	start_ifpulse "$NS0" rate -j -I 50ms -i m3 --attach tcx
	other=$IFPULSE_PID
	wait_for_line "$IFPULSE_OUT" m3
	IFPULSE_ERR=$err IFPULSE_PID=$pid
	for i in 9 8; do
		neighbour "theirs-$i" "$NS0" --interface "m$i" --direction egress --mode tcx
		wait_until 30 is_told_of "m$i"
	done
	run ! is_told_of m3
	send "$NS0" frames raw-send --interface m3 --count 400 --size 100
	settle "$NS0" m3
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j -i lo >"$BATS_TEST_TMPDIR/doctor"
	jq -e --arg pid "pid $pid " 'any(.check == "instance" and (.detail | startswith($pid) and
		contains("2 times another program hid packets")))' "$BATS_TEST_TMPDIR/doctor"
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	stop_ifpulse "$other"
	stop_ifpulse "$pid"
	PROBE_OUT[$NS0]=$out
	probed_is "$NS0" m3 tx 400 40000
}

# ---- less of the machine ----

# A control group whose memory is limited, in CGROUP, with the file for its limit in CGROUP_LIMIT.
make_memory_cgroup() {
	local v2
	v2=$(findmnt -nt cgroup2 -o TARGET | head -n 1)
	if [[ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]]; then
		CGROUP=/sys/fs/cgroup/memory/$NS_PREFIX CGROUP_LIMIT=memory.limit_in_bytes
	elif [[ $v2 ]] && grep -qw memory "$v2/cgroup.subtree_control"; then
		CGROUP=$v2/$NS_PREFIX CGROUP_LIMIT=memory.max
	else
		skip "no control group can limit memory here"
	fi
	mkdir "$CGROUP" || {
		CGROUP=
		skip "cannot make a control group"
	}
}

limited() { # BYTES ARGUMENT…
	local bytes=$1
	shift
	echo "$bytes" >"$CGROUP/$CGROUP_LIMIT"
	# From outside of the namespace: within, /sys is another.
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' - "$CGROUP" \
		timeout 20 ip netns exec "$NS0" "$BUILD/ifpulse" "$@"
}

# What the kernel refuses it, it says; where there is not even room for itself the kernel kills it.
@test "a memory limit: a clear error, and below that nothing stays; within it, it works" {
	make_pair
	make_memory_cgroup
	run limited 3M rate -j -i v0 -I 50ms -d 1s --attach clsact
	assert_equal "$status" 137 "status when it is killed"
	assert_equal "$(ours_on "$NS0" clsact)" 0 "filters left"
	run -3 --separate-stderr limited 48M rate -j -i v0 --max-interfaces 65536
	[[ $stderr == *"no memory for the counters of 65537 interfaces"*"raise the memory limit of the cgroup"* ]]
	echo 64M >"$CGROUP/$CGROUP_LIMIT"
	probe "$NS0" v0 -i v0
	# What it takes from here on is within the limit.
	echo "$IFPULSE_PID" >"$CGROUP/cgroup.procs"
	send "$NS0" frames raw-send --interface v0 --count 20000 --size 100
	settle
	end_probe "$NS0"
	probed_is "$NS0" v0 tx 20000 2000000
}

@test "a CPU goes and comes back amid traffic: totals and windows are exact" {
	local online=/sys/devices/system/cpu/cpu1/online count=30000 packets unknown broken
	[[ -w $online ]] || skip "no CPU can be taken here"
	make_pair
	start_ifpulse "$NS0" windows --csv -v -i v0 -w 1ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	local windows_pid=$IFPULSE_PID windows_out=$IFPULSE_OUT
	probe "$NS0" v0 -i v0
	start_bg sender "$NS0" "$BUILD/tools/frames" raw-send --interface v0 --count "$count" \
		--size 100 --rate-pps 20000
	CPU_TAKEN=$online
	echo 0 >"$online" || skip "this machine does not let its CPU go"
	assert_equal "$(<"$online")" 0 "CPU 1"
	sleep 0.5
	echo 1 >"$online"
	CPU_TAKEN=
	wait_bg sender
	in_ns "$NS0" taskset -c 1 "$BUILD/tools/frames" raw-send --interface v0 --count 500 --size 100
	settle
	stop_ifpulse "$windows_pid"
	end_probe "$NS0"
	probed_is "$NS0" v0 tx $((count + 500)) $(((count + 500) * 100))
	read -r packets unknown broken < <(add_up "$windows_out" tx 1000)
	assert_equal "$packets $unknown $broken" "$((count + 500)) 0 0" "packets, unknown and torn windows"
}
