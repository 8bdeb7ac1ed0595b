#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What is behind an interface whose other end is in another namespace.

load lib
load podman

setup() {
	require_root
	CGROUP="" PODMAN=""
}

teardown() {
	podman_cleanup
}

containers() { # NS: a line for each interface
	in_ns "$1" "$BUILD/ifpulse" list -j | jq -r '.[] | "\(.ifname) \(.container)"'
}

# A process in a namespace without a name, which VETH of NS leads to: its pid in VARIABLE.
start_unnamed() { # VARIABLE NS VETH
	start_here "$3" unshare -n sleep 300
	wait_until 5 has_own_netns "$BG_PID"
	ip -n "$2" link add "$3" type veth peer name inside netns "$BG_PID"
	printf -v "$1" %s "$BG_PID"
}

# Skips where the test itself is part of a service or a container, and so are all that it starts.
require_no_owner() { # PID
	if grep -qE '\.service|[0-9a-f]{64}|lxc|machine-|kubepods' "/proc/$1/cgroup"; then
		skip "runs within a service or container"
	fi
}

@test "what ip netns named is behind, with and without a process" {
	make_pair
	run -0 containers "$NS0"
	[[ $output == $'lo null\nv0 '"$NS1" ]]
	run -0 containers "$NS1"
	[[ $output == $'lo null\nv1 '"$NS0" ]]
	start_bg inside "$NS1" sleep 300
	run -0 containers "$NS0"
	[[ $output == *"v0 $NS1" ]]
}

@test "the table has a column of containers where there is one" {
	make_pair
	run -0 in_ns "$NS0" "$BUILD/ifpulse" list
	[[ $output == *CONTAINER*"$NS1"* ]]
	run -0 in_ns "$NS0" "$BUILD/ifpulse" list -i lo
	[[ $output == *ADDRESSES* && $output != *CONTAINER* ]]
	ip -n "$NS0" link delete v0
	run -0 in_ns "$NS0" "$BUILD/ifpulse" list
	[[ $output == *ADDRESSES* && $output != *CONTAINER* ]]
}

@test "each namespace sees what is next to it: nested ones, pairs at home, macvlans" {
	local ns2
	make_pair
	make_ns ns2 2
	ip link add down0 netns "$NS1" type veth peer name up0 netns "$ns2"
	ip -n "$NS0" link add p0 type veth peer name p1
	ip -n "$NS0" link add mv0 link v0 type macvlan
	ip -n "$NS0" link set mv0 netns "$ns2"
	run -0 containers "$NS0"
	[[ $(sort <<<"$output") == $'lo null\np0 null\np1 null\nv0 '"$NS1" ]]
	run -0 containers "$NS1"
	[[ $(sort <<<"$output") == "down0 $ns2"$'\nlo null\nv1 '"$NS0" ]]
	run -0 containers "$ns2"
	[[ $(sort <<<"$output") == $'lo null\nmv0 '"$NS0"$'\nup0 '"$NS1" ]]
}

@test "a namespace without a name is known by its process" {
	local pid
	make_ns NS0 0
	start_unnamed pid "$NS0" v0
	require_no_owner "$pid"
	run -0 containers "$NS0"
	[[ $output == *"v0 pid $pid (sleep)" ]]
}

@test "without privilege the list is there, and what is behind is unknown" {
	local pid
	require_tool setpriv
	make_ns NS0 0
	start_unnamed pid "$NS0" v0
	mkdir -m 0755 "$BATS_TEST_TMPDIR/bin"
	install -m 0755 "$BUILD/ifpulse" "$BATS_TEST_TMPDIR/bin"
	chmod a+x "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}"
	run -0 --separate-stderr in_ns "$NS0" setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$BATS_TEST_TMPDIR/bin/ifpulse" list -j
	assert_equal "$(jq -c '[.[] | [.ifname, .container]]' <<<"$output")" \
		'[["lo",null],["v0",null]]'
	assert_equal "$stderr" ""
}

@test "the host is no container, whatever runs on its network" {
	make_ns NS0 0
	ip -n "$NS0" link add v0 type veth peer name "ifp$$" netns 1
	run -0 containers "$NS0"
	[[ $output == $'lo null\nv0 null' ]]
}

# ---- containers ----

containers_of_holder() {
	in_holder "$BUILD/ifpulse" list -j | jq -r '.[] | "\(.ifname) \(.container)"' | sort
}

# A control group of the test's own, in whichever hierarchy there is: CGROUP.
make_cgroup() {
	local hierarchy
	for hierarchy in /sys/fs/cgroup{,/unified,/systemd}; do
		[[ -e $hierarchy/cgroup.procs ]] || continue
		mkdir "$hierarchy/ifp-$$" 2>/dev/null || continue
		CGROUP=$hierarchy/ifp-$$
		return
	done
	skip "cannot make control groups"
}

# As a runtime does: a namespace that veth NAME of the holder leads to, its process in GROUP.
start_container() { # NAME GROUP
	local pid
	mkdir -p "$CGROUP/$2"
	start_here "$1" unshare -n sleep 300
	pid=$BG_PID
	wait_until 5 has_own_netns "$pid"
	echo "$pid" >"$CGROUP/$2/cgroup.procs"
	in_holder ip link add "$1" type veth peer name inside netns "$pid"
}

put_state() { # PATH TEXT
	# shellcheck disable=SC2016
	in_holder bash -ec 'mkdir -p "${1%/*}"; cat >"$1"' bash "$1" <<<"$2"
}

@test "containers are known by their control groups and their runtime's state" {
	local docker other crio containerd storage
	docker=$(printf '1%.0s' {1..64})
	other=$(printf '2%.0s' {1..64})
	containerd=$(printf '3%.0s' {1..64})
	crio=$(printf '4%.0s' {1..64})
	storage=/run/containers/storage/overlay-containers
	make_cgroup
	start_holder /var/lib/docker /run/containerd /run/containers /var/lib/containers
	start_container docker0 "docker-$docker.scope"
	start_container docker1 "docker/$other"
	start_container pod0 "kubepods/pod00000000-0000-0000-0000-000000000001/cri-containerd-$containerd.scope"
	start_container pod1 "kubepods/pod00000000-0000-0000-0000-000000000002/crio-$crio.scope"
	start_container lxc0 lxc.payload.db
	start_container unit0 vpn.service
	put_state "/var/lib/docker/containers/$docker/config.v2.json" '{"Name": "/web\u001b1"}'
	put_state "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$containerd/config.json" \
		'{"annotations": {"io.kubernetes.cri.sandbox-name": "web-0",
			"io.kubernetes.cri.sandbox-namespace": "shop"}}'
	put_state "$storage/$crio/userdata/config.json" \
		'{"annotations": {"io.kubernetes.pod.name": "db-0", "io.kubernetes.pod.namespace": "shop"}}'
	run -0 containers_of_holder
	[[ $output == "docker0 web"$'\x1b'"1
docker1 222222222222
lo null
lxc0 db
pod0 shop/web-0
pod1 shop/db-0
unit0 vpn.service" ]]
	run -0 in_holder "$BUILD/ifpulse" list
	[[ $output == *'web\x1b1'* && $output != *$'\x1b'* ]]
}

@test "podman's containers have their names" {
	start_podman web1
	run_podman web2
	run_podman beside --network container:web2
	run_podman host1 --network host
	run_podman alone --network none
	run -0 containers_of_holder
	[[ $output == $'lo null\npodman0 null\nveth0 web1\nveth1 web2' ]]
	in_holder podman rename web2 db
	run -0 containers_of_holder
	[[ $output == *$'\nveth1 db' ]]
	in_holder podman rm -f -t 0 web1
	run -0 containers_of_holder
	[[ $output == *$'podman0 null\nveth1 db' ]]
}

# ---- what commands make of them ----

# Runs ifpulse in the holder's namespaces: IFPULSE_PID, IFPULSE_OUT, IFPULSE_ERR.
start_in_holder() { # NAME ARGUMENT…
	local name=$1
	shift
	start_here "$name" nsenter -t "$HOLDER" -m -n -- env --default-signal=INT,QUIT \
		"$BUILD/ifpulse" "$@"
	IFPULSE_PID=$BG_PID IFPULSE_OUT=$BATS_TEST_TMPDIR/$name.out
	IFPULSE_ERR=$BATS_TEST_TMPDIR/$name.err
	wait_until 10 takes_interrupts "$BG_PID"
}

in_container() { # NAME COMMAND…: in its network namespace
	local pid
	pid=$(in_holder podman inspect --format '{{.State.Pid}}' "$1")
	shift
	nsenter -t "$pid" -n -- "$@"
}

address_of() { # NAME
	in_container "$1" ip -4 -j addr show dev eth0 | jq -er '.[0].addr_info[0].local'
}

# Nothing but what the test sends passes between the host and the container.
quieten() { # NAME
	local bridge mac address
	in_container "$1" bash -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
	address=$(address_of "$1")
	mac=$(in_container "$1" ip -j link show dev eth0 | jq -er '.[0].address')
	bridge=$(in_holder ip -j link show dev podman0 | jq -er '.[0].address')
	in_holder ip neighbour replace "$address" lladdr "$mac" dev podman0 nud permanent
	in_container "$1" ip neighbour replace "$(in_holder ip -4 -j addr show dev podman0 |
		jq -er '.[0].addr_info[0].local')" lladdr "$bridge" dev eth0 nud permanent
}

counters_of_holder() {
	in_holder ip -j -s link | jq -c '[.[] | [.ifname, .stats64]]'
}

# Waits until nothing has passed for 300 ms.
settle_holder() {
	local before after
	for _ in {1..50}; do
		before=$(counters_of_holder)
		sleep 0.3
		after=$(counters_of_holder)
		[[ $before != "$after" ]] || return 0
	done
	return 1
}

# "tx_packets tx_bytes" of all rows of a container.
sent_to() { # NAME
	jq -s --arg name "$1" -r '[.[] | select(.container == $name)] |
		"\(map(.tx_packets) | add // 0) \(map(.tx_bytes) | add // 0)"' "$IFPULSE_OUT"
}

@test "rate lays each packet to the container that it went to" {
	local name
	start_podman web1
	run_podman web10
	run_podman host1 --network host
	for name in web1 web10; do
		quieten "$name"
	done
	settle_holder
	start_in_holder rate rate -j -I 100ms
	wait_for_line "$IFPULSE_OUT" '"container":"web10"'
	in_holder "$BUILD/tools/traffic" udp-send --to "$(address_of web1)" --port 7000 \
		--count 300 --size 1000 >/dev/null
	in_holder "$BUILD/tools/traffic" udp-send --to "$(address_of web10)" --port 7000 \
		--count 70 --size 200 >/dev/null
	# Of the host's network, from a container on it.
	nsenter -t "$(in_holder podman inspect --format '{{.State.Pid}}' host1)" -n -- \
		"$BUILD/tools/traffic" udp-send --to 127.0.0.1 --port 7000 --count 50 --size 100 >/dev/null
	stop_ifpulse
	assert_equal "$(sent_to web1)" "300 $((300 * (14 + 20 + 8 + 1000)))"
	assert_equal "$(sent_to web10)" "70 $((70 * (14 + 20 + 8 + 200)))"
	# Each container by one interface only, and the host's own by none.
	assert_equal "$(jq -rs 'map("\(.ifname) \(.container)") | unique | .[]' "$IFPULSE_OUT")" \
		$'lo null\npodman0 null\nveth0 web1\nveth1 web10'
	jq -es 'map(select(.ifname == "lo") | .tx_packets) | add >= 50' "$IFPULSE_OUT"
	run -3 in_holder "$BUILD/ifpulse" rate --container host1 -c 1
	[[ $output == *"no container matches 'host1'"*"web1 web10"* ]]
}

# Rows of the last report that is there, as "ifname container".
last_report() {
	tail -n 40 "$IFPULSE_OUT" | jq -rs 'map(select(.time)) | (map(.time[0:21]) | max) as $last |
		map(select(.time[0:21] == $last) | "\(.ifname) \(.container)") | unique | join(", ")' \
		2>/dev/null || true
}

reports() { # "IFNAME CONTAINER, …"
	[[ $(last_report) == "$1" ]]
}

@test "--container follows containers that come, are renamed, start anew and go" {
	local id
	start_podman web1
	run_podman web10
	start_in_holder rate rate -j -I 100ms --container 'web*' --container '!web10'
	wait_until 10 reports "veth0 web1"
	run_podman web2
	wait_until 10 reports "veth0 web1, veth2 web2"
	in_holder podman rename web2 db
	wait_until 10 reports "veth0 web1"
	in_holder podman rename web10 web3
	wait_until 10 reports "veth0 web1, veth1 web3"
	in_holder podman restart -t 0 web3
	wait_until 10 reports "veth0 web1, veth1 web3"
	in_holder podman rm -f -t 0 web1
	wait_until 10 reports "veth1 web3"
	stop_ifpulse
	# Also the last of what one that went had carried is its own.
	assert_equal "$(jq -rs 'map("\(.ifname) \(.container)") | unique | .[]' "$IFPULSE_OUT")" \
		$'veth0 web1\nveth1 web3\nveth2 web2'
	# By its id, whole or short.
	id=$(in_holder podman inspect --format '{{.Id}}' web3)
	for id in "$id" "${id:0:12}"; do
		run -0 in_holder "$BUILD/ifpulse" list -j --container "$id"
		assert_equal "$(jq -c 'map([.ifname, .container])' <<<"$output")" '[["veth1","web3"]]'
	done
	run -3 in_holder "$BUILD/ifpulse" list --container "${id:0:11}"
}

@test "what comes to be known later is attached then, and detached when it is no more" {
	local pid
	make_ns NS0 0
	start_unnamed pid "$NS0" v0
	require_no_owner "$pid"
	start_ifpulse "$NS0" rate -v -j -I 100ms --window off --container "$NS_PREFIX-late*"
	wait_for_line "$IFPULSE_ERR" 'no interface matches yet'
	ip netns attach "$NS_PREFIX-late1" "$pid"
	wait_until 10 reports "v0 $NS_PREFIX-late1"
	# The namespace stays as it is, and so does the interface: only who is behind is another.
	ip netns delete "$NS_PREFIX-late1"
	ip netns attach "$NS_PREFIX-other" "$pid"
	wait_for_line "$IFPULSE_ERR" 'detached from v0'
	ip -n "$NS0" link add w0 type veth peer name w1 netns "$NS_PREFIX-other"
	ip netns add "$NS_PREFIX-late2"
	ip -n "$NS0" link add x0 type veth peer name x1 netns "$NS_PREFIX-late2"
	wait_until 10 reports "x0 $NS_PREFIX-late2"
	ip netns delete "$NS_PREFIX-late2"
	stop_ifpulse
	assert_equal "$(jq -rs 'map("\(.ifname) \(.container)") | unique | .[]' "$IFPULSE_OUT")" \
		"v0 $NS_PREFIX-late1"$'\n'"x0 $NS_PREFIX-late2"
}

@test "what went within the interval has the name that it had" {
	make_pair
	start_ifpulse "$NS0" rate -v -j --window off -I 1h
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	ip -n "$NS0" link delete v0
	wait_for_line "$IFPULSE_ERR" 'detached from v0'
	stop_ifpulse
	assert_equal "$(jq -rs 'map("\(.ifname) \(.container)") | sort | .[]' "$IFPULSE_OUT")" \
		$'lo null\nv0 '"$NS1"
	# A namespace is told to be gone before its interfaces are.
	ip link add v0 netns "$NS1" type veth peer name v1 netns "$NS0"
	start_ifpulse "$NS1" rate -v -j --window off -I 1h
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	ip netns delete "$NS0"
	wait_for_line "$IFPULSE_ERR" 'detached from v0'
	stop_ifpulse
	assert_equal "$(jq -rs 'map("\(.ifname) \(.container)") | sort | .[]' "$IFPULSE_OUT")" \
		$'lo null\nv0 '"$NS0"
}

@test "a column of containers comes with the first and stays" {
	make_pair
	run -0 in_ns "$NS0" "$BUILD/ifpulse" rate --window off -I 100ms -c 1 -i lo
	[[ $output == *RECEIVED* && $output != *CONTAINER* ]]
	start_ifpulse "$NS0" rate --window off -I 50ms
	wait_for_line "$IFPULSE_OUT" "v0 .*$NS1"
	ip -n "$NS0" link delete v0
	# shellcheck disable=SC2016
	wait_until 10 bash -c '[[ $(tail -n 3 "$1") != *v0* ]]' bash "$IFPULSE_OUT"
	stop_ifpulse
	run -0 tail -n 3 "$IFPULSE_OUT"
	[[ $output == *CONTAINER* && $output != *v0* ]]
}

@test "--container and --interface both have to match" {
	local ns2
	make_pair
	make_ns ns2 2
	ip link add w0 netns "$NS0" type veth peer name w1 netns "$ns2"
	listed() { # OPTION…: interfaces, joined
		in_ns "$NS0" "$BUILD/ifpulse" list -j "$@" |
			jq -r 'map(.ifname) | sort | join(" ")'
	}
	assert_equal "$(listed --container "$NS1")" v0
	assert_equal "$(listed --container '*')" "v0 w0"
	assert_equal "$(listed --container "!$NS1")" "lo w0"
	assert_equal "$(listed --container '*' --container "!$NS1")" w0
	assert_equal "$(listed --container '*' -i 'w*')" w0
	assert_equal "$(listed --container "$NS1" -i 'w*')" ""
	assert_equal "$(listed --container nobody*)" ""
	run -0 in_ns "$NS0" "$BUILD/ifpulse" list --container 'nobody*'
	assert_equal "$output" "ifpulse: no container matches"
	run -0 in_ns "$NS0" "$BUILD/ifpulse" health -j --container "$NS1"
	assert_equal "$(jq -r 'map(.ifname) | join(" ")' <<<"$output")" v0
	run -0 in_ns "$NS0" "$BUILD/ifpulse" windows -j -d 100ms --container "$ns2"
	assert_equal "$(jq -rs 'map(.ifname) | unique | join(" ")' <<<"$output")" w0
	run -0 --separate-stderr in_ns "$NS0" "$BUILD/ifpulse" rate -j --total -I 50ms -c 1 --container "$NS1"
	assert_equal "$(jq -cs 'map([.ifname, .container])' <<<"$output")" \
		"[[\"v0\",\"$NS1\"],[\"total\",null]]"
}

@test "who is behind no interface is named by no command" {
	local command
	make_pair
	for command in list health "rate -c 1" "windows -c 1" "bursts -d 1ms" "drops -c 1" \
		"record -d 1ms -o $BATS_TEST_TMPDIR/none"; do
		# shellcheck disable=SC2086 # words
		run -3 in_ns "$NS0" "$BUILD/ifpulse" $command --container nobody
		assert_equal "$output" "ifpulse: error: no container matches 'nobody'; behind interfaces \
there are: $NS1"
	done
	[[ ! -e $BATS_TEST_TMPDIR/none ]]
	run -3 in_ns "$NS0" "$BUILD/ifpulse" list --container $'no\ebody'
	[[ $output == *'no\x1bbody'* && $output != *$'\e'* ]]
	ip -n "$NS0" link delete v0
	run -3 in_ns "$NS0" "$BUILD/ifpulse" list --container nobody
	[[ $output == *"there is none behind any interface" ]]
	run -2 "$BUILD/ifpulse" list --container ''
	[[ $output == *"--container needs a name"* ]]
	run -2 "$BUILD/ifpulse" rate --container '!'
	run -2 "$BUILD/ifpulse" watch --container nobody
}

@test "drops tell the container, a burst, too, and a recording has what was selected" {
	local file=$BATS_TEST_TMPDIR/run.ifpulse ns2
	make_pair
	make_ns ns2 2
	ip link add w0 netns "$NS0" type veth peer name w1 netns "$ns2"
	start_ifpulse "$NS0" drops -v -j -I 100ms --container "$NS1"
	local drops=$IFPULSE_PID drops_out=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	start_ifpulse "$NS0" drops -v -I 100ms
	local shown=$IFPULSE_PID shown_out=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'attached to v0'
	start_ifpulse "$NS0" bursts -v -j -w 1ms --threshold 1Mbit --container "$NS1"
	local bursts=$IFPULSE_PID bursts_out=$IFPULSE_OUT
	wait_for_line "$IFPULSE_ERR" 'looking for bursts'
	start_ifpulse "$NS0" record -v -o "$file" --container "$NS1"
	wait_for_line "$IFPULSE_ERR" 'recording to'
	in_ns "$NS1" "$BUILD/tools/traffic" udp-send --to 192.0.2.1 --port 7000 --count 40 \
		--size 1000 >/dev/null
	ip -n "$NS0" link set w0 mtu 1400
	ip -n "$NS0" link set v0 mtu 1400
	wait_for_line "$drops_out" NO_SOCKET
	wait_for_line "$bursts_out" '"direction":"rx"'
	stop_ifpulse
	stop_ifpulse "$bursts"
	stop_ifpulse "$drops"
	stop_ifpulse "$shown"
	assert_equal "$(jq -s --arg name "$NS1" 'map(select(.reason == "NO_SOCKET" and
		.ifname == "v0" and .container == $name) | .packets) | add' "$drops_out")" 40
	assert_equal "$(jq -cs 'map(.ifname) | unique' "$drops_out")" '["v0"]'
	grep -q "NO_SOCKET from $NS1" "$shown_out"
	grep -q CONTAINER "$shown_out"
	jq -se --arg name "$NS1" 'length > 0 and all(.ifname == "v0" and .container == $name)' "$bursts_out"
	run -0 "$BUILD/ifpulse" replay "$file" rate -j
	assert_equal "$(jq -cs 'map([.ifname, .container]) | unique' <<<"$output")" '[["v0",null]]'
	assert_equal "$(jq -s 'map(.rx_packets) | add' <<<"$output")" 40
	run -0 "$BUILD/ifpulse" export "$file" --format jsonl
	[[ $output == *'"event":"mtu"'* && $output != *w0* ]]
}

@test "without privilege nobody is known by name, which is said" {
	local pid
	require_tool setpriv
	make_ns NS0 0
	start_unnamed pid "$NS0" v0
	mkdir -m 0755 "$BATS_TEST_TMPDIR/bin"
	install -m 0755 "$BUILD/ifpulse" "$BATS_TEST_TMPDIR/bin"
	chmod a+x "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}"
	run -3 in_ns "$NS0" setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$BATS_TEST_TMPDIR/bin/ifpulse" list --container web1
	[[ $output == *"no container matches 'web1'; none is known: it takes root"* ]]
}
