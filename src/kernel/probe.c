// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/probe.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "kernel/attachment.h"
#include "kernel/drop_kinds.h"
#include "kernel/flows.h"
#include "kernel/harvest.h"
#include "kernel/host.h"
#include "kernel/programs.h"
#include "kernel/retransmits.h"
#include "kernel/slots.h"
#include "kernel/waypoints.h"
#include "kernel/windows.h"

struct probe {
	struct programs *programs;
	struct bpf_link *links[N_PROGRAMS_TRACERS];
	struct attacher attacher;
	struct slots *slots;
	struct harvest *harvest;
	struct windows *windows;         /* NULL: none are kept */
	struct flows *flows;             /* NULL: not told */
	struct retransmits *retransmits; /* NULL: the same */
	struct drop_kinds *drop_kinds;   /* NULL: not counted */
	struct waypoints *waypoints;     /* NULL: the same */
	uint64_t wall_offset_ns;
	struct attachment *attachments; /* by slot */
	uint32_t n_slots;               /* with SLOT_NONE */
};

/* `where` says what to, in words. */
static int attach(struct probe *probe, enum programs_tracer which, const char *where,
		  struct error *err)
{
	probe->links[which] = bpf_program__attach(programs_tracer(probe->programs, which));
	return probe->links[which] ? 0 : error_errno(err, -errno, "cannot attach to %s", where);
}

static int start_flows(struct probe *probe, uint64_t width_ns, uint64_t start_ns, struct error *err)
{
	struct programs_logs logs = programs_logs(probe->programs, PROGRAMS_FLOW_LOGS);
	struct flows_setup setup = {
		.logs_fd = logs.fd,
		.n_cpus = logs.n,
		.n_slots = probe->n_slots,
		.log_records = logs.records,
		.width_ns = width_ns,
		.start_ns = start_ns,
	};

	return flows_new(&probe->flows, &setup, err);
}

/* Before anything is attached whose packets they might be of. */
static int start_retransmits(struct probe *probe, struct error *err)
{
	struct programs_logs logs = programs_logs(probe->programs, PROGRAMS_RETRANSMIT_LOGS);
	const char *where = "the tracepoints of retransmissions";
	int ret = retransmits_new(&probe->retransmits, logs.fd, logs.n, logs.records, err);

	if (!ret)
		ret = attach(probe, PROGRAMS_RETRANSMIT, where, err);
	if (!ret)
		ret = attach(probe, PROGRAMS_RETRANSMIT_SYNACK, where, err);
	return ret;
}

static int start_windows(struct probe *probe, const struct probe_options *options,
			 struct error *err)
{
	struct programs_logs logs = programs_logs(probe->programs, PROGRAMS_WINDOW_LOGS);
	struct windows_setup setup = {
		.open_fd = programs_map_fd(probe->programs, PROGRAMS_OPEN_WINDOWS),
		.logs_fd = logs.fd,
		.n_slots = probe->n_slots,
		.log_records = logs.records,
		.width_ns = options->window_ns,
		.start_ns = clock_monotonic_ns(),
	};
	int ret = windows_new(&probe->windows, &setup, err);

	if (!ret && options->flows)
		ret = start_flows(probe, setup.width_ns, setup.start_ns, err);
	if (!ret && programs_tracer(probe->programs, PROGRAMS_RETRANSMIT))
		ret = start_retransmits(probe, err);
	return ret;
}

static int start_waypoints(struct probe *probe, struct error *err)
{
	int i, ret;

	for (i = PROGRAMS_FIRST_WAYPOINT; i < N_PROGRAMS_TRACERS; i++) {
		const struct bpf_program *program = programs_tracer(probe->programs, i);

		if (!program)
			continue;
		ret = attach(probe, i, bpf_program__section_name(program), err);
		if (ret)
			return ret;
	}
	return waypoints_new(&probe->waypoints,
			     programs_map_fd(probe->programs, PROGRAMS_WAYPOINTS), err);
}

static int load(struct probe *probe, const struct probe_options *options, struct error *err)
{
	const struct programs_setup setup = {
		.options = options,
		.n_slots = probe->n_slots,
		.wall_offset_ns = probe->wall_offset_ns,
	};
	int ret = programs_new(&probe->programs, &setup, err);

	if (ret)
		return ret;
	programs_hooks(probe->programs, false, probe->attacher.programs);
	if (options->other_netns)
		programs_hooks(probe->programs, true, probe->attacher.programs_elsewhere);
	return 0;
}

static int start_readers(struct probe *probe, const struct probe_options *options,
			 struct error *err)
{
	const struct programs *programs = probe->programs;
	int ret = harvest_new(&probe->harvest, programs_map_fd(programs, PROGRAMS_TRAFFIC_TOTALS),
			      programs_map_fd(programs, PROGRAMS_DROP_TOTALS), probe->n_slots, err);

	if (!ret && options->window_ns)
		ret = start_windows(probe, options, err);
	if (!ret && options->waypoints)
		ret = start_waypoints(probe, err);
	if (!ret && options->drop_kinds)
		ret = drop_kinds_new(&probe->drop_kinds,
				     programs_map_fd(programs, PROGRAMS_DROP_KINDS), err);
	return ret;
}

static int set_up(struct probe *probe, const struct probe_options *options, struct error *err)
{
	int ret;

	ret = host_check(err);
	if (ret)
		return ret;
	probe->n_slots = options->max_interfaces + 1;
	probe->attachments = calloc(probe->n_slots, sizeof(*probe->attachments));
	if (!probe->attachments || slots_new(&probe->slots, options->max_interfaces))
		return error_errno(err, -ENOMEM, "cannot keep track of %u interfaces",
				   options->max_interfaces);
	probe->attacher.names = program_names_new();
	if (!probe->attacher.names)
		return error_errno(err, -ENOMEM, "cannot look at other programs");
	probe->wall_offset_ns = clock_wall_offset_ns();
	ret = load(probe, options, err);
	if (!ret)
		ret = start_readers(probe, options, err);
	if (!ret)
		ret = attachment_choose_mode(&probe->attacher, options->attach_mode, err);
	if (!ret)
		ret = attachment_remove_orphans(&probe->attacher, err);
	if (!ret)
		ret = attach(probe, PROGRAMS_DROP, "the kfree_skb tracepoint", err);
	return ret;
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
	ret = programs_set_slot(probe->programs, netns, ifindex, taken);
	if (ret) {
		error_errno(err, ret, "cannot give ifindex %u a slot", ifindex);
		goto out;
	}
	ret = attachment_open(&probe->attachments[taken], &probe->attacher, netns, ifindex,
			      in_crowd, err);
	if (ret)
		programs_set_slot(probe->programs, netns, ifindex, SLOT_NONE);
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
	programs_set_slot(probe->programs, netns, ifindex, SLOT_NONE);
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

static void take_retransmits(struct probe *probe)
{
	uint64_t began_ns = clock_monotonic_ns();

	retransmits_take(probe->retransmits, began_ns,
			 programs_misses(probe->programs, PROGRAMS_RETRANSMIT) +
				 programs_misses(probe->programs, PROGRAMS_RETRANSMIT_SYNACK));
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

int probe_drain_windows(struct probe *probe, struct error *err)
{
	int ret = probe->windows ? windows_drain(probe->windows, err) : 0;

	if (!ret && probe->flows)
		flows_drain(probe->flows);
	return ret;
}

uint64_t probe_drain_period_ns(const struct probe *probe)
{
	uint64_t period_ns, flows_ns;

	if (!probe->windows)
		return 0;
	period_ns = windows_drain_period_ns(probe->windows);
	flows_ns = probe->flows ? flows_drain_period_ns(probe->flows) : period_ns;
	if (flows_ns < period_ns)
		period_ns = flows_ns;
	return period_ns < probe_take_period_ns(probe) ? period_ns : 0;
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
	return programs_tracer(probe->programs, PROGRAMS_XDP_GENERIC);
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

bool probe_is_hidden(const struct probe *probe, uint32_t slot, bool by_tcx_only)
{
	return attachment_is_hidden(&probe->attachments[slot], &probe->attacher, by_tcx_only);
}

struct probe_losses probe_losses(const struct probe *probe)
{
	const struct interface_counters *none = harvest_slot(probe->harvest, SLOT_NONE);
	struct probe_losses losses;

	losses.unassigned_packets =
		none->traffic[DIRECTION_INGRESS].packets + none->traffic[DIRECTION_EGRESS].packets;
	losses.unattributed_drops = none->drops[DIRECTION_INGRESS] + none->drops[DIRECTION_EGRESS];
	losses.untold_drops = programs_untold_drops(probe->programs);
	losses.missed_drops = programs_misses(probe->programs, PROGRAMS_DROP);
	return losses;
}

const struct verifier_costs *probe_costs(const struct probe *probe)
{
	return programs_costs(probe->programs);
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
	int ret = programs_publish(probe->programs, state);

	if (ret)
		log_debug("cannot publish the instance's state: %s", strerror(-ret));
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
	for (i = 0; i < N_PROGRAMS_TRACERS; i++)
		bpf_link__destroy(probe->links[i]);
	harvest_free(probe->harvest);
	windows_free(probe->windows);
	flows_free(probe->flows);
	retransmits_free(probe->retransmits);
	drop_kinds_free(probe->drop_kinds);
	waypoints_free(probe->waypoints);
	slots_free(probe->slots);
	program_names_free(probe->attacher.names);
	free(probe->attachments);
	programs_free(probe->programs);
	free(probe);
}
