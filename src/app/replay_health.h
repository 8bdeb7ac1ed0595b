/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* replay_health: `replay FILE health`. */
#ifndef IFPULSE_APP_REPLAY_HEALTH_H
#define IFPULSE_APP_REPLAY_HEALTH_H

#include "app/options.h"

extern const enum option_id replay_health_ids[];

/* Returns an exit status. */
int replay_health(const struct options *options);

#endif
