/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attachment: the two programs on the two hooks of one interface, by tcx or by clsact.
 *
 * tcx comes first in the chain and vanishes with the process, so it is preferred. Yet the kernel waits
 * for an RCU grace period at each attach and detach by tcx, some 8 ms at HZ=250, and holds the RTNL
 * all the while (tcx_entry_sync() in include/net/tcx.h); a clsact filter takes 0.1 ms. With hundreds
 * of interfaces that would keep whoever configures the network waiting for seconds. So where there is
 * a choice a crowd is attached by clsact, but for interfaces that already have somebody else's tcx programs,
 * which could end the chain before a filter sees the packet, or where a filter cannot come first. Another
 * ifpulse's end nothing.
 */
#ifndef IFPULSE_KERNEL_ATTACHMENT_H
#define IFPULSE_KERNEL_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "include/probe_abi.h"
#include "kernel/clsact.h"
#include "kernel/probe.h"
#include "kernel/program_names.h"

/* What is attached, and how. */
struct attacher {
	enum probe_attach_mode mode; /* AUTO only where the kernel has both */
	struct clsact_program programs[N_DIRECTIONS];
	struct clsact_program programs_elsewhere[N_DIRECTIONS]; /* for other network namespaces */
	unsigned int orphans_removed;
	size_t orphans_elsewhere;    /* as of the last look for filters */
	struct program_names *names; /* for when programs may not be opened by id */
};

struct attachment {
	uint32_t ifindex; /* 0: not attached */
	int tcx_link_fd[N_DIRECTIONS];
	int clsact_priority[N_DIRECTIONS]; /* 0: by tcx */
	uint64_t netns;                    /* as netns_key() gives it; 0: our own */
};

/*
 * Before anything is attached: settles whether that is by tcx or clsact. `attacher` has its programs; `wanted` is
 * what the user asked for. 0 or -errno: -ENOTSUP where that is tcx and the kernel has none.
 */
int attachment_choose_mode(struct attacher *attacher, enum probe_attach_mode wanted,
			   struct error *err);

/*
 * Takes filters of dead instances away in the network namespace we are in, and counts them. The second, for other
 * namespaces than our own, looks at all programs only where there is a filter that could be an orphan. 0 or -errno.
 */
int attachment_remove_orphans(struct attacher *attacher, struct error *err);
int attachment_enter_netns(struct attacher *attacher, struct error *err);

/*
 * Everything from here on is to be called from within the interface's network namespace.
 *
 * 0 or -errno, with nothing attached; -ENODEV when the interface is gone.
 */
int attachment_open(struct attachment *attachment, const struct attacher *attacher, uint64_t netns,
		    uint32_t ifindex, bool in_crowd, struct error *err);

/*
 * Takes the programs off, whether the interface still exists or not. From without its namespace, if that is
 * gone: then so are its filters.
 */
void attachment_close(struct attachment *attachment, const struct attacher *attacher);

/*
 * An interface that has come from another namespace brings its tcx links along, perhaps before we hear that it
 * has left the other one. Whether any link of ours is on the interface of this namespace; and such an attachment's
 * closed, which then is not whole.
 */
bool attachment_are_links_on(const struct attacher *attacher, uint32_t ifindex);
void attachment_close_links_on(struct attachment *attachment, uint32_t ifindex);

bool attachment_is_by_clsact(const struct attachment *attachment);

/* Whether both hooks still hold, there. */
bool attachment_is_whole(const struct attachment *attachment, const struct attacher *attacher);

/*
 * For a clsact attachment: whether somebody else's program has come in front of ours, or ours is gone. Attaching
 * anew, and not as one of a crowd, mends it. `by_tcx_only`: the filters are known to be as they were, and only tcx
 * programs, of which the kernel tells nobody, are asked for.
 */
bool attachment_is_hidden(const struct attachment *attachment, const struct attacher *attacher,
			  bool by_tcx_only);

#endif
