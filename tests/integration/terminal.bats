#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the commands show on a terminal: a pseudo terminal of script(1), whose output is looked at byte
# by byte.

load lib
load probe

ESC=$'\e'

setup() {
	require_root_bpf
	require_tool script
	export TERM=xterm LC_ALL=C.UTF-8
	unset NO_COLOR
}

# Runs ifpulse on a terminal in the background. Its output is in SCREEN, its pid in SCREEN_PID.
on_terminal() { # COLUMNS ROWS NS ARGUMENT…
	local columns=$1 rows=$2 ns=$3
	shift 3
	SCREEN=$BATS_TEST_TMPDIR/screen
	: >"$SCREEN"
	rm -f "$BATS_TEST_TMPDIR/screen.pid"
	# shellcheck disable=SC2016
	start_bg terminal "$ns" script -qefc 'stty cols '"$columns"' rows '"$rows"' -onlcr
		echo $$ >'"$BATS_TEST_TMPDIR/screen.pid"'
		exec '"$BUILD/ifpulse ${*@Q}"'' "$SCREEN"
	wait_until 5 test -s "$BATS_TEST_TMPDIR/screen.pid"
	SCREEN_PID=$(<"$BATS_TEST_TMPDIR/screen.pid")
}

# The same to its end; what it showed is in PICTURE, without what script adds. The status is ifpulse's.
picture() { # COLUMNS NS ARGUMENT…
	local status=0
	on_terminal "$1" 24 "${@:2}" --no-color
	wait_bg terminal || status=$?
	PICTURE=$BATS_TEST_TMPDIR/picture
	sed -e '/^Script started /d' -e '/^Script done /d' -e '/^$/d' "$SCREEN" >"$PICTURE"
	cat "$PICTURE"
	return "$status"
}

# No line of the picture is wider than that.
fits() { # COLUMNS
	(($(wc -L <"$PICTURE") <= $1))
}

# The cells of a row, one a line, under the titles in PICTURE that match TITLE.
cells() { # ROW TITLE
	awk -v row="$1" -v title="$2" -F '  +' '
		$1 == "INTERFACE" { for (i = 1; i <= NF; i++) if ($i ~ title) wanted[i] }
		$1 == row { for (i = 1; i <= NF; i++) if (i in wanted) print $i }' "$PICTURE"
}

titles() {
	grep '^INTERFACE' "$PICTURE" | sed -e 's/  */ /g' -e 's/[↓↑] //g'
}

@test "rate on 80, 72 and 60 columns: whole columns, whole numbers" {
	local columns
	local -A wanted=(
		[120]="INTERFACE RECEIVED PEAK PKT/S DROP SENT PEAK PKT/S DROP CONTAINER"
		[100]="INTERFACE RECEIVED PEAK DROP SENT PEAK DROP CONTAINER"
		[80]="INTERFACE RECEIVED DROP SENT DROP CONTAINER"
		[72]="INTERFACE RECEIVED DROP SENT DROP CONTAINER"
		[60]="INTERFACE RECEIVED SENT CONTAINER"
		[40]="INTERFACE RECEIVED SENT"
	)
	make_pair
	for columns in 120 100 80 72 60 40; do
		# Nobody takes these frames: v1 drops all of them.
		send "$NS0" frames raw-send --interface v0 --count 1 --size 100
		settle
		# shellcheck disable=SC2016
		start_bg frames "$NS0" bash -c 'until [[ -e $0 ]]; do sleep 0.02; done
			exec "$1" raw-send --interface v0 --count 54321 --size 1000' \
			"$BATS_TEST_TMPDIR/go" "$BUILD/tools/frames"
		on_terminal "$columns" 24 "$NS1" rate --no-color -i v1 -I 1h -v
		wait_for_line "$SCREEN" 'attached to v1'
		: >"$BATS_TEST_TMPDIR/go"
		wait_bg frames
		rm "$BATS_TEST_TMPDIR/go"
		settle
		kill -INT "$SCREEN_PID"
		wait_bg terminal
		PICTURE=$BATS_TEST_TMPDIR/picture
		grep -aE '^(INTERFACE|v1) ' "$SCREEN" >"$PICTURE"
		cat "$PICTURE"
		fits "$columns"
		assert_equal "$(titles)" "${wanted[$columns]}" "titles on $columns columns"
		assert_equal "$(cells v1 'RECEIVED|SENT|PEAK' |
			grep -vcE '^[0-9]+(\.[0-9]+)? [kMGT]?bit/s$')" 0 "rates that are none"
		((columns < 72)) || assert_equal "$(cells v1 DROP | head -n 1)" 54321 "drops of v1"
	done
}

@test "list and health on 80, 72 and 60 columns: whole columns, whole numbers" {
	local columns status
	make_pair
	send "$NS0" frames raw-send --interface v0 --count 12345 --size 100
	settle
	for columns in 80 72 60; do
		picture "$columns" "$NS1" list
		fits "$columns"
		grep -qE '^(11 +)?v1 +UP .* 192\.0\.2\.2/24$' "$PICTURE"
		grep -qE '^ +2001:db8::2/64$' "$PICTURE"
		status=0
		picture "$columns" "$NS1" health -i v1 || status=$?
		assert_equal "$status" 1 "status of health"
		fits "$columns"
		assert_equal "$(cells v1 DROPS)" "$(stats64 "$NS1" v1 rx_dropped)" "drops"
		assert_equal "$(cells v1 VERDICT)" drops verdict
	done
}

# How many pictures there were, and how many of them were drawn over the one before.
count_pictures() {
	local seen
	seen=$(grep -aoE "$ESC\\[[0-9]+A|INTERFACE " "$SCREEN") || return
	PICTURES=$(grep -c INTERFACE <<<"$seen") || true
	REDRAWN=$(grep -c 'A$' <<<"$seen") || true
}

# So many pictures were put below the last one; after it, at least one was drawn over another.
fresh_is() { # NUMBER
	count_pictures && ((REDRAWN >= $1 && PICTURES - REDRAWN == $1))
}

@test "the picture is drawn over itself, but never over what came between" {
	local tty
	make_ns NS0 0
	on_terminal 80 24 "$NS0" rate --no-color -i lo -I 100ms
	wait_until 10 fresh_is 1
	# From the beginning of the line, wherever the echo of a key has put the cursor.
	grep -qaF $'\r\e[' "$SCREEN"
	# As after Ctrl-Z and fg; script(1) would stop with what it runs.
	kill -CONT "$SCREEN_PID"
	wait_until 10 fresh_is 2
	tty=$(readlink "/proc/$SCREEN_PID/fd/1")
	stty -F "$tty" cols 70
	wait_until 10 fresh_is 3
	kill -INT "$SCREEN_PID"
	wait_bg terminal
}

@test "more interfaces than rows: the screen is full, the last line tells of the others" {
	local i
	make_ns NS0 0
	for ((i = 10; i < 30; i++)); do
		echo "link add d$i type veth peer name e$i"
	done | ip -n "$NS0" -batch -
	on_terminal 80 10 "$NS0" rate --no-color -I 100ms -c 1
	wait_bg terminal
	cat "$SCREEN"
	# Ten lines: titles, seven interfaces, the status, and the cursor's.
	assert_equal "$(grep -cE '^(lo|[de][0-9]+) ' "$SCREEN")" 7 "interfaces shown"
	grep -qE '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9] and 34 more interfaces' "$SCREEN"
}

@test "the last interface goes: the screen says so, and goes on when one comes" {
	make_ns NS0 0
	ip -n "$NS0" link add gone0 type veth peer name x
	on_terminal 80 24 "$NS0" rate --no-color -i 'gone*' -I 100ms
	wait_for_line "$SCREEN" '^[^a-z]*[0-9:]{8}.?$'
	ip -n "$NS0" link delete gone0
	wait_for_line "$SCREEN" '[0-9:]{8} no interface matches; waiting'
	ip -n "$NS0" link add gone1 type veth peer name x
	wait_for_line "$SCREEN" '^gone1 '
	kill -INT "$SCREEN_PID"
	wait_bg terminal
}

@test "no more than some ten pictures a second, and with --count the last one" {
	make_ns NS0 0
	on_terminal 80 24 "$NS0" rate --no-color -i lo -I 1ms -c 500
	wait_bg terminal
	count_pictures
	((PICTURES >= 2 && PICTURES <= 10))
}

@test "a dumb terminal, or one of unknown type, gets no escape sequence" {
	local TERM
	make_ns NS0 0
	for TERM in dumb ""; do
		export TERM
		on_terminal 60 24 "$NS0" rate -i lo -I 10ms -c 3
		wait_bg terminal
		# As into a file: three reports with their times, and every column.
		assert_equal "$(grep -cE '^INTERFACE .*PKT/S .*DROP *.?$' "$SCREEN")" 3 reports
		on_terminal 60 24 "$NS0" list
		wait_bg terminal
		run ! grep -a "$ESC" "$SCREEN"
	done
	# This terminal has colour.
	export TERM=xterm
	on_terminal 60 24 "$NS0" list
	wait_bg terminal
	grep -qa "$ESC\\[1m" "$SCREEN"
}

@test "watch says on a terminal that it does" {
	make_ns NS0 0
	on_terminal 80 24 "$NS0" watch -i 'l*'
	wait_for_line "$SCREEN" '^ifpulse: watching 1 interface.?$'
	kill -INT "$SCREEN_PID"
	wait_bg terminal
}
