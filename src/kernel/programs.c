// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "ifpulse.skel.h"
#include "kernel/abilities.h"
#include "kernel/flows.h"
#include "kernel/host.h"
#include "kernel/netns_visit.h"
#include "kernel/probe.h"
#include "kernel/retransmits.h"
#include "kernel/verifier.h"
#include "kernel/waypoints.h"
#include "kernel/windows.h"

struct programs {
	struct ifpulse_bpf *skel;
	struct verifier_costs *costs; /* NULL: not asked for */
	uint32_t netns_inum;          /* of the namespace that is probed */
	bool can_tell_retransmits;    /* the kernel can */
};

static struct bpf_program *tracer(const struct ifpulse_bpf *skel, enum programs_tracer which)
{
	struct bpf_program *const all[N_PROGRAMS_TRACERS] = {
		[PROGRAMS_DROP] = skel->progs.ifpulse_drop,
		[PROGRAMS_RETRANSMIT] = skel->progs.ifpulse_retransmit,
		[PROGRAMS_RETRANSMIT_SYNACK] = skel->progs.ifpulse_retransmit_synack,
		[PROGRAMS_QUEUE] = skel->progs.ifpulse_queue,
		[PROGRAMS_DRIVER] = skel->progs.ifpulse_driver,
		[PROGRAMS_RECEIVE] = skel->progs.ifpulse_receive,
		[PROGRAMS_BACKLOG_ENTRY] = skel->progs.ifpulse_backlog_entry,
		[PROGRAMS_BACKLOG] = skel->progs.ifpulse_backlog,
		[PROGRAMS_XDP_REDIRECT] = skel->progs.ifpulse_xdp_redirect,
		[PROGRAMS_XDP_TX] = skel->progs.ifpulse_xdp_tx,
		[PROGRAMS_XDP_GENERIC_REDIRECT] = skel->progs.ifpulse_xdp_generic_redirect,
		[PROGRAMS_XDP_GENERIC] = skel->progs.ifpulse_xdp_generic,
		[PROGRAMS_DIRECT] = skel->progs.ifpulse_direct,
	};

	return all[which];
}

static void size_flows(struct programs *programs, const struct probe_options *options,
		       uint32_t n_cpus)
{
	struct ifpulse_bpf *skel = programs->skel;
	bool has_flows = options->flows && options->window_ns;
	/* Where nobody asks, the kernel is not either for what it takes. */
	uint32_t records = has_flows ? flows_log_records(n_cpus) : 1;

	bpf_map__set_max_entries(skel->maps.flow_logs, n_cpus);
	bpf_map__set_value_size(skel->maps.flow_logs, (uint32_t)flow_log_size(records));
	bpf_map__set_autocreate(skel->maps.flow_logs, has_flows);
	skel->rodata->has_flows = has_flows;
	skel->rodata->flow_log_records = records;
}

/* What does not need to be there is not even loaded. */
static void size_retransmits(struct programs *programs, const struct probe_options *options,
			     uint32_t n_cpus)
{
	struct ifpulse_bpf *skel = programs->skel;
	bool has_them = options->flows && options->window_ns && programs->can_tell_retransmits;
	uint32_t writers = n_cpus * RETRANSMIT_WRITERS_PER_CPU;
	uint32_t records = retransmits_log_records(writers);

	skel->rodata->retransmit_log_records = records;
	bpf_map__set_max_entries(skel->maps.retransmit_logs, writers);
	bpf_map__set_value_size(skel->maps.retransmit_logs, (uint32_t)retransmit_log_size(records));
	bpf_map__set_autocreate(skel->maps.retransmit_logs, has_them);
	bpf_program__set_autoload(skel->progs.ifpulse_retransmit, has_them);
	bpf_program__set_autoload(skel->progs.ifpulse_retransmit_synack, has_them);
	skel->rodata->has_retransmits = has_them;
}

/* Those whose place the running kernel has. */
static int choose_waypoints(struct programs *programs, bool has_them, struct error *err)
{
	struct ifpulse_bpf *skel = programs->skel;
	struct btf *btf = has_them ? btf__load_vmlinux_btf() : NULL;
	int i;

	if (has_them && !btf)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	for (i = PROGRAMS_FIRST_WAYPOINT; i < N_PROGRAMS_TRACERS; i++) {
		struct bpf_program *program = tracer(skel, i);

		bpf_program__set_autoload(program, has_them && waypoints_can_trace(program, btf));
	}
	btf__free(btf);
	/* It tells of these, too. */
	if (bpf_program__autoload(skel->progs.ifpulse_xdp_generic))
		bpf_program__set_autoload(skel->progs.ifpulse_xdp_generic_redirect, false);
	bpf_map__set_autocreate(skel->maps.waypoints, has_them);
	return 0;
}

/* Makes room for so many slots; maps that nothing needs are not even made. */
static int size_maps(struct programs *programs, const struct programs_setup *setup,
		     struct error *err)
{
	struct ifpulse_bpf *skel = programs->skel;
	const struct probe_options *options = setup->options;
	uint64_t window_ns = options->window_ns;
	int n_cpus = libbpf_num_possible_cpus();
	uint32_t writers, records;

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	bpf_map__set_max_entries(skel->maps.slot_by_high_if, setup->n_slots);
	bpf_map__set_max_entries(skel->maps.slot_by_netns, setup->n_slots);
	bpf_map__set_max_entries(skel->maps.traffic_totals, setup->n_slots);
	bpf_map__set_max_entries(skel->maps.waypoints, setup->n_slots);
	bpf_map__set_max_entries(skel->maps.drop_totals, setup->n_slots);
	writers = (uint32_t)n_cpus * WINDOW_WRITERS_PER_CPU;
	bpf_map__set_max_entries(skel->maps.open_windows, writers * setup->n_slots);
	records = windows_log_records(writers);
	bpf_map__set_max_entries(skel->maps.window_logs, writers);
	bpf_map__set_value_size(skel->maps.window_logs, (uint32_t)window_log_size(records));
	bpf_map__set_autocreate(skel->maps.open_windows, window_ns);
	bpf_map__set_autocreate(skel->maps.window_logs, window_ns);
	bpf_map__set_autocreate(skel->maps.drop_kinds, options->drop_kinds);
	skel->rodata->has_drop_kinds = options->drop_kinds;
	skel->rodata->has_drop_locations = options->drop_locations;
	skel->rodata->has_other_netns = options->other_netns;
	skel->rodata->has_netns_cookies = netns_has_cookies();
	skel->rodata->lose_one_in = options->lose_one_in;
	bpf_program__set_autoload(skel->progs.ifpulse_ns_in, options->other_netns);
	bpf_program__set_autoload(skel->progs.ifpulse_ns_out, options->other_netns);
	skel->rodata->window_width_ns = window_ns;
	skel->rodata->window_slots = setup->n_slots;
	skel->rodata->window_cpus = (uint32_t)n_cpus;
	skel->rodata->window_log_records = records;
	skel->rodata->window_wall_offset_ns = setup->wall_offset_ns;
	size_flows(programs, options, (uint32_t)n_cpus);
	size_retransmits(programs, options, (uint32_t)n_cpus);
	return 0;
}

/* Tells the programs what this kernel is like, where CO-RE alone cannot. */
static int configure(struct programs *programs, const struct programs_setup *setup,
		     struct error *err)
{
	struct ifpulse_bpf *skel = programs->skel;
	struct abilities abilities;
	int ret = abilities_look(&abilities, err);

	if (ret)
		return ret;
	skel->rodata->kfree_skb_arguments = abilities.kfree_skb_arguments;
	skel->rodata->retransmit_arguments = abilities.retransmit_arguments;
	skel->rodata->has_kernel_casts = abilities.has_casts;
	skel->rodata->has_cgroup_ids = abilities.has_cgroup_ids;
	skel->rodata->probed_netns_inum = programs->netns_inum;
	programs->can_tell_retransmits = abilities.has_retransmits;
	skel->rodata->xdp_redirect_arguments = abilities.xdp_redirect_arguments;
	return choose_waypoints(programs, setup->options->waypoints, err);
}

/* Why the kernel does not have what it was to load, in words. */
static int load_failed(int ret, uint32_t n_slots, struct error *err)
{
	switch (ret) {
	case -EPERM:
		error_errno(err, ret, "the kernel does not let us load BPF programs");
		error_hint(err, HOST_PRIVILEGE_HINT);
		break;
	case -ENOMEM:
		error_errno(err, ret, "no memory for the counters of %u interfaces", n_slots);
		error_hint(err, "lower --max-interfaces, or raise the memory limit of the cgroup");
		break;
	case -EMFILE:
		error_errno(err, ret, "cannot load the BPF programs");
		error_hint(err, "raise the limit of open files: ulimit -n");
		break;
	default:
		error_errno(err, ret, "the kernel refused the BPF programs");
		error_hint(err, "see its own words with --verbose, and 'ifpulse doctor'");
	}
	return ret;
}

static int load(struct programs *programs, uint32_t n_slots, bool tell_costs, struct error *err)
{
	int ret = 0;

	if (tell_costs)
		ret = verifier_costs_new(&programs->costs, programs->skel->obj, err);
	if (ret)
		return ret;
	ret = ifpulse_bpf__load(programs->skel);
	if (ret && programs->costs)
		verifier_costs_log(programs->costs);
	return ret ? load_failed(ret, n_slots, err) : 0;
}

/* The programs hold the state map, so that others find one by the other (Linux 5.10). */
static int mark(const struct programs *programs, bool other_netns, struct error *err)
{
	const struct ifpulse_bpf *skel = programs->skel;
	const struct bpf_program *const marked[] = {
		skel->progs.ifpulse_drop,
		skel->progs.ifpulse_ingress,
		skel->progs.ifpulse_egress,
		other_netns ? skel->progs.ifpulse_ns_in : NULL,
		other_netns ? skel->progs.ifpulse_ns_out : NULL,
	};
	int state_fd = bpf_map__fd(skel->maps.ifpulse_state);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marked); i++)
		if (marked[i] && bpf_prog_bind_map(bpf_program__fd(marked[i]), state_fd, NULL))
			return error_errno(err, -errno, "cannot mark the programs as ours");
	return 0;
}

static int find_netns(struct programs *programs, struct error *err)
{
	struct stat netns;
	int ret;

	if (stat("/proc/thread-self/ns/net", &netns)) {
		ret = error_errno(err, -errno, "cannot tell the network namespace");
		error_hint(err, "have proc mounted on /proc");
		return ret;
	}
	programs->netns_inum = (uint32_t)netns.st_ino;
	return 0;
}

static int set_up(struct programs *programs, const struct programs_setup *setup, struct error *err)
{
	int ret;

	ret = find_netns(programs, err);
	if (ret)
		return ret;
	programs->skel = ifpulse_bpf__open();
	if (!programs->skel)
		return error_errno(err, -errno, "cannot open the built-in BPF object");
	ret = configure(programs, setup, err);
	if (!ret)
		ret = size_maps(programs, setup, err);
	if (!ret)
		ret = load(programs, setup->n_slots, setup->options->tell_costs, err);
	return ret ? ret : mark(programs, setup->options->other_netns, err);
}

int programs_new(struct programs **out, const struct programs_setup *setup, struct error *err)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	int ret;

	if (!programs)
		return error_errno(err, -ENOMEM, "cannot load the BPF programs");
	ret = set_up(programs, setup, err);
	if (ret) {
		programs_free(programs);
		return ret;
	}
	*out = programs;
	return 0;
}

void programs_free(struct programs *programs)
{
	if (!programs)
		return;
	ifpulse_bpf__destroy(programs->skel);
	verifier_costs_free(programs->costs);
	free(programs);
}

static struct clsact_program program_of(const struct bpf_program *program)
{
	struct clsact_program result = {.fd = bpf_program__fd(program)};
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (!bpf_obj_get_info_by_fd(result.fd, &info, &size))
		result.id = info.id;
	return result;
}

void programs_hooks(const struct programs *programs, bool elsewhere,
		    struct clsact_program hooks[N_DIRECTIONS])
{
	const struct ifpulse_bpf *skel = programs->skel;

	hooks[DIRECTION_INGRESS] =
		program_of(elsewhere ? skel->progs.ifpulse_ns_in : skel->progs.ifpulse_ingress);
	hooks[DIRECTION_EGRESS] =
		program_of(elsewhere ? skel->progs.ifpulse_ns_out : skel->progs.ifpulse_egress);
}

const struct bpf_program *programs_tracer(const struct programs *programs,
					  enum programs_tracer which)
{
	const struct bpf_program *program = tracer(programs->skel, which);

	return bpf_program__autoload(program) ? program : NULL;
}

uint64_t programs_misses(const struct programs *programs, enum programs_tracer which)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	bpf_obj_get_info_by_fd(bpf_program__fd(tracer(programs->skel, which)), &info, &size);
	return info.recursion_misses;
}

int programs_map_fd(const struct programs *programs, enum programs_map which)
{
	const struct ifpulse_bpf *skel = programs->skel;
	const struct bpf_map *const all[] = {
		[PROGRAMS_TRAFFIC_TOTALS] = skel->maps.traffic_totals,
		[PROGRAMS_DROP_TOTALS] = skel->maps.drop_totals,
		[PROGRAMS_DROP_KINDS] = skel->maps.drop_kinds,
		[PROGRAMS_WAYPOINTS] = skel->maps.waypoints,
		[PROGRAMS_OPEN_WINDOWS] = skel->maps.open_windows,
	};

	return bpf_map__fd(all[which]);
}

struct programs_logs programs_logs(const struct programs *programs, enum programs_log which)
{
	const struct ifpulse_bpf *skel = programs->skel;
	const struct {
		const struct bpf_map *map;
		uint32_t records;
	} all[] = {
		[PROGRAMS_WINDOW_LOGS] = {skel->maps.window_logs, skel->rodata->window_log_records},
		[PROGRAMS_FLOW_LOGS] = {skel->maps.flow_logs, skel->rodata->flow_log_records},
		[PROGRAMS_RETRANSMIT_LOGS] = {skel->maps.retransmit_logs,
					      skel->rodata->retransmit_log_records},
	};

	return (struct programs_logs){
		.fd = bpf_map__fd(all[which].map),
		.n = bpf_map__max_entries(all[which].map),
		.records = all[which].records,
	};
}

static int map_elsewhere(struct programs *programs, uint64_t netns, uint32_t ifindex, uint32_t slot)
{
	const struct netns_ifindex key = {.netns = netns, .ifindex = ifindex};
	int fd = bpf_map__fd(programs->skel->maps.slot_by_netns);

	if (slot == SLOT_NONE)
		return bpf_map_delete_elem(fd, &key) ? -errno : 0;
	return bpf_map_update_elem(fd, &key, &slot, BPF_ANY) ? -errno : 0;
}

int programs_set_slot(struct programs *programs, uint64_t netns, uint32_t ifindex, uint32_t slot)
{
	const struct ifpulse_bpf *skel = programs->skel;
	int fd = bpf_map__fd(ifindex < SLOT_DIRECT_IFINDEXES ? skel->maps.slot_by_ifindex
							     : skel->maps.slot_by_high_if);

	if (netns)
		return map_elsewhere(programs, netns, ifindex, slot);
	if (ifindex >= SLOT_DIRECT_IFINDEXES && slot == SLOT_NONE)
		return bpf_map_delete_elem(fd, &ifindex) ? -errno : 0;
	return bpf_map_update_elem(fd, &ifindex, &slot, BPF_ANY) ? -errno : 0;
}

int programs_publish(struct programs *programs, const struct instance_state *state)
{
	int fd = bpf_map__fd(programs->skel->maps.ifpulse_state);
	struct instance_state published = *state;
	uint32_t key = 0;

	published.abi_version = PROBE_ABI_VERSION;
	published.pid = (uint32_t)getpid();
	published.netns_inum = programs->netns_inum;
	return bpf_map_update_elem(fd, &key, &published, BPF_ANY) ? -errno : 0;
}

uint64_t programs_untold_drops(const struct programs *programs)
{
	return __atomic_load_n(&programs->skel->bss->drops_without_kind, __ATOMIC_RELAXED);
}

const struct verifier_costs *programs_costs(const struct programs *programs)
{
	return programs->costs;
}
