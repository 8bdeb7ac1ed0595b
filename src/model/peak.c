// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/peak.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct slot_peak {
	uint64_t wire_bytes[N_DIRECTIONS]; /* of the busiest window */
};

struct peaks {
	uint64_t width_ns;
	bool is_unknown;
	struct slot_peak *slots; /* by slot */
	size_t capacity;
};

int peaks_new(struct peaks **out, uint64_t width_ns)
{
	struct peaks *peaks = calloc(1, sizeof(*peaks));

	if (!peaks)
		return -ENOMEM;
	peaks->width_ns = width_ns;
	*out = peaks;
	return 0;
}

void peaks_free(struct peaks *peaks)
{
	if (!peaks)
		return;
	free(peaks->slots);
	free(peaks);
}

int peaks_add(struct peaks *peaks, const struct window *window)
{
	uint64_t *busiest;

	if (array_reserve(&peaks->slots, &peaks->capacity, (size_t)window->slot + 1,
			  sizeof(*peaks->slots))) {
		peaks->is_unknown = true;
		return -ENOMEM;
	}
	busiest = &peaks->slots[window->slot].wire_bytes[window->direction];
	if (window->traffic.wire_bytes > *busiest)
		*busiest = window->traffic.wire_bytes;
	return 0;
}

void peaks_add_gap(struct peaks *peaks)
{
	peaks->is_unknown = true;
}

void peaks_end_interval(struct peaks *peaks, struct rate *rates, size_t n)
{
	size_t i;
	int d;

	for (i = 0; i < n; i++) {
		rates[i].has_peak = !peaks->is_unknown && rates[i].ifindex;
		for (d = 0; d < N_DIRECTIONS; d++) {
			uint64_t bytes = 0;

			if (rates[i].has_peak && rates[i].slot < peaks->capacity)
				bytes = peaks->slots[rates[i].slot].wire_bytes[d];
			rates[i].peak_bps[d] = rate_per_second(8 * bytes, peaks->width_ns);
		}
	}
	if (peaks->capacity)
		memset(peaks->slots, 0, peaks->capacity * sizeof(*peaks->slots));
	peaks->is_unknown = false;
}
