#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What tests with containers share; `load lib` first. Set CGROUP and PODMAN to nothing in setup, and call
# podman_cleanup from teardown.

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

run_podman() { # NAME OPTION…
	local name=$1
	shift
	in_holder podman --runtime runc --cgroup-manager cgroupfs run -d --name "$name" \
		--cgroup-parent "/ifp-$$" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@" \
		--rootfs "$BATS_TEST_TMPDIR/root" /bin/busybox sleep 300
}

# A holder that podman can keep its state in, with one container. Skips where podman does not run.
start_podman() { # NAME
	require_tool podman
	require_tool runc
	require_tool busybox
	start_holder /run/netns /var/lib/containers /run/containers /run/libpod /run/runc \
		/run/lock /dev/shm /etc/containers
	# Their reports and probes would be traffic, too; also the bridge's, which is yet to come.
	in_holder sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	mkdir -p "$BATS_TEST_TMPDIR/root"/{bin,proc,sys,dev,etc,tmp,run}
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/root/bin/busybox"
	PODMAN=1
	run run_podman "$1"
	# shellcheck disable=SC2154 # bats sets them
	((status == 0)) || skip "podman does not run here: ${lines[-1]}"
}

podman_cleanup() {
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
