// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/container.h"

#include <string.h>

static bool is_id_prefix(const char *pattern, const char *id)
{
	size_t length = strlen(pattern);

	return length >= CONTAINER_ID_PREFIX_MIN && strspn(pattern, "0123456789abcdef") == length &&
	       !strncmp(pattern, id, length);
}

static bool matches(const char *pattern, const void *subject)
{
	const struct container *container = subject;

	return container && (selection_text_matches(pattern, container->name) ||
			     is_id_prefix(pattern, container->id));
}

bool container_is_selected(const struct selection *selection, const struct container *container)
{
	return selection_matches_by(selection, matches, container);
}
