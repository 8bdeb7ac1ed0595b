// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
