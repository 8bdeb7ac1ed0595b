#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What happens to files as they are written: no room, no right to grow, a file system that turns read-only. It is
# said, what was there before is whole, and nothing is half-written.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
	FILE=$BATS_TEST_TMPDIR/run.ifpulse
}

teardown() {
	harness_cleanup
	if [[ ${MOUNTED:-} ]]; then
		umount "$MOUNTED"
	fi
}

mount_on() { # DIRECTORY ARGUMENT…
	local directory=$1
	shift
	mkdir -p "$directory"
	mount "$@" "$directory" || skip "cannot mount $*"
	MOUNTED=$directory
}

frames() { # COUNT
	send "$NS0" frames raw-send --interface v0 --count "$1" --size 100 --rate-pps 20000
}

replayed() { # FILE
	"$BUILD/ifpulse" replay "$1" windows -j --busy |
		jq -s '[.[] | select(.direction == "tx") | .packets] | add // 0'
}

no_filters() {
	assert_equal "$(for hook in ingress egress; do tc -n "$NS0" filter show dev v0 "$hook"; done |
		grep -c ifpulse_ || true)" 0 "filters left"
}

# ulimit -f counts KiB. The signal that comes with it would kill whoever does not expect it.
@test "a file that may not grow: rate ends with a reason and a whole object, and takes its filters along" {
	# shellcheck disable=SC2016
	run -3 --separate-stderr in_ns "$NS0" bash -c 'ulimit -f 20
		"$0" rate -j -I 1ms -d 20s --attach clsact >"$1"' "$BUILD/ifpulse" "$BATS_TEST_TMPDIR/out"
	[[ $stderr == *"File too large"* ]]
	jq -se 'length > 10 and all(.ifname)' "$BATS_TEST_TMPDIR/out" >/dev/null
	assert_equal "$(tail -c 1 "$BATS_TEST_TMPDIR/out" | od -An -tx1)" " 0a" "last byte"
	no_filters
}

@test "a recording that may not grow: what was committed is whole, and that is said" {
	# shellcheck disable=SC2016
	start_bg limited "$NS0" bash -c 'ulimit -f 160
		exec "$0" record -o "$1" -v -i v0 -w 10us --attach clsact' "$BUILD/ifpulse" "$FILE"
	wait_for_line "$BG_ERR" 'recording to'
	frames 60000
	local status=0
	wait_bg limited 20 || status=$?
	assert_equal "$status" 3 status
	grep -qE "cannot write '.*': File too large" "$BG_ERR"
	grep -q 'is whole' "$BG_ERR"
	assert_equal "$(sqlite3 -readonly "$FILE" 'PRAGMA integrity_check')" ok
	(($(replayed "$FILE") <= 60000))
	no_filters
}

# As the kernel does itself after an error of the disk.
@test "a file system that turns read-only: the recording says so, and is whole up to then" {
	local place=$BATS_TEST_TMPDIR/place device trigger status=0 before after
	require_tool mkfs.ext4
	truncate -s 16M "$BATS_TEST_TMPDIR/image"
	mkfs.ext4 -qF "$BATS_TEST_TMPDIR/image"
	mount_on "$place" -o loop,errors=remount-ro "$BATS_TEST_TMPDIR/image"
	device=$(findmnt -no SOURCE "$place")
	trigger=/sys/fs/ext4/${device##*/}/trigger_fs_error
	[[ -w $trigger ]] || skip "this kernel makes no errors on demand"
	FILE=$place/run.ifpulse
	start_ifpulse "$NS0" record -o "$FILE" -v -i v0 --attach clsact
	wait_for_line "$IFPULSE_ERR" 'recording to'
	frames 5000
	settle
	wait_until 10 holds 5000
	echo test >"$trigger"
	frames 5000
	wait_pid "$IFPULSE_PID" 20 || status=$?
	assert_equal "$status" 3 status
	grep -q "cannot write '$FILE': Read-only file system" "$IFPULSE_ERR"
	grep -q 'what was recorded until .* is whole' "$IFPULSE_ERR"
	no_filters
	# In its place, and as a copy.
	before=$(replayed "$FILE")
	cp "$FILE"* "$BATS_TEST_TMPDIR"
	after=$(replayed "$BATS_TEST_TMPDIR/run.ifpulse")
	assert_equal "$after" "$before" "packets of the copy"
	((before >= 5000 && before <= 10000))
	run -3 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" record -o "$place/other" -d 100ms
	[[ $stderr == *"$place/other"*"Read-only file system"* && ! -e $place/other ]]
}

# Committed.
holds() { # PACKETS
	(($(replayed "$FILE") >= $1))
}

@test "no room for a picture or an export: no half of a picture, and whole lines" {
	local small=$BATS_TEST_TMPDIR/small
	start_ifpulse "$NS0" record -o "$FILE" -v -i v0
	wait_for_line "$IFPULSE_ERR" 'recording to'
	frames 5000
	settle
	stop_ifpulse
	mount_on "$small" -t tmpfs -o size=8k none
	run -3 --separate-stderr "$BUILD/ifpulse" plot "$FILE" -o "$small/a.svg"
	[[ $stderr == *"$small/a.svg"*"No space left on device; make room"* ]]
	assert_equal "$(find "$small" -mindepth 1 | wc -l)" 0 "files of a picture"
	# shellcheck disable=SC2016
	run -3 --separate-stderr bash -c '"$0" export "$1" --format csv >"$2"' "$BUILD/ifpulse" "$FILE" \
		"$small/a.csv"
	[[ $stderr == *"No space left on device"* ]]
	(($(wc -l <"$small/a.csv") > 1))
	assert_equal "$(awk -F, '{ print NF }' "$small/a.csv" | sort -u | wc -l)" 1 "lengths of lines"
	assert_equal "$(tail -c 1 "$small/a.csv" | od -An -tx1)" " 0a" "last byte"
}
