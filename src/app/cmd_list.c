// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* list: every interface with its addresses and status. Needs no privilege. */
#include "app/commands.h"
#include "app/output.h"
#include "app/selected.h"
#include "base/log.h"
#include "kernel/links.h"
#include "out/show_link.h"

static void show(const struct options *options, const struct links *links, struct output *output,
		 struct table *table)
{
	if (output->writer)
		writer_open(output->writer);
	links_for_each (link, links) {
		const struct link *master = links_get(links, link->master);
		const char *master_name = master ? master->ifname : NULL;

		if (!selection_matches(&options->selection, link->ifname))
			continue;
		if (output->writer)
			show_link_record(output->writer, link, master_name);
		else
			show_link_rows(table, link, master_name);
	}
	if (output->writer)
		writer_close(output->writer);
	else if (table_rows(table))
		table_print(table, output->sink, output_columns(output));
	else
		log_info("no interface matches");
}

static int run(const struct options *options)
{
	struct output output = {0};
	struct links *links = NULL;
	struct table *table = NULL;
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	ret = links_new(&links, NULL, &err);
	if (!ret)
		ret = selected_check(&options->selection, links, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	if (output_new(&output, options, cmd_list.json, -1))
		goto out;
	if (!output.writer && show_link_table_new(&table, output.colour))
		goto out;
	show(options, links, &output, table);
	ret = output_flush(&output);
	status = ret ? output_failed(ret) : EXIT_DONE;
out:
	table_free(table);
	output_release(&output);
	links_free(links);
	return status;
}

static const enum option_id ids[] = {'i', 'j', OPTION_END};

const struct command cmd_list = {
	.name = "list",
	.summary = "every interface with its addresses, status, speed and MTU",
	.details = "\nNeeds no privilege. A speed that the driver does not tell is 'unknown';\n"
		   "virtual interfaces such as veth name a nominal one.\n",
	.ids = ids,
	.run = run,
};
