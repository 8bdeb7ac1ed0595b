// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_bounds.h"

uint64_t compare_kernel_count(const struct rtnl_link_stats64 *stats, enum direction direction,
			      enum compare_counter counter)
{
	if (counter == COMPARE_PACKETS)
		return direction == DIRECTION_INGRESS ? stats->rx_packets : stats->tx_packets;
	return direction == DIRECTION_INGRESS ? stats->rx_bytes : stats->tx_bytes;
}

/* No packet is shorter than the header that a basis leaves out, so this only grows, too. */
static uint64_t count_by(const struct compare_basis *basis, const struct interface_counters *counts,
			 enum direction hook, enum compare_counter counter)
{
	const struct traffic_counter *traffic = &counts->traffic[hook];
	uint64_t packets = basis->is_wire ? traffic->wire_packets : traffic->packets;
	uint64_t bytes = basis->is_wire ? traffic->wire_bytes : traffic->bytes;

	if (counter == COMPARE_PACKETS)
		return packets;
	return bytes + (uint64_t)((int64_t)packets * basis->extra);
}

void compare_spans_between(struct compare_spans *spans, const struct compare_sample *from,
			   const struct compare_sample *to, enum direction direction,
			   const struct compare_basis *basis)
{
	enum direction hook = direction;
	int i;

	if (basis->is_other_way)
		hook = compare_other_way(direction);
	for (i = 0; i < COMPARE_COUNTERS; i++) {
		enum compare_counter counter = (enum compare_counter)i;
		bool is_out = hook == DIRECTION_EGRESS;
		/* On its way out a packet passes the hook first: by then that has counted more. */
		uint64_t first_least =
			count_by(basis, is_out ? &from->early : &from->before, hook, counter);
		uint64_t first_most =
			count_by(basis, is_out ? &from->after : &from->late, hook, counter);
		uint64_t last_least =
			count_by(basis, is_out ? &to->early : &to->before, hook, counter);
		uint64_t last_most =
			count_by(basis, is_out ? &to->after : &to->late, hook, counter);

		spans->kernel[i] = compare_kernel_count(&to->kernel, direction, counter) -
				   compare_kernel_count(&from->kernel, direction, counter);
		spans->of[i] = (struct compare_span){
			.low = last_least > first_most ? last_least - first_most : 0,
			.high = last_most - first_least,
			.probe = count_by(basis, &to->after, hook, counter) -
				 count_by(basis, &from->after, hook, counter),
		};
	}
}

int64_t compare_outside(uint64_t kernel, uint64_t low, uint64_t high)
{
	if (kernel > high)
		return (int64_t)(kernel - high);
	return kernel < low ? -(int64_t)(low - kernel) : 0;
}

bool compare_spans_fit(const struct compare_spans *spans)
{
	int i;

	for (i = 0; i < COMPARE_COUNTERS; i++)
		if (compare_outside(spans->kernel[i], spans->of[i].low, spans->of[i].high))
			return false;
	return true;
}
