#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Names that others chose: control characters, quotes, what a shell, a spreadsheet or a terminal would take for
# something else, invalid UTF-8, all 15 bytes. In every output they are text, and it is still told whose is what.

load lib
load probe

# What dev_valid_name() lets pass (it takes 0xa0 for white space), but for '%', which is a pattern to who makes an
# interface. The last has all the 15 bytes that a name may have. In bytes, since bash takes \u by its locale.
NAMES=(
	$'e\e[31;5m"\\' '<b>&amp;]]>'"'" '=1+2,"x";' "\$(id)\`id\`" '--help' $'\a\b\x7f\x01' '{"a",[1'
	$'\xff\xc3(\xe2\x80'                 # no UTF-8
	$'a\xe2\x80\xaeb\xe2\x80\x8bc'       # U+202E, right to left; U+200B, a space without width
	$'\xc2\x9b2J'                        # U+009B, CSI in one character
	$'\xe6\xbc\xa2\xe5\xad\x97\xcc\x81'  # two ideographs, and U+0301, an accent on the second
	$'a\xe2\x81\xa1b\xef\xbb\xbf'        # U+2061 and U+FEFF, which nobody sees
	$'ab\xef\xbf\xbe\xf4\x8f\xbf\xbf'    # U+FFFE and U+10FFFF, which are no characters
	$'abcdefghijklm\xc3\xa9'
)

setup() {
	local i
	require_root_bpf
	make_ns NS0 0
	make_ns NS1 1
	for i in "${!NAMES[@]}"; do
		ip -n "$NS0" link add name "${NAMES[i]}" index $((100 + i)) type veth \
			peer name "p$i" netns "$NS1"
		ip -n "$NS0" link set dev "${NAMES[i]}" up
		ip -n "$NS1" link set dev "p$i" up
	done
	FOLDER=$BATS_TEST_TMPDIR/outputs
	mkdir "$FOLDER"
}

# Each has a burst of its own, sent and received.
send_all() {
	local i
	for i in "${!NAMES[@]}"; do
		send "$NS1" frames hex-send --interface "p$i" --count 20 --size 1000 \
			--frame 0200000000010200000000028888
	done
}

# As JSON has them: what is no UTF-8 is U+FFFD, byte by byte.
names_as_json() {
	local name
	for name in "${NAMES[@]}"; do
		[[ $name != $'\xff'* ]] || name=$'\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd'
		jq -cn --arg name "$name" '$name'
	done | sort
}

# Nothing but printable characters and line feeds, all of it UTF-8, and nothing that cannot be seen.
is_harmless() { # FILE…
	local file
	for file; do
		[[ -s $file ]] || { echo "$file is empty" && return 1; }
		iconv -f UTF-8 -t UTF-8 "$file" >/dev/null || { echo "$file is no UTF-8" && return 1; }
		if LC_ALL=C grep -aqP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$file" ||
			LC_ALL=C grep -aqP '\xe2\x80[\x8b-\x8f\xa8-\xae]|\xef\xbb\xbf|\xf3\xa0\x81' "$file"; then
			echo "$file has what it must not:" && cat -A "$file" && return 1
		fi
	done
}

# Every object is one, and the names are all there.
has_all_names() { # JSON-FILE JQ-FILTER-TO-ARRAY
	assert_equal "$(jq -cs "$2 | map(.ifname | select(. != null and . != \"lo\")) | unique | .[]" "$1" |
		sort)" "$(names_as_json)" "names in $1"
}

# By the index, which no name can spoil; all columns where the header has them.
has_whole_rows() { # CSV-FILE
	local rows
	rows=$(sqlite3 :memory: -cmd '.mode csv' -cmd ".import '$1' rows" \
		'SELECT count(DISTINCT ifindex), count(DISTINCT ifname), sum(ifindex < 100) FROM rows
		WHERE ifname <> "lo"' 2>"$BATS_TEST_TMPDIR/import")
	assert_equal "$rows" "${#NAMES[@]},${#NAMES[@]},0" "interfaces, names and spoiled rows in $1"
	[[ ! -s $BATS_TEST_TMPDIR/import ]] || { cat "$BATS_TEST_TMPDIR/import" && return 1; }
}

ifp() { # OUTPUT ARGUMENT…
	local output=$FOLDER/$1 status=0
	shift
	in_ns "$NS0" "$BUILD/ifpulse" "$@" >"$output" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	((status < 2)) || { cat "$BATS_TEST_TMPDIR/err" && return 1; }
}

@test "names are text in what looks at a running host" {
	local -x LC_ALL=C.UTF-8
	local pids=() pid
	ifp list list
	ifp list.json list -j
	ifp health health
	ifp health.json health -j
	ifp health.csv health --csv
	ifp doctor doctor
	ifp doctor.json doctor -j
	for format in "" -j --csv; do
		# shellcheck disable=SC2086
		start_ifpulse "$NS0" bursts -v -w 1ms --attach clsact --threshold 1bit $format
		pids+=("$IFPULSE_PID")
		wait_for_line "$IFPULSE_ERR" 'looking for bursts'
		ln -s "$IFPULSE_OUT" "$FOLDER/bursts${format/--/.}"
		ln -s "$IFPULSE_ERR" "$FOLDER/bursts${format/--/.}.err"
	done
	for format in "" -j --csv; do
		# shellcheck disable=SC2086
		start_ifpulse "$NS0" watch $format
		pids+=("$IFPULSE_PID")
		ln -s "$IFPULSE_OUT" "$FOLDER/watch${format/--/.}"
	done
	start_ifpulse "$NS0" drops -j -I 50ms --attach clsact
	pids+=("$IFPULSE_PID")
	ln -s "$IFPULSE_OUT" "$FOLDER/drops-j"
	wait_until 10 keeps_watching "$IFPULSE_PID"
	send_all
	for i in "${!NAMES[@]}"; do
		ip -n "$NS0" link set dev "${NAMES[i]}" mtu 1400
	done
	ifp rate rate --attach clsact -I 50ms -c 1
	ifp rate.json rate --attach clsact -I 50ms -c 1 -j
	ifp rate.csv rate --attach clsact -I 50ms -c 1 --csv
	ifp compare.json compare --attach clsact -d 100ms -j
	wait_for_line "$FOLDER/watch-j" '"ifindex":113.*"mtu"'
	for pid in "${pids[@]}"; do
		stop_ifpulse "$pid"
	done
	is_harmless "$FOLDER"/*
	for file in list health doctor compare; do
		[[ $file == doctor ]] || has_all_names "$FOLDER/$file.json" '.[0]'
		jq -e . "$FOLDER/$file.json" >/dev/null
	done
	has_all_names "$FOLDER/rate.json" .
	has_all_names "$FOLDER/bursts-j" .
	has_all_names "$FOLDER/watch-j" .
	jq -e . "$FOLDER/drops-j" >/dev/null
	for file in health rate bursts watch; do
		has_whole_rows "$FOLDER/$file.csv"
	done
}

# Its sets are in /proc as long as it runs, and it has given up what it does not need when it is attached.
keeps_watching() { # PID
	grep -q '^CapEff:[[:space:]]*000000c000001000$' "/proc/$1/status"
}

@test "names are text in a recording, and in all that is made of it" {
	local -x LC_ALL=C.UTF-8
	local file=$BATS_TEST_TMPDIR/run what
	start_ifpulse "$NS0" record -o "$file" -v --attach clsact -w 1ms --threshold 1bit
	wait_for_line "$IFPULSE_ERR" 'attached to abcdefghijklm'
	wait_until 10 keeps_watching "$IFPULSE_PID"
	send_all
	settle "$NS1" p13
	stop_ifpulse
	cp "$IFPULSE_ERR" "$FOLDER/record.err"
	for what in rate "windows --busy" "bursts --threshold 1bit" health; do
		# shellcheck disable=SC2086
		for format in "" --json --csv; do
			ifp "${what%% *}${format/--/.}" replay "$file" $what $format
		done
	done
	ifp export.csv export "$file" --format csv
	ifp export.jsonl export "$file" --format jsonl
	ifp trace.json export "$file" --format perfetto
	ifp plot.log plot "$file" -o "$BATS_TEST_TMPDIR/run.svg"
	rm "$FOLDER/plot.log"
	cp "$BATS_TEST_TMPDIR/run.svg" "$FOLDER"
	is_harmless "$FOLDER"/*
	[[ $(<"$BATS_TEST_TMPDIR/run.svg") != *'<b>&'* ]]
	for what in rate windows bursts; do
		has_all_names "$FOLDER/$what.json" .
	done
	has_all_names "$FOLDER/export.jsonl" 'map(select(.type == "window"))'
	assert_equal "$(jq -c '[.[] | select(.name == "process_name") | .args.name | select(. != "lo")] |
		unique | .[]' "$FOLDER/trace.json" | sort)" "$(names_as_json)" "names in the trace"
	for what in rate windows bursts export; do
		has_whole_rows "$FOLDER/$what.csv"
	done
}

@test "names are text in messages" {
	local name
	for name in "${NAMES[@]}"; do
		[[ $name != -* ]] || continue
		in_ns "$NS1" "$BUILD/ifpulse" list -i "$name" </dev/null &>"$FOLDER/missing" || true
		is_harmless "$FOLDER/missing"
		in_ns "$NS1" "$BUILD/ifpulse" list --container "$name" </dev/null &>"$FOLDER/missing" || true
		is_harmless "$FOLDER/missing"
		"$BUILD/ifpulse" replay "$name" bursts </dev/null &>"$FOLDER/missing" || true
		is_harmless "$FOLDER/missing"
		"$BUILD/ifpulse" "$name" </dev/null &>"$FOLDER/missing" || true
		is_harmless "$FOLDER/missing"
	done
	in_ns "$NS0" "$BUILD/ifpulse" rate -i nobody </dev/null &>"$FOLDER/missing" || true
	is_harmless "$FOLDER/missing"
	in_ns "$NS0" "$BUILD/ifpulse" rate -v -I 10ms -c 1 --attach clsact 2>"$FOLDER/verbose" >/dev/null
	is_harmless "$FOLDER/verbose"
}

@test "completion runs nothing, and offers what needs no quoting" {
	ip -n "$NS0" link add "\$(touch pwned)" type dummy 2>/dev/null || true
	ip -n "$NS0" link add name "\$(>pwned)" type veth peer name harmless-1.2
	# shellcheck disable=SC2016
	run -0 in_ns "$NS0" bash -c 'cd "$1" && source "$2"
		COMP_WORDS=("$3" rate -i "") COMP_CWORD=3 && _ifpulse && printf "%s\n" "${COMPREPLY[@]}"' - \
		"$FOLDER" "$BATS_TEST_DIRNAME/../../scripts/ifpulse.bash" "$BUILD/ifpulse"
	assert_equal "$(sort <<<"$output" | tr '\n' ' ')" "harmless-1.2 lo " choices
	[[ ! -e $FOLDER/pwned ]]
}
