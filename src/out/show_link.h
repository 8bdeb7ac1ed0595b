/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_link: interfaces as records and as a table. Field names follow `ip -j addr`. */
#ifndef IFPULSE_OUT_SHOW_LINK_H
#define IFPULSE_OUT_SHOW_LINK_H

#include "model/link.h"
#include "out/table.h"
#include "out/writer.h"

/*
 * `master` is the name of link->master, `container` what is behind the link; NULL for none. JSON only:
 * addresses are an array.
 */
void show_link_record(struct writer *writer, const struct link *link, const char *master,
		      const char *container);

/* `with_containers`: a column for them. 0 or -ENOMEM. */
int show_link_table_new(struct table **out, bool use_colour, bool with_containers);
/*
 * A row, and one more for each further address. `container` is NULL where the table has no column for
 * it, and empty for none.
 */
void show_link_rows(struct table *table, const struct link *link, const char *master,
		    const char *container);

#endif
