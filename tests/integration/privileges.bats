#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What each command keeps of root's privileges while it runs, that what was asked for works with that, and how it
# goes with three capabilities and without root.

load lib
load probe

# Bits of capabilities(7).
DAC_OVERRIDE=$((1 << 1)) FOWNER=$((1 << 3)) NET_BROADCAST=$((1 << 11)) NET_ADMIN=$((1 << 12))
SYS_PTRACE=$((1 << 19)) SYS_ADMIN=$((1 << 21)) SYS_RESOURCE=$((1 << 24)) SYSLOG=$((1 << 34))
PROBE=$((NET_ADMIN | 1 << 38 | 1 << 39))
NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups)

setup() {
	require_root_bpf
	require_tool setpriv
}

# Inheritable, permitted, effective, bounding and ambient set, and no_new_privs.
privileges_of() { # PID
	awk '/^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs):/ {printf "%s%s", sep, $2; sep = " "}' \
		"/proc/$1/status"
}

has_privileges() { # PID PRIVILEGES
	[[ $(privileges_of "$1") == "$2" ]]
}

keeps() { # PID CAPABILITIES [BOUNDING-SET]
	local held
	held=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
	held=$(printf %016x $(($2 & 0x$held)))
	held="0000000000000000 $held $held ${3:-$held} 0000000000000000 1"
	wait_until 10 has_privileges "$1" "$held" && return
	printf 'expected %s, is %s\n' "$held" "$(privileges_of "$1")" >&2
	sed 's/^/  | /' "$IFPULSE_ERR" >&2
	return 1
}

# A command whose output nobody takes is still there to be looked at.
start_stuck() { # NS ARGUMENT…
	local ns=$1 pipe=$BATS_TEST_TMPDIR/pipe
	shift
	[[ -e $pipe ]] || mkfifo "$pipe"
	exec {STUCK}<>"$pipe"
	dd if=/dev/zero of="$pipe" bs=4096 oflag=nonblock 2>/dev/null || true
	# shellcheck disable=SC2016
	start_bg stuck "$ns" bash -c 'exec "$@" >"$0"' "$pipe" "$BUILD/ifpulse" "$@"
	IFPULSE_PID=$BG_PID IFPULSE_ERR=$BG_ERR
}

end_stuck() {
	kill -INT "$IFPULSE_PID"
	wait_pid "$IFPULSE_PID" || true
	exec {STUCK}>&-
}

# Bash reads scripts, and whatever else, wherever the user may not.
install_for_all() { # CAPABILITIES
	IFPULSE=$BATS_TEST_TMPDIR/bin/ifpulse
	mkdir -m 0755 "${IFPULSE%/*}"
	install -m 0755 "$BUILD/ifpulse" "$IFPULSE"
	chmod a+x "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}"
	[[ -z $1 ]] || setcap "$1" "$IFPULSE" || skip "no file capabilities here"
}

# ---- what is kept ----

@test "what probes keeps three capabilities, and can gain none" {
	local command
	make_ns NS0 0
	for command in rate windows bursts drops "drops --where" compare "health -d 60s" \
		"record -o $BATS_TEST_TMPDIR/record" "bursts --capture $BATS_TEST_TMPDIR/captures"; do
		# shellcheck disable=SC2086
		start_ifpulse "$NS0" $command
		keeps "$IFPULSE_PID" "$PROBE"
		stop_ifpulse || assert_equal "$command $IFPULSE_STATUS" "compare 1"
	done
}

@test "what only looks keeps nothing" {
	local command file=$BATS_TEST_TMPDIR/run.ifpulse
	make_pair
	start_ifpulse "$NS0" watch
	keeps "$IFPULSE_PID" 0
	stop_ifpulse
	start_ifpulse "$NS0" record -o "$file" -i v0
	wait_until 10 test -s "$file"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 40 --size 500
	stop_ifpulse
	for command in list health "replay $file windows" "export $file --format csv"; do
		# shellcheck disable=SC2086
		start_stuck "$NS0" $command
		keeps "$IFPULSE_PID" 0
		end_stuck
	done
	start_stuck "$NS0" doctor
	keeps "$IFPULSE_PID" $((PROBE | SYS_ADMIN | SYS_RESOURCE | SYSLOG))
	end_stuck
}

@test "--netns keeps what it takes to go there" {
	local visits=$((SYS_ADMIN | SYS_PTRACE | NET_ADMIN))
	make_ns NS0 0
	start_ifpulse "$NS0" rate --netns "$NS0"
	keeps "$IFPULSE_PID" $((PROBE | visits))
	stop_ifpulse
	start_ifpulse "$NS0" watch --netns all
	keeps "$IFPULSE_PID" $((visits | NET_BROADCAST))
	stop_ifpulse
}

@test "another user's folders and files are within reach of who was told to use them" {
	local folder file
	make_pair
	folder=$BATS_TEST_TMPDIR/theirs file=$folder/run.ifpulse
	install -d -o 65534 -g 65534 -m 0700 "$folder"
	start_ifpulse "$NS0" record -o "$file" -i v0 -w 1ms
	keeps "$IFPULSE_PID" $((PROBE | DAC_OVERRIDE | FOWNER))
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 40 --size 500
	stop_ifpulse
	chown 65534:65534 "$file"
	chmod 0600 "$file"
	run -0 --separate-stderr "$BUILD/ifpulse" export "$file" --format csv
	[[ $output == *,v0,* ]]
	"$BUILD/ifpulse" plot "$file" -o "$folder/run.svg"
	chown 65534:65534 "$folder/run.svg"
	"$BUILD/ifpulse" plot "$file" -o "$folder/run.svg"
	start_ifpulse "$NS0" bursts -v -w 1ms --threshold 1bit --capture "$folder/captures" --once
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 40 --size 500
	wait_for_line "$IFPULSE_ERR" 'captured'
	stop_ifpulse
	[[ -n $(find "$folder/captures" -name '*.ifpulse') ]]
}

# ---- what still works then ----

has_filter() { # NS IFNAME
	[[ $(in_ns "$1" tc filter show dev "$2" egress) == *ifpulse_egress* ]]
}

@test "interfaces that come later are attached, renamed, put back and counted" {
	make_pair
	start_ifpulse "$NS0" rate -j -I 50ms --attach clsact
	wait_for_line "$IFPULSE_OUT" '"ifname":"v0"'
	keeps "$IFPULSE_PID" "$PROBE"
	ip -n "$NS0" link add w0 index 20 type veth peer name w1 index 21 netns "$NS1"
	ip -n "$NS0" link set w0 name later up
	wait_for_line "$IFPULSE_OUT" '"ifname":"later"'
	in_ns "$NS0" tc filter del dev v0 egress
	wait_for_line "$IFPULSE_ERR" 'v0' 20
	wait_until 10 has_filter "$NS0" v0
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 40 --size 500
	settle
	stop_ifpulse
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	(($(probed "$NS0" v0 tx_packets) >= 40))
}

@test "functions have their names, and a container that comes later has its" {
	local address
	require_root
	make_pair
	in_ns "$NS0" grep -q '^f.* T ' /proc/kallsyms || skip "the kernel hides its addresses"
	start_ifpulse "$NS0" drops -j -I 50ms --where
	keeps "$IFPULSE_PID" "$PROBE"
	send "$NS1" traffic udp-send --to 192.0.2.1 --port 7001 --count 3 --size 100
	wait_for_line "$IFPULSE_OUT" '"reason":"NO_SOCKET"'
	stop_ifpulse
	address=$(jq -r 'select(.reason == "NO_SOCKET") | .where' "$IFPULSE_OUT" | head -n 1)
	[[ $address == *udp*+0x* ]]
	start_ifpulse "$NS0" rate -j -I 50ms
	keeps "$IFPULSE_PID" "$PROBE"
	make_ns NS2 2
	ip -n "$NS0" link add c0 index 30 type veth peer name c1 index 31 netns "$NS2"
	ip -n "$NS0" link set c0 up
	wait_for_line "$IFPULSE_OUT" "\"ifname\":\"c0\".*\"container\":\"$NS2\""
	stop_ifpulse
}

@test "another ifpulse before a filter is known for one, and does no harm" {
	local crowd
	require_tcx
	make_ns NS0 0
	for ((i = 0; i < 17; i++)); do
		echo "link add a$i type veth peer name b$i"
	done | ip -n "$NS0" -batch -
	start_ifpulse "$NS0" rate -j -v -I 50ms
	crowd=$IFPULSE_PID CROWD_ERR=$IFPULSE_ERR
	keeps "$crowd" "$PROBE"
	# Eight are looked at every 100 ms: all of them several times.
	in_ns "$NS0" "$BUILD/ifpulse" rate -i a3 --attach tcx -d 3s >/dev/null
	stop_ifpulse "$crowd"
	run ! grep -q 'another program\|names are not known' "$CROWD_ERR"
	[[ -z $(sed '/debug:/d' "$CROWD_ERR") ]] || { cat "$CROWD_ERR" && false; }
}

# ---- without root ----

probes_as_nobody() { # COMMAND-PREFIX…
	start_bg ifpulse "$NS0" "$@" "$IFPULSE" rate -j -I 50ms
	IFPULSE_PID=$BG_PID IFPULSE_OUT=$BG_OUT IFPULSE_ERR=$BG_ERR
	wait_for_line "$IFPULSE_OUT" '"ifname":"v0"' || cat "$IFPULSE_ERR" >&2
	# It is not its own to make the bounding set smaller, but nothing can come of that.
	keeps "$IFPULSE_PID" "$PROBE" "$(sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$IFPULSE_PID/status")"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 40 --size 500
	settle
	stop_ifpulse
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	assert_equal "$(probed "$NS0" v0 tx_packets)" 40 tx_packets
}

@test "file capabilities are enough for a user to probe" {
	require_tool setcap
	install_for_all cap_bpf,cap_net_admin,cap_perfmon+ep
	make_pair
	probes_as_nobody "${NOBODY[@]}"
}

@test "so are ambient ones" {
	local three=+bpf,+net_admin,+perfmon
	install_for_all ""
	make_pair
	probes_as_nobody "${NOBODY[@]}" --inh-caps="$three" --ambient-caps="$three"
}

@test "each command works with three capabilities, and says what it cannot do" {
	local command
	require_tool setcap
	install_for_all cap_bpf,cap_net_admin,cap_perfmon+ep
	install -d -o 65534 -m 0700 "$BATS_TEST_TMPDIR/own"
	make_pair
	for command in windows bursts drops "compare -i lo" health list \
		"record -o $BATS_TEST_TMPDIR/own/run"; do
		# shellcheck disable=SC2086
		run -0 in_ns "$NS0" "${NOBODY[@]}" "$IFPULSE" $command \
			$([[ $command == list ]] || echo -d 300ms)
	done
	run -0 in_ns "$NS0" "${NOBODY[@]}" "$IFPULSE" doctor
	[[ $output == *'CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are there'* ]]
	[[ $output == *'no CAP_SYS_ADMIN: --netns, other instances, what killed ones left'* ]]
	[[ $output == *"no CAP_SYSLOG: 'drops --where' has addresses"* ]]
	[[ $output == *'not root: containers'* && $output == *'programs load, and attach'* ]]
	run -3 in_ns "$NS0" "${NOBODY[@]}" "$IFPULSE" rate --netns all
	[[ $output == *'run as root'* ]]
	run -0 in_ns "$NS0" "$BUILD/ifpulse" doctor
	[[ $output != *'no CAP_'* && $output != *'not root'* ]]
}

@test "a user's drops have addresses, which is said, and root's have names" {
	require_tool setcap
	[[ $(</proc/sys/kernel/kptr_restrict) != 2 && $(</proc/sys/kernel/perf_event_paranoid) -gt 1 ]] ||
		skip "the kernel shows its addresses to all, or to nobody"
	install_for_all cap_bpf,cap_net_admin,cap_perfmon+ep
	make_pair
	start_bg ifpulse "$NS0" "${NOBODY[@]}" "$IFPULSE" drops -j -I 50ms --where -v
	IFPULSE_PID=$BG_PID IFPULSE_OUT=$BG_OUT IFPULSE_ERR=$BG_ERR
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	send "$NS1" traffic udp-send --to 192.0.2.1 --port 7001 --count 3 --size 100
	wait_for_line "$IFPULSE_OUT" '"reason":"NO_SOCKET".*"where":"0xf'
	stop_ifpulse
	grep -q 'functions are shown as addresses.*CAP_SYSLOG' "$IFPULSE_ERR"
}

# ---- files ----

modes_in() { # FOLDER
	find "$1" -printf '%m %P\n' | sed -E 's/[^ ]*\.ifpulse/x.ifpulse/' | sort | tr '\n' ','
}

with_umask() { # UMASK COMMAND…
	# shellcheck disable=SC2016
	in_ns "$NS0" bash -c 'umask "$0"; exec "$@"' "$@"
}

@test "files are for their owner, and by the umask for the group, never for others" {
	local mask folder owner=600 inside=700
	make_pair
	for mask in 0777 0077 0022 0; do
		((mask == 0022)) && owner=640 inside=750
		folder=$BATS_TEST_TMPDIR/$mask
		mkdir -m 0755 "$folder"
		start_bg recorder "$NS0" bash -c 'umask "$0"; exec "$@"' "$mask" "$BUILD/ifpulse" record \
			-o "$folder/run" -i v0 -w 1ms
		wait_until 10 test -s "$folder/run-wal"
		[[ $(modes_in "$folder") == "$owner run,$owner run-shm,$owner run-wal,755 ," ]] || {
			echo "umask $mask: $(modes_in "$folder")" && false
		}
		kill -INT "$BG_PID"
		wait_bg recorder
		with_umask "$mask" "$BUILD/ifpulse" plot "$folder/run" -o "$folder/run.svg" \
			--from 0s --to 1s
		[[ $(modes_in "$folder") == "$owner run,$owner run.svg,755 ," ]]
	done
	start_bg bursts "$NS0" bash -c 'umask 0; exec "$@"' - "$BUILD/ifpulse" bursts -v -w 1ms \
		--threshold 1bit --capture "$folder/captures" --once
	wait_for_line "$BG_ERR" 'looking for bursts'
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 40 --size 500
	wait_bg bursts
	assert_equal "$(modes_in "$folder/captures")" "640 x.ifpulse,$inside ,"

	# What was there keeps its mode, more or less than that.
	for mask in 604 400; do
		chmod "$mask" "$folder/run.svg"
		with_umask 0077 "$BUILD/ifpulse" plot "$folder/run" -o "$folder/run.svg"
		assert_equal "$(stat -c %a "$folder/run.svg")" "$mask"
	done
	chmod 0604 "$folder/run"
	"$BUILD/ifpulse" export "$folder/run" --format csv >/dev/null
	assert_equal "$(stat -c %a "$folder/run")" 604
}
