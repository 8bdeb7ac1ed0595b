/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * table: rows of cells for people, in columns as wide as their widest cell.
 *
 * Cells are escaped (base/text), so that a hostile name can neither steer the terminal nor shift a
 * column. Colour is used only where the owner says so. Where the table would be wider than it may
 * be, texts are shortened in columns that allow it, then whole columns are left out; never a part of a
 * number.
 */
#ifndef IFPULSE_OUT_TABLE_H
#define IFPULSE_OUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "out/sink.h"

enum table_style { TABLE_PLAIN, TABLE_BOLD, TABLE_DIM, TABLE_GOOD, TABLE_BAD };

struct table_column {
	const char *title; /* borrowed */
	bool right;        /* aligned so; for numbers */
	size_t min_width;  /* a column that changes from print to print keeps its place */
	unsigned int rank; /* 0: always shown; else those of the highest rank are left out first */
};

/* So wide is a column of containers at least: as much as the short form of an id. */
#define CONTAINER_WIDTH_MIN 12

struct table;

/* Copies `columns`. 0 or -ENOMEM. */
int table_new(struct table **out, const struct table_column *columns, size_t n_columns,
	      bool use_colour);
void table_free(struct table *table);

/* Texts of the column may be shortened, down to this width, before any column is left out. */
void table_may_cut(struct table *table, size_t column, size_t to);

/* The cells of a row, one after the other, n_columns of them. Want of memory shows in table_print(). */
void table_cell(struct table *table, enum table_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Rows so far. */
size_t table_rows(const struct table *table);

/*
 * Writes the titles and every row into the sink, in lines of at most max_width where the columns of
 * rank 0 allow it, and commits it; then the table is empty.
 */
void table_print(struct table *table, struct sink *sink, size_t max_width);

#endif
