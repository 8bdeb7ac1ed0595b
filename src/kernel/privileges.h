/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * privileges: the capabilities of this process, and giving them up (capabilities(7)). A set of them is a number
 * with the bit of each, PRIVILEGE(CAP_BPF). One thread: the kernel keeps them per thread.
 */
#ifndef IFPULSE_KERNEL_PRIVILEGES_H
#define IFPULSE_KERNEL_PRIVILEGES_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define PRIVILEGE(capability) (1ULL << (capability))

/* What it takes to load, attach and read the programs, now and while interfaces come and go. */
#define PRIVILEGES_PROBE (PRIVILEGE(CAP_BPF) | PRIVILEGE(CAP_NET_ADMIN) | PRIVILEGE(CAP_PERFMON))
/*
 * Other network namespaces: setns(2), /proc/<pid>/ns/net of processes that may do more than we, and ids for those
 * that have none.
 */
#define PRIVILEGES_NETNS \
	(PRIVILEGE(CAP_SYS_ADMIN) | PRIVILEGE(CAP_SYS_PTRACE) | PRIVILEGE(CAP_NET_ADMIN))
/* To begin with that: to hear of interfaces there (netlink(7), NETLINK_LISTEN_ALL_NSID). */
#define PRIVILEGES_NETNS_START (PRIVILEGES_NETNS | PRIVILEGE(CAP_NET_BROADCAST))
/*
 * Programs and maps by id (CAP_SYS_ADMIN), memory for our own before Linux 5.11 (RLIMIT_MEMLOCK), and what functions
 * are called (CAP_SYSLOG), to tell that they can be.
 */
#define PRIVILEGES_LOOK \
	(PRIVILEGE(CAP_SYS_ADMIN) | PRIVILEGE(CAP_SYS_RESOURCE) | PRIVILEGE(CAP_SYSLOG))
/* Files and folders of other users. */
#define PRIVILEGES_FILES (PRIVILEGE(CAP_DAC_OVERRIDE) | PRIVILEGE(CAP_FOWNER))

/* Those in effect; 0 where the kernel does not tell. */
uint64_t privileges_held(void);

/*
 * Gives up for good all that are not in `kept`: effective, permitted, and of the bounding set, where that is ours to
 * change (CAP_SETPCAP). Nothing stays inheritable or ambient, and no program that we would start gains any
 * (PR_SET_NO_NEW_PRIVS). What is in `kept` and not held is not gained. 0 or -errno.
 */
int privileges_keep(uint64_t kept, struct error *err);

/*
 * Those of PRIVILEGES_FILES that are held, where `path` is out of reach without them, else 0: a file to be read
 * or, where `is_written`, a name to be given to a new one, which may be taken; a folder stands for any name in it.
 */
uint64_t privileges_for_file(const char *path, bool is_written);

#endif
