// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* list: every interface with its addresses and status. Needs no privilege. */
#include "app/commands.h"

#include <errno.h>

#include "app/output.h"
#include "app/selected.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/containers.h"
#include "kernel/links.h"
#include "out/show_link.h"

/* NULL: none is known. */
static const char *container_name(struct containers *containers, const struct link *link,
				  uint64_t now_ns)
{
	const struct container *container =
		containers ? containers_behind(containers, link, now_ns) : NULL;

	return container ? container->name : NULL;
}

static bool is_any_known(const struct options *options, const struct links *links,
			 struct containers *containers, uint64_t now_ns)
{
	links_for_each (link, links)
		if (selection_matches(&options->selection, link->ifname) &&
		    container_name(containers, link, now_ns))
			return true;
	return false;
}

static int show_table(const struct options *options, const struct links *links,
		      struct containers *containers, struct output *output)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool with_containers = is_any_known(options, links, containers, now_ns);
	struct table *table;

	if (show_link_table_new(&table, output->colour, with_containers))
		return -ENOMEM;
	links_for_each (link, links) {
		const struct link *master = links_get(links, link->master);
		const char *name;

		if (!selection_matches(&options->selection, link->ifname))
			continue;
		name = with_containers ? container_name(containers, link, now_ns) ?: "" : NULL;
		show_link_rows(table, link, master ? master->ifname : NULL, name);
	}
	if (table_rows(table))
		table_print(table, output->sink, output_columns(output));
	else
		log_info("no interface matches");
	table_free(table);
	return 0;
}

static void show_records(const struct options *options, const struct links *links,
			 struct containers *containers, struct writer *writer)
{
	uint64_t now_ns = clock_monotonic_ns();

	writer_open(writer);
	links_for_each (link, links) {
		const struct link *master = links_get(links, link->master);

		if (selection_matches(&options->selection, link->ifname))
			show_link_record(writer, link, master ? master->ifname : NULL,
					 container_name(containers, link, now_ns));
	}
	writer_close(writer);
}

static int run(const struct options *options)
{
	struct output output = {0};
	struct containers *containers = NULL;
	struct links *links = NULL;
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
	/* The list is of use without. */
	if (containers_new(&containers, &err))
		log_debug("%s", err.what);
	if (output.writer)
		show_records(options, links, containers, output.writer);
	else if (show_table(options, links, containers, &output))
		goto out;
	ret = output_flush(&output);
	status = ret ? output_failed(ret) : EXIT_DONE;
out:
	containers_free(containers);
	output_release(&output);
	links_free(links);
	return status;
}

static const enum option_id ids[] = {'i', 'j', OPTION_END};

const struct command cmd_list = {
	.name = "list",
	.summary = "every interface with its addresses, status, speed and MTU",
	.details = "\nNeeds no privilege. A speed that the driver does not tell is 'unknown';\n"
		   "virtual interfaces such as veth name a nominal one.\n"
		   "CONTAINER is what is behind a veth, and takes root to be known.\n",
	.ids = ids,
	.run = run,
};
