/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * engine: the probe kept on the right interfaces. It follows the links, attaches what appears or comes
 * to match the selection, and takes the last reading of what goes.
 *
 * The engine puts the links' events on the loop itself; the command reads rates whenever it wants
 * to. One thread.
 */
#ifndef IFPULSE_APP_ENGINE_H
#define IFPULSE_APP_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/identity.h"
#include "app/loop.h"
#include "app/options.h"
#include "app/roster.h"
#include "base/error.h"
#include "model/drop.h"
#include "model/link.h"
#include "model/rate.h"
#include "model/series.h"

struct engine;

/*
 * Loads the probe and attaches every selected interface. Interfaces that appear later are attached by
 * events on `loop`, and as soon as `identity` (borrowed; NULL: nobody asks) knows who is behind them. Then it
 * gives up what privileges that does not take (app/confine.h): what needs others is opened before. 0 or
 * -errno; -ENODEV when a selected name does not exist.
 */
int engine_new(struct engine **out, struct loop *loop, struct identity *identity,
	       const struct options *options, struct error *err);
/* Detaches everything. NULL-safe. */
void engine_free(struct engine *engine);

/*
 * Reads the counters and gives what each interface carried since the last call, or since it was
 * attached; one that went away meanwhile comes with what it carried to its end. `rates` is the engine's,
 * valid until the next call, in order of namespace and ifindex. With the `total` option one more, of ifindex
 * 0, ends the list. `at_ns` is when it was (CLOCK_MONOTONIC). Only with options->reads_rates: for nobody else are
 * the last counts of what went away kept. 0 or -errno.
 */
int engine_read(struct engine *engine, struct rate **rates, size_t *n, uint64_t *at_ns,
		struct error *err);

/*
 * Detaches every interface now, before the last engine_read() and engine_take_windows(): then they
 * hold everything that was ever counted, and nothing comes behind them.
 */
void engine_finish(struct engine *engine);

/*
 * Takes the time windows from where the last call ended to the last that had ended by until_ns
 * (CLOCK_MONOTONIC), and fills in `span` but for busy_only; what it points to is the engine's until
 * the loop goes on. Only with options->window_ns. 0 or -errno.
 */
int engine_take_windows(struct engine *engine, uint64_t until_ns, struct series_span *span,
			struct error *err);

/*
 * Every kind of drop so far, as probe_read_drops() gives them. Only with options->drop_kinds. 0 or -errno.
 */
int engine_read_drops(struct engine *engine, struct drop_sum **sums, size_t *n, struct error *err);

/* As probe_sees_generic_xdp(). */
bool engine_sees_generic_xdp(const struct engine *engine);

/* As probe_read_waypoints(); only with options->waypoints. 0 or -errno. */
int engine_read_waypoints(struct engine *engine, uint32_t slot, struct waypoint_counts *counts,
			  struct error *err);

/* Those that are attached; valid until the loop goes on. */
const struct interface *engine_interfaces(const struct engine *engine, size_t *n);

/*
 * Only with options->bursts.flows: from how many wire_bytes on a window of a slot and direction is hot on one
 * CPU, so that the spans tell its flows; 0: never. It lasts as long as the slot is the interface's.
 */
void engine_set_hot(struct engine *engine, uint32_t slot, enum direction direction, uint64_t bytes);

/* Who has a slot now; NULL for one that nobody has. */
const struct interface *engine_interface(const struct engine *engine, uint32_t slot);

/*
 * What is behind the interface that has a slot, or had it last; NULL: nothing, or not known. Valid until the
 * loop goes on.
 */
const char *engine_container(const struct engine *engine, uint32_t slot);

/* An interface goes, and its slot's drops with it: they can be read for the last time. */
typedef void (*engine_leaving_fn)(void *context, const struct interface *interface);
void engine_on_leaving(struct engine *engine, engine_leaving_fn fn, void *context);

/* Whether the next engine_take_windows() may have some of the interface: it is attached, or has just gone. */
bool engine_has_windows(const struct engine *engine, const char *netns, uint32_t ifindex);

/* Where the next engine_take_windows() begins. */
uint64_t engine_windows_until_ns(const struct engine *engine);

/* Reads the kernel's own counters of every interface into its link. 0 or -errno. */
int engine_refresh_stats(struct engine *engine, struct error *err);

/*
 * Every change of an interface, as links_listener.changed; after the engine has followed it. Those of a namespace
 * that comes or goes come and go one by one.
 */
typedef void (*engine_change_fn)(void *context, const struct site *site, const struct link *before,
				 const struct link *after);
void engine_on_change(struct engine *engine, engine_change_fn fn, void *context);

/* How often windows must be taken so that the logs do not overrun, with room to spare. */
uint64_t engine_take_period_ns(const struct engine *engine);

/* CLOCK_REALTIME - CLOCK_MONOTONIC of the windows' starts. */
uint64_t engine_wall_offset_ns(const struct engine *engine);

/* Says why a run did not begin, and gives its exit status: to be stopped while attaching is no failure. */
int engine_start_failed(const struct error *err);

/*
 * The exit status of a run that nothing went wrong with. One in which no interface was ever probed is no
 * success, which is told.
 */
int engine_exit_status(const struct engine *engine);

/* Says on stderr what the probe itself lost, where anything was lost. */
void engine_log_losses(const struct engine *engine);

/* What is known of an interface now; NULL where there is none. */
const struct link *engine_link(const struct engine *engine, const char *netns, uint32_t ifindex);

/* All links that there are, selected or not, to be walked; the engine's. */
struct sites *engine_sites(const struct engine *engine);

/* Interfaces that the selection asks for and that could not be attached. */
size_t engine_unattached(const struct engine *engine);

#endif
