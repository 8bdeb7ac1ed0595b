/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* losses: what a run has lost, said at its end. */
#ifndef IFPULSE_APP_LOSSES_H
#define IFPULSE_APP_LOSSES_H

#include "app/roster.h"

/* On stderr, a line for each kind of which there was any. */
void losses_log(const struct roster *roster);

#endif
