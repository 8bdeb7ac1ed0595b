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
	struct table_column *columns;
	size_t *cuts; /* by column: the width that it may be cut to; 0: not at all */
	size_t n_columns;
	bool use_colour, out_of_memory;
	struct cell *cells; /* row by row */
	size_t n, capacity;
};

int table_new(struct table **out, const struct table_column *columns, size_t n_columns,
	      bool use_colour)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->columns = calloc(n_columns, sizeof(*columns));
	table->cuts = calloc(n_columns, sizeof(*table->cuts));
	if (!table->columns || !table->cuts) {
		table_free(table);
		return -ENOMEM;
	}
	memcpy(table->columns, columns, n_columns * sizeof(*columns));
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
	free(table->columns);
	free(table->cuts);
	free(table);
}

void table_may_cut(struct table *table, size_t column, size_t to)
{
	table->cuts[column] = to;
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

/* A line under way: padding is put before a cell, so that there is none behind the last. */
struct line {
	struct sink *sink;
	size_t padding;
};

static void print_cell(const struct table *table, struct line *line, const struct cell *cell,
		       size_t column_width, bool right)
{
	bool coloured = table->use_colour && cell->style != TABLE_PLAIN;
	size_t width = cell->width < column_width ? cell->width : column_width;
	size_t rest = column_width - width;
	char cut[CELL_SIZE * TEXT_ESCAPE_GROWTH];

	if (cell->width) {
		sink_format(line->sink, "%*s", (int)(line->padding + (right ? rest : 0)), "");
		if (coloured)
			sink_text(line->sink, colour_of(cell->style));
		sink_text(line->sink, cell->width > width
					      ? text_cut(cut, sizeof(cut), cell->text, width)
					      : cell->text);
		if (coloured)
			sink_text(line->sink, "\033[0m");
		line->padding = right ? 0 : rest;
	} else {
		line->padding += column_width;
	}
	line->padding += COLUMN_GAP;
}

/* A row of cells, in the columns that have a width; none where all that is left of it is empty. */
static void print_row(const struct table *table, struct sink *sink, const struct cell *cells,
		      const size_t *widths)
{
	struct line line = {.sink = sink};
	size_t column, left = 0;

	for (column = 0; column < table->n_columns; column++)
		left += widths[column] ? cells[column].width : 0;
	if (!left)
		return;
	for (column = 0; column < table->n_columns; column++)
		if (widths[column])
			print_cell(table, &line, &cells[column], widths[column],
				   table->columns[column].right);
	sink_text(sink, "\n");
}

static void measure(const struct table *table, const struct cell *titles, size_t *widths)
{
	size_t i, column;

	for (column = 0; column < table->n_columns; column++) {
		widths[column] = titles[column].width;
		if (widths[column] < table->columns[column].min_width)
			widths[column] = table->columns[column].min_width;
	}
	for (i = 0; i < table->n; i++)
		if (table->cells[i].width > widths[i % table->n_columns])
			widths[i % table->n_columns] = table->cells[i].width;
}

static size_t total_of(const struct table *table, const size_t *widths)
{
	size_t column, total = 0;

	for (column = 0; column < table->n_columns; column++)
		if (widths[column])
			total += widths[column] + (total ? COLUMN_GAP : 0);
	return total;
}

/* Narrows what may be cut, as far as that is of use; returns the total width then. */
static size_t narrow(const struct table *table, size_t *widths, size_t max_width)
{
	size_t column, total = total_of(table, widths);

	for (column = 0; column < table->n_columns && total > max_width; column++) {
		size_t cut_to = table->cuts[column], gain;

		if (!cut_to || widths[column] <= cut_to)
			continue;
		gain = widths[column] - cut_to;
		if (gain > total - max_width)
			gain = total - max_width;
		widths[column] -= gain;
		total -= gain;
	}
	return total;
}

/* Cuts texts, then leaves columns out, which then have no width, until the others fit. */
static void fit(const struct table *table, size_t *widths, size_t *tried, size_t max_width)
{
	for (;;) {
		unsigned int rank = 0;
		size_t column;

		memcpy(tried, widths, table->n_columns * sizeof(*widths));
		if (narrow(table, tried, max_width) <= max_width)
			break;
		for (column = 0; column < table->n_columns; column++)
			if (widths[column] && table->columns[column].rank > rank)
				rank = table->columns[column].rank;
		if (!rank)
			break;
		for (column = 0; column < table->n_columns; column++)
			if (table->columns[column].rank == rank)
				widths[column] = 0;
	}
	memcpy(widths, tried, table->n_columns * sizeof(*widths));
}

void table_print(struct table *table, struct sink *sink, size_t max_width)
{
	size_t *widths = calloc(table->n_columns, 2 * sizeof(*widths));
	struct cell *titles = calloc(table->n_columns, sizeof(*titles));
	size_t i;

	if (!widths || !titles || table->out_of_memory) {
		sink_text(sink, "(no memory for the table)\n");
		goto out;
	}
	for (i = 0; i < table->n_columns; i++)
		titles[i] = (struct cell){(char *)table->columns[i].title,
					  text_width(table->columns[i].title), TABLE_BOLD};
	measure(table, titles, widths);
	fit(table, widths, widths + table->n_columns, max_width);
	print_row(table, sink, titles, widths);
	for (i = 0; i < table->n; i += table->n_columns)
		print_row(table, sink, &table->cells[i], widths);
out:
	sink_commit(sink);
	free(titles);
	free(widths);
	drop_cells(table);
}
