// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/harvest.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What the kernel returns for an operation that a map lacks; not in the C library's errno.h. */
#define KERNEL_ENOTSUPP 524

struct harvest {
	int traffic_fd, drops_fd;
	uint32_t n_slots;
	size_t n_cpus; /* possible CPUs: what the kernel copies for each slot */
	bool no_batch; /* before Linux 5.13 */
	uint32_t *keys;
	struct traffic_totals *traffic; /* [slot][cpu] */
	struct drop_totals *drops;      /* [slot][cpu] */
	struct interface_counters *sums;
};

int harvest_new(struct harvest **out, int traffic_fd, int drops_fd, uint32_t n_slots,
		struct error *err)
{
	int n_cpus = libbpf_num_possible_cpus();
	struct harvest *harvest;

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	harvest = calloc(1, sizeof(*harvest));
	if (!harvest)
		return error_errno(err, -ENOMEM, "cannot set up the harvest");
	harvest->traffic_fd = traffic_fd;
	harvest->drops_fd = drops_fd;
	harvest->n_slots = n_slots;
	harvest->n_cpus = (size_t)n_cpus;
	harvest->keys = calloc(n_slots, sizeof(*harvest->keys));
	harvest->traffic = calloc(n_slots * harvest->n_cpus, sizeof(*harvest->traffic));
	harvest->drops = calloc(n_slots * harvest->n_cpus, sizeof(*harvest->drops));
	harvest->sums = calloc(n_slots, sizeof(*harvest->sums));
	if (!harvest->keys || !harvest->traffic || !harvest->drops || !harvest->sums) {
		harvest_free(harvest);
		return error_errno(err, -ENOMEM, "cannot set up the harvest of %u slots", n_slots);
	}
	*out = harvest;
	return 0;
}

void harvest_free(struct harvest *harvest)
{
	if (!harvest)
		return;
	free(harvest->keys);
	free(harvest->traffic);
	free(harvest->drops);
	free(harvest->sums);
	free(harvest);
}

static int read_each(int fd, uint32_t first, uint32_t end, void *values, size_t slot_size)
{
	uint32_t slot;

	for (slot = first; slot < end; slot++)
		if (bpf_map_lookup_elem(fd, &slot, (char *)values + slot * slot_size))
			return -errno;
	return 0;
}

static int read_map(struct harvest *harvest, int fd, uint32_t end, void *values, size_t slot_size)
{
	uint32_t next, count = end;
	int ret;

	if (harvest->no_batch)
		return read_each(fd, 0, end, values, slot_size);
	ret = bpf_map_lookup_batch(fd, NULL, &next, harvest->keys, values, &count, NULL);
	/* -ENOENT: the map ended, with the values delivered. */
	if (ret && errno != ENOENT) {
		if (errno != EINVAL && errno != KERNEL_ENOTSUPP && errno != EOPNOTSUPP)
			return -errno;
		harvest->no_batch = true;
		return read_each(fd, 0, end, values, slot_size);
	}
	return count == end ? 0 : -EIO;
}

static void add_up(struct harvest *harvest, uint32_t slot)
{
	const struct traffic_totals *traffic = harvest->traffic + slot * harvest->n_cpus;
	const struct drop_totals *drops = harvest->drops + slot * harvest->n_cpus;
	struct interface_counters *sum = &harvest->sums[slot];
	size_t cpu;
	int d;

	memset(sum, 0, sizeof(*sum));
	for (cpu = 0; cpu < harvest->n_cpus; cpu++) {
		for (d = 0; d < N_DIRECTIONS; d++) {
			sum->traffic[d].packets += traffic[cpu].direction[d].packets;
			sum->traffic[d].bytes += traffic[cpu].direction[d].bytes;
			sum->traffic[d].wire_packets += traffic[cpu].direction[d].wire_packets;
			sum->traffic[d].wire_bytes += traffic[cpu].direction[d].wire_bytes;
			sum->drops[d] += drops[cpu].packets[d];
		}
	}
}

int harvest_read(struct harvest *harvest, uint32_t end, struct error *err)
{
	uint32_t slot;
	int ret;

	ret = read_map(harvest, harvest->traffic_fd, end, harvest->traffic,
		       harvest->n_cpus * sizeof(*harvest->traffic));
	if (!ret)
		ret = read_map(harvest, harvest->drops_fd, end, harvest->drops,
			       harvest->n_cpus * sizeof(*harvest->drops));
	if (ret)
		return error_errno(err, ret, "cannot read the counters of %u slots", end);
	for (slot = 0; slot < end; slot++)
		add_up(harvest, slot);
	return 0;
}

const struct interface_counters *harvest_slot(const struct harvest *harvest, uint32_t slot)
{
	return &harvest->sums[slot];
}

int harvest_read_slot(struct harvest *harvest, uint32_t slot, struct interface_counters *out,
		      struct error *err)
{
	int ret;

	ret = read_each(harvest->traffic_fd, slot, slot + 1, harvest->traffic,
			harvest->n_cpus * sizeof(*harvest->traffic));
	if (!ret)
		ret = read_each(harvest->drops_fd, slot, slot + 1, harvest->drops,
				harvest->n_cpus * sizeof(*harvest->drops));
	if (ret)
		return error_errno(err, ret, "cannot read the counters of slot %u", slot);
	add_up(harvest, slot);
	*out = harvest->sums[slot];
	return 0;
}

int harvest_clear_slot(struct harvest *harvest, uint32_t slot, struct error *err)
{
	struct traffic_totals *traffic = harvest->traffic + slot * harvest->n_cpus;
	struct drop_totals *drops = harvest->drops + slot * harvest->n_cpus;

	memset(traffic, 0, harvest->n_cpus * sizeof(*traffic));
	memset(drops, 0, harvest->n_cpus * sizeof(*drops));
	if (bpf_map_update_elem(harvest->traffic_fd, &slot, traffic, BPF_ANY) ||
	    bpf_map_update_elem(harvest->drops_fd, &slot, drops, BPF_ANY))
		return error_errno(err, -errno, "cannot clear slot %u", slot);
	return 0;
}
