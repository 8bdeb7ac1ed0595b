// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/recorded.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "store/database.h"
#include "store/schema.h"
#include "store/values.h"

#define INTERFACES_MAX (1U << 20)
/* Ten years: a bit that fell over must not make a replay endless. */
#define COVERAGE_MAX_NS (10 * 366 * 86400 * NSEC_PER_SEC)

int recorded_prepare(const struct recorded *file, sqlite3_stmt **stmt, const char *sql,
		     struct error *err)
{
	int rc = sqlite3_prepare_v2(file->db, sql, -1, stmt, NULL);

	return rc ? database_error(file->db, rc, err, "cannot read '%s'", file->path) : 0;
}

int recorded_step(const struct recorded *file, sqlite3_stmt *stmt, struct error *err)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE
		       ? 0
		       : database_error(file->db, rc, err, "cannot read '%s'", file->path);
}

static int meta_step(struct row *row, struct recording_meta *meta, unsigned int *seen)
{
	char key[32];

	row_text(row, 0, key, sizeof(key));
	if (row->is_bad)
		return -EBADMSG;
	if (!strcmp(key, "window_ns")) {
		meta->width_ns = row_number(row, 1, WINDOW_WIDTH_MAX_NS);
		*seen |= 1;
	} else if (!strcmp(key, "clock_offset_ns")) {
		meta->wall_offset_ns = row_time(row, 1);
		*seen |= 2;
	} else if (!strcmp(key, "host")) {
		row_text(row, 1, meta->host, sizeof(meta->host));
	} else if (!strcmp(key, "boot_id")) {
		row_text(row, 1, meta->boot_id, sizeof(meta->boot_id));
	} else if (!strcmp(key, "kernel")) {
		row_text(row, 1, meta->kernel, sizeof(meta->kernel));
	} else if (!strcmp(key, "machine")) {
		row_text(row, 1, meta->machine, sizeof(meta->machine));
	} else if (!strcmp(key, "version")) {
		row_text(row, 1, meta->version, sizeof(meta->version));
	} else if (!strcmp(key, "netns")) {
		meta->netns_inum = (uint32_t)row_number(row, 1, UINT32_MAX);
	}
	return row->is_bad ? -EBADMSG : 0;
}

static int read_meta(struct recorded *file, struct error *err)
{
	/* Its keys are few, and what else stands there is nobody's. */
	enum { KEYS_MAX = 256 };
	unsigned int seen = 0;
	struct row row = {0};
	int ret, n = 0;

	ret = recorded_prepare(file, &row.stmt, "SELECT key, value FROM meta", err);
	while (!ret && (ret = recorded_step(file, row.stmt, err)) > 0) {
		ret = 0;
		if (++n > KEYS_MAX || meta_step(&row, &file->meta, &seen))
			ret = database_damaged(err, file->path, "what it says of its run");
	}
	sqlite3_finalize(row.stmt);
	if (!ret && (seen != 3 || file->meta.width_ns < WINDOW_WIDTH_MIN_NS))
		ret = database_damaged(err, file->path, "the width of its windows");
	return ret;
}

static int read_coverage(struct recorded *file, struct error *err)
{
	struct recorded_range *coverage = &file->coverage;
	struct row row = {0};
	int ret;

	ret = recorded_prepare(file, &row.stmt, "SELECT from_ns, until_ns FROM coverage LIMIT 1",
			       err);
	if (ret)
		return ret;
	ret = recorded_step(file, row.stmt, err);
	if (ret > 0) {
		coverage->from_ns = row_time(&row, 0);
		coverage->until_ns = row_time(&row, 1);
	}
	sqlite3_finalize(row.stmt);
	if (ret < 0)
		return ret;
	if (!ret || row.is_bad || coverage->until_ns < coverage->from_ns ||
	    coverage->until_ns - coverage->from_ns > COVERAGE_MAX_NS ||
	    (coverage->until_ns - coverage->from_ns) % file->meta.width_ns)
		return database_damaged(err, file->path, "the time that it covers");
	return 0;
}

/* "02:00:00:00:00:01" */
static void read_mac(struct row *row, int column, struct link *link)
{
	const char *text = row_text_or_null(row, column, 3 * LINK_ADDRESS_MAX - 1);
	unsigned int byte;
	int used;

	while (text && *text) {
		used = 0;
		if (link->address_len == LINK_ADDRESS_MAX ||
		    sscanf(text, "%2x%n", &byte, &used) != 1 || used != 2 ||
		    (text[2] && text[2] != ':')) {
			row->is_bad = true;
			return;
		}
		link->address[link->address_len++] = (uint8_t)byte;
		text += text[2] ? 3 : 2;
	}
}

static uint8_t operstate_of(const char *name)
{
	uint8_t state;

	for (state = 0; state < 16; state++)
		if (!strcmp(name, link_operstate_name(state)))
			return state;
	return 0;
}

static void read_link(struct row *row, struct link *link)
{
	char text[16];

	row_text_or_empty(row, 5, link->kind, sizeof(link->kind));
	link->type = (uint16_t)row_number_or(row, 6, UINT16_MAX, 0);
	read_mac(row, 7, link);
	link->flags = row_number_or(row, 8, UINT32_MAX, 0);
	row_text_or_empty(row, 9, text, sizeof(text));
	link->operstate = operstate_of(text);
	link->carrier = (uint8_t)row_number_or(row, 10, UINT8_MAX, 0);
	link->mtu = row_number_or(row, 11, UINT32_MAX, 0);
	link->txqlen = row_number_or(row, 12, UINT32_MAX, 0);
	link->speed_mbps = row_number_or(row, 13, UINT32_MAX, 0);
	row_text_or_empty(row, 14, text, sizeof(text));
	link->duplex = !strcmp(text, "half")   ? DUPLEX_HALF
		       : !strcmp(text, "full") ? DUPLEX_FULL
					       : DUPLEX_UNKNOWN;
	link->master = row_number_or(row, 15, UINT32_MAX, 0);
	link->lower = row_number_or(row, 16, UINT32_MAX, 0);
	link->lower_netnsid =
		row_is_null(row, 17) ? LINK_NETNSID_NONE : (int32_t)row_number(row, 17, INT32_MAX);
	row_text_or_empty(row, 18, link->qdisc, sizeof(link->qdisc));
}

static bool read_interface(struct recorded *file, struct row *row)
{
	const char *container = row_text_or_null(row, 19, CONTAINER_NAME_SIZE - 1);
	struct series_member *member = &file->members[file->n];
	struct link *link = &file->links[file->n];

	*member = (struct series_member){0};
	*link = (struct link){0};
	file->ids[file->n] = row_number(row, 0, INT64_MAX);
	member->ifindex = (uint32_t)row_number(row, 1, UINT32_MAX);
	row_text(row, 2, member->ifname, sizeof(member->ifname));
	member->from_ns = row_time(row, 3);
	member->to_ns = row_is_null(row, 4) ? SERIES_STAYS : row_time(row, 4);
	row_text_or_empty(row, 20, member->netns, sizeof(member->netns));
	link->ifindex = member->ifindex;
	memcpy(link->ifname, member->ifname, sizeof(link->ifname));
	read_link(row, link);
	if (row->is_bad || (file->n && file->ids[file->n] <= file->ids[file->n - 1]))
		return false;
	file->containers[file->n] = container ? strdup(container) : NULL;
	return true;
}

#define INTERFACES_WITH(columns)                                                  \
	"SELECT id, ifindex, ifname, from_ns, until_ns, kind, type, mac, flags, " \
	"operstate, carrier, mtu, txqlen, speed_mbps, duplex, master, lower, "    \
	"lower_netnsid, qdisc, " columns " FROM interfaces ORDER BY id"

static int read_interfaces(struct recorded *file, struct error *err)
{
	size_t capacity[4] = {0};
	struct row row = {0};
	int ret;

	ret = recorded_prepare(file, &row.stmt,
			       file->schema < 2 ? INTERFACES_WITH("NULL, NULL")
						: INTERFACES_WITH("container, netns"),
			       err);
	while (!ret && (ret = recorded_step(file, row.stmt, err)) > 0) {
		ret = 0;
		if (array_reserve(&file->ids, &capacity[0], file->n + 1, sizeof(*file->ids)) ||
		    array_reserve(&file->members, &capacity[1], file->n + 1,
				  sizeof(*file->members)) ||
		    array_reserve(&file->links, &capacity[2], file->n + 1, sizeof(*file->links)) ||
		    array_reserve(&file->containers, &capacity[3], file->n + 1,
				  sizeof(*file->containers)))
			ret = error_errno(err, -ENOMEM, "cannot read '%s'", file->path);
		else if (file->n == INTERFACES_MAX || !read_interface(file, &row))
			ret = database_damaged(err, file->path, "its interfaces");
		else
			file->n++;
	}
	sqlite3_finalize(row.stmt);
	return ret;
}

static int compare_order(const void *a, const void *b, void *context)
{
	const size_t *i = a, *k = b;
	const struct series_member *members = context, *x = &members[*i], *y = &members[*k];
	int order = strcmp(x->netns, y->netns);

	if (order)
		return order;
	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (*i > *k) - (*i < *k);
}

/* Replaces an array by its items in that order. 0 or -ENOMEM. */
static int reorder(void *items, size_t item_size, const size_t *order, size_t n)
{
	char *old, *ordered = calloc(n, item_size);
	size_t i;

	if (!ordered)
		return -ENOMEM;
	memcpy(&old, items, sizeof(old));
	for (i = 0; i < n; i++)
		memcpy(ordered + i * item_size, old + order[i] * item_size, item_size);
	free(old);
	memcpy(items, &ordered, sizeof(ordered));
	return 0;
}

/* By id they come in the order in which they were attached; shown they are in that of a live command. */
static int assign_slots(struct recorded *file, struct error *err)
{
	size_t i, *order = calloc(file->n + 1, sizeof(*order));
	int ret = -ENOMEM;

	file->slots = calloc(file->n + 1, sizeof(*file->slots));
	if (!order || !file->slots)
		goto out;
	for (i = 0; i < file->n; i++)
		order[i] = i;
	qsort_r(order, file->n, sizeof(*order), compare_order, file->members);
	if (file->n && (reorder(&file->members, sizeof(*file->members), order, file->n) ||
			reorder(&file->links, sizeof(*file->links), order, file->n) ||
			reorder(&file->containers, sizeof(*file->containers), order, file->n)))
		goto out;
	for (i = 0; i < file->n; i++) {
		file->members[i].slot = (uint32_t)i + 1;
		file->slots[order[i]] = (uint32_t)i + 1;
	}
	ret = 0;
out:
	free(order);
	return ret ? error_errno(err, ret, "cannot read '%s'", file->path) : 0;
}

int recorded_open(struct recorded *file, const char *path, struct error *err)
{
	bool is_ours = false;
	int ret, rc;

	file->path = strdup(path);
	if (!file->path)
		return error_errno(err, -ENOMEM, "cannot read '%s'", path);
	ret = database_open(&file->db, path, err);
	if (ret)
		return ret;
	rc = schema_check(file->db, &file->schema, &is_ours);
	if (rc)
		return database_error(file->db, rc, err, "cannot read '%s'", path);
	if (!is_ours)
		return database_damaged(err, path, "its tables are not those of a recording");
	ret = read_meta(file, err);
	ret = ret ? ret : read_coverage(file, err);
	ret = ret ? ret : read_interfaces(file, err);
	return ret ? ret : assign_slots(file, err);
}

void recorded_release(struct recorded *file)
{
	size_t i;

	sqlite3_close(file->db);
	free(file->path);
	free(file->ids);
	free(file->slots);
	free(file->members);
	free(file->links);
	for (i = 0; i < file->n; i++)
		free(file->containers[i]);
	free(file->containers);
}

uint32_t recorded_slot_of(const struct recorded *file, uint64_t id)
{
	size_t low = 0, high = file->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < file->n && file->ids[low] == id ? file->slots[low] : SLOT_NONE;
}
