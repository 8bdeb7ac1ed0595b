#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Writes what a guest needs besides its kernel's modules, as an initramfs: root.sh BUILD FILE.
# That is the build to test, the tests, and of the Debian packages that are installed here those
# that the tests use, with the libraries that these were linked to.
set -euo pipefail

build=$1 file=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../.." && pwd)
packages=(libc-bin bash coreutils bats grep sed mawk findutils util-linux bsdutils mount procps iproute2 jq
	tcpdump ethtool nftables iperf3 sqlite3 bpftool kmod diffutils debianutils ncurses-bin
	ncurses-base hostname tar gzip busybox-static fonts-dejavu-core)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# Copies files, whose paths it reads, into the root; links as links.
copy() {
	sed -E '/./!d; s#^/(bin|sbin|lib|lib64)/#/usr/\1/#' | sort -u | cpio --quiet -pdmu "$root"
}

mkdir -p "$root"/{dev,proc,sys,run,tmp,root,etc,var/tmp,usr/bin,usr/sbin,usr/lib,usr/lib64}
for name in bin sbin lib lib64; do
	ln -s "usr/$name" "$root/$name"
done
ln -s /run "$root/var/run"

installed=()
for package in "${packages[@]}"; do
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] &&
		installed+=("$package")
done
# What others find by name as well; a package's own list has folders in it, too.
{
	dpkg -L "${installed[@]}" |
		grep -Ev '^/(boot|etc/init|lib/systemd)|/share/(doc|man|locale|info|lintian)(/|$)'
	type -P getent ldconfig setarch setpriv script nsenter unshare pgrep || true
} | while read -r path; do
	[[ -d $path ]] || printf '%s\n' "$path"
done | copy
ln -sf mawk "$root/usr/bin/awk"
ln -sf bash "$root/usr/bin/sh"

# libgcc is looked for only when a thread ends.
mapfile -t binaries < <(find "$root" -type f -perm -u+x ! -name '*.so*')
{
	ldd "${binaries[@]}" "$build/ifpulse" "$build"/tools/* 2>/dev/null || true
	ldconfig -p | grep 'libgcc_s\.so\.1 '
} | grep -oE '/[^ ]+\.so[^ ]*' | sort -u | while read -r library; do
	printf '%s\n' "$library"
	readlink -f "$library"
done | sed "s#^$root##" | copy

mkdir -p "$root/ifpulse/build" "$root/ifpulse/tests"
cp "$build/ifpulse" "$root/ifpulse/build"
cp -r "$build/tools" "$root/ifpulse/build"
cp -r "$tree/tests/integration" "$root/ifpulse/tests"
cp -r "$tree/scripts" "$root/ifpulse"
cp "$here/init" "$root/init"
printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"

(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$file"
