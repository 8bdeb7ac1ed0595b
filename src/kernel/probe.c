// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ifpulse.skel.h"
#include "kernel/clsact.h"
#include "kernel/harvest.h"
#include "kernel/host.h"
#include "kernel/slots.h"
#include "kernel/tcx.h"
#include "kernel/windows.h"

/* One slot's hooks. */
struct attachment {
	uint32_t ifindex; /* 0: the slot is free */
	int tcx_link_fd[N_DIRECTIONS];
	int clsact_priority[N_DIRECTIONS];
};

struct probe {
	struct ifpulse_bpf *skel;
	struct bpf_link *drop_link;
	enum probe_attach_mode mode; /* AUTO only where there is a choice */
	struct clsact *clsact;       /* made with the first filter */
	struct slots *slots;
	struct harvest *harvest;
	struct windows *windows; /* NULL: none are kept */
	uint64_t wall_offset_ns;
	uint32_t log_records;           /* of each CPU, for windows */
	struct attachment *attachments; /* by slot */
	uint32_t n_slots;               /* with SLOT_NONE */
	int prog_fd[N_DIRECTIONS];
	uint32_t prog_id[N_DIRECTIONS];
	uint32_t netns_inum;
	unsigned int orphans_removed;
};

/* libbpf's own words, by line, to the debug log: the caller gets a sentence instead. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char text[1024], *line, *rest = text;

	if (level == LIBBPF_DEBUG || log_level() < LOG_LEVEL_DEBUG)
		return 0;
	vsnprintf(text, sizeof(text), format, args);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_debug("%s", line);
	return 0;
}

/* How many arguments the tracepoint passes: its BTF type is a function with one more in front. */
static int count_kfree_skb_arguments(const struct btf *btf, uint32_t *count)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
	const struct btf_type *type;

	if (id < 0)
		return -ENOTSUP;
	type = btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type);
	if (!type || !btf_is_ptr(type))
		return -ENOTSUP;
	type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_func_proto(type) || btf_vlen(type) < 2)
		return -ENOTSUP;
	*count = btf_vlen(type) - 1U;
	return 0;
}

static bool has_kernel_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

/* Makes room for so many slots; maps that nothing needs are not even made. */
static int size_maps(struct probe *probe, uint64_t window_ns, struct error *err)
{
	struct ifpulse_bpf *skel = probe->skel;
	int n_cpus = libbpf_num_possible_cpus();

	if (n_cpus < 0)
		return error_errno(err, n_cpus, "cannot tell the number of CPUs");
	bpf_map__set_max_entries(skel->maps.slot_by_high_if, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.traffic_totals, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.drop_totals, probe->n_slots);
	bpf_map__set_max_entries(skel->maps.open_windows, (uint32_t)n_cpus * probe->n_slots);
	probe->log_records = windows_log_records((size_t)n_cpus);
	bpf_map__set_max_entries(skel->maps.window_logs, (uint32_t)n_cpus);
	bpf_map__set_value_size(skel->maps.window_logs,
				(uint32_t)window_log_size(probe->log_records));
	bpf_map__set_autocreate(skel->maps.open_windows, window_ns);
	bpf_map__set_autocreate(skel->maps.window_logs, window_ns);
	skel->rodata->window_width_ns = window_ns;
	skel->rodata->window_slots = probe->n_slots;
	skel->rodata->window_log_records = probe->log_records;
	skel->rodata->window_wall_offset_ns = probe->wall_offset_ns;
	return 0;
}

/* Tells the programs what this kernel is like, where CO-RE alone cannot. */
static int configure(struct probe *probe, struct error *err)
{
	struct ifpulse_bpf *skel = probe->skel;
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t arguments = 2;
	int ret;

	if (!btf)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	ret = count_kfree_skb_arguments(btf, &arguments);
	skel->rodata->kfree_skb_arguments = arguments;
	skel->rodata->probed_netns_inum = probe->netns_inum;
	skel->rodata->has_kernel_casts = has_kernel_function(btf, "bpf_cast_to_kern_ctx") &&
					 has_kernel_function(btf, "bpf_rdonly_cast");
	btf__free(btf);
	if (ret)
		return error_errno(err, ret, "the kernel's BTF does not describe kfree_skb");
	return 0;
}

static int load(struct probe *probe, uint64_t window_ns, struct error *err)
{
	struct ifpulse_bpf *skel = ifpulse_bpf__open();
	int ret;

	if (!skel)
		return error_errno(err, -errno, "cannot open the built-in BPF object");
	probe->skel = skel;
	ret = configure(probe, err);
	if (!ret)
		ret = size_maps(probe, window_ns, err);
	if (ret)
		return ret;
	ret = ifpulse_bpf__load(skel);
	if (ret == -EPERM) {
		error_errno(err, ret, "the kernel does not let us load BPF programs");
		error_hint(err, HOST_PRIVILEGE_HINT);
		return ret;
	}
	if (ret == -ENOMEM) {
		error_errno(err, ret, "no memory for the counters of %u interfaces",
			    probe->n_slots);
		error_hint(err, "lower --max-interfaces, or raise the memory limit of the cgroup");
		return ret;
	}
	if (ret) {
		error_errno(err, ret, "the kernel refused the BPF programs");
		error_hint(err, "see its own words with --verbose, and 'ifpulse doctor'");
		return ret;
	}
	return 0;
}

static uint32_t program_id(int prog_fd)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &size) ? 0 : info.id;
}

static int choose_mode(struct probe *probe, enum probe_attach_mode wanted, struct error *err)
{
	bool has_tcx = tcx_supported(probe->prog_fd[DIRECTION_INGRESS]);

	if (wanted == PROBE_ATTACH_TCX && !has_tcx) {
		error_set(err, -ENOTSUP, "this kernel has no tcx");
		error_hint(err, "it came with Linux 6.6: leave out --attach tcx");
		return -ENOTSUP;
	}
	probe->mode = has_tcx ? wanted : PROBE_ATTACH_CLSACT;
	return 0;
}

static int start_windows(struct probe *probe, uint64_t width_ns, struct error *err)
{
	struct windows_setup setup = {
		.open_fd = bpf_map__fd(probe->skel->maps.open_windows),
		.logs_fd = bpf_map__fd(probe->skel->maps.window_logs),
		.n_slots = probe->n_slots,
		.log_records = probe->log_records,
		.width_ns = width_ns,
		.start_ns = clock_monotonic_ns(),
	};

	return windows_new(&probe->windows, &setup, err);
}

static int set_up(struct probe *probe, const struct probe_options *options, struct error *err)
{
	struct stat netns;
	int ret;

	ret = host_check(err);
	if (ret)
		return ret;
	if (stat("/proc/thread-self/ns/net", &netns))
		return error_errno(err, -errno, "cannot tell the network namespace");
	probe->netns_inum = (uint32_t)netns.st_ino;
	probe->n_slots = options->max_interfaces + 1;
	probe->attachments = calloc(probe->n_slots, sizeof(*probe->attachments));
	if (!probe->attachments || slots_new(&probe->slots, options->max_interfaces))
		return error_errno(err, -ENOMEM, "cannot keep track of %u interfaces",
				   options->max_interfaces);
	probe->wall_offset_ns = clock_wall_ns() - clock_monotonic_ns();
	ret = load(probe, options->window_ns, err);
	if (ret)
		return ret;
	probe->prog_fd[DIRECTION_INGRESS] = bpf_program__fd(probe->skel->progs.ifpulse_ingress);
	probe->prog_fd[DIRECTION_EGRESS] = bpf_program__fd(probe->skel->progs.ifpulse_egress);
	probe->prog_id[DIRECTION_INGRESS] = program_id(probe->prog_fd[DIRECTION_INGRESS]);
	probe->prog_id[DIRECTION_EGRESS] = program_id(probe->prog_fd[DIRECTION_EGRESS]);
	ret = harvest_new(&probe->harvest, bpf_map__fd(probe->skel->maps.traffic_totals),
			  bpf_map__fd(probe->skel->maps.drop_totals), probe->n_slots, err);
	if (ret)
		return ret;
	if (options->window_ns)
		ret = start_windows(probe, options->window_ns, err);
	if (ret)
		return ret;
	/* The programs hold the state map, so that others find one by the other (Linux 5.10). */
	bpf_prog_bind_map(bpf_program__fd(probe->skel->progs.ifpulse_drop),
			  bpf_map__fd(probe->skel->maps.ifpulse_state), NULL);
	bpf_prog_bind_map(probe->prog_fd[DIRECTION_INGRESS],
			  bpf_map__fd(probe->skel->maps.ifpulse_state), NULL);
	ret = choose_mode(probe, options->attach_mode, err);
	if (ret)
		return ret;
	ret = clsact_remove_orphans(err);
	if (ret < 0)
		return ret;
	probe->orphans_removed = (unsigned int)ret;
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
	libbpf_set_print(print_libbpf);
	ret = set_up(probe, options, err);
	if (ret) {
		probe_free(probe);
		return ret;
	}
	*out = probe;
	return 0;
}

static int map_ifindex(struct probe *probe, uint32_t ifindex, uint32_t slot)
{
	int fd = bpf_map__fd(ifindex < SLOT_DIRECT_IFINDEXES ? probe->skel->maps.slot_by_ifindex
							     : probe->skel->maps.slot_by_high_if);

	if (ifindex >= SLOT_DIRECT_IFINDEXES && slot == SLOT_NONE)
		return bpf_map_delete_elem(fd, &ifindex) ? -errno : 0;
	return bpf_map_update_elem(fd, &ifindex, &slot, BPF_ANY) ? -errno : 0;
}

static bool has_tcx_programs(uint32_t ifindex)
{
	return tcx_query(ifindex, DIRECTION_INGRESS, NULL, 0) > 0 ||
	       tcx_query(ifindex, DIRECTION_EGRESS, NULL, 0) > 0;
}

static bool wants_clsact(const struct probe *probe, uint32_t ifindex, bool in_crowd)
{
	if (probe->mode != PROBE_ATTACH_AUTO)
		return probe->mode == PROBE_ATTACH_CLSACT;
	return in_crowd && !has_tcx_programs(ifindex);
}

static int attach_by_clsact(struct probe *probe, struct attachment *attachment, struct error *err)
{
	int ret = 0, d;

	if (!probe->clsact)
		ret = clsact_new(&probe->clsact, err);
	for (d = 0; d < N_DIRECTIONS && !ret; d++) {
		int priority = clsact_attach(probe->clsact, probe->prog_fd[d], attachment->ifindex,
					     d, err);

		if (priority < 0)
			ret = priority;
		else
			attachment->clsact_priority[d] = priority;
	}
	return ret;
}

static int attach_by_tcx(struct probe *probe, struct attachment *attachment, struct error *err)
{
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		int fd = tcx_attach(probe->prog_fd[d], attachment->ifindex, d);

		if (fd < 0)
			return error_errno(err, fd, "cannot attach to the %s hook",
					   d == DIRECTION_INGRESS ? "ingress" : "egress");
		attachment->tcx_link_fd[d] = fd;
	}
	return 0;
}

static void detach_hooks(struct probe *probe, struct attachment *attachment)
{
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		if (attachment->tcx_link_fd[d] >= 0)
			close(attachment->tcx_link_fd[d]);
		attachment->tcx_link_fd[d] = -1;
		if (attachment->clsact_priority[d])
			clsact_detach(probe->clsact, probe->prog_id[d], attachment->ifindex, d,
				      attachment->clsact_priority[d]);
		attachment->clsact_priority[d] = 0;
	}
}

int probe_attach(struct probe *probe, uint32_t ifindex, bool in_crowd, uint32_t *slot,
		 struct error *err)
{
	struct attachment *attachment;
	uint32_t taken;
	int ret;

	ret = slots_take(probe->slots, &taken);
	if (ret) {
		error_set(err, ret, "every one of the %u slots is taken", probe->n_slots - 1);
		error_hint(err, "start with a higher --max-interfaces");
		return ret;
	}
	attachment = &probe->attachments[taken];
	*attachment = (struct attachment){.ifindex = ifindex, .tcx_link_fd = {-1, -1}};
	ret = harvest_clear_slot(probe->harvest, taken, err);
	if (ret)
		goto out;
	/* The slot comes before the hooks: no packet finds a hook without one. */
	ret = map_ifindex(probe, ifindex, taken);
	if (ret) {
		error_errno(err, ret, "cannot give ifindex %u a slot", ifindex);
		goto out;
	}
	if (wants_clsact(probe, ifindex, in_crowd))
		ret = attach_by_clsact(probe, attachment, err);
	else
		ret = attach_by_tcx(probe, attachment, err);
out:
	if (ret) {
		map_ifindex(probe, ifindex, SLOT_NONE);
		detach_hooks(probe, attachment);
		attachment->ifindex = 0;
		slots_give_back(probe->slots, taken);
		return ret;
	}
	*slot = taken;
	return 0;
}

int probe_detach(struct probe *probe, uint32_t slot, struct interface_counters *last,
		 struct error *err)
{
	struct attachment *attachment = &probe->attachments[slot];
	int ret = 0;

	/*
	 * Hooks first, then the slot: a packet counts to its interface as long as it is seen. The
	 * kernel is done with the programs when the hooks are closed (closing a tcx link, and
	 * deleting the interface, wait for a grace period), so the last reading is final.
	 */
	detach_hooks(probe, attachment);
	map_ifindex(probe, attachment->ifindex, SLOT_NONE);
	attachment->ifindex = 0;
	if (last)
		ret = harvest_read_slot(probe->harvest, slot, last, err);
	return ret;
}

void probe_release(struct probe *probe, uint32_t slot)
{
	if (probe->windows)
		windows_clear_slot(probe->windows, slot);
	slots_give_back(probe->slots, slot);
}

int probe_take_windows(struct probe *probe, uint64_t until_ns, struct error *err)
{
	return windows_take(probe->windows, slots_end(probe->slots), until_ns, err);
}

const struct windows *probe_windows(const struct probe *probe)
{
	return probe->windows;
}

uint64_t probe_take_period_ns(const struct probe *probe)
{
	return windows_take_period_ns(probe->windows);
}

uint64_t probe_wall_offset_ns(const struct probe *probe)
{
	return probe->wall_offset_ns;
}

bool probe_is_attached(const struct probe *probe, uint32_t slot)
{
	const struct attachment *attachment = &probe->attachments[slot];
	int d;

	for (d = 0; d < N_DIRECTIONS; d++) {
		int priority = attachment->clsact_priority[d];

		if (priority && !clsact_is_attached(probe->clsact, probe->prog_id[d],
						    attachment->ifindex, d, priority))
			return false;
		if (!priority && !tcx_is_alive(attachment->tcx_link_fd[d]))
			return false;
	}
	return true;
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
	return probe->attachments[slot].clsact_priority[DIRECTION_INGRESS];
}

bool probe_is_preceded(const struct probe *probe, uint32_t slot)
{
	return probe->mode == PROBE_ATTACH_AUTO && probe_is_by_clsact(probe, slot) &&
	       has_tcx_programs(probe->attachments[slot].ifindex);
}

struct probe_losses probe_losses(const struct probe *probe)
{
	const struct interface_counters *none = harvest_slot(probe->harvest, SLOT_NONE);
	struct bpf_prog_info info = {0};
	struct probe_losses losses;
	__u32 size = sizeof(info);

	losses.unassigned_packets =
		none->traffic[DIRECTION_INGRESS].packets + none->traffic[DIRECTION_EGRESS].packets;
	losses.unattributed_drops = none->drops[DIRECTION_INGRESS] + none->drops[DIRECTION_EGRESS];
	/* Stays 0 before Linux 5.12, which does not count it. */
	bpf_obj_get_info_by_fd(bpf_program__fd(probe->skel->progs.ifpulse_drop), &info, &size);
	losses.missed_drops = info.recursion_misses;
	return losses;
}

unsigned int probe_orphans_removed(const struct probe *probe)
{
	return probe->orphans_removed;
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

	if (!probe)
		return;
	for (slot = SLOT_NONE + 1; probe->attachments && slot < probe->n_slots; slot++)
		if (probe->attachments[slot].ifindex)
			detach_hooks(probe, &probe->attachments[slot]);
	bpf_link__destroy(probe->drop_link);
	clsact_free(probe->clsact);
	harvest_free(probe->harvest);
	windows_free(probe->windows);
	slots_free(probe->slots);
	free(probe->attachments);
	ifpulse_bpf__destroy(probe->skel);
	free(probe);
}
