#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Five hundred namespaces with a veth each, made and deleted twenty at a time while one ifpulse probes both ends:
# nothing leaks, and nothing is counted under a wrong name. Indexes are used again in every batch, as the kernel
# does by itself with the ids and inode numbers of namespaces.

load lib

N_NAMESPACES=500
BATCH=20

setup() {
	require_root_bpf
	require_tool bpftool
}

# Namespace number N, its eth0, and hN at home: nothing is sent there but by the test.
make_one() { # N
	local ns=$NS_PREFIX-c$1 index=$((1000 + $1 % BATCH))
	ip netns add "$ns"
	ip link add "h$1" index "$index" netns "$HOME_NS" type veth peer name eth0 index 7 netns "$ns"
	ip -n "$ns" -batch - <<-END
		link set eth0 addrgenmode none
		address add 192.0.2.1/24 dev eth0
		neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent
		link set eth0 up
	END
	ip -n "$HOME_NS" link set "h$1" addrgenmode none up
}

packets_of() { # N
	echo $((10 + $1))
}

send_from() { # N
	in_ns "$NS_PREFIX-c$1" "$BUILD/tools/traffic" udp-send --to 192.0.2.2 --port 7000 \
		--count "$(packets_of "$1")" --size 100 >/dev/null
}

log_lines() { # PATTERN
	grep -cE "$1" "$IFPULSE_ERR" || true
}

has_log_lines() { # COUNT PATTERN
	(($(log_lines "$2") == $1))
}

# Of the process: open files, and the entries of the map of interfaces elsewhere.
open_files() {
	local files=("/proc/$IFPULSE_PID/fd/"*)
	echo "${#files[@]}"
}

resident_kib() {
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$IFPULSE_PID/status"
}

mapped_elsewhere() {
	local id
	# Of its own, whoever else counts on this host.
	id=$(bpftool -j map show | jq '.[] | select(.name == "slot_by_netns") | .id' | sort |
		comm -12 - <(sed -n 's/^map_id:[[:space:]]*//p' "/proc/$IFPULSE_PID/fdinfo/"* | sort))
	bpftool -j map dump id "$id" | jq length
}

run_batch() { # FIRST
	local n last=$(($1 + BATCH - 1))
	for ((n = $1; n <= last; n++)); do
		make_one "$n"
	done
	for ((n = $1; n <= last; n++)); do
		wait_for_line "$IFPULSE_ERR" "attached to $NS_PREFIX-c$n/eth0\$" 30
		wait_for_line "$IFPULSE_ERR" "attached to h$n\$" 30
		wait_up "$HOME_NS" "h$n"
	done
	for ((n = $1; n <= last; n++)); do
		send_from "$n"
	done
	for ((n = $1; n <= last; n++)); do
		ip netns delete "$NS_PREFIX-c$n"
	done
	wait_until 30 has_log_lines $((last + 1)) 'network namespace .* is gone$'
	wait_until 30 has_log_lines $((last + 1)) 'detached from h[0-9]+$'
}

@test "five hundred namespaces come and go: exact counts under their own names, and nothing leaks" {
	local first early_files early_kib n wrong
	make_ns HOME_NS home
	start_ifpulse "$HOME_NS" rate -j -I 200ms -v --netns "$NS_PREFIX-c*" -i '/h*' -i '*/eth0'
	wait_for_line "$IFPULSE_ERR" "no interface matches yet"
	for ((first = 0; first < N_NAMESPACES; first += BATCH)); do
		run_batch "$first"
		if ((first == 4 * BATCH)); then
			early_files=$(open_files)
			early_kib=$(resident_kib)
		fi
	done
	assert_equal "$(open_files)" "$early_files" "open files"
	assert_equal "$(mapped_elsewhere)" 0 "interfaces in the map"
	(($(resident_kib) - early_kib < 1024)) || {
		echo "resident memory grew from $early_kib to $(resident_kib) KiB"
		return 1
	}
	stop_ifpulse
	for ((n = 0; n < N_NAMESPACES; n++)); do
		printf '%s %s\n' "$NS_PREFIX-c$n/eth0" "$(packets_of "$n")"
		printf '%s %s\n' "h$n" "$(packets_of "$n")"
	done | sort >"$BATS_TEST_TMPDIR/sent"
	jq -r 'select(.ifname) | [(if .netns then .netns + "/" else "" end) + .ifname,
		if .netns then .tx_wire_packets else .rx_wire_packets end] | join(" ")' "$IFPULSE_OUT" |
		awk '{sum[$1] += $2} END {for (name in sum) print name, sum[name]}' |
		sort >"$BATS_TEST_TMPDIR/counted"
	wrong=$(diff "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/counted" | head -n 20) || {
		printf '%s\n' "$wrong"
		return 1
	}
	# And not another packet, in either direction.
	assert_equal "$(jq -s '[.[] | if .netns then .rx_wire_packets else .tx_wire_packets end] | add' \
		"$IFPULSE_OUT")" 0 "packets that nobody sent"
}
