/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export_lines: what a recording holds besides windows, as objects with a type: recording, interface, change,
 * counters, burst.
 */
#ifndef IFPULSE_APP_EXPORT_LINES_H
#define IFPULSE_APP_EXPORT_LINES_H

#include "app/replay_feed.h"
#include "out/writer.h"

/* 0 or -errno. */
int export_lines(const struct replay_feed *feed, struct writer *writer, struct error *err);

#endif
