/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* show_check: what `doctor` found, as records and as lines for people. */
#ifndef IFPULSE_OUT_SHOW_CHECK_H
#define IFPULSE_OUT_SHOW_CHECK_H

#include "out/sink.h"
#include "out/writer.h"

enum check_status { CHECK_OK, CHECK_INFO, CHECK_WARNING, CHECK_FAILED };

struct check {
	const char *name;   /* "kernel", "btf", "hook", … */
	const char *ifname; /* NULL: not about one interface */
	enum check_status status;
	const char *detail;
	const char *remedy; /* NULL: nothing to do */
	const char *netns;  /* of the interface (model/netns_name.h) */
};

/* Fields: check ifname netns status ("ok" "info" "warning" "failed") detail remedy. */
void show_check_record(struct writer *writer, const struct check *check);
void show_check_line(struct sink *sink, const struct check *check, bool use_colour);

#endif
