// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/waypoints.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"

struct waypoints {
	int map_fd;
	size_t n_cpus;
	struct waypoint_counts *values; /* of one slot, by CPU */
};

int waypoints_new(struct waypoints **out, int map_fd, struct error *err)
{
	int n_cpus = libbpf_num_possible_cpus();
	struct waypoints *waypoints;

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	waypoints = calloc(1, sizeof(*waypoints));
	if (waypoints)
		waypoints->values = calloc((size_t)n_cpus, sizeof(*waypoints->values));
	if (!waypoints || !waypoints->values) {
		waypoints_free(waypoints);
		return error_errno(err, -ENOMEM, "cannot count waypoints");
	}
	waypoints->map_fd = map_fd;
	waypoints->n_cpus = (size_t)n_cpus;
	*out = waypoints;
	return 0;
}

void waypoints_free(struct waypoints *waypoints)
{
	if (!waypoints)
		return;
	free(waypoints->values);
	free(waypoints);
}

int waypoints_read(struct waypoints *waypoints, uint32_t slot, struct waypoint_counts *counts,
		   struct error *err)
{
	size_t cpu;
	int i;

	if (bpf_map_lookup_elem(waypoints->map_fd, &slot, waypoints->values))
		return error_errno(err, -errno, "cannot read the waypoints of slot %u", slot);
	*counts = (struct waypoint_counts){0};
	for (cpu = 0; cpu < waypoints->n_cpus; cpu++) {
		for (i = 0; i < N_WAYPOINTS; i++)
			counts->packets[i] += waypoints->values[cpu].packets[i];
		counts->driver_bytes += waypoints->values[cpu].driver_bytes;
	}
	return 0;
}

int waypoints_clear_slot(struct waypoints *waypoints, uint32_t slot, struct error *err)
{
	memset(waypoints->values, 0, waypoints->n_cpus * sizeof(*waypoints->values));
	if (bpf_map_update_elem(waypoints->map_fd, &slot, waypoints->values, BPF_ANY))
		return error_errno(err, -errno, "cannot clear the waypoints of slot %u", slot);
	return 0;
}

/* Linux 6.18 may say EPERM, arm64 before 6.0 ENOTSUPP, when it is too late to do without. */
static bool can_attach_to_function(int btf_id)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY,
		    .attach_btf_id = (__u32)btf_id);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "ifpulse_try", "GPL", nothing,
			       ARRAY_SIZE(nothing), &opts);
	int link_fd = fd < 0 ? -1 : bpf_raw_tracepoint_open(NULL, fd);

	if (link_fd >= 0)
		close(link_fd);
	if (fd >= 0)
		close(fd);
	return link_fd >= 0;
}

bool waypoints_can_trace(const struct bpf_program *program, const struct btf *vmlinux)
{
	const char *section = bpf_program__section_name(program);
	const char *target = strchr(section, '/');
	char name[96];
	int id;

	if (!target)
		return false;
	if (!strncmp(section, "tp_btf/", 7)) {
		snprintf(name, sizeof(name), "btf_trace_%s", target + 1);
		return btf__find_by_name_kind(vmlinux, name, BTF_KIND_TYPEDEF) > 0;
	}
	id = btf__find_by_name_kind(vmlinux, target + 1, BTF_KIND_FUNC);
	if (id > 0 && can_attach_to_function(id))
		return true;
	log_debug("cannot be seen here: what passes %s()", target + 1);
	return false;
}
