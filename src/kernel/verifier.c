// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/verifier.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"

#define LOG_LEVEL_STATS 4 /* BPF_LOG_STATS of linux/bpf_verifier.h, since Linux 5.2: a few lines */
#define LOG_BYTES 16384

struct program_log {
	const struct bpf_program *program;
	char *text; /* LOG_BYTES */
};

struct verifier_costs {
	struct program_log *items;
	size_t n, capacity;
};

static int add_log(struct verifier_costs *costs, struct bpf_program *program)
{
	char *text;

	if (array_reserve(&costs->items, &costs->capacity, costs->n + 1, sizeof(*costs->items)))
		return -ENOMEM;
	text = calloc(1, LOG_BYTES);
	if (!text)
		return -ENOMEM;
	costs->items[costs->n++] = (struct program_log){program, text};
	if (bpf_program__set_log_buf(program, text, LOG_BYTES) ||
	    bpf_program__set_log_level(program, LOG_LEVEL_STATS))
		return -EINVAL;
	return 0;
}

int verifier_costs_new(struct verifier_costs **out, struct bpf_object *object, struct error *err)
{
	struct verifier_costs *costs = calloc(1, sizeof(*costs));
	struct bpf_program *program;
	int ret = costs ? 0 : -ENOMEM;

	if (costs)
		bpf_object__for_each_program(program,
					     object) if (!ret && bpf_program__autoload(program))
			ret = add_log(costs, program);
	if (ret) {
		verifier_costs_free(costs);
		return error_errno(err, ret, "cannot keep what the verifier says");
	}
	*out = costs;
	return 0;
}

void verifier_costs_free(struct verifier_costs *costs)
{
	size_t i;

	if (!costs)
		return;
	for (i = 0; i < costs->n; i++)
		free(costs->items[i].text);
	free(costs->items);
	free(costs);
}

void verifier_costs_log(const struct verifier_costs *costs)
{
	size_t i;

	for (i = 0; i < costs->n; i++) {
		const struct program_log *log = &costs->items[i];
		char *line, *rest = log->text;

		while ((line = strsep(&rest, "\n")))
			if (*line)
				log_debug("%s: %s", bpf_program__name(log->program), line);
	}
}

bool verifier_costs_get(const struct verifier_costs *costs, size_t i, struct verifier_cost *cost)
{
	const char *at;

	if (i >= costs->n)
		return false;
	*cost = (struct verifier_cost){.program = bpf_program__name(costs->items[i].program)};
	/* Its last lines; the word has been this since Linux 4.2 (do_check() in kernel/bpf/verifier.c). */
	at = strstr(costs->items[i].text, "processed ");
	if (at)
		sscanf(at, "processed %u insns", &cost->instructions);
	return true;
}
