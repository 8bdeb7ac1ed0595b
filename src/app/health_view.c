// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/health_view.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/log.h"
#include "out/show_health.h"

int health_view_new(struct health_view *view, const struct options *options, bool has_drops,
		    int stop_fd)
{
	int ret;

	*view = (struct health_view){.options = options, .has_drops = has_drops};
	ret = output_new(&view->output, options, WRITER_JSON_ARRAY, stop_fd);
	if (ret)
		return ret;
	if (view->output.writer)
		writer_open(view->output.writer);
	else
		ret = show_health_table_new(&view->table, has_drops, view->output.colour);
	return ret;
}

void health_view_release(struct health_view *view)
{
	table_free(view->table);
	output_release(&view->output);
	free(view->rows);
}

static int compare_rows(const void *a, const void *b)
{
	const struct drop_row *x = a, *y = b;

	return x->packets > y->packets ? -1 : x->packets < y->packets;
}

/* Those of the probe and those of stats64, most packets first; none where there is no memory. */
static struct health_reasons reasons_of(struct health_view *view, const struct health *health,
					const struct health_drops *drops)
{
	struct health_reasons reasons = {0};
	size_t i;

	if (array_reserve(&view->rows, &view->rows_capacity, drops->n + DROP_DEVICE_COUNTERS,
			  sizeof(*view->rows)))
		return reasons;
	reasons.rows = view->rows;
	for (i = 0; i < drops->n; i++)
		view->rows[reasons.n++] = drops->rows[i];
	for (i = 0; i < health->n_device; i++)
		view->rows[reasons.n++] = (struct drop_row){
			.direction = health->device[i].direction,
			.source = "stats64",
			.reason = health->device[i].counter,
			.packets = health->device[i].packets,
		};
	if (reasons.n)
		qsort(view->rows, reasons.n, sizeof(*view->rows), compare_rows);
	return reasons;
}

void health_view_show(struct health_view *view, const struct health_subject *subject,
		      uint64_t interval_ns, const struct rtnl_link_stats64 *before,
		      const struct rtnl_link_stats64 *now, const struct health_drops *drops)
{
	struct health result = health_judge_seen(before, now, drops ? &drops->seen : NULL,
						 &view->options->health_limits);
	struct health_reasons reasons = {0};

	if (result.has_seen)
		reasons = reasons_of(view, &result, drops);
	if (health_is_finding(result.verdict))
		view->found = true;
	if (view->output.writer)
		show_health_record(view->output.writer, subject, interval_ns, &result, &reasons);
	else
		show_health_row(view->table, subject, interval_ns, &result,
				view->has_drops ? &reasons : NULL);
}

int health_view_end(struct health_view *view, const char *nothing)
{
	int ret;

	if (view->output.writer)
		writer_close(view->output.writer);
	else if (table_rows(view->table))
		table_print(view->table, view->output.sink, output_columns(&view->output));
	else
		log_info("%s", nothing);
	ret = output_flush(&view->output);
	if (ret)
		return output_failed(ret);
	return view->found ? EXIT_FOUND : EXIT_DONE;
}
