// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/proc_net_dev.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define TITLE_LINES 2
#define NUMBERS 16

enum { RX_BYTES = 0, RX_PACKETS = 1, TX_BYTES = 8, TX_PACKETS = 9 };

static bool take_number(const char *word, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*word))
		return false; /* strtoull(3) takes a sign */
	errno = 0;
	*number = strtoull(word, &end, 10);
	return !errno && !*end;
}

/* The whole of a line is such numbers. */
static bool take_numbers(char *line, uint64_t numbers[NUMBERS])
{
	char *rest, *word = strtok_r(line, " \t\r", &rest);
	int i;

	for (i = 0; i < NUMBERS; i++, word = strtok_r(NULL, " \t\r", &rest))
		if (!word || !take_number(word, &numbers[i]))
			return false;
	return !word;
}

static bool take_line(char *line, struct proc_net_dev_row *row)
{
	uint64_t numbers[NUMBERS];
	char *colon = strchr(line, ':');

	line += strspn(line, " \t");
	if (!colon || colon == line || colon - line >= IF_NAMESIZE)
		return false;
	*colon = '\0';
	if (strpbrk(line, " \t") || !take_numbers(colon + 1, numbers))
		return false;
	*row = (struct proc_net_dev_row){.stats = {.rx_bytes = numbers[RX_BYTES],
						   .rx_packets = numbers[RX_PACKETS],
						   .tx_bytes = numbers[TX_BYTES],
						   .tx_packets = numbers[TX_PACKETS]}};
	strcpy(row->ifname, line);
	return true;
}

static int refuse(const char *path, unsigned int line, const char *why, struct error *err)
{
	error_set(err, -EINVAL, "%s is no saved /proc/net/dev: line %u %s", path, line, why);
	error_hint(err, "save one with: cat /proc/net/dev >FILE");
	return -EINVAL;
}

int proc_net_dev_parse(const char *path, char *text, struct proc_net_dev_row **rows, size_t *n,
		       struct error *err)
{
	struct proc_net_dev_row *all = NULL;
	size_t used = 0, capacity = 0;
	unsigned int number = 0;
	char *line, *next;
	int ret = 0;

	for (line = text; !ret && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (++number <= TITLE_LINES) {
			if (!strchr(line, '|'))
				ret = refuse(path, number, "has none of its titles", err);
			continue;
		}
		if (array_reserve(&all, &capacity, used + 1, sizeof(*all)))
			ret = error_errno(err, -ENOMEM, "cannot read %s", path);
		else if (!take_line(line, &all[used]))
			ret = refuse(path, number, "is no name with 16 numbers", err);
		else if (proc_net_dev_find(all, used, all[used].ifname))
			ret = refuse(path, number, "names an interface again", err);
		else
			used++;
	}
	if (!ret && number <= TITLE_LINES)
		ret = refuse(path, number + 1, "is not there", err);
	if (ret) {
		free(all);
		return ret;
	}
	*rows = all;
	*n = used;
	return 0;
}

const struct proc_net_dev_row *proc_net_dev_find(const struct proc_net_dev_row *rows, size_t n,
						 const char *ifname)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(rows[i].ifname, ifname))
			return &rows[i];
	return NULL;
}
