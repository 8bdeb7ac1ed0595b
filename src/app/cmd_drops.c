// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* drops: what the stack gave up, by interface, direction and reason. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/drop_rows.h"
#include "app/engine.h"
#include "app/identity.h"
#include "app/output.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/drop_reasons.h"
#include "kernel/symbols.h"
#include "model/drop_device.h"
#include "out/show_drop.h"

#define INTERVAL_DEFAULT_NS NSEC_PER_SEC

struct drops_command {
	struct options options;
	struct loop *loop;
	struct identity *identity;
	struct engine *engine;
	struct output output;
	struct drop_reasons *reasons;
	struct symbols *symbols; /* NULL: nobody asks where */
	struct drop_book *book;
	struct drop_device *devices; /* by slot */
	size_t devices_capacity;
	struct drop_rows interval, total;
	uint64_t start_ns, start_wall_ns; /* of the interval */
	uint64_t reports;
	bool is_finishing; /* the kernel's counters have been looked at for the last time */
	int output_error;
	struct error failure; /* of something that could only note it */
};

static void note(struct drops_command *drops, int ret, const struct error *err)
{
	if (ret && !drops->failure.code)
		drops->failure = *err;
}

static struct drop_device *device_of(struct drops_command *drops, uint32_t slot)
{
	if (array_reserve(&drops->devices, &drops->devices_capacity, (size_t)slot + 1,
			  sizeof(*drops->devices)))
		return NULL;
	return &drops->devices[slot];
}

/* With a selection only those of the selected interfaces are of interest. */
static bool selects(const struct drops_command *drops)
{
	return drops->options.selection.n || identity_selects(drops->identity);
}

static void take_identity(const struct drops_command *drops, struct drop_entry *entry,
			  const struct interface *interface)
{
	const char *container = engine_container(drops->engine, interface->slot);

	entry->ifindex = interface->ifindex;
	memcpy(entry->ifname, interface->ifname, sizeof(entry->ifname));
	memcpy(entry->netns, interface->site->name, sizeof(entry->netns));
	snprintf(entry->container, sizeof(entry->container), "%s", container ? container : "");
}

/* What one kind of drops, seen by the probe, has come to since the last look. */
static int take_seen(struct drops_command *drops, const struct drop_sum *sum)
{
	const struct interface *interface = engine_interface(drops->engine, sum->kind.slot);
	struct drop_entry entry = {.kind = sum->kind, .packets = sum->packets};
	struct drop_device *device = device_of(drops, sum->kind.slot);

	if (!device)
		return -ENOMEM;
	device->seen[sum->kind.direction] += sum->packets;
	if (!interface && (sum->kind.slot != SLOT_NONE || selects(drops)))
		return 0;
	entry.kind.slot = SLOT_NONE;
	if (interface)
		take_identity(drops, &entry, interface);
	return drop_rows_add(&drops->interval, &entry);
}

/* What the kernel's counters have more than the probe has seen. */
static int take_device(struct drops_command *drops, const struct interface *interface)
{
	const struct link *link =
		engine_link(drops->engine, interface->site->name, interface->ifindex);
	struct drop_device *device = device_of(drops, interface->slot);
	struct drop_device_row rows[DROP_DEVICE_COUNTERS];
	struct drop_entry entry = {0};
	unsigned int i, n;
	int ret = 0;

	if (!device)
		return -ENOMEM;
	if (!link)
		return 0;
	take_identity(drops, &entry, interface);
	n = drop_device_take(device, &link->stats, rows);
	for (i = 0; !ret && i < n; i++) {
		entry.kind.direction = rows[i].direction;
		entry.counter = rows[i].counter;
		entry.packets = rows[i].packets;
		ret = drop_rows_add(&drops->interval, &entry);
	}
	return ret;
}

/*
 * What was dropped since the last look is part of the interval. The kernel's counters are read first: a
 * drop that is in them has been seen then.
 */
static int look(struct drops_command *drops, bool with_device, struct error *err)
{
	const struct interface *interfaces;
	struct drop_sum *sums;
	size_t n, i;
	int ret = 0;

	if (with_device)
		ret = engine_refresh_stats(drops->engine, err);
	if (!ret)
		ret = engine_read_drops(drops->engine, &sums, &n, err);
	if (ret)
		return ret;
	ret = drop_book_take(drops->book, sums, n);
	for (i = 0; !ret && i < n; i++)
		if (sums[i].packets)
			ret = take_seen(drops, &sums[i]);
	interfaces = engine_interfaces(drops->engine, &n);
	for (i = 0; with_device && !ret && i < n; i++)
		ret = take_device(drops, &interfaces[i]);
	return ret ? error_errno(err, ret, "cannot count drops") : 0;
}

static void leaving(void *context, const struct interface *interface)
{
	struct drops_command *drops = context;
	struct error err = {0};

	note(drops, look(drops, !drops->is_finishing, &err), &err);
	drop_book_forget(drops->book, interface->slot);
	if (interface->slot < drops->devices_capacity)
		drops->devices[interface->slot] = (struct drop_device){0};
}

static struct drop_row row_of(struct drops_command *drops, const struct drop_entry *entry,
			      char *where, size_t size)
{
	struct drop_row row = {
		.ifindex = entry->ifindex,
		.ifname = entry->ifindex ? entry->ifname : NULL,
		.direction = entry->kind.direction,
		.source = entry->counter ? "stats64" : "kfree_skb",
		.reason = entry->counter ? entry->counter
					 : drop_reasons_name(drops->reasons, entry->kind.reason),
		.packets = entry->packets,
		.netns = entry->netns,
		.container = entry->container[0] ? entry->container : NULL,
	};

	if (drops->symbols && !entry->counter)
		row.where = symbols_format(drops->symbols, entry->kind.location,
					   clock_monotonic_ns(), where, size);
	return row;
}

static void show_interval(struct drops_command *drops, uint64_t interval_ns)
{
	char where[SYMBOLS_TEXT_SIZE];
	size_t i;

	for (i = 0; i < drops->interval.n; i++) {
		struct drop_row row =
			row_of(drops, &drops->interval.items[i], where, sizeof(where));

		if (drops->output.writer)
			show_drop_record(drops->output.writer, &row, drops->start_wall_ns,
					 interval_ns, drops->symbols);
		else
			show_drop_line(drops->output.sink, &row, drops->start_wall_ns);
	}
}

static int end_interval(struct drops_command *drops)
{
	struct error err = {0};
	uint64_t now_ns;
	int ret;

	ret = look(drops, !drops->is_finishing, &err);
	if (!ret && drops->failure.code) {
		err = drops->failure;
		ret = err.code;
	}
	now_ns = clock_monotonic_ns();
	if (!ret && drop_rows_join(&drops->total, &drops->interval))
		ret = error_errno(&err, -ENOMEM, "cannot count drops");
	if (ret) {
		log_error(&err);
		return ret;
	}
	show_interval(drops, now_ns - drops->start_ns);
	drops->interval.n = 0;
	drops->start_ns = now_ns;
	drops->start_wall_ns = clock_wall_ns();
	drops->reports++;
	drops->output_error = output_flush(&drops->output);
	return drops->output_error;
}

static bool is_complete(const struct drops_command *drops)
{
	return drops->options.count && drops->reports >= drops->options.count;
}

static int tick(void *context, uint64_t expirations)
{
	struct drops_command *drops = context;
	int ret = end_interval(drops);

	(void)expirations;
	if (is_complete(drops))
		loop_stop(drops->loop);
	return ret;
}

static int set_up(struct drops_command *drops, struct error *err)
{
	const struct options *options = &drops->options;
	int ret;

	ret = drop_reasons_new(&drops->reasons, NULL, err);
	if (!ret && options->drop_locations)
		ret = symbols_new(&drops->symbols, NULL, err);
	if (!ret && drop_book_new(&drops->book))
		ret = error_errno(err, -ENOMEM, "cannot count drops");
	if (!ret)
		ret = identity_new(&drops->identity, &options->containers, true, err);
	if (!ret)
		ret = engine_new(&drops->engine, drops->loop, drops->identity, options, err);
	if (ret)
		return ret;
	engine_on_leaving(drops->engine, leaving, drops);
	/* What the kernel had counted before is nobody's. */
	ret = look(drops, true, err);
	if (ret)
		return ret;
	drops->start_ns = clock_monotonic_ns();
	drops->start_wall_ns = clock_wall_ns();
	if (options->duration_ns)
		ret = loop_add_deadline(drops->loop, options->duration_ns, err);
	if (!ret)
		ret = loop_add_timer(drops->loop, options->interval_ns, tick, drops, err);
	return ret;
}

static bool is_any_known(const struct drop_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		if (rows->items[i].container[0])
			return true;
	return false;
}

/* For people; records can be added up. */
static int summarise(struct drops_command *drops)
{
	struct show_drop_columns columns = {.where = drops->symbols};
	char where[SYMBOLS_TEXT_SIZE];
	struct table *table;
	size_t i;

	if (drops->output.writer)
		return 0;
	if (!drops->total.n) {
		log_info("nothing was dropped");
		return 0;
	}
	columns.containers = is_any_known(&drops->total);
	if (show_drop_table_new(&table, &columns, drops->output.colour))
		return -ENOMEM;
	drop_rows_sort(&drops->total);
	for (i = 0; i < drops->total.n; i++) {
		struct drop_row row = row_of(drops, &drops->total.items[i], where, sizeof(where));

		show_drop_row(table, &row, &columns);
	}
	table_print(table, drops->output.sink, output_columns(&drops->output));
	table_free(table);
	return output_flush(&drops->output);
}

static int finish(struct drops_command *drops)
{
	struct error err = {0};
	int ret = 0;

	note(drops, look(drops, true, &err), &err);
	drops->is_finishing = true;
	engine_finish(drops->engine);
	if (!is_complete(drops))
		ret = end_interval(drops);
	if (!ret)
		ret = drops->output_error = summarise(drops);
	return ret;
}

static int run(const struct options *options)
{
	struct drops_command drops = {.options = *options};
	int ret, status = EXIT_CANNOT;
	struct error err = {0};

	drops.options.drop_kinds = true;
	if (!drops.options.interval_ns)
		drops.options.interval_ns = INTERVAL_DEFAULT_NS;
	ret = loop_new(&drops.loop, &err);
	if (ret) {
		log_error(&err);
		return EXIT_CANNOT;
	}
	if (output_new(&drops.output, options, cmd_drops.json, loop_stop_fd(drops.loop)))
		goto out;
	ret = set_up(&drops, &err);
	if (ret) {
		status = engine_start_failed(&err);
		goto out;
	}
	ret = loop_run(drops.loop);
	if (!ret)
		ret = finish(&drops);
	engine_log_losses(drops.engine);
	if (drops.symbols && symbols_are_hidden(drops.symbols))
		log_warning("functions are shown as addresses: the kernel hides where they are; "
			    "run as root, or with CAP_SYSLOG, and have sysctl "
			    "kernel.kptr_restrict below 2");
	if (drops.output_error)
		status = output_failed(drops.output_error);
	else
		status = ret ? EXIT_CANNOT : engine_exit_status(drops.engine);
out:
	engine_free(drops.engine);
	identity_free(drops.identity);
	drop_rows_release(&drops.interval);
	drop_rows_release(&drops.total);
	drop_book_free(drops.book);
	free(drops.devices);
	drop_reasons_free(drops.reasons);
	symbols_free(drops.symbols);
	output_release(&drops.output);
	loop_free(drops.loop);
	return status;
}

static const enum option_id ids[] = {
	'i',           OPTION_CONTAINER,      'I', OPTION_WHERE, 'd',        'c', OPTION_NETNS,
	OPTION_ATTACH, OPTION_MAX_INTERFACES, 'j', OPTION_CSV,   OPTION_END,
};

const struct command cmd_drops = {
	.name = "drops",
	.summary = "what is dropped, by interface, direction and reason",
	.details =
		"\nEvery packet that the stack gave up (kfree_skb), with the kernel's own reason:\n"
		"on the whole way, also by protocols, filters and full sockets. A drop is\n"
		"credited to an interface only where the packet proves which one; '-' stands\n"
		"where none can be told.\n",
	.json = WRITER_JSON_LINES,
	.ids = ids,
	.run = run,
	.privilege = PRIVILEGE_TO_PROBE,
};
