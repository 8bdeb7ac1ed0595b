/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * roster: which interfaces are attached. It follows the links, attaches what appears or comes to match
 * the selection, keeps the last rates of what goes, tries again what could not be attached, and
 * mends what another program has pushed aside. The engine's; one thread. What concerns interfaces of another
 * site is to be called from within that, but for what is said to go there itself.
 */
#ifndef IFPULSE_APP_ROSTER_H
#define IFPULSE_APP_ROSTER_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/identity.h"
#include "app/members.h"
#include "app/missed.h"
#include "app/options.h"
#include "app/sites.h"
#include "base/error.h"
#include "kernel/probe.h"
#include "model/container.h"
#include "model/rate.h"

struct interface {
	uint32_t ifindex;
	uint32_t slot;
	char ifname[IF_NAMESIZE];
	struct rate_reading last;
	unsigned int mended; /* how often it was attached anew since another came in front */
	uint64_t suspect_ns; /* when filters on it changed; 0: not since they were last looked at */
	bool in_total;
	struct site *site;
	bool is_judged; /* in_total has been, with all that there is in view */
};

struct container_name {
	char text[CONTAINER_NAME_SIZE];
};

struct roster {
	const struct options *options; /* borrowed */
	struct sites *sites;           /* these and the probe are the engine's */
	struct probe *probe;
	struct interface *interfaces; /* attached ones, by site and ifindex */
	size_t n, capacity;
	/* Of interfaces that went since the last reading; with options->reads_rates. */
	struct rate *finished;
	size_t n_finished, finished_capacity;
	struct members members; /* for windows; else empty */
	/* Before a slot is let go, while what was counted there can still be read; NULL: nobody asks. */
	void (*leaving)(void *context, const struct interface *interface);
	void *leaving_context;
	bool was_attached; /* some interface was, at some time */
	struct missed missed;
	struct error refusal;    /* why the last one that was missed was */
	bool slot_is_free;       /* one was given back: those that want one may be tried again */
	bool is_finishing;       /* nobody is tried again */
	uint64_t crowd_since_ns; /* the second in which `came` interfaces were attached */
	unsigned int came;
	bool stack_changed;  /* in_total is to be judged afresh */
	uint64_t hidden;     /* times that another program hid packets from us */
	uint64_t checked_ns; /* when roster_check_hidden() last did, and where it was */
	size_t check_at;
	bool hears_filters; /* in our own site: roster_suspect() is told of those that changed */
	size_t n_suspects;
	struct instance_state state; /* what other instances are shown */
	struct identity *identity;   /* borrowed; NULL: nobody asks who is behind */
	/* By slot, until it has another owner: what is behind, or was; empty: nothing, or not known. */
	struct container_name *containers;
	size_t containers_capacity;
	uint64_t named_ns;  /* when roster_name_containers() last was asked to */
	bool has_newcomers; /* or links that changed, after it named all */
};

/* Frees what the roster owns; sites and probe are not. */
void roster_release(struct roster *roster);

/* Both clocks, counters unset. */
struct rate_reading roster_read_clocks(void);

/* One that is attached; NULL. Valid until another is attached or detached. */
struct interface *roster_find(const struct roster *roster, const struct site *site,
			      uint32_t ifindex);

/* Whether the options ask for the interface, by what is known of it. */
bool roster_wants(const struct roster *roster, const struct site *site, const struct link *link);

/* An interface that cannot be attached is told and remembered as missed. */
void roster_attach(struct roster *roster, struct site *site, const struct link *link,
		   bool in_crowd);

/* `interface` is one of the roster's; `link` as it was, NULL where that is not known. */
void roster_detach(struct roster *roster, struct interface *interface, const struct link *link);

/* What the listener of a site's links hears. */
void roster_link_changed(struct roster *roster, struct site *site, const struct link *before,
			 const struct link *after);
void roster_links_resynced(struct roster *roster, struct site *site);

/* One that is called otherwise now, or somebody else's. */
void roster_site_renamed(struct roster *roster, struct site *site);

/* Detaches all of a site, which may be gone; goes there itself. What was missed there stays to be told. */
void roster_detach_site(struct roster *roster, struct site *site);

/* The same of one that is no more, of which nothing can be missed. */
void roster_lose_site(struct roster *roster, struct site *site);

/*
 * With --container: another may be behind an interface than was. Of our own site every IDENTITY_PERIOD_NS. Goes
 * there itself.
 */
void roster_reconsider(struct roster *roster, struct site *site);

/*
 * Behind every reading, never before: it may look at all processes. Brings up to date what is behind each
 * interface.
 */
void roster_name_containers(struct roster *roster, uint64_t now_ns);

/* The filters of an interface of our own site have changed, or with ifindex 0 perhaps those of all. */
void roster_suspect(struct roster *roster, uint32_t ifindex);

/* Now and then, with every reading, going there themselves: see the comments in roster.c. */
void roster_check_hidden(struct roster *roster, uint64_t now_ns);
void roster_attach_missed(struct roster *roster);

/* A slot whose windows have all been taken. */
void roster_release_slot(struct roster *roster, uint32_t slot);

/* Puts the interface's identity into a rate. */
void roster_name_rate(const struct roster *roster, struct rate *rate,
		      const struct interface *interface);

/* What is behind the interface that has the slot, or had it last; NULL: nothing, or not known. */
const char *roster_container(const struct roster *roster, uint32_t slot);

/* Shows the state to other instances. */
void roster_publish(struct roster *roster);

#endif
