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

/* What is behind the last '/': no name of an interface has one. */
static const char *ifname_part(const char *pattern)
{
	const char *slash = strrchr(pattern, '/');

	return slash ? slash + 1 : pattern;
}

int selection_add(struct selection *selection, const char *pattern)
{
	const char *name = ifname_part(pattern + is_excluding(pattern));

	if (!name[0] || strpbrk(name, " \t\n") || (!is_glob(name) && !can_be_name(name)))
		return -EINVAL;
	return selection_add_any(selection, pattern);
}

int selection_add_any(struct selection *selection, const char *pattern)
{
	if (!pattern[is_excluding(pattern)])
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

bool selection_text_matches(const char *pattern, const char *text)
{
	return !strcmp(pattern, text) || !fnmatch(pattern, text, 0);
}

struct place {
	const char *netns, *ifname;
};

static bool is_at(const char *pattern, const void *subject)
{
	const char *name = ifname_part(pattern);
	const struct place *place = subject;
	char *netns_pattern;
	bool result;

	if (!selection_text_matches(name, place->ifname))
		return false;
	if (name == pattern)
		return true;
	netns_pattern = strndup(pattern, (size_t)(name - pattern) - 1);
	result = netns_pattern && selection_text_matches(netns_pattern, place->netns);
	free(netns_pattern);
	return result;
}

bool selection_matches(const struct selection *selection, const char *ifname)
{
	return selection_matches_in(selection, "", ifname);
}

bool selection_matches_in(const struct selection *selection, const char *netns, const char *ifname)
{
	return selection_matches_by(selection, is_at, &(struct place){netns, ifname});
}

bool selection_matches_by(const struct selection *selection, selection_match_fn matches,
			  const void *subject)
{
	bool has_including = false, included = false;
	size_t i;

	for (i = 0; i < selection->n; i++) {
		const char *pattern = selection->patterns[i];

		if (is_excluding(pattern)) {
			if (matches(pattern + 1, subject))
				return false;
			continue;
		}
		has_including = true;
		if (matches(pattern, subject))
			included = true;
	}
	return included || !has_including;
}

const char *selection_literal(const struct selection *selection, size_t at)
{
	const char *pattern = selection->patterns[at];

	return is_excluding(pattern) || is_glob(pattern) ? NULL : pattern;
}
