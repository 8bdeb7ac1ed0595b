// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/drop_kinds.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct drop_kinds {
	int fd;
	size_t n_cpus;
	struct drop_kind *keys;
	uint64_t *values; /* [kind][cpu] */
	struct drop_sum *sums;
};

int drop_kinds_new(struct drop_kinds **out, int fd, struct error *err)
{
	int n_cpus = libbpf_num_possible_cpus();
	struct drop_kinds *kinds;

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	kinds = calloc(1, sizeof(*kinds));
	if (!kinds)
		return error_errno(err, -ENOMEM, "cannot count drops by reason");
	kinds->fd = fd;
	kinds->n_cpus = (size_t)n_cpus;
	kinds->keys = calloc(DROP_KINDS_MAX, sizeof(*kinds->keys));
	kinds->values = calloc(DROP_KINDS_MAX * kinds->n_cpus, sizeof(*kinds->values));
	kinds->sums = calloc(DROP_KINDS_MAX, sizeof(*kinds->sums));
	if (!kinds->keys || !kinds->values || !kinds->sums) {
		drop_kinds_free(kinds);
		return error_errno(err, -ENOMEM, "cannot count drops by reason");
	}
	*out = kinds;
	return 0;
}

void drop_kinds_free(struct drop_kinds *kinds)
{
	if (!kinds)
		return;
	free(kinds->keys);
	free(kinds->values);
	free(kinds->sums);
	free(kinds);
}

/* The keys and values of all kinds; how many, or -errno. */
static int read_map(struct drop_kinds *kinds)
{
	uint32_t n = 0, count, batch = 0;
	int ret;

	do {
		count = DROP_KINDS_MAX - n;
		ret = bpf_map_lookup_batch(kinds->fd, n ? &batch : NULL, &batch, kinds->keys + n,
					   kinds->values + n * kinds->n_cpus, &count, NULL);
		if (ret && errno != ENOENT)
			return -errno;
		n += count;
	} while (!ret && n < DROP_KINDS_MAX);
	return (int)n;
}

/* One that was told twice, since it was moved while the kernel read, is taken as it was last. */
static size_t drop_twins(struct drop_sum *sums, size_t n)
{
	size_t i, kept = 0;

	for (i = 1; i < n; i++) {
		if (memcmp(&sums[kept].kind, &sums[i].kind, sizeof(sums[i].kind)))
			sums[++kept] = sums[i];
		else if (sums[i].packets > sums[kept].packets)
			sums[kept] = sums[i];
	}
	return n ? kept + 1 : 0;
}

int drop_kinds_read(struct drop_kinds *kinds, struct drop_sum **sums, size_t *n, struct error *err)
{
	int i, read = read_map(kinds);
	size_t cpu;

	if (read < 0)
		return error_errno(err, read, "cannot read the drops by reason");
	for (i = 0; i < read; i++) {
		struct drop_sum *sum = &kinds->sums[i];

		*sum = (struct drop_sum){.kind = kinds->keys[i]};
		for (cpu = 0; cpu < kinds->n_cpus; cpu++)
			sum->packets += kinds->values[(size_t)i * kinds->n_cpus + cpu];
	}
	drop_sort(kinds->sums, (size_t)read);
	*n = drop_twins(kinds->sums, (size_t)read);
	*sums = kinds->sums;
	return 0;
}

int drop_kinds_clear_slot(struct drop_kinds *kinds, uint32_t slot, struct error *err)
{
	int i, read = read_map(kinds);

	if (read < 0)
		return error_errno(err, read, "cannot read the drops by reason");
	for (i = 0; i < read; i++)
		if (kinds->keys[i].slot == slot &&
		    bpf_map_delete_elem(kinds->fd, &kinds->keys[i]) && errno != ENOENT)
			return error_errno(err, -errno, "cannot clear the drops of slot %u", slot);
	return 0;
}
