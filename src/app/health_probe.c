// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/health_probe.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "kernel/drop_reasons.h"

struct health_probe {
	struct options options;
	struct engine *engine;
	struct drop_reasons *reasons;
	struct drop_book *book;
	struct drop_sum *sums; /* the engine's; in order of slot, direction and reason */
	size_t n_sums;
	struct drop_row *rows; /* handed out */
	size_t rows_capacity;
};

/* Who goes has nobody to show its drops for; who gets its slot begins at zero. */
static void leaving(void *context, const struct interface *interface)
{
	struct health_probe *probe = context;

	drop_book_forget(probe->book, interface->slot);
}

int health_probe_new(struct health_probe **out, struct loop *loop, struct identity *identity,
		     const struct options *options, struct error *err)
{
	struct health_probe *probe = calloc(1, sizeof(*probe));
	int ret;

	if (!probe)
		return error_errno(err, -ENOMEM, "cannot count drops");
	probe->options = *options;
	probe->options.drop_kinds = true;
	probe->options.attach_mode = PROBE_ATTACH_NONE;
	ret = drop_reasons_new(&probe->reasons, NULL, err);
	if (!ret && drop_book_new(&probe->book))
		ret = error_errno(err, -ENOMEM, "cannot count drops");
	if (!ret)
		ret = engine_new(&probe->engine, loop, identity, &probe->options, err);
	if (ret) {
		health_probe_free(probe);
		return ret;
	}
	engine_on_leaving(probe->engine, leaving, probe);
	*out = probe;
	return 0;
}

void health_probe_free(struct health_probe *probe)
{
	if (!probe)
		return;
	engine_free(probe->engine);
	drop_book_free(probe->book);
	drop_reasons_free(probe->reasons);
	free(probe->rows);
	free(probe);
}

struct engine *health_probe_engine(const struct health_probe *probe)
{
	return probe->engine;
}

static int read_drops(struct health_probe *probe, struct error *err)
{
	int ret = engine_read_drops(probe->engine, &probe->sums, &probe->n_sums, err);

	if (!ret && drop_book_take(probe->book, probe->sums, probe->n_sums))
		ret = error_errno(err, -ENOMEM, "cannot count drops");
	return ret;
}

int health_probe_start(struct health_probe *probe, struct error *err)
{
	return read_drops(probe, err);
}

int health_probe_finish(struct health_probe *probe, struct error *err)
{
	return read_drops(probe, err);
}

static const struct interface *find(const struct health_probe *probe, uint64_t netns,
				    uint32_t ifindex)
{
	size_t i, n;
	const struct interface *interfaces = engine_interfaces(probe->engine, &n);

	for (i = 0; i < n; i++)
		if (interfaces[i].ifindex == ifindex && interfaces[i].site->netns == netns)
			return &interfaces[i];
	return NULL;
}

/* Sums that differ in more than direction and reason are one row; they come one after the other. */
static int add_row(struct health_probe *probe, size_t *n, const struct drop_sum *sum)
{
	const char *reason = drop_reasons_name(probe->reasons, sum->kind.reason);
	struct drop_row *last = *n ? &probe->rows[*n - 1] : NULL;

	if (last && last->direction == sum->kind.direction && last->reason == reason) {
		last->packets += sum->packets;
		return 0;
	}
	if (array_reserve(&probe->rows, &probe->rows_capacity, *n + 1, sizeof(*probe->rows)))
		return -ENOMEM;
	probe->rows[(*n)++] = (struct drop_row){
		.direction = sum->kind.direction,
		.source = "kfree_skb",
		.reason = reason,
		.packets = sum->packets,
	};
	return 0;
}

int health_probe_drops(struct health_probe *probe, uint64_t netns, uint32_t ifindex,
		       struct health_drops *drops)
{
	const struct interface *interface = find(probe, netns, ifindex);
	struct health_drops result = {0};
	size_t i;

	if (!interface)
		return -ENOENT;
	for (i = 0; i < probe->n_sums; i++) {
		const struct drop_sum *sum = &probe->sums[i];

		if (sum->kind.slot != interface->slot || !sum->packets)
			continue;
		result.seen.packets[sum->kind.direction] += sum->packets;
		if (sum->kind.is_unwanted)
			result.seen.unwanted += sum->packets;
		if (add_row(probe, &result.n, sum))
			return -ENOMEM;
	}
	result.rows = probe->rows;
	*drops = result;
	return 0;
}
