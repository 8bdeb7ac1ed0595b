// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define CELL_SIZE 512
#define COLUMN_GAP 2

struct cell {
	char *text;
	size_t width;
	enum table_style style;
};

struct table {
	const char *const *titles;
	size_t n_columns;
	bool use_colour, out_of_memory;
	struct cell *cells; /* row by row */
	size_t n, capacity;
};

int table_new(struct table **out, const char *const *titles, size_t n_columns, bool use_colour)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->titles = titles;
	table->n_columns = n_columns;
	table->use_colour = use_colour;
	*out = table;
	return 0;
}

static void drop_cells(struct table *table)
{
	while (table->n)
		free(table->cells[--table->n].text);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	drop_cells(table);
	free(table->cells);
	free(table);
}

void table_cell(struct table *table, enum table_style style, const char *format, ...)
{
	char raw[CELL_SIZE], safe[CELL_SIZE * TEXT_ESCAPE_GROWTH];
	struct cell *cell;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(safe, sizeof(safe), raw);
	if (array_reserve(&table->cells, &table->capacity, table->n + 1, sizeof(*table->cells))) {
		table->out_of_memory = true;
		return;
	}
	cell = &table->cells[table->n];
	cell->text = strdup(safe);
	if (!cell->text) {
		table->out_of_memory = true;
		return;
	}
	cell->width = text_width(safe);
	cell->style = style;
	table->n++;
}

size_t table_rows(const struct table *table)
{
	return table->n / table->n_columns;
}

static const char *colour_of(enum table_style style)
{
	static const char *const codes[] = {
		[TABLE_PLAIN] = "",        [TABLE_BOLD] = "\033[1m", [TABLE_DIM] = "\033[2m",
		[TABLE_GOOD] = "\033[32m", [TABLE_BAD] = "\033[31m",
	};

	return codes[style];
}

static void print_cell(const struct table *table, struct sink *sink, const struct cell *cell,
		       size_t column_width, bool right, bool last)
{
	size_t padding = column_width - cell->width;
	bool coloured = table->use_colour && cell->style != TABLE_PLAIN;

	if (right)
		sink_format(sink, "%*s", (int)padding, "");
	if (coloured)
		sink_text(sink, colour_of(cell->style));
	sink_text(sink, cell->text);
	if (coloured)
		sink_text(sink, "\033[0m");
	if (last)
		sink_text(sink, "\n");
	else
		sink_format(sink, "%*s", (int)(COLUMN_GAP + (right ? 0 : padding)), "");
}

void table_print(struct table *table, struct sink *sink)
{
	size_t *widths = calloc(table->n_columns, sizeof(*widths));
	size_t i, column;

	if (!widths || table->out_of_memory) {
		sink_text(sink, "(no memory for the table)\n");
		goto out;
	}
	for (column = 0; column < table->n_columns; column++)
		widths[column] =
			text_width(table->titles[column] + (table->titles[column][0] == '>'));
	for (i = 0; i < table->n; i++)
		if (table->cells[i].width > widths[i % table->n_columns])
			widths[i % table->n_columns] = table->cells[i].width;
	for (column = 0; column < table->n_columns; column++) {
		bool right = table->titles[column][0] == '>';
		struct cell title = {.text = (char *)table->titles[column] + right,
				     .style = TABLE_BOLD};

		title.width = text_width(title.text);
		print_cell(table, sink, &title, widths[column], right,
			   column + 1 == table->n_columns);
	}
	for (i = 0; i < table->n; i++) {
		column = i % table->n_columns;
		print_cell(table, sink, &table->cells[i], widths[column],
			   table->titles[column][0] == '>', column + 1 == table->n_columns);
	}
out:
	sink_commit(sink);
	free(widths);
	drop_cells(table);
}
