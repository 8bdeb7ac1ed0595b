#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# scripts/setup with an apt of our own on a machine where every package is missing: quiet when it
# goes well; when it does not, what apt said and a last line that says what to do.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail() {
	echo "setup: $*" >&2
	exit 1
}

printf '#!/bin/sh\nexit 1\n' >"$root/dpkg-query"
# shellcheck disable=SC2016
# As sudo does: nothing of the environment goes on but the path.
printf '#!/bin/sh\nexec env -i PATH="$PATH" "$@"\n' >"$root/sudo"
cat >"$root/apt-get" <<-END
	#!/bin/sh
	echo "apt chatters"
	[ "\$DEBIAN_FRONTEND" = noninteractive ] || echo "apt asks"
	case "\$*" in *' install '*) [ ! -e "$root/broken" ] ;; esac
END
chmod +x "$root"/*

PATH=$root:$PATH scripts/setup test >"$root/log" 2>&1 || fail "it fails: $(cat "$root/log")"
[[ $(wc -l <"$root/log") == 1 && $(cat "$root/log") == "scripts/setup: installing "*" bats "* ]] ||
	fail "it says more than that it installs: $(cat "$root/log")"

touch "$root/broken"
status=0
PATH=$root:$PATH scripts/setup build >"$root/log" 2>&1 || status=$?
[[ $status == 1 ]] || fail "status $status where apt fails"
grep -q '^apt chatters$' "$root/log" || fail "what apt said is not shown"
grep -q 'apt asks' "$root/log" && fail "apt may ask"
[[ $(tail -n 1 "$root/log") == "scripts/setup: 'apt-get install' failed"*"clang"* ]] ||
	fail "the last line does not say what to do: $(tail -n 1 "$root/log")"
exit 0
