// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netns_wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EVERY "all"
#define PID_DIGITS_MAX 10

struct netns_wanted {
	const struct selection *selection;
	uint64_t *inums; /* of the namespace of each pattern that is a PID; else 0 */
};

/* What is to be matched. */
struct subject {
	const struct netns_wanted *wanted;
	const struct netns *netns;
	const char *name;
};

static const char *without_exclamation(const char *pattern)
{
	return pattern[0] == '!' ? pattern + 1 : pattern;
}

/* 0 where it is no PID: it may be the name of a namespace all the same. */
static uint64_t inum_of(const char *pid)
{
	struct stat status;
	char path[64];

	if (pid[strspn(pid, "0123456789")] || strlen(pid) > PID_DIGITS_MAX)
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	return stat(path, &status) < 0 ? 0 : status.st_ino;
}

int netns_wanted_new(struct netns_wanted **out, const struct selection *selection)
{
	struct netns_wanted *wanted = calloc(1, sizeof(*wanted));
	size_t i;

	if (!wanted)
		return -ENOMEM;
	wanted->selection = selection;
	wanted->inums = calloc(selection->n + 1, sizeof(*wanted->inums));
	if (!wanted->inums) {
		netns_wanted_free(wanted);
		return -ENOMEM;
	}
	for (i = 0; i < selection->n; i++)
		wanted->inums[i] = inum_of(without_exclamation(selection->patterns[i]));
	*out = wanted;
	return 0;
}

void netns_wanted_free(struct netns_wanted *wanted)
{
	if (!wanted)
		return;
	free(wanted->inums);
	free(wanted);
}

static bool is_of_process(const struct subject *subject, const char *pattern)
{
	const struct netns_wanted *wanted = subject->wanted;
	size_t i;

	for (i = 0; i < wanted->selection->n; i++)
		if (wanted->inums[i] == subject->netns->inum &&
		    !strcmp(without_exclamation(wanted->selection->patterns[i]), pattern))
			return true;
	return false;
}

static bool matches(const char *pattern, const void *context)
{
	const struct subject *subject = context;

	return !strcmp(pattern, EVERY) || selection_text_matches(pattern, subject->name) ||
	       (subject->netns->name[0] && selection_text_matches(pattern, subject->netns->name)) ||
	       is_of_process(subject, pattern);
}

bool netns_wanted_matches(const struct netns_wanted *wanted, const struct netns *netns,
			  const char *name)
{
	const struct subject subject = {wanted, netns, name};

	return selection_matches_by(wanted->selection, matches, &subject);
}

void netns_wanted_forget(struct netns_wanted *wanted, uint64_t inum)
{
	size_t i;

	for (i = 0; i < wanted->selection->n; i++)
		if (wanted->inums[i] == inum)
			wanted->inums[i] = 0;
}

const char *netns_wanted_name(const struct netns_wanted *wanted, size_t at)
{
	const char *pattern = selection_literal(wanted->selection, at);

	return pattern && strcmp(pattern, EVERY) && !wanted->inums[at] ? pattern : NULL;
}
