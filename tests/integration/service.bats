#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The systemd unit of the recorder. Where systemd does not run, its sandbox is made by hand from what the unit says:
# the user, the capabilities, the read-only file system, and the system calls, of which a forbidden one kills.

load lib
load probe

UNIT=$BATS_TEST_DIRNAME/../../scripts/systemd/ifpulse-record.service

setup() {
	require_root_bpf
	require_tool setpriv
	require_tool systemd-analyze
	IFPULSE=$BATS_TEST_TMPDIR/bin/ifpulse STATE=$BATS_TEST_TMPDIR/state
	mkdir -m 0755 "${IFPULSE%/*}"
	install -m 0755 "$BUILD/ifpulse" "$BUILD/tools/confined" "${IFPULSE%/*}"
	chmod a+x "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}"
	install -d -o 65534 -g 65534 -m 0750 "$STATE"
}

# The names of a set of system calls, those of the sets in it, too.
expand() { # @SET
	local word
	while read -r word; do
		case $word in
		@*) expand "$word" ;;
		[a-z_]*) echo "$word" ;;
		esac
	done < <(systemd-analyze syscall-filter "$1" | sed 1d)
}

allowed_names() {
	local line word
	while read -r line; do
		[[ $line != '~'* ]] || continue
		for word in $line; do
			[[ $word == @* ]] && expand "$word" || echo "$word"
		done
	done < <(sed -n 's/^SystemCallFilter=//p' "$UNIT") | sort -u |
		grep -vxF "$(sed -n 's/^SystemCallFilter=~//p' "$UNIT" | tr ' ' '\n')"
}

# Of the names, but one, what this machine has.
numbers_but() { # [NAME]
	local name
	{
		echo '#include <sys/syscall.h>'
		while read -r name; do
			[[ $name == "${1-}" ]] || printf '#ifdef SYS_%s\nnumber SYS_%s\n#endif\n' "$name" "$name"
		done < <(allowed_names)
	} | gcc -E -P - | sed -n 's/^number //p'
}

# What follows KEY=…sh -c, as the shell gets it.
script_of_unit() {
	sed -n "s/^ExecStart=\/bin\/sh -c '\(.*\)'$/\1/p" "$UNIT" |
		sed -e 's/\$\$/$/g' -e 's/%%/%/g' -e "s|@SBINDIR@/ifpulse|$IFPULSE|"
}

capabilities_of_unit() {
	sed -n 's/^AmbientCapabilities=//p' "$UNIT" | sed -e 's/CAP_/+/g' -e 's/ /,/g' | tr A-Z a-z
}

# Prefixes what start_bg runs: everything but STATE is read-only, and so on.
sandbox() { # NUMBER…
	local caps
	caps=$(capabilities_of_unit)
	# shellcheck disable=SC2016
	SANDBOX=(unshare --mount bash -ec '
		while read -r place; do
			mount -o remount,bind,ro "$place" 2>/dev/null || true
		done < <(findmnt -rno TARGET | grep -vE "^/(dev|proc|sys)(/|$)")
		mount --bind "$0" "$0"
		mount -o remount,bind,rw "$0"
		cd "$0"
		umask 0077
		exec "$@"' "$STATE" setpriv --reuid 65534 --regid 65534 --clear-groups
		--inh-caps="-all,$caps" --ambient-caps="-all,$caps" --bounding-set="-all,$caps"
		"${IFPULSE%/*}/confined" "$@" --)
}

# What sanitizers call besides is not in the unit.
require_plain_build() {
	require_tool gcc
	! grep -q __asan_init "$BUILD/ifpulse" || skip "a build with sanitizers"
}

@test "systemd takes the unit, and finds little that it is exposed to" {
	local unit=$BATS_TEST_TMPDIR/ifpulse-record.service
	sed "s|@SBINDIR@|${IFPULSE%/*}|" "$UNIT" >"$unit"
	run -0 systemd-analyze verify --man=no "$unit"
	[[ $output != *ifpulse-record* ]] || { echo "$output" && false; }
	systemd-analyze security --help | grep -q -- --offline || skip "systemd is too old"
	systemd-analyze security --offline=yes --threshold=20 "$unit"
}

@test "the recorder does all that it does within the unit's sandbox" {
	local file options
	require_plain_build
	# shellcheck disable=SC2046
	sandbox $(numbers_but)
	make_pair
	touch -d '9 days ago' "$STATE/old.ifpulse" "$STATE/old.ifpulse-wal"
	touch -d '1 day ago' "$STATE/new.ifpulse"
	chown 65534:65534 "$STATE"/*
	options=$(sed -n 's/^Environment="IFPULSE_OPTIONS=\(.*\)"$/\1/p' "$UNIT")
	[[ $options == *--max-size*--keep* ]]

	in_ns "$NS0" "${SANDBOX[@]}" sh -c "$(sed -n 's/^ExecStartPre=-//p' "$UNIT")"
	assert_equal "$(ls "$STATE")" new.ifpulse
	rm "$STATE/new.ifpulse"

	IFPULSE_OPTIONS="$options -v --threshold 1Mbit" start_bg recorder "$NS0" "${SANDBOX[@]}" \
		sh -c "$(script_of_unit)"
	wait_for_line "$BG_ERR" 'attached to v0'
	grep -q '^Seccomp:[[:space:]]*2$' "/proc/$BG_PID/status"
	grep -q '^CapEff:[[:space:]]*000000c000001000$' "/proc/$BG_PID/status"
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7001 --count 2000 --size 500
	# All that comes later, too: an interface, who is behind it, its new name, somebody's drops.
	make_ns NS2 2
	ip -n "$NS0" link add c0 index 30 type veth peer name c1 index 31 netns "$NS2"
	ip -n "$NS0" link set c0 up name c2
	wait_for_line "$BG_ERR" 'attached to c'
	ip -n "$NS0" link delete c2
	file=$(ls "$STATE"/*.ifpulse)
	[[ ${file##*/} =~ ^20[0-9]{6}T[0-9]{6}Z\.[0-9]+\.ifpulse$ ]]
	kill -TERM "$BG_PID"
	wait_bg recorder || { cat "$BG_ERR" && false; }

	assert_equal "$(ls "$STATE")" "${file##*/}"
	assert_equal "$(stat -c '%a %u' "$file")" "600 65534"
	"$BUILD/ifpulse" export "$file" --format jsonl >"$BATS_TEST_TMPDIR/export"
	assert_equal "$(jq -s 'map(select(.type == "window" and .ifname == "v0" and
		.direction == "tx") | .packets) | add >= 2000' "$BATS_TEST_TMPDIR/export")" true
	jq -se 'any(.type == "burst")' "$BATS_TEST_TMPDIR/export" >/dev/null
}

@test "a recorder that calls what is not allowed does not get far" {
	local status=0
	require_plain_build
	# shellcheck disable=SC2046
	sandbox $(numbers_but signalfd4)
	make_ns NS0 0
	start_bg recorder "$NS0" "${SANDBOX[@]}" "$IFPULSE" record -o run.ifpulse
	wait_bg recorder || status=$?
	# SIGSYS
	assert_equal "$status" 159 "exit status"
}
