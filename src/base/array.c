// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_BYTES 65536U

int array_reserve(void *items, size_t *capacity, size_t need, size_t item_size)
{
	void *old, *grown;
	size_t wanted;

	if (need <= *capacity)
		return 0;
	wanted = *capacity + *capacity / 2;
	if (wanted < need)
		wanted = need;
	if (wanted < 8)
		wanted = 8;
	memcpy(&old, items, sizeof(old));
	grown = reallocarray(old, wanted, item_size);
	if (!grown)
		return -ENOMEM;
	memset((char *)grown + *capacity * item_size, 0, (wanted - *capacity) * item_size);
	memcpy(items, &grown, sizeof(grown));
	*capacity = wanted;
	/* cppcheck-suppress memleak ; the caller has it, by the memcpy */
	return 0;
}

size_t array_use_note(struct array_use *use, size_t n)
{
	size_t most;

	if (n > use->most)
		use->most = n;
	if (++use->times < ARRAY_USE_TIMES)
		return SIZE_MAX;
	most = use->most;
	*use = (struct array_use){0};
	return most > SIZE_MAX / 2 ? SIZE_MAX : most + most / 4;
}

void array_shrink(void *items, size_t *capacity, size_t keep, size_t item_size)
{
	void *old, *shrunk;

	if (keep < KEPT_BYTES / item_size)
		keep = KEPT_BYTES / item_size;
	if (*capacity - *capacity / 3 <= keep)
		return;
	memcpy(&old, items, sizeof(old));
	shrunk = reallocarray(old, keep, item_size);
	if (!shrunk)
		return;
	memcpy(items, &shrunk, sizeof(shrunk));
	*capacity = keep;
	/* cppcheck-suppress memleak ; the caller has it, by the memcpy */
}
