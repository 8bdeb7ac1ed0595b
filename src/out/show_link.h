/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_link: interfaces as records and as a table. Field names follow `ip -j addr`. */
#ifndef IFPULSE_OUT_SHOW_LINK_H
#define IFPULSE_OUT_SHOW_LINK_H

#include "model/link.h"
#include "out/table.h"
#include "out/writer.h"

/* `master` is the name of link->master, NULL for none. JSON only: addresses are an array. */
void show_link_record(struct writer *writer, const struct link *link, const char *master);

/* 0 or -ENOMEM. */
int show_link_table_new(struct table **out, bool use_colour);
/* A row, and one more for each further address. */
void show_link_rows(struct table *table, const struct link *link, const char *master);

#endif
