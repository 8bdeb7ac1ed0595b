#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# `make install` into an empty root: every file in its place, the installed program runs, completion completes, and
# `make uninstall` leaves no file. A packager's flags come on top of what the build itself needs.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail() {
	echo "install: $*" >&2
	exit 1
}

make -s install DESTDIR="$root" PREFIX=/usr
[[ $(cd "$root" && find . -type f | sort) == "./usr/lib/systemd/system/ifpulse-record.service
./usr/sbin/ifpulse
./usr/share/bash-completion/completions/ifpulse
./usr/share/man/man8/ifpulse.8" ]] || fail "not the files expected: $(find "$root" -type f)"
[[ $("$root/usr/sbin/ifpulse" --version) == ifpulse\ * ]] || fail "it does not run"

unit=$root/usr/lib/systemd/system/ifpulse-record.service
grep -q '^ExecStart=.* /usr/sbin/ifpulse record ' "$unit" || fail "the unit runs something else"
grep -q '@' <(grep -v '^#\|^SystemCallFilter' "$unit") && fail "a place in the unit is not filled in"
[[ $(stat -c %a "$unit") == 644 ]] || fail "the unit cannot be read by all"

complete_words() { # WORD…, the last one being completed
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_ifpulse
	echo "${COMPREPLY[*]}"
}
# shellcheck disable=SC1091
source "$root/usr/share/bash-completion/completions/ifpulse"
program=$root/usr/sbin/ifpulse
[[ $(complete_words "$program" he) == health ]] || fail "commands are not completed"
[[ $(complete_words "$program" health --drops) == --drops-over ]] || fail "options are not completed"
[[ $(complete_words "$program" rate --drops) == "" ]] || fail "options of another command are"
[[ $(complete_words "$program" replay file b) == bursts ]] || fail "what to replay is not completed"
[[ $(complete_words "$program" replay file bursts --merge) == --merge-gap ]] ||
	fail "options of what is replayed are not completed"
[[ $(complete_words "$program" replay file rate --merge) == "" ]] ||
	fail "options of another replay are"
[[ $(complete_words "$program" plot scripts/te) == scripts/test ]] || fail "files are not completed"
[[ $(complete_words "$program" export file --format "") == "csv jsonl perfetto" ]] ||
	fail "formats are not completed"
[[ $(complete_words "$program" rate -i l) == *lo* ]] || fail "interfaces are not completed"
# bash makes three words of --attach=t
[[ $(complete_words "$program" rate --attach = t) == tcx ]] || fail "--attach=t is not completed"
[[ $(complete_words "$program" rate --attach =) == "auto tcx clsact" ]] || fail "--attach= is not"

make -s uninstall DESTDIR="$root" PREFIX=/usr
[[ -z $(find "$root" -type f) ]] || fail "uninstall left files"

make -s BUILD_DIR="$root/build" CPPFLAGS=-DPACKAGER=1 LDLIBS=-lm CFLAGS=-O1 \
	"$root/build/src/app/options.o" "$root/build/tools/frames" ||
	fail "CPPFLAGS, LDLIBS and CFLAGS on the command line break the build"
make -n V=1 BUILD_DIR="$root/build" CPPFLAGS=-DPACKAGER=1 LDLIBS=-lm all >"$root/commands"
grep ' src/.*\.c$' "$root/commands" | grep -v -- '-Isrc.* -DPACKAGER=1 ' &&
	fail "CPPFLAGS are not passed on"
grep -q -- '-lbpf .*-lm$' "$root/commands" || fail "LDLIBS are not passed on"
