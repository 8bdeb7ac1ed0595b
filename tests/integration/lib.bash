#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the integration tests share; `load lib` in a .bats file. Each test has its own namespaces,
# named ifp-<pid of the test>-…, its own files under BATS_TEST_TMPDIR, and the teardown below, also
# after a failure: it ends what start_bg started, then deletes the namespaces. A file that defines
# its own teardown calls harness_cleanup from it.
#
# No test sleeps for a fixed time: wait_for_line, wait_bg, wait_up and settle poll. A bare `wait`
# would wait for the watchdog of bats as well: use wait_bg.

bats_require_minimum_version 1.5.0

BUILD=${BUILD:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)/build}
NS_PREFIX=ifp-$$
POLL_SECONDS=0.05
SETTLE_US=300000
PATIENCE=${PATIENCE:-1}
IFPULSE_STARTED=0

teardown() {
	harness_cleanup
}

# ---- what a test needs ----

# Skips the test unless it may create namespaces and interfaces.
require_root() {
	((EUID == 0)) || skip "needs root"
	require_tool ip
	require_tool jq
	has_capability 12 || skip "needs CAP_NET_ADMIN"
	has_capability 21 || skip "needs CAP_SYS_ADMIN"
}

# Skips the test unless it may load BPF programs besides.
require_root_bpf() {
	require_root
	has_capability 39 || skip "needs CAP_BPF"
	[[ -r /sys/kernel/btf/vmlinux ]] || skip "the kernel has no BTF (/sys/kernel/btf/vmlinux)"
}

require_tool() { # NAME
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

kernel_is() { # MAJOR.MINOR, or later
	local release
	release=$(uname -r)
	printf '%s\n' "$1" "${release%%[-+]*}" | sort -CV
}

# Skips the test on kernels before MAJOR.MINOR, which have no WHAT.
require_kernel() { # MAJOR.MINOR WHAT
	kernel_is "$1" || skip "Linux $(uname -r) has no $2"
}

has_tcx() {
	kernel_is 6.6
}

require_tcx() {
	has_tcx || skip "Linux $(uname -r) has no tcx"
}

has_capability() { # NUMBER
	local effective
	effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	((0x$effective >> $1 & 1))
}

# ---- namespaces ----

# Creates a namespace and puts its name into VARIABLE. Interfaces that are created in it send
# nothing by themselves but their multicast listener reports, and those within milliseconds.
make_ns() { # VARIABLE SUFFIX
	local ns=$NS_PREFIX-$2
	ip netns add "$ns"
	# shellcheck disable=SC2016
	ip netns exec "$ns" bash -ec '
		cd /proc/sys/net/ipv6/conf/default
		for name in accept_ra accept_dad dad_transmits router_solicitations; do
			echo 0 >"$name"
		done
		for version in 1 2; do
			echo 1 >"mldv${version}_unsolicited_report_interval"
		done'
	ip -n "$ns" link set lo up
	printf -v "$1" %s "$ns"
}

# v0 in $NS0 (192.0.2.1/24, 2001:db8::1/64) and v1 in $NS1 (.2, ::2), up, with static neighbours,
# and quiet. The indexes differ since the kernel may put off news of a link, and with it the first
# multicast reports, for a second where an index equals that of the link's other end.
make_pair() {
	local mac0 mac1
	make_ns NS0 0
	make_ns NS1 1
	ip link add v0 index 10 netns "$NS0" type veth peer name v1 index 11 netns "$NS1"
	mac0=$(mac_of "$NS0" v0)
	mac1=$(mac_of "$NS1" v1)
	configure_end "$NS0" v0 1 2 "$mac1"
	configure_end "$NS1" v1 2 1 "$mac0"
	wait_up "$NS0" v0
	wait_up "$NS1" v1
	settle
}

configure_end() { # NS IFNAME HOST PEER-HOST PEER-MAC
	ip -n "$1" -batch - <<-END
		address add 192.0.2.$3/24 dev $2
		address add 2001:db8::$3/64 dev $2 nodad
		link set $2 up
		neighbour replace 192.0.2.$4 lladdr $5 dev $2 nud permanent
		neighbour replace 2001:db8::$4 lladdr $5 dev $2 nud permanent
	END
}

# Renames an interface that is up.
rename_up() { # NS IFNAME NAME
	require_kernel 6.2 "new names for interfaces that are up"
	ip -n "$1" link set "$2" name "$3"
}

in_ns() { # NS COMMAND…
	ip netns exec "$@"
}

mac_of() { # NS IFNAME
	local link
	link=$(ip -n "$1" -j link show dev "$2") || return
	jq -er '.[0].address' <<<"$link"
}

# Counters of the kernel's, in one line: rx_bytes, tx_packets, rx_dropped, tx_carrier_errors, …
stats64() { # NS IFNAME FIELD…
	local link
	link=$(ip -n "$1" -j -s -s link show dev "$2") || return
	jq -er '.[0].stats64 as $stats | [$ARGS.positional[] | . as $field |
		$stats[.[:2]][.[3:]] // error("no counter " + $field) | tostring] | join(" ")' \
		- --args "${@:3}" <<<"$link"
}

# ---- waiting ----

microseconds() {
	printf %s "${EPOCHREALTIME/[.,]/}"
}

# Polls until COMMAND succeeds. Slow machines have more patience (PATIENCE, a factor).
wait_until() { # SECONDS COMMAND…
	local deadline
	deadline=$(($(microseconds) + $1 * PATIENCE * 1000000))
	shift
	until "$@"; do
		(($(microseconds) < deadline)) || return 1
		sleep "$POLL_SECONDS"
	done
}

# Waits for a line that matches the extended regular expression PATTERN.
wait_for_line() { # FILE PATTERN [SECONDS]
	wait_until "${3:-10}" grep -Eqse "$2" -- "$1" && return
	printf 'no line of %s matches: %s\n' "$1" "$2" >&2
	sed 's/^/  | /' "$1" >&2
	return 1
}

# Kinds without a carrier of their own (tun, vxlan, ifb) stay UNKNOWN, a veth only until it is up.
is_up() { # NS IFNAME
	local link
	link=$(ip -n "$1" -d -j link show dev "$2") || return
	jq -e '.[0] | .operstate == "UP" or
		(.operstate == "UNKNOWN" and .linkinfo.info_kind != "veth")' <<<"$link" >/dev/null
}

# Waits until the kernel calls the interface operational. Before that it drops what is sent, and
# the multicast reports are yet to come: settle after it.
wait_up() { # NS IFNAME
	wait_until 10 is_up "$1" "$2" && return
	ip -n "$1" link show dev "$2" >&2
	return 1
}

all_counters() { # [NS IFNAME]…
	while (($#)); do
		ip -n "$1" -s -s link show dev "$2"
		shift 2
	done
}

# Waits until no counter of these interfaces (default: both ends of the pair) has moved for 300 ms.
settle() { # [NS IFNAME]…
	local previous current since deadline
	(($#)) || set -- "$NS0" v0 "$NS1" v1
	since=$(microseconds)
	deadline=$((since + 15000000 * PATIENCE))
	previous=$(all_counters "$@")
	while (($(microseconds) - since < SETTLE_US)); do
		sleep "$POLL_SECONDS"
		current=$(all_counters "$@")
		[[ $current == "$previous" ]] && continue
		since=$(microseconds)
		previous=$current
		((since < deadline)) && continue
		printf 'still busy:\n%s\n' "$current" >&2
		return 1
	done
}

# ---- background processes ----

# Starts COMMAND in the background: BG_PID, and its output in BG_OUT and BG_ERR, which are NAME.out
# and NAME.err in BATS_TEST_TMPDIR. A shell has background commands ignore SIGINT; env undoes that.
# Skips the test where COMMAND is to use tcx and the kernel has none.
start_bg() { # NAME NS COMMAND…
	local base=$BATS_TEST_TMPDIR/$1 ns=$2
	shift 2
	[[ " $* " != *" "--@(attach|mode)" tcx "* ]] || require_tcx
	BG_OUT=$base.out BG_ERR=$base.err
	ip netns exec "$ns" env --default-signal=INT,QUIT "$@" \
		</dev/null >"$BG_OUT" 2>"$BG_ERR" 3>&- &
	BG_PID=$!
	printf '%s\n' "$BG_PID" >"$base.pid"
	printf '%s %s\n' "$BG_PID" "$(start_time "$BG_PID")" >>"$BATS_TEST_TMPDIR/started"
	wait_until 10 takes_interrupts "$BG_PID"
}

# Not ignoring SIGINT, or ended: what is sent before that would be lost.
takes_interrupts() { # PID
	local ignored
	ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return 0
	((!(0x${ignored:-0} & 2)))
}

# When a process started, in ticks; nothing once it has ended. With the pid this names it for good.
start_time() { # PID
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	read -ra stat <<<"${stat##*) }"
	[[ ${stat[0]} == [ZX] ]] || printf %s "${stat[19]}"
}

has_ended() { # PID
	[[ -z $(start_time "$1") ]]
}

# Waits for the end of a process of start_bg and returns its exit status; kills it after SECONDS,
# with a message and status 124.
wait_pid() { # PID [SECONDS]
	local status=0
	if ! wait_until "${2:-30}" has_ended "$1"; then
		printf 'process %s does not end: %s\n' "$1" "$(tr '\0' ' ' <"/proc/$1/cmdline")" >&2
		kill -KILL "$1"
		wait "$1" || true
		return 124
	fi
	wait "$1" || status=$?
	return "$status"
}

wait_bg() { # NAME [SECONDS]
	wait_pid "$(<"$BATS_TEST_TMPDIR/$1.pid")" "${2:-30}"
}

# Runs ifpulse in the background: IFPULSE_PID, IFPULSE_OUT, IFPULSE_ERR.
start_ifpulse() { # NS ARGUMENT…
	local ns=$1
	shift
	IFPULSE_STARTED=$((IFPULSE_STARTED + 1))
	start_bg "ifpulse-$IFPULSE_STARTED" "$ns" "$BUILD/ifpulse" "$@"
	# shellcheck disable=SC2034 # the tests use them
	IFPULSE_PID=$BG_PID IFPULSE_OUT=$BG_OUT IFPULSE_ERR=$BG_ERR
}

# Interrupts ifpulse, waits, and returns its exit status, which is in IFPULSE_STATUS, too. Not with
# `run`, whose subshell cannot wait for a process of the test.
stop_ifpulse() { # [PID]
	local pid=${1:-$IFPULSE_PID}
	has_ended "$pid" || kill -INT "$pid"
	IFPULSE_STATUS=0
	wait_pid "$pid" 10 || IFPULSE_STATUS=$?
	return "$IFPULSE_STATUS"
}

# ---- results ----

# A field of the last JSON object in a file.
json_field() { # FILE FIELD
	local object
	object=$(tail -n 1 -- "$1")
	# jq 1.6 calls no input a success.
	[[ $object ]] || object='"nothing"'
	jq -er --arg field "$2" '.[$field] // error("no field " + $field)' <<<"$object"
}

assert_equal() { # ACTUAL EXPECTED [WHAT]
	[[ $1 == "$2" ]] && return
	printf '%s: %s, expected %s\n' "${3:-value}" "$1" "$2" >&2
	return 1
}

# ---- the end ----

harness_cleanup() {
	local pid start ns
	if [[ -e $BATS_TEST_TMPDIR/started ]]; then
		while read -r pid start; do
			[[ -n $start && $(start_time "$pid") == "$start" ]] || continue
			kill -TERM "$pid" || true
			wait_until 3 has_ended "$pid" || kill -KILL "$pid" || true
		done <"$BATS_TEST_TMPDIR/started"
	fi
	for ns in /run/netns/"$NS_PREFIX"-*; do
		[[ -e $ns ]] || continue
		ip netns delete "${ns##*/}" || true
	done
}
