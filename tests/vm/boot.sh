#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Runs one virtual machine to its end: boot.sh NAME KERNEL-FOLDER ROOT.cpio WORK SECONDS TAG FILE.bats…
# Prints what the guest writes, each line behind NAME, and leaves it in WORK.tap, the kernel's own
# messages in WORK.console. Status 124: it took longer than SECONDS and was killed.
set -euo pipefail

name=$1 kernel=$2 root=$3 work=$4 limit=$5 tag=$6
shift 6
files=$*

initrd=$work.initrd
trap 'rm -f "$initrd"' EXIT
cat "$root" "$kernel/modules.cpio" >"$initrd"

: >"$work.tap"

# The clock source is named since guests that are starved of CPU time mistrust the one that is
# fast. Waiting for memory to be cleared and for side channels takes time here and tests nothing.
arguments=(console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off init_on_alloc=0
	clocksource=tsc tsc=reliable "ifpulse_tests=${files// /,}" "ifpulse_tag=$tag")

# Without cx16: QEMU 7.2 breaks the flags after a cmpxchg16b where there is more than one CPU, and
# kernels from 6.5 on that have it allocate memory by it.
timeout -k 10 "$limit" qemu-system-x86_64 -accel "${IFPULSE_VM_ACCEL:-tcg}" -cpu max,-cx16 -smp 2 \
	-m 1024 -nodefaults -no-user-config -no-reboot -display none -kernel "$kernel/vmlinuz" \
	-initrd "$initrd" -append "${arguments[*]}" -serial "file:$work.console" -serial stdio \
	</dev/null >"$work.tap" 2>"$work.qemu" &
qemu=$!
trap 'kill "$qemu" 2>/dev/null || true; rm -f "$initrd"' EXIT
trap 'exit 143' INT TERM

tail -n +1 -f --pid="$qemu" "$work.tap" | sed -u "s/^/$name: /" &
status=0
wait "$qemu" || status=$?
wait
sed "s/^/$name: /" "$work.qemu" >&2
exit "$status"
