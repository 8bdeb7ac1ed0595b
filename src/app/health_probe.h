/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * health_probe: what the stack drops while `health` lets its time pass, by interface and reason.
 *
 * It attaches no hooks, only the tracepoint: nothing is put on an interface that is judged.
 */
#ifndef IFPULSE_APP_HEALTH_PROBE_H
#define IFPULSE_APP_HEALTH_PROBE_H

#include "app/engine.h"
#include "app/health_view.h"

struct health_probe;

/*
 * 0 or -errno as from engine_new(), also as to `identity`: -EPERM without the privilege. `options` are copied.
 */
int health_probe_new(struct health_probe **out, struct loop *loop, struct identity *identity,
		     const struct options *options, struct error *err);
void health_probe_free(struct health_probe *probe);

/* For what is known of the interfaces; the probe's. */
struct engine *health_probe_engine(const struct health_probe *probe);

/* The time begins: before the counters of stats64 are read. 0 or -errno. */
int health_probe_start(struct health_probe *probe, struct error *err);

/* The time is over: after they have been read again. 0 or -errno. */
int health_probe_finish(struct health_probe *probe, struct error *err);

/*
 * What an interface of a namespace (netns_key(); 0: our own) had dropped in that time, or since it came; the rows are the probe's, valid until the
 * next call. 0, -ENOENT for one that was not probed to the end, or -ENOMEM.
 */
int health_probe_drops(struct health_probe *probe, uint64_t netns, uint32_t ifindex,
		       struct health_drops *drops);

#endif
