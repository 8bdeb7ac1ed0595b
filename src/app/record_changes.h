/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record_changes: what happened to an interface, into a recording.
 */
#ifndef IFPULSE_APP_RECORD_CHANGES_H
#define IFPULSE_APP_RECORD_CHANGES_H

#include "app/engine.h"
#include "app/tape.h"

/* A change that the engine tells, as engine_change_fn has it. 0 or -errno. */
int record_changes_take(const struct engine *engine, struct tape *tape, const struct site *site,
			const struct link *before, const struct link *after, struct error *err);

#endif
