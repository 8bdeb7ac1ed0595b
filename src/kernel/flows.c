// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/flows.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "kernel/log_rate.h"
#include "kernel/log_reader.h"

#define LOG_RECORDS_MAX 65536U
#define LOG_RECORDS_MIN 1024U
#define LOGS_BYTES_MAX (80U << 20)
#define VALUE_BYTES_EVER (4U << 20) /* any kernel takes that */

/* Of so many flows it is known where the last item of theirs is. A power of two. */
#define RECENT 1024U

struct flow_array {
	struct window_flow *items;
	size_t n, capacity;
	uint32_t recent[RECENT]; /* by recent_of(); it has to be seen whether it is of the flow */
};

struct flows {
	struct flows_setup setup;
	const char *logs; /* [cpu], log_size apart */
	size_t log_size, logs_size;
	uint64_t *tails;            /* [cpu]: records read so far */
	uint64_t told_ns, until_ns; /* of the last flows_take() but one, and of the last */
	struct flow_array taken;    /* for the caller */
	struct flow_array unsealed; /* read from the log, but not yet due */
	struct array_use use;       /* of both */
	struct log_rate rate;
	struct flows_losses losses;
};

/*
 * Linux 5.10 has no maps with values of more than 4 MiB (KMALLOC_MAX_SIZE in array_map_alloc_check(),
 * kernel/bpf/arraymap.c), and says so before it looks at anything else; later ones have.
 */
static bool is_too_large(size_t value_size)
{
	int fd;

	if (value_size <= VALUE_BYTES_EVER)
		return false;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(uint32_t), (uint32_t)value_size, 1,
			    NULL);
	if (fd < 0)
		return errno == E2BIG;
	close(fd);
	return false;
}

uint32_t flows_log_records(size_t n_cpus)
{
	uint32_t records = LOG_RECORDS_MAX;

	while (records > LOG_RECORDS_MIN &&
	       (records * sizeof(struct flow_record) * n_cpus > LOGS_BYTES_MAX ||
		is_too_large(flow_log_size(records))))
		records /= 2;
	return records;
}

int flows_new(struct flows **out, const struct flows_setup *setup, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct flows *flows = calloc(1, sizeof(*flows));
	void *map;
	int ret;

	if (!flows)
		return error_errno(err, -ENOMEM, "cannot set up flows");
	flows->setup = *setup;
	flows->told_ns = flows->until_ns = setup->start_ns;
	flows->log_size = flow_log_size(setup->log_records);
	flows->logs_size = (setup->n_cpus * flows->log_size + page - 1) / page * page;
	flows->tails = calloc(setup->n_cpus, sizeof(*flows->tails));
	if (!flows->tails) {
		ret = error_errno(err, -ENOMEM, "cannot set up flows");
		goto out;
	}
	map = mmap(NULL, flows->logs_size, PROT_READ, MAP_SHARED, setup->logs_fd, 0);
	if (map == MAP_FAILED) {
		ret = error_errno(err, -errno, "cannot map the flow logs");
		goto out;
	}
	flows->logs = map;
	*out = flows;
	return 0;
out:
	flows_free(flows);
	return ret;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	if (flows->logs)
		munmap((char *)flows->logs, flows->logs_size);
	free(flows->tails);
	free(flows->taken.items);
	free(flows->unsealed.items);
	free(flows);
}

static bool is_same(const struct window_flow *a, const struct window_flow *b)
{
	return a->start_ns == b->start_ns && a->slot == b->slot && a->direction == b->direction &&
	       a->cgroup == b->cgroup && a->socket == b->socket &&
	       !memcmp(&a->key, &b->key, sizeof(a->key));
}

/* Flows of one window have different places, by and large. */
static uint32_t *recent_of(struct flow_array *array, const struct window_flow *flow)
{
	const struct flow_key *key = &flow->key;
	uint32_t hash = flow->slot * N_DIRECTIONS + flow->direction, word;
	size_t i;

	for (i = 0; i < sizeof(*key); i += sizeof(word)) {
		memcpy(&word, (const char *)key + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b1; /* 2^32 by the golden ratio (Knuth, TAOCP 6.4) */
	}
	return &array->recent[hash >> 16 & (RECENT - 1)];
}

/* Of a flow's packets in a window, few need room of their own, even where those of others come in between. */
static void push(struct flows *flows, struct flow_array *array, const struct window_flow *flow)
{
	uint32_t *recent = recent_of(array, flow);
	struct window_flow *last = *recent < array->n ? &array->items[*recent] : NULL;

	if (last && is_same(last, flow)) {
		last->wire_bytes += flow->wire_bytes;
		last->wire_packets += flow->wire_packets;
		last->ce_packets += flow->ce_packets;
	} else if (array_reserve(&array->items, &array->capacity, array->n + 1,
				 sizeof(*array->items))) {
		flows->losses.unread_packets++;
	} else {
		*recent = (uint32_t)array->n;
		array->items[array->n++] = *flow;
	}
}

static void deliver(struct flows *flows, const struct window_flow *flow)
{
	uint64_t end_ns = flow->start_ns + flows->setup.width_ns;

	if (end_ns <= flows->told_ns) {
		flows->losses.late_packets += flow->start_ns >= flows->setup.start_ns;
		return;
	}
	push(flows, end_ns <= flows->until_ns ? &flows->taken : &flows->unsealed, flow);
}

static struct window_flow flow_of(const struct flow_record *record)
{
	return (struct window_flow){
		.start_ns = record->start_ns,
		.slot = record->slot,
		.direction = record->direction,
		.key = record->key,
		.wire_bytes = record->wire_bytes,
		.wire_packets = record->wire_packets,
		.ce_packets = record->is_ce ? record->wire_packets : 0,
		.cgroup = record->cgroup,
		.socket = record->socket,
	};
}

static void take_log(struct flows *flows, size_t cpu)
{
	const char *log = flows->logs + cpu * flows->log_size;
	uint64_t head = log_reader_head(log), at = flows->tails[cpu];
	uint64_t lost = log_reader_missed(at, head, flows->setup.log_records);

	at += lost;
	flows->losses.unread_packets += lost;
	while (at < head) {
		struct flow_record record;
		struct window_flow flow;

		lost = log_reader_copy(log, flows->setup.log_records, at, &record, sizeof(record));
		at += lost ? lost : 1;
		flows->losses.unread_packets += lost;
		if (lost || record.slot >= flows->setup.n_slots || record.direction >= N_DIRECTIONS)
			continue;
		flow = flow_of(&record);
		deliver(flows, &flow);
	}
	flows->tails[cpu] = at;
}

/* What the log had before its time, and whose time has come. */
static void take_unsealed(struct flows *flows)
{
	size_t i, n = flows->unsealed.n;

	flows->unsealed.n = 0;
	for (i = 0; i < n; i++) {
		struct window_flow flow = flows->unsealed.items[i];

		deliver(flows, &flow);
	}
}

static void take_logs(struct flows *flows)
{
	uint64_t most = 0;
	size_t cpu;

	for (cpu = 0; cpu < flows->setup.n_cpus; cpu++) {
		uint64_t unread =
			log_reader_head(flows->logs + cpu * flows->log_size) - flows->tails[cpu];

		if (unread > most)
			most = unread;
	}
	log_rate_note(&flows->rate, most, clock_monotonic_ns());
	for (cpu = 0; cpu < flows->setup.n_cpus; cpu++)
		take_log(flows, cpu);
}

/* What is due at the last take was due before: all of it waits. */
void flows_drain(struct flows *flows)
{
	flows->told_ns = flows->until_ns;
	take_logs(flows);
}

uint64_t flows_drain_period_ns(const struct flows *flows)
{
	return log_rate_period_ns(&flows->rate, flows->setup.log_records);
}

/* A stall is no reason to keep what the flows of its time took for good. */
static void give_back(struct flows *flows)
{
	struct flow_array *taken = &flows->taken, *unsealed = &flows->unsealed;
	size_t keep = array_use_note(&flows->use, taken->n > unsealed->n ? taken->n : unsealed->n);

	array_shrink(&taken->items, &taken->capacity, keep, sizeof(*taken->items));
	array_shrink(&unsealed->items, &unsealed->capacity, keep, sizeof(*unsealed->items));
}

void flows_take(struct flows *flows, uint64_t until_ns)
{
	give_back(flows);
	flows->taken.n = 0;
	flows->told_ns = flows->until_ns;
	if (until_ns > flows->until_ns)
		flows->until_ns = until_ns;
	take_unsealed(flows);
	take_logs(flows);
	window_sort_flows(flows->taken.items, flows->taken.n);
}

const struct window_flow *flows_taken(const struct flows *flows, size_t *n)
{
	*n = flows->taken.n;
	return flows->taken.items;
}

struct flows_losses flows_losses(const struct flows *flows)
{
	return flows->losses;
}
