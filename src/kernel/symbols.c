// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"

#define KALLSYMS_PATH "/proc/kallsyms"
#define READ_BYTES (16 * 1024)
#define LINE_SIZE 1024

/* The smallest there is: where pages are larger, no module begins off their multiples either. */
#define PAGE_BYTES 4096

/* Some ten times what a kernel with all its modules has: beyond, it is not kallsyms. */
#define N_SYMBOLS_MAX (2U * 1024 * 1024)
#define NAMES_SIZE_MAX (128U * 1024 * 1024)

struct symbol {
	uint64_t address;
	uint32_t name, module; /* where they begin in names */
};

/* By address, each of which is there once. */
struct symbol_table {
	struct symbol *items;
	size_t n, capacity;
	char *names; /* NUL-terminated, one after the other; the first is empty, for no module */
	size_t names_size, names_capacity;
	uint32_t last_module;
};

struct symbols {
	char *path;
	int fd; /* negative: it cannot be read */
	struct symbol_table table;
	bool is_read;
	uint64_t read_ns, wait_ns;
};

struct kallsyms_line {
	uint64_t address;
	char type;
	const char *name, *module; /* module: empty for the kernel proper */
};

static void table_clear(struct symbol_table *table)
{
	free(table->items);
	free(table->names);
	memset(table, 0, sizeof(*table));
}

/* Ends the word at *text, which is moved behind it; NULL where nothing printable is left. */
static char *cut_word(char **text)
{
	char *word = *text, *end = word;

	while (*end > ' ' && *end <= '~')
		end++;
	/* Anything else than the ends of words, such as an escape sequence, is not ours to show. */
	if (end == word || !strchr(" \t\n", *end))
		return NULL;
	*text = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* "ffffffffc0201000 t ftrace_trampoline\t[__builtin__ftrace]\n", which is cut to pieces. */
static bool parse_line(char *text, struct kallsyms_line *line)
{
	char *address = cut_word(&text), *type, *name, *module, *end;

	type = address ? cut_word(&text) : NULL;
	name = type ? cut_word(&text) : NULL;
	if (!name || type[1] || strlen(address) > 16 ||
	    address[strspn(address, "0123456789abcdef")])
		return false;
	line->address = strtoull(address, NULL, 16);
	line->type = type[0];
	line->name = name;
	line->module = "";
	if (!*text)
		return true;
	module = cut_word(&text);
	end = module ? strchr(module, ']') : NULL;
	if (!end || module[0] != '[' || end == module + 1 || end[1] || *text)
		return false;
	*end = '\0';
	line->module = module + 1;
	return true;
}

/* Mapping symbols of arm and RISC-V ($x, $d) mark code and data within functions. */
static bool is_wanted(const struct kallsyms_line *line)
{
	return line->address && strchr("tTwW", line->type) && line->name[0] != '$';
}

static int add_name(struct symbol_table *table, const char *name, uint32_t *at)
{
	size_t size = strlen(name) + 1;

	if (table->names_size + size > NAMES_SIZE_MAX)
		return -EFBIG;
	if (array_reserve(&table->names, &table->names_capacity, table->names_size + size, 1))
		return -ENOMEM;
	memcpy(table->names + table->names_size, name, size);
	*at = (uint32_t)table->names_size;
	table->names_size += size;
	return 0;
}

static int add_symbol(struct symbol_table *table, const struct kallsyms_line *line)
{
	struct symbol symbol = {.address = line->address};
	int ret;

	if (table->n >= N_SYMBOLS_MAX)
		return -EFBIG;
	if (array_reserve(&table->items, &table->capacity, table->n + 1, sizeof(*table->items)))
		return -ENOMEM;
	/* The symbols of a module follow each other: its name is kept once. */
	if (line->module[0] && strcmp(table->names + table->last_module, line->module)) {
		ret = add_name(table, line->module, &table->last_module);
		if (ret)
			return ret;
	}
	symbol.module = line->module[0] ? table->last_module : 0;
	ret = add_name(table, line->name, &symbol.name);
	if (!ret)
		table->items[table->n++] = symbol;
	return ret;
}

/* Names lie in the order of the file. */
static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

static void sort_table(struct symbol_table *table)
{
	struct symbol *shrunk;
	size_t kept = 0;
	char *names;

	if (!table->n)
		return;
	qsort(table->items, table->n, sizeof(*table->items), compare_symbols);
	for (size_t i = 1; i < table->n; i++)
		if (table->items[i].address != table->items[kept].address)
			table->items[++kept] = table->items[i];
	table->n = kept + 1;
	shrunk = realloc(table->items, table->n * sizeof(*table->items));
	if (shrunk) {
		table->items = shrunk;
		table->capacity = table->n;
	}
	names = realloc(table->names, table->names_size);
	if (names) {
		table->names = names;
		table->names_capacity = table->names_size;
	}
}

/* Lines that are none of kallsyms', or too long to be, are passed over. */
static int read_lines(struct symbol_table *table, FILE *file)
{
	char text[LINE_SIZE];
	struct kallsyms_line line;
	bool is_rest = false, was_rest;
	uint32_t none;
	int ret = add_name(table, "", &none);

	while (!ret && fgets(text, sizeof(text), file)) {
		was_rest = is_rest;
		is_rest = !strchr(text, '\n') && !feof(file);
		if (!was_rest && !is_rest && parse_line(text, &line) && is_wanted(&line))
			ret = add_symbol(table, &line);
	}
	return !ret && ferror(file) ? -EIO : ret;
}

/* From its beginning, by the descriptor that has the right to see addresses. NULL with errno. */
static FILE *open_again(const struct symbols *symbols)
{
	int fd = fcntl(symbols->fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd < 0 || lseek(fd, 0, SEEK_SET) ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

/* What was known stays where the file cannot be read. */
static void read_symbols(struct symbols *symbols, uint64_t now_ns)
{
	FILE *file = open_again(symbols);
	struct symbol_table table = {0};
	int ret = file ? 0 : -errno;
	char buffer[READ_BYTES];

	symbols->is_read = true;
	symbols->read_ns = now_ns;
	if (file) {
		/* By itself stdio takes the 1 KiB that proc calls its block size. */
		setvbuf(file, buffer, _IOFBF, sizeof(buffer));
		ret = read_lines(&table, file);
		fclose(file);
	}
	if (ret) {
		log_debug("cannot read %s: %s", symbols->path, strerror(-ret));
		table_clear(&table);
		return;
	}
	sort_table(&table);
	table_clear(&symbols->table);
	symbols->table = table;
}

/*
 * Where the last function of a module ends is not known, and a module that was loaded since may
 * begin on the next page: from there on, no name is better than a wrong one.
 */
static bool is_within(const struct symbol_table *table, size_t at, uint64_t address)
{
	const struct symbol *symbol = &table->items[at];

	if (at + 1 < table->n && symbol[1].module == symbol->module)
		return address - symbol->address < SYMBOLS_DISTANCE_MAX;
	return address / PAGE_BYTES == symbol->address / PAGE_BYTES;
}

/* NULL where it is unknown. */
static const struct symbol *find_symbol(const struct symbol_table *table, uint64_t address)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && is_within(table, low - 1, address) ? &table->items[low - 1] : NULL;
}

static const struct symbol *look_up(struct symbols *symbols, uint64_t address, uint64_t now_ns)
{
	const struct symbol *symbol;

	if (!symbols->is_read)
		read_symbols(symbols, now_ns);
	symbol = find_symbol(&symbols->table, address);
	if (symbol || now_ns - symbols->read_ns < symbols->wait_ns)
		return symbol;
	read_symbols(symbols, now_ns);
	symbol = find_symbol(&symbols->table, address);
	symbols->wait_ns = symbol ? SYMBOLS_WAIT_MIN_NS : symbols->wait_ns * 2;
	if (symbols->wait_ns > SYMBOLS_WAIT_MAX_NS)
		symbols->wait_ns = SYMBOLS_WAIT_MAX_NS;
	return symbol;
}

char *symbols_format(struct symbols *symbols, uint64_t address, uint64_t now_ns, char *out,
		     size_t size)
{
	const struct symbol *symbol = look_up(symbols, address, now_ns);
	const char *names = symbols->table.names;

	if (!symbol)
		snprintf(out, size, "0x%" PRIx64, address);
	else if (symbol->module)
		snprintf(out, size, "%s+0x%" PRIx64 " [%s]", names + symbol->name,
			 address - symbol->address, names + symbol->module);
	else
		snprintf(out, size, "%s+0x%" PRIx64, names + symbol->name,
			 address - symbol->address);
	return out;
}

bool symbols_are_hidden(const struct symbols *symbols)
{
	return symbols->is_read && !symbols->table.n;
}

int symbols_new(struct symbols **out, const char *path, struct error *err)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols)
		symbols->path = strdup(path ? path : KALLSYMS_PATH);
	if (!symbols || !symbols->path) {
		free(symbols);
		return error_errno(err, -ENOMEM, "cannot name kernel addresses");
	}
	symbols->fd = open(symbols->path, O_RDONLY | O_CLOEXEC);
	if (symbols->fd < 0)
		log_debug("cannot read %s: %s", symbols->path, strerror(errno));
	symbols->wait_ns = SYMBOLS_WAIT_MIN_NS;
	*out = symbols;
	return 0;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	table_clear(&symbols->table);
	if (symbols->fd >= 0)
		close(symbols->fd);
	free(symbols->path);
	free(symbols);
}
