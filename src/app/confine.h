/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * confine: what of its privileges a command keeps, by what it was asked to do. All else is given up for good, and
 * what was kept for an option is in its words of the manual.
 *
 * Commands that probe call confine_probing() when the probe is loaded and attached (the engine does so for them);
 * for all others main() calls confine_other() before they run.
 */
#ifndef IFPULSE_APP_CONFINE_H
#define IFPULSE_APP_CONFINE_H

#include "app/options.h"
#include "base/error.h"

/* 0 or -errno: then nothing may go on. */
int confine_probing(const struct options *options, struct error *err);
int confine_other(const struct options *options, const struct command *command, struct error *err);

#endif
