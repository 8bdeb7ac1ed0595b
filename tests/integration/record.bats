#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Recordings hold what was sent, to the byte, and give it back: as windows, rates, bursts and health, in
# other formats, and as a picture. What ends the recorder does not matter.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
	FILE=$BATS_TEST_TMPDIR/run.ifpulse
}

# Records v0 of $NS0 and returns once it is attached.
record() { # ARGUMENT…
	start_ifpulse "$NS0" record -o "$FILE" -v -i v0 "$@"
	wait_for_line "$IFPULSE_ERR" 'recording to'
}

replay() { # ARGUMENT…
	"$BUILD/ifpulse" replay "$FILE" "$@"
}

export_lines() { # TYPE
	"$BUILD/ifpulse" export "$FILE" --format jsonl | jq -c --arg type "$1" 'select(.type == $type)'
}

query() { # SQL
	sqlite3 -readonly "$FILE" "$1"
}

# 20 frames of 1500 bytes in one go, N times.
bursts() { # N
	local i
	for ((i = 0; i < $1; i++)); do
		send "$NS0" frames raw-send --interface v0 --count 20 --size 1500
		sleep 0.02
	done
}

sum() { # FIELD, of JSON lines on stdin
	jq -s --arg field "$1" '[.[] | select(.direction == "tx") | .[$field]] | add // 0'
}

has_rows() { # TABLE ROWS
	(($(query "SELECT count(*) FROM $1" 2>/dev/null || echo 0) >= $2))
}

# bats test_tags=vm
@test "a recording gives back what was sent: windows, rates and counters agree to the byte" {
	local count=5000 size=300
	record -w 100us
	note_kernel "$NS0" v0
	send "$NS0" frames raw-send --interface v0 --count "$count" --size "$size" --rate-pps 20000
	settle
	stop_ifpulse
	[[ ! -e $FILE-wal && ! -e $FILE-shm ]]
	assert_equal "$(stat -c %a "$FILE")" 640 mode
	assert_equal "$(kernel "$NS0" v0 tx_packets)" "$count" "kernel's tx_packets"
	assert_equal "$(replay windows -j --busy | sum packets)" "$count" "packets in windows"
	assert_equal "$(replay windows -j --busy | sum wire_bytes)" $((count * size)) "bytes in windows"
	assert_equal "$(replay rate -j -I 10ms | jq -s '[.[].tx_packets] | add')" "$count" "packets in rates"
	assert_equal "$(replay rate -j -I 100ms | jq -s '[.[].tx_bytes] | add')" $((count * size)) "bytes in rates"
	assert_equal "$(query 'SELECT max(probe_tx_packets) FROM counters')" "$count" "packets counted"
	assert_equal "$(query 'SELECT max(probe_tx_wire_bytes) FROM counters')" $((count * size)) "bytes counted"
	assert_equal "$("$BUILD/ifpulse" export "$FILE" --format csv |
		awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
			NR > 1 && $at["direction"] == "tx" { n += $at["packets"] } END { print n + 0 }')" \
		"$count" "packets in CSV"
	assert_equal "$("$BUILD/ifpulse" export "$FILE" --format jsonl |
		jq -s '[.[] | select(.type == "window" and .direction == "tx") | .packets] | add')" \
		"$count" "packets in JSON lines"
	# What the kernel counted meanwhile is there, too.
	assert_equal "$("$BUILD/ifpulse" export "$FILE" --format jsonl |
		jq -s '[.[] | select(.type == "counters") | .kernel.tx_packets] | max - min')" \
		"$count" "packets of the kernel in JSON lines"
}

# Every window, idle ones too, one after the other on the clock's multiples.
@test "a replay has no holes, and takes a part by time" {
	record -w 1ms
	send "$NS0" frames raw-send --interface v0 --count 100 --size 100 --rate-pps 500
	stop_ifpulse
	replay windows -j | jq -r 'select(.direction == "tx") | .time' >"$BATS_TEST_TMPDIR/times"
	awk -F '[T:.Z]' '{ now = ($2 * 3600 + $3 * 60 + $4) * 1000000 + $5 }
		now % 1000 || (NR > 1 && (now - before + 86400000000) % 86400000000 != 1000) {
			print "hole before " $0; exit 1 }
		{ before = now } END { exit NR < 150 }' "$BATS_TEST_TMPDIR/times"
	assert_equal "$(replay windows -j --from 20ms --to 70ms | jq -s 'map(.time) | unique | length')" 50
	replay windows -j --from "$(sed -n 41p "$BATS_TEST_TMPDIR/times")" -c 1 |
		jq -se --arg time "$(sed -n 41p "$BATS_TEST_TMPDIR/times")" 'all(.time == $time)'
	assert_equal "$(replay windows -j --from 20ms -c 3 | wc -l)" 6 "rows of three windows"
	run -3 --separate-stderr replay windows --from 1h
	[[ $stderr == *"has nothing of that time"*"it goes from"* ]]
	run -3 --separate-stderr replay windows --from 20ms --to 10ms
	[[ $stderr == *"--to has to be later"* ]]
	run -2 --separate-stderr replay windows --from 12:34:56
	[[ $stderr == *"not a UTC time like"* ]]
	# Within a window: that window.
	assert_equal "$(replay windows -j --from 20300us --to 20400us | wc -l)" 2
}

@test "bursts are recorded as they were found, and judged afresh by another threshold" {
	record -w 100us --threshold 100Mbit --merge-gap 5ms
	bursts 10
	settle
	stop_ifpulse
	assert_equal "$(query "SELECT count(*) FROM bursts WHERE direction = 'tx'")" 10 "bursts recorded"
	# The same rule finds the same, field by field.
	replay bursts -j --threshold 100Mbit --merge-gap 5ms >"$BATS_TEST_TMPDIR/judged"
	"$BUILD/ifpulse" export "$FILE" --format jsonl | jq -c 'select(.type == "burst") | del(.type)' \
		>"$BATS_TEST_TMPDIR/recorded"
	diff "$BATS_TEST_TMPDIR/judged" "$BATS_TEST_TMPDIR/recorded"
	jq -se 'all(.flows | length > 0)' "$BATS_TEST_TMPDIR/recorded"
	assert_equal "$(sum wire_bytes <"$BATS_TEST_TMPDIR/judged")" $((10 * 20 * 1500)) "bytes in bursts"
	# All of it is one burst with a long gap to merge over, and none above a higher threshold.
	assert_equal "$(replay bursts -j --threshold 100Mbit --merge-gap 10s | jq -s length)" 1
	assert_equal "$(replay bursts -j --threshold 900Gbit | wc -l)" 0
	replay bursts -j --summary --threshold 100Mbit --merge-gap 5ms |
		jq -se 'map(select(.direction == "tx")) | length == 1 and .[0].bursts == 10
			and .[0].byte_share == 1 and .[0].p50_us >= 100'
}

# N datagrams of as many flows, at once.
flows() { # N
	send "$NS0" frames flows-send --interface v0 --flows "$1" --count "$1" --size 1000
}

@test "bursts are recorded with their flows, their drops and what is behind the interface" {
	local dropped rule=(--threshold 10Mbit --merge-gap 20ms)
	in_ns "$NS0" tc qdisc replace dev v0 root tbf rate 1mbit burst 2kb limit 10kb
	record "${rule[@]}" --flows 2
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7000 --count 30 --size 1000
	settle
	stop_ifpulse
	dropped=$(in_ns "$NS0" tc -s -j qdisc show dev v0 root | jq '.[0].drops')
	((dropped > 0))
	export_lines burst | jq -c 'select(.direction == "tx") | del(.type)' >"$BATS_TEST_TMPDIR/recorded"
	jq -se --arg container "$NS1" 'length > 0 and all(.container == $container and .flows_exact and
		.flows[0].destination == "192.0.2.2" and .flows[0].destination_port == 7000 and
		([.flows[].wire_bytes] | add) + .unattributed_bytes == .wire_bytes)' "$BATS_TEST_TMPDIR/recorded"
	export_lines interface | jq -se --arg container "$NS1" 'all(.container == $container)'
	assert_equal "$(query "SELECT DISTINCT container FROM bursts WHERE direction = 'tx'")" "$NS1" "by SQL"
	# By the same rule they are the same bursts; by another they are others, of which no more is known.
	diff "$BATS_TEST_TMPDIR/recorded" <(replay bursts -j "${rule[@]}" | jq -c 'select(.direction == "tx")')
	assert_equal "$(jq -s '[.[].drop_reasons[].packets] | add' "$BATS_TEST_TMPDIR/recorded")" "$dropped" drops
	replay bursts -j --threshold 10Mbit --merge-gap 10s >"$BATS_TEST_TMPDIR/other"
	replay bursts -j --threshold 10Mbit >>"$BATS_TEST_TMPDIR/other"
	jq -se 'map(select(.direction == "tx")) | any(.flows == null and .container == null and
		.drop_reasons == null and .flows_total == null and .unattributed_bytes == null)' \
		"$BATS_TEST_TMPDIR/other"
	replay bursts "${rule[@]}" |
		grep -qE "dropped \(QDISC_DROP [0-9]+\) .* to $NS1 by 192.0.2.1:[0-9]+ > 192.0.2.2:7000 udp"
	replay bursts --csv "${rule[@]}" | grep -qE ",$NS1,192.0.2.1:[0-9]+>192.0.2.2:7000/udp:[0-9]+"
}

@test "as many flows are recorded as are asked for, and none cost nothing" {
	local maps
	record --threshold 1Mbit --merge-gap 20ms --flows 0
	maps=$(grep -c bpf-map "/proc/$IFPULSE_PID/maps")
	flows 10
	settle
	stop_ifpulse
	export_lines burst | jq -se --arg container "$NS1" 'length > 0 and all(.flows == null and
		.flows_total == null and .container == $container)'
	assert_equal "$(query "SELECT count(flows) FROM bursts")" 0 "flows"
	rm "$FILE"
	record --threshold 1Mbit --merge-gap 20ms --flows 3
	assert_equal "$(grep -c bpf-map "/proc/$IFPULSE_PID/maps")" $((maps + 2)) "maps with flows"
	flows 10
	settle
	stop_ifpulse
	export_lines burst | jq -se 'length > 0 and all((.flows | length) == 3 and .flows_total == 10)'
	rm "$FILE"
	# More than there is room for: those with most bytes.
	record --threshold 1Mbit --merge-gap 20ms --flows 4096
	flows 1000
	settle
	stop_ifpulse
	assert_equal "$(export_lines burst | jq -s '[.[].flows_total] | max')" 1000 "flows"
	export_lines burst | jq -se 'any(.flows | length > 50) and all(.flows | length < 200)'
	assert_equal "$(query "SELECT max(length(flows)) < 16384 FROM bursts")" 1 "not too long"
	run -2 "$BUILD/ifpulse" record -o "$FILE.2" --flows 4097
}

# As it was made before there were flows and containers in it: schema 1.
@test "an old recording is as readable as ever" {
	record --threshold 100Mbit --merge-gap 5ms
	bursts 2
	settle
	stop_ifpulse
	sqlite3 "$FILE" "
		ALTER TABLE interfaces RENAME TO a;
		ALTER TABLE bursts RENAME TO b;
		DROP INDEX interfaces_until;
		DROP INDEX bursts_start;
		CREATE TABLE interfaces(id INTEGER PRIMARY KEY, ifindex INTEGER, ifname TEXT, from_ns INTEGER, until_ns INTEGER, kind TEXT, type INTEGER, mac TEXT, flags INTEGER, operstate TEXT, carrier INTEGER, mtu INTEGER, txqlen INTEGER, speed_mbps INTEGER, duplex TEXT, master INTEGER, lower INTEGER, lower_netnsid INTEGER, qdisc TEXT);
		CREATE INDEX interfaces_until ON interfaces(until_ns);
		CREATE TABLE bursts(interface INTEGER, direction TEXT, start_ns INTEGER, end_ns INTEGER, duration_ns INTEGER, windows INTEGER, packets INTEGER, bytes INTEGER, wire_packets INTEGER, wire_bytes INTEGER, drops INTEGER, peak_bps INTEGER, mean_bps INTEGER, threshold_bps INTEGER, is_cut INTEGER, rule TEXT, drop_reasons TEXT, speed_bps INTEGER, speed_source TEXT);
		CREATE INDEX bursts_start ON bursts(start_ns);
		ALTER TABLE changes DROP COLUMN netns;
		INSERT INTO interfaces SELECT id, ifindex, ifname, from_ns, until_ns, kind, type, mac, flags, operstate, carrier, mtu, txqlen, speed_mbps, duplex, master, lower, lower_netnsid, qdisc FROM a;
		INSERT INTO bursts SELECT interface, direction, start_ns, end_ns, duration_ns, windows, packets, bytes, wire_packets, wire_bytes, drops, peak_bps, mean_bps, threshold_bps, is_cut, rule, drop_reasons, speed_bps, speed_source FROM b;
		DROP TABLE a;
		DROP TABLE b;
		PRAGMA user_version = 1;"
	export_lines burst | jq -se 'length == 2 and all(.wire_bytes == 30000 and .flows == null and
		.container == null)'
	export_lines interface | jq -se 'all(.ifname == "v0" and .container == null)'
	replay bursts -j --threshold 100Mbit --merge-gap 5ms |
		jq -se 'length == 2 and all(.flows == null and .drop_reasons == [])'
	assert_equal "$(replay rate -j | jq -s '[.[].tx_packets] | add')" 40 packets
	"$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/old.svg"
}

@test "drops are in the windows, the bursts and a table of their own" {
	local dropped
	in_ns "$NS0" tc qdisc replace dev v0 root tbf rate 1mbit burst 2kb limit 10kb
	record --threshold 10Mbit --merge-gap 20ms
	send "$NS0" frames raw-send --interface v0 --count 20 --size 1000
	settle
	stop_ifpulse
	dropped=$(in_ns "$NS0" tc -s -j qdisc show dev v0 root | jq '.[0].drops')
	((dropped > 0))
	assert_equal "$(query "SELECT sum(packets) FROM drops WHERE direction = 'tx'")" "$dropped" "drops"
	assert_equal "$(query "SELECT sum(packets) FROM drops WHERE reason = 'QDISC_DROP'")" "$dropped" \
		"drops by reason"
	assert_equal "$(query "SELECT sum(drops) FROM bursts WHERE direction = 'tx'")" "$dropped" "in bursts"
	assert_equal "$(export_lines burst | jq -s '[.[].drop_reasons[]] | all(.reason == "QDISC_DROP") and
		(map(.packets) | add) == '"$dropped")" true "in bursts by reason"
	assert_equal "$(replay windows -j --busy | sum drops)" "$dropped" "in windows"
	assert_equal "$(replay rate -j | jq -s '[.[].tx_drops] | add')" "$dropped" "in rates"
}

@test "identity, addresses and changes are recorded" {
	record -i 'w*'
	ip -n "$NS0" link add w0 type veth peer name w1
	ip -n "$NS0" addr add 198.51.100.1/24 dev w0
	ip -n "$NS0" link set w0 mtu 1400
	wait_until 10 has_rows interfaces 3
	ip -n "$NS0" addr del 198.51.100.1/24 dev w0
	ip -n "$NS0" link del w0
	wait_for_line "$IFPULSE_ERR" 'detached from w0'
	stop_ifpulse
	assert_equal "$(query "SELECT kind FROM interfaces WHERE ifname = 'v0'")" veth kind
	assert_equal "$(query "SELECT mac FROM interfaces WHERE ifname = 'v0'")" "$(mac_of "$NS0" v0)" mac
	assert_equal "$(query "SELECT until_ns IS NOT NULL FROM interfaces WHERE ifname = 'w0'")" 1 "w0 went"
	assert_equal "$(query "SELECT count(*) FROM addresses WHERE address = '198.51.100.1/24' AND
		until_ns IS NOT NULL")" 1 "its address, and when that went"
	query "SELECT ifname || ' ' || event || ' ' || coalesce(current, '') FROM changes" \
		>"$BATS_TEST_TMPDIR/changes"
	grep -qx 'w0 added.*' "$BATS_TEST_TMPDIR/changes"
	grep -qx 'w0 mtu 1400' "$BATS_TEST_TMPDIR/changes"
	grep -q '^w0 removed' "$BATS_TEST_TMPDIR/changes"
	assert_equal "$(query "SELECT value FROM meta WHERE key = 'boot_id'")" \
		"$(</proc/sys/kernel/random/boot_id)" "boot id"
	assert_equal "$(query "SELECT value FROM meta WHERE key = 'kernel'")" "$(uname -r)" "kernel"
	assert_equal "$(query "SELECT value FROM meta WHERE key = 'host'")" "$(uname -n)" "host"
	assert_equal "$(query "SELECT value FROM meta WHERE key = 'schema_version'")" \
		"$(query 'PRAGMA user_version')" "schema"
}

@test "interfaces that come and go with their namespace are recorded" {
	local other
	start_ifpulse "$NS0" record -o "$FILE" -v --netns "$NS_PREFIX-oth*"
	wait_for_line "$IFPULSE_ERR" 'recording to'
	make_ns other other
	wait_for_line "$IFPULSE_ERR" "attached to $other/lo\$"
	ip netns delete "$other"
	wait_for_line "$IFPULSE_ERR" "detached from $other/lo\$"
	stop_ifpulse
	run -0 query "SELECT ifname || ' ' || event FROM changes WHERE ifname = 'lo' AND
		event IN ('added', 'removed')"
	assert_equal "$output" $'lo added\nlo removed'
}

# Frames go on at a steady pace; the windows that are there hold what was sent in their time, and they go
# on until shortly before the end.
@test "after kill -9 the recording opens, and what it covers is whole" {
	local round killed until_us
	for round in 1 2 3; do
		rm -f "$FILE"*
		record -w 1ms
		start_bg sender "$NS0" "$BUILD/tools/frames" raw-send --interface v0 --count 4000 \
			--size 100 --rate-pps 1000
		wait_until 10 has_rows open_chunks 1
		sleep "0.$((RANDOM % 10))"
		kill -KILL "$IFPULSE_PID"
		killed=$(microseconds)
		wait_bg sender
		until_us=$(($(query 'SELECT until_ns FROM coverage') / 1000))
		((until_us <= killed && killed - until_us < 3000000))
		assert_equal "$(query 'PRAGMA integrity_check')" ok
		# A thousand a second, but for what is before the first and behind the last.
		replay rate -j -I 100ms | jq -se 'map(.tx_packets) | .[index(map(select(. > 0))[0]):-1] |
			length > 3 and all(. > 0)'
		assert_equal "$(replay windows -j --busy | sum packets)" \
			"$(replay rate -j -I 1ms | jq -s '[.[].tx_packets] | add')"
	done
}

@test "a flight recorder keeps the newest, and no more than it is told" {
	local size i from until
	record -w 10us --max-size 1M --keep 2s --threshold 1Gbit
	for ((i = 0; i < 4; i++)); do
		send "$NS0" frames raw-send --interface v0 --count 30000 --size $((100 + i)) --rate-pps 40000
	done
	send "$NS0" frames raw-send --interface v0 --count 77 --size 1234
	settle
	stop_ifpulse
	size=$(stat -c %s "$FILE")
	((size <= 1048576 * 5 / 4))
	read -r from until <<<"$(query "SELECT from_ns || ' ' || until_ns FROM coverage")"
	assert_equal "$((until - from))" 2000000000 "time covered"
	replay windows -j --busy >"$BATS_TEST_TMPDIR/windows"
	assert_equal "$(jq -s '[.[] | select(.bytes % 1234 == 0) | .packets] | add' \
		"$BATS_TEST_TMPDIR/windows")" 77 "the newest"
	(($(sum packets <"$BATS_TEST_TMPDIR/windows") < 4 * 30000 + 77))
	run -0 "$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/flight.svg"
}

@test "a recording can be read while it is written" {
	record
	bursts 3
	wait_until 10 has_rows open_chunks 1
	replay rate -j -I 100ms | jq -se 'length > 0'
	replay bursts -j --threshold 100Mbit >/dev/null
	bursts 3
	settle
	stop_ifpulse
	assert_equal "$(replay windows -j --busy | sum packets)" 120
}

# Holds the lock that only one can have, and says so.
lock() { # SECONDS
	(
		echo "BEGIN IMMEDIATE; SELECT 'locked';"
		sleep "$1"
	) | sqlite3 "$FILE" >"$BATS_TEST_TMPDIR/lock" 2>&1 3>&- &
	LOCK_PID=$!
	wait_for_line "$BATS_TEST_TMPDIR/lock" locked
}

@test "what another process's lock kept from being written is written at the end, or it is an error" {
	record
	wait_until 10 has_rows interfaces 1
	lock 2
	bursts 3
	stop_ifpulse
	assert_equal "$(replay windows -j --busy | sum packets)" 60 packets
	[[ ! -e $FILE-wal ]]
	wait "$LOCK_PID"
	rm "$FILE"
	record
	wait_until 10 has_rows interfaces 1
	lock 12
	bursts 3
	kill -INT "$IFPULSE_PID"
	IFPULSE_STATUS=0
	wait_pid "$IFPULSE_PID" 20 || IFPULSE_STATUS=$?
	assert_equal "$IFPULSE_STATUS" 3 status
	grep -q 'holds a lock' "$IFPULSE_ERR"
	wait "$LOCK_PID"
}

@test "replay health judges what the kernel counted meanwhile" {
	record
	replay_from=$(stats64 "$NS0" v0 tx_packets)
	send "$NS0" frames raw-send --interface v0 --count 100 --size 100
	settle
	stop_ifpulse
	replay health -j | jq -e --argjson before "$replay_from" 'length == 2 and
		(.[0].period == "boot" and .[0].tx_packets == $before + 100) and
		(.[1].period == "interval" and .[1].tx_packets == 100 and .[1].verdict == "ok")'
	replay health | grep -q '^v0 '
	# Of a part of it more is known than of none of it, and it is said how long that was.
	replay health -j --period interval --from 200ms --to 210ms |
		jq -e 'length == 1 and .[0].tx_packets == 100 and .[0].interval_us > 10000'
}

@test "an interval that was not asked for fits the recording's windows" {
	record -w 300us
	send "$NS0" frames raw-send --interface v0 --count 100 --size 100
	settle
	stop_ifpulse
	assert_equal "$(replay rate -j | jq -s '[.[].tx_packets] | add')" 100 packets
	run -2 --separate-stderr replay rate -I 1s
	[[ $stderr == *"they are of 300 us"* ]]
	# An empty part of a recording, as a copy without its WAL can be.
	sqlite3 "$FILE" 'UPDATE coverage SET until_ns = from_ns'
	run -3 --separate-stderr replay rate
	[[ $stderr == *"has no windows"* ]]
}

@test "a recording without an interface is told as such" {
	start_ifpulse "$NS0" record -o "$FILE" -v -i 'zz*'
	wait_for_line "$IFPULSE_ERR" 'recording to'
	stop_ifpulse || true
	assert_equal "$IFPULSE_STATUS" 3 status
	run -3 --separate-stderr replay windows
	[[ $stderr == *"has no interface: none matched"* && $stderr != *"leave out"* ]]
}

@test "an export is of the interfaces that are selected" {
	record -i 'w*'
	ip -n "$NS0" link add w0 type veth peer name w1
	wait_for_line "$IFPULSE_ERR" 'attached to w1'
	stop_ifpulse
	"$BUILD/ifpulse" export "$FILE" --format jsonl -i w0 |
		jq -se 'map(select(.ifname)) | length > 2 and all(.ifname == "w0") and any(.type == "change")'
}

@test "for perfetto: counters that fall back to zero, and bursts as slices" {
	record --threshold 100Mbit --merge-gap 5ms
	bursts 4
	settle
	stop_ifpulse
	"$BUILD/ifpulse" export "$FILE" --format perfetto >"$BATS_TEST_TMPDIR/trace.json"
	jq -e '[.[] | select(.ph == "X" and (.name | startswith("peak")))] | length == 4' \
		"$BATS_TEST_TMPDIR/trace.json"
	jq -e '[.[] | select(.ph == "C" and .name == "tx bit/s")] |
		length >= 8 and .[-1].args.value == 0 and (map(.ts) | . == sort)' "$BATS_TEST_TMPDIR/trace.json"
	jq -e 'any(.ph == "M" and .name == "process_name" and .args.name == "v0")' \
		"$BATS_TEST_TMPDIR/trace.json"
}

@test "a plot is an SVG or a PNG, as its name says" {
	record --threshold 100Mbit --merge-gap 5ms
	bursts 3
	settle
	stop_ifpulse
	"$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/a.svg"
	"$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/a.png" -i v0 --from 1ms --threshold 1Gbit
	grep -q '<svg' "$BATS_TEST_TMPDIR/a.svg"
	assert_equal "$(head -c 8 "$BATS_TEST_TMPDIR/a.png" | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a
	run -2 --separate-stderr "$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/a.jpg"
	[[ $stderr == *"neither in .svg nor in .png"* ]]
	run -3 --separate-stderr "$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/no/a.svg"
	[[ $stderr == *"$BATS_TEST_TMPDIR/no/a.svg"* ]]
	run -3 "$BUILD/ifpulse" plot "$FILE" -o "$BATS_TEST_TMPDIR/b.svg" -i nosuch
	[[ ! -e $BATS_TEST_TMPDIR/b.svg ]]
}

@test "what is no recording is refused with a reason" {
	record
	bursts 2
	stop_ifpulse
	local bad=$BATS_TEST_TMPDIR/bad
	run -3 --separate-stderr "$BUILD/ifpulse" replay "$bad" rate
	[[ $stderr == *"$bad"*"No such file"* ]]
	echo "some text that is long enough to be something else" >"$bad"
	run -3 --separate-stderr "$BUILD/ifpulse" replay "$bad" rate
	[[ $stderr == *"$bad"*"no recording of ifpulse"* ]]
	: >"$bad"
	run -3 --separate-stderr "$BUILD/ifpulse" replay "$bad" windows
	[[ $stderr == *"no recording of ifpulse"* ]]
	rm "$bad"
	sqlite3 "$bad" 'CREATE TABLE t (a)'
	run -3 --separate-stderr "$BUILD/ifpulse" export "$bad" --format csv
	[[ $stderr == *"no recording of ifpulse"* ]]
	cp "$FILE" "$bad"
	sqlite3 "$bad" 'PRAGMA user_version = 99'
	run -3 --separate-stderr "$BUILD/ifpulse" plot "$bad" -o "$BATS_TEST_TMPDIR/x.svg"
	[[ $stderr == *newer* ]]
	head -c 9000 "$FILE" >"$bad"
	run -3 --separate-stderr "$BUILD/ifpulse" replay "$bad" windows
	[[ $stderr == *"$bad"*"damaged"* ]]
	run -3 --separate-stderr "$BUILD/ifpulse" replay "$BATS_TEST_TMPDIR" windows
	[[ -n $stderr ]]
}

@test "a recording overwrites nothing, and says what it needs" {
	echo precious >"$FILE"
	run -3 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" record -o "$FILE" -d 100ms
	[[ $stderr == *"exists"* ]]
	assert_equal "$(<"$FILE")" precious
	run -3 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" record -o "$BATS_TEST_TMPDIR/no/file" -d 100ms
	[[ $stderr == *"$BATS_TEST_TMPDIR/no"* ]]
	run -2 --separate-stderr "$BUILD/ifpulse" record -d 1s
	[[ $stderr == *"needs a file"* ]]
	run -2 --separate-stderr "$BUILD/ifpulse" record -o - -d 1s
	[[ $stderr == *"standard output"* ]]
	run -3 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" record -o /dev/null -d 1s
	[[ $stderr == *"exists"* && $stderr != *remove* ]]
	run -2 "$BUILD/ifpulse" record -o "$FILE.2" --max-size 1000B
	run -2 "$BUILD/ifpulse" record -o "$FILE.2" -w off
	run -2 "$BUILD/ifpulse" export "$FILE"
	[[ ! -e $FILE.2 ]]
}

@test "any name will do, and who may not read it is told so" {
	local name
	for name in ':memory:' 'file:x?mode=memory' 'a b%20#?c' "$BATS_TEST_TMPDIR/sub dir/x"; do
		mkdir -p "$BATS_TEST_TMPDIR/sub dir"
		FILE=$name
		cd "$BATS_TEST_TMPDIR"
		run -0 in_ns "$NS0" "$BUILD/ifpulse" record -o "$name" -d 10ms
		[[ -s $name ]]
		assert_equal "$(replay health -j | jq length)" 4 "rows of health"
	done
}

@test "who may not read a recording is told who may" {
	local place
	require_tool setpriv
	record -d 10ms
	wait_pid "$IFPULSE_PID"
	place=$(mktemp -d)
	chmod 755 "$place"
	cp "$BUILD/ifpulse" "$FILE" "$place"
	run -3 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$place/ifpulse" replay "$place/run.ifpulse" rate
	rm -r "$place"
	[[ $stderr == *"Permission denied; read it as its owner"* ]]
}

@test "a full disk ends the recording with a reason, and what is there is whole" {
	local small=$BATS_TEST_TMPDIR/small i
	mkdir "$small"
	mount -t tmpfs -o size=256k none "$small" || skip "cannot mount a tmpfs"
	FILE=$small/run.ifpulse
	record -w 10us
	# A sender that is behind its time catches up, and that in few windows: until the disk is full, then.
	for ((i = 0; i < 30; i++)); do
		! has_ended "$IFPULSE_PID" || break
		send "$NS0" frames raw-send --interface v0 --count 60000 --size 100 --rate-pps 60000
	done
	IFPULSE_STATUS=0
	wait_pid "$IFPULSE_PID" 20 || IFPULSE_STATUS=$?
	cp "$small"/run.ifpulse* "$BATS_TEST_TMPDIR"
	umount "$small"
	assert_equal "$IFPULSE_STATUS" 3 status
	grep -qiE 'full|no space' "$IFPULSE_ERR"
	FILE=$BATS_TEST_TMPDIR/run.ifpulse
	assert_equal "$(query 'PRAGMA integrity_check')" ok
	replay rate -j -I 100ms | jq -se 'length > 0' >/dev/null
}

@test "a capture holds what was around its burst, and --once ends with it" {
	local dir=$BATS_TEST_TMPDIR/captures
	start_ifpulse "$NS0" bursts -j -v -i v0 --threshold 100Mbit --merge-gap 5ms --capture "$dir" \
		--once --pre 5ms --post 20ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	# One frame alone is no burst, and too early to be in the capture.
	send "$NS0" frames raw-send --interface v0 --count 1 --size 60
	sleep 0.1
	bursts 1
	wait_pid "$IFPULSE_PID" 10
	FILE=$(echo "$dir"/*-v0-tx.ifpulse)
	[[ -f $FILE ]]
	grep -q "captured $FILE" "$IFPULSE_ERR"
	assert_equal "$(find "$dir" -mindepth 1 | wc -l)" 1 "files"
	assert_equal "$(replay windows -j --busy | sum bytes)" $((20 * 1500)) "bytes captured"
	# From 5 ms before to 20 ms behind, rounded to windows.
	jq -sn --slurpfile burst "$IFPULSE_OUT" --slurpfile windows <(replay windows -j | jq -c 'select(.direction == "tx")') '
		def us: ((.[0:19] + "Z") | fromdate) * 1000000 + (.[20:26] | tonumber);
		($burst[0].time | us) as $at | ($windows | map(.time | us)) as $times |
		$at - $times[0] >= 5000 and $at - $times[0] < 5200 and
		$times[-1] + 100 >= $at + $burst[0].duration_us + 20000 and
		$times[-1] < $at + $burst[0].duration_us + 20200' | grep -qx true
	assert_equal "$(query "SELECT count(*) FROM bursts")" 1 "bursts in it"
}

@test "captures are bounded, and a burst within one makes no other" {
	local dir=$BATS_TEST_TMPDIR/captures i
	start_ifpulse "$NS0" bursts -j -v -i v0 --threshold 100Mbit --merge-gap 1ms --capture "$dir" \
		--max 2 --pre 1ms --post 1s
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	bursts 3
	stop_ifpulse
	# The end of the run ends the capture, too: all three are in the one that the first triggered.
	assert_equal "$(find "$dir" -name '*.ifpulse' | wc -l)" 1 "captures"
	FILE=$(echo "$dir"/*.ifpulse)
	assert_equal "$(query "SELECT count(*) FROM bursts")" 3 "bursts in it"
	rm -r "$dir"
	start_ifpulse "$NS0" bursts -j -v -i v0 --threshold 100Mbit --merge-gap 1ms --capture "$dir" \
		--max 2 --pre 1ms --post 1ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	for ((i = 0; i < 4; i++)); do
		bursts 1
		sleep 0.3
	done
	stop_ifpulse
	assert_equal "$(find "$dir" -name '*.ifpulse' | wc -l)" 2 "captures"
	assert_equal "$(wc -l <"$IFPULSE_OUT")" 4 "bursts told"
	grep -q 'the last (--max)' "$IFPULSE_ERR"
	run -2 "$BUILD/ifpulse" bursts --once
	run -2 "$BUILD/ifpulse" bursts --post 1s
	run -3 in_ns "$NS0" "$BUILD/ifpulse" bursts -i v0 --capture /dev/null -d 10ms
}

@test "what is known of an interface is not told of one that had its ifindex before" {
	local dir=$BATS_TEST_TMPDIR/captures
	ip -n "$NS0" link add w0 index 500 type veth peer name w1
	ip -n "$NS0" link set w0 up
	ip -n "$NS0" link set w1 up
	start_ifpulse "$NS0" bursts -j -v -i w0 -i 'x*' --threshold 100Mbit --merge-gap 5ms \
		--capture "$dir" --once --pre 1ms --post 1s
	wait_for_line "$IFPULSE_ERR" 'attached to w0'
	send "$NS0" frames raw-send --interface w0 --count 20 --size 1500
	wait_for_line "$IFPULSE_OUT" w0
	ip -n "$NS0" link del w0
	ip -n "$NS0" link add x0 index 500 type veth peer name x1
	wait_pid "$IFPULSE_PID" 10
	FILE=$(echo "$dir"/*-w0-tx.ifpulse)
	assert_equal "$(query "SELECT mac FROM interfaces WHERE ifname = 'w0'")" "" "mac of w0"
	assert_equal "$(query "SELECT mac FROM interfaces WHERE ifname = 'x0'")" "$(mac_of "$NS0" x0)" "mac of x0"
}

# With a post of 1 ms those bursts are some 20 ms apart: several of them in one batch of windows.
@test "every burst that is in no capture yet makes one" {
	local dir=$BATS_TEST_TMPDIR/captures
	start_ifpulse "$NS0" bursts -j -v -i v0 --threshold 100Mbit --merge-gap 1ms --capture "$dir" \
		--pre 1ms --post 1ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	bursts 12
	settle
	stop_ifpulse
	assert_equal "$(find "$dir" -name '*-v0-tx.ifpulse' | wc -l)" "$(wc -l <"$IFPULSE_OUT")" captures
	(($(wc -l <"$IFPULSE_OUT") >= 12))
}

@test "a capture that cannot be written is left out, and the run goes on" {
	local dir=$BATS_TEST_TMPDIR/captures
	mkdir "$dir"
	mount -t tmpfs -o size=256k none "$dir" || skip "cannot mount a tmpfs"
	start_ifpulse "$NS0" bursts -j -v -i v0 --threshold 100Mbit --merge-gap 1ms --capture "$dir" \
		--pre 1ms --post 1ms
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	bursts 6
	settle
	rm -f "$dir"/*
	sleep 1.1
	bursts 1
	settle
	IFPULSE_STATUS=0
	stop_ifpulse || true
	find "$dir" -mindepth 1 -name '.*' >"$BATS_TEST_TMPDIR/unfinished"
	find "$dir" -name '*.ifpulse' >"$BATS_TEST_TMPDIR/captured"
	umount "$dir"
	assert_equal "$IFPULSE_STATUS" 3 status
	(($(wc -l <"$IFPULSE_OUT") >= 7))
	[[ ! -s $BATS_TEST_TMPDIR/unfinished && -s $BATS_TEST_TMPDIR/captured ]]
	# Once until it works again, not with every burst.
	warnings=$(grep -c 'no capture: .*room' "$IFPULSE_ERR")
	((warnings >= 1 && warnings <= 2))
	grep -q 'captures could not be written' "$IFPULSE_ERR"
}
