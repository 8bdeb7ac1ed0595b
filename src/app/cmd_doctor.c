// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* doctor: whether the probe can run here, what sits on the hooks, and what instances have lost. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/output.h"
#include "app/selected.h"
#include "base/array.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/abilities.h"
#include "kernel/hooks.h"
#include "kernel/host.h"
#include "kernel/instances.h"
#include "kernel/links.h"
#include "kernel/privileges.h"
#include "kernel/probe.h"
#include "kernel/verifier.h"
#include "out/show_check.h"

#define DETAIL_SIZE 1024 /* the names of all programs are the longest */

struct doctor {
	const struct options *options;
	struct output output;
	bool failed;
	/* While hooks are walked. */
	const struct site *site;
	const struct link *link;
	struct instances *seen; /* NULL: they cannot be seen */
	unsigned int instances;
};

static void put(struct doctor *doctor, const struct check *check)
{
	if (check->status == CHECK_FAILED)
		doctor->failed = true;
	if (doctor->output.writer)
		show_check_record(doctor->output.writer, check);
	else
		show_check_line(doctor->output.sink, check, doctor->output.colour);
}

static void __attribute__((format(printf, 6, 7)))
say(struct doctor *doctor, const char *name, const char *ifname, enum check_status status,
    const char *remedy, const char *format, ...)
{
	char detail[DETAIL_SIZE];
	struct check check = {name, ifname, status, detail, remedy, NULL};
	va_list args;

	if (ifname && doctor->site)
		check.netns = doctor->site->name;
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	put(doctor, &check);
}

static void say_failed(struct doctor *doctor, const char *name, const char *ifname,
		       const struct error *err)
{
	say(doctor, name, ifname, CHECK_FAILED, err->hint[0] ? err->hint : NULL, "%s", err->what);
}

/* What works only with more than it takes to probe. */
static void check_extras(struct doctor *doctor)
{
	uint64_t held = privileges_held();

	if (!(held & PRIVILEGE(CAP_SYS_ADMIN)))
		say(doctor, "privileges", NULL, CHECK_INFO, "run as root for these",
		    "no CAP_SYS_ADMIN: --netns, other instances, what killed ones left, and the "
		    "names of programs on hooks are out of reach");
	if (!(held & PRIVILEGE(CAP_SYSLOG)))
		say(doctor, "privileges", NULL, CHECK_INFO, "run as root for functions",
		    "no CAP_SYSLOG: 'drops --where' has addresses");
	if (geteuid())
		say(doctor, "privileges", NULL, CHECK_INFO, "run as root for names",
		    "not root: containers whose runtime keeps its state to root have their ids");
}

/* Returns whether a probe can be tried. */
static bool check_host(struct doctor *doctor)
{
	struct error err = {0};
	struct host_facts facts;
	bool able = true;

	host_look(&facts);
	if (host_check_kernel(&facts, &err)) {
		say_failed(doctor, "kernel", NULL, &err);
		able = false;
	} else {
		say(doctor, "kernel", NULL, CHECK_OK, NULL, "Linux %s", facts.release);
	}
	if (host_check_btf(&facts, &err)) {
		say_failed(doctor, "btf", NULL, &err);
		able = false;
	} else {
		say(doctor, "btf", NULL, CHECK_OK, NULL, "the kernel describes its types");
	}
	if (host_check_privileges(&facts, &err)) {
		say_failed(doctor, "privileges", NULL, &err);
		able = false;
	} else {
		say(doctor, "privileges", NULL, CHECK_OK, NULL,
		    "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are there");
		check_extras(doctor);
	}
	if (!facts.has_jit)
		say(doctor, "jit", NULL, CHECK_WARNING, "sysctl net.core.bpf_jit_enable=1",
		    "the BPF JIT is off: every packet costs several times as much");
	if (facts.is_rt)
		say(doctor, "preempt_rt", NULL, CHECK_WARNING,
		    "compare with 'ip -s link' where every packet matters",
		    "PREEMPT_RT: TC programs can be preempted by one another, and counters may "
		    "lose "
		    "packets");
	return able;
}

/* What a kernel may lack. */
static const struct {
	size_t offset; /* in struct abilities, of whether it is there */
	const char *name, *detail, *since;
} abilities_told[] = {
	{offsetof(struct abilities, has_tcx), "tcx",
	 "no tcx: filters on clsact qdiscs, where other programs can come before ours",
	 "Linux 6.6 has it"},
	{offsetof(struct abilities, has_drop_reasons), "drop-reasons",
	 "drops have no reason: they are counted without", "Linux 5.17 has them"},
	{offsetof(struct abilities, has_drop_sockets), "drop-sockets",
	 "what TCP drops of what it received is counted, but to no interface: there is no socket",
	 "Linux 6.11 has it"},
	{offsetof(struct abilities, has_retransmits), "retransmits",
	 "what TCP sends again is unknown: no cookies of sockets for tracing programs",
	 "Linux 5.12 has them"},
	{offsetof(struct abilities, has_cgroup_ids), "senders",
	 "who sent the packets of a burst is unknown: sockets have no cgroups",
	 "a kernel with CONFIG_SOCK_CGROUP_DATA=y has them"},
	{offsetof(struct abilities, counts_recursion), "drops-on-top",
	 "a drop that interrupts the count of another may be lost, and is not told",
	 "Linux 6.1 tells"},
};

static void check_abilities(struct doctor *doctor)
{
	struct abilities abilities;
	struct error err = {0};
	size_t i;

	if (abilities_look(&abilities, &err)) {
		say_failed(doctor, "abilities", NULL, &err);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(abilities_told); i++)
		if (!*(const bool *)((const char *)&abilities + abilities_told[i].offset))
			say(doctor, abilities_told[i].name, NULL, CHECK_INFO,
			    abilities_told[i].since, "%s", abilities_told[i].detail);
}

static bool is_selected(const struct doctor *doctor, const struct site *site,
			const struct link *link)
{
	return selection_matches_in(&doctor->options->selection, site->name, link->ifname);
}

static void take_program(void *context, const struct hook_program *program)
{
	struct doctor *doctor = context;
	const char *direction = program->direction == DIRECTION_INGRESS ? "ingress" : "egress";

	if (program->is_orphan) {
		instances_note_found(doctor->seen, program->prog_id);
		say(doctor, "orphan", doctor->link->ifname, CHECK_WARNING,
		    "the next 'ifpulse rate' (or this run, if privileged) removes it",
		    "the %s filter of an ifpulse that was killed is still there", direction);
		return;
	}
	say(doctor, "hook", doctor->link->ifname, CHECK_INFO,
	    program->kind == HOOK_XDP
		    ? "what XDP drops or redirects never reaches TC and is not counted"
		    : NULL,
	    "%s %s: %s%s", hook_kind_name(program->kind), direction,
	    program->name[0] ? program->name : "(unnamed)",
	    program->is_ours ? " (an ifpulse)" : "");
}

/* From within the site. */
static void check_site(struct doctor *doctor, const struct site *site)
{
	struct error err = {0};

	doctor->site = site;
	links_for_each (link, site->links) {
		if (!is_selected(doctor, site, link))
			continue;
		doctor->link = link;
		if (hooks_walk(link, doctor->seen, take_program, doctor, &err)) {
			if (!err.hint[0])
				error_hint(&err, HOST_PRIVILEGE_HINT);
			say_failed(doctor, "hook", link->ifname, &err);
			break;
		}
	}
	doctor->site = NULL;
}

static void check_hooks(struct doctor *doctor, const struct sites *sites)
{
	size_t i, n, left;
	struct site *const *all = sites_all(sites, &n);

	for (i = 0; i < n; i++) {
		if (!site_enter(all[i]))
			continue;
		check_site(doctor, all[i]);
		site_leave(all[i]);
	}
	/* Of interfaces that were left out nothing can be said. */
	if (!doctor->seen || doctor->options->selection.n)
		return;
	left = instances_orphans_elsewhere(doctor->seen);
	if (left)
		say(doctor, "orphan", NULL, CHECK_WARNING,
		    doctor->options->netns.n ? "they go with the namespace that they are in"
					     : "'ifpulse doctor --netns all' removes them",
		    "%zu program%s of an ifpulse that was killed %s in network namespaces that "
		    "were "
		    "not looked at",
		    left, left == 1 ? "" : "s", left == 1 ? "is" : "are");
}

/* Appends "; 12 <what>" where there are any; returns whether. */
static bool append_loss(char *detail, size_t size, uint64_t count, const char *what)
{
	size_t used = strlen(detail);

	if (count)
		snprintf(detail + used, size - used, "; %" PRIu64 " %s", count, what);
	return count;
}

static void take_instance(void *context, const struct instance *instance)
{
	const struct instance_state *state = &instance->state;
	const struct probe_losses *losses = &instance->losses;
	char since[UNITS_TEXT_SIZE], detail[ERROR_TEXT_SIZE];
	struct doctor *doctor = context;
	bool lost = false;

	snprintf(detail, sizeof(detail), "pid %u since %s, on %llu interface%s, %u by clsact",
		 state->pid, units_format_wall(since, state->started_realtime_ns),
		 state->interfaces, state->interfaces == 1 ? "" : "s", state->clsact_interfaces);
	lost |= append_loss(detail, sizeof(detail), state->attach_failures,
			    "interfaces could not be attached");
	lost |= append_loss(detail, sizeof(detail), state->slots_exhausted,
			    "interfaces found no slot");
	lost |= append_loss(detail, sizeof(detail), state->netlink_overflows,
			    "times netlink events overflowed");
	lost |= append_loss(detail, sizeof(detail), state->hidden,
			    "times another program hid packets");
	lost |= append_loss(detail, sizeof(detail), state->overrun_windows,
			    "windows were overwritten unread");
	lost |= append_loss(detail, sizeof(detail), state->late_packets,
			    "packets came too late for their windows");
	lost |= append_loss(detail, sizeof(detail), losses->unassigned_packets,
			    "packets had no slot");
	lost |= append_loss(detail, sizeof(detail), losses->missed_drops, "drops went unseen");
	if (!lost)
		snprintf(detail + strlen(detail), sizeof(detail) - strlen(detail),
			 "; nothing lost");
	append_loss(detail, sizeof(detail), losses->unattributed_drops, "drops named no interface");
	doctor->instances++;
	say(doctor, "instance", NULL, lost ? CHECK_WARNING : CHECK_OK,
	    state->slots_exhausted ? "restart it with a higher --max-interfaces" : NULL, "%s",
	    detail);
}

static void check_instances(struct doctor *doctor, const struct error *err)
{
	if (!doctor->seen) {
		say(doctor, "instance", NULL, CHECK_INFO,
		    err->code == -EPERM ? "run as root to see them" : NULL,
		    "running instances cannot be seen: %s", err->what);
		return;
	}
	instances_walk(doctor->seen, take_instance, doctor);
	if (!doctor->instances)
		say(doctor, "instance", NULL, CHECK_OK, NULL, "no other ifpulse is running");
}

static size_t count_selected(const struct doctor *doctor, const struct sites *sites)
{
	size_t i, n_sites, n = 0;
	struct site *const *all = sites_all(sites, &n_sites);

	for (i = 0; i < n_sites; i++)
		links_for_each (link, all[i]->links)
			n += is_selected(doctor, all[i], link);
	return n;
}

/* All that there is to load, for what it costs this kernel's verifier. */
static void check_programs(struct doctor *doctor)
{
	struct probe_options options = {.attach_mode = PROBE_ATTACH_NONE,
					.max_interfaces = 1,
					.window_ns = 1000000,
					.drop_kinds = true,
					.drop_locations = true,
					.flows = true,
					.other_netns = true,
					.waypoints = true,
					.tell_costs = true};
	char text[DETAIL_SIZE] = "";
	struct verifier_cost cost;
	struct error err = {0};
	struct probe *probe;
	size_t i, used;

	if (probe_new(&probe, &options, &err)) {
		say_failed(doctor, "programs", NULL, &err);
		return;
	}
	for (i = 0; verifier_costs_get(probe_costs(probe), i, &cost); i++) {
		used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s%s %u", i ? ", " : "", cost.program,
			 cost.instructions);
	}
	say(doctor, "programs", NULL, CHECK_OK, NULL,
	    "instructions that the verifier walked, of %u at most: %s", VERIFIER_LIMIT, text);
	probe_free(probe);
}

struct trial {
	struct probe *probe;
	unsigned int by_tcx, by_clsact, failed;
};

static void try_link(struct doctor *doctor, struct trial *trial, const struct site *site,
		     const struct link *link)
{
	struct error err = {0};
	uint32_t slot;
	int ret = probe_attach(trial->probe, site->netns, link->ifindex, false, &slot, &err);

	if (ret == -ENODEV)
		return;
	if (ret) {
		say_failed(doctor, "attach", link->ifname, &err);
		trial->failed++;
		return;
	}
	if (probe_is_by_clsact(trial->probe, slot))
		trial->by_clsact++;
	else
		trial->by_tcx++;
	probe_detach(trial->probe, slot, NULL, NULL);
	probe_release(trial->probe, slot);
}

/* From within the site. Orphans are taken away whatever is selected, as any start does. */
static void try_site(struct doctor *doctor, struct trial *trial, const struct site *site)
{
	struct error err = {0};

	doctor->site = site;
	if (site->ns && probe_enter_netns(trial->probe, &err))
		log_debug("%s: filters of dead instances may be left: %s", site->name, err.what);
	links_for_each (link, site->links)
		if (is_selected(doctor, site, link) &&
		    trial->by_tcx + trial->by_clsact + trial->failed < PROBE_CROWD)
			try_link(doctor, trial, site, link);
	doctor->site = NULL;
}

/*
 * The proof: load, attach, detach. Not as in a crowd, which would leave a clsact qdisc on every
 * interface, and so not on more than a few: by tcx each keeps the network's configuration waiting.
 */
static void try_probe(struct doctor *doctor, const struct sites *sites)
{
	struct probe_options options = {.attach_mode = doctor->options->attach_mode,
					.max_interfaces = 1,
					.other_netns = doctor->options->netns.n};
	size_t i, n;
	struct site *const *all = sites_all(sites, &n);
	struct trial trial = {0};
	struct error err = {0};

	if (probe_new(&trial.probe, &options, &err)) {
		say_failed(doctor, "attach", NULL, &err);
		return;
	}
	for (i = 0; i < n; i++) {
		if (!site_enter(all[i]))
			continue;
		try_site(doctor, &trial, all[i]);
		site_leave(all[i]);
	}
	if (!trial.failed)
		say(doctor, "attach", NULL, CHECK_OK, NULL,
		    "programs load, and attach: by tcx to %u, by clsact to %u of %zu interfaces",
		    trial.by_tcx, trial.by_clsact, count_selected(doctor, sites));
	if (probe_orphans_removed(trial.probe))
		say(doctor, "orphan", NULL, CHECK_INFO, NULL,
		    "%u orphaned filters removed just now", probe_orphans_removed(trial.probe));
	probe_free(trial.probe);
}

static int examine(struct doctor *doctor, struct error *err)
{
	struct error unseen = {0};
	const struct sites_listener nobody = {0};
	struct sites *sites;
	bool able;
	int ret;

	ret = sites_new(&sites, &doctor->options->netns, &nobody, err);
	if (ret)
		return ret;
	ret = selected_check(doctor->options, NULL, sites, err);
	if (ret)
		goto out;
	if (doctor->output.writer)
		writer_open(doctor->output.writer);
	able = check_host(doctor);
	instances_look(&doctor->seen, &unseen);
	check_hooks(doctor, sites);
	check_instances(doctor, &unseen);
	if (able) {
		check_abilities(doctor);
		check_programs(doctor);
		try_probe(doctor, sites);
	}
	if (doctor->output.writer)
		writer_close(doctor->output.writer);
out:
	instances_free(doctor->seen);
	sites_free(sites);
	return ret;
}

static int run(const struct options *options)
{
	struct doctor doctor = {.options = options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	if (output_new(&doctor.output, options, WRITER_JSON_ARRAY, -1))
		return EXIT_CANNOT;
	ret = examine(&doctor, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	ret = output_flush(&doctor.output);
	status = ret ? output_failed(ret) : EXIT_DONE;
	if (status == EXIT_DONE && doctor.failed)
		status = EXIT_FOUND;
out:
	output_release(&doctor.output);
	return status;
}

static const enum option_id ids[] = {'i', OPTION_NETNS, OPTION_ATTACH, 'j', OPTION_END};

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "whether the probe can run here, what sits on the hooks, what was lost",
	.details =
		"\nEach failure comes with its remedy; exit status 1 if there is any. Says what\n"
		"this kernel lacks. Loads the programs, tells what they cost the kernel's\n"
		"verifier, attaches them for a moment, to 32 interfaces at most, and takes\n"
		"them away. Filters that an ifpulse killed earlier had left are named and\n"
		"removed, with --netns those in other network namespaces, too.\n",
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_LOOK,
};
