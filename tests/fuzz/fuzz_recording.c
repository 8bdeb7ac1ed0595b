// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A recording that somebody has tampered with, read by the commands that read one. The input spoils a good one:
 * a byte says what to do (a value of some row and column, a row less, a row twice, some bytes of the file), the next
 * ones where and by what. The schema stays: another is refused as such. The time that is covered stays within a
 * minute, since a longer one is legal, and takes long.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "base/array.h"
#include "base/log.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/seed_recording.h"

#define OPERATIONS_MAX 16
#define TEXT_MAX 300

/* What fontconfig read once it keeps until the end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}

static const char *const tables[] = {"meta",     "coverage", "interfaces", "addresses",
				     "changes",  "bursts",   "drops",      "gaps",
				     "counters", "chunks",   "open_chunks"};

static char directory[200], path[240], picture[240];
static uint8_t *good;
static size_t good_size;

static void clean_up(void)
{
	unlink(path);
	unlink(picture);
	rmdir(directory);
}

static void read_good(void)
{
	struct stat status;
	FILE *file;

	if (stat(path, &status))
		abort();
	good_size = (size_t)status.st_size;
	good = malloc(good_size);
	file = fopen(path, "r");
	if (!good || !file || fread(good, 1, good_size, file) != good_size)
		abort();
	fclose(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *parent = getenv("TMPDIR");

	(void)argc;
	(void)argv;
	snprintf(directory, sizeof(directory), "%s/ifpulse-fuzz-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof(path), "%s/recording", directory);
	snprintf(picture, sizeof(picture), "%s/picture.svg", directory);
	atexit(clean_up);
	seed_recording(path);
	read_good();
	log_set_level(LOG_LEVEL_ERROR);
	return 0;
}

static void write_all(const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
		abort();
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *format, const char *a, const char *b,
			     unsigned int row)
{
	sqlite3_stmt *stmt = NULL;
	char sql[400];

	snprintf(sql, sizeof(sql), format, a, b, a, row);
	sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	return stmt;
}

/* Name of a column; empty where the table has not so many. */
static void name_column(sqlite3 *db, const char *table, unsigned int column, char *out, size_t size)
{
	sqlite3_stmt *stmt;
	char sql[120];

	out[0] = '\0';
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
		return;
	column %= (unsigned int)sqlite3_column_count(stmt);
	snprintf(out, size, "%s", sqlite3_column_name(stmt, (int)column));
	sqlite3_finalize(stmt);
}

static void bind_value(sqlite3_stmt *stmt, struct input *input, uint8_t kind)
{
	char *text;

	if (kind % 4 == 0) {
		sqlite3_bind_int64(stmt, 1, (sqlite3_int64)input_u64(input));
	} else if (kind % 4 == 1) {
		sqlite3_bind_int(stmt, 1, (int8_t)input_u8(input));
	} else if (kind % 4 == 2) {
		text = input_text(input, input_u16(input) % TEXT_MAX);
		if (kind & 4)
			sqlite3_bind_text(stmt, 1, text, -1, SQLITE_TRANSIENT);
		else
			sqlite3_bind_blob(stmt, 1, text, (int)strlen(text), SQLITE_TRANSIENT);
		free(text);
	}
}

static const char *row_format(const char *table, bool is_update)
{
	/* The one table without rowids. */
	if (!strcmp(table, "meta"))
		return is_update
			       ? "UPDATE OR IGNORE %s SET %s = ?1 WHERE key = "
				 "(SELECT key FROM %s LIMIT 1 OFFSET %u)"
			       : "DELETE FROM %s WHERE %s = (SELECT key FROM %s LIMIT 1 OFFSET %u)";
	return is_update ? "UPDATE OR IGNORE %s SET %s = ?1 WHERE rowid = "
			   "(SELECT rowid FROM %s LIMIT 1 OFFSET %u)"
			 : "DELETE FROM %s WHERE %s = (SELECT rowid FROM %s LIMIT 1 OFFSET %u)";
}

static void spoil_row(sqlite3 *db, struct input *input, uint8_t operation)
{
	const char *table = tables[input_u8(input) % ARRAY_SIZE(tables)];
	unsigned int row = input_u8(input) % 8;
	sqlite3_stmt *stmt;
	char column[80];

	if (operation % 8 == 6) {
		stmt = prepare(db, row_format(table, false), table,
			       strcmp(table, "meta") ? "rowid" : "key", row);
	} else if (operation % 8 == 7) {
		stmt = prepare(db,
			       "INSERT OR IGNORE INTO %s SELECT * FROM %.0s%s LIMIT 1 OFFSET %u",
			       table, "", row);
	} else {
		name_column(db, table, input_u8(input), column, sizeof(column));
		stmt = prepare(db, row_format(table, true), table, column, row);
		if (stmt)
			bind_value(stmt, input, input_u8(input));
	}
	if (stmt)
		sqlite3_step(stmt);
	sqlite3_finalize(stmt);
}

static void spoil_bytes(struct input *input)
{
	struct stat status;
	size_t size, i, n;
	int fd = open(path, O_RDWR);

	if (fd < 0 || fstat(fd, &status))
		abort();
	size = (size_t)status.st_size;
	n = 1 + input_u8(input) % 4;
	for (i = 0; i < n; i++) {
		uint64_t at = (input_u16(input) * UINT64_C(2654435761) >> 7) % size;
		uint8_t byte = input_u8(input);

		if (pwrite(fd, &byte, 1, (off_t)at) != 1)
			abort();
	}
	close(fd);
}

static void spoil(struct input *input)
{
	bool with_bytes = false;
	sqlite3 *db;
	int i;

	write_all(good, good_size);
	if (sqlite3_open(path, &db))
		abort();
	sqlite3_exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN", NULL,
		     NULL, NULL);
	for (i = 0; i < OPERATIONS_MAX && input->left; i++) {
		uint8_t operation = input_u8(input);

		if (operation % 32 == 31)
			with_bytes = true;
		else
			spoil_row(db, input, operation);
	}
	sqlite3_exec(db,
		     "UPDATE coverage SET until_ns = from_ns + 60000000000 WHERE typeof(from_ns) = "
		     "'integer' AND typeof(until_ns) = 'integer' AND "
		     "(until_ns > from_ns + 60000000000 OR from_ns < 0); COMMIT",
		     NULL, NULL, NULL);
	sqlite3_close(db);
	if (with_bytes)
		spoil_bytes(input);
}

/* As main() does. */
static void run(int argc, char **argv)
{
	const struct command commands[] = {cmd_replay, cmd_export, cmd_plot, {0}};
	const struct command *command;
	struct options options;
	int status;

	status = options_parse(&options, &command, commands, argc, argv);
	if (status < 0)
		status = command->run(&options);
	if (status < EXIT_DONE || status > EXIT_CANNOT || status == EXIT_USAGE)
		abort();
	options_release(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const lines[][8] = {
		{"x", "export", path, "--format", "jsonl"},
		{"x", "replay", path, "windows", "-j", "-c", "3000"},
		{"x", "replay", path, "rate", "--csv"},
		{"x", "replay", path, "bursts"},
		{"x", "replay", path, "bursts", "-j", "--threshold", "1Mbit"},
		{"x", "replay", path, "health", "-j"},
		{"x", "export", path, "--format", "perfetto"},
		{"x", "plot", path, "-o", picture},
	};
	struct input input = {data, size};
	size_t which = input_u8(&input) % ARRAY_SIZE(lines);
	char *words[8];
	int n;

	spoil(&input);
	for (n = 0; n < 8 && lines[which][n]; n++)
		words[n] = (char *)lines[which][n];
	run(n, words);
	return 0;
}
