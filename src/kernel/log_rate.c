// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/log_rate.h"

#include "base/units.h"

#define FORGET_PART 32
#define PERIOD_MIN_NS (2 * NSEC_PER_MSEC)
/* Of less time no rate can be told: two readings may come one right behind the other. */
#define PAST_MIN_NS (NSEC_PER_MSEC / 10)

void log_rate_note(struct log_rate *rate, uint64_t unread, uint64_t now_ns)
{
	uint64_t past_ns = now_ns - rate->read_ns;
	uint64_t per_second;

	if (past_ns < PAST_MIN_NS)
		return;
	per_second = unread * NSEC_PER_SEC / past_ns;
	rate->per_second -= (rate->per_second + FORGET_PART - 1) / FORGET_PART;
	if (per_second > rate->per_second)
		rate->per_second = per_second;
	rate->read_ns = now_ns;
}

uint64_t log_rate_fill_ns(uint64_t records, uint64_t per_second)
{
	return per_second ? records * NSEC_PER_SEC / per_second : UINT64_MAX;
}

uint64_t log_rate_period_ns(const struct log_rate *rate, uint64_t records)
{
	uint64_t period_ns = log_rate_fill_ns(records, rate->per_second) / 4;

	return period_ns > PERIOD_MIN_NS ? period_ns : PERIOD_MIN_NS;
}
