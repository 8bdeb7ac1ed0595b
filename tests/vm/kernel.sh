#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Gets one of Debian's kernels for virtual machines and says in which folder it is:
#   kernel.sh NAME [SUITE]
# The folder holds `vmlinuz`, `modules.cpio` with the modules that the tests may ask for, and
# `release`. It is made once; to get the kernel anew, remove it.
#
# The mirror is the one that apt has here. apt itself, with a configuration and lists of its own,
# verifies the index's signature, and each package by the index. Status 1, with a reason: the
# kernel cannot be had.
set -euo pipefail

name=$1 suite=${2:-}
cache=${IFPULSE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ifpulse-vm}
kernel=$cache/kernel-$name
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
meta=linux-image-cloud-amd64
# What of the modules is taken: network devices, protocols, queueing disciplines, file systems in
# memory, and what these need.
module_folders=(net lib crypto arch/x86/crypto drivers/net fs/overlayfs fs/fuse fs/nls)

cannot() {
	echo "kernel $name: $*" >&2
	exit 1
}

private_apt() { # COMMAND ARGUMENT…
	local command=$1
	shift
	"$command" -qq -o Dir::State="$apt/state" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$apt/cache" -o Dir::Etc::SourceList="$apt/sources.list" \
		-o Dir::Etc::SourceParts="$apt/none" -o Dir::Etc::PreferencesParts="$apt/none" \
		-o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
		-o APT::Architecture=amd64 -o APT::Sandbox::User=root "$@"
}

read_index() {
	local mirror
	# shellcheck disable=SC2016 # apt's own variable
	mirror=$(apt-get indextargets 'Created-By: Packages' 'Label: Debian' \
		--format '$(REPO_URI)' 2>/dev/null | head -n 1)
	[[ $mirror ]] || cannot "apt knows of no mirror of Debian here ('apt-get update' was not run?)"
	mkdir -p "$apt"/{none,state/lists/partial,cache/archives/partial}
	echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
	private_apt apt-get update >"$work/log" 2>&1 ||
		cannot "no index of $suite: $(tail -n 1 "$work/log")"
}

depends_on() { # PACKAGE PATTERN
	private_apt apt-cache show --no-all-versions "$1" 2>/dev/null |
		sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -E "$2" || true
}

# The image that the newest of the suite is, or the two packages that it consists of in later ones.
packages() {
	local image parts
	image=$(depends_on "$meta" '^linux-image-[0-9]')
	parts=$(depends_on "${image:-none}" '^linux-(binary|modules)-[0-9]')
	printf '%s\n' "${parts:-$image}"
}

unpack() {
	local -a wanted
	local package
	mapfile -t wanted < <(packages)
	[[ ${wanted[0]} ]] || cannot "$suite has no $meta"
	mkdir "$work/debs" "$work/all"
	(cd "$work/debs" && private_apt apt-get download "${wanted[@]}") >"$work/log" 2>&1 ||
		cannot "no ${wanted[*]}: $(tail -n 1 "$work/log")"
	for package in "$work"/debs/*.deb; do
		dpkg-deb -x "$package" "$work/all"
	done
}

# The modules, unpacked here where that is quick, in the place where modprobe looks for them.
pack_modules() { # FOLDER-OF-MODULES RELEASE
	local to=$work/root/usr/lib/modules/$2 folder
	mkdir -p "$to/kernel"
	# What is built in is listed with them only in earlier ones.
	find "$1" -maxdepth 1 -name 'modules.*' -exec cp {} "$to" \;
	for folder in "${module_folders[@]}"; do
		[[ -d $1/kernel/$folder ]] || continue
		mkdir -p "$to/kernel/$folder"
		cp -r "$1/kernel/$folder/." "$to/kernel/$folder"
	done
	find "$to" -name '*.ko.xz' -exec xz -d {} +
	# It warns of modules that are listed and were left out.
	depmod -b "$work/root/usr" "$2" 2>/dev/null || cannot "depmod fails"
	(cd "$work/root" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/kernel/modules.cpio"
}

[[ ! -e $kernel/release ]] || {
	echo "$kernel"
	exit 0
}
[[ $suite ]] || cannot "of which suite?"
for tool in apt-get dpkg-deb depmod cpio xz; do
	command -v "$tool" >/dev/null || cannot "$tool is not installed (scripts/setup vm)"
done
mkdir -p "$cache"
work=$(mktemp -d "$cache/work-XXXXXX")
trap 'rm -rf "$work"' EXIT
apt=$work/apt

read_index
unpack
mkdir "$work/kernel"
modules=$(find "$work/all" -type d -path '*lib/modules/*' -prune -print -quit)
release=${modules##*/}
image=$(find "$work/all" -type f -name 'vmlinuz*' -print -quit)
[[ $image && $release ]] || cannot "the packages of $suite hold no kernel"
cp "$image" "$work/kernel/vmlinuz"
pack_modules "$modules" "$release"
echo "$release" >"$work/kernel/release"
rm -rf "$kernel"
mv "$work/kernel" "$kernel"
echo "$kernel"
