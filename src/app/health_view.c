// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/health_view.h"

#include <errno.h>

#include "base/log.h"
#include "out/show_health.h"

int health_view_new(struct health_view *view, const struct options *options, int stop_fd)
{
	int ret;

	*view = (struct health_view){.options = options};
	ret = output_new(&view->output, options, WRITER_JSON_ARRAY, stop_fd);
	if (ret)
		return ret;
	if (view->output.writer)
		writer_open(view->output.writer);
	else
		ret = show_health_table_new(&view->table, view->output.colour);
	return ret;
}

void health_view_release(struct health_view *view)
{
	table_free(view->table);
	output_release(&view->output);
}

void health_view_show(struct health_view *view, const struct health_subject *subject,
		      uint64_t interval_ns, const struct rtnl_link_stats64 *before,
		      const struct rtnl_link_stats64 *now)
{
	struct health result = health_judge(before, now, &view->options->health_limits);

	if (health_is_finding(result.verdict))
		view->found = true;
	if (view->output.writer)
		show_health_record(view->output.writer, subject->ifindex, subject->ifname,
				   interval_ns, &result);
	else
		show_health_row(view->table, subject->ifname, interval_ns, &result);
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
