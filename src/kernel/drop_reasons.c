// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/drop_reasons.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"

#define BTF_DIRECTORY "/sys/kernel/btf"
#define KERNEL_FILE "vmlinux"

#define CORE_ENUM "skb_drop_reason"
#define SUBSYSTEM_ENUM "skb_drop_reason_subsys"
#define ENUM_SUFFIX "_drop_reason"
#define CORE_PREFIX "SKB_DROP_REASON_"
#define SUBSYSTEM_PREFIX "SKB_DROP_REASON_SUBSYS_"

/* SKB_DROP_REASON_SUBSYS_SHIFT, a macro: BTF does not have it. */
#define SUBSYSTEM_SHIFT 16
#define NUMBER_MASK ((1U << SUBSYSTEM_SHIFT) - 1)

#define NAME_LENGTH_MAX 128

struct name {
	uint32_t value;
	bool is_sought; /* a subsystem: the modules have been looked through for its reasons */
	char *text;
};

/* By value, each of which is there once. */
struct names {
	struct name *items;
	size_t n, capacity;
};

struct drop_reasons {
	char *directory;
	bool is_read;
	bool has_core;
	struct names reasons;
	struct names subsystems;
};

/* The first item whose value is not below; n where all are. */
static size_t names_seek(const struct names *names, uint32_t value)
{
	size_t low = 0, high = names->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->items[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct name *names_find(const struct names *names, uint32_t value)
{
	size_t at = names_seek(names, value);

	return at < names->n && names->items[at].value == value ? &names->items[at] : NULL;
}

/* The first name of a value stays. */
static int names_add(struct names *names, uint32_t value, const char *text)
{
	size_t at = names_seek(names, value);
	char *copy;

	if (at < names->n && names->items[at].value == value)
		return 0;
	if (array_reserve(&names->items, &names->capacity, names->n + 1, sizeof(*names->items)))
		return -ENOMEM;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	memmove(&names->items[at + 1], &names->items[at], (names->n - at) * sizeof(*names->items));
	names->items[at] = (struct name){.value = value, .text = copy};
	names->n++;
	return 0;
}

static void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i].text);
	free(names->items);
}

/* What a C compiler lets through; other BTF is broken, and its names may steer a terminal. */
static bool is_identifier(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_");

	return length > 0 && length <= NAME_LENGTH_MAX && !text[length];
}

static const char *without_prefix(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	/* Never without anything left. */
	return strncmp(text, prefix, length) || !text[length] ? text : text + length;
}

/* False for what can be no reason: negative, wider than 32 bits, without a proper name. */
static bool read_value(const struct btf *btf, const struct btf_type *type, uint16_t at,
		       uint32_t *value, const char **text)
{
	bool is_signed = btf_kflag(type);
	uint32_t name_off;
	uint64_t wide;

	if (btf_is_enum64(type)) {
		const struct btf_enum64 *item = &btf_enum64(type)[at];

		wide = btf_enum64_value(item);
		name_off = item->name_off;
	} else {
		const struct btf_enum *item = &btf_enum(type)[at];

		wide = is_signed ? (uint64_t)(int64_t)item->val : (uint32_t)item->val;
		name_off = item->name_off;
	}
	*text = btf__name_by_offset(btf, name_off);
	*value = (uint32_t)wide;
	return wide <= UINT32_MAX && *text && is_identifier(*text);
}

static int take_core(struct drop_reasons *reasons, uint32_t value, const char *text)
{
	/* The mask is no reason. */
	if (value > NUMBER_MASK)
		return 0;
	return names_add(&reasons->reasons, value, without_prefix(text, CORE_PREFIX));
}

static int take_subsystem(struct drop_reasons *reasons, uint32_t value, const char *text)
{
	text = without_prefix(text, SUBSYSTEM_PREFIX);
	/* The number of them is no subsystem. */
	if (value == 0 || value > NUMBER_MASK || !strcmp(text, "NUM"))
		return 0;
	return names_add(&reasons->subsystems, value, text);
}

/*
 * mac80211 has each twice, as RX_DROP_U_REPLAY and as ___RX_DROP_U_REPLAY. Values below the first
 * subsystem are marks of its own (RX_CONTINUE), and no business of the core.
 */
static int take_subsystem_reason(struct drop_reasons *reasons, uint32_t value, const char *text)
{
	text += strspn(text, "_");
	if (value <= NUMBER_MASK || !*text)
		return 0;
	return names_add(&reasons->reasons, value, text);
}

typedef int (*value_taker)(struct drop_reasons *reasons, uint32_t value, const char *text);

static value_taker taker_of(const char *enum_name)
{
	size_t length = strlen(enum_name), suffix = strlen(ENUM_SUFFIX);

	if (!strcmp(enum_name, CORE_ENUM))
		return take_core;
	if (!strcmp(enum_name, SUBSYSTEM_ENUM))
		return take_subsystem;
	if (length > suffix && !strcmp(enum_name + length - suffix, ENUM_SUFFIX))
		return take_subsystem_reason;
	return NULL;
}

/* From type `first` on, which leaves out the BTF that a module's is based on. */
static int take_enums(struct drop_reasons *reasons, const struct btf *btf, uint32_t first)
{
	uint32_t end = btf__type_cnt(btf), value;
	const char *text;

	for (uint32_t id = first; id < end; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		value_taker take;

		if (!btf_is_any_enum(type))
			continue;
		text = btf__name_by_offset(btf, type->name_off);
		take = text ? taker_of(text) : NULL;
		for (uint16_t i = 0; take && i < btf_vlen(type); i++) {
			if (!read_value(btf, type, i, &value, &text))
				continue;
			if (take(reasons, value, text))
				return -ENOMEM;
		}
		if (take == take_core && reasons->reasons.n > 0)
			reasons->has_core = true;
	}
	return 0;
}

/* NULL with errno. */
static struct btf *open_btf(const struct drop_reasons *reasons, const char *file, struct btf *base)
{
	struct btf *btf;
	char *path;

	if (asprintf(&path, "%s/%s", reasons->directory, file) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	btf = btf__parse_raw_split(path, base);
	if (!btf)
		log_debug("cannot read %s: %s", path, strerror(errno));
	free(path);
	return btf;
}

static void read_kernel(struct drop_reasons *reasons)
{
	struct btf *btf = open_btf(reasons, KERNEL_FILE, NULL);

	if (btf && take_enums(reasons, btf, 1))
		log_debug("no memory for the names of drop reasons");
	btf__free(btf);
}

/* A module without BTF, or gone meanwhile, leaves its reasons unnamed. */
static void read_modules(struct drop_reasons *reasons)
{
	struct btf *base = open_btf(reasons, KERNEL_FILE, NULL), *btf;
	DIR *directory = base ? opendir(reasons->directory) : NULL;
	const struct dirent *entry;
	int ret = 0;

	while (directory && !ret && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, KERNEL_FILE))
			continue;
		btf = open_btf(reasons, entry->d_name, base);
		if (btf)
			ret = take_enums(reasons, btf, btf__type_cnt(base));
		btf__free(btf);
	}
	if (ret)
		log_debug("no memory for the names of drop reasons");
	if (directory)
		closedir(directory);
	btf__free(base);
}

static int add_unnamed(struct drop_reasons *reasons, uint32_t reason, const struct name *subsystem)
{
	uint32_t number = reason & NUMBER_MASK;
	char text[NAME_LENGTH_MAX + sizeof("_REASON_65535")];

	if (reason <= NUMBER_MASK)
		snprintf(text, sizeof(text), "REASON_%u", number);
	else if (subsystem)
		snprintf(text, sizeof(text), "%s_REASON_%u", subsystem->text, number);
	else
		snprintf(text, sizeof(text), "SUBSYS_%u_REASON_%u", reason >> SUBSYSTEM_SHIFT,
			 number);
	return names_add(&reasons->reasons, reason, text);
}

const char *drop_reasons_name(struct drop_reasons *reasons, uint32_t reason)
{
	struct name *name, *subsystem;

	if (!reasons->is_read)
		read_kernel(reasons);
	reasons->is_read = true;
	if (!reasons->has_core)
		return NULL;
	name = names_find(&reasons->reasons, reason);
	if (name)
		return name->text;
	subsystem = names_find(&reasons->subsystems, reason >> SUBSYSTEM_SHIFT);
	/* Whoever gives such a reason is loaded by now: once is enough. */
	if (subsystem && !subsystem->is_sought) {
		subsystem->is_sought = true;
		read_modules(reasons);
		subsystem = names_find(&reasons->subsystems, reason >> SUBSYSTEM_SHIFT);
	}
	if (!names_find(&reasons->reasons, reason) && add_unnamed(reasons, reason, subsystem))
		return NULL;
	return names_find(&reasons->reasons, reason)->text;
}

int drop_reasons_new(struct drop_reasons **out, const char *directory, struct error *err)
{
	struct drop_reasons *reasons = calloc(1, sizeof(*reasons));

	if (reasons)
		reasons->directory = strdup(directory ? directory : BTF_DIRECTORY);
	if (!reasons || !reasons->directory) {
		free(reasons);
		return error_errno(err, -ENOMEM, "cannot name drop reasons");
	}
	*out = reasons;
	return 0;
}

void drop_reasons_free(struct drop_reasons *reasons)
{
	if (!reasons)
		return;
	names_clear(&reasons->reasons);
	names_clear(&reasons->subsystems);
	free(reasons->directory);
	free(reasons);
}
