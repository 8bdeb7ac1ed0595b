// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * health: error and drop rates from the kernel's counters, and over a time from what the stack drops.
 * Needs no privilege; without, there are the counters alone.
 */
#include <errno.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/confine.h"
#include "app/health_probe.h"
#include "app/health_view.h"
#include "app/identity.h"
#include "app/loop.h"
#include "app/selected.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/links.h"

/* The counters of one interface when the period began. */
struct baseline {
	uint64_t netns;   /* of its site */
	uint32_t ifindex; /* 0: none */
	struct rtnl_link_stats64 stats;
};

struct health_command {
	const struct options *options;
	enum health_period period;
	struct loop *loop;
	struct sites *own_sites;
	struct sites *sites; /* these, or those of the probe's engine */
	struct identity *identity;
	struct health_probe *probe; /* NULL: what the stack drops is not known */
	struct health_view view;
	struct baseline *baselines;
	size_t n, capacity;
};

static int take_baseline(struct health_command *health, const struct site *site,
			 const struct link *link)
{
	if (array_reserve(&health->baselines, &health->capacity, health->n + 1,
			  sizeof(*health->baselines)))
		return -ENOMEM;
	health->baselines[health->n++] = (struct baseline){site->netns, link->ifindex, link->stats};
	return 0;
}

static int take_baselines(struct health_command *health, struct error *err)
{
	size_t i, n;
	struct site *const *sites = sites_all(health->sites, &n);

	for (i = 0; i < n; i++)
		links_for_each (link, sites[i]->links)
			if (take_baseline(health, sites[i], link))
				return error_errno(err, -ENOMEM, "cannot remember the counters");
	return 0;
}

/* An interface deleted and made anew under its ifindex starts from zero, not from the old counters. */
static void forget_baseline(struct health_command *health, const struct site *site,
			    const struct link *before, const struct link *after)
{
	size_t i;

	for (i = 0; !after && i < health->n; i++)
		if (health->baselines[i].ifindex == before->ifindex &&
		    health->baselines[i].netns == site->netns)
			health->baselines[i].ifindex = 0;
}

static void link_changed(void *context, struct site *site, const struct link *before,
			 const struct link *after)
{
	forget_baseline(context, site, before, after);
}

static void engine_changed(void *context, const struct site *site, const struct link *before,
			   const struct link *after)
{
	forget_baseline(context, site, before, after);
}

/* All counters of one that appeared within the period are its own. */
static const struct rtnl_link_stats64 *baseline_of(const struct health_command *health,
						   uint64_t netns, uint32_t ifindex)
{
	static const struct rtnl_link_stats64 zero;
	size_t i;

	for (i = 0; i < health->n; i++)
		if (health->baselines[i].ifindex == ifindex && health->baselines[i].netns == netns)
			return &health->baselines[i].stats;
	return &zero;
}

/* Lets --duration pass; on a signal the period ends there. Gives its real length. */
static int wait_period(struct health_command *health, uint64_t *interval_ns, struct error *err)
{
	uint64_t start_ns;
	int ret = 0;

	if (health->probe)
		ret = health_probe_start(health->probe, err);
	if (!ret)
		ret = sites_refresh_stats(health->sites, err);
	if (!ret)
		ret = take_baselines(health, err);
	start_ns = clock_monotonic_ns();
	log_debug("judging from here on");
	if (!ret)
		ret = loop_add_deadline(health->loop, health->options->duration_ns, err);
	if (!ret && loop_run(health->loop))
		ret = error_set(err, -EIO, "cannot wait");
	if (!ret)
		ret = sites_refresh_stats(health->sites, err);
	if (!ret && health->probe)
		ret = health_probe_finish(health->probe, err);
	*interval_ns = clock_monotonic_ns() - start_ns;
	return ret;
}

/* What cannot be probed is judged by the kernel's counters alone. */
static void start_probe(struct health_command *health)
{
	struct error err = {0};
	int ret = health_probe_new(&health->probe, health->loop, health->identity, health->options,
				   &err);
	struct engine *engine;

	if (ret) {
		log_message(ret == -EPERM || ret == -ENOTSUP || ret == -EINTR ? LOG_LEVEL_DEBUG
									      : LOG_LEVEL_WARNING,
			    "judging by the kernel's counters alone, without what the stack drops: "
			    "%s%s%s",
			    err.what, err.hint[0] ? "; " : "", err.hint);
		return;
	}
	engine = health_probe_engine(health->probe);
	engine_on_change(engine, engine_changed, health);
	sites_free(health->own_sites);
	health->own_sites = NULL;
	health->sites = engine_sites(engine);
}

static int set_up(struct health_command *health, struct error *err)
{
	const struct sites_listener listener = {.changed = link_changed, .context = health};
	int ret;

	ret = loop_new(&health->loop, err);
	if (!ret)
		ret = sites_new(&health->own_sites, &health->options->netns, &listener, err);
	if (ret)
		return ret;
	health->sites = health->own_sites;
	ret = identity_new(&health->identity, &health->options->containers, false, err);
	if (!ret)
		ret = selected_check(health->options, health->identity, health->sites, err);
	if (!ret && health->options->duration_ns && health->period != PERIOD_BOOT)
		start_probe(health);
	/* With a probe, the engine has done so. */
	if (!ret && !health->probe)
		ret = confine_other(health->options, &cmd_health, err);
	if (!ret && health->options->duration_ns && health->own_sites)
		ret = sites_follow(health->own_sites, health->loop, err);
	return ret;
}

static void show_interval(struct health_command *health, const struct site *site,
			  const struct health_subject *subject, uint64_t interval_ns,
			  const struct rtnl_link_stats64 *now)
{
	struct health_drops drops;
	bool has_drops = health->probe &&
			 !health_probe_drops(health->probe, site->netns, subject->ifindex, &drops);

	health_view_show(&health->view, subject, interval_ns,
			 baseline_of(health, site->netns, subject->ifindex), now,
			 has_drops ? &drops : NULL);
}

static void judge_link(struct health_command *health, const struct site *site,
		       const struct link *link, uint64_t interval_ns)
{
	const struct health_subject subject = {link->ifindex, link->ifname, site->name};

	if (!selected_is_wanted(health->options, health->identity, site, link))
		return;
	if (health->period != PERIOD_INTERVAL)
		health_view_show(&health->view, &subject, 0, NULL, &link->stats, NULL);
	if (health->period != PERIOD_BOOT)
		show_interval(health, site, &subject, interval_ns, &link->stats);
}

static int judge(struct health_command *health, struct error *err)
{
	struct site *const *sites;
	uint64_t interval_ns = 0;
	size_t i, n;
	int ret;

	if (health->options->duration_ns) {
		ret = wait_period(health, &interval_ns, err);
		if (ret)
			return ret;
	}
	identity_look(health->identity);
	sites = sites_all(health->sites, &n);
	for (i = 0; i < n; i++)
		links_for_each (link, sites[i]->links)
			judge_link(health, sites[i], link, interval_ns);
	return 0;
}

static enum health_period period_of(const struct options *options)
{
	if (options->health_period != PERIOD_DEFAULT)
		return options->health_period;
	return options->duration_ns ? PERIOD_BOTH : PERIOD_BOOT;
}

static int run(const struct options *options)
{
	struct health_command health = {.options = options, .period = period_of(options)};
	int status = EXIT_CANNOT;
	struct error err = {0};

	if (health.period != PERIOD_BOOT && !options->duration_ns) {
		error_set(&err, -EINVAL, "--period %s needs a time to judge over",
			  health.period == PERIOD_BOTH ? "both" : "interval");
		error_hint(&err, "add for example --duration 10s");
		log_error(&err);
		return EXIT_USAGE;
	}
	if (set_up(&health, &err)) {
		log_error(&err);
		goto out;
	}
	if (health_view_new(&health.view, options, health.probe, loop_stop_fd(health.loop)))
		goto out;
	if (judge(&health, &err))
		log_error(&err);
	else
		status = health_view_end(&health.view, options->containers.n
							       ? "no container matches"
							       : "no interface matches");
	if (health.probe)
		engine_log_losses(health_probe_engine(health.probe));
out:
	health_probe_free(health.probe);
	identity_free(health.identity);
	sites_free(health.own_sites);
	health_view_release(&health.view);
	loop_free(health.loop);
	free(health.baselines);
	return status;
}

static const enum option_id ids[] = {
	'i',           OPTION_CONTAINER,   OPTION_NETNS,      'd',
	OPTION_PERIOD, OPTION_ERRORS_OVER, OPTION_DROPS_OVER, 'j',
	OPTION_CSV,    OPTION_END,
};

const struct command cmd_health = {
	.name = "health",
	.summary = "error and drop rates over thresholds; exit status 1 if there are any",
	.details = "\nJudges the kernel's own counters since boot (since each interface was\n"
		   "made) and, with --duration, over that time. Needs no privilege; as root it\n"
		   "also judges, over that time, what the stack drops, and says why.\n",
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_PROBE,
};
