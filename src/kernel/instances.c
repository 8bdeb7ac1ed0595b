// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/instances.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "kernel/program_name.h"

#define STATE_MAP "ifpulse_state"
#define TRAFFIC_MAP "traffic_totals"
#define DROPS_MAP "drop_totals"
#define DROP_PROGRAM "ifpulse_drop"
#define MAPS_PER_PROGRAM 16

/* What one loaded program of ours refers to. */
struct program {
	uint32_t id;
	uint32_t state_map_id; /* 0: none, so it is not ours */
	uint32_t traffic_map_id, drops_map_id;
	bool is_drop;
	bool is_traffic; /* for a hook */
	bool was_found;  /* on one */
	uint64_t recursion_misses;
};

struct instances {
	int n_cpus;
	struct program *items;
	size_t n, capacity;
};

static int map_info(uint32_t id, struct bpf_map_info *info, int *fd)
{
	__u32 size = sizeof(*info);
	int ret;

	memset(info, 0, sizeof(*info));
	*fd = bpf_map_get_fd_by_id(id);
	if (*fd < 0)
		return -errno;
	ret = bpf_obj_get_info_by_fd(*fd, info, &size) ? -errno : 0;
	if (ret)
		close(*fd);
	return ret;
}

static void note_map(struct program *program, uint32_t id)
{
	struct bpf_map_info info;
	int fd;

	if (map_info(id, &info, &fd))
		return;
	if (!strcmp(info.name, STATE_MAP) && info.value_size == sizeof(struct instance_state))
		program->state_map_id = id;
	else if (!strcmp(info.name, TRAFFIC_MAP) &&
		 info.value_size == sizeof(struct traffic_totals))
		program->traffic_map_id = id;
	else if (!strcmp(info.name, DROPS_MAP) && info.value_size == sizeof(struct drop_totals))
		program->drops_map_id = id;
	close(fd);
}

static int look_at_program(uint32_t id, struct program *program)
{
	uint32_t map_ids[MAPS_PER_PROGRAM] = {0};
	struct bpf_prog_info info = {.nr_map_ids = MAPS_PER_PROGRAM, .map_ids = (uintptr_t)map_ids};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id), ret = 0;
	uint32_t i;

	memset(program, 0, sizeof(*program));
	program->id = id;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		ret = errno == ENOENT ? 0 : -errno;
	close(fd);
	if (ret || strncmp(info.name, "ifpulse_", strlen("ifpulse_")))
		return ret;
	program->is_traffic = program_name_is_ours(info.name);
	program->is_drop = !strcmp(info.name, DROP_PROGRAM);
	program->recursion_misses = info.recursion_misses;
	for (i = 0; i < info.nr_map_ids && i < MAPS_PER_PROGRAM; i++)
		note_map(program, map_ids[i]);
	return 0;
}

static int find_programs(struct instances *programs, struct error *err)
{
	struct program program;
	uint32_t id = 0;
	int ret;

	while (!bpf_prog_get_next_id(id, &id)) {
		ret = look_at_program(id, &program);
		if (ret)
			return error_errno(err, ret, "cannot look at BPF program %u", id);
		if (!program.state_map_id)
			continue;
		if (array_reserve(&programs->items, &programs->capacity, programs->n + 1,
				  sizeof(*programs->items)))
			return error_errno(err, -ENOMEM, "cannot list BPF programs");
		programs->items[programs->n++] = program;
	}
	return errno == ENOENT ? 0 : error_errno(err, -errno, "cannot list BPF programs");
}

/* The value of slot 0 on every CPU; the caller frees it. NULL where the map is gone. */
static void *read_slot_none(uint32_t map_id, size_t value_size, int n_cpus)
{
	uint32_t slot = SLOT_NONE;
	void *values;
	int fd;

	if (!map_id)
		return NULL;
	fd = bpf_map_get_fd_by_id(map_id);
	if (fd < 0)
		return NULL;
	values = calloc((size_t)n_cpus, value_size);
	if (values && bpf_map_lookup_elem(fd, &slot, values)) {
		free(values);
		values = NULL;
	}
	close(fd);
	return values;
}

static void add_losses(struct probe_losses *losses, const struct program *program, int n_cpus)
{
	struct traffic_totals *traffic =
		read_slot_none(program->traffic_map_id, sizeof(*traffic), n_cpus);
	struct drop_totals *drops = read_slot_none(program->drops_map_id, sizeof(*drops), n_cpus);
	int cpu, d;

	for (cpu = 0; cpu < n_cpus; cpu++) {
		for (d = 0; d < N_DIRECTIONS; d++) {
			if (traffic)
				losses->unassigned_packets += traffic[cpu].direction[d].packets;
			if (drops)
				losses->unattributed_drops += drops[cpu].packets[d];
		}
	}
	if (program->is_drop)
		losses->missed_drops += program->recursion_misses;
	free(traffic);
	free(drops);
}

static void report(const struct instances *instances, const struct program *drop, instance_fn fn,
		   void *context)
{
	int fd = bpf_map_get_fd_by_id(drop->state_map_id);
	struct instance instance = {0};
	uint32_t key = 0;
	size_t i;

	if (fd < 0)
		return;
	if (bpf_map_lookup_elem(fd, &key, &instance.state) ||
	    instance.state.abi_version != PROBE_ABI_VERSION)
		goto out;
	for (i = 0; i < instances->n; i++)
		if (instances->items[i].state_map_id == drop->state_map_id)
			add_losses(&instance.losses, &instances->items[i], instances->n_cpus);
	fn(context, &instance);
out:
	close(fd);
}

int instances_look(struct instances **out, struct error *err)
{
	struct instances *instances = calloc(1, sizeof(*instances));
	int ret;

	if (!instances)
		return error_errno(err, -ENOMEM, "cannot list BPF programs");
	instances->n_cpus = libbpf_num_possible_cpus();
	ret = instances->n_cpus;
	if (ret < 0)
		error_errno(err, ret, "cannot tell the number of CPUs");
	else
		ret = find_programs(instances, err);
	if (ret) {
		instances_free(instances);
		return ret;
	}
	*out = instances;
	return 0;
}

void instances_free(struct instances *instances)
{
	if (!instances)
		return;
	free(instances->items);
	free(instances);
}

static const struct program *find(const struct instances *instances, uint32_t prog_id)
{
	size_t i;

	for (i = 0; i < instances->n; i++)
		if (instances->items[i].id == prog_id)
			return &instances->items[i];
	return NULL;
}

bool instances_is_orphan(const struct instances *instances, uint32_t prog_id)
{
	const struct program *program = find(instances, prog_id);
	size_t i;

	if (!program)
		return false;
	for (i = 0; i < instances->n; i++)
		if (instances->items[i].is_drop &&
		    instances->items[i].state_map_id == program->state_map_id)
			return false;
	return true;
}

void instances_note_found(struct instances *instances, uint32_t prog_id)
{
	size_t i;

	for (i = 0; i < instances->n; i++)
		if (instances->items[i].id == prog_id)
			instances->items[i].was_found = true;
}

size_t instances_orphans_elsewhere(const struct instances *instances)
{
	size_t i, n = 0;

	for (i = 0; i < instances->n; i++) {
		const struct program *program = &instances->items[i];

		n += program->is_traffic && !program->was_found &&
		     instances_is_orphan(instances, program->id);
	}
	return n;
}

void instances_walk(const struct instances *instances, instance_fn fn, void *context)
{
	size_t i;

	for (i = 0; i < instances->n; i++)
		if (instances->items[i].is_drop)
			report(instances, &instances->items[i], fn, context);
}
