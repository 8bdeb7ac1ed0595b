// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/compare_ports.h"

#include <linux/if_ether.h>
#include <string.h>

#include "app/compare_drops.h"

/* The bridge or vrf that it is a port of, if that is compared; NULL: none. */
static struct compare_track *master_of(struct compare_track *items, size_t n,
				       const struct compare_track *port)
{
	size_t i;

	for (i = 0; port->is_there && port->master && i < n; i++)
		if (items[i].is_there && items[i].ifindex == port->master &&
		    items[i].site == port->site)
			return &items[i];
	return NULL;
}

/* What a bridge's VLAN filter drops is of the port. */
void compare_ports_add_drops(struct compare_track *items, size_t n, struct drop_reasons *reasons,
			     const struct drop_sum *sums, size_t n_sums, bool is_late)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct compare_track *master = master_of(items, n, &items[i]);

		if (master)
			*(is_late ? &master->sample.filtered_late
				  : &master->sample.filtered_early) +=
				compare_drops_received(reasons, items[i].slot, sums, n_sums);
	}
}

/* Behind a reading of the probe. */
void compare_ports_add_counts(struct compare_track *items, size_t n, bool is_late)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct compare_sample *sample = &items[i].sample;

		memset(is_late ? sample->ports_late : sample->ports_early, 0,
		       sizeof(sample->ports_late));
	}
	for (i = 0; i < n; i++) {
		const struct compare_sample *sample = &items[i].sample;
		const struct interface_counters *counters =
			is_late ? &sample->late : &sample->early;
		const struct traffic_counter *received = &counters->traffic[DIRECTION_INGRESS];
		struct compare_track *master = master_of(items, n, &items[i]);
		uint64_t *ports;

		if (!master)
			continue;
		ports = is_late ? master->sample.ports_late : master->sample.ports_early;
		ports[COMPARE_PACKETS] += received->packets;
		ports[COMPARE_BYTES] += received->bytes - received->packets * ETH_HLEN;
	}
}
