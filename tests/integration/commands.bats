#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The commands as their users see them: what they print, what they say when it cannot be, and the status
# they end with.

load lib
load probe

setup() {
	require_root_bpf
}

ifp() { # NS ARGUMENT…
	in_ns "$1" "$BUILD/ifpulse" "${@:2}"
}

# Expects STATUS, nothing on stdout, and PATTERN on stderr.
refused() { # STATUS PATTERN COMMAND…
	local status=0 wanted=$1 pattern=$2
	shift 2
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null || status=$?
	cat "$BATS_TEST_TMPDIR/err"
	assert_equal "$status" "$wanted" "exit status of: $*"
	[[ ! -s $BATS_TEST_TMPDIR/out ]]
	grep -qE -- "$pattern" "$BATS_TEST_TMPDIR/err"
}

# ---- list ----

@test "list equals ip -j -d addr, for every kind there is" {
	make_pair
	ip -n "$NS0" link add br0 type bridge
	ip -n "$NS0" link add p0 type veth peer name p1
	ip -n "$NS0" link set p0 master br0 up
	ip -n "$NS0" link set p1 up
	ip -n "$NS0" link set br0 up
	ip -n "$NS0" link add vx0 type vxlan id 7 dev v0 remote 192.0.2.2 dstport 4789
	ip -n "$NS0" link add mv0 link v0 type macvlan mode bridge
	ip -n "$NS0" link add ifb7 type ifb
	ip -n "$NS0" tuntap add dev tun0 mode tun
	ip -n "$NS0" address add 203.0.113.1 peer 203.0.113.2/32 dev tun0
	ip -n "$NS0" link set tun0 up
	wait_up "$NS0" br0
	settle "$NS0" br0 "$NS0" v0
	ifp "$NS0" list -j >"$BATS_TEST_TMPDIR/ours"
	ip -n "$NS0" -j -d addr show >"$BATS_TEST_TMPDIR/theirs"
	local common='map({ifindex, ifname, mtu, operstate, txqlen, link_type, qdisc,
		flags: (.flags | sort), address, broadcast, master, link_netnsid, kind,
		addr_info: (.addr_info | map({family, local, address, prefixlen, scope}))})
		| sort_by(.ifindex)'
	jq "$common" "$BATS_TEST_TMPDIR/ours" >"$BATS_TEST_TMPDIR/ours.common"
	jq "map(.kind = .linkinfo.info_kind) | $common" "$BATS_TEST_TMPDIR/theirs" \
		>"$BATS_TEST_TMPDIR/theirs.common"
	diff -u "$BATS_TEST_TMPDIR/theirs.common" "$BATS_TEST_TMPDIR/ours.common"
}

@test "list for people: addresses, status, speed, MTU" {
	make_pair
	ip -n "$NS0" tuntap add dev tap0 mode tap
	ip -n "$NS1" link set v1 down
	wait_until 5 is_down "$NS0" v0
	run -0 --separate-stderr ifp "$NS0" list
	[[ $output =~ v0\ +DOWN\ \(no\ carrier\)\ +10.00\ Gbit/s\ +1500\ +veth\ .*192.0.2.1/24 ]]
	[[ $output =~ 2001:db8::1/64 ]]
	[[ $output =~ tap0\ +DOWN\ +10.00\ [MG]bit/s\ +1500\ +tun ]]
	[[ $output =~ lo\ +UP\ +unknown\ +65536\ .*127.0.0.1/8 ]]
}

is_down() { # NS IFNAME
	ip -n "$1" -j link show dev "$2" | jq -e '.[0].operstate == "LOWERLAYERDOWN" or
		.[0].operstate == "DOWN"' >/dev/null
}

@test "list shows the other end of a point-to-point address, and no space ends a line" {
	make_ns NS0 0
	ip -n "$NS0" link add e0 type veth peer name e1
	ip -n "$NS0" address add 10.9.9.1 peer 10.9.9.2/32 dev e0
	ifp "$NS0" list >"$BATS_TEST_TMPDIR/list"
	grep -q ' 10.9.9.1 peer 10.9.9.2/32$' "$BATS_TEST_TMPDIR/list"
	run ! grep ' $' "$BATS_TEST_TMPDIR/list"
}

@test "list needs no privilege" {
	make_ns NS0 0
	in_ns "$NS0" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		"$BUILD/ifpulse" list -j | jq -e '.[0].ifname == "lo"'
}

@test "hostile interface names can steer neither terminal nor JSON" {
	make_ns NS0 0
	ip -n "$NS0" link add $'e\e[31m"\\' type veth peer name $'\xff\xe2\x80\xaex'
	run -0 --separate-stderr ifp "$NS0" list
	[[ $output != *$'\e'* && $output == *'e\x1b[31m"\'* && $output == *'\xff\xe2\x80\xaex'* ]]
	ifp "$NS0" list -j | jq -e 'map(.ifname) | contains(["e\u001b[31m\"\\"])'
	ifp "$NS0" rate -I 10ms -c 1 --csv | grep -qF '"e\x1b[31m""\"'
}

# ---- rate ----

@test "rate for people shows received and sent with units that follow the size" {
	make_pair
	start_ifpulse "$NS0" rate -I 300ms -i v0
	wait_for_line "$IFPULSE_OUT" '^INTERFACE +↓ RECEIVED +PEAK +PKT/S +DROP +↑ SENT '
	wait_for_line "$IFPULSE_OUT" '^v0 +0 bit/s +0 bit/s +0 +0 +0 bit/s +0 bit/s +0 +0 +'"$NS1"'$'
	send "$NS0" frames raw-send --interface v0 --count 50000 --size 1514
	wait_for_line "$IFPULSE_OUT" '^v0 .* [0-9]+ +[0-9]+ +[0-9.]+ [MG]bit/s +[0-9.]+ [MG]bit/s '
	stop_ifpulse
}

@test "without a command it is rate, and --csv has one header and equal rows" {
	make_pair
	ifp "$NS0" -I 20ms -c 3 --csv >"$BATS_TEST_TMPDIR/csv"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/csv")" 7 lines
	head -n 1 "$BATS_TEST_TMPDIR/csv" | grep -q '^time,interval_us,ifindex,ifname,netns,rx_bytes,'
	assert_equal "$(awk -F, '{print NF}' "$BATS_TEST_TMPDIR/csv" | sort -u | wc -l)" 1
}

@test "--duration ends with the last whole interval, and a broken one is shown, too" {
	make_ns NS0 0
	assert_equal "$(ifp "$NS0" rate -j -i lo -I 20ms -d 100ms | wc -l)" 5 "whole intervals"
	assert_equal "$(ifp "$NS0" rate -j -i lo -I 40ms -d 100ms | wc -l)" 3 "with a broken one"
}

@test "a glob that matches nothing: no report, and status 3 in the end" {
	make_ns NS0 0
	refused 3 "no interface matched" ifp "$NS0" rate -i 'nosuch*' -I 10ms -d 100ms
	refused 3 "no interface matched" ifp "$NS0" rate -i 'nosuch*' -I 10ms -d 100ms --total -j
	refused 3 "no interface matched" ifp "$NS0" rate -i 'nosuch*' -I 1ms -c 1 -d 200ms
	refused 3 "no interface matched" ifp "$NS0" windows -i 'nosuch*' -d 100ms
	refused 3 "no interface matched" ifp "$NS0" bursts -i 'nosuch*' -d 100ms -j
	refused 3 "no interface matched" ifp "$NS0" drops -i 'nosuch*' -d 100ms -j
	refused 3 "no interface matched" ifp "$NS0" record -i 'nosuch*' -d 100ms -o "$BATS_TEST_TMPDIR/run"
}

@test "intervals without an interface do not count: -c waits for the one that comes" {
	make_ns NS0 0
	start_ifpulse "$NS0" rate -j -i 'late*' -I 1ms -c 3 --total
	wait_until 10 is_running "$IFPULSE_PID"
	ip -n "$NS0" link add late0 type veth peer name x
	wait_pid "$IFPULSE_PID" 10
	assert_equal "$(jq -s 'map(.ifname) | unique == ["late0", "total"] and length == 6' \
		"$IFPULSE_OUT")" true "late0 and the total, three times"
}

is_running() { # PID: past its start, in epoll_wait(2)
	local syscall
	read -r syscall _ <"/proc/$1/syscall" && [[ $syscall == 232 || $syscall == 22 ]]
}

# ---- health ----

@test "health: exact counts, verdict and status, since boot and over a time" {
	make_pair
	send "$NS0" frames raw-send --interface v0 --count 200 --size 100
	settle
	# Nobody takes these frames: all are rx_dropped.
	local packets
	packets=$(($(stats64 "$NS1" v1 rx_packets) + $(stats64 "$NS1" v1 tx_packets)))
	run -1 --separate-stderr ifp "$NS1" health -j -i v1
	jq -e --argjson packets "$packets" --argjson dropped "$(stats64 "$NS1" v1 rx_dropped)" \
		'.[0] | .verdict == "drops" and .drops == $dropped and $dropped >= 200 and .errors == 0
		and .rx_packets + .tx_packets == $packets and .period == "boot"
		and ((.drop_rate_pct - 100 * $dropped / $packets) | fabs) < 0.00001' <<<"$output"
	# With a limit above what there is, it is no finding.
	ifp "$NS1" health -j -i v1 --drops-over 100%
	# Over a quiet time there is nothing; that since boot there was, is said all the same.
	run -1 --separate-stderr ifp "$NS1" health -j -i v1 -d 50ms
	jq -e 'map(.period) == ["boot", "interval"] and .[1].verdict == "no packets"
		and .[1].error_rate_pct == null and .[1].interval_us >= 50000' <<<"$output"
	ifp "$NS1" health -j -i v1 -d 50ms --period interval | jq -e 'length == 1'
}

@test "health over a time sees only what happened in it" {
	make_pair
	start_bg health "$NS1" "$BUILD/ifpulse" health -j -i v1 -d 10s --period interval -v
	wait_for_line "$BG_ERR" 'judging'
	send "$NS0" frames raw-send --interface v0 --count 300 --size 100
	settle
	kill -INT "$BG_PID"
	local status=0
	wait_bg health || status=$?
	assert_equal "$status" 1
	jq -e '.[0] | .rx_packets == 300 and .drops == 300 and .verdict == "drops"
		and .drop_rate_pct == 100' "$BG_OUT"
}

@test "health counts errors, too" {
	make_ns NS0 0
	# The way to the remote end leads nowhere: each packet is a tx error.
	ip -n "$NS0" link add vx0 type vxlan id 9 remote 198.51.100.9 dstport 4789
	ip -n "$NS0" link set vx0 up
	settle "$NS0" vx0
	send "$NS0" frames raw-send --interface vx0 --count 50 --size 100
	settle "$NS0" vx0
	(($(stats64 "$NS0" vx0 tx_errors) >= 50))
	run -1 --separate-stderr ifp "$NS0" health -j -i vx0
	jq -e --argjson errors "$(stats64 "$NS0" vx0 tx_errors)" \
		'.[0].errors == $errors and (.[0].verdict | startswith("errors"))' <<<"$output"
}

@test "health of an idle interface says no packets" {
	make_ns NS0 0
	ifp "$NS0" health -i lo | grep -qE '^lo .*no packets$'
}

# ---- doctor ----

@test "doctor finds nothing wrong here, and names who is on the hooks" {
	local mode=tcx
	has_tcx || mode=clsact
	make_pair
	start_bg other "$NS0" "$BUILD/tools/neighbour" --interface v0 --direction ingress --mode "$mode"
	wait_for_line "$BG_ERR" '^ready$'
	start_ifpulse "$NS0" rate -j -I 50ms -i v0
	wait_for_line "$IFPULSE_OUT" v0
	ifp "$NS0" doctor -j >"$BATS_TEST_TMPDIR/doctor"
	jq -e --arg mode "$mode" 'all(.status != "failed") and
		(map(select(.ifname == "v0" and .check == "hook").detail) |
			contains([$mode + " ingress: neighbour"]) and
			contains([$mode + " ingress: ifpulse_ingress (an ifpulse)"]))' "$BATS_TEST_TMPDIR/doctor"
	jq -e --arg pid "pid $IFPULSE_PID " 'map(select(.check == "instance" and
		(.detail | startswith($pid) and contains("on 1 interface, ") and
		contains("nothing lost")))) | length == 1' "$BATS_TEST_TMPDIR/doctor"
	stop_ifpulse
}

@test "doctor without privilege says which is missing, with the remedy, and status 1" {
	make_ns NS0 0
	run -1 in_ns "$NS0" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		"$BUILD/ifpulse" doctor -i lo
	[[ $output == *'CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing'* && $output == *'run as root'* ]]
}

# ---- bad input ----

@test "usage errors say what was wrong and what is right, with status 2" {
	local ifpulse=$BUILD/ifpulse
	refused 2 "there is no command 'rat'.*--help" "$ifpulse" rat
	refused 2 "unknown .*option '--intervall'" "$ifpulse" rate --intervall 1s
	refused 2 "unknown option '-z'" "$ifpulse" rate -z
	refused 2 "needs a value" "$ifpulse" rate -I
	refused 2 "has no unit.*for example 10us" "$ifpulse" rate -I 100
	refused 2 "unknown unit 'sec'" "$ifpulse" rate -I 1sec
	refused 2 "'-1s' is not a time" "$ifpulse" rate -I -1s
	refused 2 "shorter than 1 ms" "$ifpulse" rate -I 10us
	refused 2 "too large" "$ifpulse" rate -d 9999999999999h
	refused 2 "must be at least 1" "$ifpulse" rate -c 0
	refused 2 "is not a count" "$ifpulse" rate -c many
	refused 2 "--json and --csv exclude each other" "$ifpulse" rate -j --csv
	refused 2 "'list' does not take --interval" "$ifpulse" list -I 1s
	refused 2 "takes no argument 'eth0'" "$ifpulse" list eth0
	refused 2 "cannot be an interface" "$ifpulse" rate -i a/b/
	refused 2 "cannot be an interface" "$ifpulse" rate -i ''
	refused 2 "none of the values of --attach: auto\|tcx\|clsact" "$ifpulse" rate --attach xdp
	refused 2 "more than 100%" "$ifpulse" health --drops-over 101%
	refused 2 "is not a percentage" "$ifpulse" health --drops-over some
	refused 2 "needs a time to judge over" "$ifpulse" health --period interval
}

@test "--help of everything goes to stdout with status 0 and is within 80 columns" {
	local command
	for command in "" rate windows bursts drops record replay export plot list watch health compare doctor \
		"replay FILE rate" "replay FILE windows" "replay FILE bursts" "replay FILE health"; do
		# shellcheck disable=SC2086
		"$BUILD/ifpulse" $command --help >"$BATS_TEST_TMPDIR/help"
		grep -q '^usage: ifpulse' "$BATS_TEST_TMPDIR/help"
		assert_equal "$(awk 'length > 80' "$BATS_TEST_TMPDIR/help")" "" "long lines"
	done
	# What is said of JSON is what this command does.
	"$BUILD/ifpulse" watch --help | grep -q 'JSON: a line per object$'
	"$BUILD/ifpulse" health --help | grep -q 'JSON: one array$'
	"$BUILD/ifpulse" --version | grep -qE '^ifpulse [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "an interface that is not there: status 3, and the names that are" {
	local command
	make_pair
	for command in rate list health compare doctor; do
		refused 3 "there is no interface 'eth9'; there are: lo v0" ifp "$NS0" "$command" -i eth9
	done
}

@test "without privilege: status 3, the capabilities and the remedy" {
	refused 3 "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing; run as root" \
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$BUILD/ifpulse" rate
	refused 3 "CAP_PERFMON missing; run as root" \
		setpriv --bounding-set=-perfmon,-sys_admin --inh-caps=-perfmon,-sys_admin \
		"$BUILD/ifpulse" rate
}

@test "an old kernel: status 3" {
	refused 3 "Linux 2\.6\..* is too old; ifpulse needs Linux 5\.10" \
		setarch --uname-2.6 "$BUILD/ifpulse" rate
}

@test "no BTF: status 3" {
	refused 3 "the kernel has no BTF.*CONFIG_DEBUG_INFO_BTF" \
		unshare --mount bash -c 'mount -t tmpfs none /sys/kernel/btf && exec "$0" rate' \
		"$BUILD/ifpulse"
}

@test "a full disk under stdout: status 3, and what is there ends with a whole object" {
	make_ns NS0 0
	refused 3 "cannot write to standard output: No space left on device; make room" \
		full_device "$NS0"
	# A file system of 16 KiB fills up in the middle of some object.
	# shellcheck disable=SC2016
	run in_ns "$NS0" unshare --mount bash -c '
		mount -t tmpfs -o size=16k none /mnt && cd /mnt || exit 99
		"$1" rate -j -I 1ms -d 10s >out
		status=$?
		cp out "$2"
		exit $status' - "$BUILD/ifpulse" "$BATS_TEST_TMPDIR/cut"
	assert_equal "$status" 3
	[[ $output == *'No space left on device'* ]]
	jq -se 'length > 5 and all(.ifname)' "$BATS_TEST_TMPDIR/cut" >/dev/null
	assert_equal "$(tail -c 1 "$BATS_TEST_TMPDIR/cut" | od -An -tx1)" " 0a" "last byte"
}

@test "help that cannot be written: status 3, and no talk of reports" {
	refused 3 "cannot write to standard output: No space left on device; make room" full_help
	run ! grep -q report "$BATS_TEST_TMPDIR/err"
}

full_help() {
	"$BUILD/ifpulse" --help >/dev/full
}

@test "closed standard output: status 3, at once, for every command" {
	local command
	make_ns NS0 0
	for command in rate windows list watch "health -d 1h" compare doctor --help; do
		# shellcheck disable=SC2086
		refused 3 "standard output is closed; let it go somewhere" \
			closed_output "$NS0" "$BUILD/ifpulse" $command
	done
}

closed_output() { # NS COMMAND…
	# shellcheck disable=SC2016
	in_ns "$1" bash -c 'exec timeout 5 "$@" >&-' - "${@:2}"
}

@test "closed standard input and error do not keep it from its work" {
	make_ns NS0 0
	in_ns "$NS0" "$BUILD/ifpulse" list -j <&- 2>&- >"$BATS_TEST_TMPDIR/list"
	jq -e '.[0].ifname == "lo"' "$BATS_TEST_TMPDIR/list"
	in_ns "$NS0" "$BUILD/ifpulse" rate -j -I 10ms -c 2 -i lo <&- 2>&- >"$BATS_TEST_TMPDIR/rate"
	assert_equal "$(jq -s length "$BATS_TEST_TMPDIR/rate")" 2
}

full_device() { # NS; its stdout is not what `refused` looks at
	ifp "$1" rate -j -I 10ms >/dev/full
}

@test "a closed pipe ends it with a word and status 0" {
	make_ns NS0 0
	# shellcheck disable=SC2016
	run in_ns "$NS0" bash -c '"$0" rate -j -I 5ms -d 10s | head -n 2; exit "${PIPESTATUS[0]}"' \
		"$BUILD/ifpulse"
	assert_equal "$status" 0
	[[ $output == *'standard output was closed by its reader'* ]]
}

@test "a reader that takes nothing does not keep it from ending" {
	make_ns NS0 0
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	start_bg stuck "$NS0" bash -c 'exec "$0" rate -j -I 1ms >"$1"' "$BUILD/ifpulse" \
		"$BATS_TEST_TMPDIR/fifo"
	wait_until 10 is_blocked_in_poll "$BG_PID"
	kill -INT "$BG_PID"
	local status=0
	wait_bg stuck 10 || status=$?
	exec 7>&-
	assert_equal "$status" 3
	grep -q 'stopped while nobody read' "$BG_ERR"
}

# Blocked for good: in poll(2), not in epoll_wait(2), twice in a row.
is_blocked_in_poll() { # PID
	local syscall
	read -r syscall _ <"/proc/$1/syscall" && [[ $syscall == 7 || $syscall == 73 ]] &&
		sleep 0.3 && read -r syscall _ <"/proc/$1/syscall" && [[ $syscall == 7 || $syscall == 73 ]]
}

@test "Ctrl-C ends with the whole of what was counted and status 0" {
	make_pair
	start_ifpulse "$NS0" rate -j -I 1h -i v0 -v
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	send "$NS0" frames raw-send --interface v0 --count 77 --size 100
	settle
	stop_ifpulse
	PROBE_OUT[$NS0]=$IFPULSE_OUT
	probed_is "$NS0" v0 tx 77 7700
}
