#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# health over a time: what the stack drops is in the verdict, each drop once, with its reason; and nobody is
# woken for what nobody wanted. Since boot it is in commands.bats.

load lib
load probe

setup() {
	require_root_bpf
	make_pair
}

# Starts `health` over a time in NS and returns once that has begun.
watch_health() { # NS ARGUMENT…
	local ns=$1
	shift
	start_ifpulse "$ns" health -v --period interval -d 1h "$@"
	wait_for_line "$IFPULSE_ERR" 'judging from here on'
}

# Ends that time by a signal, and expects the exit status.
ends_with() { # STATUS
	settle
	stop_ifpulse || true
	cat "$IFPULSE_ERR" >&2
	cat "$IFPULSE_OUT" >&2
	assert_equal "$IFPULSE_STATUS" "$1" "exit status"
}

# Of an interface: verdict, drops, those that are unwanted, and the reasons in order.
judged() { # IFNAME
	jq -r --arg ifname "$1" '.[] | select(.ifname == $ifname) |
		"\(.verdict), \(.drops) drops, \(.drops_unwanted) unwanted:" + ([.drop_reasons[] |
		" \(.direction) \(.source) \(.reason) \(.packets)"] | join(""))' "$IFPULSE_OUT"
}

has_reason() { # NAME
	bpftool btf dump file /sys/kernel/btf/vmlinux format c | grep -q "	SKB_DROP_REASON_$1 = " ||
		skip "the kernel has no reason $1"
}

# What the stack drops of these on either way, no counter of stats64 has.
craft() { # TO-MAC TO PORT COUNT
	send "$NS0" craft udp --interface v0 --to-mac "$1" --from 192.0.2.1 --to "$2" --port "$3" --count "$4"
}

qdisc_drops() {
	in_ns "$NS0" tc -s -j qdisc show dev v0 root | jq -e '.[0].drops'
}

@test "a queue that is full, whatever is behind it" {
	local dropped limit
	has_reason QDISC_DROP
	for limit in tbf pfifo; do
		in_ns "$NS0" tc qdisc replace dev v0 root handle 1: tbf rate 1mbit burst 2000 limit 3000
		[[ $limit == tbf ]] ||
			in_ns "$NS0" tc qdisc add dev v0 parent 1:1 handle 2: pfifo limit 5
		watch_health "$NS0" -j -i v0
		send "$NS0" frames raw-send --interface v0 --count 20 --size 1000
		ends_with 1
		dropped=$(qdisc_drops)
		((dropped > 100))
		assert_equal "$(judged v0)" "drops, $dropped drops, 0 unwanted: tx kfree_skb QDISC_DROP $dropped"
		# A share of what was received and sent, which is without what the queue dropped.
		jq -e --argjson dropped "$dropped" '.[0] | .tx_packets as $sent | $sent >= 20 and
			((.drop_rate_pct - 100 * $dropped / (.rx_packets + $sent)) | fabs) < 0.00001' "$IFPULSE_OUT"
		in_ns "$NS0" tc qdisc del dev v0 root
	done
}

@test "for people and as CSV it says why" {
	local dropped csv
	has_reason QDISC_DROP
	in_ns "$NS0" tc qdisc add dev v0 root tbf rate 1mbit burst 2000 limit 3000
	watch_health "$NS0" --csv -i v0
	csv=("$IFPULSE_PID" "$IFPULSE_OUT")
	watch_health "$NS0" -i v0
	send "$NS0" frames raw-send --interface v0 --count 20 --size 1000
	ends_with 1
	stop_ifpulse "${csv[0]}" || assert_equal "$IFPULSE_STATUS" 1
	dropped=$(qdisc_drops)
	grep -qE "^INTERFACE .* VERDICT +DROPPED$" "$IFPULSE_OUT"
	grep -qE "^v0 .* $dropped +[0-9.]+% +drops +tx QDISC_DROP $dropped$" "$IFPULSE_OUT"
	grep -qE "^10,v0,,interval,.*,$dropped,.*,drops,0,tx:QDISC_DROP:$dropped$" "${csv[1]}"
}

@test "a full UDP receive buffer, of packets for this host and for all" {
	local to dropped idle
	has_reason SOCKET_RCVBUFF
	for to in "$(mac_of "$NS1" v1) 192.0.2.2" "ff:ff:ff:ff:ff:ff 192.0.2.255"; do
		start_bg "idle-${to##*.}" "$NS1" "$BUILD/tools/traffic" udp-idle --port 7000 --receive-buffer 10000
		wait_for_line "$BG_ERR" '^ready$'
		idle=("$BG_PID" "$BG_OUT")
		watch_health "$NS1" -j -i v1
		# shellcheck disable=SC2086
		craft $to 7000 300
		ends_with 1
		kill -INT "${idle[0]}"
		wait_until 10 has_ended "${idle[0]}"
		dropped=$(json_field "${idle[1]}" socket_drops)
		((dropped > 100))
		assert_equal "$(judged v1)" "drops, $dropped drops, 0 unwanted: rx kfree_skb SOCKET_RCVBUFF $dropped"
	done
}

@test "a port that nobody listens on, and a TC program, most drops first" {
	has_reason NO_SOCKET
	has_reason TC_INGRESS
	watch_health "$NS1" -j -i v1
	craft "$(mac_of "$NS1" v1)" 192.0.2.2 7009 40
	settle
	start_bg neighbour "$NS1" "$BUILD/tools/neighbour" --interface v1 --direction ingress --mode tcx --verdict drop
	wait_for_line "$BG_ERR" '^ready$'
	craft "$(mac_of "$NS1" v1)" 192.0.2.2 7009 70
	ends_with 1
	assert_equal "$(judged v1)" \
		"drops, 110 drops, 0 unwanted: rx kfree_skb TC_INGRESS 70 rx kfree_skb NO_SOCKET 40"
}

@test "what stats64 counts as well, or alone, is counted once" {
	local dropped
	watch_health "$NS1" -j -i v1
	note_kernel "$NS1" v1
	# Nobody takes these frames.
	send "$NS0" frames raw-send --interface v0 --count 300 --size 100
	ends_with 1
	assert_equal "$(kernel "$NS1" v1 rx_dropped)" 300 rx_dropped
	judged v1 | grep -qxE 'drops, 300 drops, 0 unwanted: rx kfree_skb [A-Z_]+ 300'
	# A veth frees what its other end does not take as the sender's, and both count it.
	ip -n "$NS1" link set v1 mtu 1000
	settle
	watch_health "$NS1" -j -i v1
	note_kernel "$NS1" v1
	send "$NS0" frames raw-send --interface v0 --count 60 --size 1400 --timeout 1 || true
	ends_with 1
	dropped=$(kernel "$NS1" v1 rx_dropped)
	((dropped >= 60))
	assert_equal "$(judged v1)" "drops, $dropped drops, 0 unwanted: rx stats64 rx_dropped $dropped"
}

@test "without drops all is well" {
	start_sink "$NS1" udp-sink --port 7000 --count 500
	watch_health "$NS1" -j -i v1
	send "$NS0" traffic udp-send --to 192.0.2.2 --port 7000 --count 500 --size 100
	ends_with 0
	assert_equal "$(judged v1)" "ok, 0 drops, 0 unwanted:"
	jq -e '.[0].rx_packets == 500' "$IFPULSE_OUT"
}

# Their reason is NOT_SPECIFIED, as that of real losses is; no counter of stats64 has them.
@test "what was sent to all or to others, and nobody here wanted, wakes nobody" {
	has_reason OTHERHOST
	watch_health "$NS1" -j -i v1
	craft 01:00:5e:00:00:fb 224.0.0.251 5353 20
	craft ff:ff:ff:ff:ff:ff 192.0.2.255 137 30
	craft 02:00:00:00:00:77 192.0.2.2 7009 60
	ends_with 0
	assert_equal "$(judged v1 | cut -d : -f 1)" "ok, 110 drops, 110 unwanted"
	jq -e '.[0] | .drop_rate_pct == 0 and ([.drop_reasons[].packets] | add) == 110 and
		.drop_reasons[0].reason == "OTHERHOST"' "$IFPULSE_OUT"
	# A single one that was meant for this host, among them, is a finding.
	watch_health "$NS1" -j -i v1
	craft 01:00:5e:00:00:fb 224.0.0.251 5353 20
	craft "$(mac_of "$NS1" v1)" 192.0.2.2 7009 1
	ends_with 1
	assert_equal "$(judged v1 | cut -d : -f 1)" "drops, 21 drops, 20 unwanted"
}

@test "nothing is put on the interfaces" {
	watch_health "$NS0" -j
	assert_equal "$(hooked)" 0 "programs"
	assert_equal "$(in_ns "$NS0" tc qdisc show clsact)" "" "qdiscs"
	ends_with 0
	# There would be, of others.
	start_ifpulse "$NS0" rate -j -I 50ms
	wait_for_line "$IFPULSE_OUT" v0
	assert_equal "$(hooked)" 2 "those of rate"
	stop_ifpulse
}

# How many of our programs sit on the hooks of v0.
hooked() {
	in_ns "$NS0" "$BUILD/ifpulse" doctor -j -i v0 |
		jq 'map(select(.check == "hook") | .detail | scan("an ifpulse")) | length'
}

# A name and an index that another had before, and what comes within the time.
@test "interfaces that go take their drops with them, those that come begin at zero" {
	has_reason NO_SOCKET
	watch_health "$NS1" -j -i 'w*'
	come 30
	ip -n "$NS0" link del w0
	wait_for_line "$IFPULSE_ERR" 'detached from w1'
	: >"$IFPULSE_ERR"
	come 7
	ends_with 1
	assert_equal "$(judged w1)" "drops, 7 drops, 0 unwanted: rx kfree_skb NO_SOCKET 7"
	assert_equal "$(jq length "$IFPULSE_OUT")" 1 rows
	watch_health "$NS1" -j -i 'w*'
	craft_w 30
	ip -n "$NS0" link del w0
	wait_for_line "$IFPULSE_ERR" 'detached from w1'
	ends_with 0
	assert_equal "$(jq length "$IFPULSE_OUT")" 0 rows
}

# w1 with index 501 in $NS1 gets DATAGRAMS that nobody listens to, and nothing else.
come() { # DATAGRAMS
	ip link add w0 index 500 netns "$NS0" type veth peer name w1 index 501 netns "$NS1"
	in_ns "$NS0" sysctl -qw net.ipv6.conf.w0.disable_ipv6=1
	in_ns "$NS1" sysctl -qw net.ipv6.conf.w1.disable_ipv6=1
	ip -n "$NS1" address add 198.51.100.2/24 dev w1
	ip -n "$NS0" link set w0 up
	ip -n "$NS1" link set w1 up
	wait_for_line "$IFPULSE_ERR" 'attached to w1'
	wait_up "$NS1" w1
	wait_up "$NS0" w0
	craft_w "$1"
}

craft_w() { # DATAGRAMS
	send "$NS0" craft udp --interface w0 --to-mac "$(mac_of "$NS1" w1)" --from 198.51.100.1 \
		--to 198.51.100.2 --port 7009 --count "$1"
	settle "$NS1" w1 "$NS0" w0
}

@test "without privilege the kernel's counters are judged, and no more" {
	local unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)
	require_tool setpriv
	start_bg health "$NS1" "${unprivileged[@]}" "$BUILD/ifpulse" health -v -j --period interval -d 1h -i v1
	wait_for_line "$BG_ERR" 'judging from here on'
	craft "$(mac_of "$NS1" v1)" 192.0.2.2 7009 50
	settle
	kill -INT "$BG_PID"
	wait_bg health
	jq -e '.[0] | .verdict == "ok" and .drops == 0 and .rx_packets == 50 and .drop_reasons == null
		and .drops_unwanted == null' "$BG_OUT"
	grep -q "by the kernel's counters alone, .*CAP_BPF.* missing; run as root" "$BG_ERR"
	# Without a word of it unless asked, and in the same columns as ever.
	run -0 --separate-stderr in_ns "$NS1" "${unprivileged[@]}" "$BUILD/ifpulse" health -d 50ms -i v1
	assert_equal "$stderr" ""
	[[ $output != *DROPPED* ]]
	run -3 --separate-stderr in_ns "$NS1" "${unprivileged[@]}" "$BUILD/ifpulse" health -d 50ms -i eth9
	[[ $stderr == *"there is no interface 'eth9'"* ]]
}

@test "since boot it is the kernel's counters, beside the time's own" {
	has_reason NO_SOCKET
	craft "$(mac_of "$NS1" v1)" 192.0.2.2 7009 50
	settle
	run -0 in_ns "$NS1" "$BUILD/ifpulse" health -j -d 50ms -i v1
	jq -e 'map(.period) == ["boot", "interval"] and .[0].drop_reasons == null and
		.[0].drops_unwanted == null and .[1].drop_reasons == [] and .[1].verdict == "no packets"' <<<"$output"
}
