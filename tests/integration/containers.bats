#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What is behind an interface whose other end is in another namespace.

load lib

setup() {
	require_root
	CGROUP="" PODMAN=""
}

teardown() {
	local group pid
	[[ -z $PODMAN ]] || in_holder podman rm -f -a --depend -t 0 >/dev/null 2>&1 || true
	harness_cleanup
	while read -r group; do
		# Whatever podman left.
		while read -r pid; do
			kill -KILL "$pid" || true
		done <"$group/cgroup.procs"
		wait_until 5 rmdir "$group" 2>/dev/null || true
	done < <(find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup*/ifp-$$*")
}

containers() { # NS: a line for each interface
	in_ns "$1" "$BUILD/ifpulse" list -j | jq -r '.[] | "\(.ifname) \(.container)"'
}

# Runs COMMAND in the background as it is, and ends it with the test: BG_PID.
start_here() { # NAME COMMAND…
	local base=$BATS_TEST_TMPDIR/$1
	shift
	"$@" </dev/null >"$base.out" 2>"$base.err" 3>&- &
	BG_PID=$!
	printf '%s %s\n' "$BG_PID" "$(start_time "$BG_PID")" >>"$BATS_TEST_TMPDIR/started"
}

has_own_netns() { # PID
	[[ $(readlink "/proc/$1/ns/net") != "$(readlink /proc/self/ns/net)" ]]
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

# A process in network and mount namespaces of its own, where state can be put: HOLDER.
start_holder() { # DIRECTORY…: those to be empty there
	# shellcheck disable=SC2016
	start_here holder unshare -m -n --propagation private bash -ec '
		for directory; do
			mkdir -p "$directory"
			mount -t tmpfs none "$directory"
		done
		ip link set lo up
		echo ready
		exec sleep 300' bash "$@"
	HOLDER=$BG_PID
	wait_for_line "$BATS_TEST_TMPDIR/holder.out" ready
}

in_holder() { # COMMAND…
	nsenter -t "$HOLDER" -m -n -- "$@"
}

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

run_podman() { # NAME OPTION…
	local name=$1
	shift
	in_holder podman --runtime runc --cgroup-manager cgroupfs run -d --name "$name" \
		--cgroup-parent "/ifp-$$" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@" \
		--rootfs "$BATS_TEST_TMPDIR/root" /bin/busybox sleep 300
}

@test "podman's containers have their names" {
	require_tool podman
	require_tool runc
	require_tool busybox
	start_holder /run/netns /var/lib/containers /run/containers /run/libpod /run/runc \
		/run/lock /dev/shm /etc/containers
	mkdir -p "$BATS_TEST_TMPDIR/root"/{bin,proc,sys,dev,etc,tmp,run}
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/root/bin/busybox"
	PODMAN=1
	run run_podman web1
	((status == 0)) || skip "podman does not run here: ${lines[-1]}"
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
