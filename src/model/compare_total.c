// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare_total.h"

#include "model/compare_bounds.h"

void compare_total_add(struct compare_total *total, const struct compare_result *result)
{
	struct compare_result *sum = &total->sum;

	if (!result->has_bounds)
		return;
	total->n++;
	total->verdicts[result->verdict]++;
	if (result->verdict > sum->verdict)
		sum->verdict = result->verdict;
	sum->has_bounds = true;
	sum->kernel += result->kernel;
	sum->probe += result->probe;
	sum->low += result->low;
	sum->high += result->high;
	sum->earlier += result->earlier;
	sum->difference = compare_outside(sum->kernel, sum->low, sum->high);
}
