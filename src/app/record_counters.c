// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/record_counters.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

void record_counters_release(struct record_counters *counters)
{
	free(counters->totals);
	free(counters->total_of);
	*counters = (struct record_counters){0};
}

/* The counters since the interface was attached are the sum of what each reading adds. */
static int add_up(struct record_counters *counters, const struct rate *rate, uint64_t since_ns)
{
	if (array_reserve(&counters->totals, &counters->totals_capacity, (size_t)rate->slot + 1,
			  sizeof(*counters->totals)) ||
	    array_reserve(&counters->total_of, &counters->total_of_capacity, (size_t)rate->slot + 1,
			  sizeof(*counters->total_of)))
		return -ENOMEM;
	if (counters->total_of[rate->slot] != since_ns)
		counters->totals[rate->slot] = (struct interface_counters){0};
	counters->total_of[rate->slot] = since_ns;
	counters_add(&counters->totals[rate->slot], &rate->delta);
	return 0;
}

static const struct series_member *member_of(const struct series_span *span, uint32_t slot)
{
	size_t i;

	for (i = 0; i < span->n_members; i++)
		if (span->members[i].slot == slot)
			return &span->members[i];
	return NULL;
}

int record_counters_take(struct record_counters *counters, struct engine *engine, struct tape *tape,
			 const struct series_span *span, struct error *err)
{
	struct rate *rates;
	size_t n = 0, i;
	uint64_t at_ns;
	int ret;

	ret = engine_refresh_stats(engine, err);
	if (!ret)
		ret = engine_read(engine, &rates, &n, &at_ns, err);
	for (i = 0; !ret && i < n; i++) {
		const struct series_member *member = member_of(span, rates[i].slot);
		const struct link *link = engine_link(engine, rates[i].netns, rates[i].ifindex);
		struct recording_counters row = {.slot = rates[i].slot, .time_ns = at_ns};

		if (!member)
			continue;
		if (add_up(counters, &rates[i], member->from_ns))
			return error_errno(err, -ENOMEM, "cannot record counters");
		row.probe = counters->totals[rates[i].slot];
		row.has_kernel = tape_is_link_of(link, member, span);
		if (row.has_kernel)
			row.kernel = link->stats;
		ret = recorder_add_counters(tape_recorder(tape), &row, err);
	}
	return ret;
}
