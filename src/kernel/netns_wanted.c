// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"

#define PID_DIGITS_MAX 10

struct process {
	const char *pattern;
	uint64_t inum; /* of its namespace */
};

struct netns_wanted {
	const struct netns_selection *selection;
	struct process *processes;
	size_t n, capacity;
};

static bool is_number(const char *text)
{
	return !text[strspn(text, "0123456789")] && strlen(text) <= PID_DIGITS_MAX;
}

static int resolve(struct netns_wanted *wanted, const char *pattern)
{
	struct stat status;
	char path[64];

	if (!is_number(pattern))
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/ns/net", pattern);
	/* It may be the name of a namespace all the same. */
	if (stat(path, &status) < 0)
		return 0;
	if (array_reserve(&wanted->processes, &wanted->capacity, wanted->n + 1,
			  sizeof(*wanted->processes)))
		return -ENOMEM;
	wanted->processes[wanted->n++] = (struct process){pattern, status.st_ino};
	return 0;
}

int netns_wanted_new(struct netns_wanted **out, const struct netns_selection *selection)
{
	struct netns_wanted *wanted = calloc(1, sizeof(*wanted));
	size_t i;
	int ret = 0;

	if (!wanted)
		return -ENOMEM;
	wanted->selection = selection;
	for (i = 0; !ret && i < selection->n; i++)
		ret = resolve(wanted, selection->patterns[i]);
	if (ret) {
		netns_wanted_free(wanted);
		return ret;
	}
	*out = wanted;
	return 0;
}

void netns_wanted_free(struct netns_wanted *wanted)
{
	if (!wanted)
		return;
	free(wanted->processes);
	free(wanted);
}

bool netns_wanted_matches(const struct netns_wanted *wanted, const struct netns *netns,
			  const char *name)
{
	bool is_process = false;
	size_t i;

	for (i = 0; i < wanted->n; i++)
		is_process |= wanted->processes[i].inum == netns->inum;
	return netns_selection_matches(wanted->selection, netns->name, name, is_process);
}

bool netns_wanted_is_process(const struct netns_wanted *wanted, const char *pattern)
{
	size_t i;

	for (i = 0; i < wanted->n; i++)
		if (!strcmp(wanted->processes[i].pattern, pattern))
			return true;
	return false;
}
