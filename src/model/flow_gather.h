/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow_gather: the flows of the burst that is going on in one interface and direction, and what they sent again.
 *
 * A flow's retransmissions are known if a packet of it came from a TCP socket of this host, by which the kernel
 * tells of them too: not by addresses, which are changed on the way (NAT), and are the same in two namespaces.
 */
#ifndef IFPULSE_MODEL_FLOW_GATHER_H
#define IFPULSE_MODEL_FLOW_GATHER_H

#include "model/burst.h"
#include "model/flow_table.h"
#include "model/retransmit.h"
#include "model/series.h"

/* Zero it to make it. Not to be moved while there are flows in it. */
struct flow_gather {
	/* Of the burst, and of the windows behind it that are part of it only if it goes on. */
	struct flow_table flows, since;
	uint64_t retransmits_ns; /* those before have been counted to a burst, or to none */
};

/* Frees what it holds of the burst. */
void flow_gather_clear(struct flow_gather *gather);

/*
 * Adds up the flows of the next window, which `part` says what it is to the burst; `at` is how far the span's flows
 * have been taken. A packet that came too late to be counted in the window as it was delivered is not attributed
 * either: never more than the window has.
 */
void flow_gather_take(struct flow_gather *gather, const struct series_span *span,
		      const struct window *window, enum burst_part part, size_t *at);

/*
 * What is known of the burst, which is over; valid until it is cleared, the next to be called. Each retransmission
 * counts to one burst.
 */
struct burst_flows flow_gather_tell(struct flow_gather *gather, const struct burst *burst,
				    const struct retransmit_history *history);

#endif
