// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* list: every interface with its addresses and status. Needs no privilege. */
#include "app/commands.h"

#include <errno.h>

#include "app/identity.h"
#include "app/output.h"
#include "app/selected.h"
#include "base/log.h"
#include "out/show_link.h"

struct list_command {
	const struct options *options;
	struct sites *sites;
	struct identity *identity;
	struct output output;
	struct table *table; /* NULL with a writer */
	bool with_containers;
};

typedef void (*list_fn)(struct list_command *list, const struct site *site,
			const struct link *link);

static void for_each_listed(struct list_command *list, list_fn fn)
{
	size_t i, n;
	struct site *const *sites = sites_all(list->sites, &n);

	for (i = 0; i < n; i++)
		links_for_each (link, sites[i]->links)
			if (selected_is_wanted(list->options, list->identity, sites[i], link))
				fn(list, sites[i], link);
}

static struct link_place place_of(const struct list_command *list, const struct site *site,
				  const struct link *link)
{
	const struct link *master = links_get(site->links, link->master);

	return (struct link_place){
		.netns = site->name,
		.master = master ? master->ifname : NULL,
		.container = selected_container(list->identity, site, link),
	};
}

static void note_container(struct list_command *list, const struct site *site,
			   const struct link *link)
{
	if (selected_container(list->identity, site, link))
		list->with_containers = true;
}

static void show_row(struct list_command *list, const struct site *site, const struct link *link)
{
	struct link_place place = place_of(list, site, link);

	show_link_rows(list->table, link, &place, list->with_containers);
}

static void show_record(struct list_command *list, const struct site *site, const struct link *link)
{
	struct link_place place = place_of(list, site, link);

	show_link_record(list->output.writer, link, &place);
}

static int show_table(struct list_command *list)
{
	struct output *output = &list->output;

	for_each_listed(list, note_container);
	if (show_link_table_new(&list->table, output->colour, list->with_containers))
		return -ENOMEM;
	for_each_listed(list, show_row);
	if (table_rows(list->table))
		table_print(list->table, output->sink, output_columns(output));
	else
		log_info("no %s matches", list->options->containers.n ? "container" : "interface");
	table_free(list->table);
	return 0;
}

static void show_records(struct list_command *list)
{
	writer_open(list->output.writer);
	for_each_listed(list, show_record);
	writer_close(list->output.writer);
}

static int run(const struct options *options)
{
	const struct sites_listener nobody = {0};
	struct list_command list = {.options = options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	ret = sites_new(&list.sites, &options->netns, &nobody, &err);
	if (!ret)
		ret = identity_new(&list.identity, &options->containers, true, &err);
	if (!ret)
		ret = selected_check(options, list.identity, list.sites, &err);
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
	sites_free(list.sites);
	return status;
}

static const enum option_id ids[] = {'i', OPTION_CONTAINER, OPTION_NETNS, 'j', OPTION_END};

const struct command cmd_list = {
	.name = "list",
	.summary = "every interface with its addresses, status, speed and MTU",
	.details = "\nNeeds no privilege. A speed that the driver does not tell is 'unknown';\n"
		   "virtual interfaces such as veth name a nominal one.\n"
		   "CONTAINER is what is behind a veth, and takes root to be known.\n",
	.ids = ids,
	.run = run,
};
