// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/netns_name.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define EVERY "all"

static bool is_excluding(const char *pattern)
{
	return pattern[0] == '!';
}

int netns_selection_add(struct netns_selection *selection, const char *pattern)
{
	if (!pattern[is_excluding(pattern)])
		return -EINVAL;
	if (array_reserve(&selection->patterns, &selection->capacity, selection->n + 1,
			  sizeof(*selection->patterns)))
		return -ENOMEM;
	selection->patterns[selection->n++] = pattern;
	return 0;
}

void netns_selection_release(struct netns_selection *selection)
{
	free(selection->patterns);
	*selection = (struct netns_selection){0};
}

static bool matches(const char *pattern, const char *mounted, const char *name)
{
	return !strcmp(pattern, EVERY) || (mounted[0] && !fnmatch(pattern, mounted, 0)) ||
	       !fnmatch(pattern, name, 0);
}

bool netns_selection_matches(const struct netns_selection *selection, const char *mounted,
			     const char *name, bool is_process)
{
	bool has_including = false, included = is_process;
	size_t i;

	for (i = 0; i < selection->n; i++) {
		const char *pattern = selection->patterns[i];

		if (is_excluding(pattern)) {
			if (matches(pattern + 1, mounted, name))
				return false;
			continue;
		}
		has_including = true;
		included |= matches(pattern, mounted, name);
	}
	return included || !has_including;
}

const char *netns_selection_literal(const struct netns_selection *selection, size_t at)
{
	const char *pattern = selection->patterns[at];

	return is_excluding(pattern) || strpbrk(pattern, "*?[\\") || !strcmp(pattern, EVERY)
		       ? NULL
		       : pattern;
}
