// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/losses.h"

#include <inttypes.h>

#include "base/log.h"
#include "kernel/flows.h"
#include "kernel/probe.h"
#include "kernel/retransmits.h"
#include "kernel/windows.h"

static void log_window_losses(const struct windows *windows)
{
	struct windows_losses losses = windows_losses(windows);

	if (losses.overrun_records)
		log_warning("%" PRIu64
			    " windows were overwritten before they were read; the gaps are "
			    "marked, the totals of 'rate' are not affected",
			    losses.overrun_records);
	if (losses.late_packets)
		log_warning("%" PRIu64 " packets came too late for their windows",
			    losses.late_packets);
}

static void log_flow_losses(const struct flows *flows, const struct retransmits *retransmits)
{
	struct flows_losses losses = {0};

	if (flows)
		losses = flows_losses(flows);
	if (losses.unread_packets)
		log_warning("the flows of %" PRIu64 " packets were not read in time; their bytes "
			    "are among those that bursts do not attribute",
			    losses.unread_packets);
	if (losses.late_packets)
		log_warning("the flows of %" PRIu64
			    " packets came too late for their windows, and are not attributed",
			    losses.late_packets);
	if (retransmits && retransmits_lost(retransmits))
		log_warning("%" PRIu64
			    " retransmissions were not seen or not read in time; bursts of that "
			    "time do not say how many they had",
			    retransmits_lost(retransmits));
}

void losses_log(const struct roster *roster)
{
	struct probe_losses probe = probe_losses(roster->probe);

	if (probe.unassigned_packets)
		log_warning("%" PRIu64
			    " packets came by an interface that had no slot and were not "
			    "counted to it",
			    probe.unassigned_packets);
	if (probe.unattributed_drops)
		log_info("%" PRIu64 " drops on this host name no interface",
			 probe.unattributed_drops);
	if (probe.untold_drops)
		log_warning("%" PRIu64
			    " drops are not among those told: there are more kinds of them "
			    "than there is room for; select interfaces, or leave out --where",
			    probe.untold_drops);
	if (probe.missed_drops)
		log_warning("%" PRIu64 " drops were not seen: they happened within the handling of "
			    "another",
			    probe.missed_drops);
	if (roster->state.netlink_overflows)
		log_warning("interface events overflowed %" PRIu64
			    " times; the state was read afresh",
			    (uint64_t)roster->state.netlink_overflows);
	if (roster->missed.n)
		log_warning("%zu interface%s could not be probed", roster->missed.n,
			    roster->missed.n == 1 ? "" : "s");
	if (roster->hidden)
		log_warning("%" PRIu64 " times another program hid packets from a filter of ours",
			    roster->hidden);
	log_flow_losses(probe_flows(roster->probe), probe_retransmits(roster->probe));
	if (probe_windows(roster->probe))
		log_window_losses(probe_windows(roster->probe));
}
