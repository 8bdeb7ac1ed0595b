/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* commands: one cmd_*.c each; main.c has the list. */
#ifndef IFPULSE_APP_COMMANDS_H
#define IFPULSE_APP_COMMANDS_H

#include "app/options.h"

extern const struct command cmd_rate, cmd_windows, cmd_bursts, cmd_drops, cmd_record, cmd_replay,
	cmd_export, cmd_plot, cmd_list, cmd_watch, cmd_health, cmd_compare, cmd_doctor;

#endif
