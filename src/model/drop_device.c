// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/drop_device.h"

#include <stddef.h>
#include <string.h>

struct counter {
	const char *name;
	size_t at;
	enum direction direction;
	int is_shared; /* the probe sees some of them, too */
};

#define COUNTER(name, direction, is_shared)                                           \
	{                                                                             \
#name, offsetof(struct rtnl_link_stats64, name), direction, is_shared \
	}

static const struct counter counters[DROP_DEVICE_COUNTERS] = {
	COUNTER(rx_missed_errors, DIRECTION_INGRESS, 0),
	COUNTER(rx_over_errors, DIRECTION_INGRESS, 0),
	COUNTER(rx_fifo_errors, DIRECTION_INGRESS, 0),
	COUNTER(tx_fifo_errors, DIRECTION_EGRESS, 0),
	COUNTER(rx_dropped, DIRECTION_INGRESS, 1),
	COUNTER(tx_dropped, DIRECTION_EGRESS, 1),
};

static uint64_t value_of(const struct rtnl_link_stats64 *stats, const struct counter *counter)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + counter->at, sizeof(value));
	return value;
}

void drop_device_start(struct drop_device *device, const struct rtnl_link_stats64 *stats)
{
	*device = (struct drop_device){.has_first = 1, .first = *stats};
}

static int has_gone_back(const struct drop_device *device, const struct rtnl_link_stats64 *stats)
{
	int i;

	for (i = 0; i < DROP_DEVICE_COUNTERS; i++)
		if (value_of(stats, &counters[i]) < value_of(&device->first, &counters[i]))
			return 1;
	return 0;
}

unsigned int drop_device_take(struct drop_device *device, const struct rtnl_link_stats64 *stats,
			      struct drop_device_row rows[DROP_DEVICE_COUNTERS])
{
	unsigned int n = 0;
	int i;

	if (!device->has_first || has_gone_back(device, stats)) {
		drop_device_start(device, stats);
		return 0;
	}
	for (i = 0; i < DROP_DEVICE_COUNTERS; i++) {
		const struct counter *counter = &counters[i];
		uint64_t more = value_of(stats, counter) - value_of(&device->first, counter);
		uint64_t seen = counter->is_shared ? device->seen[counter->direction] : 0;

		more = more > seen ? more - seen : 0;
		if (more <= device->told[i])
			continue;
		rows[n++] = (struct drop_device_row){counter->name, counter->direction,
						     more - device->told[i]};
		device->told[i] = more;
	}
	return n;
}
