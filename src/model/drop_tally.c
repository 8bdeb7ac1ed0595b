// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/drop_tally.h"

void drop_tally_add(struct drop_tally *tally, uint32_t reason, uint64_t packets)
{
	size_t i;

	for (i = 0; i < tally->n && tally->counts[i].reason != reason; i++)
		;
	if (i == DROP_TALLY_REASONS)
		return;
	if (i == tally->n)
		tally->counts[tally->n++] = (struct drop_count){.reason = reason};
	tally->counts[i].packets += packets;
}

void drop_tally_join(struct drop_tally *tally, const struct drop_tally *add)
{
	size_t i;

	for (i = 0; i < add->n; i++)
		drop_tally_add(tally, add->counts[i].reason, add->counts[i].packets);
}
