// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static bool is_excluding(const char *pattern)
{
	return pattern[0] == '!';
}

static bool is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[\\");
}

/* What dev_valid_name() in net/core/dev.c lets pass: isspace() of the kernel has 0xa0, too. */
static bool can_be_name(const char *name)
{
	return strlen(name) < IF_NAMESIZE && strcmp(name, ".") && strcmp(name, "..") &&
	       !strpbrk(name, "/: \t\n\v\f\r\xa0");
}

int selection_add(struct selection *selection, const char *pattern)
{
	const char *name = pattern + is_excluding(pattern);

	if (!name[0] || strpbrk(name, "/ \t\n") || (!is_glob(name) && !can_be_name(name)))
		return -EINVAL;
	if (array_reserve(&selection->patterns, &selection->capacity, selection->n + 1,
			  sizeof(*selection->patterns)))
		return -ENOMEM;
	selection->patterns[selection->n++] = pattern;
	return 0;
}

void selection_release(struct selection *selection)
{
	free(selection->patterns);
	*selection = (struct selection){0};
}

bool selection_matches(const struct selection *selection, const char *ifname)
{
	bool has_including = false, included = false;
	size_t i;

	for (i = 0; i < selection->n; i++) {
		const char *pattern = selection->patterns[i];

		if (is_excluding(pattern)) {
			if (!fnmatch(pattern + 1, ifname, 0))
				return false;
			continue;
		}
		has_including = true;
		if (!fnmatch(pattern, ifname, 0))
			included = true;
	}
	return included || !has_including;
}

const char *selection_literal(const struct selection *selection, size_t at)
{
	const char *pattern = selection->patterns[at];

	return is_excluding(pattern) || is_glob(pattern) ? NULL : pattern;
}
