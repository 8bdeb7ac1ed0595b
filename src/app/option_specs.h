/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * option_specs: every option of every command: its names, its help, and how its value is taken.
 */
#ifndef IFPULSE_APP_OPTION_SPECS_H
#define IFPULSE_APP_OPTION_SPECS_H

#include <stddef.h>
#include <stdint.h>

#include "app/options.h"
#include "base/error.h"

struct option_spec;

/* Takes `text` into the member of the options that the spec is for. 0, or -errno and it is as it was. */
typedef int (*option_take_fn)(const struct option_spec *spec, void *value, const char *text,
			      struct error *err);

struct option_spec {
	int id;
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;     /* NULL: it is not shown */
	option_take_fn take;
	size_t at;         /* offset of the value in struct options */
	uint64_t min, max; /* of times, sizes and counts; the value of a format, a choice's first */
};

/* In the order in which --help shows them. */
#define OPTION_SPECS 44
extern const struct option_spec option_specs[OPTION_SPECS];

/* NULL where there is none. */
const struct option_spec *option_spec_of(int id);

#endif
