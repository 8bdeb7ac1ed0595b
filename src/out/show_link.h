/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_link: interfaces as records and as a table. Field names follow `ip -j addr`. */
#ifndef IFPULSE_OUT_SHOW_LINK_H
#define IFPULSE_OUT_SHOW_LINK_H

#include "model/link.h"
#include "out/table.h"
#include "out/writer.h"

/* What a link does not say of itself. */
struct link_place {
	const char *netns;     /* where it is (model/netns_name.h) */
	const char *master;    /* name of link->master; NULL: none */
	const char *container; /* what is behind it; NULL: nothing, or not known */
};

/* JSON only: addresses are an array. */
void show_link_record(struct writer *writer, const struct link *link,
		      const struct link_place *place);

/* `with_containers`: a column for them. 0 or -ENOMEM. */
int show_link_table_new(struct table **out, bool use_colour, bool with_containers);
/* A row, and one more for each further address. */
void show_link_rows(struct table *table, const struct link *link, const struct link_place *place,
		    bool with_containers);

#endif
