#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# How long it takes until ifpulse counts: from the start to the first packet that it counted, among packets that come
# without end; to 1,000 attached interfaces; and from the order to make an interface to its being attached.
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE[0]%/*}/lib.bash"

add_ns "$NS"
add_pairs 2

elapsed_ms() { # FROM-US [TO-US]
	awk -v us="$((${2:-$(now_us)} - $1))" 'BEGIN {printf "%.2f\n", us / 1000}'
}

# When the first window that has a packet ended: no reader of what it prints is in the way of that.
first_counted() {
	local from end
	from=$(now_us)
	timeout 20 ip netns exec "$NS" "$IFPULSE" windows -j -w 100us -d 1s -i c0 >"$WORK/windows" || true
	end=$(jq -n 'first(inputs | select(.packets != null and .packets > 0)) | .time[:19] as $s
		| ($s + "Z" | fromdate) * 1000000 + (.time[20:26] | tonumber) + .window_us' "$WORK/windows")
	[[ -n $end ]] || fail "no packet was counted"
	elapsed_ms "$from" "$end"
}

bpftrace_first() {
	local from
	from=$(now_us)
	start_bpftrace 'tracepoint:net:net_dev_queue { @[str(args->name)] = count(); @n++;
		if (@n == 1) { printf("counted\n"); } }'
	wait_for_fast "$WORK/bpftrace.out" counted
	elapsed_ms "$from"
	stop "$PID" >/dev/null 2>&1
}

wait_for_fast() { # FILE PATTERN
	local tries
	for ((tries = 0; tries < 5000; tries++)); do
		! grep -qs "$2" "$1" || return 0
		sleep 0.002
	done
	fail "there is no '$2' in $1"
}

start spread "$TOOLS/spread" --prefix c --interfaces 1 --seconds 200
sender=$PID
sleep 0.3
for ((i = 0; i < $(or_quick 15 1); i++)); do
	first_counted
done | row "start to the first counted packet" ifpulse ms --at-most 100
if command -v bpftrace >/dev/null; then
	for ((i = 0; i < $(or_quick 5 1); i++)); do
		bpftrace_first
	done | row "start to the first counted packet" bpftrace ms
else
	no_row "start to the first counted packet" bpftrace ms "not installed (scripts/setup bench)"
fi
stop "$sender"

# Lines as they come, by a pipe that is read as they do.
attach_times() { # INTERFACES PLUGGED ARGUMENT…
	local from line n=0 i
	mkfifo "$WORK/pipe"
	exec {lines}<>"$WORK/pipe"
	from=$(now_us)
	ip netns exec "$NS" "$IFPULSE" rate -v -j -I 1h -i 'c*' -i 'h*' "${@:3}" >/dev/null 2>&"$lines" &
	PIDS+=("$!")
	PID=$!
	while ((n < $1)); do
		read -r -t 30 -u "$lines" line || fail "only $n interfaces were attached"
		[[ $line != *'attached to'* ]] || n=$((n + 1))
	done
	elapsed_ms "$from" >"$WORK/all"
	# One ip stays, so that it does not have to start for each.
	coproc IP { exec ip -n "$NS" -batch -; }
	PIDS+=("$IP_PID")
	# They are to be single ones, not a crowd.
	for ((i = 0; i < $2; i++)); do
		sleep 0.3
		from=$(now_us)
		echo "link add h$i type veth peer name x$i" >&"${IP[1]}"
		until [[ $line == *"attached to h$i" ]]; do
			read -r -t 10 -u "$lines" line || fail "h$i was not attached"
		done
		elapsed_ms "$from" >>"$WORK/plugged"
	done
	eval "exec ${IP[1]}>&- $lines>&-"
	rm "$WORK/pipe"
	stop "$PID"
}

plugged=$(or_quick 21 2)
: >"$WORK/plugged"
attach_times 2 "$plugged"
row "hot-plug to attached, with the making of the interface" "ifpulse, by tcx" ms --at-most 5 <"$WORK/plugged"
for ((i = 0; i < plugged; i++)); do
	ip -n "$NS" link delete "h$i"
done
: >"$WORK/plugged"
attach_times 2 "$plugged" --attach clsact
row "hot-plug to attached, with the making of the interface" "ifpulse --attach clsact" ms --at-most 5 \
	<"$WORK/plugged"

NS=$NS-many
add_ns "$NS"
add_pairs 1000
for ((i = 0; i < $(or_quick 5 1); i++)); do
	attach_times 1000 0
	cat "$WORK/all"
done | row "start to 1,000 interfaces attached" ifpulse ms --at-most 1000
