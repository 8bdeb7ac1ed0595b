// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* list: every interface with its addresses and status. Needs no privilege. */
#include "app/commands.h"

#include <errno.h>

#include "app/identity.h"
#include "app/output.h"
#include "app/selected.h"
#include "base/log.h"
#include "kernel/links.h"
#include "out/show_link.h"

struct list_command {
	const struct options *options;
	struct links *links;
	struct identity *identity;
	struct output output;
};

static bool is_listed(const struct list_command *list, const struct link *link)
{
	return selected_is_wanted(list->options, list->identity, link);
}

static bool is_any_known(const struct list_command *list)
{
	links_for_each (link, list->links)
		if (is_listed(list, link) && identity_name(list->identity, link))
			return true;
	return false;
}

static int show_table(struct list_command *list)
{
	bool with_containers = is_any_known(list);
	struct output *output = &list->output;
	struct table *table;

	if (show_link_table_new(&table, output->colour, with_containers))
		return -ENOMEM;
	links_for_each (link, list->links) {
		const struct link *master = links_get(list->links, link->master);
		const char *name;

		if (!is_listed(list, link))
			continue;
		name = with_containers ? identity_name(list->identity, link) ?: "" : NULL;
		show_link_rows(table, link, master ? master->ifname : NULL, name);
	}
	if (table_rows(table))
		table_print(table, output->sink, output_columns(output));
	else
		log_info("no %s matches", list->options->containers.n ? "container" : "interface");
	table_free(table);
	return 0;
}

static void show_records(const struct list_command *list)
{
	struct writer *writer = list->output.writer;

	writer_open(writer);
	links_for_each (link, list->links) {
		const struct link *master = links_get(list->links, link->master);

		if (is_listed(list, link))
			show_link_record(writer, link, master ? master->ifname : NULL,
					 identity_name(list->identity, link));
	}
	writer_close(writer);
}

static int run(const struct options *options)
{
	struct list_command list = {.options = options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	ret = links_new(&list.links, NULL, &err);
	if (!ret)
		ret = identity_new(&list.identity, &options->containers, true, &err);
	if (!ret)
		ret = selected_check(options, list.identity, list.links, &err);
	if (ret) {
		log_error(&err);
		goto out;
	}
	if (output_new(&list.output, options, cmd_list.json, -1))
		goto out;
	if (list.output.writer)
		show_records(&list);
	else if (show_table(&list))
		goto out;
	ret = output_flush(&list.output);
	status = ret ? output_failed(ret) : EXIT_DONE;
out:
	output_release(&list.output);
	identity_free(list.identity);
	links_free(list.links);
	return status;
}

static const enum option_id ids[] = {'i', OPTION_CONTAINER, 'j', OPTION_END};

const struct command cmd_list = {
	.name = "list",
	.summary = "every interface with its addresses, status, speed and MTU",
	.details = "\nNeeds no privilege. A speed that the driver does not tell is 'unknown';\n"
		   "virtual interfaces such as veth name a nominal one.\n"
		   "CONTAINER is what is behind a veth, and takes root to be known.\n",
	.ids = ids,
	.run = run,
};
