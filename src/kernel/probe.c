// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "ifpulse.skel.h"
#include "kernel/abilities.h"
#include "kernel/attachment.h"
#include "kernel/drop_kinds.h"
#include "kernel/flows.h"
#include "kernel/harvest.h"
#include "kernel/host.h"
#include "kernel/netns_visit.h"
#include "kernel/retransmits.h"
#include "kernel/slots.h"
#include "kernel/verifier.h"
#include "kernel/waypoints.h"
#include "kernel/windows.h"

#define WAYPOINT_PROGRAMS 10

struct probe {
	struct ifpulse_bpf *skel;
	struct bpf_link *drop_link, *retransmit_links[2], *waypoint_links[WAYPOINT_PROGRAMS];
	struct attacher attacher;
	struct slots *slots;
	struct harvest *harvest;
	struct windows *windows;         /* NULL: none are kept */
	struct flows *flows;             /* NULL: not told */
	struct retransmits *retransmits; /* NULL: the same */
	struct drop_kinds *drop_kinds;   /* NULL: not counted */
	struct waypoints *waypoints;     /* NULL: the same */
	struct verifier_costs *costs;    /* NULL: not asked for */
	uint64_t wall_offset_ns;
	uint32_t log_records;           /* of each writer, for windows */
	uint32_t flow_log_records;      /* of each CPU */
	struct attachment *attachments; /* by slot */
	uint32_t n_slots;               /* with SLOT_NONE */
	uint32_t netns_inum;
	bool can_tell_retransmits; /* the kernel can */
};

static void size_flows(struct probe *probe, const struct probe_options *options, uint32_t n_cpus)
{
	struct ifpulse_bpf *skel = probe->skel;
	bool has_flows = options->flows && options->window_ns;

	probe->flow_log_records = flows_log_records(n_cpus);
	bpf_map__set_max_entries(skel->maps.flow_logs, n_cpus);
	bpf_map__set_value_size(skel->maps.flow_logs,
				(uint32_t)flow_log_size(probe->flow_log_records));
	bpf_map__set_autocreate(skel->maps.flow_logs, has_flows);
	skel->rodata->has_flows = has_flows;
	skel->rodata->flow_log_records = probe->flow_log_records;
}

/* What does not need to be there is not even loaded. */
static void size_retransmits(struct probe *probe, const struct probe_options *options,
			     uint32_t n_cpus)
{
	struct ifpulse_bpf *skel = probe->skel;
	bool has_them = options->flows && options->window_ns && probe->can_tell_retransmits;
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

/* Those of functions last. */
static void list_waypoints(const struct ifpulse_bpf *skel,
			   struct bpf_program *programs[WAYPOINT_PROGRAMS])
{
	struct bpf_program *const all[] = {
		skel->progs.ifpulse_queue,       skel->progs.ifpulse_driver,
		skel->progs.ifpulse_receive,     skel->progs.ifpulse_backlog_entry,
		skel->progs.ifpulse_backlog,     skel->progs.ifpulse_xdp_redirect,
		skel->progs.ifpulse_xdp_tx,      skel->progs.ifpulse_xdp_generic_redirect,
		skel->progs.ifpulse_xdp_generic, skel->progs.ifpulse_direct,
	};

	_Static_assert(ARRAY_SIZE(all) == WAYPOINT_PROGRAMS, "all of them");
	memcpy(programs, all, sizeof(all));
}

/* Those whose place the running kernel has. */
static int choose_waypoints(struct probe *probe, bool has_them, struct error *err)
{
	struct ifpulse_bpf *skel = probe->skel;
	struct btf *btf = has_them ? btf__load_vmlinux_btf() : NULL;
	struct bpf_program *programs[WAYPOINT_PROGRAMS];
	size_t i;

	if (has_them && !btf)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	list_waypoints(skel, programs);
	for (i = 0; i < WAYPOINT_PROGRAMS; i++)
		bpf_program__set_autoload(programs[i],
					  has_them && waypoints_can_trace(programs[i], btf));
	btf__free(btf);
	/* It tells of these, too. */
	if (bpf_program__autoload(skel->progs.ifpulse_xdp_generic))
		bpf_program__set_autoload(skel->progs.ifpulse_xdp_generic_redirect, false);
	bpf_map__set_autocreate(skel->maps.waypoints, has_them);
	return 0;
}

/* Makes room for so many slots; maps that nothing needs are not even made. */
static int size_maps(struct probe *probe, const struct probe_options *options, struct error *err)
{
	struct ifpulse_bpf *skel = probe->skel;
	uint64_t window_ns = options->window_ns;
	int n_cpus = libbpf_num_possible_cpus();
	uint32_t writers;

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	bpf_map__set_max_entries(skel->maps.slot_by_high_if, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.slot_by_netns, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.traffic_totals, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.waypoints, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.drop_totals, probe->n_slots);
	writers = (uint32_t)n_cpus * WINDOW_WRITERS_PER_CPU;
	bpf_map__set_max_entries(skel->maps.open_windows, writers * probe->n_slots);
	probe->log_records = windows_log_records(writers);
	bpf_map__set_max_entries(skel->maps.window_logs, writers);
	bpf_map__set_value_size(skel->maps.window_logs,
				(uint32_t)window_log_size(probe->log_records));
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
	skel->rodata->window_slots = probe->n_slots;
	skel->rodata->window_cpus = (uint32_t)n_cpus;
	skel->rodata->window_log_records = probe->log_records;
	skel->rodata->window_wall_offset_ns = probe->wall_offset_ns;
	size_flows(probe, options, (uint32_t)n_cpus);
	size_retransmits(probe, options, (uint32_t)n_cpus);
	return 0;
}

/* Tells the programs what this kernel is like, where CO-RE alone cannot. */
static int configure(struct probe *probe, bool has_waypoints, struct error *err)
{
	struct ifpulse_bpf *skel = probe->skel;
	struct abilities abilities;
	int ret = abilities_look(&abilities, err);

	if (ret)
		return ret;
	skel->rodata->kfree_skb_arguments = abilities.kfree_skb_arguments;
	skel->rodata->retransmit_arguments = abilities.retransmit_arguments;
	skel->rodata->has_kernel_casts = abilities.has_casts;
	skel->rodata->has_cgroup_ids = abilities.has_cgroup_ids;
	skel->rodata->probed_netns_inum = probe->netns_inum;
	probe->can_tell_retransmits = abilities.has_retransmits;
	skel->rodata->xdp_redirect_arguments = abilities.xdp_redirect_arguments;
	return choose_waypoints(probe, has_waypoints, err);
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

static int load(struct probe *probe, const struct probe_options *options, struct error *err)
{
	struct ifpulse_bpf *skel = ifpulse_bpf__open();
	int ret;

	if (!skel)
		return error_errno(err, -errno, "cannot open the built-in BPF object");
	probe->skel = skel;
	ret = configure(probe, options->waypoints, err);
	if (!ret)
		ret = size_maps(probe, options, err);
	if (ret)
		return ret;
	if (options->tell_costs)
		ret = verifier_costs_new(&probe->costs, skel->obj, err);
	if (ret)
		return ret;
	ret = ifpulse_bpf__load(skel);
	if (ret && probe->costs)
		verifier_costs_log(probe->costs);
	return ret ? load_failed(ret, probe->n_slots, err) : 0;
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

/*
 * The programs hold the state map, so that others find one by the other (Linux 5.10): `programs` are those for
 * the hooks of one side.
 */
static int take_programs(struct probe *probe, const struct bpf_program *ingress,
			 const struct bpf_program *egress, struct clsact_program *programs,
			 struct error *err)
{
	int state_fd = bpf_map__fd(probe->skel->maps.ifpulse_state);

	programs[DIRECTION_INGRESS] = program_of(ingress);
	programs[DIRECTION_EGRESS] = program_of(egress);
	if (bpf_prog_bind_map(programs[DIRECTION_INGRESS].fd, state_fd, NULL) ||
	    bpf_prog_bind_map(programs[DIRECTION_EGRESS].fd, state_fd, NULL))
		return error_errno(err, -errno, "cannot mark the programs as ours");
	return 0;
}

static int mark_programs(struct probe *probe, const struct probe_options *options,
			 struct error *err)
{
	struct ifpulse_bpf *skel = probe->skel;
	int ret = take_programs(probe, skel->progs.ifpulse_ingress, skel->progs.ifpulse_egress,
				probe->attacher.programs, err);

	if (!ret && options->other_netns)
		ret = take_programs(probe, skel->progs.ifpulse_ns_in, skel->progs.ifpulse_ns_out,
				    probe->attacher.programs_elsewhere, err);
	if (!ret && bpf_prog_bind_map(bpf_program__fd(skel->progs.ifpulse_drop),
				      bpf_map__fd(skel->maps.ifpulse_state), NULL))
		ret = error_errno(err, -errno, "cannot mark the programs as ours");
	return ret;
}

static int start_flows(struct probe *probe, uint64_t width_ns, uint64_t start_ns, struct error *err)
{
	struct flows_setup setup = {
		.logs_fd = bpf_map__fd(probe->skel->maps.flow_logs),
		.n_cpus = bpf_map__max_entries(probe->skel->maps.flow_logs),
		.n_slots = probe->n_slots,
		.log_records = probe->flow_log_records,
		.width_ns = width_ns,
		.start_ns = start_ns,
	};

	return flows_new(&probe->flows, &setup, err);
}

/* Before anything is attached whose packets they might be of. */
static int start_retransmits(struct probe *probe, struct error *err)
{
	const struct bpf_program *programs[] = {probe->skel->progs.ifpulse_retransmit,
						probe->skel->progs.ifpulse_retransmit_synack};
	size_t i;
	int ret;

	ret = retransmits_new(&probe->retransmits, bpf_map__fd(probe->skel->maps.retransmit_logs),
			      bpf_map__max_entries(probe->skel->maps.retransmit_logs),
			      probe->skel->rodata->retransmit_log_records, err);
	for (i = 0; !ret && i < ARRAY_SIZE(programs); i++) {
		probe->retransmit_links[i] = bpf_program__attach(programs[i]);
		if (!probe->retransmit_links[i])
			ret = error_errno(err, -errno,
					  "cannot attach to the tracepoints of retransmissions");
	}
	return ret;
}

static int start_windows(struct probe *probe, const struct probe_options *options,
			 struct error *err)
{
	struct windows_setup setup = {
		.open_fd = bpf_map__fd(probe->skel->maps.open_windows),
		.logs_fd = bpf_map__fd(probe->skel->maps.window_logs),
		.n_slots = probe->n_slots,
		.log_records = probe->log_records,
		.width_ns = options->window_ns,
		.start_ns = clock_monotonic_ns(),
	};
	int ret = windows_new(&probe->windows, &setup, err);

	if (!ret && options->flows)
		ret = start_flows(probe, setup.width_ns, setup.start_ns, err);
	if (!ret && probe->skel->rodata->has_retransmits)
		ret = start_retransmits(probe, err);
	return ret;
}

static int start_waypoints(struct probe *probe, struct error *err)
{
	struct bpf_program *programs[WAYPOINT_PROGRAMS];
	size_t i;

	list_waypoints(probe->skel, programs);
	for (i = 0; i < WAYPOINT_PROGRAMS; i++) {
		if (!bpf_program__autoload(programs[i]))
			continue;
		probe->waypoint_links[i] = bpf_program__attach(programs[i]);
		if (!probe->waypoint_links[i])
			return error_errno(err, -errno, "cannot attach to %s",
					   bpf_program__section_name(programs[i]));
	}
	return waypoints_new(&probe->waypoints, bpf_map__fd(probe->skel->maps.waypoints), err);
}

static int set_up(struct probe *probe, const struct probe_options *options, struct error *err)
{
	struct stat netns;
	int ret;

	ret = host_check(err);
	if (ret)
		return ret;
	if (stat("/proc/thread-self/ns/net", &netns)) {
		ret = error_errno(err, -errno, "cannot tell the network namespace");
		error_hint(err, "have proc mounted on /proc");
		return ret;
	}
	probe->netns_inum = (uint32_t)netns.st_ino;
	probe->n_slots = options->max_interfaces + 1;
	probe->attachments = calloc(probe->n_slots, sizeof(*probe->attachments));
	if (!probe->attachments || slots_new(&probe->slots, options->max_interfaces))
		return error_errno(err, -ENOMEM, "cannot keep track of %u interfaces",
				   options->max_interfaces);
	probe->wall_offset_ns = clock_wall_offset_ns();
	ret = load(probe, options, err);
	if (ret)
		return ret;
	ret = harvest_new(&probe->harvest, bpf_map__fd(probe->skel->maps.traffic_totals),
			  bpf_map__fd(probe->skel->maps.drop_totals), probe->n_slots, err);
	if (ret)
		return ret;
	if (options->window_ns)
		ret = start_windows(probe, options, err);
	if (!ret && options->waypoints)
		ret = start_waypoints(probe, err);
	if (!ret && options->drop_kinds)
		ret = drop_kinds_new(&probe->drop_kinds, bpf_map__fd(probe->skel->maps.drop_kinds),
				     err);
	if (ret)
		return ret;
	ret = mark_programs(probe, options, err);
	if (!ret)
		ret = attachment_choose_mode(&probe->attacher, options->attach_mode, err);
	if (!ret)
		ret = attachment_remove_orphans(&probe->attacher, err);
	if (ret)
		return ret;
	probe->drop_link = bpf_program__attach(probe->skel->progs.ifpulse_drop);
	if (!probe->drop_link)
		return error_errno(err, -errno, "cannot attach to the kfree_skb tracepoint");
	return 0;
}

int probe_new(struct probe **out, const struct probe_options *options, struct error *err)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	int ret;

	if (!probe)
		return error_errno(err, -ENOMEM, "cannot make a probe");
	ret = set_up(probe, options, err);
	if (ret) {
		probe_free(probe);
		return ret;
	}
	*out = probe;
	return 0;
}

static int map_elsewhere(struct probe *probe, uint64_t netns, uint32_t ifindex, uint32_t slot)
{
	const struct netns_ifindex key = {.netns = netns, .ifindex = ifindex};
	int fd = bpf_map__fd(probe->skel->maps.slot_by_netns);

	if (slot == SLOT_NONE)
		return bpf_map_delete_elem(fd, &key) ? -errno : 0;
	return bpf_map_update_elem(fd, &key, &slot, BPF_ANY) ? -errno : 0;
}

static int map_ifindex(struct probe *probe, uint64_t netns, uint32_t ifindex, uint32_t slot)
{
	int fd = bpf_map__fd(ifindex < SLOT_DIRECT_IFINDEXES ? probe->skel->maps.slot_by_ifindex
							     : probe->skel->maps.slot_by_high_if);

	if (netns)
		return map_elsewhere(probe, netns, ifindex, slot);
	if (ifindex >= SLOT_DIRECT_IFINDEXES && slot == SLOT_NONE)
		return bpf_map_delete_elem(fd, &ifindex) ? -errno : 0;
	return bpf_map_update_elem(fd, &ifindex, &slot, BPF_ANY) ? -errno : 0;
}

/* Of an interface that came from another namespace: it would be counted twice. */
static void close_links_on(struct probe *probe, uint32_t ifindex)
{
	uint32_t slot;

	if (!attachment_are_links_on(&probe->attacher, ifindex))
		return;
	for (slot = SLOT_NONE + 1; slot < probe->n_slots; slot++)
		if (probe->attachments[slot].ifindex)
			attachment_close_links_on(&probe->attachments[slot], ifindex);
}

int probe_attach(struct probe *probe, uint64_t netns, uint32_t ifindex, bool in_crowd,
		 uint32_t *slot, struct error *err)
{
	uint32_t taken;
	int ret;

	ret = slots_take(probe->slots, &taken);
	if (ret) {
		error_set(err, ret, "every one of the %u slots is taken", probe->n_slots - 1);
		error_hint(err, "start with a higher --max-interfaces");
		return ret;
	}
	ret = harvest_clear_slot(probe->harvest, taken, err);
	if (!ret && probe->waypoints)
		ret = waypoints_clear_slot(probe->waypoints, taken, err);
	if (ret)
		goto out;
	close_links_on(probe, ifindex);
	/* The slot comes before the hooks: no packet finds a hook without one. */
	ret = map_ifindex(probe, netns, ifindex, taken);
	if (ret) {
		error_errno(err, ret, "cannot give ifindex %u a slot", ifindex);
		goto out;
	}
	ret = attachment_open(&probe->attachments[taken], &probe->attacher, netns, ifindex,
			      in_crowd, err);
	if (ret)
		map_ifindex(probe, netns, ifindex, SLOT_NONE);
out:
	if (ret) {
		slots_give_back(probe->slots, taken);
		return ret;
	}
	*slot = taken;
	return 0;
}

int probe_enter_netns(struct probe *probe, struct error *err)
{
	return attachment_enter_netns(&probe->attacher, err);
}

int probe_detach(struct probe *probe, uint32_t slot, struct interface_counters *last,
		 struct error *err)
{
	uint32_t ifindex = probe->attachments[slot].ifindex;
	uint64_t netns = probe->attachments[slot].netns;
	int ret = 0;

	/*
	 * Hooks first, then the slot: a packet counts to its interface as long as it is seen. The
	 * kernel is done with the programs when a tcx link is closed or the interface is deleted: both
	 * wait for a grace period. A program that a filter started on another CPU just before may
	 * run on for its microsecond, which the requests in between outlast.
	 */
	attachment_close(&probe->attachments[slot], &probe->attacher);
	map_ifindex(probe, netns, ifindex, SLOT_NONE);
	if (last)
		ret = harvest_read_slot(probe->harvest, slot, last, err);
	return ret;
}

void probe_release(struct probe *probe, uint32_t slot)
{
	struct error err = {0};

	if (probe->windows)
		windows_clear_slot(probe->windows, slot);
	if (probe->drop_kinds && drop_kinds_clear_slot(probe->drop_kinds, slot, &err))
		log_warning("drops may be counted to a wrong interface: %s", err.what);
	slots_give_back(probe->slots, slot);
}

/* 0 before Linux 6.1, where a program on a tracepoint can interrupt itself. */
static uint64_t recursion_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);
	return info.recursion_misses;
}

static void take_retransmits(struct probe *probe)
{
	const struct ifpulse_bpf *skel = probe->skel;
	uint64_t began_ns = clock_monotonic_ns();

	retransmits_take(probe->retransmits, began_ns,
			 recursion_misses(skel->progs.ifpulse_retransmit) +
				 recursion_misses(skel->progs.ifpulse_retransmit_synack));
}

int probe_take_windows(struct probe *probe, uint64_t until_ns, struct error *err)
{
	int ret = windows_take(probe->windows, slots_end(probe->slots), until_ns, err);

	if (!ret && probe->flows)
		flows_take(probe->flows, until_ns);
	if (!ret && probe->retransmits)
		take_retransmits(probe);
	return ret;
}

void probe_set_hot(struct probe *probe, uint32_t slot, uint32_t direction, uint64_t bytes)
{
	windows_set_hot(probe->windows, slot, direction, bytes);
}

const struct flows *probe_flows(const struct probe *probe)
{
	return probe->flows;
}

const struct retransmits *probe_retransmits(const struct probe *probe)
{
	return probe->retransmits;
}

const struct windows *probe_windows(const struct probe *probe)
{
	return probe->windows;
}

uint64_t probe_take_period_ns(const struct probe *probe)
{
	uint64_t period_ns = windows_take_period_ns(probe->windows);

	return probe->flows && period_ns > FLOWS_TAKE_PERIOD_NS ? FLOWS_TAKE_PERIOD_NS : period_ns;
}

int probe_read_drops(struct probe *probe, struct drop_sum **sums, size_t *n, struct error *err)
{
	return drop_kinds_read(probe->drop_kinds, sums, n, err);
}

bool probe_sees_generic_xdp(const struct probe *probe)
{
	return bpf_program__autoload(probe->skel->progs.ifpulse_xdp_generic);
}

int probe_read_waypoints(struct probe *probe, uint32_t slot, struct waypoint_counts *counts,
			 struct error *err)
{
	return waypoints_read(probe->waypoints, slot, counts, err);
}

uint64_t probe_wall_offset_ns(const struct probe *probe)
{
	return probe->wall_offset_ns;
}

bool probe_is_attached(const struct probe *probe, uint32_t slot)
{
	return attachment_is_whole(&probe->attachments[slot], &probe->attacher);
}

int probe_read(struct probe *probe, struct error *err)
{
	return harvest_read(probe->harvest, slots_end(probe->slots), err);
}

const struct interface_counters *probe_counters(const struct probe *probe, uint32_t slot)
{
	return harvest_slot(probe->harvest, slot);
}

bool probe_is_by_clsact(const struct probe *probe, uint32_t slot)
{
	return attachment_is_by_clsact(&probe->attachments[slot]);
}

bool probe_is_hidden(const struct probe *probe, uint32_t slot)
{
	return attachment_is_hidden(&probe->attachments[slot], &probe->attacher);
}

struct probe_losses probe_losses(const struct probe *probe)
{
	const struct interface_counters *none = harvest_slot(probe->harvest, SLOT_NONE);
	struct probe_losses losses;

	losses.unassigned_packets =
		none->traffic[DIRECTION_INGRESS].packets + none->traffic[DIRECTION_EGRESS].packets;
	losses.unattributed_drops = none->drops[DIRECTION_INGRESS] + none->drops[DIRECTION_EGRESS];
	losses.untold_drops =
		__atomic_load_n(&probe->skel->bss->drops_without_kind, __ATOMIC_RELAXED);
	losses.missed_drops = recursion_misses(probe->skel->progs.ifpulse_drop);
	return losses;
}

const struct verifier_costs *probe_costs(const struct probe *probe)
{
	return probe->costs;
}

unsigned int probe_orphans_removed(const struct probe *probe)
{
	return probe->attacher.orphans_removed;
}

size_t probe_orphans_elsewhere(const struct probe *probe)
{
	return probe->attacher.orphans_elsewhere;
}

void probe_publish(struct probe *probe, const struct instance_state *state)
{
	struct instance_state published = *state;
	uint32_t key = 0;

	published.abi_version = PROBE_ABI_VERSION;
	published.pid = (uint32_t)getpid();
	published.netns_inum = probe->netns_inum;
	if (bpf_map_update_elem(bpf_map__fd(probe->skel->maps.ifpulse_state), &key, &published,
				BPF_ANY))
		log_debug("cannot publish the instance's state: %s", strerror(errno));
}

void probe_free(struct probe *probe)
{
	uint32_t slot;
	size_t i;

	if (!probe)
		return;
	for (slot = SLOT_NONE + 1; probe->attachments && slot < probe->n_slots; slot++)
		if (probe->attachments[slot].ifindex)
			attachment_close(&probe->attachments[slot], &probe->attacher);
	bpf_link__destroy(probe->drop_link);
	bpf_link__destroy(probe->retransmit_links[0]);
	bpf_link__destroy(probe->retransmit_links[1]);
	for (i = 0; i < WAYPOINT_PROGRAMS; i++)
		bpf_link__destroy(probe->waypoint_links[i]);
	harvest_free(probe->harvest);
	windows_free(probe->windows);
	flows_free(probe->flows);
	retransmits_free(probe->retransmits);
	drop_kinds_free(probe->drop_kinds);
	waypoints_free(probe->waypoints);
	slots_free(probe->slots);
	free(probe->attachments);
	ifpulse_bpf__destroy(probe->skel);
	verifier_costs_free(probe->costs);
	free(probe);
}
