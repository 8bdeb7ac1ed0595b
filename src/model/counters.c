// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/counters.h"

struct interface_counters counters_delta(const struct interface_counters *before,
					 const struct interface_counters *after)
{
	struct interface_counters delta;
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		const struct traffic_counter *from = &before->traffic[d], *to = &after->traffic[d];

		delta.traffic[d] = (struct traffic_counter){
			.packets = to->packets - from->packets,
			.bytes = to->bytes - from->bytes,
			.wire_packets = to->wire_packets - from->wire_packets,
			.wire_bytes = to->wire_bytes - from->wire_bytes,
		};
		delta.drops[d] = after->drops[d] - before->drops[d];
	}
	return delta;
}

void counters_add(struct interface_counters *sum, const struct interface_counters *add)
{
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		sum->traffic[d].packets += add->traffic[d].packets;
		sum->traffic[d].bytes += add->traffic[d].bytes;
		sum->traffic[d].wire_packets += add->traffic[d].wire_packets;
		sum->traffic[d].wire_bytes += add->traffic[d].wire_bytes;
		sum->drops[d] += add->drops[d];
	}
}
