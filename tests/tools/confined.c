// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * confined: runs a command as systemd would under SystemCallFilter=, RestrictAddressFamilies=AF_NETLINK AF_UNIX,
 * MemoryDenyWriteExecute= (from Linux 6.3 on) and NoNewPrivileges=, but that whatever is forbidden kills it.
 *
 *   confined NUMBER… -- COMMAND…
 *
 * The numbers are those of the system calls that are allowed (sys/syscall.h).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0
#endif

#define INSNS_MAX 2048
#define WORD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, member))
#define EQUALS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
#define END(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)

static struct sock_filter insns[INSNS_MAX];
static unsigned short n_insns;

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "confined: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void add(struct sock_filter insn)
{
	errno = E2BIG;
	if (n_insns == INSNS_MAX)
		fail("too many system calls");
	insns[n_insns++] = insn;
}

/* Of another architecture nothing is allowed, and of sockets those of two families. */
static void begin(void)
{
	add((struct sock_filter)WORD(arch));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0));
	add((struct sock_filter)END(SECCOMP_RET_KILL_PROCESS));
	add((struct sock_filter)WORD(nr));
	add((struct sock_filter)EQUALS(SYS_socket, 4));
	add((struct sock_filter)WORD(args[0]));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 2, 0));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0));
	add((struct sock_filter)END(SECCOMP_RET_KILL_PROCESS));
	add((struct sock_filter)WORD(nr));
}

int main(int argc, char **argv)
{
	struct sock_fprog program = {.filter = insns};
	int i;

	begin();
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		add((struct sock_filter)EQUALS(atoi(argv[i]), 1));
		add((struct sock_filter)END(SECCOMP_RET_ALLOW));
	}
	add((struct sock_filter)END(SECCOMP_RET_KILL_PROCESS));
	errno = EINVAL;
	if (!NATIVE || argc - i < 2)
		fail("usage: confined NUMBER... -- COMMAND...");
	program.len = n_insns;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail("no_new_privs");
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) && errno != EINVAL)
		fail("memory that is written and executed");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		fail("seccomp");
	execvp(argv[i + 1], argv + i + 1);
	fail(argv[i + 1]);
}
